//! How mail leaves, and who may sign up, which depends on it.

use actors::{
    identity::SignUp,
    mail::{DEFAULT_SENDER, Delivery, MailSettings, Security, Smtp, is_sender},
};
use url::Url;

use super::{Secret, SettingError, Source, authorities};

#[derive(Debug)]
pub struct MailSetting {
    /// Without, letters become files in the data folder.
    pub smtp: Option<SmtpSetting>,
    pub from: String,
}

#[derive(Debug)]
pub struct SmtpSetting {
    pub host: String,
    pub port: u16,
    pub security: Security,
    pub credentials: Option<(String, Secret)>,
    /// Whose certificates are taken besides those of the public authorities: PEM.
    pub ca: Option<String>,
}

impl SmtpSetting {
    /// The form that the actors take.
    #[must_use]
    pub fn for_actors(&self) -> Smtp {
        Smtp {
            host: self.host.clone(),
            port: self.port,
            security: self.security,
            credentials: self.credentials.as_ref().map(|(user, password)| (user.clone(), password.0.clone())),
            ca: self.ca.clone(),
        }
    }
}

impl MailSetting {
    /// The form that the actors take. Links lead to `origin`.
    #[must_use]
    pub fn for_actors(&self, origin: String, folder: std::path::PathBuf) -> MailSettings {
        let delivery = match &self.smtp {
            None => Delivery::Folder(folder),
            Some(smtp) => Delivery::Smtp(smtp.for_actors()),
        };
        MailSettings {
            origin,
            from: self.from.clone(),
            delivery,
        }
    }
}

pub(super) fn sign_up(source: &Source) -> Result<SignUp, SettingError> {
    match source.text("PERNOEX_SIGN_UP") {
        // Without a mail server too, whose letters are files: what an installation tells of its people must be chosen, not forgotten.
        None | Some("verified") => Ok(SignUp::Verified),
        Some("open") => Ok(SignUp::Open),
        Some("closed") => Ok(SignUp::Closed),
        Some(_) => Err(SettingError::new("PERNOEX_SIGN_UP", "must be open, verified or closed")),
    }
}

pub(super) fn mail(source: &Source) -> Result<MailSetting, SettingError> {
    let sender = "PERNOEX_MAIL_FROM";
    let from = source.text(sender);
    if from.is_some_and(|from| !is_sender(from)) {
        return Err(SettingError::new(
            sender,
            "must be an e-mail address, or a name and one such as Support <support@example.com>",
        ));
    }
    let mut smtp = source.text("PERNOEX_SMTP_URL").map(smtp).transpose()?;
    let authority = "PERNOEX_SMTP_CA";
    if let Some(ca) = authorities::read(source, authority)? {
        match &mut smtp {
            None => return Err(authorities::unused(authority, "PERNOEX_SMTP_URL is not")),
            Some(smtp) if smtp.security == Security::Plain => {
                return Err(authorities::unused(authority, "mail to this machine goes without TLS"));
            }
            Some(smtp) => smtp.ca = Some(ca),
        }
    }
    if smtp.is_some() {
        if from.is_none() {
            return Err(SettingError::new(sender, "is missing: mail needs a sender"));
        }
        if source.text("PERNOEX_PUBLIC_URL").is_none() {
            return Err(SettingError::new(
                "PERNOEX_PUBLIC_URL",
                "is missing: the links in mails lead there, and what a browser says of the server's name is not to be trusted",
            ));
        }
    }
    Ok(MailSetting {
        smtp,
        from: from.unwrap_or(DEFAULT_SENDER).to_owned(),
    })
}

fn smtp(text: &str) -> Result<SmtpSetting, SettingError> {
    let refuse = || {
        SettingError::new(
            "PERNOEX_SMTP_URL",
            "must be smtps://user:password@host (TLS) or smtp://user:password@host (STARTTLS), with a port if it is another",
        )
    };
    let url = Url::parse(text).map_err(|_| refuse())?;
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(refuse)?;
    let plain = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
        return Err(refuse());
    }
    let (security, port) = match url.scheme() {
        "smtps" => (Security::Tls, 465),
        // Within the machine nobody listens in.
        "smtp" if matches!(host, "localhost" | "127.0.0.1" | "[::1]") => (Security::Plain, 25),
        "smtp" => (Security::StartTls, 587),
        _ => return Err(refuse()),
    };
    let password = url.password().map(|password| Secret::of(&plain(password)));
    let credentials = match (url.username(), password) {
        ("", None) => None,
        (user, Some(password)) if !user.is_empty() => Some((plain(user), password)),
        _ => return Err(refuse()),
    };
    Ok(SmtpSetting {
        host: host.trim_matches(['[', ']']).to_owned(),
        port: url.port().unwrap_or(port),
        security,
        credentials,
        ca: None,
    })
}
