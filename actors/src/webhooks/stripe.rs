//! `Stripe-Signature: t={seconds},v1={hex},v1={hex},v0=…` over `{seconds}.{body}`. The key is the secret with its `whsec_`.

use super::{
    Claim, Headers, Rejection, Sender,
    parts::{hex, only, seconds, signatures, value, values},
};

#[derive(Clone, Copy, Debug, Default)]
pub struct Stripe;

impl Sender for Stripe {
    fn source(&self) -> &'static str {
        "stripe"
    }

    fn claim(&self, headers: &(impl Headers + ?Sized)) -> Result<Claim, Rejection> {
        let header = only(headers, "stripe-signature")?;
        let time = value(header, "t")?;
        Ok(Claim {
            signed_at: Some(seconds(time)?),
            before: format!("{time}.").into_bytes(),
            signatures: signatures(values(header, "v1"), hex)?,
            ..Claim::default()
        })
    }
}
