//! Tables, of which there are several kinds.

use super::{Reader, inline::inline};
use crate::sources::github::markup::{MOST_COLUMNS, push_table};

/// A simple table's columns, by its ruler: `=====  ===`.
pub(super) fn columns(line: &str) -> Option<Vec<(usize, usize)>> {
    let line = line.trim_end();
    if !line.starts_with('=') || !line.bytes().all(|byte| matches!(byte, b'=' | b' ')) || !line.contains(' ') {
        return None;
    }
    let mut found: Vec<(usize, usize)> = Vec::new();
    for (at, byte) in line.bytes().enumerate() {
        match found.last_mut() {
            Some((_, end)) if byte == b'=' && *end == at => *end = at + 1,
            _ if byte == b'=' => found.push((at, at + 1)),
            _ => {}
        }
    }
    Some(found)
}

impl Reader {
    pub(super) fn table_directive(&mut self, (name, title): (&str, &str), body: &[&str], end: usize, deep: usize) -> usize {
        if !title.is_empty() {
            self.line(title);
        }
        if name == "table" {
            self.block(body, deep + 1);
            return end;
        }
        let mut rows: Vec<Vec<String>> = Vec::new();
        for line in body {
            let text = line.trim();
            if name == "csv-table" {
                let cells = text.split("\",").map(|cell| inline(cell.trim().trim_matches('"')));
                let cells: Vec<String> = if text.contains('"') {
                    cells.take(MOST_COLUMNS).collect()
                } else {
                    text.split(',').take(MOST_COLUMNS).map(|cell| inline(cell.trim())).collect()
                };
                rows.push(cells);
                continue;
            }
            if let Some(rest) = text.strip_prefix("* -") {
                rows.push(vec![inline(rest.trim())]);
            } else if let (Some(rest), Some(row)) = (text.strip_prefix('-'), rows.last_mut()) {
                row.push(inline(rest.trim()));
            } else if let Some(cell) = rows.last_mut().and_then(|row| row.last_mut()).filter(|_| !text.is_empty()) {
                cell.push(' ');
                cell.push_str(&inline(text));
            }
        }
        push_table(&mut self.out, &rows);
        end
    }

    pub(super) fn simple_table(&mut self, lines: &[&str], at: usize, columns: &[(usize, usize)]) -> usize {
        let mut rows: Vec<Vec<String>> = Vec::new();
        let (mut here, mut rulers) = (at + 1, 1);
        while here < lines.len() {
            let line = lines[here];
            if line.starts_with('=') && self::columns(line).is_some() {
                rulers += 1;
                let ends = lines.get(here + 1).is_none_or(|next| next.trim().is_empty());
                here += 1;
                if rulers >= 2 && ends {
                    break;
                }
                continue;
            }
            if !line.trim().is_empty() && !line.starts_with('-') {
                let cell = |(number, (from, to)): (usize, &(usize, usize))| {
                    let last = number + 1 == columns.len();
                    let of = line.chars().skip(*from);
                    let text: String = if last { of.collect() } else { of.take(to - from + 1).collect() };
                    inline(text.trim())
                };
                let cells: Vec<String> = columns.iter().take(MOST_COLUMNS).enumerate().map(cell).collect();
                // A row whose first cell is empty goes on with the one above.
                match rows.last_mut() {
                    Some(above) if cells[0].is_empty() => {
                        for (above, more) in above.iter_mut().zip(&cells).filter(|(_, more)| !more.is_empty()) {
                            above.push(' ');
                            above.push_str(more);
                        }
                    }
                    _ => rows.push(cells),
                }
            }
            here += 1;
        }
        push_table(&mut self.out, &rows);
        here
    }

    pub(super) fn grid_table(&mut self, lines: &[&str], at: usize) -> usize {
        let mut rows: Vec<Vec<String>> = Vec::new();
        let (mut here, mut open) = (at, false);
        while here < lines.len() && lines[here].starts_with(['+', '|']) {
            let line = lines[here].trim_end();
            here += 1;
            if line.starts_with('+') {
                open = false;
                continue;
            }
            let cells: Vec<String> = line
                .trim_matches('|')
                .split('|')
                .take(MOST_COLUMNS)
                .map(|cell| inline(cell.trim()))
                .collect();
            match rows.last_mut().filter(|_| open) {
                Some(above) => {
                    for (above, more) in above.iter_mut().zip(&cells).filter(|(_, more)| !more.is_empty()) {
                        above.push(' ');
                        above.push_str(more);
                    }
                }
                None => rows.push(cells),
            }
            open = true;
        }
        push_table(&mut self.out, &rows);
        here
    }
}
