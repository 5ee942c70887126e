//! One project's passages in memory: searched by words and by meaning, changed at any time.

mod analyse;
mod fuse;
mod lexical;
mod search;
mod spelling;
mod synonyms;

#[cfg(test)]
mod tests;

use foldhash::HashMap;
use uuid::Uuid;

use crate::knowledge::chunk::Chunk;
use crate::knowledge::embed::{DIMENSIONS, Scale, Vector, width};
use crate::knowledge::language::{LANGUAGES, Language};
pub(crate) use analyse::Analyser;
pub use analyse::Memory;
use analyse::Number;
pub use fuse::{Method, Tuning};
use lexical::{Fields, Lexical};
pub use search::{Hit, Term};
use synonyms::Synonyms;

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
    language: Language,
    /// By position.
    slots: Vec<u32>,
}

/// What the vectors are like that an index holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Space {
    /// Bytes of each.
    width: usize,
    /// How their cosines are read; as they are without.
    scale: Option<Scale>,
}

impl Default for Space {
    fn default() -> Self {
        Self::new(DIMENSIONS, None)
    }
}

impl Space {
    #[must_use]
    pub fn new(dimensions: usize, scale: Option<Scale>) -> Self {
        Self {
            width: width(dimensions),
            scale,
        }
    }
}

/// Characters of a document by which its language is told.
const TELLING: usize = 4_000;

/// All passages of one project. Documents and passages are known by ids that the caller keeps unique.
#[derive(Default)]
pub struct Index {
    tuning: Tuning,
    documents: HashMap<Uuid, Document>,
    by_chunk: HashMap<Uuid, u32>,
    slots: Vec<Option<Slot>>,
    free: Vec<u32>,
    lexical: Lexical,
    /// Documents by language.
    languages: [usize; LANGUAGES],
    synonyms: Synonyms,
    space: Space,
    /// So many bytes a slot as `space` says; empty until the first vector comes.
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

    /// For vectors of another model than the built-in one.
    pub fn of(space: Space) -> Self {
        Self { space, ..Self::default() }
    }

    /// Forgets all vectors, and takes those of another model.
    pub fn embed_anew(&mut self, space: Space, vectors: impl IntoIterator<Item = (Uuid, Vector)>) {
        self.space = space;
        (self.values, self.scales, self.vectors) = (Vec::new(), Vec::new(), 0);
        for (chunk, vector) in vectors {
            self.set_vector(chunk, vector);
        }
    }

    /// Adds a document, in place of an earlier one of the same id. Passages are in reading order.
    pub fn add(&mut self, document: Uuid, title: &str, source_url: Option<&str>, chunks: Passages) {
        self.add_with(&mut Memory::default(), document, title, source_url, chunks);
    }

    /// As [`Self::add`], for many documents one after the other.
    pub fn add_with(&mut self, memory: &mut Memory, document: Uuid, title: &str, source_url: Option<&str>, chunks: Passages) {
        self.remove(document);
        let mut slots = Vec::with_capacity(chunks.len());
        let language = language_of(title, &chunks);
        let title_terms = memory.terms(language, title);
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
            let fields = fields(memory, language, &title_terms, &slot);
            self.lexical.add(at, &fields, memory);
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
                language,
                slots,
            },
        );
        self.count(language, true);
    }

    /// Words and phrases that mean the same, in place of earlier ones.
    pub fn set_synonyms(&mut self, groups: Vec<Vec<String>>) {
        self.synonyms = Synonyms::new(groups, &self.spoken());
    }

    /// The languages of the documents, the most frequent first; English while there are none.
    fn spoken(&self) -> Vec<Language> {
        let mut spoken: Vec<Language> = Language::ALL
            .into_iter()
            .filter(|language| self.languages[*language as usize] > 0)
            .collect();
        spoken.sort_by_key(|language| std::cmp::Reverse(self.languages[*language as usize]));
        if spoken.is_empty() {
            spoken.push(Language::English);
        }
        spoken
    }

    fn count(&mut self, language: Language, added: bool) {
        let count = &mut self.languages[language as usize];
        let before = *count;
        *count = if added { before + 1 } else { before.saturating_sub(1) };
        // Only then is it another set of languages.
        if before.min(*count) == 0 && !self.synonyms.is_empty() {
            let spoken = self.spoken();
            self.synonyms.analyse(&spoken);
        }
    }

    /// Takes over all of `other`, which was built beside it, of other documents and passages. The place that it took is freed.
    pub fn merge(&mut self, other: Self) {
        let first = u32::try_from(self.slots.len()).unwrap_or(u32::MAX);
        let moved = |at: u32| at.saturating_add(first);
        self.by_chunk
            .extend(other.by_chunk.into_iter().map(|(chunk, at)| (chunk, moved(at))));
        for (id, mut document) in other.documents {
            document.slots.iter_mut().for_each(|at| *at = moved(*at));
            self.documents.insert(id, document);
        }
        if other.vectors > 0 && other.space.width == self.space.width {
            self.scales.resize(self.slots.len(), 0.0);
            self.values.resize(self.slots.len() * self.space.width, 0);
            self.scales.extend(other.scales);
            self.values.extend(other.values);
            self.vectors += other.vectors;
        }
        self.slots.extend(other.slots);
        self.free.extend(other.free.into_iter().map(moved));
        for (count, more) in self.languages.iter_mut().zip(other.languages) {
            *count += more;
        }
        self.lexical.merge(other.lexical, first);
        let spoken = self.spoken();
        self.synonyms.analyse(&spoken);
    }

    /// Gives back what was reserved for more and is not needed.
    pub fn shrink(&mut self) {
        self.by_chunk.shrink_to_fit();
        self.documents.shrink_to_fit();
        self.slots.shrink_to_fit();
        self.values.shrink_to_fit();
        self.scales.shrink_to_fit();
        self.lexical.shrink();
    }

    /// Gives a passage its vector; an unknown passage (removed meanwhile) is ignored, and a vector of another width.
    pub fn set_vector(&mut self, chunk: Uuid, vector: Vector) {
        let width = self.space.width;
        let Some(at) = self
            .by_chunk
            .get(&chunk)
            .map(|at| *at as usize)
            .filter(|_| vector.values().len() == width)
        else {
            return;
        };
        if self.scales.len() <= at {
            self.scales.resize(self.slots.len(), 0.0);
            self.values.resize(self.slots.len() * self.space.width, 0);
        }
        let place = self.values.get_mut(at * width..(at + 1) * width);
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
        self.count(removed.language, false);
        for at in removed.slots {
            let place = at as usize;
            if let Some(slot) = self.slots.get_mut(place).and_then(Option::take) {
                self.by_chunk.remove(&slot.chunk);
            }
            if let Some(scale) = self.scales.get_mut(place) {
                self.vectors -= usize::from(*scale != 0.0);
                *scale = 0.0;
            }
            let width = self.space.width;
            if let Some(values) = self.values.get_mut(place * width..(place + 1) * width) {
                values.fill(0);
            }
            self.free.push(at);
        }
        if self.documents.is_empty() {
            let (synonyms, space) = (std::mem::take(&mut self.synonyms), self.space.clone());
            *self = Self {
                synonyms,
                space,
                ..Self::with_tuning(self.tuning)
            };
        }
    }

    /// Renames a document. Vectors stay: embed its passages again, since they were made with the old title.
    pub fn set_title(&mut self, document: Uuid, title: &str) {
        let Some(mut renamed) = self.documents.remove(&document) else {
            return;
        };
        self.unlist(&renamed);
        renamed.title = title.into();
        let mut memory = Memory::default();
        let title_terms = memory.terms(renamed.language, title);
        for at in &renamed.slots {
            if let Some(Some(slot)) = self.slots.get(*at as usize) {
                let fields = fields(&mut memory, renamed.language, &title_terms, slot);
                self.lexical.add(*at, &fields, &memory);
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
        let mut memory = Memory::default();
        memory.terms(document.language, &document.title);
        for at in &document.slots {
            if let Some(Some(slot)) = self.slots.get(*at as usize) {
                fields(&mut memory, document.language, &[], slot);
            }
        }
        let slots = document.slots.iter().copied().collect();
        self.lexical.remove(&slots, memory.all());
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

/// Passages of a document with their ids, in reading order; the vectors of those that were embedded.
pub type Passages = Vec<(Uuid, Chunk, Option<Vector>)>;

fn language_of(title: &str, chunks: &[(Uuid, Chunk, Option<Vector>)]) -> Language {
    let mut telling = title.to_owned();
    for (_, chunk, _) in chunks {
        if telling.len() > TELLING {
            break;
        }
        telling.push(' ');
        telling.push_str(&chunk.text);
    }
    Language::of(&telling)
}

fn fields<'a>(memory: &mut Memory, language: Language, title: &'a [Number], slot: &Slot) -> Fields<'a> {
    let heading = slot.heading.iter().flat_map(|part| memory.terms(language, part)).collect();
    Fields {
        title,
        heading,
        body: memory.terms(language, &slot.text),
    }
}
