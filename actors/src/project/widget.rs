//! How a project's widget looks, and where it may stand.

use entities::{
    Millis,
    audit::{self, Act, Target},
    projects,
    projects::Look,
};
use serde::Serialize;
use serde_json::json;
use url::Url;

use super::ProjectActor;
use crate::{
    audit::By,
    contain::Serve,
    fault::{Fault, Invalid},
    request,
    tenant::{new_public_key, public_key_hash},
    text::parse_text,
};

#[derive(Clone, Debug, Serialize)]
pub struct WidgetSetup {
    pub public_key: String,
    pub key_created_at: Millis,
    pub allowed_origins: Vec<String>,
    pub look: Look,
}

/// Each field is left as it is when `None`.
#[derive(Clone, Debug)]
pub struct ChangeWidget {
    pub by: By,
    pub allowed_origins: Option<Vec<String>>,
    pub title: Option<String>,
    pub greeting: Option<String>,
    pub color: Option<String>,
    pub position: Option<String>,
    pub suggestions: Option<Vec<String>>,
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

/// A place where a widget may stand: one origin, or every subdomain of a host. Compared as parsed parts, never as text patterns.
#[derive(Debug, PartialEq, Eq)]
struct AllowedOrigin {
    scheme: String,
    /// Without the leading `*.`
    host: String,
    port: Option<u16>,
    subdomains: bool,
}

impl AllowedOrigin {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (scheme, rest) = text.split_once("://")?;
        let (rest, subdomains) = rest.strip_prefix("*.").map_or((rest, false), |rest| (rest, true));
        let url = Url::parse(&format!("{scheme}://{rest}")).ok()?;
        let bare =
            url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
        let host = url.host_str()?.to_owned();
        let named = matches!(url.host(), Some(url::Host::Domain(_)));
        // `*.com` would be half the web.
        let narrow = !subdomains || (named && host.trim_end_matches('.').contains('.'));
        let plain = !host.contains('*') && !host.ends_with('.');
        (bare && narrow && plain && matches!(url.scheme(), "http" | "https")).then(|| Self {
            scheme: url.scheme().to_owned(),
            host,
            port: url.port(),
            subdomains,
        })
    }

    fn allows(&self, origin: &Self) -> bool {
        let host = match self.subdomains {
            true => origin
                .host
                .strip_suffix(&self.host)
                .is_some_and(|label| label.len() > 1 && label.ends_with('.')),
            false => origin.host == self.host,
        };
        host && !origin.subdomains && self.scheme == origin.scheme && self.port == origin.port
    }

    fn text(&self) -> String {
        let port = self.port.map(|port| format!(":{port}")).unwrap_or_default();
        format!("{}://{}{}{port}", self.scheme, if self.subdomains { "*." } else { "" }, self.host)
    }
}

/// Whether a widget on `origin` (an `Origin` header) may ask. An empty list allows nobody, and so does an origin that is not one.
pub(super) fn is_allowed(allowed: &[String], origin: &str) -> bool {
    let Some(origin) = AllowedOrigin::parse(origin).filter(|parsed| !parsed.subdomains && parsed.text() == origin) else {
        return false;
    };
    allowed
        .iter()
        .filter_map(|text| AllowedOrigin::parse(text))
        .any(|allowed| allowed.allows(&origin))
}

const MOST_ORIGINS: usize = 100;
const MOST_SUGGESTIONS: usize = 4;

fn parse_origins(origins: &[String]) -> Result<Vec<String>, Fault> {
    if origins.len() > MOST_ORIGINS {
        let reason = format!("List at most {MOST_ORIGINS} domains.");
        return Err(Fault::invalid(Invalid::TooManyOrigins, "allowed_origins", reason));
    }
    let mut parsed = Vec::with_capacity(origins.len());
    for (n, text) in origins.iter().enumerate() {
        let origin = AllowedOrigin::parse(text).ok_or_else(|| {
            let reason = "Enter an origin such as https://www.example.com, or https://*.example.com for every subdomain.";
            Fault::invalid(Invalid::Origin, format!("allowed_origins[{n}]"), reason)
        })?;
        let text = origin.text();
        if !parsed.contains(&text) {
            parsed.push(text);
        }
    }
    Ok(parsed)
}

fn change_look(look: &mut Look, change: &ChangeWidget) -> Result<(), Fault> {
    if let Some(title) = &change.title {
        look.title = parse_text(title, "title", 60)?;
    }
    if let Some(greeting) = &change.greeting {
        look.greeting = parse_text(greeting, "greeting", 300)?;
    }
    if let Some(color) = &change.color {
        let hex = color
            .strip_prefix('#')
            .is_some_and(|hex| hex.len() == 6 && hex.bytes().all(|b| b.is_ascii_hexdigit()));
        if !hex {
            return Err(Fault::invalid(Invalid::Color, "color", "Enter a colour such as #2457d6."));
        }
        look.color = color.to_lowercase();
    }
    if let Some(position) = &change.position {
        if !matches!(position.as_str(), "left" | "right") {
            return Err(Fault::invalid(Invalid::Position, "position", "Choose left or right."));
        }
        look.position.clone_from(position);
    }
    if let Some(suggestions) = &change.suggestions {
        let texts = suggestions.iter().filter(|text| !text.trim().is_empty());
        let texts = texts
            .enumerate()
            .map(|(n, text)| parse_text(text, &format!("suggestions[{n}]"), 120));
        let texts = texts.collect::<Result<Vec<_>, _>>()?;
        if texts.len() > MOST_SUGGESTIONS {
            let reason = format!("Suggest at most {MOST_SUGGESTIONS} questions.");
            return Err(Fault::invalid(Invalid::TooManySuggestions, "suggestions", reason));
        }
        look.suggestions = texts;
    }
    Ok(())
}

impl From<projects::Project> for WidgetSetup {
    fn from(project: projects::Project) -> Self {
        Self {
            public_key: project.public_key,
            key_created_at: project.public_key_at,
            allowed_origins: project.allowed_origins,
            look: project.look,
        }
    }
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
}

impl Serve<ShowWidget> for ProjectActor {
    async fn serve(&self, _: ShowWidget) -> Result<WidgetSetup, Fault> {
        Ok(self.row().await?.into())
    }
}

impl Serve<ChangeWidget> for ProjectActor {
    async fn serve(&self, change: ChangeWidget) -> Result<WidgetSetup, Fault> {
        let id = self.id();
        let origins = change.allowed_origins.as_deref().map(parse_origins).transpose()?;
        let now = self.now();
        self.db()
            .write(async |tx| {
                let project = projects::find(tx, id).await?.ok_or(Fault::NotFound)?;
                let mut look = project.look;
                change_look(&mut look, &change)?;
                projects::set_look(tx, id, &look).await?;
                if let Some(origins) = &origins {
                    projects::set_origins(tx, id, origins).await?;
                }
                let target = Target::of("project", id, project.name);
                let details = json!({ "allowed_origins": origins });
                audit::append(tx, change.by.did_with(Act::WidgetChanged, target, now, details)).await?;
                Ok::<_, Fault>(())
            })
            .await?;
        Ok(self.row().await?.into())
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
        Ok(self.row().await?.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(list: &[&str], origin: &str) -> bool {
        is_allowed(&list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>(), origin)
    }

    #[test]
    fn only_the_listed_origins_are_allowed() {
        let list = ["https://www.example.com", "https://*.example.org", "http://localhost:3000"];
        for origin in [
            "https://www.example.com",
            "https://a.example.org",
            "https://a.b.example.org",
            "http://localhost:3000",
        ] {
            assert!(allowed(&list, origin), "{origin}");
        }
        for origin in [
            "http://www.example.com",
            "https://www.example.com:8443",
            "https://www.example.com.evil.test",
            "https://evil.test/https://www.example.com",
            "https://wwwXexample.com",
            "https://example.com",
            "https://example.org",
            "https://.example.org",
            "https://evilexample.org",
            "https://*.example.org",
            "http://localhost:3001",
            "http://localhost",
            "null",
            "",
            "https://www.example.com/",
            "https://user@www.example.com",
            "HTTPS://WWW.EXAMPLE.COM",
        ] {
            assert!(!allowed(&list, origin), "{origin}");
        }
        assert!(!allowed(&[], "https://www.example.com"), "an empty list allows nobody");
    }

    #[test]
    fn what_is_no_origin_cannot_be_listed() {
        for bad in [
            "*",
            "https://*",
            "https://*.com",
            "https://*.*.com",
            "www.example.com",
            "https://example.com/path",
            "javascript://x",
            "ftp://a.b",
            "https://a.b?c",
            "https://*.1.2.3.4",
        ] {
            assert_eq!(AllowedOrigin::parse(bad), None, "{bad}");
        }
        assert_eq!(
            parse_origins(&["HTTPS://Www.Example.com:443/".into()]).unwrap(),
            ["https://www.example.com"]
        );
    }
}
