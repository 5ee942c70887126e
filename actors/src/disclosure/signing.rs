//! The server's own signature under `security.txt`, made each time it is asked for: an OpenPGP clear signature (RFC 9580) by a key on Ed25519.

use std::fmt;

use entities::Millis;
use ring::{
    digest::{SHA512, digest},
    signature::Ed25519KeyPair,
};

use super::{
    deadlines::DAY,
    packets::{Component, ED25519, EDDSA_LEGACY, Reader, components, lives},
    pgp::{Held, PUBLIC, armoured, holds, unarmoured},
};
use crate::SecretBytes;

const SECRET: &str = "PRIVATE KEY BLOCK";
/// As signatures and hashes are numbered.
const TEXT: u8 = 1;
const SHA_512: u8 = 10;

/// Why a key does not sign, in words that follow the setting's name. The later it stands, the more it has to say.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Why {
    MayNot,
    OtherKind,
    Elsewhere,
    Revoked,
    Protected,
    /// Whatever else the file holds.
    Damaged,
}

impl Why {
    fn words(self) -> &'static str {
        match self {
            Self::MayNot => "holds no key that may sign: add a subkey with gpg --quick-add-key FINGERPRINT ed25519 sign, and export it",
            Self::OtherKind => {
                "holds no key on Ed25519 that signs: add a subkey with gpg --quick-add-key FINGERPRINT ed25519 sign, and export it"
            }
            Self::Elsewhere => "holds the stub of a key whose secret is elsewhere: export it where its secret is",
            Self::Revoked => "holds a key that was revoked: add a subkey with gpg --quick-add-key FINGERPRINT ed25519 sign, and export it",
            Self::Protected => "is protected by a passphrase, which nobody is there to type: export it without, as docs/disclosure.md says",
            Self::Damaged => "is damaged: export it again with gpg --export-secret-subkeys --armor",
        }
    }
}

/// One that signs.
struct Signer {
    seed: SecretBytes,
    public: [u8; 32],
    fingerprint: [u8; 20],
    name: String,
    algorithm: u8,
    /// In seconds.
    since: u32,
    expires: Option<u64>,
}

/// What an operator gave the server to sign with: one key, or several of which the newest that has not expired is used.
pub struct SigningKey(Vec<Signer>);

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// Which key signs now.
#[derive(Debug, PartialEq, Eq)]
pub struct Signed<'a> {
    pub fingerprint: &'a str,
    /// Of the key, or of what the public one says of it: the earlier.
    pub expires: Option<Millis>,
    /// In the public key, if there is one.
    pub held: Option<Held>,
}

impl SigningKey {
    /// Reads a secret key in its armour, as `gpg --export-secret-subkeys --armor` writes it, without passphrase.
    ///
    /// # Errors
    /// What keeps it from signing. Repeats nothing of it.
    pub fn read(text: &str) -> Result<Self, &'static str> {
        if text.contains(PUBLIC) {
            return Err("is a public key: export the secret one with gpg --export-secret-subkeys --armor");
        }
        let refuse = "must be one OpenPGP secret key in its armour, as gpg --export-secret-subkeys --armor writes it";
        let bytes = unarmoured(text, SECRET).ok_or(refuse)?;
        let mut found = components(&bytes).ok_or(Why::Damaged.words())?;
        // As GnuPG chooses: a subkey rather than the key that certifies it, and the newest.
        found.sort_by_key(|component| (component.is_subkey, component.created));
        let (mut signers, mut why) = (Vec::new(), Why::MayNot);
        for component in found.iter().rev() {
            match signer(component) {
                Ok(signer) => signers.push(signer),
                Err(Why::Damaged) => return Err(Why::Damaged.words()),
                Err(reason) => why = why.max(reason),
            }
        }
        match signers.is_empty() {
            true => Err(why.words()),
            false => Ok(Self(signers)),
        }
    }

    /// The newest that has not expired, and of which the key that readers get does not say that it is over.
    fn signer(&self, public: Option<&str>, now: Millis) -> Option<(&Signer, Option<Held>)> {
        let mut alive = self.0.iter().filter(|signer| lives(signer.expires, now));
        alive.find_map(|signer| {
            let held = public.map(|public| holds(public, &signer.name, now));
            (held != Some(Held::Invalid)).then_some((signer, held))
        })
    }

    /// The key that signs as of `now`, beside the `public` one that readers get; none once all have expired, or were revoked there.
    #[must_use]
    pub fn current(&self, public: Option<&str>, now: Millis) -> Option<Signed<'_>> {
        self.signer(public, now).map(|(signer, held)| {
            let told = match held {
                Some(Held::Valid { expires }) => expires,
                _ => None,
            };
            let ends = [signer.expires, told].into_iter().flatten().min();
            Signed {
                fingerprint: &signer.name,
                expires: ends.and_then(|at| i64::try_from(at).ok()?.checked_mul(1000)),
                held,
            }
        })
    }

    /// `text` under a clear signature: the same all day, so that who fetches it again sees that nothing changed. `None` when
    /// [`Self::current`] is.
    #[must_use]
    pub fn clear_sign(&self, text: &str, public: Option<&str>, now: Millis) -> Option<String> {
        let (signer, _) = self.signer(public, now)?;
        // No signature is older than its key, nor than what says that the key may sign.
        let day = u32::try_from((now - now.rem_euclid(DAY)) / 1000).unwrap_or_default();
        let lines: Vec<&str> = text.lines().map(|line| line.trim_end_matches([' ', '\t', '\r'])).collect();
        let signature = signer.signature(lines.join("\r\n").as_bytes(), day.max(signer.since))?;
        let mut signed = String::from("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n");
        for line in lines {
            signed.push_str(if line.starts_with('-') { "- " } else { "" });
            signed.push_str(line);
            signed.push('\n');
        }
        signed.push_str(&armoured(&signature, "SIGNATURE"));
        Some(signed)
    }
}

fn signer(component: &Component<'_>) -> Result<Signer, Why> {
    if !component.signs {
        return Err(Why::MayNot);
    }
    let (Some(public), Some(fingerprint)) = (component.point, component.digest()) else {
        return Err(Why::OtherKind);
    };
    if component.revoked {
        return Err(Why::Revoked);
    }
    let mut reader = Reader(component.secret);
    match reader.byte() {
        Some(0) => {}
        // Behind the cipher: what GnuPG writes for a key that is on a card, or nowhere near.
        Some(254 | 255) if reader.0.get(1) == Some(&101) => return Err(Why::Elsewhere),
        Some(_) => return Err(Why::Protected),
        None => return Err(Why::Damaged),
    }
    Ok(Signer {
        seed: seed(reader.0, component.algorithm, &public).ok_or(Why::Damaged)?,
        public,
        fingerprint,
        name: component.fingerprint(),
        algorithm: component.algorithm,
        since: component.since,
        expires: component.expires,
    })
}

/// The secret, when it is whole and the point is its own.
fn seed(bytes: &[u8], algorithm: u8, public: &[u8; 32]) -> Option<SecretBytes> {
    let (material, sum) = bytes.split_last_chunk::<2>()?;
    let added = material.iter().fold(0_u16, |sum, byte| sum.wrapping_add(u16::from(*byte)));
    let mut reader = Reader(material);
    let given = match algorithm {
        ED25519 => reader.take(32)?,
        _ => reader.mpi()?,
    };
    if added != u16::from_be_bytes(*sum) || !reader.0.is_empty() {
        return None;
    }
    // A number has no zeros in front.
    let mut whole = Vec::with_capacity(32);
    whole.resize(32_usize.checked_sub(given.len())?, 0);
    whole.extend_from_slice(given);
    let seed = SecretBytes::new(whole);
    let is_its_own = seed.open(|seed| Ed25519KeyPair::from_seed_and_public_key(seed, public)).is_ok();
    is_its_own.then_some(seed)
}

impl Signer {
    /// A packet with the signature under a text, whose lines end as on the wire.
    fn signature(&self, text: &[u8], at: u32) -> Option<Vec<u8>> {
        // Version 4; whose it is, and when it was made.
        let mut hashed = vec![4, TEXT, self.algorithm, SHA_512, 0, 29, 22, 33, 4];
        hashed.extend_from_slice(&self.fingerprint);
        hashed.extend_from_slice(&[5, 2]);
        hashed.extend_from_slice(&at.to_be_bytes());
        let length = u32::try_from(hashed.len()).ok()?.to_be_bytes();
        let hash = digest(&SHA512, &[text, &hashed, &[4, 0xff], &length].concat());
        let pair = |seed: &[u8]| Ed25519KeyPair::from_seed_and_public_key(seed, &self.public);
        let signature = self.seed.open(pair).ok()?.sign(hash.as_ref());

        let mut body = hashed;
        body.extend_from_slice(&[0, 10, 9, 16]);
        body.extend_from_slice(self.fingerprint.last_chunk::<8>()?);
        body.extend_from_slice(hash.as_ref().first_chunk::<2>()?);
        match (self.algorithm, signature.as_ref().split_at_checked(32)?) {
            (EDDSA_LEGACY, (r, s)) => [r, s].iter().for_each(|half| put_mpi(&mut body, half)),
            (_, (r, s)) => [r, s].iter().for_each(|half| body.extend_from_slice(half)),
        }
        // Of 117 octets at most, which one octet can say.
        let mut packet = vec![0x88, u8::try_from(body.len()).ok()?];
        packet.append(&mut body);
        Some(packet)
    }
}

fn put_mpi(body: &mut Vec<u8>, number: &[u8]) {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let number = number.get(zeros..).unwrap_or_default();
    let empty = number.first().map_or(0, |first| first.leading_zeros());
    let bits = u16::try_from(number.len() * 8)
        .unwrap_or_default()
        .saturating_sub(u16::try_from(empty).unwrap_or_default());
    body.extend_from_slice(&bits.to_be_bytes());
    body.extend_from_slice(number);
}

#[cfg(test)]
mod tests;
