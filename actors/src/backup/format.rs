//! The file: a head that says what it is, then chunks, each sealed for its own place. Pure: bytes in, bytes out.
//!
//! `PERNOEXB ‖ length (4, big-endian) ‖ head (JSON)`, then for each chunk `number (8) ‖ length (4) ‖ sealed`. Additional data of a chunk is the
//! SHA-256 of all that stands before the first one, the chunk's number, and whether it is the last: so no chunk can be altered, left out,
//! moved, repeated, or taken from another file, and no head put before other chunks.

use std::io::{self, Read, Write};

use base64::{Engine, prelude::BASE64_STANDARD};
use entities::Millis;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::vault::{Key, KeyError, MasterId, MasterKeys, Place, bind, version_of};

const MAGIC: &[u8; 8] = b"PERNOEXB";
/// Of what is read in here. A file of a later one is refused, whatever is in it.
pub(crate) const FORMAT: u32 = 1;
/// Of what is sealed at a time.
const CHUNK: usize = 1 << 20;
/// A chunk is never larger, sealed.
const MOST_CHUNK: usize = CHUNK + 256;
const MOST_HEAD: usize = 64 * 1024;
const WHAT: &str = "the backup's key";

/// What a file is. Not secret, and held by every chunk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    pub format: u32,
    /// `rows` or `keyring`.
    pub kind: String,
    pub id: Uuid,
    pub at: Millis,
    /// The last change of the tables that was made.
    pub schema: String,
    /// The program that wrote it.
    pub program: String,
    /// `sqlite` or `postgres`: either can be restored into either.
    pub store: String,
    /// The file's own key, wrapped by the master key, in Base64.
    key: String,
}

/// Why a file is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    #[error("it is no backup of pernoex")]
    NotOurs,
    #[error("it is in format {0}, and this pernoex reads format {FORMAT}: use the version that wrote it, or a later one")]
    Format(u32),
    #[error("it is cut off: its end is missing")]
    CutOff,
    #[error("its parts are not in their order: number {found} stands where {expected} should")]
    Misplaced { expected: u64, found: u64 },
    #[error("it was altered or is damaged, at part {0}")]
    Altered(u64),
    #[error("what is in it cannot be read: {0}")]
    Content(&'static str),
}

impl From<Broken> for io::Error {
    fn from(broken: Broken) -> Self {
        Self::other(broken)
    }
}

fn key_place(id: Uuid) -> Vec<u8> {
    bind(Uuid::nil(), Uuid::nil(), Place("backup", "key", id))
}

/// A key for one file, and its head.
pub(crate) struct FileKey {
    key: Key,
    pub head: Head,
}

impl FileKey {
    pub(crate) async fn make(masters: &MasterKeys, by: MasterId, head: Head) -> Result<Self, KeyError> {
        let key = Key::generate();
        let wrapped = masters.wrap(by, None, &key_place(head.id), &key).await?;
        let head = Head {
            key: BASE64_STANDARD.encode(wrapped),
            ..head
        };
        Ok(Self { key, head })
    }
}

impl Head {
    pub(crate) fn new(kind: &str, id: Uuid, at: Millis) -> Self {
        Self {
            format: FORMAT,
            kind: kind.into(),
            id,
            at,
            schema: String::new(),
            program: env!("CARGO_PKG_VERSION").into(),
            store: String::new(),
            key: String::new(),
        }
    }

    async fn open_key(&self, masters: &MasterKeys) -> Result<Key, KeyError> {
        let wrapped = BASE64_STANDARD.decode(&self.key).map_err(|_| KeyError::Damaged(WHAT))?;
        masters.unwrap(WHAT, None, &key_place(self.id), &wrapped).await
    }
}

fn aad(before: &[u8; 32], number: u64, is_last: bool) -> Vec<u8> {
    let mut aad = b"pernoex backup chunk v1".to_vec();
    aad.extend_from_slice(before);
    aad.extend_from_slice(&number.to_be_bytes());
    aad.push(u8::from(is_last));
    aad
}

/// Seals what is written into it, chunk by chunk.
pub(crate) struct Sealer<W: Write> {
    out: W,
    key: Key,
    before: [u8; 32],
    number: u64,
    waiting: Vec<u8>,
}

impl<W: Write> Sealer<W> {
    pub(crate) fn begin(mut out: W, file: FileKey) -> io::Result<Self> {
        let head = serde_json::to_vec(&file.head)?;
        let mut before = MAGIC.to_vec();
        before.extend_from_slice(&u32::try_from(head.len()).map_err(io::Error::other)?.to_be_bytes());
        before.extend_from_slice(&head);
        out.write_all(&before)?;
        Ok(Self {
            out,
            key: file.key,
            before: Sha256::digest(&before).into(),
            number: 0,
            waiting: Vec::with_capacity(2 * CHUNK),
        })
    }

    fn seal(&mut self, upto: usize, is_last: bool) -> io::Result<()> {
        let aad = aad(&self.before, self.number, is_last);
        let sealed = self.key.seal(FORMAT, &aad, &self.waiting[..upto]).map_err(io::Error::other)?;
        self.out.write_all(&self.number.to_be_bytes())?;
        self.out
            .write_all(&u32::try_from(sealed.len()).map_err(io::Error::other)?.to_be_bytes())?;
        self.out.write_all(&sealed)?;
        self.waiting.drain(..upto);
        self.number += 1;
        Ok(())
    }

    /// Seals the rest as the last chunk. A file without it is cut off.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        self.seal(self.waiting.len(), true)?;
        self.out.flush()?;
        Ok(self.out)
    }
}

impl<W: Write> Write for Sealer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let part = &bytes[..bytes.len().min(CHUNK)];
        self.waiting.extend_from_slice(part);
        // What fills a chunk waits until more comes: it may be the last.
        if self.waiting.len() > CHUNK {
            self.seal(CHUNK, false)?;
        }
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Opens what was sealed, chunk by chunk, and lets nothing through that is not in its place.
pub(crate) struct Opener<R: Read> {
    from: R,
    key: Key,
    before: [u8; 32],
    number: u64,
    /// The next chunk, sealed: whether there is one tells whether the one before it is the last.
    ahead: Option<Vec<u8>>,
    open: Vec<u8>,
    at: usize,
}

fn fill(from: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match from.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// The head, and the SHA-256 of all that was read.
pub(crate) fn read_head(from: &mut impl Read) -> io::Result<(Head, [u8; 32])> {
    let mut start = [0; 12];
    let filled = fill(from, &mut start)?;
    if filled < 8 || &start[..8] != MAGIC {
        return Err(Broken::NotOurs.into());
    }
    let length = usize::try_from(u32::from_be_bytes([start[8], start[9], start[10], start[11]])).unwrap_or(usize::MAX);
    if filled < 12 {
        return Err(Broken::CutOff.into());
    }
    if length > MOST_HEAD {
        return Err(Broken::NotOurs.into());
    }
    let mut text = vec![0; length];
    if fill(from, &mut text)? < length {
        return Err(Broken::CutOff.into());
    }
    let format = serde_json::from_slice::<serde_json::Value>(&text).ok();
    let format = format.and_then(|head| u32::try_from(head.get("format")?.as_u64()?).ok());
    match format {
        Some(FORMAT) => {}
        Some(other) => return Err(Broken::Format(other).into()),
        None => return Err(Broken::NotOurs.into()),
    }
    let head = serde_json::from_slice(&text).map_err(|_| Broken::NotOurs)?;
    let before = Sha256::new().chain_update(start).chain_update(&text).finalize();
    Ok((head, before.into()))
}

impl<R: Read> Opener<R> {
    /// Reads the head, and opens the file's key by the master key that wraps it.
    pub(crate) async fn begin(mut from: R, masters: &MasterKeys) -> Result<(Head, Self), super::BackupError> {
        let (head, before) = read_head(&mut from)?;
        let key = head.open_key(masters).await?;
        let mut opener = Self {
            from,
            key,
            before,
            number: 0,
            ahead: None,
            open: Vec::new(),
            at: 0,
        };
        opener.ahead = opener.look(0)?;
        if opener.ahead.is_none() {
            return Err(Broken::CutOff.into());
        }
        Ok((head, opener))
    }

    /// The chunk that stands next in the file, which should be number `expected`.
    fn look(&mut self, expected: u64) -> io::Result<Option<Vec<u8>>> {
        let mut start = [0; 12];
        match fill(&mut self.from, &mut start)? {
            0 => return Ok(None),
            12 => {}
            _ => return Err(Broken::CutOff.into()),
        }
        let (number, length) = start.split_at(8);
        let found = u64::from_be_bytes(number.try_into().map_err(io::Error::other)?);
        if found != expected {
            return Err(Broken::Misplaced { expected, found }.into());
        }
        let length = usize::try_from(u32::from_be_bytes(length.try_into().map_err(io::Error::other)?)).unwrap_or(usize::MAX);
        if length > MOST_CHUNK {
            return Err(Broken::Altered(expected).into());
        }
        let mut sealed = vec![0; length];
        if fill(&mut self.from, &mut sealed)? < length {
            return Err(Broken::CutOff.into());
        }
        Ok(Some(sealed))
    }

    fn next_chunk(&mut self) -> io::Result<bool> {
        let Some(sealed) = self.ahead.take() else { return Ok(false) };
        let number = self.number;
        if !version_of(&sealed).is_ok_and(|version| version == FORMAT) {
            return Err(Broken::Altered(number).into());
        }
        self.ahead = self.look(number + 1)?;
        let is_last = self.ahead.is_none();
        match self.key.open(&aad(&self.before, number, is_last), &sealed) {
            Ok(open) => self.open = open.to_vec(),
            // Whole, but not meant to be the last.
            Err(_) if is_last && self.key.open(&aad(&self.before, number, false), &sealed).is_ok() => return Err(Broken::CutOff.into()),
            Err(_) => return Err(Broken::Altered(number).into()),
        }
        self.at = 0;
        self.number += 1;
        Ok(true)
    }
}

impl<R: Read> Read for Opener<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.open.len() {
            if !self.next_chunk()? {
                return Ok(0);
            }
        }
        let count = buffer.len().min(self.open.len() - self.at);
        buffer[..count].copy_from_slice(&self.open[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests;
