//! Taking in what providers of knowledge tell by themselves.

use std::{
    fs, io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web};
use actors::{
    Fault, Rule,
    sources::{Told, notion::read_handshake},
    webhooks::{Notion, Rejection, Verified},
};
use sha2::{Digest, Sha256};
use std::{future::Future, pin::Pin};

use super::{
    Gate,
    proxies::address_of,
    webhook::{Webhook, read_body, refuse, store},
};
use crate::error::Problem;

/// Where the token is put with which a subscription is verified at Notion, below the data folder.
const FILE: &str = "notion-webhook-token";

/// What comes to the address for Notion's events.
pub enum FromNotion {
    Event(Verified<Notion>),
    /// The token of a subscription that is being set up. Nothing proves it: who sets it up hands it to Notion, which knows it or not.
    Handshake,
}

/// Keeps the token of a subscription that is being set up, for whoever runs the installation, until it is a setting.
pub struct Handshakes(PathBuf);

impl Handshakes {
    #[must_use]
    pub fn below(data: &Path) -> Self {
        Self(data.join(FILE))
    }

    /// In a file of the server's user alone: it is the secret of all that Notion will send. `AlreadyExists` when one is there: anyone may
    /// send a token, and none takes the place of another.
    fn keep(&self, token: &str) -> io::Result<()> {
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&self.0)?;
        let written = io::Write::write_all(&mut file, token.as_bytes());
        if written.is_err() {
            // Half a token is none, and would keep the next one out.
            let _ = fs::remove_file(&self.0);
        }
        written
    }
}

/// By which a token is told from another, and not found out.
fn fingerprint(token: &str) -> String {
    let hash = Sha256::digest(token.as_bytes());
    hash.iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

async fn shake(gate: web::Data<Gate>, request: &HttpRequest, payload: &mut Payload) -> Result<FromNotion, Problem> {
    let body = read_body(request, payload, "notion").await?;
    let Some(token) = read_handshake(&body) else {
        return Err(refuse(request, "notion", Rejection::MissingHeader));
    };
    // Nothing proves it, so that what is written is counted as what is refused.
    gate.limits.check(Rule::WEBHOOK_REFUSED, &address_of(request)).await?;
    let fingerprint = fingerprint(&token);
    let kept = web::block(move || match &gate.handshakes {
        Some(handshakes) => handshakes.keep(&token).map(|()| handshakes.0.clone()),
        None => Err(io::ErrorKind::NotFound.into()),
    });
    match kept.await {
        Ok(Ok(path)) => {
            tracing::warn!(path = %path.display(), %fingerprint, "the token of a Notion webhook subscription came: it is in this file");
            Ok(FromNotion::Handshake)
        }
        Ok(Err(error)) if error.kind() == io::ErrorKind::AlreadyExists => Err(refuse(request, "notion", Rejection::MissingHeader)),
        Ok(Err(error)) => {
            tracing::error!(%error, "the token that Notion sent could not be written down");
            Err(Fault::Unavailable.into())
        }
        Err(_) => Err(Fault::Unavailable.into()),
    }
}

impl FromRequest for FromNotion {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let gate = Gate::of(&request)?;
            // Only while there is no token yet: from then on everything is signed.
            let unsigned = !request.headers().contains_key("x-notion-signature");
            if unsigned && gate.handshakes.is_some() {
                return shake(gate, &request, &mut payload).await;
            }
            let Webhook(message) = Webhook::<Notion>::from_request(&request, &mut payload).await?;
            Ok(Self::Event(message))
        })
    }
}

/// Stores what a provider told for each tenant that reads with the account it is about. What is for nobody here is acknowledged and forgotten.
///
/// # Errors
/// When it cannot be stored, so that the provider sends it again.
pub async fn hear_told(gate: &Gate, told: Told, hash: String) -> Result<(), Problem> {
    let Told::Event {
        kind,
        holders,
        id,
        payload,
    } = told
    else {
        return Ok(());
    };
    let external_id = id.unwrap_or(hash);
    for tenant in gate.registry.by_source_holders(kind, &holders).await? {
        store(
            gate.registry.tenant(tenant).await,
            kind.as_str(),
            external_id.clone(),
            payload.clone(),
        )
        .await?;
    }
    Ok(())
}
