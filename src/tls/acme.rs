//! A certificate that is ordered from an authority and renewed in time (RFC 8555, by HTTP-01 on the redirecting listener). For one node: the
//! authority's question reaches any of several, and only the one that ordered knows the answer.

use std::{
    fs, io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use actors::{Millis, clock::Clock};
use instant_acme::{
    Account, AccountCredentials, AuthorizationStatus, ChallengeType, Identifier, NewAccount, NewOrder, OrderStatus, RetryPolicy,
};
use serde::{Deserialize, Serialize};
use tokio::signal::unix::{SignalKind, signal};
use zeroize::Zeroizing;

use super::{
    certificate::{Certificate, Unusable},
    challenges::Challenges,
    served::Served,
};
use crate::{StartError, settings::AcmeSetting};

mod client;
mod kept;

use client::Client;
pub use kept::kept;
use kept::{ACCOUNT, CERTIFICATE, FAILURE, FOLDER, Failure, write};

/// Keeps the certificate of one name.
pub(super) struct Orders {
    setting: AcmeSetting,
    host: String,
    folder: PathBuf,
    served: Arc<Served>,
    challenges: Arc<Challenges>,
    clock: Clock,
    client: Client,
}

/// Our account at one directory.
#[derive(Deserialize, Serialize)]
struct Known {
    directory: String,
    credentials: AccountCredentials,
}

/// Why an order came to nothing.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error(transparent)]
    Acme(#[from] instant_acme::Error),
    #[error("the authority offers no proof over HTTP")]
    NoWay,
    #[error("the authority could not see on port 80 that the name leads here")]
    NotSeen,
    #[error("the authority gave no answer in time")]
    Late,
    #[error("what the authority gave is no use: {0}")]
    Unusable(#[from] Unusable),
    #[error("the data folder cannot be written to ({0})")]
    Folder(#[from] io::Error),
}

const HOUR: Millis = 3_600_000;
const WHOLE_ORDER: Duration = Duration::from_secs(300);

/// In the last third of a certificate's life, and not all at the same time.
fn due(not_before: Millis, not_after: Millis, dice: f64) -> Millis {
    let third = (not_after - not_before) / 3;
    not_after - third + part(third / 10, dice)
}

/// How long to wait after as many failures: authorities count them by the hour.
fn pause(failures: u32, dice: f64) -> Millis {
    let whole = (300_000_i64 << failures.saturating_sub(1).min(8)).min(6 * HOUR);
    whole - part(whole / 4, dice)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "a random part of some days"
)]
fn part(whole: Millis, dice: f64) -> Millis {
    (whole as f64 * dice) as Millis
}

impl Orders {
    /// Shows what an earlier run left.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub(super) fn new(
        setting: AcmeSetting,
        host: String,
        data: &Path,
        served: Arc<Served>,
        challenges: Arc<Challenges>,
        clock: Clock,
    ) -> Result<Self, StartError> {
        let folder = data.join(FOLDER);
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder);
        made.map_err(|source| StartError::DataFolder {
            path: folder.display().to_string(),
            source,
        })?;
        match kept(data).certificate {
            Some(Ok(certificate)) => served.show(certificate),
            Some(Err(unusable)) => tracing::warn!(%unusable, "the TLS certificate that was kept is no use: another is ordered"),
            None => tracing::info!("there is no TLS certificate yet: one is ordered, and until it is here no connection by TLS succeeds"),
        }
        Ok(Self {
            client: Client::new(setting.ca.as_deref()).map_err(StartError::Input)?,
            setting,
            host,
            folder,
            served,
            challenges,
            clock,
        })
    }

    fn next(&self) -> Millis {
        match self.served.current() {
            Some(current) if current.is_for(&self.host) => due(current.not_before, current.not_after, rand::random()),
            _ => self.clock.now(),
        }
    }

    /// Orders and renews until the task is ended. SIGHUP orders at once.
    pub(super) async fn keep(self) {
        let Ok(mut hangup) = signal(SignalKind::hangup()) else {
            tracing::error!("signals cannot be listened for: no TLS certificate is ordered");
            return;
        };
        let (mut next, mut failures) = (self.next(), 0);
        loop {
            // Looked at each hour besides: a machine that slept, or whose clock was set, does not miss its time.
            let left = (next - self.clock.now()).clamp(0, HOUR);
            let is_asked = tokio::select! {
                _ = hangup.recv() => true,
                () = tokio::time::sleep(Duration::from_millis(left.unsigned_abs())) => false,
            };
            if !is_asked && self.clock.now() < next {
                continue;
            }
            let ordered = tokio::time::timeout(WHOLE_ORDER, self.order()).await.unwrap_or(Err(Refused::Late));
            self.challenges.clear();
            next = match ordered {
                Ok(certificate) => {
                    failures = 0;
                    self.served.renew(Ok(certificate));
                    let _ = fs::remove_file(self.folder.join(FAILURE));
                    self.next()
                }
                Err(refused) => {
                    failures += 1;
                    self.failed(&refused);
                    self.clock.now() + pause(failures, rand::random())
                }
            };
        }
    }

    /// Says so: to the log, to the figures, and to `pernoex doctor`.
    fn failed(&self, refused: &Refused) {
        let reason: String = refused
            .to_string()
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .take(400)
            .collect();
        self.served.fail(&reason);
        let failure = Failure {
            at: self.clock.now(),
            reason,
        };
        let bytes = serde_json::to_vec(&failure).unwrap_or_default();
        if let Err(error) = write(&self.folder.join(FAILURE), &bytes) {
            tracing::warn!(%error, "that no certificate could be had cannot be written down");
        }
        if let Refused::Acme(instant_acme::Error::Api(problem)) = refused
            && problem.r#type.as_deref() == Some("urn:ietf:params:acme:error:accountDoesNotExist")
        {
            let _ = fs::remove_file(self.folder.join(ACCOUNT));
        }
    }

    async fn account(&self) -> Result<Account, Refused> {
        let path = self.folder.join(ACCOUNT);
        let builder = Account::builder_with_http(Box::new(self.client.clone()));
        let bytes = Zeroizing::new(fs::read(&path).unwrap_or_default());
        if let Ok(known) = serde_json::from_slice::<Known>(&bytes)
            && known.directory == self.setting.directory.as_str()
        {
            return Ok(builder.from_credentials(known.credentials).await?);
        }
        let contact = self.setting.contact.as_ref().map(|contact| format!("mailto:{contact}"));
        let contact: Vec<&str> = contact.as_deref().into_iter().collect();
        let wanted = NewAccount {
            contact: &contact,
            // A setting says so.
            terms_of_service_agreed: true,
            only_return_existing: false,
        };
        let (account, credentials) = builder.create(&wanted, self.setting.directory.to_string(), None).await?;
        let known = Known {
            directory: self.setting.directory.to_string(),
            credentials,
        };
        let bytes = Zeroizing::new(serde_json::to_vec(&known).unwrap_or_default());
        write(&path, &bytes)?;
        Ok(account)
    }

    async fn order(&self) -> Result<Certificate, Refused> {
        let account = self.account().await?;
        let names = [Identifier::Dns(self.host.clone())];
        let mut order = account.new_order(&NewOrder::new(&names)).await?;
        let mut authorizations = order.authorizations();
        while let Some(found) = authorizations.next().await {
            let mut authorization = found?;
            match authorization.status {
                AuthorizationStatus::Pending => {}
                AuthorizationStatus::Valid => continue,
                _ => return Err(Refused::NotSeen),
            }
            let mut challenge = authorization.challenge(ChallengeType::Http01).ok_or(Refused::NoWay)?;
            let answer = challenge.key_authorization().as_str().to_owned();
            self.challenges.put(challenge.token.clone(), answer);
            challenge.set_ready().await?;
        }
        let patience = RetryPolicy::new()
            .initial_delay(Duration::from_secs(1))
            .timeout(Duration::from_secs(120));
        if order.poll_ready(&patience).await? != OrderStatus::Ready {
            return Err(Refused::NotSeen);
        }
        let key = Zeroizing::new(order.finalize().await?);
        let chain = order.poll_certificate(&patience).await?;
        let both = Zeroizing::new(format!("{}\n{chain}", key.as_str()));
        // Beside the one that is kept, until it is known to be one.
        let path = self.folder.join("new.pem");
        write(&path, both.as_bytes())?;
        let certificate = Certificate::read(&path, &path)?.at(self.clock.now())?;
        fs::rename(&path, self.folder.join(CERTIFICATE))?;
        Ok(certificate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_renewed_in_the_last_third_of_its_life_and_not_by_everybody_at_once() {
        let days = |days: i64| days * 24 * HOUR;
        assert_eq!(due(0, days(90), 0.0), days(60));
        assert_eq!(due(0, days(90), 1.0), days(63));
        assert_eq!(due(0, days(6), 0.0), days(4));
    }

    #[test]
    fn failures_are_spread_so_that_an_authoritys_hourly_count_is_not_met() {
        let waits: Vec<Millis> = (1..=9).map(|failures| pause(failures, 0.0) / 60_000).collect();
        assert_eq!(waits, [5, 10, 20, 40, 80, 160, 320, 360, 360]);
        assert!((1..100).all(|failures| pause(failures, 1.0) >= 225_000));
        let within_an_hour = (1..).scan(0, |at, failures| {
            *at += pause(failures, 1.0);
            Some(*at)
        });
        assert!(within_an_hour.take_while(|at| *at < HOUR).count() < 5);
    }
}
