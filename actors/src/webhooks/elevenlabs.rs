//! `ElevenLabs-Signature: t={seconds},v0={hex}` over `{seconds}.{body}`.

use super::{
    Claim, Headers, Rejection, Sender,
    parts::{hex, only, seconds, signatures, value, values},
};

#[derive(Clone, Copy, Debug, Default)]
pub struct ElevenLabs;

impl Sender for ElevenLabs {
    fn source(&self) -> &'static str {
        "elevenlabs"
    }

    fn claim(&self, headers: &(impl Headers + ?Sized)) -> Result<Claim, Rejection> {
        let header = only(headers, "elevenlabs-signature")?;
        let time = value(header, "t")?;
        Ok(Claim {
            signed_at: Some(seconds(time)?),
            before: format!("{time}.").into_bytes(),
            signatures: signatures(values(header, "v0"), hex)?,
            ..Claim::default()
        })
    }
}
