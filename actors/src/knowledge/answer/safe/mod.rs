//! What an answer is made of: a closed set of nodes, and the one text that says them.
//!
//! Whatever wrote an answer (a document, a language model, the team), its words are taken apart into these nodes and written
//! out again before anybody sees them. There is no node for HTML and none for an image; a link is one only to where the
//! [`Rules`] let it lead. Every channel reads the text that [`write`] gives: paragraphs parted by blank lines, "- " and "1. "
//! items, fences of three backticks, and within a line `code`, **strong**, *emphasis*, [1] and [label](address). All else is
//! text: in it these marks stand behind a backslash.

mod inline;
mod lines;
mod visible;
mod write;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use url::Url;

pub(crate) use inline::inline;
pub(crate) use lines::{Kind, Piece, pieces};
pub(crate) use visible::visible;
pub(crate) use write::plain_nodes;
pub use write::{plain, write};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    Paragraph(Vec<Inline>),
    List {
        /// The number of the first item; `None` for bullets.
        first: Option<u32>,
        items: Vec<Vec<Inline>>,
    },
    Code(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inline {
    Text(String),
    /// A new line in the same paragraph.
    Break,
    Code(String),
    Strong(Vec<Inline>),
    Emphasis(Vec<Inline>),
    /// The number of a source.
    Citation(u32),
    /// To an `http` or `https` address.
    Link {
        label: String,
        address: String,
    },
}

/// Where links may lead.
#[derive(Clone, Debug)]
enum Links {
    Nowhere,
    /// To these hosts.
    Hosts(BTreeSet<String>),
    Anywhere,
}

/// What is taken for more than text.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Emphasis, links and escapes.
    markup: bool,
    /// What only others write: HTML, which is left out, and addresses without a label.
    foreign: bool,
    links: Links,
    /// The sources there are; `None`: whatever number stands there.
    sources: Option<BTreeSet<u32>>,
    /// What addresses may be spelt out that are no links: those that stand in this text. `None`: any.
    spelt: Option<String>,
}

impl Rules {
    /// Sentences of a document, which its reader has rid of markup already: what looks like some is meant as it stands.
    pub(crate) fn of_document(sources: impl IntoIterator<Item = u32>) -> Self {
        Self {
            markup: false,
            foreign: false,
            links: Links::Nowhere,
            sources: Some(sources.into_iter().collect()),
            spelt: None,
        }
    }

    /// What a language model wrote from numbered passages: it links to the hosts of their sources, and spells out no address
    /// that does not stand in them.
    pub(crate) fn of_model<'a>(passages: impl IntoIterator<Item = (u32, &'a str, Option<&'a str>)>) -> Self {
        let (mut hosts, mut sources, mut spelt) = (BTreeSet::new(), BTreeSet::new(), String::new());
        for (n, text, link) in passages {
            sources.insert(n);
            spelt.push_str(text);
            spelt.push('\n');
            hosts.extend(link.and_then(|link| Url::parse(link).ok()?.host_str().map(str::to_owned)));
        }
        Self {
            markup: true,
            foreign: true,
            links: Links::Hosts(hosts),
            sources: Some(sources),
            spelt: Some(spelt),
        }
    }

    /// What the team wrote, with so many links below it.
    pub(crate) fn of_team(sources: u32) -> Self {
        Self {
            markup: true,
            foreign: true,
            links: Links::Anywhere,
            sources: Some((1..=sources).collect()),
            spelt: None,
        }
    }

    /// What [`write`] gave.
    fn of_ours() -> Self {
        Self {
            markup: true,
            foreign: false,
            links: Links::Anywhere,
            sources: None,
            spelt: None,
        }
    }

    fn cites(&self, n: u32) -> bool {
        self.sources.as_ref().is_none_or(|known| known.contains(&n))
    }

    /// The address as a link may carry it; `None` where none may lead there.
    fn link(&self, address: &str) -> Option<String> {
        let url = Url::parse(address.trim()).ok()?;
        let web = matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none();
        let host = url.host_str().filter(|host| !host.starts_with('['))?;
        let lets = match &self.links {
            Links::Nowhere => false,
            Links::Hosts(hosts) => hosts.contains(host),
            Links::Anywhere => true,
        };
        // What is a mark in the text of an answer is none in an address.
        let marks = [
            ('(', "%28"),
            (')', "%29"),
            ('*', "%2A"),
            ('`', "%60"),
            ('[', "%5B"),
            (']', "%5D"),
            ('\\', "%5C"),
        ];
        let address = marks
            .iter()
            .fold(url.as_str().to_owned(), |address, (mark, code)| address.replace(*mark, code));
        (web && lets && address.len() <= 2_000).then_some(address)
    }

    fn spells(&self, address: &str) -> bool {
        self.spelt.as_ref().is_none_or(|text| text.contains(address))
    }
}

/// Takes `text` apart by `rules`.
pub fn parse(text: &str, rules: &Rules) -> Vec<Block> {
    let mut answer = Builder::default();
    for piece in pieces(&visible(text), false, true) {
        let nodes = match &piece.kind {
            Kind::Code => Vec::new(),
            _ => inline(&piece.text, rules),
        };
        answer.push(&piece, nodes);
    }
    answer.blocks
}

/// Takes apart what [`write`] gave.
pub fn read(text: &str) -> Vec<Block> {
    parse(text, &Rules::of_ours())
}

/// `text` as answers are written, by `rules`.
pub fn clean(text: &str, rules: &Rules) -> String {
    write(&parse(text, rules))
}

/// Puts pieces together to blocks.
#[derive(Default)]
pub(crate) struct Builder {
    pub(crate) blocks: Vec<Block>,
    /// What began a paragraph said nothing: the next piece begins it.
    reopen: bool,
}

impl Builder {
    /// Adds `piece`, whose text `nodes` say. What says nothing is left out.
    pub(crate) fn push(&mut self, piece: &Piece, nodes: Vec<Inline>) {
        if piece.kind == Kind::Code {
            if !piece.text.trim().is_empty() {
                self.blocks.push(Block::Code(piece.text.clone()));
            }
            return;
        }
        let nodes = trimmed(nodes);
        if nodes.is_empty() {
            self.reopen |= piece.opens;
            return;
        }
        let opens = piece.opens || std::mem::take(&mut self.reopen);
        match (&piece.kind, self.blocks.last_mut()) {
            (Kind::Item(None), Some(Block::List { first: None, items }))
            | (Kind::Item(Some(_)), Some(Block::List { first: Some(_), items })) => {
                items.push(nodes);
            }
            (Kind::Item(first), _) => self.blocks.push(Block::List {
                first: *first,
                items: vec![nodes],
            }),
            (Kind::Heading, _) => self.blocks.push(Block::Paragraph(vec![Inline::Strong(unmarked(nodes))])),
            (Kind::Line | Kind::Sentence, Some(Block::Paragraph(known))) if !opens => {
                known.push(if piece.kind == Kind::Line {
                    Inline::Break
                } else {
                    Inline::Text(" ".into())
                });
                known.extend(nodes);
            }
            _ => self.blocks.push(Block::Paragraph(nodes)),
        }
    }

    /// Adds to the last paragraph or item.
    pub(crate) fn append(&mut self, nodes: Vec<Inline>) {
        match self.blocks.last_mut() {
            Some(Block::Paragraph(known)) => known.extend(nodes),
            Some(Block::List { items, .. }) => {
                if let Some(last) = items.last_mut() {
                    last.extend(nodes);
                }
            }
            _ => self.blocks.push(Block::Paragraph(trimmed(nodes))),
        }
    }
}

/// What is inside of something strong is not marked once more.
fn unmarked(nodes: Vec<Inline>) -> Vec<Inline> {
    let flat = nodes.into_iter().flat_map(|node| match node {
        Inline::Strong(inside) | Inline::Emphasis(inside) => inside,
        other => vec![other],
    });
    flat.collect()
}

/// Without blanks at the ends, and with neighbouring texts as one.
fn trimmed(nodes: Vec<Inline>) -> Vec<Inline> {
    let mut kept: Vec<Inline> = Vec::with_capacity(nodes.len());
    for node in nodes {
        match (kept.last_mut(), node) {
            (Some(Inline::Text(known)), Inline::Text(more)) => known.push_str(&more),
            (_, Inline::Text(text)) if text.is_empty() => {}
            (None, Inline::Break) => {}
            (_, node) => kept.push(node),
        }
    }
    if let Some(Inline::Text(first)) = kept.first_mut() {
        *first = first.trim_start().to_owned();
    }
    if let Some(Inline::Text(last)) = kept.last_mut() {
        last.truncate(last.trim_end().len());
    }
    kept.retain(|node| !matches!(node, Inline::Text(text) if text.is_empty()));
    while matches!(kept.last(), Some(Inline::Break)) {
        kept.pop();
    }
    kept
}

/// The sources that the nodes name.
pub(crate) fn cited(nodes: &[Inline]) -> BTreeSet<u32> {
    let mut found = BTreeSet::new();
    for node in nodes {
        match node {
            Inline::Citation(n) => {
                found.insert(*n);
            }
            Inline::Strong(inside) | Inline::Emphasis(inside) => found.extend(cited(inside)),
            _ => {}
        }
    }
    found
}
