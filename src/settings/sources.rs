//! The providers that knowledge is connected from: GitHub, Notion and Confluence. Slack's app is its own, and websites need none.

use std::net::SocketAddr;

use actors::{
    sources::{
        apps::{Registration, SourceSettings},
        github::{AppKey, GitHubApp, GitHubOAuth, GitHubSettings},
    },
    webhooks::Keys,
};
use url::Url;

use super::{
    Secret, SettingError, Settings, Source,
    providers::{own_base, reachable, secure_address, signing_keys, together},
};

/// How this installation is known to each.
#[derive(Debug, Default)]
pub struct SourcesSetting {
    github: Option<GitHubSetting>,
    notion: Option<Registered>,
    confluence: Option<Registered>,
    /// By which GitHub signs what it tells the App.
    github_events: Option<Signed>,
    notion_events: Option<Signed>,
}

/// The secret by which a provider signs what it tells, and the one before it, while it still signs with that.
#[derive(Debug)]
struct Signed {
    secret: Secret,
    previous: Option<Secret>,
}

impl Signed {
    fn read(source: &Source, [name, previous]: [&'static str; 2], is_set_up: Option<&str>) -> Result<Option<Self>, SettingError> {
        let Some([secret]) = together(source, [name], &[previous])? else {
            return Ok(None);
        };
        if let Some(needed) = is_set_up {
            return Err(SettingError::new(name, format!("is set, but {needed} is not: set both or neither")));
        }
        Ok(Some(Self {
            secret: Secret::of(secret),
            previous: source.text(previous).map(Secret::of),
        }))
    }

    fn keys(signed: Option<&Self>) -> Keys {
        signed.map_or_else(Keys::default, |signed| signing_keys(&signed.secret, signed.previous.as_ref()))
    }
}

#[derive(Debug)]
struct Registered {
    client_id: String,
    client_secret: Secret,
    url: Url,
    api: Url,
}

#[derive(Debug)]
struct GitHubSetting {
    url: Url,
    api: Url,
    app: Option<AppSetting>,
    oauth: Option<OAuthSetting>,
}

#[derive(Debug)]
struct AppSetting {
    client_id: String,
    client_secret: Secret,
    slug: String,
    /// In PEM.
    key: Secret,
}

#[derive(Debug)]
struct OAuthSetting {
    client_id: String,
    client_secret: Secret,
    private: bool,
}

const GITHUB: [&str; 2] = ["GITHUB_URL", "GITHUB_API_URL"];
const APP: [&str; 3] = ["GITHUB_APP_CLIENT_ID", "GITHUB_APP_CLIENT_SECRET", "GITHUB_APP_SLUG"];
const KEY: &str = "GITHUB_APP_PRIVATE_KEY";
const OAUTH: [&str; 2] = ["GITHUB_CLIENT_ID", "GITHUB_CLIENT_SECRET"];
const PRIVATE: &str = "GITHUB_PRIVATE_REPOSITORIES";
const GITHUB_EVENTS: [&str; 2] = ["GITHUB_WEBHOOK_SECRET", "GITHUB_WEBHOOK_SECRET_PREVIOUS"];
const NOTION_EVENTS: [&str; 2] = ["NOTION_WEBHOOK_TOKEN", "NOTION_WEBHOOK_TOKEN_PREVIOUS"];
const NOTION: [&str; 2] = ["NOTION_CLIENT_ID", "NOTION_CLIENT_SECRET"];
const ATLASSIAN: [&str; 2] = ["ATLASSIAN_CLIENT_ID", "ATLASSIAN_CLIENT_SECRET"];

pub(super) fn read(source: &Source, listen: SocketAddr) -> Result<SourcesSetting, SettingError> {
    let github = github(source)?;
    let notion = registered(source, NOTION, ("NOTION_URL", "https://api.notion.com"), None)?;
    let has_app = github.as_ref().is_some_and(|github| github.app.is_some());
    let found = SourcesSetting {
        github_events: Signed::read(source, GITHUB_EVENTS, (!has_app).then_some(APP[0]))?,
        notion_events: Signed::read(source, NOTION_EVENTS, notion.is_none().then_some(NOTION[0]))?,
        github,
        notion,
        confluence: registered(
            source,
            ATLASSIAN,
            ("ATLASSIAN_URL", "https://auth.atlassian.com"),
            Some(("ATLASSIAN_API_URL", "https://api.atlassian.com")),
        )?,
    };
    if found.github.is_some() || found.notion.is_some() || found.confluence.is_some() {
        reachable(source, listen, "a provider of knowledge", "people back")?;
    }
    Ok(found)
}

fn registered(source: &Source, names: [&str; 2], url: (&str, &str), api: Option<(&str, &str)>) -> Result<Option<Registered>, SettingError> {
    let mut also = vec![url.0];
    also.extend(api.map(|(name, _)| name));
    let Some([client_id, client_secret]) = together(source, names, &also)? else {
        return Ok(None);
    };
    let (api_name, api_default) = api.unwrap_or(url);
    Ok(Some(Registered {
        client_id: client_id.to_owned(),
        client_secret: Secret::of(client_secret),
        url: secure_address(source, url.0, url.1)?,
        api: secure_address(source, api_name, api_default)?,
    }))
}

fn app_key(source: &Source) -> Result<Secret, SettingError> {
    let missing = "is missing, but GITHUB_APP_CLIENT_ID is set: set it, or GITHUB_APP_PRIVATE_KEY_FILE";
    let text = source.text(KEY).ok_or_else(|| SettingError::new(KEY, missing))?;
    match AppKey::from_pem(text) {
        Some(_) => Ok(Secret::of(text)),
        None => Err(SettingError::new(
            KEY,
            "must hold the App's private RSA key, in PEM as GitHub gives it",
        )),
    }
}

fn github(source: &Source) -> Result<Option<GitHubSetting>, SettingError> {
    let app = match together(source, APP, &[KEY])? {
        Some([client_id, client_secret, slug]) => Some(AppSetting {
            client_id: client_id.to_owned(),
            client_secret: Secret::of(client_secret),
            slug: slug.to_owned(),
            key: app_key(source)?,
        }),
        None => None,
    };
    let oauth = match together(source, OAUTH, &[PRIVATE])? {
        Some([client_id, client_secret]) => Some(OAuthSetting {
            client_id: client_id.to_owned(),
            client_secret: Secret::of(client_secret),
            private: match source.text(PRIVATE) {
                None | Some("yes") => true,
                Some("no") => false,
                Some(_) => return Err(SettingError::new(PRIVATE, "must be yes or no")),
            },
        }),
        None => None,
    };
    if app.is_none() && oauth.is_none() {
        return match GITHUB.into_iter().find(|name| source.text(name).is_some()) {
            Some(name) => Err(SettingError::new(
                name,
                "is set, but neither GITHUB_APP_CLIENT_ID nor GITHUB_CLIENT_ID is: set one of them, or unset it",
            )),
            None => Ok(None),
        };
    }
    let url = secure_address(source, GITHUB[0], "https://github.com")?;
    let api = match source.text(GITHUB[1]) {
        // A GitHub of one's own answers below its own address.
        None if source.text(GITHUB[0]).is_some() => {
            let base = url.as_str().trim_end_matches('/');
            Url::parse(&format!("{base}/api/v3")).map_err(|_| SettingError::new(GITHUB[0], "is not an address"))?
        }
        _ => secure_address(source, GITHUB[1], "https://api.github.com")?,
    };
    Ok(Some(GitHubSetting { url, api, app, oauth }))
}

impl Registered {
    fn for_actors(&self) -> Registration {
        Registration {
            client_id: self.client_id.clone(),
            client_secret: self.client_secret.0.clone(),
            url: self.url.clone(),
            api: self.api.clone(),
        }
    }
}

impl GitHubSetting {
    fn for_actors(&self) -> Result<GitHubSettings, SettingError> {
        let app = self.app.as_ref().map(|app| {
            Ok(GitHubApp {
                client_id: app.client_id.clone(),
                client_secret: app.client_secret.0.clone(),
                slug: app.slug.clone(),
                key: AppKey::from_pem(app.key.expose()).ok_or_else(|| SettingError::new(KEY, "cannot be read"))?,
            })
        });
        Ok(GitHubSettings {
            url: self.url.clone(),
            api: self.api.clone(),
            app: app.transpose()?,
            oauth: self.oauth.as_ref().map(|oauth| GitHubOAuth {
                client_id: oauth.client_id.clone(),
                client_secret: oauth.client_secret.0.clone(),
                private: oauth.private,
            }),
        })
    }
}

impl SourcesSetting {
    /// By which what GitHub tells the App is proved.
    #[must_use]
    pub fn github_keys(&self) -> Keys {
        Signed::keys(self.github_events.as_ref())
    }

    /// By which what Notion tells is proved.
    #[must_use]
    pub fn notion_keys(&self) -> Keys {
        Signed::keys(self.notion_events.as_ref())
    }

    /// Whether Notion is set up, and the token by which it signs is not here yet.
    #[must_use]
    pub fn awaits_notion_token(&self) -> bool {
        self.notion.is_some() && self.notion_events.is_none()
    }

    /// The form that the actors take; `address` is where the server listens.
    ///
    /// # Errors
    /// When that is no address, or a key that could be read at the start cannot be read any more.
    pub fn for_actors(settings: &Settings, address: SocketAddr) -> Result<SourceSettings, SettingError> {
        let own = &settings.sources;
        Ok(SourceSettings {
            here: own_base(settings, address)?,
            github: own.github.as_ref().map(GitHubSetting::for_actors).transpose()?,
            notion: own.notion.as_ref().map(Registered::for_actors),
            confluence: own.confluence.as_ref().map(Registered::for_actors),
        })
    }
}
