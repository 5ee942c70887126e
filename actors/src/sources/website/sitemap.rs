//! Sitemaps (sitemaps.org): lists of pages, and lists of lists.

use std::io::Read;

use flate2::read::MultiGzDecoder;
use quick_xml::{Reader, escape::resolve_predefined_entity, events::Event};

/// What a file lists.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Sitemap {
    Pages(Vec<String>),
    Index(Vec<String>),
}

/// As the protocol bounds them.
pub(super) const MOST_BYTES: usize = 50 << 20;
const MOST_ENTRIES: usize = 50_000;

/// Unpacks a file that is packed. `None` when it is larger than it may be, or damaged.
pub(super) fn unpacked(bytes: Vec<u8>) -> Option<Vec<u8>> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Some(bytes);
    }
    let mut plain = Vec::new();
    let read = MultiGzDecoder::new(bytes.as_slice())
        .take(MOST_BYTES as u64 + 1)
        .read_to_end(&mut plain);
    (read.is_ok() && plain.len() <= MOST_BYTES).then_some(plain)
}

/// Reads a file, also one that is a plain list of addresses. `None` when it is neither.
pub(super) fn parse(bytes: &[u8]) -> Option<Sitemap> {
    let text = str::from_utf8(bytes).ok()?.trim_start_matches('\u{feff}');
    if !text.trim_start().starts_with('<') {
        let lines: Vec<String> = text
            .lines()
            .map(str::trim)
            .filter(|line| line.starts_with("http"))
            .map(str::to_owned)
            .collect();
        return (!lines.is_empty()).then(|| Sitemap::Pages(lines.into_iter().take(MOST_ENTRIES).collect()));
    }
    let mut reader = Reader::from_str(text);
    // The kind is told by the root; `loc` of other name spaces, such as that of pictures, stands deeper.
    let (mut kind, mut depth, mut open, mut entries) = (None, 0_usize, false, Vec::new());
    let mut here = String::new();
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                depth += 1;
                let name = start.local_name();
                match (depth, name.as_ref()) {
                    (1, "urlset") => kind = Some(false),
                    (1, "sitemapindex") => kind = Some(true),
                    (1, _) => return None,
                    (3, "loc") => {
                        open = true;
                        here.clear();
                    }
                    _ => {}
                }
            }
            Event::Empty(root) if depth == 0 && root.local_name().as_ref() == "urlset" => kind = Some(false),
            Event::Text(part) if open => here.push_str(&part.xml10_content()),
            Event::CData(part) if open => here.push_str(&part.into_inner()),
            Event::GeneralRef(entity) if open => match entity.resolve_char_ref().ok()? {
                Some(letter) => here.push(letter),
                None => here.push_str(resolve_predefined_entity(&entity.xml10_content())?),
            },
            // Nothing that a document could define.
            Event::DocType(_) => return None,
            Event::End(_) => {
                depth = depth.checked_sub(1)?;
                if open && depth == 2 {
                    open = false;
                    entries.push(here.trim().to_owned());
                    if entries.len() == MOST_ENTRIES {
                        break;
                    }
                }
            }
            Event::Eof if depth == 0 => break,
            Event::Eof => return None,
            _ => {}
        }
    }
    Some(if kind? { Sitemap::Index(entries) } else { Sitemap::Pages(entries) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages(some: &[&str]) -> Option<Sitemap> {
        Some(Sitemap::Pages(some.iter().map(|one| (*one).to_owned()).collect()))
    }

    #[test]
    fn pages_and_lists_of_lists_are_read() {
        let xml = "<?xml version=\"1.0\"?><urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\" xmlns:image=\"x\">\
            <url><loc> https://e.com/a?b=1&amp;c=2 </loc><lastmod>2026-01-01</lastmod><image:image><image:loc>https://e.com/i.png</image:loc></image:image></url>\
            <url><loc><![CDATA[https://e.com/b]]></loc></url></urlset>";
        assert_eq!(parse(xml.as_bytes()), pages(&["https://e.com/a?b=1&c=2", "https://e.com/b"]));
        let index = "<sitemapindex><sitemap><loc>https://e.com/1.xml.gz</loc></sitemap></sitemapindex>";
        assert_eq!(parse(index.as_bytes()), Some(Sitemap::Index(vec!["https://e.com/1.xml.gz".into()])));
        assert_eq!(
            parse(b"https://e.com/a\n\nhttps://e.com/b\n"),
            pages(&["https://e.com/a", "https://e.com/b"])
        );
        assert_eq!(parse(b"<urlset></urlset>"), pages(&[]));
    }

    #[test]
    fn what_is_cut_off_or_something_else_is_no_list() {
        for bad in [
            "<urlset><url><loc>https://e.com/a</loc></url>",
            "<html><body>not found</body></html>",
            "",
            "not found",
            "<urlset><url></b></urlset>",
        ] {
            assert_eq!(parse(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn a_packed_file_is_unpacked() {
        use std::io::Write;
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(b"https://e.com/a").unwrap();
        let packed = packer.finish().unwrap();
        assert_eq!(unpacked(packed.clone()).unwrap(), b"https://e.com/a");
        assert_eq!(unpacked(packed[..packed.len() - 9].to_vec()), None);
        assert_eq!(unpacked(b"plain".to_vec()).unwrap(), b"plain");
    }
}
