//! What a document is called, and where it links to, as it comes from outside.

use crate::{
    fault::{Fault, Invalid},
    text::{is_hidden, parse_name},
};

/// The last part of an uploaded path, as a name to show.
pub(super) fn parse_file_name(name: &str) -> Result<String, Fault> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    if last.chars().count() > 200 {
        return Err(Fault::invalid(Invalid::Name, "file", "Use a file name of at most 200 characters."));
    }
    let (stem, extension) = last.rsplit_once('.').unwrap_or((last, ""));
    if extension.chars().any(is_hidden) {
        return Err(Fault::invalid(Invalid::Name, "file", "Use ordinary characters in the file's name."));
    }
    let stem: String = stem.chars().take(80).collect();
    let stem = parse_name(&stem, "file")?;
    Ok(if extension.is_empty() {
        stem
    } else {
        format!("{stem}.{extension}")
    })
}

pub(super) fn parse_link(text: &str) -> Result<Option<String>, Fault> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let refuse = || {
        Fault::invalid(
            Invalid::SourceUrl,
            "source_url",
            "Enter a web address that starts with https:// or http://.",
        )
    };
    let link = url::Url::parse(text).map_err(|_| refuse())?;
    let web = matches!(link.scheme(), "http" | "https") && link.host().is_some();
    if web && link.username().is_empty() && link.password().is_none() && text.len() <= 2000 {
        Ok(Some(link.into()))
    } else {
        Err(refuse())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_is_the_last_part_of_a_path_without_surprises() {
        assert_eq!(parse_file_name("../../etc/guide.md").unwrap(), "guide.md");
        assert_eq!(parse_file_name("C:\\docs\\My  Guide.pdf").unwrap(), "My Guide.pdf");
        assert!(parse_file_name("").is_err());
        assert!(parse_file_name("a\u{202e}fdp.exe").is_err());
        assert!(parse_file_name("guide.m\0d").is_err());
        assert!(parse_file_name("guide.\u{202e}fdp").is_err());
    }

    #[test]
    fn a_link_is_a_web_address_without_credentials() {
        assert_eq!(
            parse_link(" https://docs.example.com/a ").unwrap().as_deref(),
            Some("https://docs.example.com/a")
        );
        assert_eq!(parse_link("").unwrap(), None);
        for bad in [
            "javascript:alert(1)",
            "data:text/html,x",
            "https://a:b@example.com/",
            "docs",
            "ftp://example.com",
        ] {
            assert!(parse_link(bad).is_err(), "{bad}");
        }
    }
}
