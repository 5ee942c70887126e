//! HTML source with only what is read of it, so that the tree builder meets neither scripts nor endless attributes.
//!
//! The tree builder compares each attribute of a tag with all before it: a tag of a million attributes would take hours.

/// Attributes that decide what is read: where it is, whether it shows, how it is numbered, whether it is a banner.
const KEPT: [&str; 12] = [
    "hidden",
    "aria-hidden",
    "style",
    "role",
    "start",
    "rel",
    "href",
    "property",
    "content",
    "name",
    "id",
    "class",
];
/// Of one tag; the same name twice does not count twice, since only its first is kept.
const MOST: usize = KEPT.len();
/// Longest attribute value that can matter.
const LONGEST: usize = 4_096;

/// The same page without comments, scripts, styles, and the attributes that nobody reads. Takes one pass.
pub(super) fn reduced(source: &str) -> String {
    let mut kept = String::with_capacity(source.len());
    let mut at = 0;
    // Searches that found nothing once find nothing later either: each runs to the end once at most.
    let mut unclosed: [bool; 2] = [false; 2];
    while let Some(found) = source[at..].find('<') {
        let open = at + found;
        kept.push_str(&source[at..open]);
        let rest = &source[open..];
        if rest.starts_with("<!--") {
            // "<!-->" and "<!--->" are whole comments.
            at = match (rest.starts_with("<!-->"), rest.starts_with("<!--->")) {
                (true, _) => open + 5,
                (_, true) => open + 6,
                _ => rest
                    .get(4..)
                    .and_then(|inside| inside.find("-->"))
                    .map_or(source.len(), |end| open + 4 + end + 3),
            };
            continue;
        }
        let name_at = if rest.starts_with("</") { 2 } else { 1 };
        if !rest.as_bytes().get(name_at).is_some_and(u8::is_ascii_alphabetic) {
            kept.push('<');
            at = open + 1;
            continue;
        }
        let after = rest.get(name_at..).unwrap_or_default();
        let name = after.split(|letter: char| letter.is_ascii_whitespace() || matches!(letter, '/' | '>'));
        let name = name.into_iter().next().unwrap_or_default();
        let Some(tag) = Tag::read(rest, name_at + name.len()) else {
            // A tag without an end is dropped by browsers too.
            return kept;
        };
        at = open + tag.end;
        if name_at == 1 {
            let raw = ["script", "style"].iter().position(|raw| name.eq_ignore_ascii_case(raw));
            if let Some(which) = raw.filter(|_| !tag.closed) {
                let end = if unclosed[which] {
                    None
                } else {
                    end_of_raw(&source[at..], ["</script", "</style"][which])
                };
                unclosed[which] = end.is_none();
                at = end.map_or(source.len(), |end| at + end);
                continue;
            }
        }
        kept.push_str(&rest[..name_at]);
        kept.push_str(name);
        for attribute in tag.kept {
            kept.push(' ');
            kept.push_str(attribute);
        }
        kept.push_str(if tag.closed { "/>" } else { ">" });
    }
    kept.push_str(&source[at..]);
    kept
}

/// Where the closing tag of a script or style begins.
fn end_of_raw(source: &str, closing: &str) -> Option<usize> {
    let mut at = 0;
    while let Some(found) = source[at..].find("</") {
        let begins = source.as_bytes().get(at + found..at + found + closing.len());
        if begins.is_some_and(|begins| begins.eq_ignore_ascii_case(closing.as_bytes())) {
            return Some(at + found);
        }
        at += found + 2;
    }
    None
}

struct Tag<'a> {
    /// As written: `name` or `name="value"`.
    kept: Vec<&'a str>,
    /// Just behind its ">".
    end: usize,
    /// Ends in "/>".
    closed: bool,
}

impl<'a> Tag<'a> {
    /// Reads attributes from `at`, as the HTML standard parts them. `None` when the tag does not end.
    fn read(source: &'a str, mut at: usize) -> Option<Self> {
        let bytes = source.as_bytes();
        let mut kept: Vec<(&str, &str)> = Vec::new();
        loop {
            let slash = at;
            while bytes.get(at)?.is_ascii_whitespace() || bytes[at] == b'/' {
                at += 1;
            }
            if bytes[at] == b'>' {
                let kept = kept.into_iter().map(|(_, whole)| whole).collect();
                let closed = at > slash && bytes[at - 1] == b'/';
                return Some(Self { kept, end: at + 1, closed });
            }
            let begin = at;
            at += 1;
            while !(bytes.get(at)?.is_ascii_whitespace() || matches!(bytes[at], b'/' | b'>' | b'=')) {
                at += 1;
            }
            let name = &source[begin..at];
            let mut end = at;
            while bytes.get(at)?.is_ascii_whitespace() {
                at += 1;
            }
            if bytes[at] == b'=' {
                at += 1;
                while bytes.get(at)?.is_ascii_whitespace() {
                    at += 1;
                }
                match bytes[at] {
                    quote @ (b'"' | b'\'') => {
                        at += 1 + source[at + 1..].find(char::from(quote))? + 1;
                    }
                    b'>' => {}
                    _ => {
                        while !(bytes.get(at)?.is_ascii_whitespace() || bytes[at] == b'>') {
                            at += 1;
                        }
                    }
                }
                end = at;
            }
            let wanted = kept.len() < MOST
                && end - begin <= LONGEST
                && KEPT.iter().any(|wanted| name.eq_ignore_ascii_case(wanted))
                && !kept.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
            if wanted {
                kept.push((name, &source[begin..end]));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_read_is_kept() {
        for (source, expected) in [
            ("<p lang=x HIDDEN title='a>b'>t</p>", "<p HIDDEN>t</p>"),
            ("a < b <3 <!doctype html>", "a < b <3 <!doctype html>"),
            ("<a href='x' href=y>l</a x=y>", "<a href='x'>l</a>"),
            ("x<!-- <p> -->y<!-->z<!-- open", "xyz"),
            ("<script>if (a<b) {'</p>'}</SCRIPT >t", "</SCRIPT>t"),
            ("<style>p{}</style><br/>t<img src=/a/ style=x/>", "</style><br/>t<img style=x/>"),
            ("t<p hidden", "t"),
            ("<svg/><path d='M 0 0'/>é<ü>", "<svg/><path/>é<ü>"),
            ("<ol start = 3 ><li>", "<ol start = 3><li>"),
            ("<p =x hidden>", "<p hidden>"),
            ("<script/>alert</script>", "<script/>alert</script>"),
        ] {
            assert_eq!(reduced(source), expected, "{source}");
        }
    }

    #[test]
    fn any_source_gives_something() {
        for source in [
            "",
            "<",
            "</",
            "<a",
            "<a ",
            "<a =",
            "<a b=",
            "<a b='",
            "<!--",
            "<!--->",
            "<script>",
            "<script></scrip",
            "<a b=é>é",
            "<é>",
        ] {
            let _ = reduced(source);
        }
    }
}
