//! Text to vectors with all-MiniLM-L6-v2 (384 dimensions), compiled into the program.

mod scale;
mod vector;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rten::{Model, ModelOptions, NodeId, RunOptions, ThreadPool};
use rten_tensor::NdTensor;
use rten_tensor::prelude::*;
use tokenizers::{Tokenizer, TruncationParams};

use crate::knowledge::chunk::Chunk;
pub use scale::{Scale, probes};
pub(crate) use vector::product;
pub use vector::{DIMENSIONS, Vector, width};

/// int8, made by `model/make_model.py`.
static MODEL: &[u8] = include_bytes!("../../../model/all-minilm-l6-v2-int8.onnx");
static TOKENIZER: &[u8] = include_bytes!("../../../model/tokenizer.json");

/// Names the weights and how they are used: vectors of another model or version must not be compared with these.
pub const MODEL_NAME: &str = "all-minilm-l6-v2-int8/1";
/// Word pieces that are read, the two marks at both ends included.
pub const WINDOW: usize = 256;
/// Characters that are looked at: the tokenizer reads all it is given before it cuts.
const LONGEST: usize = 6_000;

#[derive(Debug, thiserror::Error)]
pub enum EmbedError {
    #[error("the embedding model could not be loaded: {0}")]
    Load(String),
    #[error("the embedding model failed: {0}")]
    Run(String),
}

/// The model in memory (some 50 MB). Share one in an `Arc`; it may be used from any number of threads at once.
pub struct Embedder {
    model: Model,
    tokenizer: Tokenizer,
    inputs: Vec<(NodeId, Input)>,
    output: NodeId,
    /// One-thread pools, as many as there are cores: a call works in one of them and takes no more than one core.
    lanes: Vec<Arc<ThreadPool>>,
    next: AtomicUsize,
}

#[derive(Clone, Copy)]
enum Input {
    Ids,
    Mask,
    Types,
}

/// Has this thread, and those that it starts, run on what the others leave of the processor: a millisecond of a request is not to wait
/// behind the many of an embedding. Threads have a priority of their own on Linux only.
fn make_way() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(10) {
        tracing::debug!(%error, "the embedding model's threads have the usual priority");
    }
}

impl Embedder {
    /// Takes some 50 ms.
    pub fn load() -> Result<Self, EmbedError> {
        let failed = |error: &dyn std::fmt::Display| EmbedError::Load(error.to_string());
        let mut tokenizer = Tokenizer::from_bytes(TOKENIZER).map_err(|error| failed(&error))?;
        tokenizer.with_padding(None);
        let cut = TruncationParams {
            max_length: WINDOW,
            ..TruncationParams::default()
        };
        tokenizer.with_truncation(Some(cut)).map_err(|error| failed(&error))?;
        // Packing weights ahead costs memory and gains nothing for int8.
        let model = ModelOptions::with_all_ops()
            .load_static_slice(MODEL)
            .map_err(|error| failed(&error))?;
        let mut inputs = Vec::new();
        for (name, input) in [
            ("input_ids", Input::Ids),
            ("attention_mask", Input::Mask),
            ("token_type_ids", Input::Types),
        ] {
            inputs.extend(model.find_node(name).map(|node| (node, input)));
        }
        let output = model.output_ids().first().copied().ok_or_else(|| failed(&"no output"))?;
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let pools = std::thread::spawn(move || {
            make_way();
            (0..cores).map(|_| Arc::new(ThreadPool::with_num_threads(1))).collect()
        });
        let lanes = pools.join().map_err(|_| failed(&"no threads"))?;
        Ok(Self {
            model,
            tokenizer,
            inputs,
            output,
            lanes,
            next: AtomicUsize::new(0),
        })
    }

    /// One vector a text, in order. A text's vector does not depend on the others. Blocks for 10 to 40 ms a text.
    pub fn embed(&self, texts: &[&str]) -> Result<Vec<Vector>, EmbedError> {
        texts
            .iter()
            .map(|text| self.embed_exact(text).map(|exact| Vector::quantise(&exact)))
            .collect()
    }

    /// As [`Self::embed`], for one text and before it is rounded to int8; of length 1.
    pub fn embed_exact(&self, text: &str) -> Result<Vec<f32>, EmbedError> {
        let failed = |error: &dyn std::fmt::Display| EmbedError::Run(error.to_string());
        let end = text.char_indices().nth(LONGEST).map_or(text.len(), |(at, _)| at);
        let encoding = self.tokenizer.encode_fast(&text[..end], true).map_err(|error| failed(&error))?;
        let ids: Vec<i32> = encoding.get_ids().iter().map(|id| i32::try_from(*id).unwrap_or_default()).collect();
        let count = ids.len();
        let mut values = Vec::with_capacity(self.inputs.len());
        for (node, input) in &self.inputs {
            let data = match input {
                Input::Ids => ids.clone(),
                Input::Mask => vec![1; count],
                Input::Types => vec![0; count],
            };
            values.push((*node, NdTensor::from_data([1, count], data).into()));
        }
        let lane = self.next.fetch_add(1, Ordering::Relaxed) % self.lanes.len().max(1);
        let options = RunOptions::default().with_thread_pool(self.lanes.get(lane).cloned());
        let [output] = self
            .model
            .run_n(values, [self.output], Some(options))
            .map_err(|error| failed(&error))?;
        let hidden: NdTensor<f32, 3> = output.try_into().map_err(|_| failed(&"unexpected output type"))?;
        if hidden.size(2) != DIMENSIONS {
            return Err(failed(&"unexpected output shape"));
        }
        let mut mean = vec![0.0f32; DIMENSIONS];
        for token in hidden.to_vec().chunks_exact(DIMENSIONS) {
            mean.iter_mut().zip(token).for_each(|(sum, value)| *sum += value);
        }
        let length = mean.iter().map(|value| value * value).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
        mean.iter_mut().for_each(|value| *value /= length);
        Ok(mean)
    }

    /// Word pieces in a text, without the marks at both ends and without cutting.
    pub fn count_pieces(&self, text: &str) -> Result<usize, EmbedError> {
        let encoding = self
            .tokenizer
            .encode_fast(text, false)
            .map_err(|error| EmbedError::Run(error.to_string()))?;
        Ok(encoding.len() + encoding.get_overflowing().iter().map(tokenizers::Encoding::len).sum::<usize>())
    }
}

/// What is embedded for a passage: title, headings, then the text without its marks.
pub fn passage_text(title: &str, chunk: &Chunk) -> String {
    let mut passage = String::with_capacity(title.len() + chunk.text.len() + 64);
    for part in std::iter::once(title).chain(chunk.heading.iter().map(String::as_str)) {
        if !part.is_empty() {
            passage.push_str(part);
            passage.push_str(if part.ends_with(['.', '?', '!', ':']) { " " } else { ". " });
        }
    }
    passage.extend(chunk.text.chars().filter(|letter| *letter != '`'));
    passage
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_are_those_that_the_reference_gives() -> Result<(), EmbedError> {
        let embedder = Embedder::load()?;
        let exact = embedder.embed_exact("How do I cancel my subscription and get a refund?")?;
        // As noted with the file; int8 arithmetic differs a little from one processor to the next.
        for (value, expected) in exact.iter().zip([-0.017_405_07, 0.000_740_86, 0.015_854_04, 0.016_009_41]) {
            assert!((value - expected).abs() < 1e-2, "{value} is not {expected}");
        }
        assert!((exact.iter().map(|value| value * value).sum::<f32>() - 1.0).abs() < 1e-4);
        Ok(())
    }

    #[test]
    fn any_text_can_be_embedded_and_like_meets_like() -> Result<(), EmbedError> {
        let embedder = Embedder::load()?;
        let long = "word ".repeat(50_000);
        let texts = [
            "",
            "\u{0}\u{fffd}🙂",
            &long,
            "How can I get my money back?",
            "Refunds are paid within five days.",
            "The wing is swept.",
        ];
        let vectors = embedder.embed(&texts)?;
        assert_eq!(vectors.len(), texts.len());
        assert!(vectors[3].dot(&vectors[4]) > vectors[3].dot(&vectors[5]) + 0.2);
        Ok(())
    }
}
