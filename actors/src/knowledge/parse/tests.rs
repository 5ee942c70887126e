#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Write;

use super::*;

fn read(name: &str, bytes: &[u8]) -> Result<Parsed, ParseError> {
    let media = MediaType::detect(name, bytes).ok_or(ParseError::Unreadable("anything"))?;
    parse(media, name, bytes, &Limits::default(), &Stop::new())
}

fn heading(level: u8, text: &str) -> Block {
    Block::Heading {
        level,
        text: text.to_owned(),
    }
}

fn item(marker: &str, text: &str) -> Block {
    Block::ListItem {
        marker: marker.to_owned(),
        depth: 0,
        text: text.to_owned(),
    }
}

/// A DOCX with these entries.
fn docx(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in entries {
        archive.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(content).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// A PDF with these objects, numbered from 1; the first is the catalogue.
pub(super) fn pdf(objects: &[String]) -> Vec<u8> {
    let mut bytes = b"%PDF-1.4\n".to_vec();
    let mut places = Vec::new();
    for (at, object) in objects.iter().enumerate() {
        places.push(bytes.len());
        bytes.extend(format!("{} 0 obj\n{object}\nendobj\n", at + 1).as_bytes());
    }
    let table = bytes.len();
    bytes.extend(format!("xref\n0 {}\n0000000000 65535 f \n", places.len() + 1).as_bytes());
    for place in &places {
        bytes.extend(format!("{place:010} 00000 n \n").as_bytes());
    }
    bytes.extend(format!("trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF", places.len() + 1).as_bytes());
    bytes
}

pub(super) fn stream(dictionary: &str, content: &str) -> String {
    format!("<< {dictionary} /Length {} >>\nstream\n{content}\nendstream", content.len())
}

/// Two pages: a large line and two lines of text, then one more line.
fn two_pages(form: &str) -> Vec<u8> {
    let page = |content: u8| {
        format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents {content} 0 R /Resources << /Font << /F 7 0 R >> /XObject << /X 8 0 R >> >> >>"
        )
    };
    pdf(&[
        "<< /Type /Catalog /Pages 2 0 R >>".into(),
        "<< /Type /Pages /Kids [3 0 R 4 0 R] /Count 2 >>".into(),
        page(5),
        page(6),
        stream(
            "",
            "BT /F 24 Tf 50 700 Td (Install guide) Tj ET BT /F 12 Tf 50 650 Td (Download the inst-) Tj ET BT /F 12 Tf 50 636 Td (aller first.) Tj ET",
        ),
        stream("", "/X Do BT /F 12 Tf 50 700 Td (Then start it.) Tj ET"),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".into(),
        form.into(),
    ])
}

#[test]
fn names_and_content_must_agree() {
    assert_eq!(MediaType::detect("a.MD", b"# x"), Some(MediaType::Markdown));
    assert_eq!(MediaType::detect("a.pdf", b"%PDF-1.7"), Some(MediaType::Pdf));
    assert_eq!(MediaType::detect("a.pdf", b"<html>"), None);
    assert_eq!(MediaType::detect("a.docx", b"%PDF-1.7"), None);
    assert_eq!(MediaType::detect("a.txt", b"PK\x03\x04"), None);
    assert_eq!(MediaType::detect("a.exe", b"MZ"), None);
    assert_eq!(MediaType::detect("pdf", b"%PDF-1.7"), None);
    for media in MediaType::ALL {
        assert_eq!(MediaType::from_str(media.as_str()), Some(media));
    }
    assert_eq!(MediaType::from_str("Text/HTML; charset=utf-8"), Some(MediaType::Html));
}

#[test]
fn markdown_keeps_its_structure() {
    let source = "---\ntitle: Guide\nurl: https://d.example/g\n---\n# Start\n\nSome **bold** `code`.\n\n1. One\n2. Two\n\n| A | B |\n|---|---|\n| 1 | 2 |\n\n```sh\nrun\n  it\n```\n\n<p hidden>secret</p>\n\n<b>shown</b>\n";
    let parsed = read("a.md", source.as_bytes()).unwrap();
    assert_eq!(parsed.title.as_deref(), Some("Guide"));
    assert_eq!(parsed.source_url.as_deref(), Some("https://d.example/g"));
    let expected = [
        heading(1, "Start"),
        Block::Paragraph("Some bold `code`.".into()),
        item("1.", "One"),
        item("2.", "Two"),
        Block::TableRow("A: 1; B: 2".into()),
        Block::Code("run\n  it".into()),
        Block::Paragraph("shown".into()),
    ];
    assert_eq!(parsed.blocks, expected);
}

#[test]
fn a_source_address_must_be_one_a_browser_may_be_sent_to() {
    for url in ["javascript:alert(1)", "file:///etc/passwd", "https://user:pw@host/", "not a url"] {
        let source = format!("---\nurl: \"{url}\"\n---\ntext");
        assert_eq!(read("a.md", source.as_bytes()).unwrap().source_url, None, "{url}");
    }
}

#[test]
fn html_gives_the_page_without_furniture_or_hidden_text() {
    let source = "<html><head><title>T | Site</title><link rel=canonical href=https://d.example/x></head><body><header>Site</header><nav>Menu</nav>\
        <main><header><h1>Real title</h1></header><p>Seen <span style='display: none'>unseen</span>.<ol><li>First<li>Second</ol>\
        <table><tr><th>Plan<th>Price<tr><td>Team<td>$20</table><pre>a\n  b</pre><script>x()</script></main><footer>Foot</footer></body></html>";
    let parsed = read("a.html", source.as_bytes()).unwrap();
    assert_eq!(parsed.title.as_deref(), Some("Real title"));
    assert_eq!(parsed.source_url.as_deref(), Some("https://d.example/x"));
    let expected = [
        heading(1, "Real title"),
        Block::Paragraph("Seen .".into()),
        item("1.", "First"),
        item("2.", "Second"),
        Block::TableRow("Plan: Team; Price: $20".into()),
        Block::Code("a\n  b".into()),
    ];
    assert_eq!(parsed.blocks, expected);
}

#[test]
fn a_banner_that_asks_about_cookies_is_no_text() {
    let source = "<body class=has-cookie-banner><div class='box cookie-banner'>Agree?</div><div id=onetrust-banner-sdk>Accept</div>\
        <p>Text.<div class=cookie-banner-demo>A demo.</div><main><h2 id=cookie-banner>Banners</h2></main>";
    let parsed = read("a.html", source.as_bytes()).unwrap();
    let said: Vec<&str> = parsed.blocks.iter().map(Block::text).collect();
    assert!(
        !said.iter().any(|text| text.contains("Agree") || text.contains("Accept")),
        "{said:?}"
    );
    assert!(said.contains(&"Banners"), "{said:?}");
}

#[test]
fn plain_text_shows_headings_and_lists() {
    let parsed = read(
        "my_file-name.txt",
        b"Title\n=====\r\nHello\nthere.\n\nCHAPTER ONE\n\n- a\n- b\n2) c\n",
    )
    .unwrap();
    let expected = [
        heading(1, "Title"),
        Block::Paragraph("Hello there.".into()),
        heading(2, "CHAPTER ONE"),
        item("-", "a"),
        item("-", "b"),
        item("2.", "c"),
    ];
    assert_eq!(parsed.blocks, expected);
    assert_eq!(
        read("my_file-name.txt", b"just text").unwrap().title.as_deref(),
        Some("My file name")
    );
}

#[test]
fn an_opening_line_that_looks_like_a_title_is_the_heading_of_the_text() {
    for title in ["Returning a parcel", "How long does a refund take?", "Version 2.1"] {
        for blank in ["\n\n", "\r\n\r\n", "\n\n\n"] {
            let parsed = read("a.txt", format!("\n{title}{blank}It takes five days.\n").as_bytes()).unwrap();
            assert_eq!(parsed.title.as_deref(), Some(title));
            assert_eq!(parsed.blocks, [heading(1, title), Block::Paragraph("It takes five days.".into())]);
        }
    }
}

#[test]
fn an_opening_sentence_stays_in_the_text_where_it_can_be_quoted() {
    let long = "a word and ".repeat(12) + "one more";
    for (opening, title) in [
        ("Refunds take five business days.", "Refunds take five business days."),
        ("(Refunds take five days.)", "(Refunds take five days.)"),
        ("No refunds!", "No refunds!"),
        (long.as_str(), long.as_str()),
        ("Write to us. We answer soon.", "My file"),
        ("You need these things:", "My file"),
    ] {
        let parsed = read("my_file.txt", format!("{opening}\n\nShipping is free.\n").as_bytes()).unwrap();
        assert_eq!(parsed.title.as_deref(), Some(title), "{opening}");
        assert_eq!(
            parsed.blocks,
            [Block::Paragraph(opening.into()), Block::Paragraph("Shipping is free.".into())]
        );
    }
    // Without a blank line below it, a line belongs to what follows.
    let parsed = read("my_file.txt", b"What you need\n- a cup\n- tea\n\nEnjoy.").unwrap();
    assert_eq!(parsed.title.as_deref(), Some("My file"));
    assert_eq!(parsed.blocks[0], Block::Paragraph("What you need".into()));
    assert_eq!(
        read("my_file.txt", b"Refunds take five days.").unwrap().blocks,
        [Block::Paragraph("Refunds take five days.".into())]
    );
}

#[test]
fn encodings_are_recognised_and_invisible_characters_dropped() {
    for bytes in [
        &b"\xEF\xBB\xBFcaf\xC3\xA9"[..],
        b"\xFF\xFEc\0a\0f\0\xE9\0",
        b"\xFE\xFF\0c\0a\0f\0\xE9",
        b"caf\xE9",
        b"c\xE2\x80\x8Ba\x00f\xC3\xA9",
    ] {
        assert_eq!(read("a.txt", bytes).unwrap().blocks, [Block::Paragraph("café".into())], "{bytes:?}");
    }
}

#[test]
fn docx_gives_headings_lists_and_tables() {
    let styles = br#"<w:styles xmlns:w="w"><w:style w:styleId="Ueber1"><w:name w:val="heading 1"/></w:style></w:styles>"#;
    let document = br#"<?xml version="1.0"?><w:document xmlns:w="w"><w:body>
        <w:p><w:pPr><w:pStyle w:val="Ueber1"/></w:pPr><w:r><w:t>Q&amp;A</w:t></w:r></w:p>
        <w:p><w:r><w:t xml:space="preserve">One </w:t></w:r><w:del><w:r><w:delText>gone</w:delText></w:r></w:del><w:r><w:t>two&#33;</w:t></w:r></w:p>
        <w:p><w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr></w:pPr><w:r><w:t>Item</w:t></w:r></w:p>
        <w:tbl><w:tr><w:tc><w:p><w:r><w:t>K</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>V</w:t></w:r></w:p></w:tc></w:tr>
        <w:tr><w:tc><w:p><w:r><w:t>a</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>b</w:t></w:r></w:p></w:tc></w:tr></w:tbl></w:body></w:document>"#;
    let parsed = read("a.docx", &docx(&[("word/document.xml", document), ("word/styles.xml", styles)])).unwrap();
    let expected = [
        heading(1, "Q&A"),
        Block::Paragraph("One two!".into()),
        item("-", "Item"),
        Block::TableRow("K; V".into()),
        Block::TableRow("K: a; V: b".into()),
    ];
    assert_eq!(parsed.blocks, expected);
}

#[test]
fn docx_bombs_and_entities_are_refused() {
    let huge = vec![b' '; 3 << 20];
    let limits = Limits {
        decompressed_bytes: 1 << 20,
        ..Limits::default()
    };
    let error = parse(
        MediaType::Docx,
        "a.docx",
        &docx(&[("word/document.xml", &huge)]),
        &limits,
        &Stop::new(),
    )
    .unwrap_err();
    assert_eq!(error.code(), "too_large_inside");
    let entity = br#"<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><w:p><w:t>&x;</w:t></w:p>"#;
    assert_eq!(
        read("a.docx", &docx(&[("word/document.xml", entity)])).unwrap_err().code(),
        "unreadable"
    );
    assert_eq!(read("a.docx", &docx(&[("other.xml", b"<a/>")])).unwrap_err().code(), "unreadable");
    assert_eq!(
        parse(MediaType::Docx, "a.docx", &[0xD0, 0xCF, 0x11, 0xE0, 0, 0], &limits, &Stop::new()).unwrap_err(),
        ParseError::Encrypted
    );
}

#[test]
fn pdf_gives_pages_headings_and_whole_words() {
    let parsed = read("a.pdf", &two_pages("<< >>")).unwrap();
    assert_eq!(parsed.pages, Some(2));
    assert_eq!(parsed.title.as_deref(), Some("Install guide"));
    let expected = [
        Block::PageBreak(1),
        heading(1, "Install guide"),
        Block::Paragraph("Download the installer first.".into()),
        Block::PageBreak(2),
        Block::Paragraph("Then start it.".into()),
    ];
    assert_eq!(parsed.blocks, expected);
    let limits = Limits {
        pages: 1,
        ..Limits::default()
    };
    assert_eq!(
        parse(MediaType::Pdf, "a.pdf", &two_pages("<< >>"), &limits, &Stop::new()).unwrap_err(),
        ParseError::TooManyPages { limit: 1 }
    );
}

#[test]
fn a_pdf_form_that_draws_itself_does_no_harm() {
    for resources in ["/Resources << /XObject << /X 8 0 R >> >>", ""] {
        let form = stream(&format!("/Type /XObject /Subtype /Form /BBox [0 0 1 1] {resources}"), "/X Do /X Do");
        let parsed = read("a.pdf", &two_pages(&form)).unwrap();
        assert!(parsed.blocks.contains(&Block::Paragraph("Then start it.".into())));
    }
}

#[test]
fn a_pdf_without_text_says_so_and_garbage_is_unreadable() {
    let empty = pdf(&[
        "<< /Type /Catalog /Pages 2 0 R >>".into(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".into(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>".into(),
    ]);
    assert_eq!(read("a.pdf", &empty).unwrap_err(), ParseError::NoText);
    assert_eq!(read("a.pdf", b"%PDF-1.7 nothing else").unwrap_err().code(), "unreadable");
    assert_eq!(read("a.txt", b" \n --- ").unwrap_err(), ParseError::NoText);
}

/// Any bytes give a document or a reason: damaged copies of real ones, in every media type. `FUZZ_SECONDS` and `FUZZ_SEED` make
/// it run longer, and otherwise than every time.
#[test]
fn damaged_files_never_end_the_program() {
    const PARTS: [&str; 20] = [
        "<<",
        ">>",
        "0 R",
        "obj",
        "stream",
        "/Kids",
        "/Filter",
        "/Parent 2 0 R",
        "99999999999",
        "-1",
        "BT ",
        "/X Do ",
        "](",
        "```",
        "<table>",
        "<template>",
        "<b style=1>",
        "<!--",
        "]]>",
        "\u{FEFF}",
    ];
    let samples = [
        two_pages("<< >>"),
        docx(&[(
            "word/document.xml",
            b"<w:p><w:pPr><w:pStyle w:val='Heading1'/></w:pPr><w:r><w:t>a</w:t></w:r></w:p>",
        )]),
        b"<h1>a</h1><ul><li>b<ol start=2><li>c</ul><table><tr><th>d<td>e</table><pre>f</pre><svg><b hidden>g".to_vec(),
        b"# a\n\n- b\n  1. c\n\n| a | b |\n|--|--|\n| `c` | d |\n<table><tr><td>x".to_vec(),
    ];
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let setting = |name: &str| std::env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    let (until, seed) = (
        std::time::Duration::from_secs(setting("FUZZ_SECONDS").unwrap_or(0)),
        setting("FUZZ_SEED").unwrap_or(0),
    );
    let started = std::time::Instant::now();
    let mut state = 0x2545_F491_4F6C_DD1Du64 ^ seed;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap()
    };
    for round in 0.. {
        if round >= 600 && started.elapsed() >= until {
            println!("{round} files");
            break;
        }
        let mut bytes = samples[round % samples.len()].clone();
        for _ in 0..=random() % 8 {
            let at = random() % bytes.len();
            match random() % 6 {
                0 => bytes[at] = u8::try_from(random() % 256).unwrap(),
                1 => bytes.truncate(at.max(1)),
                2 => bytes[at] ^= 1 << (random() % 8),
                // A part again, somewhere or many times.
                3 => {
                    let part = bytes[at..(at + random() % 100).min(bytes.len())].to_vec();
                    let to = random() % bytes.len();
                    bytes.splice(to..to, part.repeat(1 + random() % 30));
                }
                4 => {
                    let part = PARTS[random() % PARTS.len()].bytes();
                    bytes.splice(at..at, part);
                }
                _ => bytes.insert(at, b"<>[]()#`|/0"[random() % 11]),
            }
        }
        for media in MediaType::ALL {
            let begun = std::time::Instant::now();
            if let Ok(parsed) = parse(media, "a", &bytes, &Limits::default(), &Stop::new()) {
                let _ = crate::knowledge::chunk::chunk(&parsed, &Limits::default());
            }
            assert!(begun.elapsed().as_secs() < 30, "{media:?} in round {round}");
        }
    }
    std::panic::set_hook(hook);
}
