//! Bytes that nobody is to see.

use zeroize::{Zeroize, ZeroizeOnDrop};

/// A secret outside a cipher. It can be used inside [`SecretBytes::open`] and in no other way: there is no text of it, no copy,
/// and it wipes itself.
///
/// ```compile_fail,E0277
/// println!("{:?}", actors::SecretBytes::new(vec![1]));
/// ```
/// ```compile_fail,E0277
/// println!("{}", actors::SecretBytes::new(vec![1]));
/// ```
/// ```compile_fail,E0599
/// let copy = actors::SecretBytes::new(vec![1]).clone();
/// ```
/// ```compile_fail,E0277
/// fn store(_: impl serde::Serialize) {}
/// store(actors::SecretBytes::new(vec![1]));
/// ```
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct SecretBytes(Vec<u8>);

impl SecretBytes {
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    pub(crate) fn joined(mut head: Vec<u8>, mut tail: Vec<u8>) -> Self {
        // Made whole at once: a vector that grows leaves its old bytes behind.
        let mut whole = Vec::with_capacity(head.len() + tail.len());
        whole.extend_from_slice(&head);
        whole.extend_from_slice(&tail);
        head.zeroize();
        tail.zeroize();
        Self(whole)
    }

    /// Lends the bytes to `work`.
    pub fn open<T>(&self, work: impl FnOnce(&[u8]) -> T) -> T {
        work(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wiped_secret_holds_nothing() {
        let mut secret = SecretBytes::new(vec![7; 32]);
        assert_eq!(secret.open(|bytes| bytes.len()), 32);
        secret.zeroize();
        assert_eq!(secret.open(<[u8]>::len), 0);
    }
}
