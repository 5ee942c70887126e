//! What the doors know. Handlers can hold a gate, but its fields are the doors' own.

use std::{
    collections::BTreeSet,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use actix_web::{
    HttpRequest,
    http::header::{HOST, HeaderMap},
    web::Data,
};
use actors::{
    Fault, Limits, Platform, Registry, SecretBytes, Standing,
    disclosure::Disclosure,
    identity::{
        Identity, SignUp,
        provider::{Provider, Providers},
    },
    integrations::slack::SlackApp,
    operators::Operations,
    sources::connect::Connections,
};
use url::Url;

use super::{Handshakes, Signing, proxies::Proxies};
use crate::error::Problem;

/// Tells a handler what is nobody's secret, and leads nowhere:
/// ```
/// async fn ready(gate: &pernoex::doors::Gate) -> bool {
///     gate.ready().await.is_ok()
/// }
/// ```
/// ```compile_fail,E0616
/// async fn another(gate: &pernoex::doors::Gate, tenant: actors::TenantId) {
///     let _ = gate.registry.tenant(tenant).await;
/// }
/// ```
/// ```compile_fail,E0616
/// fn people(gate: &pernoex::doors::Gate) {
///     let _ = &gate.identity;
/// }
/// ```
pub struct Gate {
    pub(super) registry: Arc<Registry>,
    pub(super) identity: Arc<Identity>,
    pub(super) providers: Arc<Providers>,
    pub(super) slack: Option<Arc<SlackApp>>,
    pub(super) sources: Option<Arc<Connections>>,
    /// Whether plans are sold here.
    sells_plans: bool,
    pub(super) limits: Arc<Limits>,
    pub(super) operations: Arc<Operations>,
    pub(super) disclosure: Arc<Disclosure>,
    pub(super) csrf_key: SecretBytes,
    /// Scheme, host and port that browsers see, when it is not what they ask for.
    pub(super) public_origin: Option<String>,
    pub(super) sign_up: SignUp,
    /// Whether nobody reaches a workspace, or the operators' pages, without a second factor.
    pub(super) demands_second_factor: bool,
    /// Whether letters leave by a mail server. Otherwise they are files in the data folder.
    has_mail_server: bool,
    pub(super) signing: Signing,
    /// Where the token goes of a subscription that is being set up at Notion; only while there is none.
    pub(super) handshakes: Option<Handshakes>,
    pub(super) proxies: Proxies,
    /// Settings that are missing, of which the log was told.
    missing: Mutex<BTreeSet<&'static str>>,
}

impl Gate {
    /// The gate that this server's doors share.
    pub(super) fn of(request: &HttpRequest) -> Result<Data<Self>, Problem> {
        let gate = request.app_data::<Data<Self>>().cloned();
        gate.ok_or(Problem::Fault(Fault::Internal("no gate")))
    }

    #[must_use]
    pub fn new(platform: &Platform, csrf_key: SecretBytes, public_url: Option<&Url>, (sign_up, has_mail_server): (SignUp, bool)) -> Self {
        Self {
            registry: platform.registry.clone(),
            identity: platform.identity.clone(),
            providers: platform.providers.clone(),
            slack: platform.slack.clone(),
            sources: platform.sources.clone(),
            sells_plans: platform.billing.is_some(),
            limits: platform.limits.clone(),
            operations: platform.operations.clone(),
            disclosure: platform.disclosure.clone(),
            csrf_key,
            public_origin: public_url.map(|url| url.origin().ascii_serialization()),
            sign_up,
            demands_second_factor: false,
            has_mail_server,
            signing: Signing::default(),
            handshakes: None,
            proxies: Proxies::default(),
            missing: Mutex::default(),
        }
    }

    /// With the secrets of those who send signed messages to this installation.
    #[must_use]
    pub fn with_signing(self, signing: Signing) -> Self {
        Self { signing, ..self }
    }

    /// With a place for the token of a subscription that is being set up at Notion.
    #[must_use]
    pub fn with_handshakes(self, handshakes: Option<Handshakes>) -> Self {
        Self { handshakes, ..self }
    }

    /// With a second factor asked of everybody, or of nobody but by their workspaces.
    #[must_use]
    pub fn demanding_second_factor(self, demanded: bool) -> Self {
        Self {
            demands_second_factor: demanded,
            ..self
        }
    }

    /// Whether who stands so is let into nothing but their own account, for want of a second factor.
    pub(super) fn bars(&self, standing: &Standing) -> bool {
        let barred = standing.barred_from.is_some_and(|from| from <= self.identity.now());
        barred || self.lacks_demanded_factor(standing)
    }

    /// Whether the installation demands a second factor, and who stands so has none.
    pub(super) fn lacks_demanded_factor(&self, standing: &Standing) -> bool {
        self.demands_second_factor && !standing.second_factor
    }

    /// With the proxies whose word is taken on who asks.
    #[must_use]
    pub fn with_proxies(self, proxies: Proxies) -> Self {
        Self { proxies, ..self }
    }

    /// Tells the log, the first time, that `setting` is missing for what somebody asks.
    pub(super) fn say_once(&self, setting: &'static str) {
        let mut told = self.missing.lock().unwrap_or_else(PoisonError::into_inner);
        if told.insert(setting) {
            tracing::warn!(setting, "signed messages come, and the setting to check them with is missing");
        }
    }

    /// Whether this request came by TLS: as the public address says of all, or else as a trusted proxy does of it. What a header says never
    /// makes less of the public address.
    #[must_use]
    pub fn is_https(&self, peer: Option<IpAddr>, headers: &HeaderMap) -> bool {
        let always = self.public_origin.as_ref().is_some_and(|origin| origin.starts_with("https://"));
        always || self.proxies.came_by_tls(peer, headers).unwrap_or(false)
    }

    /// Whether the database and the cache answer.
    ///
    /// # Errors
    /// `Storage` or `Cache` when one does not.
    pub async fn ready(&self) -> Result<(), Fault> {
        self.registry.ready().await
    }

    /// Whose accounts people may sign in with besides.
    pub fn sign_in_providers(&self) -> Vec<Provider> {
        self.providers.available().collect()
    }

    /// Whether there are plans; without them everything is unlimited.
    #[must_use]
    pub fn sells_plans(&self) -> bool {
        self.sells_plans
    }

    /// How letters leave, in a word.
    #[must_use]
    pub fn mail_leaves_by(&self) -> &'static str {
        if self.has_mail_server { "server" } else { "folder" }
    }

    /// Whether who invites is shown the link. It tells whoever holds it whether its address has an account: unless anybody can ask that
    /// anyway, it is for who reads the mail of the address.
    #[must_use]
    pub fn shows_invitation_links(&self) -> bool {
        self.sign_up == SignUp::Open
    }

    #[must_use]
    pub fn is_sign_up_open(&self) -> bool {
        self.sign_up != SignUp::Closed
    }

    /// The address of this server, as the browser of this request sees it.
    pub fn origin_for(&self, request: &actix_web::HttpRequest) -> String {
        // `Host` itself: anyone may send the headers with which proxies tell of another.
        let asked = || {
            let header = request.headers().get(HOST).and_then(|host| host.to_str().ok());
            let host = header.or_else(|| request.uri().authority().map(|authority| authority.as_str()));
            let peer = request.peer_addr().map(|peer| peer.ip());
            let scheme = if self.is_https(peer, request.headers()) { "https" } else { "http" };
            format!("{scheme}://{}", host.unwrap_or("localhost"))
        };
        self.public_origin.clone().unwrap_or_else(asked)
    }
}
