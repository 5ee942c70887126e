//! Files made to cost more than they should. Each test has far less time than a reading may take in all.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Write;
use std::sync::mpsc;
use std::time::Duration;

use super::*;
use crate::knowledge::chunk::chunk;

/// Seconds that one file may take on a machine that is busy with much else; unbounded, most would take hours.
const SECONDS: u64 = 60;

/// Reads and cuts `bytes` on a thread of its own. Panics when it is not done in time.
pub(super) fn outcome(name: &'static str, bytes: Vec<u8>) -> Result<usize, ParseError> {
    let (done, wait) = mpsc::channel();
    let stop = Stop::new();
    let seen = stop.clone();
    std::thread::spawn(move || {
        let media = MediaType::detect(name, &bytes).unwrap();
        let limits = Limits::default();
        let read = parse(media, name, &bytes, &limits, &seen).and_then(|parsed| chunk(&parsed, &limits));
        let _ = done.send(read.map(|chunks| chunks.len()));
    });
    let outcome = wait.recv_timeout(Duration::from_secs(SECONDS));
    stop.raise();
    outcome.unwrap_or_else(|_| panic!("{name} took longer than {SECONDS} s"))
}

fn docx(xml: &[u8]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    archive
        .start_file("word/document.xml", zip::write::SimpleFileOptions::default())
        .unwrap();
    archive.write_all(xml).unwrap();
    archive.finish().unwrap().into_inner()
}

#[test]
fn a_page_nested_without_end_is_refused_by_name() {
    let numbered = |part: &dyn Fn(usize) -> String| (0..100_000).map(part).collect::<String>();
    for source in [
        "<div>".repeat(400_000),
        "<div><p>x".repeat(100_000) + &"</div>".repeat(100_000),
        "<table><tr><td>".repeat(100_000),
        "<svg><a>".repeat(200_000),
        "<template>".repeat(200_000),
        // Formatting that is never closed is repeated in every paragraph.
        numbered(&|n| format!("<b style={n}>")),
        numbered(&|n| format!("<div><b style={n}>x</div>")),
    ] {
        let error = outcome("a.html", source.clone().into_bytes()).unwrap_err();
        assert_eq!(error.code(), "too_deep", "{}", &source[..20]);
        assert!(error.to_string().contains("256 deep"));
    }
    // The same inside Markdown.
    assert_eq!(
        outcome("a.md", "<div>".repeat(400_000).into_bytes()).unwrap_err().code(),
        "too_deep"
    );
}

#[test]
fn a_page_that_multiplies_itself_is_refused_by_name() {
    let unclosed: String = (0..240).map(|n| format!("<b style={n}>")).collect();
    let source = format!("<div>{unclosed}</div>{}", "<p>x".repeat(100_000));
    assert_eq!(outcome("a.html", source.into_bytes()).unwrap_err().code(), "too_many_elements");
}

#[test]
fn marks_that_cost_and_make_no_elements_are_refused_by_name() {
    let deep = "<div>".repeat(250);
    for source in [
        // Each is a text of its own.
        "<".repeat(1_100_000),
        "x</y>".repeat(1_100_000),
        // Each looks for its beginning through all that is open.
        format!("{deep}x{}", "</p>".repeat(70_000)),
        format!("{deep}{}", "<p>x</p>".repeat(70_000)),
    ] {
        let error = outcome("a.html", source.into_bytes()).unwrap_err();
        assert_eq!(error.code(), "too_many_elements");
    }
}

#[test]
fn a_page_as_deep_as_real_ones_is_read() {
    let source = format!("{}Refunds take five days.{}", "<div>".repeat(120), "</div>".repeat(120)) + &"<p>More.</p>".repeat(5_000);
    assert!(outcome("a.html", source.into_bytes()).unwrap() > 1);
}

#[test]
fn endless_attributes_comments_and_scripts_cost_one_pass() {
    let attributes: String = (0..400_000).map(|n| format!("b{n} ")).collect();
    for source in [
        format!("<a {attributes}>x</a>"),
        format!("x{}", "<!--".repeat(2_000_000)),
        format!("x{}", "<script>".repeat(1_000_000)),
        "x<".repeat(200_000),
    ] {
        assert!(outcome("a.html", source.into_bytes()).is_ok_and(|chunks| chunks > 0));
    }
}

#[test]
fn markdown_nested_without_end_is_read_or_refused_soon() {
    for mark in [">", "> ", "[", "[a](", "![", "*a **b ", "- ", "`` ` ", "<", "<a ", "&", "_a __b "] {
        let _ = outcome("a.md", (mark.repeat(300_000) + "x").into_bytes());
    }
}

#[test]
fn text_without_a_line_break_or_in_no_encoding_is_read_or_refused_soon() {
    for text in [
        "word ".repeat(1 << 20),
        "x".repeat(5 << 20),
        "a.".repeat(1 << 20),
        "a\n".repeat(1 << 20),
    ] {
        let read = outcome("a.txt", text.into_bytes());
        assert!(read.is_ok() || read.is_err_and(|error| error.code() == "too_many_chunks"));
    }
    let high: Vec<u8> = (128..=255).cycle().take(8 << 20).collect();
    let _ = outcome("a.txt", high);
    let surrogates = [&[0xFF, 0xFE][..], &[0x00, 0xD8].repeat(1 << 20)].concat();
    assert_eq!(outcome("a.txt", surrogates).unwrap_err(), ParseError::NoText);
}

#[test]
fn an_archive_that_unpacks_to_too_much_is_refused_and_deep_xml_is_read() {
    let bomb = docx(&vec![b'a'; 210 << 20]);
    assert!(bomb.len() < 1 << 20);
    assert_eq!(outcome("a.docx", bomb).unwrap_err().code(), "too_large_inside");
    let deep = docx(("<w:p>".repeat(300_000) + "<w:r><w:t>x</w:t></w:r>").as_bytes());
    assert!(outcome("a.docx", deep).is_ok());
    let tables = docx("<w:tbl><w:tr><w:tc><w:p><w:r><w:t>x</w:t></w:r></w:p>".repeat(50_000).as_bytes());
    let _ = outcome("a.docx", tables);
}

#[test]
fn a_file_whose_name_lies_is_not_read_as_what_it_claims() {
    for (name, bytes) in [
        ("a.pdf", &b"<html>"[..]),
        ("a.docx", b"\x89PNG\r\n\x1a\n"),
        ("a.txt", b"PK\x03\x04"),
        ("a.html", b"%PDF-1.4"),
        ("a.txt", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),
        ("a.md", b"MZ\x90\0\x03\0\0\0"),
        ("a.txt", b"\x7fELF\x02\x01\x01\0\0\0"),
        ("a.html", b"\x1f\x8b\x08\0\0\0\0\0"),
    ] {
        assert_eq!(MediaType::detect(name, bytes), None, "{name} {bytes:?}");
    }
    // UTF-16 has zero bytes too, and says what it is.
    assert_eq!(MediaType::detect("a.txt", b"\xff\xfea\0b\0"), Some(MediaType::PlainText));
}

#[test]
fn a_reading_that_nobody_waits_for_ends() {
    let stop = Stop::new();
    stop.raise();
    let limits = Limits::default();
    for (media, bytes) in [
        (MediaType::Html, b"<p>x".to_vec()),
        (MediaType::Markdown, b"# x".to_vec()),
        (MediaType::Docx, docx(b"<w:p/>")),
    ] {
        assert_eq!(parse(media, "a", &bytes, &limits, &stop).unwrap_err(), ParseError::Stopped);
    }
}
