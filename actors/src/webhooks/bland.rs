//! `X-Webhook-Signature: {hex}` over the body alone. No time is signed: what is sent again is known by its hash, for as long as the
//! endpoint is there.

use super::{
    Claim, Headers, Rejection, Sender,
    parts::{hex, only, signatures},
};

#[derive(Clone, Copy, Debug, Default)]
pub struct Bland;

impl Sender for Bland {
    fn source(&self) -> &'static str {
        "bland"
    }

    fn claim(&self, headers: &(impl Headers + ?Sized)) -> Result<Claim, Rejection> {
        Ok(Claim {
            signatures: signatures([only(headers, "x-webhook-signature")?], hex)?,
            ..Claim::default()
        })
    }
}
