//! The widget's set-up, and what a visitor gets of it.

use std::collections::BTreeMap;

use actors::{
    Colors, ConversationId, HandOff, Look,
    project::{
        visitors::{Person, Visit},
        widget::{
            AUTO, ChangeLook, USUAL_OFFSET, WidgetSetup,
            identity::{IdentityView as Identity, NewIdentitySecret},
        },
    },
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::time;

/// On light pages, or on dark ones. Each `#rrggbb`, or `null` for the usual.
#[derive(Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WidgetColors {
    /// Instead of `color`.
    pub accent: Option<String>,
    pub background: Option<String>,
    pub text: Option<String>,
}

impl From<Colors> for WidgetColors {
    fn from(colors: Colors) -> Self {
        Self {
            accent: colors.accent,
            background: colors.background,
            text: colors.text,
        }
    }
}

impl From<WidgetColors> for Colors {
    fn from(colors: WidgetColors) -> Self {
        Self {
            accent: colors.accent,
            background: colors.background,
            text: colors.text,
        }
    }
}

/// How the widget presents itself.
#[derive(Serialize, ToSchema)]
pub struct WidgetLook {
    pub title: String,
    pub greeting: String,
    pub color: String,
    /// `right` or `left` at the foot of the page, `top-right` or `top-left` at its head.
    pub position: String,
    pub suggestions: Vec<String>,
    pub light: WidgetColors,
    pub dark: WidgetColors,
    /// `auto`, `light` or `dark`.
    pub scheme: String,
    /// Pixels from the page's edges.
    pub offset_x: u16,
    pub offset_y: u16,
    /// Beside the round button's picture.
    pub launcher: String,
    /// `auto`, or a language such as `pt`.
    pub language: String,
    /// Names the contents of the logo, if there is one.
    pub logo: Option<String>,
}

impl From<Look> for WidgetLook {
    fn from(look: Look) -> Self {
        Self {
            title: look.title,
            greeting: look.greeting,
            color: look.color,
            position: look.position,
            suggestions: look.suggestions,
            light: look.light.into(),
            dark: look.dark.into(),
            scheme: look.scheme.unwrap_or_else(|| AUTO.into()),
            offset_x: look.offset_x.unwrap_or(USUAL_OFFSET),
            offset_y: look.offset_y.unwrap_or(USUAL_OFFSET),
            launcher: look.launcher,
            language: look.language.unwrap_or_else(|| AUTO.into()),
            logo: look.logo,
        }
    }
}

/// Whether visitors can ask for a person.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HandOffSetting {
    pub enabled: bool,
    /// Whom it is mailed to, besides what webhooks are told.
    pub email: Option<String>,
}

impl From<Option<HandOff>> for HandOffSetting {
    fn from(hand_off: Option<HandOff>) -> Self {
        Self {
            enabled: hand_off.is_some(),
            email: hand_off.and_then(|hand_off| hand_off.email),
        }
    }
}

/// By what the website says who its visitors are.
#[derive(Serialize, ToSchema)]
pub struct WidgetIdentity {
    pub since: DateTime<Utc>,
    /// Until when the secret before the present one is good too.
    pub previous_until: Option<DateTime<Utc>>,
}

impl From<Identity> for WidgetIdentity {
    fn from(identity: Identity) -> Self {
        Self {
            since: time(identity.since),
            previous_until: identity.previous_until.map(time),
        }
    }
}

/// Shown once.
#[derive(Serialize, ToSchema)]
pub struct IdentitySecretView {
    pub identity: WidgetIdentity,
    /// `idsec_…`: signs user tokens, as a JSON Web Token with HS256. The whole text is the key.
    pub secret: String,
}

impl From<NewIdentitySecret> for IdentitySecretView {
    fn from(new: NewIdentitySecret) -> Self {
        Self {
            identity: new.identity.into(),
            secret: new.secret.open(|bytes| String::from_utf8_lossy(bytes).into_owned()),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct WidgetView {
    pub public_key: String,
    pub key_created_at: DateTime<Utc>,
    pub allowed_origins: Vec<String>,
    #[serde(flatten)]
    pub look: WidgetLook,
    pub hand_off: HandOffSetting,
    /// `null` while there is no identity secret.
    pub identity: Option<WidgetIdentity>,
    /// The line to put on a page.
    pub snippet: String,
}

impl WidgetView {
    pub(in crate::routes) fn of(setup: WidgetSetup, origin: &str) -> Self {
        let key = &setup.public_key;
        Self {
            snippet: format!("<script src=\"{origin}/widget.js\" data-key=\"{key}\" async></script>"),
            key_created_at: time(setup.key_created_at),
            allowed_origins: setup.allowed_origins,
            look: setup.look.into(),
            hand_off: setup.hand_off.into(),
            identity: setup.identity.map(WidgetIdentity::from),
            public_key: setup.public_key,
        }
    }
}

/// Each field is left as it is when it is absent.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WidgetChange {
    /// `https://www.example.com`, or `https://*.example.com` for every subdomain. An empty list allows nobody.
    pub allowed_origins: Option<Vec<String>>,
    pub title: Option<String>,
    pub greeting: Option<String>,
    pub color: Option<String>,
    /// `right` or `left` at the foot of the page, `top-right` or `top-left` at its head.
    pub position: Option<String>,
    pub suggestions: Option<Vec<String>>,
    pub light: Option<WidgetColors>,
    pub dark: Option<WidgetColors>,
    /// `auto`, `light` or `dark`.
    pub scheme: Option<String>,
    /// Pixels from the page's edges, at most 200.
    pub offset_x: Option<u16>,
    pub offset_y: Option<u16>,
    /// Beside the round button's picture, at most 30 characters.
    pub launcher: Option<String>,
    /// `auto`, or one of `en`, `de`, `fr`, `es`, `pt`, `it`, `nl`, `ja`, `zh`, `ar`, `he`.
    pub language: Option<String>,
    pub hand_off: Option<HandOffSetting>,
}

impl WidgetChange {
    /// What of it is the widget's look.
    pub(in crate::routes) fn look(self) -> ChangeLook {
        ChangeLook {
            title: self.title,
            greeting: self.greeting,
            color: self.color,
            position: self.position,
            suggestions: self.suggestions,
            light: self.light.map(Colors::from),
            dark: self.dark.map(Colors::from),
            scheme: self.scheme,
            offset_x: self.offset_x,
            offset_y: self.offset_y,
            launcher: self.launcher,
            language: self.language,
        }
    }
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VisitBody {
    /// Of an earlier visit, to go on as the same visitor.
    pub token: Option<String>,
    /// Who the visitor is: a JSON Web Token that the website signed with the project's identity secret.
    pub user: Option<String>,
    /// Languages that the visitor reads, the best first: the page's, then the browser's.
    #[serde(default)]
    pub languages: Vec<String>,
}

/// Who a visitor is, as their website said.
#[derive(Serialize, ToSchema)]
pub struct VisitorView {
    pub name: Option<String>,
    pub email: Option<String>,
}

impl From<Person> for VisitorView {
    fn from(person: Person) -> Self {
        Self {
            name: person.name,
            email: person.mail,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct VisitView {
    pub token: String,
    pub expires_at: DateTime<Utc>,
    #[serde(flatten)]
    pub look: WidgetLook,
    pub conversation: Option<Uuid>,
    /// Whether they can ask for a person.
    pub hand_off: bool,
    /// `null` while nobody said who they are.
    pub user: Option<VisitorView>,
    /// The widget's own words in `language`; `null` in English, which it knows.
    pub texts: Option<BTreeMap<String, String>>,
}

impl VisitView {
    /// `language` is what is spoken, instead of `auto`.
    pub(in crate::routes) fn of(visit: Visit, language: &str, texts: Option<BTreeMap<String, String>>) -> Self {
        Self {
            token: visit.token,
            expires_at: time(visit.expires_at),
            look: WidgetLook {
                language: language.to_owned(),
                ..visit.look.into()
            },
            conversation: visit.conversation.map(ConversationId::uuid),
            hand_off: visit.hand_off,
            user: visit.person.map(VisitorView::from),
            texts,
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HandOffBody {
    /// Where to answer to.
    pub email: String,
    /// 1 to 4000 characters.
    pub message: String,
    /// The address of the page that the widget stands on.
    pub page: Option<String>,
    /// Begins another conversation, instead of going on with the latest.
    #[serde(default)]
    pub new_conversation: bool,
}

#[derive(Serialize, ToSchema)]
pub struct HandedOver {
    pub conversation: Uuid,
}
