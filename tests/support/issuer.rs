//! A sign-in provider at the network's edge that says what a test tells it to, right or wrong.

use std::sync::{Arc, Mutex};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use p256::{
    ecdsa::{Signature, SigningKey, signature::Signer},
    elliptic_curve::rand_core::OsRng,
    pkcs8::{EncodePrivateKey, LineEnding},
};
use rsa::{pkcs1v15, signature::SignatureEncoding, traits::PublicKeyParts};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::signing::tag;

pub const CLIENT: &str = "pernoex.test";
pub const SECRET: &str = "a-client-secret-of-the-test";

#[derive(Clone)]
pub enum Signs {
    Es256(SigningKey),
    Rs256(Box<rsa::RsaPrivateKey>),
    /// With the client's own secret.
    Hs256,
    Not,
}

#[derive(Clone)]
pub struct Key {
    pub kid: String,
    pub signs: Signs,
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

impl Key {
    pub fn es256(kid: &str) -> Self {
        let signs = Signs::Es256(SigningKey::random(&mut OsRng));
        Self { kid: kid.into(), signs }
    }

    pub fn rs256(kid: &str) -> Self {
        let signs = Signs::Rs256(Box::new(rsa::RsaPrivateKey::new(&mut OsRng, 2048).unwrap()));
        Self { kid: kid.into(), signs }
    }

    fn public(&self) -> Option<Value> {
        let kid = &self.kid;
        match &self.signs {
            Signs::Es256(key) => {
                let point = key.verifying_key().to_encoded_point(false);
                let (x, y) = (encode(point.x().unwrap()), encode(point.y().unwrap()));
                Some(json!({ "kty": "EC", "crv": "P-256", "use": "sig", "kid": kid, "x": x, "y": y }))
            }
            Signs::Rs256(key) => {
                let (n, e) = (encode(key.n().to_bytes_be()), encode(key.e().to_bytes_be()));
                Some(json!({ "kty": "RSA", "alg": "RS256", "use": "sig", "kid": kid, "n": n, "e": e }))
            }
            Signs::Hs256 | Signs::Not => None,
        }
    }

    /// A signed token of these claims.
    pub fn token(&self, claims: &Value) -> String {
        let alg = match &self.signs {
            Signs::Es256(_) => "ES256",
            Signs::Rs256(_) => "RS256",
            Signs::Hs256 => "HS256",
            Signs::Not => "none",
        };
        let header = json!({ "alg": alg, "kid": self.kid });
        let signed = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
        let signature = match &self.signs {
            Signs::Es256(key) => {
                let signature: Signature = key.sign(signed.as_bytes());
                signature.to_bytes().to_vec()
            }
            Signs::Rs256(key) => {
                let key = pkcs1v15::SigningKey::<rsa::sha2::Sha256>::new((**key).clone());
                rsa::signature::Signer::sign(&key, signed.as_bytes()).to_vec()
            }
            Signs::Hs256 => tag(SECRET.as_bytes(), &[signed.as_bytes()]),
            Signs::Not => Vec::new(),
        };
        format!("{signed}.{}", encode(signature))
    }
}

struct State {
    published: Vec<Key>,
    signing: Key,
    claims: Value,
    refresh_token: Option<String>,
    id_token: Option<String>,
    /// What it answers instead of what was asked for.
    instead: Option<u16>,
    asked: Vec<(String, Vec<(String, String)>)>,
}

pub struct Issuer {
    pub url: String,
    state: Arc<Mutex<State>>,
}

/// Seconds.
pub fn now() -> i64 {
    chrono::Utc::now().timestamp()
}

impl Issuer {
    pub async fn start() -> Self {
        Self::with(Key::es256("first")).await
    }

    pub async fn with(key: Key) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State {
            published: vec![key.clone()],
            signing: key,
            claims: Value::Null,
            refresh_token: None,
            id_token: None,
            instead: None,
            asked: Vec::new(),
        }));
        let (shared, base) = (state.clone(), url.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (state, base) = (shared.clone(), base.clone());
                tokio::spawn(async move {
                    let _ = answer(stream, &base, &state).await;
                });
            }
        });
        Self { url, state }
    }

    /// Settings of a server that trusts it, as Google.
    pub fn google(&self) -> Vec<(String, String)> {
        settings(&[
            ("GOOGLE_CLIENT_ID", CLIENT),
            ("GOOGLE_CLIENT_SECRET", SECRET),
            ("GOOGLE_ISSUER", &self.url),
        ])
    }

    /// Settings of a server that trusts it, as Apple.
    pub fn apple(&self) -> Vec<(String, String)> {
        let key = p256::SecretKey::random(&mut OsRng).to_pkcs8_pem(LineEnding::LF).unwrap();
        settings(&[
            ("APPLE_CLIENT_ID", CLIENT),
            ("APPLE_TEAM_ID", "TEAM123456"),
            ("APPLE_KEY_ID", "KEY1234567"),
            ("APPLE_PRIVATE_KEY", &key),
            ("APPLE_ISSUER", &self.url),
        ])
    }

    /// What an honest ID token for `subject` says.
    pub fn claims(&self, subject: &str, email: &str, nonce: &str) -> Value {
        json!({
            "iss": self.url, "aud": CLIENT, "sub": subject, "iat": now(), "exp": now() + 600, "nonce": nonce,
            "email": email, "email_verified": true,
        })
    }

    /// The claims of the next tokens.
    pub fn say(&self, claims: Value) {
        self.state.lock().unwrap().claims = claims;
    }

    pub fn give_refresh_token(&self, token: &str) {
        self.state.lock().unwrap().refresh_token = Some(token.into());
    }

    /// Hands this out as the ID token, or what it signs itself again.
    pub fn give_as_id_token(&self, token: Option<&str>) {
        self.state.lock().unwrap().id_token = token.map(str::to_owned);
    }

    /// Signs with `key` from now on; published are these.
    pub fn sign_with(&self, key: Key, published: Vec<Key>) {
        let mut state = self.state.lock().unwrap();
        state.signing = key;
        state.published = published;
    }

    pub fn key(&self) -> Key {
        self.state.lock().unwrap().signing.clone()
    }

    /// Answers everything with this status, or as it should again.
    pub fn answer_with(&self, status: Option<u16>) {
        self.state.lock().unwrap().instead = status;
    }

    /// The forms that were sent to `path`.
    pub fn asked(&self, path: &str) -> Vec<Vec<(String, String)>> {
        let state = self.state.lock().unwrap();
        let forms = state.asked.iter().filter(|(asked, _)| asked == path);
        forms.map(|(_, form)| form.clone()).collect()
    }
}

fn settings(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
}

async fn answer(mut stream: TcpStream, base: &str, state: &Mutex<State>) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|part| part == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(());
        }
    };
    let text = String::from_utf8_lossy(&bytes[..head]).to_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let length: usize = length.unwrap_or(0);
    while bytes.len() < head + 4 + length {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(());
        }
    }
    let path = text.split_whitespace().nth(1).unwrap_or_default().to_owned();
    let form = url::form_urlencoded::parse(&bytes[head + 4..]).into_owned().collect();
    let (status, body) = {
        let mut state = state.lock().unwrap();
        state.asked.push((path.clone(), form));
        match (state.instead, path.as_str()) {
            (Some(status), _) => (status, json!({ "error": "invalid_grant" })),
            (None, "/.well-known/openid-configuration") => (200, discovery(base)),
            (None, "/jwks") => {
                let keys: Vec<Value> = state.published.iter().filter_map(Key::public).collect();
                (200, json!({ "keys": keys }))
            }
            (None, "/token") => {
                let token = state.id_token.clone().unwrap_or_else(|| state.signing.token(&state.claims));
                let mut answer = json!({ "access_token": "at", "token_type": "Bearer", "expires_in": 600, "id_token": token });
                if let Some(token) = &state.refresh_token {
                    answer["refresh_token"] = json!(token);
                }
                (200, answer)
            }
            (None, "/revoke") => (200, json!({})),
            _ => (404, json!({})),
        }
    };
    let body = body.to_string();
    let head = format!(
        "HTTP/1.1 {status} Status\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    stream.shutdown().await
}

fn discovery(base: &str) -> Value {
    json!({
        "issuer": base,
        "authorization_endpoint": format!("{base}/authorize"),
        "token_endpoint": format!("{base}/token"),
        "jwks_uri": format!("{base}/jwks"),
        "revocation_endpoint": format!("{base}/revoke"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256", "ES256"],
    })
}
