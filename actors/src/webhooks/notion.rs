//! `X-Notion-Signature: sha256={hex}` over the body, by the token with which the subscription was verified. No time is signed: what was sent is
//! known by its id, which is in the body.

use super::{
    Claim, Headers, Rejection, Sender,
    parts::{hex, only, signatures},
};

#[derive(Clone, Copy, Debug, Default)]
pub struct Notion;

impl Sender for Notion {
    fn source(&self) -> &'static str {
        "notion"
    }

    fn claim(&self, headers: &(impl Headers + ?Sized)) -> Result<Claim, Rejection> {
        let signature = only(headers, "x-notion-signature")?;
        Ok(Claim {
            signatures: signatures(signature.strip_prefix("sha256="), hex)?,
            ..Claim::default()
        })
    }
}
