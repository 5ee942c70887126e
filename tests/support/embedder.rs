//! An OpenAI-compatible embedding endpoint at the network's edge. What it calls near has the same words.

use std::{
    collections::hash_map::DefaultHasher,
    hash::{Hash, Hasher},
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
};

use super::endpoint::{Sent, read};

/// What the endpoint does with each request.
#[derive(Clone)]
pub enum Act {
    Embed,
    /// Embeds so many texts more of documents, then answers with 503.
    Only(usize),
    /// With this status, and after so many seconds.
    Status(u16, Option<u64>),
    /// Closes the connection.
    HangUp,
    /// Takes its time.
    Late(Duration),
    /// Knows no `dimensions`.
    OneSize,
    /// Takes no text with this word.
    Picky(&'static str),
    /// Vectors of another length than anybody asked for.
    Wrong,
}

pub struct FakeEmbedder {
    pub url: String,
    sent: Arc<Mutex<Vec<Sent>>>,
    act: Arc<Mutex<Act>>,
}

pub const EMBEDDING_KEY: &str = "sk-a-very-secret-embedding-key";
pub const DIMENSIONS: usize = 250;

impl FakeEmbedder {
    pub async fn start(act: Act) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let (sent, act) = (Arc::<Mutex<Vec<Sent>>>::default(), Arc::new(Mutex::new(act)));
        let (seen, acts) = (sent.clone(), act.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (seen, acts) = (seen.clone(), acts.clone());
                tokio::spawn(async move {
                    let _ = answer(stream, &seen, &acts).await;
                });
            }
        });
        Self { url, sent, act }
    }

    pub fn act(&self, act: Act) {
        *self.act.lock().unwrap() = act;
    }

    pub fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }

    /// Every text that it was sent since the first `past` requests, in order.
    pub fn texts(&self, past: usize) -> Vec<String> {
        self.sent().iter().skip(past).flat_map(|sent| inputs(&sent.body)).collect()
    }

    /// The settings that have everything embedded by `model` here.
    pub fn settings(&self, model: &str) -> Vec<(String, String)> {
        self.named("EMBEDDING_", model)
    }

    /// Those that have questions asked by `model` here until that is done.
    pub fn previous(&self, model: &str) -> Vec<(String, String)> {
        self.named("EMBEDDING_PREVIOUS_", model)
    }

    fn named(&self, prefix: &str, model: &str) -> Vec<(String, String)> {
        [
            ("BASE_URL", self.url.as_str()),
            ("API_KEY", EMBEDDING_KEY),
            ("MODEL", model),
            ("DIMENSIONS", &DIMENSIONS.to_string()),
        ]
        .map(|(name, value)| (format!("{prefix}{name}"), value.to_owned()))
        .to_vec()
    }
}

fn inputs(body: &Value) -> Vec<String> {
    let inputs = body["input"].as_array().cloned().unwrap_or_default();
    inputs.iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// A count of words, beside something that all texts have in common.
fn vector(model: &str, text: &str, dimensions: usize) -> Vec<f32> {
    let mut vector = vec![0.0; dimensions];
    let lower = text.to_lowercase();
    for word in lower.split(|letter: char| !letter.is_alphanumeric()).filter(|word| word.len() > 3) {
        let mut hasher = DefaultHasher::new();
        (model, word.trim_end_matches('s')).hash(&mut hasher);
        let at = usize::try_from(hasher.finish() % (dimensions as u64 - 1)).unwrap();
        vector[at] += 1.0;
    }
    vector[dimensions - 1] = 2.0;
    vector
}

async fn answer(mut stream: TcpStream, sent: &Mutex<Vec<Sent>>, acts: &Mutex<Act>) -> std::io::Result<()> {
    let request = read(&mut stream).await?;
    sent.lock().unwrap().push(request.clone());
    let texts = inputs(&request.body);
    // Our own probes and questions are few and short; what is counted are documents.
    let documents = texts.iter().filter(|text| text.contains("Manual")).count();
    let act = {
        let mut act = acts.lock().unwrap();
        let now = act.clone();
        if let Act::Only(left) = &mut *act {
            *left = left.saturating_sub(documents);
        }
        now
    };
    let sized = request.body["dimensions"].as_u64();
    let mut dimensions = usize::try_from(sized.unwrap_or(DIMENSIONS as u64)).unwrap();
    let refused = match act {
        Act::Status(status, after) => Some((status, after)),
        Act::Only(left) if documents > left => Some((503, None)),
        Act::OneSize if sized.is_some() => Some((400, None)),
        Act::Picky(word) if texts.iter().any(|text| text.contains(word)) => Some((400, None)),
        Act::HangUp => return Ok(()),
        Act::Late(wait) => {
            tokio::time::sleep(wait).await;
            None
        }
        Act::Wrong => {
            dimensions += 1;
            None
        }
        _ => None,
    };
    if let Some((status, after)) = refused {
        let after = after.map_or_else(String::new, |seconds| format!("retry-after: {seconds}\r\n"));
        // As some do: an error that repeats what it was sent.
        let body = json!({ "error": { "message": format!("bad key {EMBEDDING_KEY}") } }).to_string();
        let length = body.len();
        let head = format!("HTTP/1.1 {status} No\r\n{after}content-length: {length}\r\nconnection: close\r\n\r\n{body}");
        stream.write_all(head.as_bytes()).await?;
        return stream.shutdown().await;
    }
    let model = request.body["model"].as_str().unwrap_or_default();
    // The last first: what counts is what each says of its place.
    let data: Vec<Value> = texts
        .iter()
        .enumerate()
        .rev()
        .map(|(index, text)| json!({ "object": "embedding", "index": index, "embedding": vector(model, text, dimensions) }))
        .collect();
    let body = json!({ "object": "list", "data": data, "model": model, "usage": { "prompt_tokens": 5, "total_tokens": 5 } }).to_string();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    stream.shutdown().await
}
