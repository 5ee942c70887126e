//! Against a Slack that answers as its documentation says: <https://docs.slack.dev/reference/methods>.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{SlackChannel, SlackChannels, SlackConfig};
use crate::sources::{
    connector::{Choosing, Connector, Content, Fetched, Found, Known, Listing, Position, ProviderError, Token},
    stand_in::{Asked, Reply, StandIn},
};

const ROOT: &str = "1700000000.000100";
const LONG: &str =
    "From Monday on the exports are made at night, so that nobody has to wait for them during the day. Ask us here if yours is missing.";
/// A day after the thread, and a month.
const SOON: i64 = 1_700_086_400_000;
const LATER: i64 = 1_702_600_000_000;

fn ok(mut more: Value) -> Reply {
    more["ok"] = true.into();
    Reply::json(&more)
}

fn no(error: &str) -> Reply {
    Reply::json(&json!({ "ok": false, "error": error }))
}

fn thread() -> Vec<Value> {
    vec![
        json!({ "type": "message", "user": "U1", "text": "*How* do I export, <@U2>?", "ts": ROOT, "thread_ts": ROOT, "reply_count": 3, "latest_reply": "1700000300.000100" }),
        json!({ "type": "message", "user": "UBOT", "bot_id": "B1", "text": "I don't know.", "ts": "1700000100.000100", "thread_ts": ROOT }),
        json!({ "type": "message", "user": "U2", "text": "Run:\n```export --all```", "ts": "1700000200.000100", "thread_ts": ROOT }),
        json!({ "type": "message", "user": "U3", "text": "• thanks\n• <https://a.example|this> helps", "ts": "1700000300.000100", "thread_ts": ROOT }),
    ]
}

/// A team whose channel `C1` has two pages, and into whose channel `C2` the app was not invited.
fn team(asked: &Asked, replies: &[Value]) -> Reply {
    let field = |name: &str| asked.body[name].as_str().unwrap_or_default();
    match (asked.route(), field("channel")) {
        ("/api/conversations.history", "C1") => match field("latest") {
            "" => ok(json!({ "has_more": true, "messages": [
                { "type": "message", "subtype": "channel_join", "user": "U9", "text": "<@U9> has joined", "ts": "1700000900.000100" },
                { "type": "message", "user": "U1", "text": "thanks!", "ts": "1700000800.000100" },
                { "type": "message", "subtype": "thread_broadcast", "user": "U1", "text": LONG, "ts": "1700000700.000100", "thread_ts": ROOT },
                replies[0],
            ], "response_metadata": { "next_cursor": "bmV4dA==" } })),
            ROOT => {
                ok(json!({ "has_more": false, "messages": [{ "type": "message", "user": "U1", "text": LONG, "ts": "1690000000.000100" }] }))
            }
            other => panic!("{other}"),
        },
        ("/api/conversations.history", "C2") => no("not_in_channel"),
        ("/api/conversations.replies", "C1") => match (field("ts"), field("cursor")) {
            (ROOT, "") => ok(json!({ "messages": replies[..2], "has_more": true, "response_metadata": { "next_cursor": "x" } })),
            (ROOT, "x") => ok(
                json!({ "messages": ([&replies[..1], &replies[2..]].concat()), "has_more": false, "response_metadata": { "next_cursor": "" } }),
            ),
            ("1690000000.000100", _) => {
                ok(json!({ "messages": [{ "type": "message", "user": "U1", "text": LONG, "ts": "1690000000.000100" }] }))
            }
            _ => no("thread_not_found"),
        },
        ("/api/users.info", _) => match field("user") {
            "U1" => ok(
                json!({ "user": { "id": "U1", "name": "ada", "real_name": "Ada Lovelace", "profile": { "display_name": "", "real_name": "Ada Lovelace" } } }),
            ),
            "U2" => ok(json!({ "user": { "id": "U2", "name": "bob", "profile": { "display_name": "Bob_" } } })),
            _ => no("user_not_found"),
        },
        ("/api/auth.test", _) => ok(json!({ "url": "https://acme.slack.com/", "team": "Acme", "user_id": "UBOT" })),
        other => panic!("{other:?}"),
    }
}

fn acme() -> StandIn {
    StandIn::new(|asked| team(asked, &thread()))
}

fn at(server: &StandIn) -> SlackChannels {
    SlackChannels::at_pace(&server.url, Duration::ZERO).unwrap_or_else(|_| panic!("there is a client"))
}

fn token() -> Token {
    Zeroizing::new("xoxb-1".into())
}

fn chosen(ids: &[&str]) -> SlackConfig {
    let channel = |id: &&str| SlackChannel {
        id: (*id).to_owned(),
        name: "help".into(),
    };
    SlackConfig {
        channels: ids.iter().map(channel).collect(),
    }
}

fn start(now: i64) -> Position<'static> {
    Position { next: None, now }
}

async fn whole(slack: &SlackChannels, config: &SlackConfig, now: i64) -> (Vec<Found>, Listing) {
    let (mut found, mut next) = (Vec::new(), None::<String>);
    for _ in 0..20 {
        let position = Position {
            next: next.as_deref(),
            ..start(now)
        };
        let mut listing = slack.list(Some(&token()), config, position).await.unwrap();
        found.append(&mut listing.found);
        match listing.next.take() {
            Some(more) => next = Some(more),
            None => return (found, listing),
        }
    }
    panic!("a listing without an end");
}

fn known<'a>(id: &'a str, version: Option<&'a str>, listed: Option<&'a str>) -> Known<'a> {
    Known {
        id,
        version,
        listed,
        depth: 0,
    }
}

async fn fetch(slack: &SlackChannels, item: Known<'_>) -> Fetched {
    slack.fetch(Some(&token()), &chosen(&["C1"]), item).await.unwrap()
}

#[tokio::test]
async fn threads_and_announcements_of_a_channel_are_listed() {
    let server = acme();
    let (found, last) = whole(&at(&server), &chosen(&["C1"]), LATER).await;
    let seen: Vec<_> = found.iter().map(|one| (one.id.as_str(), one.version.as_deref())).collect();
    assert_eq!(
        seen,
        [
            ("C1/1700000000.000100", Some(":3:1700000300.000100")),
            ("C1/1690000000.000100", Some(":0:1690000000.000100")),
        ]
    );
    assert!(last.whole);
    assert!(
        server
            .asked()
            .iter()
            .all(|one| one.authorization == "Bearer xoxb-1" && one.method == "POST")
    );
    let (found, _) = whole(&at(&server), &chosen(&["C1"]), SOON).await;
    assert_eq!(found[0].version, None, "what was said lately is looked into");
}

#[tokio::test]
async fn a_channel_that_the_app_is_not_in_says_so_and_the_others_are_read() {
    let server = acme();
    let slack = at(&server);
    let (found, last) = whole(&slack, &chosen(&["C2", "C1"]), LATER).await;
    assert_eq!(
        found.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(),
        ["C2", "C1/1700000000.000100", "C1/1690000000.000100"]
    );
    assert!(last.whole);
    let fetched = slack
        .fetch(Some(&token()), &chosen(&["C2"]), known("C2", None, None))
        .await
        .unwrap();
    assert!(matches!(fetched, Fetched::Skip(skip) if skip.code == "not_in_channel" && skip.detail.contains("#help")));
}

#[tokio::test]
async fn a_thread_becomes_a_document_with_who_said_what() {
    let server = acme();
    let slack = at(&server);
    let Fetched::Content(Content {
        title,
        url,
        bytes,
        version,
        ..
    }) = fetch(&slack, known("C1/1700000000.000100", None, Some("l"))).await
    else {
        panic!("there is a thread");
    };
    assert_eq!(title, "How do I export, @Bob_?");
    assert_eq!(url.as_deref(), Some("https://acme.slack.com/archives/C1/p1700000000000100"));
    assert_eq!(version.as_deref(), Some("l"));
    let expected = [
        "# How do I export, @Bob\\_?",
        "",
        "Thread in \\#help, 2023-11-14.",
        "",
        "**Ada Lovelace:** How do I export, @Bob\\_?",
        "",
        "**Bob\\_:** Run:",
        "",
        "```",
        "export --all",
        "```",
        "",
        "**Somebody:**",
        "",
        "- thanks",
        "- [this](<https://a.example/>) helps",
        "",
    ];
    assert_eq!(String::from_utf8(bytes).unwrap(), expected.join("\n"));
    let asked = server.take();
    assert_eq!(asked.iter().filter(|one| one.route() == "/api/users.info").count(), 3);
    fetch(&slack, known("C1/1690000000.000100", None, None)).await;
    let again = server.take();
    assert!(
        again.iter().all(|one| one.route() == "/api/conversations.replies"),
        "names are known by now: {again:?}"
    );
}

#[tokio::test]
async fn an_edited_reply_is_noticed_in_a_lively_thread_and_nothing_is_stored_when_none_is() {
    let replies = Arc::new(Mutex::new(thread()));
    let said = replies.clone();
    let server = StandIn::new(move |asked| team(asked, &said.lock().unwrap()));
    let slack = at(&server);
    let id = "C1/1700000000.000100";
    let Fetched::Content(first) = fetch(&slack, known(id, None, None)).await else {
        panic!("there is a thread");
    };
    let version = first.version.unwrap();
    let same = fetch(&slack, known(id, Some(&version), None)).await;
    assert!(matches!(same, Fetched::Unchanged { version: Some(same), .. } if same == version));
    // It became quiet: another word for the same content.
    let quiet = fetch(&slack, known(id, Some(&version), Some("quiet"))).await;
    assert!(matches!(quiet, Fetched::Unchanged { version: Some(word), .. } if word == "quiet"));
    replies.lock().unwrap()[2]["text"] = "Run nothing.".into();
    let Fetched::Content(edited) = fetch(&slack, known(id, Some(&version), None)).await else {
        panic!("it changed");
    };
    assert!(String::from_utf8(edited.bytes).unwrap().contains("Run nothing."));
    replies.lock().unwrap().remove(2);
    replies.lock().unwrap().remove(2);
    let left = fetch(&slack, known(id, Some(&version), None)).await;
    assert!(
        matches!(left, Fetched::Skip(skip) if skip.code == "no_text"),
        "a question alone is no knowledge"
    );
}

#[tokio::test]
async fn what_was_deleted_and_what_is_not_chosen_any_more_is_gone() {
    let server = acme();
    let slack = at(&server);
    for id in ["C1/1600000000.000100", "C7/1700000000.000100", "C1/../x", "C1/"] {
        assert!(matches!(fetch(&slack, known(id, None, None)).await, Fetched::Gone), "{id}");
    }
    let shut = StandIn::new(|_| no("channel_not_found"));
    assert!(matches!(
        fetch(&at(&shut), known("C1/1700000000.000100", None, None)).await,
        Fetched::Gone
    ));
}

#[tokio::test]
async fn each_failure_is_what_it_is() {
    let failures: [(fn() -> Reply, ProviderError); 8] = [
        (|| Reply::text(429, "{}").with("retry-after", "60"), ProviderError::Later(60)),
        (|| no("ratelimited"), ProviderError::Later(30)),
        (|| no("token_revoked"), ProviderError::Unauthorized),
        (|| no("missing_scope"), ProviderError::Barred(super::api::MISSING_RIGHT.into())),
        (|| Reply::text(503, ""), ProviderError::Unavailable),
        (|| Reply::text(200, r#"{"ok":true,"messages":["#), ProviderError::Unavailable),
        (|| ok(json!({ "messages": [] })).cut(), ProviderError::Unavailable),
        (|| Reply::text(200, "<html>"), ProviderError::Unreadable),
    ];
    for (answer, expected) in failures {
        let server = StandIn::new(move |_| answer());
        let slack = at(&server);
        let listed = slack.list(Some(&token()), &chosen(&["C1"]), start(SOON)).await;
        assert_eq!(listed.unwrap_err(), expected);
        let fetched = slack
            .fetch(Some(&token()), &chosen(&["C1"]), known("C1/1700000000.000100", None, None))
            .await;
        assert_eq!(fetched.unwrap_err(), expected);
    }
    let endless = StandIn::new(|asked| {
        let cursor = format!("{}x", asked.body["cursor"].as_str().unwrap_or_default());
        ok(json!({ "messages": thread(), "has_more": true, "response_metadata": { "next_cursor": cursor } }))
    });
    let fetched = fetch(&at(&endless), known("C1/1700000000.000100", None, None)).await;
    assert!(matches!(fetched, Fetched::Skip(skip) if skip.code == "too_large"));
    let still = StandIn::new(|_| ok(json!({ "messages": [{ "ts": ROOT, "user": "U1", "text": "a" }], "has_more": true })));
    let slack = at(&still);
    let first = slack.list(Some(&token()), &chosen(&["C1"]), start(SOON)).await.unwrap();
    let second = Position {
        next: first.next.as_deref(),
        ..start(SOON)
    };
    let listed = slack.list(Some(&token()), &chosen(&["C1"]), second).await;
    assert_eq!(listed.unwrap_err(), ProviderError::Unreadable);
}

#[tokio::test]
async fn channels_can_be_chosen_by_an_app_that_sees_private_ones_and_by_one_that_does_not() {
    let server = StandIn::new(
        |asked| match (asked.body["types"].as_str().unwrap(), asked.body["cursor"].as_str()) {
            ("public_channel", None) => ok(
                json!({ "channels": [{ "id": "C3", "name": "random", "is_member": false }], "response_metadata": { "next_cursor": "x" } }),
            ),
            ("public_channel", Some("x")) => {
                ok(json!({ "channels": [{ "id": "C1", "name": "help", "is_member": true }, { "id": "C2", "name": "help-old" }] }))
            }
            _ => no("missing_scope"),
        },
    );
    let slack = at(&server);
    let choices = slack.choices(Some(&token()), Choosing::default()).await.unwrap().choices;
    let seen: Vec<_> = choices.iter().map(|one| (one.id.as_str(), one.name.as_str(), one.kind)).collect();
    assert_eq!(
        seen,
        [
            ("C1", "help", "channel"),
            ("C2", "help-old", "channel"),
            ("C3", "random", "channel")
        ]
    );
    let help = Choosing {
        search: "#HELP",
        ..Choosing::default()
    };
    assert_eq!(slack.choices(Some(&token()), help).await.unwrap().choices.len(), 2);
}

#[tokio::test]
async fn a_team_with_many_channels_is_looked_through_to_its_end() {
    let server = StandIn::new(|asked| {
        let at: usize = asked.body["cursor"].as_str().map_or(0, |cursor| cursor.parse().unwrap());
        let channels: Vec<Value> = (at..at + 200)
            .map(|n| json!({ "id": format!("C{n}"), "name": format!("c-{n}"), "is_member": true }))
            .collect();
        let next = if at + 200 < 3_000 { (at + 200).to_string() } else { String::new() };
        ok(json!({ "channels": channels, "response_metadata": { "next_cursor": next } }))
    });
    let slack = at(&server);
    let (mut seen, mut next) = (Vec::new(), None::<String>);
    loop {
        let asked = Choosing {
            search: "c-2999",
            within: None,
            after: next.as_deref(),
        };
        let some = slack.choices(Some(&token()), asked).await.unwrap();
        seen.extend(some.choices.into_iter().map(|one| one.id));
        next = some.next;
        if next.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["C2999"]);
}

/// What the organisation or the team refuses says nothing of a single thread.
#[tokio::test]
async fn what_is_refused_to_the_whole_app_is_no_fault_of_what_was_asked_for() {
    for word in ["org_login_required", "team_access_not_granted", "missing_scope"] {
        let server = StandIn::new(move |_| no(word));
        let slack = at(&server);
        let item = format!("C1/{ROOT}");
        let fetched = slack.fetch(Some(&token()), &chosen(&["C1"]), known(&item, None, None)).await;
        assert!(matches!(fetched, Err(ProviderError::Barred(_))), "{word}: {fetched:?}");
    }
    let server = StandIn::new(|_| no("account_inactive"));
    let listed = at(&server).list(Some(&token()), &chosen(&["C1"]), start(LATER)).await;
    assert_eq!(listed.unwrap_err(), ProviderError::Unauthorized);
}

#[test]
fn only_channels_can_be_chosen() {
    let checked = SlackChannels::check(chosen(&["C2", "C1", "C2"])).unwrap();
    assert_eq!(checked, chosen(&["C1", "C2"]));
    for ids in [vec![], vec!["D1"], vec!["c1"], vec!["C1/.."], vec![""]] {
        assert!(SlackChannels::check(chosen(&ids)).is_err(), "{ids:?}");
    }
}
