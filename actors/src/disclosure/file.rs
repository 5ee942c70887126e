//! What may be attached. Nothing of it is ever shown or opened here: it is kept sealed, and handed to operators as a file to save.

use crate::{
    fault::{Fault, Limit},
    text::is_hidden,
};

/// Bytes of one file.
pub const MOST_BYTES: u64 = 10 << 20;
/// Of one report.
pub const MOST_FILES: usize = 10;
pub const MOST_BYTES_OF_REPORT: i64 = 30 << 20;
/// Of all reports together.
pub const MOST_BYTES_OF_ALL: i64 = 2 << 30;
const MOST_OF_NAME: usize = 120;

/// Endings of what is taken: what a proof is made of, and nothing that a double click would run.
pub const KINDS: [&str; 24] = [
    "txt", "md", "log", "json", "csv", "yaml", "xml", "har", "eml", "patch", "diff", "pdf", "png", "jpg", "jpeg", "gif", "webp", "mp4",
    "webm", "zip", "gz", "pcap", "pcapng", "asc",
];

/// The last part of whatever path, without what nobody sees.
#[must_use]
pub fn safe_name(text: &str) -> String {
    let last = text.rsplit(['/', '\\']).next().unwrap_or_default();
    let seen: String = last.chars().filter(|c| !is_hidden(*c) && !"\"<>:|?*;%".contains(*c)).collect();
    let seen = seen.trim().trim_matches('.').trim();
    if seen.is_empty() {
        return "file".into();
    }
    // Its ending is what it is known by.
    let (stem, ending) = seen.rsplit_once('.').map_or((seen, String::new()), |(stem, ending)| {
        (stem, format!(".{}", ending.chars().take(10).collect::<String>()))
    });
    let room = MOST_OF_NAME.saturating_sub(ending.chars().count());
    format!("{}{ending}", stem.chars().take(room).collect::<String>())
}

/// The name that it is kept under.
///
/// # Errors
/// `Limit` when it is empty, too large, or of a kind that is not taken.
pub fn check(name: &str, bytes: &[u8]) -> Result<String, Fault> {
    let refuse = |code, reason: &str| {
        Err(Fault::Limit {
            code,
            reason: reason.into(),
        })
    };
    let name = safe_name(name);
    if bytes.is_empty() {
        return refuse(Limit::EmptyFile, "The file is empty.");
    }
    if bytes.len() as u64 > MOST_BYTES {
        return refuse(Limit::FileTooLarge, "A file may have up to 10 MiB.");
    }
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_lowercase()).unwrap_or_default();
    if !KINDS.contains(&ending.as_str()) {
        let reason = "This kind of file is not taken. Put it into a ZIP archive, or send it as text: nothing is opened here.";
        return refuse(Limit::UnsupportedType, reason);
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_nowhere_and_hides_nothing() {
        for (name, safe) in [
            ("proof.txt", "proof.txt"),
            ("../../etc/passwd.txt", "passwd.txt"),
            ("..\\..\\windows\\system32\\drivers.log", "drivers.log"),
            ("/absolute/path.zip", "path.zip"),
            ("C:\\evil.txt", "evil.txt"),
            ("..", "file"),
            ("", "file"),
            ("   ", "file"),
            (".htaccess", "htaccess"),
            ("a\r\nSet-Cookie: x=1.txt", "aSet-Cookie x=1.txt"),
            ("a\"; filename=\"b.html", "a filename=b.html"),
            ("evil\u{202e}txt.exe", "eviltxt.exe"),
            ("nul\0byte.png", "nulbyte.png"),
            ("42.zip", "42.zip"),
        ] {
            assert_eq!(safe_name(name), safe, "{name:?}");
        }
        let long = safe_name(&format!("{}.pdf", "ü".repeat(5_000)));
        assert!(long.chars().count() == 120 && long.ends_with(".pdf"));
        for _ in 0..2_000 {
            let name: String = (0..rand::random_range(0..40)).map(|_| rand::random::<char>()).collect();
            let safe = safe_name(&name);
            assert!(
                !safe.is_empty() && !safe.contains(['/', '\\', '"', '\r', '\n', '\0']) && safe != "." && safe != "..",
                "{name:?}"
            );
            assert_eq!(safe_name(&safe), safe, "{name:?}");
        }
    }

    #[test]
    fn what_a_browser_would_run_is_not_taken() {
        for name in [
            "a.html",
            "a.svg",
            "a.htm",
            "a.xhtml",
            "a.js",
            "a.exe",
            "a",
            "a.txt.html",
            "a.lnk",
            "a.docm",
            "x.PHP",
        ] {
            assert!(
                matches!(
                    check(name, b"x"),
                    Err(Fault::Limit {
                        code: Limit::UnsupportedType,
                        ..
                    })
                ),
                "{name}"
            );
        }
        for name in ["a.txt", "A.PNG", "video.mp4", "dump.pcapng", "a.html.zip"] {
            assert_eq!(check(name, b"<script>").unwrap(), name);
        }
        assert!(matches!(
            check("a.txt", b""),
            Err(Fault::Limit {
                code: Limit::EmptyFile,
                ..
            })
        ));
        let large = vec![0; usize::try_from(MOST_BYTES).unwrap() + 1];
        assert!(matches!(
            check("a.zip", &large),
            Err(Fault::Limit {
                code: Limit::FileTooLarge,
                ..
            })
        ));
    }
}
