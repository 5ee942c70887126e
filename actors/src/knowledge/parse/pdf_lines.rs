//! From placed letters to lines, and from lines to headings, lists and paragraphs.

use std::collections::{BTreeMap, HashMap};

use pdf_extract::{MediaBox, OutputDev, OutputError, Transform};

use super::plain::list_item;
use super::text::one_line;
use super::{Block, Stop};

/// One line of letters on a page.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    pub page: u32,
    pub text: String,
    /// Letter height in points; 0 when unknown.
    pub size: f64,
    /// Distance from the page's top, in points.
    pub y: f64,
    /// A wide gap lies between this line and the one before.
    pub gap: bool,
}

/// Collects lines while the library draws.
pub(super) struct Lines {
    pub lines: Vec<Line>,
    /// The last page that was read to its end.
    pub finished: u32,
    /// The allowance of text is used up, and drawing was stopped.
    pub full: bool,
    stop: Stop,
    left: usize,
    page: u32,
    height: f64,
    text: String,
    size: f64,
    y: f64,
    end: f64,
    last_y: f64,
}

impl Lines {
    pub(super) fn new(text_bytes: usize, stop: &Stop) -> Self {
        Self {
            lines: Vec::new(),
            finished: 0,
            full: false,
            stop: stop.clone(),
            left: text_bytes,
            page: 0,
            height: 0.0,
            text: String::new(),
            size: 0.0,
            y: 0.0,
            end: 0.0,
            last_y: 0.0,
        }
    }

    pub(super) fn end_line(&mut self) {
        let text = one_line(&std::mem::take(&mut self.text));
        if text.is_empty() {
            return;
        }
        let gap = (self.y - self.last_y).abs() > self.size.max(4.0) * 1.7 || self.y < self.last_y;
        self.last_y = self.y;
        self.lines.push(Line {
            page: self.page,
            text,
            size: (self.size * 2.0).round() / 2.0,
            y: self.y,
            gap,
        });
    }

    /// Forgets what was read of a page that could not be read to its end.
    pub(super) fn drop_page(&mut self, page: u32) {
        self.text.clear();
        self.lines.retain(|line| line.page != page);
    }

    /// A page of which only the text is known.
    pub(super) fn plain_page(&mut self, page: u32, text: &str) {
        let mut gap = true;
        for line in text.lines() {
            let text = one_line(line);
            if text.is_empty() {
                gap = true;
                continue;
            }
            match self.left.checked_sub(text.len()) {
                Some(left) => self.left = left,
                None => self.full = true,
            }
            self.lines.push(Line {
                page,
                text,
                size: 0.0,
                y: 0.0,
                gap,
            });
            gap = false;
        }
    }
}

fn finite(number: f64) -> f64 {
    if number.is_finite() { number.clamp(-1e6, 1e6) } else { 0.0 }
}

impl OutputDev for Lines {
    fn begin_page(&mut self, page: u32, media: &MediaBox, _: Option<(f64, f64, f64, f64)>) -> Result<(), OutputError> {
        // A page may hold no letter at which to stop.
        if self.stop.is_raised() {
            return Err(OutputError::FormatError(std::fmt::Error));
        }
        self.end_line();
        self.page = page;
        self.height = finite(media.ury);
        (self.end, self.last_y, self.y) = (0.0, 0.0, 0.0);
        Ok(())
    }

    fn end_page(&mut self) -> Result<(), OutputError> {
        self.end_line();
        self.finished = self.page;
        Ok(())
    }

    fn output_character(&mut self, place: &Transform, width: f64, _: f64, font_size: f64, letter: &str) -> Result<(), OutputError> {
        // The matrix scales the font: the square root of its determinant is the mean of both directions.
        let scale = finite((place.m11 * place.m22 - place.m12 * place.m21).abs().sqrt());
        let size = finite(font_size * scale).abs();
        let (x, y) = (finite(place.m31), self.height - finite(place.m32));
        if !self.text.is_empty() {
            if (y - self.y).abs() > size.max(self.size) * 0.6 {
                self.end_line();
            } else if x > self.end + size * 0.15 && !self.text.ends_with(' ') {
                self.text.push(' ');
            } else if x + size < self.end - size * 2.0 {
                // Back to the left at the same height: another column or cell.
                self.text.push(' ');
            }
        }
        if self.text.is_empty() {
            (self.y, self.size) = (y, size);
        }
        self.size = self.size.max(size);
        self.text.push_str(letter);
        self.end = x + finite(width) * size;
        match self.left.checked_sub(letter.len()).filter(|_| !self.stop.is_raised()) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => {
                self.full = true;
                Err(OutputError::FormatError(std::fmt::Error))
            }
        }
    }

    fn begin_word(&mut self) -> Result<(), OutputError> {
        Ok(())
    }

    fn end_word(&mut self) -> Result<(), OutputError> {
        Ok(())
    }

    fn end_line(&mut self) -> Result<(), OutputError> {
        Ok(())
    }
}

/// Joins lines to blocks. Running heads and page numbers are left out.
pub(super) fn blocks(lines: Vec<Line>) -> Vec<Block> {
    let running = running_lines(&lines);
    let body = body_size(&lines);
    let sizes = heading_sizes(&lines, body);
    let mut blocks = Vec::new();
    let mut page = 0;
    let mut open: Option<(Block, f64)> = None;
    for line in lines {
        if running.contains_key(&(line.page, shape(&line.text))) {
            continue;
        }
        let new_page = line.page != page;
        let level = sizes
            .iter()
            .position(|size| *size == size_key(line.size))
            .filter(|_| line.text.chars().count() <= 120);
        let begins = list_item(&line.text).map(|(marker, depth, rest)| (marker, depth, rest.to_owned()));
        // A sentence may run on over the page's edge.
        let goes_on = open.as_ref().is_some_and(|(block, size)| {
            let same_kind = matches!(block, Block::Heading { .. }) == level.is_some() && (size - line.size).abs() < 1.0;
            let unfinished = !block.text().ends_with(['.', '!', '?', ':', ';']);
            same_kind && begins.is_none() && (!line.gap || (new_page && unfinished && line.text.starts_with(char::is_lowercase)))
        });
        if goes_on {
            if let Some((block, _)) = &mut open {
                append(block, &line.text);
            }
            continue;
        }
        blocks.extend(open.take().map(|(block, _)| block));
        if new_page {
            page = line.page;
            blocks.push(Block::PageBreak(page));
        }
        let block = match (level, begins) {
            (Some(level), _) => Block::Heading {
                level: u8::try_from(level + 1).unwrap_or(6),
                text: line.text,
            },
            (None, Some((marker, depth, text))) => Block::ListItem { marker, depth, text },
            (None, None) => Block::Paragraph(line.text),
        };
        open = Some((block, line.size));
    }
    blocks.extend(open.map(|(block, _)| block));
    if blocks.iter().all(|block| matches!(block, Block::PageBreak(_))) {
        Vec::new()
    } else {
        blocks
    }
}

/// Joins a line to the block it goes on with, and puts a word together that was parted at the line's end.
fn append(block: &mut Block, line: &str) {
    let (Block::Heading { text, .. } | Block::ListItem { text, .. } | Block::Paragraph(text)) = block else {
        return;
    };
    let parted = text.ends_with('-') && text.chars().rev().nth(1).is_some_and(char::is_lowercase) && line.starts_with(char::is_lowercase);
    if parted {
        text.pop();
    } else {
        text.push(' ');
    }
    text.push_str(line);
}

/// Half points, so that sizes can be compared.
#[expect(clippy::cast_possible_truncation, reason = "clamped to the range of the type")]
fn size_key(size: f64) -> i32 {
    (size * 2.0).clamp(0.0, 10_000.0) as i32
}

/// The letter height that most of the text has.
fn body_size(lines: &[Line]) -> i32 {
    let mut letters: BTreeMap<i32, usize> = BTreeMap::new();
    for line in lines {
        *letters.entry(size_key(line.size)).or_default() += line.text.len();
    }
    letters.into_iter().max_by_key(|(_, count)| *count).map_or(0, |(size, _)| size)
}

/// Sizes clearly above the body's, largest first, at most four of them.
fn heading_sizes(lines: &[Line], body: i32) -> Vec<i32> {
    let mut sizes: Vec<i32> = lines
        .iter()
        .map(|line| size_key(line.size))
        .filter(|size| body > 0 && *size * 100 >= body * 113)
        .collect();
    sizes.sort_unstable_by(|a, b| b.cmp(a));
    sizes.dedup();
    sizes.truncate(4);
    sizes
}

/// A line with its digits alike, by which "Page 3" is the same as "Page 4".
fn shape(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect::<String>()
        .replace("00", "0")
        .replace("00", "0")
}

/// First and last lines that return on most pages.
fn running_lines(lines: &[Line]) -> HashMap<(u32, String), ()> {
    let mut pages: BTreeMap<u32, Vec<&Line>> = BTreeMap::new();
    for line in lines {
        pages.entry(line.page).or_default().push(line);
    }
    let edges = |page: &[&Line]| {
        let mut shapes: Vec<String> = page
            .iter()
            .take(2)
            .chain(page.iter().rev().take(2))
            .map(|line| shape(&line.text))
            .collect();
        shapes.sort();
        shapes.dedup();
        shapes
    };
    let mut seen: HashMap<String, usize> = HashMap::new();
    for page in pages.values() {
        for shape in edges(page) {
            *seen.entry(shape).or_default() += 1;
        }
    }
    let enough = (pages.len() * 3 / 5).max(3);
    let mut running = HashMap::new();
    for (number, page) in &pages {
        for shape in edges(page) {
            if seen.get(&shape).is_some_and(|count| *count >= enough) {
                running.insert((*number, shape), ());
            }
        }
    }
    running
}
