//! Keys as GnuPG writes them, from seeds.

use ring::signature::{Ed25519KeyPair, KeyPair};

use super::super::{SECRET, put_mpi};
use crate::disclosure::{
    packets::{ED25519, EDDSA_LEGACY, components},
    pgp::armoured,
};

pub(super) const THEN: u32 = 1_793_491_200;
pub(super) const PRIMARY: [u8; 32] = [1; 32];
pub(super) const SUBKEY: [u8; 32] = [2; 32];
/// As keys are told what they are for.
pub(super) const SIGN: &[u8] = &[2, 27, 2];
pub(super) const CERTIFY: &[u8] = &[2, 27, 1];

pub(super) fn pair(seed: &[u8; 32]) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(seed).unwrap()
}

/// In the old form, as GnuPG's are, or in the new one.
pub(super) fn packet(tag: u8, body: &[u8], is_new: bool) -> Vec<u8> {
    let length = u16::try_from(body.len()).unwrap();
    let mut head = match is_new {
        true if length < 192 => vec![0xc0 | tag, body.len() as u8],
        true => vec![0xc0 | tag, 0xff, 0, 0],
        false => vec![0x80 | tag << 2 | 1],
    };
    if !is_new || length >= 192 {
        head.extend_from_slice(&length.to_be_bytes());
    }
    [head.as_slice(), body].concat()
}

pub(super) fn mpi(number: &[u8]) -> Vec<u8> {
    let mut found = Vec::new();
    put_mpi(&mut found, number);
    found
}

pub(super) fn public(seed: &[u8; 32], algorithm: u8, created: u32) -> Vec<u8> {
    let point = pair(seed).public_key().as_ref().to_vec();
    let material = match algorithm {
        ED25519 => point,
        _ => [
            &[9, 0x2b, 6, 1, 4, 1, 0xda, 0x47, 0x0f, 1][..],
            &mpi(&[&[0x40], point.as_slice()].concat()),
        ]
        .concat(),
    };
    [&[4][..], &created.to_be_bytes(), &[algorithm], &material].concat()
}

pub(super) fn plain(seed: &[u8; 32], algorithm: u8) -> Vec<u8> {
    let material = match algorithm {
        ED25519 => seed.to_vec(),
        _ => mpi(seed),
    };
    let sum: u16 = material.iter().map(|byte| u16::from(*byte)).sum();
    [&[0][..], &material, &sum.to_be_bytes()].concat()
}

/// A secret key or subkey.
pub(super) fn secret(tag: u8, seed: &[u8; 32], algorithm: u8, created: u32) -> Vec<u8> {
    let is_new = algorithm == ED25519;
    packet(tag, &[public(seed, algorithm, created), plain(seed, algorithm)].concat(), is_new)
}

pub(super) fn issuer(seed: &[u8; 32]) -> Vec<u8> {
    let found = components(&packet(6, &public(seed, EDDSA_LEGACY, THEN), false)).unwrap()[0]
        .digest()
        .unwrap();
    [&[22, 33, 4][..], &found].concat()
}

/// What the primary key says; under which no signature stands, for none is looked at.
pub(super) fn says(kind: u8, at: u32, subpackets: &[&[u8]]) -> Vec<u8> {
    let time = [&[5, 2][..], &at.to_be_bytes()].concat();
    let hashed = [&subpackets.concat()[..], &time, &issuer(&PRIMARY)].concat();
    let length = u16::try_from(hashed.len()).unwrap().to_be_bytes();
    packet(
        2,
        &[&[4, kind, 22, 10][..], &length, &hashed, &[0, 0, 0, 0, 0, 1, 1, 0, 1, 1]].concat(),
        false,
    )
}

pub(super) fn name() -> Vec<u8> {
    packet(13, b"security@example.com", false)
}

/// A primary key that certifies, and whatever follows.
pub(super) fn with(rest: &[Vec<u8>]) -> String {
    let head = [secret(5, &PRIMARY, EDDSA_LEGACY, THEN), name(), says(0x13, THEN, &[CERTIFY])];
    armoured(&[head.concat(), rest.concat()].concat(), SECRET)
}

pub(super) fn subkey(created: u32, subpackets: &[&[u8]]) -> Vec<u8> {
    [secret(7, &SUBKEY, EDDSA_LEGACY, created), says(0x18, created, subpackets)].concat()
}
