//! What an OpenPGP key consists of (RFC 9580): its parts, and what their owner says of each. The owner's own signatures are read and not
//! verified: the file is the operator's, and whoever verifies a `security.txt` does so with a program that knows the whole of it.

use entities::Millis;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

/// Of a key that signs, as the public-key algorithms are numbered.
pub(super) const EDDSA_LEGACY: u8 = 22;
pub(super) const ED25519: u8 = 27;
/// 1.3.6.1.4.1.11591.15.1
const OID: &[u8] = &[0x2b, 6, 1, 4, 1, 0xda, 0x47, 0x0f, 1];
/// Before a point of EdDSA, which is then in its own form.
const NATIVE: u8 = 0x40;

/// What is left to read. Nothing is taken that is not there.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn number(&mut self, octets: usize) -> Option<u32> {
        let bytes = self.take(octets)?.iter();
        Some(bytes.fold(0, |number, byte| (number << 8) | u32::from(*byte)))
    }

    fn size(&mut self, octets: usize) -> Option<usize> {
        self.number(octets)?.try_into().ok()
    }

    /// A whole number, which says how many bits it has.
    pub(super) fn mpi(&mut self) -> Option<&'a [u8]> {
        let bits = self.size(2)?;
        self.take(bits.div_ceil(8))
    }

    /// In one octet, in two while the first is at most `two`, or in five.
    fn length(&mut self, two: u8) -> Option<usize> {
        match self.byte()? {
            short @ 0..192 => Some(short.into()),
            255 => self.size(4),
            first if first <= two => Some(((usize::from(first) - 192) << 8) + usize::from(self.byte()?) + 192),
            _ => None,
        }
    }

    /// A packet's tag and body, in the new form or the old. No key has one of an unknown length, or in pieces.
    fn packet(&mut self) -> Option<(u8, &'a [u8])> {
        let first = self.byte()?;
        let (tag, length) = match first >> 6 {
            3 => (first & 0x3f, self.length(223)?),
            2 if first & 3 < 3 => ((first >> 2) & 0x0f, self.size(1 << (first & 3))?),
            _ => return None,
        };
        Some((tag, self.take(length)?))
    }
}

/// A key, or a subkey of the last one before it.
pub(super) struct Component<'a> {
    digest: Option<[u8; 20]>,
    pub algorithm: u8,
    /// Where it is one on Ed25519.
    pub point: Option<[u8; 32]>,
    /// What stands behind the public half.
    pub secret: &'a [u8],
    pub is_subkey: bool,
    pub created: u32,
    /// Since when what is said of it was said, in seconds.
    pub since: u32,
    /// In seconds.
    pub expires: Option<u64>,
    pub revoked: bool,
    pub signs: bool,
}

impl Component<'_> {
    /// Of a key in version 4, as people compare it; nothing of others.
    pub(super) fn fingerprint(&self) -> String {
        let bytes = self.digest.iter().flatten();
        bytes.map(|byte| format!("{byte:02X}")).collect()
    }

    pub(super) fn digest(&self) -> Option<[u8; 20]> {
        self.digest
    }
}

/// Whether what expires at that second has not yet.
pub(super) fn lives(expires: Option<u64>, now: Millis) -> bool {
    expires.is_none_or(|at| i128::from(at) * 1000 > i128::from(now))
}

/// The public half of a key. Of one that is not understood, nothing is known that could be used.
fn key(body: &[u8], is_subkey: bool) -> Option<Component<'_>> {
    let mut reader = Reader(body);
    let version = reader.byte()?;
    let created = reader.number(4)?;
    let algorithm = reader.byte()?;
    let mut point = None;
    let mut understood = version == 4;
    match algorithm {
        _ if !understood => {}
        // RSA, ElGamal and DSA: so many numbers.
        1..=3 => skip(&mut reader, 2)?,
        16 => skip(&mut reader, 3)?,
        17 => skip(&mut reader, 4)?,
        18 | 19 | EDDSA_LEGACY => {
            let length = reader.byte()?;
            let oid = reader.take(length.into())?;
            let at = reader.mpi()?;
            if algorithm == 18 {
                let length = reader.byte()?;
                reader.take(length.into())?;
            }
            if let (EDDSA_LEGACY, OID, [NATIVE, at @ ..]) = (algorithm, oid, at) {
                point = at.try_into().ok();
            }
        }
        25 => drop(reader.take(32)?),
        ED25519 => point = reader.take(32)?.try_into().ok(),
        26 => drop(reader.take(56)?),
        28 => drop(reader.take(57)?),
        _ => understood = false,
    }
    let public = body.get(..body.len() - reader.0.len())?;
    let head = [&[0x99][..], &u16::try_from(public.len()).ok()?.to_be_bytes(), public].concat();
    let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, &head);
    Some(Component {
        digest: hash.as_ref().try_into().ok().filter(|_| understood),
        algorithm,
        point,
        secret: reader.0,
        is_subkey,
        created,
        since: created,
        expires: None,
        revoked: false,
        signs: false,
    })
}

fn skip(reader: &mut Reader<'_>, numbers: usize) -> Option<()> {
    (0..numbers).try_for_each(|_| reader.mpi().map(drop))
}

/// What a signature says of the key that it stands behind.
#[derive(Default)]
struct Said {
    kind: u8,
    at: u32,
    /// The last eight octets of the fingerprint.
    issuer: Option<[u8; 8]>,
    flags: Option<u8>,
    /// In seconds from the key's creation; none for ever.
    life: Option<u32>,
}

fn said(body: &[u8]) -> Option<Said> {
    let mut reader = Reader(body);
    let mut said = Said::default();
    if reader.byte()? != 4 {
        return Some(said);
    }
    said.kind = reader.byte()?;
    reader.take(2)?;
    for hashed in [true, false] {
        let length = reader.size(2)?;
        let mut area = Reader(reader.take(length)?);
        while !area.0.is_empty() {
            let length = area.length(254)?;
            let mut content = Reader(area.take(length)?);
            // Without the bit that says that it must be understood.
            match content.byte()? & 0x7f {
                2 if hashed => said.at = content.number(4)?,
                9 if hashed => said.life = Some(content.number(4)?).filter(|life| *life > 0),
                27 if hashed => said.flags = Some(content.byte().unwrap_or(0)),
                16 | 33 => said.issuer = content.0.last_chunk().copied(),
                _ => {}
            }
        }
    }
    Some(said)
}

/// A key or subkey with what was said of it last, in the ways in which it can be.
struct Judged<'a> {
    component: Component<'a>,
    /// Of a name or a subkey; of the key itself.
    bound: Option<Said>,
    direct: Option<Said>,
}

impl<'a> Judged<'a> {
    fn hear(&mut self, said: Said, by: Option<[u8; 8]>) {
        let slot = match (said.kind, self.component.is_subkey) {
            // Whoever may revoke it.
            (0x20, false) | (0x28, true) => {
                self.component.revoked = true;
                return;
            }
            (0x10..=0x13, false) | (0x18, true) => &mut self.bound,
            (0x1f, false) => &mut self.direct,
            _ => return,
        };
        // Others certify a key as well, and decide nothing about it.
        if by.is_some() && said.issuer == by && slot.as_ref().is_none_or(|before| before.at <= said.at) {
            *slot = Some(said);
        }
    }

    /// What holds for a key holds for its subkeys.
    fn settle(self, primary: Option<&Component<'_>>) -> Component<'a> {
        let mut found = self.component;
        let flags = [&self.direct, &self.bound].into_iter().flatten().find_map(|said| said.flags);
        found.signs = flags.is_some_and(|flags| flags & 2 == 2);
        for said in [&self.direct, &self.bound].into_iter().flatten() {
            found.since = found.since.max(said.at);
            let ends = said.life.map(|life| u64::from(found.created) + u64::from(life));
            found.expires = [found.expires, ends].into_iter().flatten().min();
        }
        if let Some(primary) = primary {
            found.since = found.since.max(primary.since);
            found.expires = [found.expires, primary.expires].into_iter().flatten().min();
            found.revoked |= primary.revoked;
        }
        found
    }
}

/// The keys and subkeys of a file, in its order. `None` where it is no file of keys, or is damaged.
pub(super) fn components(bytes: &[u8]) -> Option<Vec<Component<'_>>> {
    let mut reader = Reader(bytes);
    let mut judged: Vec<Judged<'_>> = Vec::new();
    let mut primary = None;
    while !reader.0.is_empty() {
        match reader.packet()? {
            (tag @ (5 | 6 | 7 | 14), body) => {
                let is_subkey = matches!(tag, 7 | 14);
                let component = key(body, is_subkey)?;
                if !is_subkey {
                    primary = component.digest.and_then(|digest| digest.last_chunk().copied());
                }
                judged.push(Judged {
                    component,
                    bound: None,
                    direct: None,
                });
            }
            (2, body) => judged.last_mut()?.hear(said(body)?, primary),
            // Names, pictures, and what a program notes for itself.
            _ if !judged.is_empty() => {}
            _ => return None,
        }
    }
    let mut found: Vec<Component<'_>> = Vec::new();
    let mut above = None;
    for one in judged {
        let settled = match one.component.is_subkey {
            true => one.settle(Some(found.get(above?)?)),
            false => {
                above = Some(found.len());
                one.settle(None)
            }
        };
        found.push(settled);
    }
    Some(found)
}
