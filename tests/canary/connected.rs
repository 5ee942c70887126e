//! Everything is connected at once. What somebody gets who takes the database, its files, Redis and the log opens nothing; and when all of it
//! is disconnected, not even what was sealed is left.

use actors::clock::Clock;
use base64::{Engine, prelude::BASE64_STANDARD};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{
    Program,
    search::{Search, Secret},
};
use crate::support::{
    Person, TestApp,
    confluence::{self, Confluence},
    edge::redis_dump,
    github::{self, GitHub},
    notion::{self, In, Notion, paragraph},
    receiver::Receiver,
    rows::Rows,
    slack::{self, Slack, team},
    voice::Agent,
};

/// Everything that is sealed in the database and opens something elsewhere, byte for byte.
async fn ciphertexts(rows: &Rows) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for sql in [
        "select sealed from credential",
        "select sealed from provider_revocation",
        "select sealed from webhook_endpoint",
    ] {
        found.extend(
            rows.ask(sql, vec![])
                .await
                .iter()
                .map(|row| row.try_get::<Vec<u8>>("", "sealed").unwrap()),
        );
    }
    found
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn synced(ada: &mut Person, source: &str, runs: usize) -> Value {
    for _ in 0..1_200 {
        let (_, page) = ada.get(source).await;
        if page["runs"].as_array().is_some_and(|all| all.len() >= runs) && page["source"]["sync"]["phase"] == "idle" {
            assert_eq!(page["runs"][0]["outcome"], "done", "{page}");
            return page;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("{source} is not synced in time");
}

/// The log, the tables, the files and Redis.
async fn taken(app: &TestApp, program: &Program) -> Vec<(String, Vec<u8>)> {
    let rows = app.rows().await;
    let mut places = vec![
        ("the log".to_owned(), std::fs::read(&program.log).unwrap()),
        ("the tables".to_owned(), rows.dump().await.into_bytes()),
    ];
    for entry in std::fs::read_dir(app.data()).unwrap().map(|entry| entry.unwrap().path()) {
        // The key file is where the master key lives.
        if entry.is_file() && !entry.ends_with("master.key") {
            places.push((entry.display().to_string(), std::fs::read(&entry).unwrap()));
        }
    }
    rows.close().await;
    if let Some(url) = app.setting("REDIS_URL") {
        places.push(("Redis".into(), redis_dump(&url).into_bytes()));
    } else {
        assert!(
            places.iter().any(|(place, bytes)| place.ends_with("-wal") && !bytes.is_empty()),
            "the log of what was written is there"
        );
    }
    places
}

fn leaks(secrets: &[Secret], places: &[(String, Vec<u8>)]) -> String {
    let search = Search::new(secrets);
    let mut leaks = String::new();
    for (place, bytes) in places {
        for what in search.find(bytes).keys() {
            leaks.push_str(&format!("{what} is in {place}\n"));
        }
    }
    leaks
}

#[tokio::test]
async fn what_is_taken_while_everything_is_connected_opens_nothing_and_nothing_is_left_of_it_afterwards() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let clock = Clock::system();
    let (slack, github) = (Slack::start().await, GitHub::start(&clock).await);
    let (notion, confluence, receiver) = (
        Notion::start(&clock).await,
        Confluence::start(&clock).await,
        Receiver::start().await,
    );
    slack.rotate();
    slack.channels(|said| {
        said.channel("C1", "help", true);
        said.person("U1", "Ada");
        said.say("C1", ("1700000000.000100", None), "U1", "How do I export my data?");
        said.say("C1", ("1700000001.000100", Some("1700000000.000100")), "U1", "Open Settings.");
    });
    github.repository("ada/lantern", &["ada"], &[("a.md", "# Export\n\nOpen Settings.\n")]);
    github.person("ada");
    github.install(7, "ada", &["ada/lantern"]);
    notion.put("Handbook", In::Workspace, vec![paragraph("Everything about the lantern.")]);
    confluence.space("DOC");
    confluence.put("DOC", "Refunds", "<p>Refunds take five days.</p>");

    let mut settings = vec![
        ("PERNOEX_LOG", "trace".to_owned()),
        ("PERNOEX_LOG_FORMAT", "json".to_owned()),
        ("PERNOEX_LIMIT_FACTOR", "1000".to_owned()),
        ("PERNOEX_ALLOW_PRIVATE", "127.0.0.1".to_owned()),
        ("SLACK_SOURCES", "yes".to_owned()),
    ];
    settings.extend(github.oauth_settings());
    settings.extend(slack.settings());
    settings.extend(notion.settings().map(|(name, value)| (name, value.to_owned())));
    settings.extend(confluence.settings().map(|(name, value)| (name, value.to_owned())));
    let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut app = TestApp::prepare(clock, &settings).await;
    let mut program = Program::start(&mut app);
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    // First the OAuth App; what is connected after that is connected by the other.
    let oauth = ada.connect_at_once(&app, "github").await.remove(0);
    let oauth_token = github.tokens().remove(0);
    drop(program);
    for (name, value) in github.app_settings() {
        app.configure(name, &value);
    }
    program = Program::start(&mut app);
    ada.url.clone_from(&app.url);
    let mut sources = Vec::new();
    let repositories = json!({ "repositories": [{ "full_name": "ada/lantern" }] });
    sources.push(json!({ "kind": "github", "grant": oauth["id"], "config": repositories }));
    let installed = ada.connect_at_once(&app, "github").await.remove(0);
    assert_ne!(installed["id"], oauth["id"]);
    sources.push(json!({ "kind": "github", "grant": installed["id"], "config": repositories }));
    let in_notion = ada.connect_at_once(&app, "notion").await.remove(0);
    sources.push(json!({ "kind": "notion", "grant": in_notion["id"], "config": { "pages": [] } }));
    let in_confluence = ada.connect_at_once(&app, "confluence").await.remove(0);
    sources.push(json!({ "kind": "confluence", "grant": in_confluence["id"], "config": { "spaces": ["DOC"] } }));
    let team = team();
    ada.connect_slack(&app, &team).await;
    sources.push(json!({ "kind": "slack", "team": team, "config": { "channels": [{ "id": "C1", "name": "help" }] } }));
    let first: Vec<String> = [notion.living(), confluence.living(), slack.tokens()].concat();
    for source in &mut sources {
        let (status, made) = ada.post(&format!("{project}/sources"), source.clone()).await;
        assert_eq!(status, StatusCode::CREATED, "{made}");
        *source = json!(format!("{project}/sources/{}", made["id"].as_str().unwrap()));
        synced(&mut ada, source.as_str().unwrap(), 1).await;
    }
    // Each is renewed on the way: what stood in its place before is a secret too.
    notion.expire();
    confluence.expire();
    slack.expire();
    for source in &sources[2..] {
        let source = source.as_str().unwrap();
        assert!(
            ada.send(Method::POST, &format!("{source}/sync"), None, &[])
                .await
                .status()
                .is_success()
        );
        synced(&mut ada, source, 2).await;
    }
    let own = Agent::connect(&mut ada, &project, "standard").await;
    let theirs = format!("canary-voice-{}", uuid::Uuid::new_v4().simple());
    let (_, other) = ada.post(&format!("{project}/voice"), json!({ "provider": "retell" })).await;
    let path = format!("{project}/voice/{}", other["id"].as_str().unwrap());
    assert_eq!(
        ada.post(&format!("{path}/secret"), json!({ "secret": theirs })).await.0,
        StatusCode::OK
    );
    let hooked = json!({ "url": receiver.url(), "events": ["question.unanswered"] });
    let (status, hook) = ada.post(&format!("{project}/webhooks"), hooked).await;
    assert_eq!(status, StatusCode::CREATED, "{hook}");

    let mut secrets = vec![
        Secret::new("GitHub's client secret", github::SECRET),
        Secret::new("Notion's client secret", notion::SECRET),
        Secret::new("Atlassian's client secret", confluence::SECRET),
        Secret::new("Slack's client secret", slack::SECRET),
        Secret::new("Slack's signing secret", slack::SIGNING),
        Secret::new("a voice agent's secret", &own.secret),
        Secret::new("a voice provider's secret", &theirs),
        Secret::new("a webhook's secret", hook["secret"].as_str().unwrap().trim_start_matches("whsec_")),
    ];
    // The App's key: all of it, and each line as it stands in its file.
    let lines: Vec<&str> = github.key.split("\\n").filter(|line| !line.starts_with("-----")).collect();
    assert!(lines.len() > 20);
    secrets.push(Secret::new("the App's key", &lines.concat()));
    secrets.extend(
        lines[..lines.len() - 1]
            .iter()
            .map(|line| Secret::new("a line of the App's key", line)),
    );
    let der = BASE64_STANDARD.decode(lines.concat()).unwrap();
    secrets.push(Secret::new(
        "the middle of the App's key",
        &BASE64_STANDARD.encode(&der[der.len() / 2..der.len() / 2 + 48]),
    ));
    let living = [github.tokens(), notion.living(), confluence.living(), slack.tokens()].concat();
    assert!(
        living.contains(&oauth_token) && living.iter().any(|token| token.starts_with("ghs_")),
        "both of GitHub's"
    );
    let tokens = living.iter().chain(first.iter().filter(|token| !living.contains(token)));
    secrets.extend(tokens.map(|token| Secret::new(&format!("a token, {}…", &token[..8]), token)));
    assert!(secrets.len() > 40, "{}", secrets.len());

    let places = taken(&app, &program).await;
    assert!(places[0].1.len() > 100_000, "the log says little: {}", places[0].1.len());
    assert_eq!(leaks(&secrets, &places), "");
    let rows = app.rows().await;
    let sealed = ciphertexts(&rows).await;
    // Four grants, Slack's token, two agents, one webhook's secret and address: they are there, or the search for them says nothing.
    assert!(sealed.len() >= 9, "{}", sealed.len());
    let dump = rows.dump().await.to_lowercase();
    assert!(sealed.iter().all(|cell| dump.contains(&hex(cell))), "the dump holds what is sealed");
    rows.close().await;

    for path in [
        format!("{project}/voice/{}", own.id),
        path,
        format!("{project}/webhooks/{}", hook["webhook"]["id"].as_str().unwrap()),
    ] {
        let (status, said) = ada.delete(&path, None).await;
        assert!(status.is_success(), "{path}: {said}");
    }
    let (status, said) = ada.post("/integrations/revoke-all", json!({ "documents": "delete" })).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{said}");
    let receipts = ada.receipts_done(&Clock::system()).await;
    let ended = |outcome: &str| receipts.iter().filter(|one| one["grant"] == outcome).count();
    assert_eq!((ended("revoked"), ended("unconfirmed")), (4, 1), "{receipts:?}");
    assert_eq!(
        [github.tokens(), notion.living(), slack.tokens()].concat(),
        Vec::<String>::new(),
        "they are over there too"
    );
    assert!(!github.is_installed(7));

    let rows = app.rows().await;
    for table in ["credential", "provider_revocation", "webhook_endpoint"] {
        // A receipt says that a grant is over a moment before its token is deleted.
        rows.none_left(table).await;
    }
    rows.close().await;
    let places = taken(&app, &program).await;
    assert_eq!(leaks(&secrets, &places), "");
    for (place, bytes) in &places {
        let text = String::from_utf8_lossy(bytes).to_lowercase();
        for cell in &sealed {
            assert!(!text.contains(&hex(cell)), "something sealed is left in {place}");
        }
    }
}
