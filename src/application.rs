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
use actors::{
    Fault, Keeper, KeyError, KmsSettings, Location, MasterKeys, Platform, PlatformError, PlatformSettings, RingPlace, RingSettings,
    clock::Clock,
};
use migration::{ApplicationRole, MigrationError};
use tracing_actix_web::TracingLogger;
use url::Url;

use crate::{
    data_folder::{self, Claim},
    doors::{self, Gate},
    error::Problem,
    finish::every_response,
    metrics::{self, HttpMetrics},
    openapi, routes,
    settings::{DatabaseSettings, NAMES, ProviderSettings, SettingError, Settings},
    telemetry::RequestSpan,
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
    #[error("{0}")]
    Input(&'static str),
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
    platform: Platform,
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

/// How long the key service may take.
const KMS_TIMEOUT: Duration = Duration::from_secs(10);

/// Opens or makes the master key. Tells whether it was made just now.
///
/// # Errors
/// When it cannot be read, made or used.
pub fn master_keys(settings: &Settings) -> Result<(MasterKeys, bool), StartError> {
    let kms = settings.kms_command.as_ref().map(|command| KmsSettings {
        command: command.clone(),
        hidden: NAMES.iter().map(|name| (*name).to_owned()).collect(),
        timeout: KMS_TIMEOUT,
    });
    if let Some(text) = &settings.master_key {
        let given = MasterKeys::given(text.expose(), kms).map_err(StartError::MasterKeySetting)?;
        return Ok((given, false));
    }
    let folder = &settings.data;
    let unusable = |source| StartError::DataFolder {
        path: folder.display().to_string(),
        source,
    };
    std::fs::create_dir_all(folder).map_err(unusable)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)).map_err(unusable)?;
    }
    let path = folder.join("master.key");
    // A new key beside an old database would lock its rows away: stop before that looks like an empty installation.
    if kms.is_none() && !path.exists() && folder.join(DATABASE_FILE).exists() {
        let reason = format!(
            "is missing, but {} is there: put master.key back",
            folder.join(DATABASE_FILE).display()
        );
        return Err(SettingError::new(&path.display().to_string(), reason).into());
    }
    Ok(MasterKeys::load_or_create(&path, kms)?)
}

const DATABASE_FILE: &str = "pernoex.db";

/// Where the rows are, as the server itself reaches them.
///
/// # Errors
/// When the key of the embedded database cannot be opened.
pub async fn location(settings: &Settings, masters: &MasterKeys) -> Result<Location, StartError> {
    Ok(match &settings.database {
        DatabaseSettings::Embedded => {
            let path = settings.data.join(DATABASE_FILE);
            let key = actors::database_key(&path, masters).await?;
            Location::Embedded { path, key }
        }
        DatabaseSettings::Postgres { url, connections, .. } => Location::Postgres {
            url: url.expose().to_owned(),
            connections: *connections,
        },
    })
}

/// Where the shares of keys are, and how long those of replaced keys stay.
///
/// # Errors
/// When a folder is named that is not there: made anew it would be an empty one, and nothing would open.
pub fn key_ring(settings: &Settings) -> Result<RingSettings, StartError> {
    let place = match (&settings.key_ring, &settings.database) {
        (Some(folder), _) if folder.is_dir() => RingPlace::Folder(folder.clone()),
        (Some(_), _) => {
            let reason = "names no folder: mount it, or make it for a new installation";
            return Err(SettingError::new("PERNOEX_KEY_RING", reason).into());
        }
        (None, DatabaseSettings::Embedded) => RingPlace::Folder(settings.data.join("keyring")),
        (None, DatabaseSettings::Postgres { .. }) => RingPlace::Database,
    };
    Ok(RingSettings {
        place,
        retention: settings.key_retention,
    })
}

/// Brings the tables up to date, if this process may.
///
/// # Errors
/// When it may and cannot.
pub async fn migrate(settings: &Settings, location: &Location) -> Result<(), StartError> {
    match &settings.database {
        DatabaseSettings::Embedded => {
            std::fs::create_dir_all(&settings.data).map_err(|source| StartError::DataFolder {
                path: settings.data.display().to_string(),
                source,
            })?;
            migration::run(location, None).await?;
        }
        DatabaseSettings::Postgres { migration_url: None, .. } => {}
        DatabaseSettings::Postgres {
            url,
            migration_url: Some(migration_url),
            ..
        } => {
            let privileged = Location::Postgres {
                url: migration_url.expose().to_owned(),
                connections: 2,
            };
            let role = Url::parse(url.expose()).map_err(|_| SettingError::new("DATABASE_URL", "is not a valid address"))?;
            let plain = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
            let role = ApplicationRole {
                name: plain(role.username()),
                password: plain(role.password().unwrap_or_default()),
            };
            migration::run(&privileged, Some(&role))
                .await
                .map_err(StartError::MigrationSetting)?;
        }
    }
    Ok(())
}

/// Where links in mails lead to. A setting, or the address that is listened on: whatever a request says of the host's name, anyone may
/// have written, and a link with a token in it must not lead to them.
fn own_origin(settings: &Settings, listens: SocketAddr) -> String {
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
    Ok(PlatformSettings {
        location,
        ring: key_ring(settings)?,
        redis_url: settings.redis_url.as_ref().map(|url| url.expose().to_owned()),
        bcrypt_cost: settings.bcrypt_cost,
        documents: settings.documents.clone(),
        language_model: settings.language_model.as_ref().map(crate::settings::ModelSettings::for_actors),
        limit_factor: settings.limit_factor,
        idle: settings.idle,
        invitation: settings.invitation,
        public_url: settings.public_url.clone(),
        sessions: settings.sessions,
        second_thoughts: settings.second_thoughts,
        mail: settings.mail.for_actors(own_origin(settings, listens), settings.data.join("mail")),
        providers: ProviderSettings::for_actors(settings, listens)?,
        clock,
    })
}

/// Names the setting that leads to what did not answer.
fn not_started(settings: &Settings, error: PlatformError) -> StartError {
    match error {
        PlatformError::Fault(fault @ Fault::Cache) => StartError::PlatformSetting("REDIS_URL", fault),
        PlatformError::Fault(fault) if matches!(settings.database, DatabaseSettings::Postgres { .. }) => {
            StartError::PlatformSetting("DATABASE_URL", fault)
        }
        error => error.into(),
    }
}

/// Completes when the process is asked to stop, by a terminal or by whatever runs it: both let finish what was begun.
async fn asked_to_stop() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate())) else {
            return std::future::pending().await;
        };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    {
        let _ = tokio::signal::ctrl_c().await;
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
    /// Opens everything that the settings name and begins to listen. Must be called inside an actix system.
    ///
    /// # Errors
    /// The first thing that stands in the way.
    pub async fn start(settings: &Settings, clock: Clock) -> Result<Self, StartError> {
        // Fails only when it was installed before.
        let _ = rustls::crypto::ring::default_provider().install_default();
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
        let started = Platform::start(masters, platform_settings(settings, location, clock, address)?).await;
        let platform = started.map_err(|error| not_started(settings, error))?;
        let engine = platform.engine.clone();
        actix_web::rt::spawn(async move {
            if let Err(fault) = engine.warm_up().await {
                tracing::error!(%fault, "the embedding model cannot be loaded");
            }
        });
        let http = Data::new(HttpMetrics::default());
        let metrics = match for_metrics {
            Some((listener, address)) => Some((address, metrics::serve(listener, &platform.operations, &http)?)),
            None => None,
        };
        let server = serve(&platform, settings, &platform.keeper, listener, http)?;
        Ok(Self {
            address,
            server,
            metrics,
            platform,
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
        let metrics = self.metrics.map(|(_, server)| {
            let handle = server.handle();
            actix_web::rt::spawn(server);
            handle
        });
        let outcome = self.server.await;
        if let Some(metrics) = metrics {
            metrics.stop(false).await;
        }
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
    keeper: &Keeper,
    listener: TcpListener,
    http: Data<HttpMetrics>,
) -> Result<actix_web::dev::Server, StartError> {
    let gate = Data::new(Gate::new(
        platform,
        keeper.csrf_key(),
        settings.public_url.as_ref(),
        settings.sign_up,
    ));
    let described = Data::new(openapi::document(&routes::api()));
    let (cookie_key, registry, sessions) = (Arc::new(keeper.cookie_key()), platform.registry.clone(), settings.sessions);
    let upload = usize::try_from(settings.documents.file_bytes)
        .unwrap_or(usize::MAX)
        .saturating_mul(4);
    let server = HttpServer::new(move || {
        let routes = routes::api();
        App::new()
            .app_data(gate.clone())
            .app_data(described.clone())
            .app_data(http.clone())
            .app_data(json_config())
            .app_data(PayloadConfig::new(upload))
            .app_data(PathConfig::default().error_handler(|_, _| Problem::Fault(Fault::NotFound).into()))
            .app_data(
                QueryConfig::default().error_handler(|_, _| Problem::InvalidBody("A query parameter is not of its type.".into()).into()),
            )
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
        .shutdown_signal(asked_to_stop())
        .listen(listener)?;
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
    .default_service(web::to(page_or_nothing));
}

async fn ready(gate: Data<Gate>) -> Result<HttpResponse, Problem> {
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
