//! TLS that ends in this server: one certificate, which is replaced while connections go on.

mod acme;
mod certificate;
mod challenges;
mod files;
mod probe;
mod redirect;
mod served;

use std::{net::TcpListener, path::Path, sync::Arc};

use actix_web::dev::{Server, ServerHandle};
use actors::clock::Clock;
use rustls::{
    ServerConfig,
    crypto::ring,
    version::{TLS12, TLS13},
};
use tokio::task::JoinHandle;

pub use acme::kept;
pub use certificate::{Certificate, Unusable};
pub use files::Files;
pub use probe::{shown, speak};
pub use served::Served;

use crate::{
    StartError,
    settings::{CertificateSetting, SettingError, TlsSetting},
};
use challenges::Challenges;

/// What of TLS runs beside the server itself.
pub struct Tls {
    pub served: Arc<Served>,
    keeper: JoinHandle<()>,
    redirect: Option<ServerHandle>,
}

impl Tls {
    /// Reads the certificate, or begins to order one, and sends on whoever comes to `redirect` without TLS. Must be called inside an actix
    /// system.
    ///
    /// # Errors
    /// When the files hold no certificate that can be shown.
    pub fn start(
        setting: &TlsSetting,
        origin: String,
        data: &Path,
        clock: &Clock,
        redirect: Option<TcpListener>,
    ) -> Result<Self, StartError> {
        let served = Arc::new(Served::new(setting.host.clone(), clock.clone()));
        let challenges = Arc::new(Challenges::default());
        let keeper = match &setting.certificate {
            CertificateSetting::Files { certificate, key } => {
                let files = Files::new(certificate.clone(), key.clone());
                // From before the files are read: what changes meanwhile is read again.
                let mark = files.mark();
                let first = files
                    .read()
                    .map_err(|unusable| SettingError::new("PERNOEX_TLS_CERTIFICATE_FILE", unusable.to_string()))?;
                served.show(first);
                actix_web::rt::spawn(files::watch(files, mark, served.clone()))
            }
            CertificateSetting::Acme(acme) => {
                let orders = acme::Orders::new(
                    acme.clone(),
                    setting.host.clone(),
                    data,
                    served.clone(),
                    challenges.clone(),
                    clock.clone(),
                )?;
                actix_web::rt::spawn(orders.keep())
            }
        };
        let redirect = redirect.map(|listener| redirect::serve(listener, origin, challenges)).transpose()?;
        Ok(Self {
            served,
            keeper,
            redirect: redirect.map(run),
        })
    }

    pub async fn stop(self) {
        self.keeper.abort();
        if let Some(redirect) = self.redirect {
            redirect.stop(false).await;
        }
    }
}

fn run(server: Server) -> ServerHandle {
    let handle = server.handle();
    actix_web::rt::spawn(server);
    handle
}

/// TLS 1.3, or else 1.2 with forward secrecy and authenticated encryption: rustls has nothing that is weaker. Early data, which could be
/// replayed, is not taken.
///
/// # Errors
/// When the library has no such protocol.
pub fn server_config(served: Arc<Served>) -> Result<ServerConfig, StartError> {
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let versions = builder.with_protocol_versions(&[&TLS13, &TLS12]);
    let builder = versions.map_err(|_| StartError::Input("TLS cannot be set up here"))?;
    Ok(builder.with_no_client_auth().with_cert_resolver(served))
}
