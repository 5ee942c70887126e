//! What somebody is handed once and brings back: 256 random bits, known here by their SHA-256 alone.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// In the letters of addresses and forms. Wiped when dropped.
pub(crate) fn random() -> Zeroizing<String> {
    let mut bytes = Zeroizing::new([0; 32]);
    rand::fill(bytes.as_mut_slice());
    Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(bytes.as_slice()))
}

/// By what a token is found, and what is stored of it.
pub(crate) fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}
