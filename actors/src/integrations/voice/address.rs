//! The address of an endpoint. It says whose it is and proves that we made it, so that a made-up one costs no look at the database.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use entities::{EndpointId, TenantId};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use uuid::Uuid;

use crate::{Keeper, webhooks::VoiceProvider};

const FORMAT: u8 = 1;
/// `format (1) ‖ provider (1) ‖ tenant (16) ‖ endpoint (16)`.
const SAYS: usize = 34;
/// Bytes of the tag behind that.
const TAG: usize = 16;

/// What an address leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub tenant: TenantId,
    pub endpoint: EndpointId,
    pub provider: VoiceProvider,
}

fn mac(keeper: &Keeper, says: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = keeper.endpoint_key().open(Hmac::<Sha256>::new_from_slice).ok()?;
    mac.update(says);
    Some(mac)
}

/// As it stands in the path.
pub(crate) fn write(keeper: &Keeper, target: Target) -> Option<String> {
    let mut bytes = vec![FORMAT, target.provider.number()];
    bytes.extend_from_slice(target.tenant.uuid().as_bytes());
    bytes.extend_from_slice(target.endpoint.uuid().as_bytes());
    let tag = mac(keeper, &bytes)?.finalize().into_bytes();
    bytes.extend_from_slice(&tag[..TAG]);
    Some(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// `None` for one that we did not make.
pub(crate) fn read(keeper: &Keeper, text: &str) -> Option<Target> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok().filter(|bytes| bytes.len() == SAYS + TAG)?;
    let (says, tag) = bytes.split_at(SAYS);
    mac(keeper, says)?.verify_truncated_left(tag).ok()?;
    let id = |from: usize| Uuid::from_slice(&says[from..from + 16]).ok();
    Some(Target {
        provider: VoiceProvider::of_number(says[1]).filter(|_| says[0] == FORMAT)?,
        tenant: id(2)?.into(),
        endpoint: id(18)?.into(),
    })
}
