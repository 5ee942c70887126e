//! A bucket of an S3-compatible store: what of its API backups need, signed by us.

use std::{
    fs,
    io::{Read, Write},
    path::Path,
    time::Duration,
};

use reqwest::{Method, Response, StatusCode};
use sha2::{Digest, Sha256};
use url::Url;
use zeroize::Zeroizing;

use super::{
    BackupError,
    place::{Stored, new_file, stored},
    sigv4::{Request, Signer, encoded},
};
use crate::text::hex;

#[derive(Clone)]
pub struct S3Settings {
    /// Without the bucket.
    pub endpoint: Url,
    pub region: String,
    pub bucket: String,
    /// What names begin with: empty, or with a slash at its end.
    pub prefix: String,
    /// The bucket is in the path rather than in the host's name.
    pub path_style: bool,
    pub access_key: String,
    pub secret_key: Zeroizing<String>,
    /// Of credentials that are lent for some hours.
    pub session_token: Option<Zeroizing<String>>,
}

impl std::fmt::Debug for S3Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("S3Settings")
            .field("bucket", &self.bucket)
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

/// Of what is held in memory and sent at a time.
const PART: u64 = 16 << 20;
/// The store takes 10 000.
const MOST_PARTS: u64 = 9_000;
const TRIES: u32 = 5;
const WHOLE: Duration = Duration::from_secs(300);

pub(crate) struct Bucket {
    settings: S3Settings,
    client: reqwest::Client,
}

fn failed(what: impl std::fmt::Display) -> BackupError {
    BackupError::Place(format!("the S3 store: {what}"))
}

/// The text of the first element of this name. Answers are small, and what is looked for has no elements in it.
fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    rest.split_once(&format!("</{name}>")).map(|(text, _)| text)
}

fn plain(text: &str) -> String {
    let text = text.replace("&quot;", "\"").replace("&apos;", "'").replace("&#34;", "\"");
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

impl Bucket {
    pub(crate) fn new(settings: &S3Settings) -> Result<Self, BackupError> {
        let client = reqwest::Client::builder()
            // A redirect would carry what is sent to a host that nobody configured.
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(10))
            .timeout(WHOLE)
            .build()
            .map_err(|_| failed("TLS cannot be set up here"))?;
        Ok(Self {
            settings: settings.clone(),
            client,
        })
    }

    pub(crate) fn describe(&self) -> String {
        format!("s3://{}/{}", self.settings.bucket, self.settings.prefix)
    }

    fn key(&self, name: &str) -> String {
        format!("{}{name}", self.settings.prefix)
    }

    /// Host with port, and the path of `key` in this bucket, encoded.
    fn address(&self, key: &str) -> Result<(String, String), BackupError> {
        let endpoint = &self.settings.endpoint;
        let host = endpoint.host_str().ok_or_else(|| failed("its address names no host"))?;
        let port = endpoint.port().map(|port| format!(":{port}")).unwrap_or_default();
        let (base, key) = (endpoint.path().trim_end_matches('/'), encoded(key, true));
        let bucket = &self.settings.bucket;
        Ok(if self.settings.path_style {
            (format!("{host}{port}"), format!("{base}/{bucket}/{key}"))
        } else {
            (format!("{bucket}.{host}{port}"), format!("{base}/{key}"))
        })
    }

    async fn once(&self, method: &Method, key: &str, query: &[(&str, &str)], body: &[u8]) -> Result<Response, reqwest::Error> {
        let Ok((host, path)) = self.address(key) else {
            // Only an address that was refused when it was set has no host.
            return self.client.request(method.clone(), self.settings.endpoint.clone()).send().await;
        };
        let signer = Signer {
            region: &self.settings.region,
            access_key: &self.settings.access_key,
            secret_key: &self.settings.secret_key,
            session_token: self.settings.session_token.as_ref().map(|token| token.as_str()),
        };
        let signed = signer.sign(&Request {
            method: method.as_str(),
            host: &host,
            path: &path,
            query,
            body: &hex(&Sha256::digest(body)),
            at: chrono::Utc::now(),
        });
        let mut request = self.client.request(
            method.clone(),
            format!("{}://{host}{path}{}", self.settings.endpoint.scheme(), signed.query),
        );
        for (name, value) in signed.headers {
            request = request.header(name, value);
        }
        request.body(body.to_vec()).send().await
    }

    /// Asks until there is an answer that says something, for about half a minute. `key` is the whole of it; empty for the bucket itself.
    async fn ask(&self, method: Method, key: &str, query: &[(&str, &str)], body: &[u8]) -> Result<Response, BackupError> {
        let mut tries = 0;
        loop {
            tries += 1;
            let answer = self.once(&method, key, query, body).await;
            let again = match &answer {
                Ok(answer) => answer.status().is_server_error() || answer.status() == StatusCode::TOO_MANY_REQUESTS,
                Err(_) => true,
            };
            if again && tries < TRIES {
                tokio::time::sleep(Duration::from_millis(500 << tries)).await;
                continue;
            }
            return match answer {
                Ok(answer) if again => Err(failed(format!("it answered {} {TRIES} times", answer.status().as_u16()))),
                Ok(answer) => Ok(answer),
                Err(error) if error.is_timeout() => Err(failed("no answer in time")),
                Err(error) if error.is_connect() => Err(failed("no connection: see its address and its certificate")),
                Err(_) => Err(failed("the connection broke")),
            };
        }
    }

    /// The text of an answer, if it is good.
    async fn text(answer: Response) -> Result<String, BackupError> {
        let status = answer.status();
        let text = answer.text().await.map_err(|_| failed("the connection broke"))?;
        // Some answer 200 before they know.
        if status.is_success() && !text.contains("<Error>") {
            return Ok(text);
        }
        Err(refused(status, &text))
    }

    pub(crate) async fn put(&self, name: &str, from: &Path) -> Result<(), BackupError> {
        let (unreadable, key) = (BackupError::file(from), &self.key(name));
        let opened = fs::File::open(from).and_then(|file| Ok((file.metadata()?.len(), file)));
        let (size, mut file) = opened.map_err(unreadable)?;
        if size <= PART {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).map_err(BackupError::file(from))?;
            return Self::text(self.ask(Method::PUT, key, &[], &bytes).await?).await.map(|_| ());
        }
        let begun = Self::text(self.ask(Method::POST, key, &[("uploads", "")], &[]).await?).await?;
        let id = plain(element(&begun, "UploadId").ok_or_else(|| failed("it began no upload"))?);
        let put = self.put_parts(key, &id, &mut file, PART.max(size.div_ceil(MOST_PARTS))).await;
        if put.is_err() {
            // What was sent would lie there unseen, and be paid for.
            let _ = self.ask(Method::DELETE, key, &[("uploadId", &id)], &[]).await;
        }
        put
    }

    async fn put_parts(&self, key: &str, id: &str, file: &mut fs::File, size: u64) -> Result<(), BackupError> {
        let mut parts = String::new();
        for number in 1.. {
            let mut part = Vec::new();
            file.take(size)
                .read_to_end(&mut part)
                .map_err(|_| failed("what is to be sent cannot be read"))?;
            if part.is_empty() {
                break;
            }
            let number = number.to_string();
            let answer = self
                .ask(Method::PUT, key, &[("partNumber", &number), ("uploadId", id)], &part)
                .await?;
            let tag = answer.headers().get("etag").and_then(|tag| tag.to_str().ok()).map(str::to_owned);
            Self::text(answer).await?;
            let tag = tag.ok_or_else(|| failed("it named no part"))?;
            parts += &format!(
                "<Part><PartNumber>{number}</PartNumber><ETag>{}</ETag></Part>",
                tag.replace('"', "&quot;")
            );
        }
        let body = format!("<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">{parts}</CompleteMultipartUpload>");
        Self::text(self.ask(Method::POST, key, &[("uploadId", id)], body.as_bytes()).await?)
            .await
            .map(|_| ())
    }

    pub(crate) async fn list(&self) -> Result<Vec<Stored>, BackupError> {
        let (mut found, mut after) = (Vec::new(), None::<String>);
        loop {
            let prefix = &self.settings.prefix;
            let mut query = vec![("list-type", "2"), ("prefix", prefix.as_str())];
            if let Some(after) = &after {
                query.push(("continuation-token", after));
            }
            let page = Self::text(self.ask(Method::GET, "", &query, &[]).await?).await?;
            for one in page.split("<Contents>").skip(1) {
                let (key, size) = (element(one, "Key").map(plain), element(one, "Size"));
                let name = key.as_deref().and_then(|key| key.strip_prefix(prefix.as_str()));
                found.extend(name.and_then(|name| stored(name, size?.parse().ok()?)));
            }
            after = element(&page, "NextContinuationToken").map(plain);
            if after.is_none() || element(&page, "IsTruncated") != Some("true") {
                return Ok(found);
            }
        }
    }

    pub(crate) async fn remove(&self, name: &str) -> Result<(), BackupError> {
        Self::text(self.ask(Method::DELETE, &self.key(name), &[], &[]).await?)
            .await
            .map(|_| ())
    }

    /// `false` when there is none of this name.
    pub(crate) async fn get(&self, name: &str, to: &Path) -> Result<bool, BackupError> {
        let mut tries = 0;
        loop {
            tries += 1;
            let answer = self.ask(Method::GET, &self.key(name), &[], &[]).await?;
            if answer.status() == StatusCode::NOT_FOUND {
                return Ok(false);
            }
            if !answer.status().is_success() {
                return Err(Self::text(answer).await.err().unwrap_or_else(|| failed("it refused")));
            }
            match download(answer, to).await {
                Ok(()) => return Ok(true),
                Err(error) if tries == TRIES => return Err(error),
                Err(_) => {}
            }
        }
    }
}

fn refused(status: StatusCode, text: &str) -> BackupError {
    let code = element(text, "Code").unwrap_or_default();
    let code: String = code.chars().filter(char::is_ascii_alphanumeric).take(60).collect();
    failed(format!("it refused ({} {code})", status.as_u16()))
}

async fn download(mut answer: Response, to: &Path) -> Result<(), BackupError> {
    let _ = fs::remove_file(to);
    let mut file = new_file(to).map_err(BackupError::file(to))?;
    let told = answer.content_length();
    let mut got = 0;
    while let Some(part) = answer.chunk().await.map_err(|_| failed("the connection broke"))? {
        got += part.len() as u64;
        file.write_all(&part).map_err(BackupError::file(to))?;
    }
    if told.is_some_and(|told| told != got) {
        return Err(failed("the connection broke"));
    }
    Ok(())
}
