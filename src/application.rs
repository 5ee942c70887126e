//! From settings to a running server, and back.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use actix_web::{
    App, HttpResponse, HttpServer,
    dev::ServerHandle,
    error::JsonPayloadError,
    http::header::{ACCEPT, CONTENT_TYPE},
    middleware::{Compress, from_fn},
    web::{self, Data, JsonConfig, PathConfig, PayloadConfig, QueryConfig},
};
use actors::{Fault, KeyError, Location, Platform, PlatformError, PlatformSettings, clock::Clock, disclosure::security_txt};
use migration::MigrationError;
use tracing_actix_web::TracingLogger;

use crate::{
    body::{self, Patience},
    claims::{Given, Latest, Watch, outside},
    data_folder::{self, Claim},
    doors::{self, Gate, Handshakes, Signing},
    error::Problem,
    finish::every_response,
    installation::{key_ring, location, master_keys, migrate},
    metrics::{self, HttpMetrics},
    openapi,
    routes::{self, trust::Shown},
    settings::{
        BackupSetting, DatabaseSettings, GIVE_TLS, ProviderSettings, SettingError, Settings, SlackSetting, SourcesSetting, StripeSetting,
    },
    stream,
    telemetry::RequestSpan,
    tls::{self, Served, Tls},
};

/// Why the server does not start: one line, with the way to mend it.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Setting(#[from] SettingError),
    #[error("the keys: {0}")]
    Keys(#[from] KeyError),
    #[error("the data folder {path} cannot be used ({source}): make it writable, or set PERNOEX_DATA")]
    DataFolder { path: String, source: io::Error },
    #[error("{address} cannot be listened on ({source}): stop what uses it, or set {setting}")]
    Listen {
        address: SocketAddr,
        setting: &'static str,
        source: io::Error,
    },
    #[error("the data folder {path} is used by another pernoex: stop that one, or set PERNOEX_DATA to a folder of its own")]
    FolderInUse { path: String },
    #[error("the database: {0}")]
    Migration(#[from] MigrationError),
    #[error("MIGRATION_DATABASE_URL: {0}")]
    MigrationSetting(MigrationError),
    #[error("the database: {0}")]
    Platform(Fault),
    /// Of PostgreSQL or Redis: names the setting that leads there.
    #[error("{0}: {1}")]
    PlatformSetting(&'static str, Fault),
    #[error("PERNOEX_MASTER_KEY: {0}")]
    MasterKeySetting(KeyError),
    #[error("the backup: {0}")]
    Backup(#[from] actors::backup::BackupError),
    #[error("{0}")]
    Input(&'static str),
    #[error("not well: {0}")]
    Unwell(String),
    #[error("no account has the address {email}: sign up first")]
    NoAccount { email: String },
    #[error("the server stopped: {0}")]
    Server(#[from] io::Error),
}

/// A server that listens.
pub struct Application {
    address: SocketAddr,
    server: actix_web::dev::Server,
    metrics: Option<(SocketAddr, actix_web::dev::Server)>,
    tls: Option<(Option<SocketAddr>, Tls)>,
    platform: Platform,
    claims: Watch,
    first_run: bool,
    _claim: Option<Claim>,
}

impl From<PlatformError> for StartError {
    fn from(error: PlatformError) -> Self {
        match error {
            PlatformError::Keys(error) => Self::Keys(error),
            PlatformError::Fault(fault) => Self::Platform(fault),
        }
    }
}

/// Where links in mails lead to. A setting, or the address that is listened on: whatever a request says of the host's name, anyone may
/// have written, and a link with a token in it must not lead to them.
pub(crate) fn own_origin(settings: &Settings, listens: SocketAddr) -> String {
    match &settings.public_url {
        Some(url) => url.origin().ascii_serialization(),
        // Browsers take `localhost` for safe without TLS.
        None if listens.ip().is_loopback() || listens.ip().is_unspecified() => format!("http://localhost:{}", listens.port()),
        None => format!("http://{listens}"),
    }
}

/// What the actors need of the settings.
///
/// # Errors
/// As [`key_ring`].
pub fn platform_settings(
    settings: &Settings,
    location: Location,
    clock: Clock,
    listens: SocketAddr,
) -> Result<PlatformSettings, StartError> {
    let backups = match settings.backup.every_hours {
        Some(_) => Some(BackupSetting::for_actors(settings, settings.backup.place(None)?, &location)?),
        None => None,
    };
    Ok(PlatformSettings {
        backups,
        backups_in: settings.backup.place_id(),
        location,
        ring: key_ring(settings)?,
        redis: settings.redis.as_ref().map(crate::settings::RedisSetting::for_actors),
        bcrypt_cost: settings.bcrypt_cost,
        code_life: settings.code_life,
        documents: settings.documents.clone(),
        language_model: settings.language_model.as_ref().map(crate::settings::ModelSettings::for_actors),
        embeddings: settings.embeddings.for_actors(),
        limit_factor: settings.limit_factor,
        idle: settings.idle,
        invitation: settings.invitation,
        public_url: settings.public_url.clone(),
        sessions: settings.sessions,
        second_thoughts: settings.second_thoughts,
        mail: settings.mail.for_actors(own_origin(settings, listens), settings.data.join("mail")),
        providers: ProviderSettings::for_actors(settings, listens)?,
        slack: SlackSetting::for_actors(settings, listens)?,
        sources: Some(SourcesSetting::for_actors(settings, listens)?),
        allow_private: settings.allow_private.clone(),
        billing: StripeSetting::for_actors(settings, listens)?,
        disclosure: settings.disclosure.clone(),
        clock,
    })
}

/// Names the setting that leads to what did not answer.
fn not_started(settings: &Settings, error: PlatformError) -> StartError {
    match error {
        PlatformError::Fault(fault @ Fault::Cache(_)) => StartError::PlatformSetting("REDIS_URL", fault),
        PlatformError::Fault(fault) if matches!(settings.database, DatabaseSettings::Postgres { .. }) => {
            StartError::PlatformSetting("DATABASE_URL", fault)
        }
        error => error.into(),
    }
}

/// Completes when nothing more is to be taken on: `drain` after the signal to stop, so that a balancer sees `/readyz` refuse before connections
/// are. A second signal cuts that short.
async fn asked_to_stop(drain: Duration) {
    stream::asked_to_stop().await;
    if !drain.is_zero() {
        tracing::info!(
            seconds = drain.as_secs(),
            "asked to stop: /readyz says so, and what still comes is answered"
        );
        tokio::select! {
            () = tokio::time::sleep(drain) => {}
            () = stream::signalled() => {}
        }
    }
    tracing::info!("asked to stop: finishing what was begun");
}

fn json_config() -> JsonConfig {
    JsonConfig::default().limit(256 * 1024).error_handler(|error, _| {
        let problem = match error {
            JsonPayloadError::Overflow { .. } | JsonPayloadError::OverflowKnownLength { .. } => Problem::TooLarge,
            JsonPayloadError::ContentType => Problem::InvalidBody("Send JSON, with the header Content-Type: application/json.".into()),
            // serde names the field and the place, and repeats a value only if it is of the wrong type.
            JsonPayloadError::Deserialize(error) => Problem::InvalidBody(format!(
                "The JSON does not have the shape that this takes (line {}, column {}).",
                error.line(),
                error.column()
            )),
            _ => Problem::InvalidBody("The body could not be read.".into()),
        };
        problem.into()
    })
}

impl Application {
    /// Opens everything that the settings name and begins to listen. Must be called inside an actix system,
    /// and after the process has chosen a provider of cryptography for TLS.
    ///
    /// # Errors
    /// The first thing that stands in the way.
    pub async fn start(settings: &Settings, clock: Clock) -> Result<Self, StartError> {
        let claim = data_folder::claim(settings)?;
        let (masters, first_run) = master_keys(settings)?;
        let location = location(settings, &masters).await?;
        migrate(settings, &location).await?;
        // Before anything runs that would have to be stopped again.
        let (listener, address) = bind(settings.listen, "PERNOEX_LISTEN")?;
        let for_metrics = settings
            .metrics_listen
            .map(|wanted| bind(wanted, "PERNOEX_METRICS_LISTEN"))
            .transpose()?;
        let redirect = settings.tls.as_ref().and_then(|tls| tls.redirect);
        let redirect = redirect.map(|wanted| bind(wanted, "PERNOEX_REDIRECT_LISTEN")).transpose()?;
        let tls = match &settings.tls {
            Some(setting) => {
                let (listener, redirect) = redirect.unzip();
                let origin = own_origin(settings, address);
                Some((redirect, Tls::start(setting, origin, &settings.data, &clock, listener)?))
            }
            None => None,
        };
        if let Some(why) = &settings.unverified_tls {
            tracing::warn!(why, "TLS to a store does not prove who answers");
        }
        if let Some(url) = settings.in_the_clear() {
            tracing::warn!(
                mend = GIVE_TLS,
                "PERNOEX_PUBLIC_URL is {url}: browsers come without TLS, and keep no session there"
            );
        }
        let given = Given::of(settings, Some(&location));
        let started = Platform::start(masters, platform_settings(settings, location, clock.clone(), address)?).await;
        let platform = started.map_err(|error| not_started(settings, error))?;
        let engine = platform.engine.clone();
        actix_web::rt::spawn(async move {
            if let Err(fault) = engine.warm_up().await {
                tracing::error!(%fault, "the embedding model cannot be loaded");
            }
        });
        let http = Data::new(HttpMetrics::default());
        let served = tls.as_ref().map(|(_, tls)| tls.served.clone());
        let metrics = match for_metrics {
            Some((listener, address)) => Some((
                address,
                metrics::serve(listener, &platform.operations, &http, &settings.data, served.clone())?,
            )),
            None => None,
        };
        let latest = Arc::<Latest>::default();
        let shown = Shown(settings.trust_page.then(|| (latest.clone(), clock.clone())));
        let server = serve(&platform, settings, shown, (listener, served), http)?;
        let own = settings
            .public_url
            .clone()
            .and_then(|url| outside::Target::new(url, None, None).ok());
        let given = given.signed_by(platform.keeper.audit_public_key());
        let claims = Watch::start(given, own, latest, clock);
        Ok(Self {
            address,
            server,
            metrics,
            tls,
            platform,
            claims,
            first_run,
            _claim: claim,
        })
    }

    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the figures are, if they are served.
    #[must_use]
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics.as_ref().map(|(address, _)| *address)
    }

    /// Where those who come without TLS are sent on, if they are.
    #[must_use]
    pub fn redirect_address(&self) -> Option<SocketAddr> {
        self.tls.as_ref().and_then(|(redirect, _)| *redirect)
    }

    #[must_use]
    pub fn is_first_run(&self) -> bool {
        self.first_run
    }

    #[must_use]
    pub fn handle(&self) -> ServerHandle {
        self.server.handle()
    }

    /// Serves until it is told to stop, by a signal or through the handle: then finishes what it took on.
    ///
    /// # Errors
    /// When the server fails.
    pub async fn run(self) -> Result<(), StartError> {
        if self.tls.is_none() {
            actix_web::rt::spawn(stream::outlive_hangups());
        }
        let metrics = self.metrics.map(|(_, server)| {
            let handle = server.handle();
            actix_web::rt::spawn(server);
            handle
        });
        let outcome = self.server.await;
        if let Some((_, tls)) = self.tls {
            tls.stop().await;
        }
        if let Some(metrics) = metrics {
            metrics.stop(false).await;
        }
        self.claims.stop().await;
        self.platform.stop().await;
        Ok(outcome?)
    }
}

fn bind(address: SocketAddr, setting: &'static str) -> Result<(TcpListener, SocketAddr), StartError> {
    let busy = |source| StartError::Listen { address, setting, source };
    let listener = TcpListener::bind(address).map_err(busy)?;
    let address = listener.local_addr().map_err(busy)?;
    Ok((listener, address))
}

fn serve(
    platform: &Platform,
    settings: &Settings,
    shown: Shown,
    (listener, tls): (TcpListener, Option<Arc<Served>>),
    http: Data<HttpMetrics>,
) -> Result<actix_web::dev::Server, StartError> {
    let keeper = &platform.keeper;
    let enrolment = (settings.sign_up, settings.mail.smtp.is_some());
    let gate = Gate::new(platform, keeper.csrf_key(), settings.public_url.as_ref(), enrolment);
    let gate = gate.demanding_second_factor(settings.second_factor_required);
    let gate = gate.with_proxies(settings.trusted_proxies.clone());
    let gate = gate.with_signing(Signing {
        slack: settings.slack.as_ref().map(SlackSetting::keys).unwrap_or_default(),
        stripe: settings.stripe.as_ref().map(StripeSetting::keys).unwrap_or_default(),
        github: settings.sources.github_keys(),
        notion: settings.sources.notion_keys(),
    });
    let handshakes = settings.sources.awaits_notion_token().then(|| Handshakes::below(&settings.data));
    let gate = Data::new(gate.with_handshakes(handshakes));
    let described = Data::new(openapi::document(&routes::api()));
    let (cookie_key, registry, sessions) = (Arc::new(keeper.cookie_key()), platform.registry.clone(), settings.sessions);
    let upload = usize::try_from(settings.documents.file_bytes)
        .unwrap_or(usize::MAX)
        .saturating_mul(4);
    let patience = Data::new(Patience(settings.body));
    let streams = Data::new(stream::Open::default());
    let shown = Data::new(shown);
    let server = HttpServer::new(move || {
        let routes = routes::api();
        App::new()
            .app_data(gate.clone())
            .app_data(described.clone())
            .app_data(http.clone())
            .app_data(patience.clone())
            .app_data(streams.clone())
            .app_data(shown.clone())
            .app_data(json_config())
            .app_data(PayloadConfig::new(upload))
            .app_data(PathConfig::default().error_handler(|_, _| Problem::Fault(Fault::NotFound).into()))
            .app_data(
                QueryConfig::default().error_handler(|_, _| Problem::InvalidBody("A query parameter is not of its type.".into()).into()),
            )
            .wrap(from_fn(body::in_time))
            .wrap(from_fn(every_response))
            .wrap(TracingLogger::<RequestSpan>::new())
            .wrap(from_fn(metrics::count))
            .service(
                web::scope("/api/v1")
                    .wrap(doors::cookies(registry.clone(), &cookie_key, sessions))
                    .configure(|scope| routes::mount(&routes, "/api/v1", scope)),
            )
            .service(
                web::scope("/operator/api")
                    .wrap(doors::cookies(registry.clone(), &cookie_key, sessions))
                    .configure(|scope| routes::mount(&routes, "/operator/api", scope)),
            )
            .configure(|app| routes::mount(&routes, "", app))
            .configure(outside_api)
    });
    let server = server
        .workers(std::thread::available_parallelism().map_or(2, usize::from))
        // Or an event that follows another waits 40 ms for the acknowledgement of the first.
        .tcp_nodelay(true)
        .client_request_timeout(Duration::from_secs(10))
        .shutdown_timeout(20)
        .shutdown_signal(asked_to_stop(settings.drain));
    let server = match tls {
        Some(served) => server.listen_rustls_0_23(listener, tls::server_config(served)?)?,
        None => server.listen(listener)?,
    };
    Ok(server.run())
}

/// What needs no session and changes nothing.
fn outside_api(app: &mut web::ServiceConfig) {
    app.route(
        "/healthz",
        web::get().to(async || HttpResponse::Ok().json(serde_json::json!({ "status": "alive" }))),
    )
    .route("/readyz", web::get().to(ready))
    .route(
        "/api/openapi.json",
        web::get().to(async |described: Data<utoipa::openapi::OpenApi>| HttpResponse::Ok().json(&*described)),
    )
    .service(
        web::scope("/assets")
            .wrap(Compress::default())
            .route("/dashboard/{path:.*}", web::get().to(routes::assets::dashboard_file)),
    )
    .service(
        web::resource("/widget.js")
            .wrap(Compress::default())
            .route(web::get().to(routes::assets::widget_script)),
    )
    .service(
        web::resource("/widget/languages/{language}.json")
            .wrap(Compress::default())
            .route(web::get().to(routes::assets::widget_language)),
    )
    .route(security_txt::PATH, web::get().to(routes::disclosure::public::security_txt))
    .route("/trust", web::get().to(routes::trust::page))
    .route(security_txt::KEY_PATH, web::get().to(routes::disclosure::public::key))
    .default_service(web::to(page_or_nothing));
}

async fn ready(gate: Data<Gate>) -> Result<HttpResponse, Problem> {
    if stream::is_stopping() {
        return Err(Problem::Fault(Fault::Unavailable));
    }
    gate.ready().await?;
    Ok(HttpResponse::Ok().json(serde_json::json!({ "status": "ready" })))
}

/// A person who follows an address gets the dashboard; a program that asks for something else learns that it is not there.
async fn page_or_nothing(request: actix_web::HttpRequest) -> Result<HttpResponse, Problem> {
    let wants_page = request
        .headers()
        .get(ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    let is_page = !request.path().starts_with("/api/")
        && !request.path().starts_with("/operator/api/")
        && !request.headers().contains_key(CONTENT_TYPE);
    if request.method() == actix_web::http::Method::GET && wants_page && is_page {
        return routes::assets::dashboard_page(request).await;
    }
    Err(Problem::Fault(Fault::NotFound))
}
