//! What is in a file: tables, their rows, and after each how many there were and a digest of them. The same for both databases.

use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};

use entities::backup::{Cell, Table};
use flate2::{Compression, read::DeflateDecoder, write::DeflateEncoder};
use sha2::{Digest, Sha256};

use super::format::{Broken, FileKey, Opener, Sealer};

const TABLE: u8 = 1;
const ROW: u8 = 2;
const TABLE_END: u8 = 3;
const END: u8 = 4;

/// How many rows, and of all of them a digest that does not depend on their order, which differs between databases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sum {
    pub rows: u64,
    digest: [u8; 32],
}

impl Sum {
    /// Rows differ in their primary keys, so that no two take each other away.
    fn add(&mut self, encoded: &[u8]) {
        self.rows += 1;
        let hash: [u8; 32] = Sha256::digest(encoded).into();
        self.digest.iter_mut().zip(hash).for_each(|(sum, byte)| *sum ^= byte);
    }

    pub(crate) fn add_cells(&mut self, cells: &[Cell], buffer: &mut Vec<u8>) {
        encode(cells, buffer);
        self.add(buffer);
    }
}

pub(crate) enum Record {
    Table(Table),
    Row(Vec<Cell>),
    /// The table that was begun is whole.
    TableEnd(Sum),
    /// All of it is.
    End,
}

fn length(bytes: &[u8]) -> [u8; 4] {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes()
}

fn encode(cells: &[Cell], out: &mut Vec<u8>) {
    out.clear();
    out.extend_from_slice(&u16::try_from(cells.len()).unwrap_or(u16::MAX).to_be_bytes());
    for cell in cells {
        match cell {
            Cell::Null => out.push(0),
            Cell::Int(number) => {
                out.push(1);
                out.extend_from_slice(&number.to_be_bytes());
            }
            Cell::Text(text) => {
                out.push(2);
                out.extend_from_slice(&length(text.as_bytes()));
                out.extend_from_slice(text.as_bytes());
            }
            Cell::Bytes(bytes) => {
                out.push(3);
                out.extend_from_slice(&length(bytes));
                out.extend_from_slice(bytes);
            }
        }
    }
}

/// Writes records into a file: compressed, then sealed.
pub(crate) struct Recorder<W: Write> {
    out: BufWriter<DeflateEncoder<Sealer<W>>>,
    sum: Sum,
    rows: u64,
    buffer: Vec<u8>,
}

impl<W: Write> Recorder<W> {
    pub(crate) fn begin(out: W, file: FileKey) -> io::Result<Self> {
        // Most of it is sealed already, and gets no smaller.
        let out = DeflateEncoder::new(Sealer::begin(out, file)?, Compression::fast());
        Ok(Self {
            out: BufWriter::with_capacity(64 * 1024, out),
            sum: Sum::default(),
            rows: 0,
            buffer: Vec::new(),
        })
    }

    pub(crate) fn table(&mut self, name: &str, columns: &[String]) -> io::Result<()> {
        self.out.write_all(&[TABLE])?;
        let names = [Cell::Text(name.to_owned())];
        let columns = columns.iter().map(|column| Cell::Text(column.clone()));
        let cells: Vec<Cell> = names.into_iter().chain(columns).collect();
        encode(&cells, &mut self.buffer);
        self.sum = Sum::default();
        self.out.write_all(&self.buffer)
    }

    pub(crate) fn row(&mut self, cells: &[Cell]) -> io::Result<()> {
        self.sum.add_cells(cells, &mut self.buffer);
        self.rows += 1;
        self.out.write_all(&[ROW])?;
        self.out.write_all(&self.buffer)
    }

    pub(crate) fn end_table(&mut self) -> io::Result<()> {
        self.out.write_all(&[TABLE_END])?;
        self.out.write_all(&self.sum.rows.to_be_bytes())?;
        self.out.write_all(&self.sum.digest)
    }

    /// Returns what was written to, and how many rows there are.
    pub(crate) fn finish(mut self) -> io::Result<(W, u64)> {
        self.out.write_all(&[END])?;
        let out = self.out.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok((out.finish()?.finish()?, self.rows))
    }
}

/// Reads what a [`Recorder`] wrote.
pub(crate) struct Records<R: Read> {
    from: BufReader<DeflateDecoder<Opener<R>>>,
    sum: Option<Sum>,
    buffer: Vec<u8>,
}

impl<R: Read> Records<R> {
    pub(crate) fn new(from: Opener<R>) -> Self {
        Self {
            from: BufReader::with_capacity(64 * 1024, DeflateDecoder::new(from)),
            sum: None,
            buffer: Vec::new(),
        }
    }

    fn bytes<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.from.read_exact(&mut bytes).map_err(ended)?;
        Ok(bytes)
    }

    fn long(&mut self) -> io::Result<Vec<u8>> {
        let length = u64::from(u32::from_be_bytes(self.bytes()?));
        let mut bytes = Vec::new();
        let read = (&mut self.from).take(length).read_to_end(&mut bytes)?;
        if read as u64 == length {
            Ok(bytes)
        } else {
            Err(Broken::Content("it ends in the middle of a value").into())
        }
    }

    fn text(&mut self) -> io::Result<String> {
        String::from_utf8(self.long()?).map_err(|_| Broken::Content("a text that is none").into())
    }

    fn cells(&mut self) -> io::Result<Vec<Cell>> {
        let count = u16::from_be_bytes(self.bytes()?);
        let mut cells = Vec::with_capacity(usize::from(count));
        for _ in 0..count {
            let [tag] = self.bytes()?;
            cells.push(match tag {
                0 => Cell::Null,
                1 => Cell::Int(i64::from_be_bytes(self.bytes()?)),
                2 => Cell::Text(self.text()?),
                3 => Cell::Bytes(self.long()?),
                _ => return Err(Broken::Content("a value of an unknown kind").into()),
            });
        }
        Ok(cells)
    }

    /// The next one. After `End` there is none.
    pub(crate) fn next(&mut self) -> io::Result<Record> {
        let [tag] = self.bytes()?;
        match (tag, &mut self.sum) {
            (TABLE, None) => {
                let mut names = Vec::new();
                for cell in self.cells()? {
                    let Cell::Text(name) = cell else {
                        return Err(Broken::Content("a name that is no text").into());
                    };
                    names.push(name);
                }
                if names.is_empty() {
                    return Err(Broken::Content("a table without a name").into());
                }
                self.sum = Some(Sum::default());
                let name = names.remove(0);
                Ok(Record::Table(Table { name, columns: names }))
            }
            (ROW, Some(_)) => {
                let cells = self.cells()?;
                let mut buffer = std::mem::take(&mut self.buffer);
                if let Some(sum) = &mut self.sum {
                    sum.add_cells(&cells, &mut buffer);
                }
                self.buffer = buffer;
                Ok(Record::Row(cells))
            }
            (TABLE_END, Some(_)) => {
                let told = Sum {
                    rows: u64::from_be_bytes(self.bytes()?),
                    digest: self.bytes()?,
                };
                match self.sum.take() {
                    Some(sum) if sum == told => Ok(Record::TableEnd(sum)),
                    _ => Err(Broken::Content("a table is not whole").into()),
                }
            }
            (END, None) => match self.from.fill_buf()? {
                [] => Ok(Record::End),
                _ => Err(Broken::Content("there is more behind its end").into()),
            },
            _ => Err(Broken::Content("something where it should not be").into()),
        }
    }
}

/// Compressed data that ends too soon, in chunks that are whole.
fn ended(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        return Broken::Content("it ends too soon").into();
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{backup::format::Head, vault::MasterKeys};

    #[tokio::test]
    async fn rows_come_back_as_they_were_and_their_sum_does_not_depend_on_their_order() {
        let masters = MasterKeys::given("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", None).unwrap();
        let file = FileKey::make(&masters, masters.ids()[0], Head::new("rows", uuid::Uuid::nil(), 0));
        let mut recorder = Recorder::begin(Vec::new(), file.await.unwrap()).unwrap();
        let rows = [
            vec![Cell::Int(-1), Cell::Text("ä\0".into()), Cell::Null],
            vec![Cell::Int(i64::MAX), Cell::Text(String::new()), Cell::Bytes(vec![0; 3_000_000])],
        ];
        recorder.table("one", &["a".into(), "b".into(), "c".into()]).unwrap();
        rows.iter().for_each(|row| recorder.row(row).unwrap());
        recorder.end_table().unwrap();
        recorder.table("none", &["a".into()]).unwrap();
        recorder.end_table().unwrap();
        let (bytes, written) = recorder.finish().unwrap();
        assert_eq!(written, 2);
        let (_, opener) = Opener::begin(&bytes[..], &masters).await.unwrap();
        let mut records = Records::new(opener);
        assert!(matches!(records.next().unwrap(), Record::Table(Table { columns, .. }) if columns == ["a", "b", "c"]));
        for row in &rows {
            assert!(matches!(records.next().unwrap(), Record::Row(cells) if cells == *row));
        }
        let Record::TableEnd(sum) = records.next().unwrap() else {
            panic!("no end")
        };
        let (mut turned, mut buffer) = (Sum::default(), Vec::new());
        rows.iter().rev().for_each(|row| turned.add_cells(row, &mut buffer));
        assert_eq!(sum, turned);
        assert!(matches!(records.next().unwrap(), Record::Table(_)));
        assert!(matches!(records.next().unwrap(), Record::TableEnd(Sum { rows: 0, .. })));
        assert!(matches!(records.next().unwrap(), Record::End));
    }
}
