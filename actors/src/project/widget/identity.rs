//! The secret by which a project's website says who its visitors are.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use entities::{
    Millis,
    audit::{self, Act, Target},
    credential,
    credential::SealedCredential,
    projects,
    widget_identity::{self, WidgetIdentity},
};
use zeroize::Zeroizing;

use super::user_token::verify;
use crate::{
    audit::By,
    contain::Serve,
    fault::Fault,
    project::{ProjectActor, visitors::Person},
    request,
    vault::{
        SecretBytes,
        credentials::{OpenCredential, sealed_for},
    },
};

/// What is shown of it. The secret itself was shown once.
#[derive(Clone, Copy, Debug)]
pub struct IdentityView {
    pub since: Millis,
    /// Until when the secret before the present one is good too.
    pub previous_until: Option<Millis>,
}

impl IdentityView {
    pub(super) fn of(identity: &WidgetIdentity, now: Millis) -> Self {
        Self {
            since: identity.secret_at,
            previous_until: identity.previous.map(|(_, until)| until).filter(|until| *until > now),
        }
    }
}

/// A new secret, which nobody is told a second time.
pub struct NewIdentitySecret {
    pub identity: IdentityView,
    pub secret: SecretBytes,
}

/// Makes the first secret, or a new one: the one before it is good for another day, an older one ends now.
pub struct RotateIdentitySecret {
    pub by: By,
}
/// From now on nobody can say who a visitor is.
pub struct RemoveIdentity {
    pub by: By,
}

request! {
    RotateIdentitySecret => NewIdentitySecret, needs ManageProjects, exclusive;
    RemoveIdentity => (), needs ManageProjects, exclusive;
}

/// How long a replaced secret is good too: as long as what it signed last.
const BOTH_MS: Millis = 24 * 3_600_000;
const PREFIX: &str = "idsec_";

/// As it is given to whoever signs: the whole text, prefix included, is the key.
fn new_identity_secret() -> SecretBytes {
    let mut bytes = Zeroizing::new([0; 32]);
    rand::fill(&mut *bytes);
    let mut text = PREFIX.to_owned();
    BASE64_URL_SAFE_NO_PAD.encode_string(*bytes, &mut text);
    SecretBytes::new(text.into_bytes())
}

impl ProjectActor {
    /// Who the visitor is, by the token that their website signed.
    ///
    /// # Errors
    /// `IdentityNotSetUp` when the project has no secret, `UserTokenInvalid` with the reason.
    pub(in crate::project) async fn identify(&self, token: &str, public_key: &str) -> Result<Person, Fault> {
        let (project, now) = (self.id(), self.now());
        let identity = self.db().read(async |tx| widget_identity::find(tx, project).await).await?;
        let identity = identity.ok_or(Fault::IdentityNotSetUp)?;
        let previous = identity.previous.filter(|(_, until)| *until > now).map(|(id, _)| id);
        let mut secrets = Vec::with_capacity(2);
        for id in [Some(identity.secret), previous].into_iter().flatten() {
            match self.seed.vault.call(OpenCredential(id)).await? {
                Ok(secret) => secrets.push(secret),
                // Replaced or removed since it was looked up.
                Err(Fault::NotFound) => {}
                Err(fault) => return Err(fault),
            }
        }
        verify(token, &secrets, public_key, now).map_err(Fault::UserTokenInvalid)
    }
}

impl Serve<RotateIdentitySecret> for ProjectActor {
    async fn serve(&self, rotate: RotateIdentitySecret) -> Result<NewIdentitySecret, Fault> {
        let (id, now, secret) = (self.id(), self.now(), new_identity_secret());
        let store = async |sealed: SealedCredential| {
            let written = self.db().write_alone(async |tx| {
                let project = projects::find(tx, id).await?.ok_or(Fault::NotFound)?;
                let before = widget_identity::find(tx, id).await?;
                let new = credential::insert(tx, sealed, Some(id), now).await?;
                if let Some((oldest, _)) = before.and_then(|before| before.previous) {
                    credential::delete(tx, oldest).await?;
                }
                let identity = WidgetIdentity {
                    secret: new,
                    secret_at: now,
                    previous: before.map(|before| (before.secret, now + BOTH_MS)),
                };
                widget_identity::put(tx, id, identity).await?;
                let target = Target::of("project", id, project.name);
                audit::append(tx, rotate.by.did(Act::WidgetIdentityRotated, target, now)).await?;
                Ok::<_, Fault>(identity)
            });
            written.await
        };
        let identity = sealed_for(&self.seed.vault, &secret, store).await?;
        Ok(NewIdentitySecret {
            identity: IdentityView::of(&identity, now),
            secret,
        })
    }
}

impl Serve<RemoveIdentity> for ProjectActor {
    async fn serve(&self, remove: RemoveIdentity) -> Result<(), Fault> {
        let (id, now) = (self.id(), self.now());
        let removed = self.db().write_alone(async |tx| {
            let project = projects::find(tx, id).await?.ok_or(Fault::NotFound)?;
            let identity = widget_identity::find(tx, id).await?.ok_or(Fault::NotFound)?;
            widget_identity::delete(tx, id).await?;
            for secret in [Some(identity.secret), identity.previous.map(|(id, _)| id)].into_iter().flatten() {
                credential::delete(tx, secret).await?;
            }
            let target = Target::of("project", id, project.name);
            audit::append(tx, remove.by.did(Act::WidgetIdentityRemoved, target, now)).await?;
            Ok(())
        });
        removed.await
    }
}
