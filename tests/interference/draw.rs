//! What to ask next.

use pernoex::routes::Door;

use super::{
    Route, THEIRS,
    actor::{Actor, Loot},
};
use crate::support::{As, Call};

impl Actor {
    /// Draws a request. `stolen` is what others were seen to have: half of what the request names is taken from there.
    pub(super) fn draw(&mut self, routes: &[Route], stolen: &Loot) -> (String, &'static str, Call, As) {
        let (method, template, door, streams) = routes[self.dice.below(routes.len())].clone();
        // The few that make something for the rest to work on come more often, and first.
        let has = |what: &str| self.own.get(what).map_or(0, Vec::len);
        let make = |method: &str, template: &'static str| (method.to_owned(), template, Door::Session, false);
        let (method, template, door, streams) = match (method.as_str(), template) {
            ("POST", "/projects") | ("DELETE", "/projects/{project}") if has("project") >= 2 && self.dice.below(3) > 0 => {
                make("POST", "/projects/{project}/documents")
            }
            (_, template) if template.contains("{project}") && has("project") == 0 => make("POST", "/projects"),
            ("DELETE", "/projects/{project}") if has("project") < 2 => make("POST", "/projects"),
            (_, template) if template.contains("{document}") && has("document") == 0 => make("POST", "/projects/{project}/documents"),
            ("DELETE", template) if template.contains("{document}") && has("document") < 3 => make("POST", "/projects/{project}/documents"),
            (_, template)
                if template.contains("{project}")
                    && (template.contains("{conversation}") || template.contains("{message}"))
                    && has("message") == 0 =>
            {
                make("POST", "/projects/{project}/questions")
            }
            (_, template) if template.contains("{key}") && has("key") == 0 => make("PATCH", "/projects/{project}/widget"),
            (_, template) if template.contains("{key}") && self.visitor.is_none() => match self.dice.below(3) {
                0 => make("PATCH", "/projects/{project}/widget"),
                _ => ("POST".to_owned(), "/widget/{key}/visits", Door::Widget, false),
            },
            _ => (method, template, door, streams),
        };
        let (method, template) = if template.contains("{project}") && has("project") == 0 {
            ("POST".to_owned(), "/projects")
        } else {
            (method, template)
        };
        let mut project = None;
        let mut names_first = false;
        let mut own = self.own.clone();
        let (name, email) = (self.text(), self.email.clone());
        let origin = self.origin();
        let (dice, names) = (&mut self.dice, &self.names);
        let mut ask = |what: &str| -> String {
            match what {
                "name" | "text" => return name.clone(),
                "new email" => return format!("{}@example.com", name.replace(' ', ".")),
                "email" => return email.clone(),
                "origin" => return origin.clone(),
                "provider" => return "google".into(),
                // Refused: what is sent and when would be another each time. Tests of their own look at whose webhooks are whose.
                "receiver" => return "https://hooks.invalid/".into(),
                "revision" => return "1".into(),
                "workspace name" => return name.clone(),
                "project name" => {
                    return project
                        .as_ref()
                        .and_then(|id| names.get(id))
                        .cloned()
                        .unwrap_or_else(|| name.clone());
                }
                "project" if project.is_some() => return project.clone().unwrap_or_default(),
                _ => {}
            }
            let what = if what == "own invitation" { "invitation token" } else { what };
            let theirs = stolen.get(what).map(Vec::as_slice).unwrap_or_default();
            let from = if !theirs.is_empty() && dice.below(2) == 0 {
                names_first = true;
                theirs
            } else {
                own.entry(kind(what)).or_default()
            };
            let nothing = "01a20b41-557d-7255-8b08-6f3f637673f7".to_owned();
            // The newest are the likeliest to be there still.
            let recent = &from[from.len().saturating_sub(6)..];
            let found = dice.pick(recent).cloned().unwrap_or(nothing);
            if what == "project" {
                project = Some(found.clone());
            }
            found
        };
        let mut call = Call::to(&method, template, &mut ask);
        if template.ends_with("/conversations") && dice.below(2) == 0 {
            let cursors: Vec<String> = [&own, stolen]
                .iter()
                .filter_map(|loot| loot.get("cursor"))
                .flatten()
                .cloned()
                .collect();
            let cursor = dice.pick(&cursors).map(|cursor| format!("&before={cursor}")).unwrap_or_default();
            call.path.push_str(&format!("?limit=3{cursor}"));
        }
        // Whoever accepts with a new account is somebody else: their session does not take the place of this one.
        let mut who = if template == "/invitations/accept" {
            As::default()
        } else {
            self.who.clone()
        };
        who.streams = streams && self.dice.below(2) == 0;
        if door == Door::Widget {
            // Never the first tenant's key from a page that they allow: that is a visitor of theirs, and no attack.
            let origins = [self.origin(), "null".to_owned(), format!("{THEIRS}.evil.test"), THEIRS.to_owned()];
            let at = match names_first {
                true => self.dice.below(3),
                false if self.dice.below(4) == 0 => self.dice.below(4),
                false => 0,
            };
            who.origin = Some(origins[at].clone());
            let tokens: Vec<String> = stolen.get("visit").into_iter().flatten().chain(&self.visitor).cloned().collect();
            who.bearer = if self.is_first() {
                self.visitor.clone()
            } else {
                self.dice.pick(&tokens).cloned()
            };
        }
        (method, template, call, who)
    }
}

fn kind(what: &str) -> &'static str {
    [
        "project",
        "document",
        "conversation",
        "message",
        "note",
        "todo",
        "member",
        "invitation",
        "session",
        "passkey",
        "key",
        "workspace",
        "actor",
        "agent",
        "endpoint",
        "visit",
        "invitation token",
        // Learnt from nobody: no Slack stands behind this server.
        "team",
        "channel",
        "event",
        // As little is any account connected, and no name of a website or a receiver leads anywhere.
        "kind",
        "grant",
        "source",
        "webhook",
        "delivery",
        "visitor",
        "collection",
        "batch",
        "revision",
        "curated",
        // Operators', and none of these is one.
        "report",
        "file",
        "page",
    ]
    .into_iter()
    .find(|kind| *kind == what)
    .unwrap_or_else(|| panic!("a route asks for {what}: say here where it is learnt"))
}
