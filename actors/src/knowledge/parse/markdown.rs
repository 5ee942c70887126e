//! Markdown (CommonMark with GitHub's tables, task lists and footnotes) and MDX.

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::{Block, ParseError, Parsed, Stop, html};

/// The text collected for the block that is open.
#[derive(Default)]
struct Reader {
    blocks: Vec<Block>,
    text: String,
    /// One entry a list that is open: the next number, or `None` for bullets.
    lists: Vec<Option<u64>>,
    /// Markers of the list items that are open and whose first text has not been written yet.
    marker: Option<String>,
    header: Vec<String>,
    cells: Vec<String>,
    raw_html: String,
    front_matter: Option<String>,
    /// Where the text of each image that is open begins.
    in_heading: Option<u8>,
    in_code: bool,
    in_front: bool,
}

pub(super) fn read(source: &str, stop: &Stop) -> Result<Parsed, ParseError> {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_GFM
        | Options::ENABLE_HEADING_ATTRIBUTES
        | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS
        | Options::ENABLE_PLUSES_DELIMITED_METADATA_BLOCKS;
    let mut reader = Reader::default();
    for event in Parser::new_ext(source, options) {
        stop.check()?;
        reader.event(event, stop)?;
    }
    reader.paragraph();
    let front = reader.front_matter.unwrap_or_default();
    Ok(Parsed {
        title: field(&front, &["title"]),
        source_url: field(&front, &["url", "source", "canonical", "canonical_url", "source_url"]),
        blocks: reader.blocks,
        pages: None,
    })
}

impl Reader {
    fn event(&mut self, event: Event<'_>, stop: &Stop) -> Result<(), ParseError> {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(TagEnd::HtmlBlock) => {
                let fragment = std::mem::take(&mut self.raw_html);
                self.blocks.extend(html::read(&fragment, stop)?.blocks);
            }
            Event::End(tag) => self.end(tag),
            Event::Text(text) if self.in_front => self.front_matter.get_or_insert_default().push_str(&text),
            Event::Text(text) if self.in_code => self.text.push_str(&text),
            Event::Text(text) => {
                if !is_mdx(&self.text, &text) {
                    self.text.push_str(&text);
                }
            }
            Event::Code(code) | Event::InlineMath(code) | Event::DisplayMath(code) => {
                self.text.push('`');
                self.text.push_str(&code);
                self.text.push('`');
            }
            Event::Html(html) => self.raw_html.push_str(&html),
            Event::InlineHtml(tag) if tag.starts_with("<br") => self.text.push('\n'),
            Event::SoftBreak | Event::HardBreak => self.text.push('\n'),
            Event::InlineHtml(_) | Event::FootnoteReference(_) | Event::Rule | Event::TaskListMarker(_) => {}
        }
        Ok(())
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Heading { level, .. } => {
                self.paragraph();
                self.in_heading = Some(level_number(level));
            }
            Tag::CodeBlock(_) => {
                self.paragraph();
                self.in_code = true;
            }
            Tag::List(first) => {
                self.paragraph();
                self.lists.push(first);
            }
            Tag::Item => {
                self.paragraph();
                self.marker = Some(match self.lists.last_mut() {
                    Some(Some(number)) => {
                        let marker = format!("{number}.");
                        *number = number.saturating_add(1);
                        marker
                    }
                    _ => "-".to_owned(),
                });
            }
            Tag::Table(_) => {
                self.paragraph();
                self.header.clear();
            }
            Tag::TableHead | Tag::TableRow => self.cells.clear(),
            Tag::MetadataBlock(_) => self.in_front = true,
            Tag::Paragraph | Tag::BlockQuote(_) | Tag::HtmlBlock | Tag::FootnoteDefinition(_) => self.paragraph(),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(_) => {
                let text = std::mem::take(&mut self.text);
                let level = self.in_heading.take().unwrap_or(1);
                self.blocks.push(Block::Heading { level, text });
            }
            TagEnd::CodeBlock => {
                self.in_code = false;
                self.blocks.push(Block::Code(std::mem::take(&mut self.text)));
            }
            TagEnd::List(_) => {
                self.paragraph();
                self.lists.pop();
            }
            TagEnd::TableCell => self.cells.push(std::mem::take(&mut self.text)),
            TagEnd::TableHead => self.header = std::mem::take(&mut self.cells),
            TagEnd::TableRow => self.blocks.push(Block::TableRow(row(&self.header, &self.cells))),
            TagEnd::MetadataBlock(_) => self.in_front = false,
            TagEnd::Paragraph | TagEnd::Item | TagEnd::BlockQuote(_) | TagEnd::FootnoteDefinition => self.paragraph(),
            _ => {}
        }
    }

    /// Ends the block that is open. The first of a list item carries its marker, others follow as paragraphs.
    fn paragraph(&mut self) {
        let text = std::mem::take(&mut self.text);
        if text.trim().is_empty() {
            return;
        }
        let depth = u8::try_from(self.lists.len().saturating_sub(1)).unwrap_or(u8::MAX);
        self.blocks.push(match self.marker.take() {
            Some(marker) => Block::ListItem { marker, depth, text },
            None => Block::Paragraph(text),
        });
    }
}

/// Names each cell by its column.
pub(super) fn row(header: &[String], cells: &[String]) -> String {
    let named = cells
        .iter()
        .enumerate()
        .filter(|(_, cell)| !cell.trim().is_empty())
        .map(
            |(column, cell)| match header.get(column).map(|name| name.trim()).filter(|name| !name.is_empty()) {
                Some(name) => format!("{name}: {}", cell.trim()),
                None => cell.trim().to_owned(),
            },
        );
    named.collect::<Vec<_>>().join("; ")
}

/// MDX modules stand between paragraphs and are code for a browser, not prose.
fn is_mdx(before: &str, text: &str) -> bool {
    let begins = before.is_empty() || before.ends_with('\n');
    let import = text.starts_with("import ") && (text.contains(" from \"") || text.contains(" from '"));
    begins && (import || text.starts_with("export const ") || text.starts_with("export default "))
}

fn level_number(level: HeadingLevel) -> u8 {
    level as u8
}

/// A top-level scalar of YAML or TOML front matter.
fn field(front: &str, names: &[&str]) -> Option<String> {
    names.iter().find_map(|wanted| {
        front.lines().find_map(|line| {
            let (name, value) = line.split_once([':', '='])?;
            let value = value.trim().trim_matches(['"', '\'']).trim();
            (name.trim_end().eq_ignore_ascii_case(wanted) && !value.is_empty()).then(|| value.to_owned())
        })
    })
}
