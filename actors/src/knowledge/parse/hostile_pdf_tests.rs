//! PDF files made to cost more than they should: trees without end, bombs, tables that claim everything.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Write;

use super::ParseError;
use super::hostile_tests::outcome;
use super::tests::{pdf, stream};

const CATALOGUE: &str = "<< /Type /Catalog /Pages 2 0 R >>";
const PAGES: &str = "<< /Type /Pages /Kids [3 0 R] /Count 1 >>";
const PAGE: &str = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R /Resources << /Font << /F 5 0 R >> >> >>";
const TEXT: &str = "BT /F 12 Tf 50 700 Td (Refunds take five days.) Tj ET";
const FONT: &str = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>";

fn of(objects: &[&str]) -> Vec<u8> {
    pdf(&objects.iter().map(|object| (*object).to_owned()).collect::<Vec<_>>())
}

/// One page of text whose font is the fifth object; `more` are the sixth and so on.
fn with_font(font: &str, more: &[&str]) -> Vec<u8> {
    of(&[&[CATALOGUE, PAGES, PAGE, &stream("", TEXT), font], more].concat())
}

/// A page of text, and as the sixth object a stream with its content as it stands. `page` replaces the usual page.
fn with_stream(page: &str, dictionary: &str, content: &[u8]) -> Vec<u8> {
    let text = stream("", TEXT);
    let head = format!("<< {dictionary} /Length {} >>\nstream\n", content.len());
    let last = [head.as_bytes(), content, b"\nendstream"].concat();
    let objects: [&[u8]; 6] = [
        CATALOGUE.as_bytes(),
        PAGES.as_bytes(),
        page.as_bytes(),
        text.as_bytes(),
        FONT.as_bytes(),
        &last,
    ];
    let mut bytes = b"%PDF-1.5\n".to_vec();
    let mut table = "xref\n0 7\n0000000000 65535 f \n".to_owned();
    for (object, number) in objects.into_iter().zip(1..) {
        table += &format!("{:010} 00000 n \n", bytes.len());
        bytes.extend([format!("{number} 0 obj\n").as_bytes(), object, b"\nendobj\n"].concat());
    }
    let trailer = format!("{table}trailer\n<< /Size 7 /Root 1 0 R >>\nstartxref\n{}\n%%EOF", bytes.len());
    bytes.extend(trailer.as_bytes());
    bytes
}

/// `times` of one byte, packed.
fn packed(byte: u8, times: usize) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    let part = [byte; 1 << 16];
    for _ in 0..times >> 16 {
        encoder.write_all(&part).unwrap();
    }
    encoder.finish().unwrap()
}

#[test]
fn a_tree_of_pages_without_end_is_left() {
    let itself = "<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 2 >>";
    let each = [
        "<< /Type /Pages /Kids [4 0 R 4 0 R] /Count 2 >>",
        "<< >>",
        "<< /Type /Pages /Kids [2 0 R 2 0 R 2 0 R] /Count 9 >>",
    ];
    for file in [of(&[CATALOGUE, itself]), of(&[&[CATALOGUE], &each[..]].concat())] {
        assert!(outcome("a.pdf", file).is_err());
    }
    // Each node holds the next twice: two to the power of forty pages.
    let mut doubling = vec![CATALOGUE.to_owned()];
    doubling.extend((3..43).map(|next| format!("<< /Type /Pages /Kids [{next} 0 R {next} 0 R] /Count 2 >>")));
    doubling.push("<< /Type /Page /MediaBox [0 0 9 9] >>".to_owned());
    assert!(outcome("a.pdf", pdf(&doubling)).is_err());
    // What a page lacks is looked for in its parents.
    let file = of(&[
        CATALOGUE,
        "<< /Type /Pages /Parent 6 0 R /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /Contents 4 0 R >>",
        &stream("", TEXT),
        FONT,
        "<< /Type /Pages /Parent 2 0 R /Kids [2 0 R] /Count 1 >>",
    ]);
    let _ = outcome("a.pdf", file);
}

#[test]
fn streams_that_unpack_to_too_much_are_refused_by_name() {
    let bomb = packed(b' ', 202 << 20);
    assert!(bomb.len() < 2 << 20);
    for dictionary in ["/Filter /FlateDecode", "/Type /ObjStm /N 9 /First 10 /Filter /FlateDecode"] {
        let file = with_stream(PAGE, dictionary, &bomb);
        assert_eq!(outcome("a.pdf", file).unwrap_err().code(), "too_large_inside", "{dictionary}");
    }
    // Several that are only too large together.
    let half = packed(b' ', 110 << 20);
    let mut file = with_stream(PAGE, "/Filter /FlateDecode", &half);
    file.extend([b"7 0 obj << /Filter /FlateDecode >> stream\n", half.as_slice()].concat());
    assert_eq!(outcome("a.pdf", file).unwrap_err().code(), "too_large_inside");
    // Packed twice, the outer is small.
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&bomb).unwrap();
    let file = with_stream(PAGE, "/Filter [/FlateDecode /FlateDecode]", &encoder.finish().unwrap());
    assert_eq!(outcome("a.pdf", file).unwrap_err().code(), "too_large_inside");
}

#[test]
fn an_object_stream_that_claims_more_than_it_holds_is_read_or_refused_soon() {
    assert_eq!(outcome("a.pdf", with_stream(PAGE, "", b"x")), Ok(1));
    for (count, first) in [("100000000", "10"), ("-1", "-1"), ("9", "99999999999"), ("1000000", "4000000")] {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(&b"1 0 ".repeat(200_000)).unwrap();
        let dictionary = format!("/Type /ObjStm /N {count} /First {first} /Filter /FlateDecode");
        let _ = outcome("a.pdf", with_stream(PAGE, &dictionary, &encoder.finish().unwrap()));
    }
}

#[test]
fn a_page_drawn_with_millions_of_commands_is_refused_by_name() {
    let words = |word: &str, times: usize| {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(word.repeat(times).as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    for content in [words("q ", 200_000), words("1 w ", 3_000_000)] {
        let file = with_stream(&PAGE.replace("4 0 R", "6 0 R"), "/Filter /FlateDecode", &content);
        assert_eq!(outcome("a.pdf", file).unwrap_err().code(), "part_too_large");
    }
    let page = PAGE.replace("4 0 R", &format!("[{}]", "4 0 R ".repeat(200_000)));
    let file = of(&[CATALOGUE, PAGES, &page, &stream("", TEXT), FONT]);
    assert_eq!(outcome("a.pdf", file).unwrap_err().code(), "part_too_large");
    let form = stream("/Type /XObject /Subtype /Form", &"q ".repeat(200_000));
    assert_eq!(outcome("a.pdf", with_font(FONT, &[&form])).unwrap_err().code(), "part_too_large");
    let objects = with_stream(PAGE, "/Type /ObjStm /N 9 /First 10 /Filter /FlateDecode", &words("1 0 ", 3_000_000));
    assert_eq!(outcome("a.pdf", objects).unwrap_err().code(), "part_too_large");
}

#[test]
fn millions_of_false_streams_are_refused_soon() {
    for part in [&b"stream\n\x78\xda"[..], b"stream /FlateDecode\n"] {
        let file = [&b"%PDF-1.4\n"[..], &part.repeat(300_000)].concat();
        assert_eq!(outcome("a.pdf", file).unwrap_err().code(), "unreadable");
    }
}

#[test]
fn more_pages_than_allowed_are_refused_by_name() {
    for (pages, allowed) in [(2_000, true), (2_001, false)] {
        let kids: String = (0..pages).map(|n| format!("{} 0 R ", n + 5)).collect();
        let mut objects = vec![
            CATALOGUE.to_owned(),
            format!("<< /Type /Pages /Kids [{kids}] /Count {pages} >>"),
            FONT.to_owned(),
            stream("", "BT /F 12 Tf 50 700 Td (x) Tj ET"),
        ];
        objects.extend((0..pages).map(|_| "<< /Type /Page /Parent 2 0 R >>".to_owned()));
        let error = outcome("a.pdf", pdf(&objects)).unwrap_err();
        let expected = if allowed {
            ParseError::NoText
        } else {
            ParseError::TooManyPages { limit: 2_000 }
        };
        assert_eq!(error, expected);
    }
}

#[test]
fn a_table_of_places_that_lies_is_read_or_refused_soon() {
    let file = String::from_utf8(with_font(FONT, &[])).unwrap();
    assert!(outcome("a.pdf", file.clone().into_bytes()).is_ok());
    let (body, table) = file.split_once("xref\n").unwrap();
    let (entries, trailer) = table.split_once("trailer").unwrap();
    for lie in [
        format!("{body}xref\n0 2000000000\n{entries}trailer{trailer}"),
        format!("{body}xref\n{}trailer{trailer}", entries.replace("00000000", "99999999")),
        format!("{body}xref\n{entries}trailer{}", trailer.replace("/Size", "/Prev 9 /Size")),
        format!(
            "{body}xref\n{entries}trailer{}",
            trailer.replace("/Size", &format!("/Prev {} /Size", body.len()))
        ),
        format!("{body}xref\n{entries}trailer{}", trailer.replace("1 0 R", "999999 0 R")),
        format!("{body}xref\n{}trailer{trailer}", "\u{1}\u{2}garbage ".repeat(10_000)),
        format!("{body}startxref\n99999999999999999999\n%%EOF"),
        format!("{body}startxref\n-5\n%%EOF"),
        body.to_owned(),
    ] {
        let _ = outcome("a.pdf", lie.into_bytes());
    }
}

#[test]
fn font_tables_that_claim_every_code_cost_neither_memory_nor_time() {
    // One to one: the text is read as it is written.
    for claim in ["<00> <FFFFFFFF> <0000>", "<00> <FFFFFFFF> <00000000>"] {
        let letters = stream("", &format!("1 beginbfrange {claim} endbfrange"));
        let font = FONT.replace(">>", "/ToUnicode 6 0 R >>");
        assert_eq!(outcome("a.pdf", with_font(&font, &[&letters])), Ok(1), "{claim}");
    }
    let font = "<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /Identity-H /ToUnicode 6 0 R /DescendantFonts [7 0 R] >>";
    let letters = stream("", "1 beginbfrange <0000> <FFFF> <0041> endbfrange");
    for widths in ["[0 4000000000 500]", "8 0 R", "[0 60000 5 0 60000 5]"] {
        let inner = format!("<< /Type /Font /Subtype /CIDFontType2 /FontDescriptor << >> /W {widths} >>");
        let file = with_font(font, &[&letters, &inner, "[0 4000000000 500]"]);
        assert_eq!(outcome("a.pdf", file), Ok(1), "{widths}");
    }
}

#[test]
fn font_tables_nested_without_end_do_not_end_the_program() {
    for bracket in ["[", "{", "(", "<</A "] {
        let nested = stream("", &bracket.repeat(100_000));
        let program = FONT.replace(">>", "/FontDescriptor << /FontFile 6 0 R >> >>");
        let letters = FONT.replace(">>", "/ToUnicode 6 0 R >>");
        let codes = "<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding 6 0 R /DescendantFonts [<< >>] >>";
        for font in [program.as_str(), &letters, codes] {
            let _ = outcome("a.pdf", with_font(font, &[&nested]));
        }
    }
    // The same in a page's own commands, and in objects.
    for content in ["[".repeat(500_000), "q ".repeat(500_000), "<<".repeat(500_000), "(".repeat(500_000)] {
        let _ = outcome("a.pdf", of(&[CATALOGUE, PAGES, PAGE, &stream("", &content), FONT]));
        let _ = outcome("a.pdf", with_font(&content, &[]));
    }
}
