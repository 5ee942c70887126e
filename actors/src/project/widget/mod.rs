//! How a project's widget looks, and where it may stand.

pub mod identity;
pub mod logo;
mod look;
mod origins;
mod user_token;

use entities::{
    Millis,
    audit::{self, Act, Target},
    projects,
    projects::{HandOff, Look},
    widget_identity,
};
use serde_json::json;

pub use self::look::{AUTO, ChangeLook, LANGUAGES, USUAL_OFFSET, language};
pub(super) use self::origins::is_allowed;
use self::{identity::IdentityView, look::change_look, origins::parse_origins};
use super::ProjectActor;
use crate::{
    audit::By,
    contain::Serve,
    fault::Fault,
    identity::Email,
    request,
    tenant::{new_public_key, public_key_hash},
};

#[derive(Clone, Debug)]
pub struct WidgetSetup {
    pub public_key: String,
    pub key_created_at: Millis,
    pub allowed_origins: Vec<String>,
    pub look: Look,
    pub hand_off: Option<HandOff>,
    /// `None` while the website cannot say who its visitors are.
    pub identity: Option<IdentityView>,
}

/// Each field is left as it is when `None`.
#[derive(Clone, Debug)]
pub struct ChangeWidget {
    pub by: By,
    pub allowed_origins: Option<Vec<String>>,
    pub look: ChangeLook,
    /// Whether visitors can ask for a person, and the address that is told.
    pub hand_off: Option<(bool, Option<String>)>,
}

pub struct ShowWidget;
/// A new public key. The old one is dead when this returns.
pub struct RotatePublicKey {
    pub by: By,
}

request! {
    ShowWidget => WidgetSetup, needs Member;
    ChangeWidget => WidgetSetup, needs ManageProjects, exclusive;
    RotatePublicKey => WidgetSetup, needs ManageProjects, exclusive;
}

fn parse_hand_off(enabled: bool, email: Option<&str>) -> Result<Option<HandOff>, Fault> {
    if !enabled {
        return Ok(None);
    }
    let email = email.map(str::trim).filter(|text| !text.is_empty());
    let email = email.map(Email::parse).transpose().map_err(|fault| match fault {
        Fault::Invalid { code, reason, .. } => Fault::invalid(code, "hand_off.email", reason),
        other => other,
    })?;
    Ok(Some(HandOff {
        email: email.map(|email| email.as_str().to_owned()),
    }))
}

impl ProjectActor {
    /// The project's row, asked for each time: a changed list of origins bites with the next request, on every node.
    pub(super) async fn row(&self) -> Result<projects::Project, Fault> {
        let id = self.id();
        self.db()
            .read(async |tx| projects::find(tx, id).await)
            .await?
            .ok_or(Fault::NotFound)
    }

    async fn setup(&self) -> Result<WidgetSetup, Fault> {
        let id = self.id();
        let (project, identity) = self
            .db()
            .read(async |tx| Ok::<_, Fault>((projects::find(tx, id).await?, widget_identity::find(tx, id).await?)))
            .await?;
        let project = project.ok_or(Fault::NotFound)?;
        Ok(WidgetSetup {
            public_key: project.public_key,
            key_created_at: project.public_key_at,
            allowed_origins: project.allowed_origins,
            look: project.look,
            hand_off: project.hand_off,
            identity: identity.map(|identity| IdentityView::of(&identity, self.now())),
        })
    }
}

impl Serve<ShowWidget> for ProjectActor {
    async fn serve(&self, _: ShowWidget) -> Result<WidgetSetup, Fault> {
        self.setup().await
    }
}

impl Serve<ChangeWidget> for ProjectActor {
    async fn serve(&self, change: ChangeWidget) -> Result<WidgetSetup, Fault> {
        let id = self.id();
        let origins = change.allowed_origins.as_deref().map(parse_origins).transpose()?;
        let hand_off = change.hand_off.as_ref();
        let hand_off = hand_off
            .map(|(enabled, email)| parse_hand_off(*enabled, email.as_deref()))
            .transpose()?;
        let now = self.now();
        self.db()
            .write(async |tx| {
                let project = projects::find(tx, id).await?.ok_or(Fault::NotFound)?;
                let mut look = project.look;
                change_look(&mut look, &change.look)?;
                projects::set_look(tx, id, &look).await?;
                if let Some(origins) = &origins {
                    projects::set_origins(tx, id, origins).await?;
                }
                if let Some(hand_off) = &hand_off {
                    projects::set_hand_off(tx, id, hand_off.as_ref()).await?;
                }
                let target = Target::of("project", id, project.name);
                let details = json!({ "allowed_origins": origins, "hand_off": hand_off.as_ref().map(Option::is_some) });
                audit::append(tx, change.by.did_with(Act::WidgetChanged, target, now, details)).await?;
                Ok::<_, Fault>(())
            })
            .await?;
        self.setup().await
    }
}

impl Serve<RotatePublicKey> for ProjectActor {
    async fn serve(&self, RotatePublicKey { by }: RotatePublicKey) -> Result<WidgetSetup, Fault> {
        let (id, now, key) = (self.id(), self.now(), new_public_key());
        let hash = public_key_hash(&key);
        self.db()
            .write(async |tx| {
                let project = projects::find(tx, id).await?.ok_or(Fault::NotFound)?;
                if !projects::set_public_key(tx, id, &key, hash, now).await? {
                    return Err(Fault::NotFound);
                }
                let target = Target::of("project", id, project.name);
                audit::append(tx, by.did(Act::PublicKeyRotated, target, now)).await?;
                Ok(())
            })
            .await?;
        self.setup().await
    }
}
