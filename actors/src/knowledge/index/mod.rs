//! One project's passages in memory: searched by words and by meaning, changed at any time.

mod analyse;
mod fuse;
mod lexical;
mod search;

#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use crate::knowledge::chunk::Chunk;
use crate::knowledge::embed::{DIMENSIONS, Vector};
pub(crate) use analyse::Analyser;
pub use fuse::Tuning;
use lexical::{Fields, Lexical};
pub use search::{Hit, Term};

/// One passage.
struct Slot {
    chunk: Uuid,
    document: Uuid,
    position: u32,
    heading: Box<[Box<str>]>,
    text: Box<str>,
    page: Option<u32>,
}

struct Document {
    title: Box<str>,
    source_url: Option<Box<str>>,
    /// By position.
    slots: Vec<u32>,
}

/// All passages of one project. Documents and passages are known by ids that the caller keeps unique.
#[derive(Default)]
pub struct Index {
    tuning: Tuning,
    documents: HashMap<Uuid, Document>,
    by_chunk: HashMap<Uuid, u32>,
    slots: Vec<Option<Slot>>,
    free: Vec<u32>,
    lexical: Lexical,
    /// 384 bytes a slot; empty until the first vector comes.
    values: Vec<i8>,
    /// One factor a slot; 0 where there is no vector.
    scales: Vec<f32>,
    vectors: usize,
}

impl Index {
    pub fn new() -> Self {
        Self::default()
    }

    /// For measuring: other weights than the default ones.
    pub fn with_tuning(tuning: Tuning) -> Self {
        Self { tuning, ..Self::default() }
    }

    /// Adds a document, in place of an earlier one of the same id. Passages are in reading order.
    pub fn add(&mut self, document: Uuid, title: &str, source_url: Option<&str>, chunks: Vec<(Uuid, Chunk, Option<Vector>)>) {
        self.remove(document);
        let mut slots = Vec::with_capacity(chunks.len());
        let analyser = Analyser::new();
        let title_terms = analyser.terms(title);
        for (position, (id, chunk, vector)) in chunks.into_iter().enumerate() {
            // An id that another document holds would leave that one's passage unreachable for removal.
            if self.by_chunk.contains_key(&id) {
                continue;
            }
            let slot = Slot {
                chunk: id,
                document,
                position: u32::try_from(position).unwrap_or(u32::MAX),
                heading: chunk.heading.into_iter().map(String::into_boxed_str).collect(),
                text: chunk.text.into_boxed_str(),
                page: chunk.page,
            };
            let at = self.free.pop().unwrap_or_else(|| {
                self.slots.push(None);
                u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
            });
            self.lexical.add(at, &fields(&analyser, title_terms.clone(), &slot));
            self.by_chunk.insert(id, at);
            self.slots[at as usize] = Some(slot);
            slots.push(at);
            if let Some(vector) = vector {
                self.set_vector(id, vector);
            }
        }
        self.documents.insert(
            document,
            Document {
                title: title.into(),
                source_url: source_url.map(Into::into),
                slots,
            },
        );
    }

    /// Gives a passage its vector; an unknown passage (removed meanwhile) is ignored.
    pub fn set_vector(&mut self, chunk: Uuid, vector: Vector) {
        let Some(at) = self.by_chunk.get(&chunk).map(|at| *at as usize) else {
            return;
        };
        if self.scales.len() <= at {
            self.scales.resize(self.slots.len(), 0.0);
            self.values.resize(self.slots.len() * DIMENSIONS, 0);
        }
        let place = self.values.get_mut(at * DIMENSIONS..(at + 1) * DIMENSIONS);
        if let (Some(place), Some(scale)) = (place, self.scales.get_mut(at)) {
            place.copy_from_slice(vector.values());
            self.vectors += usize::from(*scale == 0.0);
            // A text without any meaning has the vector 0; it still counts as embedded.
            *scale = vector.scale().max(f32::MIN_POSITIVE);
        }
    }

    /// Forgets a document: its texts, terms, counts and vectors.
    pub fn remove(&mut self, document: Uuid) {
        let Some(removed) = self.documents.remove(&document) else { return };
        self.unlist(&removed);
        for at in removed.slots {
            let place = at as usize;
            if let Some(slot) = self.slots.get_mut(place).and_then(Option::take) {
                self.by_chunk.remove(&slot.chunk);
            }
            if let Some(scale) = self.scales.get_mut(place) {
                self.vectors -= usize::from(*scale != 0.0);
                *scale = 0.0;
            }
            if let Some(values) = self.values.get_mut(place * DIMENSIONS..(place + 1) * DIMENSIONS) {
                values.fill(0);
            }
            self.free.push(at);
        }
        if self.documents.is_empty() {
            *self = Self::with_tuning(self.tuning);
        }
    }

    /// About how much memory the index takes.
    pub fn bytes(&self) -> usize {
        let slots = self.slots.iter().flatten();
        let texts: usize = slots
            .map(|slot| slot.text.len() + slot.heading.iter().map(|part| part.len() + size_of::<Box<str>>()).sum::<usize>())
            .sum();
        let by_id = self.by_chunk.capacity() * (size_of::<Uuid>() + size_of::<u32>());
        let vectors = self.values.capacity() + self.scales.capacity() * size_of::<f32>();
        texts + self.slots.capacity() * size_of::<Option<Slot>>() + by_id + vectors + self.lexical.bytes()
    }

    /// Renames a document. Vectors stay: embed its passages again, since they were made with the old title.
    pub fn set_title(&mut self, document: Uuid, title: &str) {
        let Some(mut renamed) = self.documents.remove(&document) else {
            return;
        };
        self.unlist(&renamed);
        renamed.title = title.into();
        let analyser = Analyser::new();
        let title_terms = analyser.terms(title);
        for at in &renamed.slots {
            if let Some(Some(slot)) = self.slots.get(*at as usize) {
                self.lexical.add(*at, &fields(&analyser, title_terms.clone(), slot));
            }
        }
        self.documents.insert(document, renamed);
    }

    pub fn set_source_url(&mut self, document: Uuid, source_url: Option<&str>) {
        if let Some(known) = self.documents.get_mut(&document) {
            known.source_url = source_url.map(Into::into);
        }
    }

    /// Takes a document's passages out of the postings.
    fn unlist(&mut self, document: &Document) {
        let analyser = Analyser::new();
        let mut terms: HashSet<String> = analyser.terms(&document.title).into_iter().collect();
        for at in &document.slots {
            if let Some(Some(slot)) = self.slots.get(*at as usize) {
                let fields = fields(&analyser, Vec::new(), slot);
                terms.extend(fields.heading);
                terms.extend(fields.body);
            }
        }
        let slots = document.slots.iter().copied().collect();
        self.lexical.remove(&slots, terms.iter().map(String::as_str));
    }

    /// Passages.
    pub fn len(&self) -> usize {
        self.by_chunk.len()
    }

    pub fn is_empty(&self) -> bool {
        self.by_chunk.is_empty()
    }

    /// Passages that have a vector.
    pub fn vectors(&self) -> usize {
        self.vectors
    }

    pub fn documents(&self) -> usize {
        self.documents.len()
    }

    pub fn contains(&self, document: Uuid) -> bool {
        self.documents.contains_key(&document)
    }

    /// About how much memory this takes.
    pub fn memory_bytes(&self) -> usize {
        let texts: usize = self
            .slots
            .iter()
            .flatten()
            .map(|slot| slot.text.len() + slot.heading.iter().map(|part| part.len() + 16).sum::<usize>())
            .sum();
        let documents: usize = self
            .documents
            .values()
            .map(|document| document.title.len() + document.source_url.as_ref().map_or(0, |url| url.len()) + document.slots.capacity() * 4)
            .sum();
        texts
            + documents
            + self.documents.capacity() * (size_of::<(Uuid, Document)>() + 1)
            + self.by_chunk.capacity() * (size_of::<(Uuid, u32)>() + 1)
            + self.slots.capacity() * size_of::<Option<Slot>>()
            + self.free.capacity() * 4
            + self.lexical.memory_bytes()
            + self.values.capacity()
            + self.scales.capacity() * 4
    }
}

fn fields(analyser: &Analyser, title: Vec<String>, slot: &Slot) -> Fields {
    let heading = slot.heading.iter().flat_map(|part| analyser.terms(part)).collect();
    Fields {
        title,
        heading,
        body: analyser.terms(&slot.text),
    }
}
