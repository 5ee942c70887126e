//! What is checked and taken out of a PDF before the library reads its pages.

use std::collections::HashMap;

use flate2::{Decompress, FlushDecompress, Status};
use pdf_extract::{Dictionary, Document, Object, ObjectId, Stream};

use super::{Limits, ParseError, Stop};

/// Forms drawn within forms: real documents stay below five.
const DEPTH: usize = 12;
/// Forms that one use of a form may draw in all.
const DRAWN: u64 = 5_000;
/// Bytes of commands that draw one page or one form, and of one list of objects: in memory the library makes a hundred times
/// as much of them.
const PART: u64 = 8 << 20;
/// Times that one page may put its state aside: each is a copy of it.
const SAVES: u64 = 100_000;
/// Bytes before streams that are searched beyond the file's own length: only false streams share them.
const HEADS: usize = 64 << 20;
/// LZW may unpack to some 2 700 times its size, and is only found in old documents.
const LZW: usize = 4 << 20;

/// Unpacks every Flate stream into nothing, before the library unpacks them into memory.
///
/// Pictures are held to the limit one by one, since their streams are never kept; everything else shares it.
pub(super) fn check_sizes(bytes: &[u8], limits: &Limits, stop: &Stop) -> Result<(), ParseError> {
    let too_large = || ParseError::TooLargeInside {
        limit: limits.decompressed_bytes,
    };
    let mut left = limits.decompressed_bytes;
    let (mut at, mut previous) = (0, 0);
    let (mut lzw, mut heads) = (0, 0);
    let mut inflate = Decompress::new(true);
    let mut buffer = vec![0; 64 << 10];
    while let Some(found) = bytes.get(at..).and_then(|rest| find(rest, b"stream")) {
        stop.check()?;
        let start = at + found;
        at = start + b"stream".len();
        if bytes.get(..start).is_some_and(|before| before.ends_with(b"end")) {
            previous = at;
            continue;
        }
        let head = bytes.get(previous.max(start.saturating_sub(4096))..start).unwrap_or_default();
        heads += head.len();
        if heads > bytes.len() + HEADS {
            return Err(ParseError::Unreadable("PDF"));
        }
        let filters = count(head, b"FlateDecode") + count(head, b"/Fl ") + count(head, b"LZWDecode");
        if filters > 1 && count(head, b"/Filter") == 1 {
            return Err(too_large());
        }
        let body = bytes.get(at..).unwrap_or_default();
        let body = body
            .strip_prefix(b"\r\n")
            .or_else(|| body.strip_prefix(b"\n"))
            .or_else(|| body.strip_prefix(b"\r"))
            .unwrap_or(body);
        if count(head, b"LZWDecode") > 0 {
            lzw += find(body, b"endstream").unwrap_or(body.len());
            if lzw > LZW {
                return Err(too_large());
            }
        }
        // 0x78 opens every zlib stream that PDF writers make; others are tried too when they say so.
        if body.first() != Some(&0x78) && filters == 0 {
            continue;
        }
        let objects = count(head, b"ObjStm") > 0;
        let picture = count(head, b"/Image") > 0 && !objects;
        let allowed = if picture { limits.decompressed_bytes } else { left };
        let size = inflated(body, allowed + 1, &mut inflate, &mut buffer);
        if size > allowed {
            return Err(too_large());
        }
        if objects && size > PART {
            return Err(ParseError::PartTooLarge { limit: PART });
        }
        if !picture {
            left -= size;
        }
    }
    Ok(())
}

/// Bytes that come out, counted up to `most`. Damage ends the count: the library stops there too. State and buffer are the
/// caller's, since a file may hold millions of streams.
fn inflated(body: &[u8], most: u64, inflate: &mut Decompress, buffer: &mut [u8]) -> u64 {
    inflate.reset(true);
    while inflate.total_out() < most {
        let before = (inflate.total_in(), inflate.total_out());
        let rest = usize::try_from(before.0).ok().and_then(|at| body.get(at..)).unwrap_or_default();
        let status = inflate.decompress(rest, buffer, FlushDecompress::None);
        if !matches!(status, Ok(Status::Ok)) || before == (inflate.total_in(), inflate.total_out()) {
            break;
        }
    }
    inflate.total_out()
}

pub(super) fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    let first = *wanted.first()?;
    let mut at = 0;
    loop {
        at += bytes.get(at..)?.iter().position(|byte| *byte == first)?;
        if bytes.get(at..)?.starts_with(wanted) {
            return Some(at);
        }
        at += 1;
    }
}

fn count(bytes: &[u8], wanted: &[u8]) -> usize {
    bytes.windows(wanted.len()).filter(|part| *part == wanted).count()
}

/// Empties pictures (the library would read their pixels as drawing commands) and forms that draw themselves or too many
/// others, and cuts page trees that lead back to themselves: the library follows both without end.
pub(super) fn disarm(document: &mut Document, limits: &Limits) {
    let mut costs = HashMap::new();
    let ids: Vec<ObjectId> = document.objects.keys().copied().collect();
    let mut emptied = Vec::new();
    for id in &ids {
        let Some(Object::Stream(stream)) = document.objects.get(id) else {
            continue;
        };
        let is = |subtype: &[u8]| {
            stream
                .dict
                .get(b"Subtype")
                .and_then(Object::as_name)
                .is_ok_and(|name| name == subtype)
        };
        if is(b"Image") || (is(b"Form") && cost(document, *id, 0, &mut costs, limits) > DRAWN) {
            emptied.push(*id);
        }
    }
    for id in emptied {
        if let Some(Object::Stream(stream)) = document.objects.get_mut(&id) {
            *stream = Stream::new(Dictionary::new(), Vec::new());
        }
    }
    for id in ids {
        if climbs_forever(document, id)
            && let Some(Object::Dictionary(dictionary)) = document.objects.get_mut(&id)
        {
            dictionary.remove(b"Parent");
        }
    }
}

/// Refuses pages and forms that are drawn with more commands than fit into memory once the library has parted them.
pub(super) fn check_parts(document: &Document, limits: &Limits, stop: &Stop) -> Result<(), ParseError> {
    let fits = |(size, saves): (u64, u64)| {
        let fits = size <= PART && saves <= SAVES;
        fits.then_some(()).ok_or(ParseError::PartTooLarge { limit: PART })
    };
    let mut known = HashMap::new();
    for page in document.page_iter().take(limits.pages as usize) {
        let mut sum = (0u64, 0u64);
        for id in document.get_page_contents(page) {
            stop.check()?;
            let (size, saves) = *known.entry(id).or_insert_with(|| match document.get_object(id) {
                Ok(Object::Stream(stream)) => commands(stream),
                _ => (0, 0),
            });
            sum = (sum.0.saturating_add(size), sum.1.saturating_add(saves));
            fits(sum)?;
        }
    }
    for object in document.objects.values() {
        if let Object::Stream(stream) = object
            && stream
                .dict
                .get(b"Subtype")
                .and_then(Object::as_name)
                .is_ok_and(|name| name == b"Form")
        {
            stop.check()?;
            fits(commands(stream))?;
        }
    }
    Ok(())
}

/// How long a stream of commands is, and how often it may put the state aside. Words within texts count too.
fn commands(stream: &Stream) -> (u64, u64) {
    let content = stream.decompressed_content().unwrap_or_else(|_| stream.content.clone());
    let parts = |byte: &u8| byte.is_ascii_whitespace() || b"\0()<>[]{}/%".contains(byte);
    let saves = content.split(parts).filter(|word| *word == b"q").count();
    (content.len() as u64, saves as u64)
}

fn climbs_forever(document: &Document, id: ObjectId) -> bool {
    let mut at = id;
    for _ in 0..64 {
        let parent = document
            .get_dictionary(at)
            .and_then(|page| page.get(b"Parent"))
            .and_then(Object::as_reference);
        match parent {
            Ok(parent) => at = parent,
            Err(_) => return false,
        }
    }
    true
}

/// How many forms one use of this form draws, itself included; `u64::MAX` when there is no end to it.
fn cost(document: &Document, id: ObjectId, depth: usize, costs: &mut HashMap<ObjectId, u64>, limits: &Limits) -> u64 {
    if let Some(known) = costs.get(&id) {
        return *known;
    }
    let Ok(Object::Stream(stream)) = document.get_object(id) else {
        return 0;
    };
    if depth > DEPTH {
        return u64::MAX;
    }
    // Met again before it is known: it draws itself.
    costs.insert(id, u64::MAX);
    let content = stream.decompressed_content().unwrap_or_else(|_| stream.content.clone());
    let uses = count(&content, b"Do") as u64;
    let size = content.len() as u64;
    drop(content);
    let total = if size > limits.decompressed_bytes {
        u64::MAX
    } else if uses == 0 {
        1
    } else {
        match children(document, stream) {
            Some(children) => {
                let dearest = children
                    .into_iter()
                    .map(|child| cost(document, child, depth + 1, costs, limits))
                    .max()
                    .unwrap_or(0);
                uses.saturating_mul(dearest).saturating_add(1)
            }
            // Without resources of its own it draws from its user's, which may hold the form itself.
            None => u64::MAX,
        }
    };
    costs.insert(id, total);
    total
}

/// The objects that a form may draw, or `None` when it has no list of its own.
fn children(document: &Document, form: &Stream) -> Option<Vec<ObjectId>> {
    let (_, resources) = document.dereference(form.dict.get(b"Resources").ok()?).ok()?;
    let resources = resources.as_dict().ok()?;
    let Ok(objects) = resources.get(b"XObject") else {
        return Some(Vec::new());
    };
    let (_, objects) = document.dereference(objects).ok()?;
    Some(
        objects
            .as_dict()
            .ok()?
            .iter()
            .filter_map(|(_, object)| object.as_reference().ok())
            .collect(),
    )
}
