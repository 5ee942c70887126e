//! `X-Hub-Signature-256: sha256={hex}` over the body. No time is signed: what was sent is known by a hash of it.

use super::{
    Claim, Headers, Rejection, Sender,
    parts::{hex, only, signatures},
};

#[derive(Clone, Copy, Debug, Default)]
pub struct GitHub;

impl Sender for GitHub {
    fn source(&self) -> &'static str {
        "github"
    }

    fn claim(&self, headers: &(impl Headers + ?Sized)) -> Result<Claim, Rejection> {
        let signature = only(headers, "x-hub-signature-256")?;
        Ok(Claim {
            signatures: signatures(signature.strip_prefix("sha256="), hex)?,
            ..Claim::default()
        })
    }
}
