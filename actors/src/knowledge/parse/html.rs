//! HTML: the page's own text, without its furniture and without what is hidden.

use scraper::{ElementRef, Html, Node};

use super::html_head::PageHead;
use super::html_rules::{heading_level, is_block, is_dropped};
use super::html_source::reduced;
use super::html_tree::build;
use super::markdown::row;
use super::{Block, ParseError, Parsed, Stop};

#[derive(Default)]
struct Reader {
    blocks: Vec<Block>,
    text: String,
    /// One entry a list that is open: the next number, or `None` for bullets.
    lists: Vec<Option<u64>>,
    marker: Option<String>,
    tables: Vec<Table>,
    preformatted: usize,
}

#[derive(Default)]
struct Table {
    header: Vec<String>,
    cells: Vec<String>,
    headings: usize,
    in_cell: bool,
}

pub(super) fn read(source: &str, stop: &Stop) -> Result<Parsed, ParseError> {
    Ok(parsed(&build(&reduced(source), stop)?))
}

/// As [`read`], with what the page says of itself.
pub(super) fn read_page(source: &str, stop: &Stop) -> Result<(Parsed, PageHead), ParseError> {
    let page = build(&reduced(source), stop)?;
    Ok((parsed(&page), PageHead::of(&page)))
}

fn parsed(page: &Html) -> Parsed {
    let whole = blocks_of(page.root_element());
    let size = |blocks: &[Block]| blocks.iter().map(|block| block.text().len()).sum::<usize>();
    // `main` or `article` is believed unless it holds next to nothing of the page.
    let blocks = content_root(page)
        .map(blocks_of)
        .filter(|part| size(part) * 5 >= size(&whole))
        .unwrap_or(whole);
    let heading = blocks.iter().find_map(|block| match block {
        Block::Heading { level: 1, text } => Some(text.clone()),
        _ => None,
    });
    Parsed {
        title: heading.or_else(|| first_text(page, "title")),
        source_url: canonical(page),
        blocks,
        pages: None,
    }
}

pub(super) fn elements(page: &Html) -> impl Iterator<Item = ElementRef<'_>> {
    page.tree.nodes().filter_map(ElementRef::wrap)
}

fn content_root(page: &Html) -> Option<ElementRef<'_>> {
    let is_main = |element: &ElementRef<'_>| element.value().name() == "main" || element.value().attr("role") == Some("main");
    if let Some(main) = elements(page).find(is_main) {
        return Some(main);
    }
    // Several articles are a list of teasers or of posts: then the whole page is the content.
    let mut articles = elements(page).filter(|element| element.value().name() == "article");
    let first = articles.next()?;
    articles.next().is_none().then_some(first)
}

fn first_text(page: &Html, name: &str) -> Option<String> {
    let text: String = elements(page).find(|element| element.value().name() == name)?.text().collect();
    (!text.trim().is_empty()).then_some(text)
}

fn canonical(page: &Html) -> Option<String> {
    elements(page).find_map(|element| {
        let tag = element.value();
        match tag.name() {
            "link"
                if tag
                    .attr("rel")
                    .is_some_and(|rel| rel.split_whitespace().any(|word| word.eq_ignore_ascii_case("canonical"))) =>
            {
                tag.attr("href")
            }
            "meta" if tag.attr("property") == Some("og:url") => tag.attr("content"),
            _ => None,
        }
        .map(str::to_owned)
    })
}

/// Walks the tree without recursion: a page may be nested deeper than any stack.
fn blocks_of(root: ElementRef<'_>) -> Vec<Block> {
    let mut reader = Reader::default();
    let mut in_content = 0usize;
    let is_content = |node: &Node| {
        node.as_element()
            .is_some_and(|element| matches!(element.name(), "main" | "article"))
    };
    let start = *root;
    let mut here = start;
    loop {
        let dropped = here != start && here.value().as_element().is_some_and(|element| is_dropped(element, in_content > 0));
        if !dropped {
            in_content += usize::from(is_content(here.value()));
            reader.open(here.value());
            if let Some(child) = here.first_child() {
                here = child;
                continue;
            }
            reader.close(here.value());
            in_content -= usize::from(is_content(here.value()));
        }
        // The next node to the right, closing each parent on the way up.
        loop {
            if here == start {
                reader.flush();
                return reader.blocks;
            }
            if let Some(next) = here.next_sibling() {
                here = next;
                break;
            }
            let Some(parent) = here.parent() else {
                reader.flush();
                return reader.blocks;
            };
            here = parent;
            reader.close(here.value());
            in_content -= usize::from(is_content(here.value()));
        }
    }
}

impl Reader {
    fn open(&mut self, node: &Node) {
        if let Some(text) = node.as_text() {
            self.text.push_str(text);
            return;
        }
        let Some(name) = node.as_element().map(scraper::node::Element::name) else {
            return;
        };
        if is_block(name) || heading_level(name).is_some() {
            self.flush();
        }
        match name {
            "br" => self.text.push('\n'),
            "code" | "kbd" if self.preformatted == 0 => self.text.push('`'),
            "pre" => {
                self.flush();
                self.preformatted += 1;
            }
            "ul" => self.lists.push(None),
            "ol" => self.lists.push(Some(
                node.as_element().and_then(|list| list.attr("start")?.parse().ok()).unwrap_or(1),
            )),
            "li" => {
                self.marker = Some(match self.lists.last_mut() {
                    Some(Some(number)) => {
                        let marker = format!("{number}.");
                        *number = number.saturating_add(1);
                        marker
                    }
                    _ => "-".to_owned(),
                });
            }
            "table" => self.tables.push(Table::default()),
            "td" | "th" => {
                if let Some(table) = self.tables.last_mut() {
                    table.in_cell = true;
                    table.headings += usize::from(name == "th");
                }
            }
            _ => {}
        }
    }

    fn close(&mut self, node: &Node) {
        let Some(name) = node.as_element().map(scraper::node::Element::name) else {
            return;
        };
        match name {
            "code" | "kbd" if self.preformatted == 0 => self.text.push('`'),
            "pre" => {
                self.preformatted = self.preformatted.saturating_sub(1);
                if !self.in_cell() {
                    self.blocks.push(Block::Code(std::mem::take(&mut self.text)));
                }
            }
            "td" | "th" => {
                let cell = std::mem::take(&mut self.text);
                match self.tables.last_mut() {
                    Some(table) => {
                        table.in_cell = false;
                        table.cells.push(cell);
                    }
                    None => self.text = cell,
                }
            }
            "tr" => self.row(),
            "table" => {
                self.row();
                self.tables.pop();
            }
            "ul" | "ol" => {
                self.flush();
                self.lists.pop();
                self.marker = None;
            }
            _ => match heading_level(name) {
                Some(level) if !self.in_cell() => {
                    let text = std::mem::take(&mut self.text);
                    self.blocks.push(Block::Heading {
                        level,
                        text: text.trim().trim_end_matches(['#', '¶', '🔗']).to_owned(),
                    });
                }
                Some(_) => self.text.push('\n'),
                None if is_block(name) => self.flush(),
                None => {}
            },
        }
    }

    fn in_cell(&self) -> bool {
        self.tables.last().is_some_and(|table| table.in_cell)
    }

    /// Ends a row: the first that is all headings names the columns, a row of one cell is a paragraph (layout tables).
    fn row(&mut self) {
        let Some(table) = self.tables.last_mut() else { return };
        let cells = std::mem::take(&mut table.cells);
        let headings = std::mem::take(&mut table.headings);
        match cells.as_slice() {
            [] => {}
            [only] => self.blocks.push(Block::Paragraph(only.clone())),
            _ if headings == cells.len() && table.header.is_empty() => table.header = cells,
            _ => self.blocks.push(Block::TableRow(row(&table.header, &cells))),
        }
    }

    /// Ends the block that is open. The first of a list item carries its marker.
    fn flush(&mut self) {
        if self.in_cell() {
            self.text.push('\n');
            return;
        }
        if self.preformatted > 0 {
            return;
        }
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
