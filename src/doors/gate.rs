//! What the doors know. Handlers can hold a gate, but its fields are the doors' own.

use std::sync::Arc;

use actix_web::{HttpRequest, http::header::HOST, web::Data};
use actors::{
    Fault, Limits, Platform, Registry, SecretBytes,
    identity::{
        Identity, SignUp,
        provider::{Provider, Providers},
    },
    operators::Operations,
};
use url::Url;

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
    pub(super) limits: Arc<Limits>,
    pub(super) operations: Arc<Operations>,
    pub(super) csrf_key: SecretBytes,
    /// Scheme, host and port that browsers see, when it is not what they ask for.
    pub(super) public_origin: Option<String>,
    pub(super) sign_up: SignUp,
}

impl Gate {
    /// The gate that this server's doors share.
    pub(super) fn of(request: &HttpRequest) -> Result<Data<Self>, Problem> {
        let gate = request.app_data::<Data<Self>>().cloned();
        gate.ok_or(Problem::Fault(Fault::Internal("no gate")))
    }

    #[must_use]
    pub fn new(platform: &Platform, csrf_key: SecretBytes, public_url: Option<&Url>, sign_up: SignUp) -> Self {
        Self {
            registry: platform.registry.clone(),
            identity: platform.identity.clone(),
            providers: platform.providers.clone(),
            limits: platform.limits.clone(),
            operations: platform.operations.clone(),
            csrf_key,
            public_origin: public_url.map(|url| url.origin().ascii_serialization()),
            sign_up,
        }
    }

    /// Whether browsers come here by TLS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.public_origin.as_ref().is_some_and(|origin| origin.starts_with("https://"))
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
            format!("http://{}", host.unwrap_or("localhost"))
        };
        self.public_origin.clone().unwrap_or_else(asked)
    }
}
