//! A header that the customer chooses, with the hexadecimal signature over `{time}.{body}`, and the time in `X-Timestamp`: Vapi's HMAC
//! credential with SHA-256 and its timestamp. Its other modes prove less, and are refused by not being understood.

use entities::Millis;

use super::{
    Claim, Headers, Rejection, Sender,
    parts::{hex, millis, only, signatures},
};

/// Unless the customer says otherwise.
pub(super) const SIGNATURE_HEADER: &str = "x-signature";
const TIME_HEADER: &str = "x-timestamp";
/// Vapi does not say in which unit it gives its time: what would be the year 5138 in seconds is milliseconds.
const LEAST_MILLIS: Millis = 100_000_000_000;

#[derive(Clone, Debug)]
pub struct Vapi {
    /// In lower case.
    pub header: String,
}

impl Sender for Vapi {
    fn source(&self) -> &'static str {
        "vapi"
    }

    fn claim(&self, headers: &(impl Headers + ?Sized)) -> Result<Claim, Rejection> {
        let signature = only(headers, &self.header)?;
        let time = only(headers, TIME_HEADER)?;
        let at = millis(time)?;
        Ok(Claim {
            signed_at: Some(if at < LEAST_MILLIS { at * 1000 } else { at }),
            before: format!("{time}.").into_bytes(),
            signatures: signatures([signature], hex)?,
            ..Claim::default()
        })
    }
}
