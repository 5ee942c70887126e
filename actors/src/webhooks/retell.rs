//! `X-Retell-Signature: v={milliseconds},d={hex}` over `{body}{milliseconds}`. The key is the API key that is marked for webhooks.

use super::{
    Claim, Headers, Rejection, Sender,
    parts::{hex, millis, only, signatures, value, values},
};

#[derive(Clone, Copy, Debug, Default)]
pub struct Retell;

impl Sender for Retell {
    fn source(&self) -> &'static str {
        "retell"
    }

    fn claim(&self, headers: &(impl Headers + ?Sized)) -> Result<Claim, Rejection> {
        let header = only(headers, "x-retell-signature")?;
        let time = value(header, "v")?;
        Ok(Claim {
            signed_at: Some(millis(time)?),
            after: time.as_bytes().to_vec(),
            signatures: signatures(values(header, "d"), hex)?,
            ..Claim::default()
        })
    }
}
