//! An OpenID Connect client for one provider: discovery, the address to send people to, and what comes back for their code.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use entities::Millis;
use openidconnect::{
    AdditionalClaims, AdditionalProviderMetadata, AuthType, AuthorizationCode, ClaimsVerificationError, Client as AnyClient, ClientId,
    ClientSecret, CsrfToken, EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest, IdToken, IdTokenClaims,
    IdTokenFields, IssuerUrl, JsonWebKeySet, Nonce, OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, ProviderMetadata,
    RedirectUrl, RefreshToken, RequestTokenError, RevocationUrl, Scope, SignatureVerificationError, StandardErrorResponse,
    StandardTokenResponse, TokenResponse,
    core::{
        CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreErrorResponseType,
        CoreGenderClaim, CoreGrantType, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm,
        CoreJwsSigningAlgorithm, CoreResponseMode, CoreResponseType, CoreRevocableToken, CoreRevocationErrorResponse,
        CoreSubjectIdentifierType, CoreTokenIntrospectionResponse, CoreTokenType,
    },
    http,
};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use url::Url;
use zeroize::Zeroizing;

use super::{
    apple::{self, AppleNotice, Expected, Refusal},
    http::Http,
    settings::{ClientSettings, Credential, Provider},
};
use crate::{clock::Clock, fault::Fault, token::random};

/// How long a discovery document serves, and for how much longer while the provider does not answer.
const FRESH_MS: Millis = 3_600_000;
const STALE_MS: Millis = 24 * 3_600_000;
/// Keys are asked for again at most this often: anyone can name a key that is not there.
const RENEW_MS: Millis = 10_000;

/// What else discovery may say.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
struct More {
    code_challenge_methods_supported: Option<Vec<String>>,
    authorization_response_iss_parameter_supported: Option<bool>,
    revocation_endpoint: Option<RevocationUrl>,
}
impl AdditionalProviderMetadata for More {}

/// What else an ID token may say.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
struct Extra {
    /// The organisation at Google that the account belongs to.
    hd: Option<String>,
    /// Seconds. Before that it is not valid.
    nbf: Option<f64>,
}
impl AdditionalClaims for Extra {}

type Metadata = ProviderMetadata<
    More,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;
type Fields = IdTokenFields<Extra, EmptyExtraTokenFields, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;
type Tokens = StandardTokenResponse<Fields, CoreTokenType>;
type Token = IdToken<Extra, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;
type Claims = IdTokenClaims<Extra, CoreGenderClaim>;
type OidcClient = AnyClient<
    Extra,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

struct Found {
    metadata: Metadata,
    at: Millis,
}

#[derive(Default)]
struct Cache {
    found: Option<Arc<Found>>,
    keys_renewed_at: Option<Millis>,
}

/// This installation, as one provider knows it.
pub(super) struct Client {
    settings: ClientSettings,
    issuer: IssuerUrl,
    redirect: RedirectUrl,
    http: Http,
    clock: Clock,
    /// Held while the provider is asked, so that it is asked once.
    cache: Mutex<Cache>,
}

/// What must be remembered until the person comes back.
pub(super) struct Started {
    pub url: String,
    pub nonce: String,
    pub pkce: Option<String>,
}

/// Who the provider says that somebody is.
pub(super) struct Person {
    pub subject: String,
    pub email: Option<String>,
    /// The provider checked that the address is theirs.
    pub email_verified: bool,
    /// The provider itself runs the mailbox, so that it is theirs today.
    pub email_hosted: bool,
    pub refresh_token: Option<Zeroizing<String>>,
    /// When they last proved themselves to it.
    pub auth_time: Option<Millis>,
}

impl Client {
    pub(super) fn new(settings: ClientSettings, base: &Url, clock: Clock) -> Result<Self, Fault> {
        let name = settings.provider.name();
        let redirect = base
            .join(&format!("/sign-in/{name}"))
            .map_err(|_| Fault::Internal("redirect address"))?;
        // Compared as text with what discovery says: without the slash that parsing adds to a bare host.
        let issuer = settings.issuer.as_str();
        let issuer = if settings.issuer.path() == "/" {
            issuer.trim_end_matches('/')
        } else {
            issuer
        };
        Ok(Self {
            issuer: IssuerUrl::new(issuer.to_owned()).map_err(|_| Fault::Internal("issuer address"))?,
            redirect: RedirectUrl::from_url(redirect),
            http: Http::to(&settings.issuer)?,
            settings,
            clock,
            cache: Mutex::default(),
        })
    }

    pub(super) fn provider(&self) -> Provider {
        self.settings.provider
    }

    async fn discovered(&self) -> Result<Arc<Found>, Fault> {
        let mut cache = self.cache.lock().await;
        let now = self.clock.now();
        if let Some(found) = cache.found.as_ref().filter(|found| now - found.at < FRESH_MS) {
            return Ok(found.clone());
        }
        let send = |request: HttpRequest| self.http.send(request);
        match Metadata::discover_async(self.issuer.clone(), &send).await {
            Ok(metadata) => {
                let found = Arc::new(Found { metadata, at: now });
                cache.found = Some(found.clone());
                Ok(found)
            }
            Err(error) => {
                tracing::warn!(provider = self.provider().name(), reason = %brief(&error), "a sign-in provider cannot be discovered");
                let old = cache.found.as_ref().filter(|found| now - found.at < FRESH_MS + STALE_MS);
                old.cloned().ok_or(Fault::ProviderUnavailable)
            }
        }
    }

    /// Asks for the provider's keys again, unless that was done a moment ago.
    async fn renewed(&self) -> Result<Arc<Found>, Fault> {
        let found = self.discovered().await?;
        let mut cache = self.cache.lock().await;
        let now = self.clock.now();
        if cache.keys_renewed_at.is_some_and(|at| now - at < RENEW_MS) {
            return Ok(cache.found.clone().unwrap_or(found));
        }
        // Before the answer: whoever sends unknown key ids makes us ask no more often when it fails.
        cache.keys_renewed_at = Some(now);
        let send = |request: HttpRequest| self.http.send(request);
        let keys = JsonWebKeySet::fetch_async(found.metadata.jwks_uri(), &send)
            .await
            .map_err(|_| Fault::ProviderUnavailable)?;
        let metadata = found.metadata.clone().set_jwks(keys);
        let found = Arc::new(Found { metadata, at: found.at });
        cache.found = Some(found.clone());
        Ok(found)
    }

    fn secret(&self) -> Zeroizing<String> {
        match &self.settings.credential {
            Credential::Secret(secret) => secret.clone(),
            Credential::Apple { team, key_id, key } => {
                let (client_id, audience) = (&self.settings.client_id, self.issuer.as_str());
                apple::client_secret(team, key_id, key, client_id, audience, self.clock.now())
            }
        }
    }

    fn client(&self, found: &Found) -> OidcClient {
        let id = ClientId::new(self.settings.client_id.clone());
        let secret = ClientSecret::new(self.secret().to_string());
        OidcClient::from_provider_metadata(found.metadata.clone(), id, Some(secret))
            .set_redirect_uri(self.redirect.clone())
            .set_auth_type(AuthType::RequestBody)
    }

    /// Where to send somebody who comes back with `state`; `fresh` asks that they prove themselves there anew, and that it is said when.
    pub(super) async fn start(&self, state: &str, fresh: bool) -> Result<Started, Fault> {
        let found = self.discovered().await?;
        let client = self.client(&found);
        let (state, nonce) = (state.to_owned(), Nonce::new(random().to_string()));
        let (stated, given) = (state.clone(), nonce.clone());
        let mut request = client.authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            move || CsrfToken::new(stated),
            move || given,
        );
        request = request.add_scope(Scope::new("email".into()));
        let mut pkce = None;
        let methods = found.metadata.additional_metadata().code_challenge_methods_supported.as_ref();
        let takes_pkce = methods.is_some_and(|methods| methods.iter().any(|method| method == "S256"));
        if self.provider() == Provider::Google || takes_pkce {
            let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
            request = request.set_pkce_challenge(challenge);
            pkce = Some(verifier.into_secret());
        }
        if fresh {
            request = request.set_max_age(Duration::ZERO);
        }
        request = match self.provider() {
            Provider::Google => request.add_extra_param("prompt", "select_account"),
            // Apple refuses a scope without it.
            Provider::Apple => request.add_extra_param("response_mode", "form_post"),
        };
        let (url, ..) = request.url();
        Ok(Started {
            url: url.into(),
            nonce: nonce.secret().clone(),
            pkce,
        })
    }

    /// Whether an answer that names `issuer` as its sender can be this provider's (RFC 9207).
    pub(super) async fn sent(&self, issuer: Option<&str>) -> Result<bool, Fault> {
        Ok(match issuer {
            Some(issuer) => issuer == self.issuer.as_str(),
            None => {
                let found = self.discovered().await?;
                let always = found.metadata.additional_metadata().authorization_response_iss_parameter_supported;
                always != Some(true)
            }
        })
    }

    /// Gives the code for who it stands for.
    pub(super) async fn exchange(&self, code: String, nonce: String, pkce: Option<String>) -> Result<Person, Fault> {
        let found = self.discovered().await?;
        let client = self.client(&found);
        let request = client.exchange_code(AuthorizationCode::new(code));
        let mut request = request.map_err(|_| Fault::ProviderUnavailable)?;
        if let Some(verifier) = pkce {
            request = request.set_pkce_verifier(PkceCodeVerifier::new(verifier));
        }
        let send = |request: HttpRequest| self.http.send(request);
        let tokens = request.request_async(&send).await.map_err(|error| {
            // What the provider says besides its code may quote what it was sent.
            let (fault, reason) = match error {
                RequestTokenError::ServerResponse(said) => (Fault::ProviderRefused, said.error().to_string()),
                RequestTokenError::Request(error) => (Fault::ProviderUnavailable, error.to_string()),
                RequestTokenError::Parse(..) | RequestTokenError::Other(_) => (Fault::ProviderUnavailable, "an unreadable answer".into()),
            };
            tracing::warn!(provider = self.provider().name(), %reason, "a code could not be exchanged");
            fault
        })?;
        let token = tokens.id_token().ok_or(Fault::ProviderRefused)?;
        let claims = self.verified(&found, token, &Nonce::new(nonce)).await?;
        Ok(self.person(&claims, tokens.refresh_token()))
    }

    fn person(&self, claims: &Claims, refresh_token: Option<&RefreshToken>) -> Person {
        let email = claims.email().map(|email| email.as_str().to_owned());
        let verified = claims.email_verified() == Some(true) && email.is_some();
        let hosted = match self.provider() {
            Provider::Google => {
                let own = email.as_ref().is_some_and(|email| email.to_lowercase().ends_with("@gmail.com"));
                own || claims.additional_claims().hd.is_some()
            }
            Provider::Apple => email.as_ref().is_some_and(|email| {
                let email = email.to_lowercase();
                ["@privaterelay.appleid.com", "@icloud.com"].iter().any(|end| email.ends_with(end))
            }),
        };
        Person {
            subject: claims.subject().to_string(),
            email,
            email_verified: verified,
            email_hosted: verified && hosted,
            auth_time: claims.auth_time().map(|at| at.timestamp_millis()),
            // Kept for nothing but its end: Google's are not asked for.
            refresh_token: refresh_token
                .filter(|_| self.provider() == Provider::Apple)
                .map(|token| Zeroizing::new(token.secret().clone())),
        }
    }

    async fn verified(&self, found: &Found, token: &Token, nonce: &Nonce) -> Result<Claims, Fault> {
        let unknown_key = SignatureVerificationError::NoMatchingKey;
        let claims = match self.claims(found, token, nonce) {
            // The keys may have changed since they were asked for.
            Err(ClaimsVerificationError::SignatureVerification(reason)) if reason == unknown_key => {
                let found = self.renewed().await?;
                self.claims(&found, token, nonce)
            }
            claims => claims,
        };
        claims.map_err(|error| {
            tracing::warn!(provider = self.provider().name(), reason = %brief(&error), "an ID token is refused");
            Fault::ProviderRefused
        })
    }

    fn claims(&self, found: &Found, token: &Token, nonce: &Nonce) -> Result<Claims, ClaimsVerificationError> {
        let now = self.clock.now();
        let time = move || DateTime::<Utc>::from_timestamp_millis(now).unwrap_or_default();
        let client = self.client(found);
        let verifier = client
            .id_token_verifier()
            .set_allowed_algs([
                CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
                CoreJwsSigningAlgorithm::EcdsaP256Sha256,
            ])
            .set_time_fn(time);
        let claims = token.claims(&verifier, nonce)?;
        if claims
            .authorized_party()
            .is_some_and(|party| party.as_str() != self.settings.client_id)
        {
            return Err(ClaimsVerificationError::InvalidAudience("issued to another client".into()));
        }
        if !has_begun(claims.additional_claims().nbf, now) {
            return Err(ClaimsVerificationError::Other("not valid yet".into()));
        }
        Ok(claims.clone())
    }

    /// Verifies a notice of the provider's servers.
    pub(super) async fn notice(&self, payload: &str) -> Result<AppleNotice, Fault> {
        let read = |found: &Found| {
            let expected = Expected {
                keys: found.metadata.jwks(),
                issuer: self.issuer.as_str(),
                client_id: &self.settings.client_id,
                now: self.clock.now(),
            };
            apple::read(payload, &expected)
        };
        let outcome = match read(&*self.discovered().await?) {
            Err(Refusal::UnknownKey) => read(&*self.renewed().await?),
            outcome => outcome,
        };
        outcome.map_err(|_| Fault::SignatureInvalid)
    }

    /// Ends a grant by its refresh token. A token that the provider does not know any more is ended already, and answered with 200.
    pub(super) async fn revoke(&self, token: &str) -> Result<(), Fault> {
        let found = self.discovered().await?;
        let Some(address) = found.metadata.additional_metadata().revocation_endpoint.clone() else {
            return Ok(());
        };
        // By hand: the library refuses loopback addresses here, and nowhere else.
        let form = Zeroizing::new(
            url::form_urlencoded::Serializer::new(String::new())
                .append_pair("client_id", &self.settings.client_id)
                .append_pair("client_secret", &self.secret())
                .append_pair("token", token)
                .append_pair("token_type_hint", "refresh_token")
                .finish(),
        );
        let request = http::Request::post(address.as_str())
            .header(http::header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form.as_bytes().to_vec());
        let request = request.map_err(|_| Fault::Internal("revocation address"))?;
        match self.http.send(request).await {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(_) | Err(_) => Err(Fault::ProviderUnavailable),
        }
    }
}

/// How far a provider's clock may be ahead.
const AHEAD_MS: f64 = 60_000.0;

/// Whether a token that is not valid before `nbf` (seconds) is at `now`.
pub(super) fn has_begun(nbf: Option<f64>, now: Millis) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds are exact for 285 000 years")]
    let now = now as f64;
    nbf.is_none_or(|nbf| nbf * 1000.0 <= now + AHEAD_MS)
}

/// The kind of an error, without what it quotes.
fn brief(error: &impl std::fmt::Debug) -> String {
    let text = format!("{error:?}");
    text.chars().take_while(|c| c.is_alphanumeric()).collect()
}
