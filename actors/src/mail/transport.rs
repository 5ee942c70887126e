//! How a letter leaves: over SMTP, or as a file that whoever runs the server can read.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use entities::why_unreached;
use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{
        Mailbox, MultiPart,
        header::{Header, HeaderName, HeaderValue},
    },
    transport::smtp::{
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
    },
};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::letter::Written;
use crate::fault::Fault;

pub struct MailSettings {
    /// Scheme, host and port that links lead to.
    pub origin: String,
    /// Such as `Pernoex <no-reply@example.com>`.
    pub from: String,
    pub delivery: Delivery,
}

/// Of letters that never leave this machine.
pub const DEFAULT_SENDER: &str = "Pernoex <pernoex@localhost>";

/// Whether letters can be sent from `text`.
#[must_use]
pub fn is_sender(text: &str) -> bool {
    text.parse::<Mailbox>().is_ok()
}

pub enum Delivery {
    Smtp(Smtp),
    /// One `.eml` file a letter.
    Folder(PathBuf),
}

pub struct Smtp {
    pub host: String,
    pub port: u16,
    pub security: Security,
    pub credentials: Option<(String, Zeroizing<String>)>,
    /// Whose certificates are taken besides those of the public authorities: PEM.
    pub ca: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    Tls,
    /// Begins in the clear, and goes on only if TLS can be had.
    StartTls,
    /// Within this machine only.
    Plain,
}

/// Why a letter did not leave. Names no address.
#[derive(Debug)]
pub(super) struct Undelivered {
    pub reason: String,
    /// Trying again is no use.
    pub for_good: bool,
}

impl Undelivered {
    fn for_good(reason: &str) -> Self {
        Self {
            reason: reason.into(),
            for_good: true,
        }
    }
}

impl From<lettre::transport::smtp::Error> for Undelivered {
    /// What a mail server says of its own accord often repeats the address: only its code is kept.
    fn from(error: lettre::transport::smtp::Error) -> Self {
        let kind = match error.status() {
            Some(code) => format!("the mail server answered {code}"),
            None if error.is_tls() => "no secure connection to the mail server".into(),
            None if error.is_timeout() => "the mail server did not answer in time".into(),
            None if error.is_client() => {
                "the mail server lacks what is asked of it (TLS, a way to sign in, or addresses beyond ASCII)".into()
            }
            None => match why_unreached(&error) {
                Some(why) => format!("the mail server could not be reached ({why})"),
                None => "the mail server could not be reached or understood".into(),
            },
        };
        Self {
            for_good: error.is_permanent(),
            reason: kind,
        }
    }
}

/// That a program wrote it (RFC 3834): other programs do not answer it, so that no two write to each other for ever.
#[derive(Clone)]
struct Automatic;

impl Header for Automatic {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".into())
    }
}

pub(super) struct Transport {
    from: Mailbox,
    way: Way,
}

enum Way {
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    Folder(PathBuf),
}

/// A mail server that takes longer is tried again later.
const TIMEOUT: Duration = Duration::from_secs(30);

impl Transport {
    /// # Errors
    /// When the sender is no address, or TLS cannot be set up.
    pub(super) fn new(from: &str, delivery: Delivery) -> Result<Self, Fault> {
        let from = from.parse().map_err(|_| Fault::Internal("PERNOEX_MAIL_FROM is no address"))?;
        let way = match delivery {
            Delivery::Folder(folder) => Way::Folder(folder),
            Delivery::Smtp(smtp) => Way::Smtp(connect(smtp)?),
        };
        Ok(Self { from, way })
    }

    pub(super) async fn send(&self, id: Uuid, to: &str, letter: Written) -> Result<(), Undelivered> {
        // An address object, not text: nothing in it can begin another header.
        let to: Address = to.parse().map_err(|_| Undelivered::for_good("the address cannot be mailed to"))?;
        let domain = self.from.email.domain().to_owned();
        // One that cannot be a header is in the text all the same.
        let reply_to = letter.reply_to.and_then(|text| text.parse::<Address>().ok());
        let mut builder = Message::builder();
        if let Some(reply_to) = reply_to {
            builder = builder.reply_to(Mailbox::new(None, reply_to));
        }
        let message = builder
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(letter.subject)
            .message_id(Some(format!("<{id}@{domain}>")))
            .date_now()
            .header(Automatic)
            .multipart(MultiPart::alternative_plain_html(letter.text, letter.html))
            .map_err(|_| Undelivered::for_good("the mail cannot be put together"))?;
        match &self.way {
            Way::Smtp(smtp) => {
                smtp.send(message).await?;
            }
            Way::Folder(folder) => {
                let path = folder.join(format!("{id}.eml"));
                write(folder, &path, &message.formatted()).map_err(|error| Undelivered {
                    reason: format!("the file could not be written ({})", error.kind()),
                    for_good: false,
                })?;
                tracing::info!(path = %path.display(), "no mail server is set: a mail was written to a file");
            }
        }
        Ok(())
    }
}

fn authorities(pem: &str) -> Result<Vec<Certificate>, Fault> {
    let found = CertificateDer::pem_slice_iter(pem.as_bytes()).map(|one| Certificate::from_der(one.ok()?.to_vec()).ok());
    let found: Option<Vec<_>> = found.collect();
    found.ok_or(Fault::Internal("PERNOEX_SMTP_CA is no PEM"))
}

fn connect(smtp: Smtp) -> Result<AsyncSmtpTransport<Tokio1Executor>, Fault> {
    let parameters = || {
        let mut builder = TlsParameters::builder(smtp.host.clone());
        for ca in authorities(smtp.ca.as_deref().unwrap_or_default())? {
            builder = builder.add_root_certificate(ca);
        }
        builder.build().map_err(|_| Fault::Internal("TLS to the mail server"))
    };
    let tls = match smtp.security {
        Security::Tls => Tls::Wrapper(parameters()?),
        Security::StartTls => Tls::Required(parameters()?),
        Security::Plain => Tls::None,
    };
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(smtp.host)
        .port(smtp.port)
        .tls(tls)
        .timeout(Some(TIMEOUT));
    if let Some((user, password)) = smtp.credentials {
        builder = builder.credentials(Credentials::new(user, password.to_string()));
    }
    Ok(builder.build())
}

/// Connects, proves who we are, and leaves: no letter goes.
///
/// # Errors
/// Why not. Names no address.
pub(crate) async fn try_out(smtp: Smtp) -> Result<(), String> {
    let transport = connect(smtp).map_err(|fault| fault.to_string())?;
    match transport.test_connection().await {
        Ok(true) => Ok(()),
        Ok(false) => Err("the mail server does not answer as one".into()),
        Err(error) => Err(Undelivered::from(error).reason),
    }
}

/// For whoever runs the server, and nobody else: it holds a link that opens an account. Appears whole or not at all.
fn write(folder: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))?;
        options.mode(0o600);
    }
    let unfinished = path.with_extension("part");
    let mut file = options.open(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(unfinished, path)
}
