//! A valid request to every route. What a body needs is asked for by name, so that who calls decides whose it is.

use pernoex::routes;
use reqwest::{Client, Method, Response, header};
use serde_json::{Value, json};

use super::PASSWORD;

pub enum Body {
    Empty,
    Json(Value),
    /// As a browser's form.
    Form(&'static str),
    /// Its contents.
    File(String),
}

/// A request that may still be sent as anybody.
pub struct Call {
    pub method: Method,
    /// Whole, as the route table says.
    pub path: String,
    pub body: Body,
}

/// Credentials and what else goes along.
#[derive(Clone, Default)]
pub struct As {
    pub cookie: Option<String>,
    pub csrf: Option<String>,
    pub bearer: Option<String>,
    pub origin: Option<String>,
    /// Takes answers as server-sent events.
    pub streams: bool,
}

impl Call {
    /// Fills `template` and its body. `ask` is asked for ids by the name of the path's part, and for: `name`, `text`, `new email`, `email`,
    /// `workspace`, `workspace name`, `project name`, `invitation token`, `own invitation`, `origin`, `visit`, `receiver`.
    pub fn to(method: &str, template: &str, ask: &mut dyn FnMut(&str) -> String) -> Self {
        let route = routes::api()
            .into_iter()
            .find(|route| route.method.as_str() == method && route.path == template);
        let mut path = route.expect("a route of the table").door.base().to_owned();
        for (n, part) in template.split(['{', '}']).enumerate() {
            if n % 2 == 0 {
                path.push_str(part);
            } else {
                path.push_str(&ask(part));
            }
        }
        Self {
            method: method.parse().unwrap(),
            path,
            body: body(method, template, ask),
        }
    }

    pub async fn send(self, client: &Client, url: &str, who: &As) -> Response {
        let mut request = client.request(self.method.clone(), format!("{url}{}", self.path));
        if let Some(cookie) = &who.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        if let Some(csrf) = who.csrf.as_ref().filter(|_| self.method != Method::GET) {
            request = request.header("x-csrf-token", csrf);
        }
        if let Some(bearer) = &who.bearer {
            request = request.bearer_auth(bearer);
        }
        if let Some(origin) = &who.origin {
            request = request.header(header::ORIGIN, origin);
        }
        if who.streams {
            request = request.header(header::ACCEPT, "text/event-stream");
        }
        request = match self.body {
            Body::Empty => request,
            Body::Json(value) => request.json(&value),
            Body::Form(text) => request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(text),
            Body::File(text) => {
                let (name, text) = text.split_once('\n').unwrap_or(("file.md", &text));
                let form =
                    format!("--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n{text}\r\n--cut--\r\n");
                request.header(header::CONTENT_TYPE, "multipart/form-data; boundary=cut").body(form)
            }
        };
        request.send().await.unwrap()
    }
}

/// What the route takes. A new route that changes something fails here until its body is known.
fn body(method: &str, template: &str, ask: &mut dyn FnMut(&str) -> String) -> Body {
    let json = match (method, template) {
        ("GET", _)
        | ("DELETE", "/team/members/{member}/sessions")
        | ("DELETE", "/session" | "/workspace/membership" | "/team/members/{member}" | "/team/invitations/{invitation}")
        | ("DELETE", "/account/sessions" | "/account/sessions/{session}" | "/projects/{project}/documents/{document}")
        | ("POST", "/account/verification" | "/workspace/keep")
        | ("POST", "/team/invitations/{invitation}/link" | "/projects/{project}/widget/key" | "/projects/{project}/widget/identity")
        | ("DELETE", "/projects/{project}/widget/identity" | "/projects/{project}/widget/logo")
        | ("DELETE", "/projects/{project}/webhooks/{webhook}" | "/projects/{project}/todos/{todo}")
        | ("DELETE", "/projects/{project}/conversations/{conversation}/notes/{note}")
        | ("POST", "/projects/{project}/webhooks/{webhook}/secret" | "/projects/{project}/webhooks/{webhook}/test")
        | ("POST", "/projects/{project}/webhooks/{webhook}/deliveries/{delivery}/replay")
        | ("POST", "/slack/events/{event}/retry" | "/projects/{project}/voice/{agent}/events/{event}/retry")
        | ("DELETE", "/account/totp" | "/account/passkeys/{passkey}")
        | ("POST", "/session/proof/options" | "/account/totp" | "/account/backup-codes" | "/account/passkeys/options")
        | ("POST", "/projects/{project}/sources/{source}/sync")
        | ("DELETE", "/projects/{project}/curated-answers/{curated}")
        | ("POST", "/projects/{project}/curated-answers/{curated}/revisions/{revision}/restore")
        | ("POST", "/actors/{actor}/reset" | "/actors/{actor}/evict") => return Body::Empty,
        ("DELETE" | "POST", "/reports/{report}/thanks") | ("DELETE", "/reports/{report}" | "/texts/{page}") => return Body::Empty,
        ("POST", "/reports/{report}/state") => json!({ "from": "received", "to": "acknowledged", "text": ask("text") }),
        ("POST", "/reports/{report}/messages") => json!({ "text": ask("text"), "hidden": true }),
        ("PUT", "/texts/{page}") => json!({ "text": ask("text") }),
        ("POST", "/disclosure/reports") => json!({ "title": ask("name"), "details": ask("text") }),
        ("POST", "/disclosure/status") => json!({ "token": "of nobody" }),
        ("POST", "/disclosure/status/messages") => json!({ "token": "of nobody", "text": ask("text") }),
        ("POST", "/disclosure/status/files") => return Body::File("proof.txt\nproof".into()),
        ("PUT", "/projects/{project}/privacy") => {
            json!({ "mask": { "email": true, "phone": true, "card": true, "iban": true, "secret": true }, "keep_days": null })
        }
        ("DELETE", "/projects/{project}/visitors/{visitor}" | "/projects/{project}/collections/{collection}")
        | ("POST", "/projects/{project}/documents/{document}/revisions/{revision}/restore") => return Body::Empty,
        ("POST", "/projects/{project}/documents/batches") => {
            json!({ "action": "tag", "tag": "seen", "filter": { "search": "what no document is called" } })
        }
        ("POST", "/projects/{project}/collections") | ("PUT", "/projects/{project}/collections/{collection}") => {
            json!({ "name": ask("name"), "review_days": 90 })
        }
        ("POST", "/projects/{project}/sources") => json!({ "kind": "website", "config": { "start": ask("receiver") } }),
        ("PATCH", "/projects/{project}/sources/{source}") => json!({ "name": ask("name") }),
        ("DELETE", "/projects/{project}/sources/{source}") => json!({ "documents": "keep" }),
        ("POST", "/projects/{project}/documents") | ("PUT", "/projects/{project}/documents/{document}") => {
            return Body::File(format!("{}.md\n{}", ask("name"), ask("text")));
        }
        // The beginning of a WebP picture is text.
        ("PUT", "/projects/{project}/widget/logo") => return Body::File("logo.webp\nRIFF----WEBPVP8L".into()),
        ("POST", "/widget/{key}/hand-off") => json!({ "email": "visitor@example.com", "message": ask("text") }),
        // Links are in the mail, and each is used once: these are of nobody.
        ("POST", "/account/verified" | "/account/email/confirmed") => json!({ "token": "of nobody" }),
        ("POST", "/account/confirm" | "/account/password/reset") => json!({ "token": "of nobody", "password": PASSWORD }),
        ("POST", "/account/password/forgotten") => json!({ "email": ask("email") }),
        ("PUT", "/account/password") => json!({ "current": PASSWORD, "new": PASSWORD }),
        ("POST", "/account/password") => json!({ "new": PASSWORD }),
        ("POST", "/account/email") => json!({ "email": ask("new email") }),
        ("PUT", "/workspace/password-length") => json!({ "characters": 12 }),
        ("POST", "/sign-in/apple") => return Body::Form("state=never&code=never"),
        ("POST", "/account/identities/{provider}/link") | ("DELETE", "/account/identities/{provider}") => return Body::Empty,
        ("POST", "/session/providers/{provider}") => json!({}),
        ("POST", "/session/provider" | "/account/identities") => json!({ "ticket": "never" }),
        ("POST", "/webhooks/apple/sign-in") => json!({ "payload": "never" }),
        ("POST", "/slack/install") | ("DELETE", "/slack/teams/{team}" | "/slack/teams/{team}/channels/{channel}") => return Body::Empty,
        ("POST", "/slack/teams" | "/integrations/grants") => json!({ "ticket": "never" }),
        ("POST", "/integrations/{kind}/connect") => return Body::Empty,
        ("DELETE", "/integrations/grants/{grant}") | ("POST", "/integrations/revoke-all") => json!({ "documents": "keep" }),
        ("PUT", "/slack/teams/{team}/channels") => json!({ "channel": ask("channel"), "name": ask("name"), "project": ask("project") }),
        ("POST", "/webhooks/slack/events" | "/webhooks/slack/actions") => json!({ "type": "never" }),
        ("POST", "/billing/checkout") | ("PUT", "/billing/plan") => json!({ "plan": "price_team" }),
        ("POST", "/billing/portal" | "/billing/cancel" | "/billing/keep") => return Body::Empty,
        ("POST", "/webhooks/github" | "/webhooks/notion") => json!({ "type": "never" }),
        ("POST", "/webhooks/stripe") => json!({ "type": "never" }),
        ("POST", "/account") => json!({ "email": ask("new email"), "password": PASSWORD, "workspace": ask("name") }),
        ("POST", "/session") => json!({ "email": ask("email"), "password": PASSWORD }),
        ("POST", "/session/proof") => json!({ "password": PASSWORD }),
        ("POST", "/session/second-factor") => json!({ "ticket": "none", "code": "000000" }),
        ("POST", "/session/passkey/options") => json!({}),
        ("POST", "/session/passkey") => json!({ "ticket": "none", "passkey": {} }),
        ("POST", "/account/totp/confirmed") => json!({ "code": "000000" }),
        ("POST", "/account/passkeys") => json!({ "ticket": "none", "name": ask("name"), "credential": {} }),
        ("PATCH", "/account/passkeys/{passkey}") => json!({ "name": ask("name") }),
        ("POST", "/session/workspace") => json!({ "workspace": ask("workspace") }),
        ("POST", "/session/invitation") => json!({ "token": ask("own invitation") }),
        ("POST", "/invitations/preview") => json!({ "token": ask("invitation token") }),
        ("POST", "/invitations/accept") => json!({ "token": ask("invitation token"), "password": PASSWORD }),
        ("POST", "/workspaces" | "/projects") | ("PATCH", "/workspace" | "/projects/{project}") => json!({ "name": ask("name") }),
        ("PATCH", "/projects/{project}/documents/{document}") => json!({ "name": format!("{}.md", ask("name")) }),
        ("PUT", "/workspace/second-factor") => json!({ "required": false }),
        ("DELETE", "/workspace") => json!({ "confirm": ask("workspace name") }),
        ("DELETE", "/projects/{project}") => json!({ "confirm": ask("project name") }),
        ("PATCH", "/team/members/{member}") => json!({ "role": "admin" }),
        ("PUT", "/team/members/{member}/projects") => json!({ "projects": [ask("project")] }),
        ("POST", "/team/owner") => json!({ "member": ask("member") }),
        ("POST", "/team/invitations") => json!({ "email": ask("new email"), "role": "member", "projects": [ask("project")] }),
        ("PUT", "/projects/{project}/synonyms") => json!({ "groups": [[ask("text"), "another name"]] }),
        ("PATCH", "/projects/{project}/widget") => json!({ "title": ask("name"), "allowed_origins": [ask("origin")] }),
        ("DELETE", "/projects/{project}/voice/{agent}") => return Body::Empty,
        ("POST", "/projects/{project}/voice") => json!({ "provider": "standard" }),
        // Only its provider could sign these.
        ("POST", "/projects/{project}/voice/{agent}/secret" | "/webhooks/voice/{endpoint}" | "/webhooks/voice/{endpoint}/question") => {
            json!({})
        }
        ("POST", "/projects/{project}/questions" | "/widget/{key}/questions") => json!({ "question": ask("text") }),
        ("POST", "/projects/{project}/messages/{message}/feedback" | "/widget/{key}/messages/{message}/feedback") => {
            json!({ "helpful": true })
        }
        ("POST", "/projects/{project}/conversations/search") => json!({ "q": ask("text") }),
        ("POST", "/projects/{project}/conversations/export") => json!({ "format": "jsonl" }),
        ("PATCH", "/projects/{project}/conversations/{conversation}") => json!({ "state": "resolved", "mine": true }),
        ("POST", "/projects/{project}/conversations/{conversation}/notes") => json!({ "text": ask("text") }),
        ("POST", "/projects/{project}/todos") => json!({ "text": ask("text") }),
        ("PATCH", "/projects/{project}/todos/{todo}") => json!({ "done": true, "text": ask("text") }),
        ("POST", "/projects/{project}/curated-answers") => json!({ "questions": [ask("name")], "text": ask("text") }),
        ("POST", "/projects/{project}/curated-answers/preview") => json!({ "text": ask("text") }),
        ("PATCH", "/projects/{project}/curated-answers/{curated}") => json!({ "text": ask("text") }),
        ("POST", "/projects/{project}/webhooks") => {
            json!({ "url": ask("receiver"), "events": ["question.unanswered"], "description": ask("text") })
        }
        ("PATCH", "/projects/{project}/webhooks/{webhook}") => json!({ "description": ask("text") }),
        ("POST", "/widget/{key}/visits") => json!({ "token": ask("visit") }),
        _ => panic!("{method} {template} needs a body in tests/support/calls.rs"),
    };
    Body::Json(json)
}
