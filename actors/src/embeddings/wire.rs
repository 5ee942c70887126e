//! What goes to an embedding endpoint and comes back.
//! Wire format: <https://platform.openai.com/docs/api-reference/embeddings>.

use std::sync::atomic::{AtomicBool, Ordering};

use entities::Millis;
use serde::Deserialize;
use serde_json::json;

use super::endpoint::{MOST_WAIT_MS, Refusal};
use crate::{knowledge::embed::Vector, openai, reading, sources::call::wait_s};

pub(super) struct Wire {
    endpoint: openai::Endpoint,
    model: String,
    dimensions: usize,
    /// It refuses to be told how many dimensions are wanted, and has one number of them only.
    has_one_size: AtomicBool,
}

/// Characters of a text that are sent.
const LONGEST: usize = 6_000;

#[derive(Deserialize)]
struct Answer {
    data: Vec<Embedded>,
    #[serde(default)]
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Embedded {
    index: Option<usize>,
    embedding: Vec<f32>,
}

#[derive(Deserialize)]
struct Usage {
    #[serde(default)]
    total_tokens: u64,
}

impl Wire {
    pub(super) fn new(endpoint: openai::Endpoint, model: String, dimensions: usize) -> Self {
        Self {
            endpoint,
            model,
            dimensions,
            has_one_size: AtomicBool::new(false),
        }
    }

    /// What has no meaning.
    pub(super) fn nothing(&self) -> Vector {
        Vector::quantise_to(&[], self.dimensions)
    }

    /// One request: the vectors, and how many tokens the endpoint counted.
    pub(super) async fn request(&self, texts: &[&str]) -> Result<(Vec<Vector>, u64), Refusal> {
        let short = |text: &&str| {
            let end = text.char_indices().nth(LONGEST).map_or(text.len(), |(at, _)| at);
            // An empty text is an error to most.
            if text[..end].trim().is_empty() {
                "-".to_owned()
            } else {
                text[..end].to_owned()
            }
        };
        let input: Vec<String> = texts.iter().map(short).collect();
        let mut says_size = !self.has_one_size.load(Ordering::Relaxed);
        let response = loop {
            let mut body = json!({ "model": self.model, "input": input, "encoding_format": "float" });
            if says_size {
                body["dimensions"] = self.dimensions.into();
            }
            let sent = self.endpoint.post(&body).send().await;
            let response = sent.map_err(|_| Refusal::new("it is not reachable"))?;
            let status = response.status().as_u16();
            match status {
                200..=299 => {
                    self.has_one_size.store(!says_size, Ordering::Relaxed);
                    break response;
                }
                // Many know nothing of sizes to choose from.
                400 | 422 if says_size => says_size = false,
                _ => {
                    let seconds = wait_s(response.headers()).filter(|_| matches!(status, 429 | 503));
                    let asked = seconds.map(|seconds| Millis::try_from(seconds).unwrap_or(MOST_WAIT_MS).saturating_mul(1_000));
                    return Err(Refusal {
                        reason: format!("it answered with status {status}"),
                        wait: asked,
                        texts: matches!(status, 400 | 413 | 422),
                    });
                }
            }
        };
        let most = texts.len() * self.dimensions * 32 + (64 << 10);
        let body = reading::read_whole(response, most).await;
        let body = body.map_err(|_| Refusal::new("the answer is cut off or too long"))?;
        read(&body, texts.len(), self.dimensions)
    }
}

fn read(body: &[u8], count: usize, dimensions: usize) -> Result<(Vec<Vector>, u64), Refusal> {
    let malformed = || Refusal::new("the answer is malformed");
    let answer: Answer = serde_json::from_slice(body).map_err(|_| malformed())?;
    let mut vectors = vec![None; count];
    for (at, embedded) in answer.data.into_iter().enumerate() {
        let found = embedded.embedding;
        if found.len() != dimensions {
            let (found, wanted) = (found.len(), dimensions);
            return Err(Refusal::new(format!("its vectors have {found} dimensions and not {wanted}")));
        }
        let place = vectors.get_mut(embedded.index.unwrap_or(at)).ok_or_else(malformed)?;
        *place = Some(Vector::quantise_to(&found, dimensions));
    }
    let vectors = vectors.into_iter().collect::<Option<_>>().ok_or_else(malformed)?;
    Ok((vectors, answer.usage.map_or(0, |usage| usage.total_tokens)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_are_taken_in_the_order_of_the_texts_and_only_whole() {
        let read = |body: &str, count| read(body.as_bytes(), count, 3);
        let both = r#"{"data":[{"index":1,"embedding":[0,1,0]},{"index":0,"embedding":[1,0,0]}],"usage":{"total_tokens":7}}"#;
        let (vectors, tokens) = read(both, 2).unwrap();
        assert_eq!(tokens, 7);
        assert!(vectors[0].dot(&Vector::quantise_to(&[1.0], 3)) > 0.99);
        assert!(read(both, 3).is_err() && read(both, 1).is_err());
        for wrong in [
            "",
            "{}",
            r#"{"data":[{"index":0,"embedding":[1,0]}]}"#,
            r#"{"data":[{"index":9,"embedding":[1,0,0]}]}"#,
            r#"{"data":[{"index":0,"embedding":"AAAA"}]}"#,
        ] {
            assert!(read(wrong, 1).is_err(), "{wrong}");
        }
    }
}
