//! `X-Slack-Signature: v0={hex}` over `v0:{seconds}:{body}`.

use super::{
    Claim, Headers, Rejection, Sender,
    parts::{hex, only, seconds, signatures},
};

#[derive(Clone, Copy, Debug, Default)]
pub struct Slack;

impl Sender for Slack {
    fn source(&self) -> &'static str {
        "slack"
    }

    fn claim(&self, headers: &(impl Headers + ?Sized)) -> Result<Claim, Rejection> {
        let signature = only(headers, "x-slack-signature")?;
        let time = only(headers, "x-slack-request-timestamp")?;
        Ok(Claim {
            signed_at: Some(seconds(time)?),
            before: format!("v0:{time}:").into_bytes(),
            signatures: signatures(signature.strip_prefix("v0="), hex)?,
            ..Claim::default()
        })
    }
}
