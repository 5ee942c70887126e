//! A sealed cell opens in its own place and nowhere else. Each story moves cells about with raw SQL.

use entities::sealed;
use pernoex::Clock;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{
    Person, TestApp,
    embedder::{Act, FakeEmbedder},
    rows::{Cell, Rows},
    visitor::{SITE, open_widget, user_token},
    voice::{Agent, settled, told},
};

const WORDS: [&str; 4] = ["quokka", "axolotl", "pangolin", "narwhal"];

/// A conversation of somebody whom a website named.
async fn named_visitor(owner: &mut Person, project: &str, word: &str) {
    let key = open_widget(owner, project).await;
    let (_, made) = owner.post(&format!("{project}/widget/identity"), json!({})).await;
    let claims = json!({ "sub": word, "aud": key, "exp": Clock::system().now() / 1000 + 600, "name": word });
    let user = json!({ "user": user_token(made["secret"].as_str().unwrap(), &claims) });
    let path = format!("/widget/{key}/visits");
    let visit = owner.send(Method::POST, &path, Some(user), &[("origin", SITE)]).await;
    let visit: Value = visit.json().await.unwrap();
    let bearer = format!("Bearer {}", visit["token"].as_str().unwrap());
    let headers = [("origin", SITE), ("authorization", bearer.as_str())];
    let question = json!({ "question": format!("What does the {word} eat?") });
    let asked = owner
        .send(Method::POST, &format!("/widget/{key}/questions"), Some(question), &headers)
        .await;
    assert_eq!(asked.status(), StatusCode::OK);
}

/// A project with a document, a conversation and a word that nothing else holds.
async fn populate(person: &mut Person, name: &str, word: &str) -> String {
    let project = person.project(name).await;
    let text = format!("# Care of the {word}\n\n## Food\n\nThe {word} eats three red apples each morning and rests at noon.\n");
    let earlier = format!("# Care of the {word}\n\nThe {word} is fed now and then.\n");
    let (_, uploaded) = person
        .upload(Method::POST, &format!("{project}/documents"), &[("care.md", earlier.as_bytes())])
        .await;
    let document = format!("{project}/documents/{}", uploaded["documents"][0]["id"].as_str().unwrap());
    person.upload(Method::PUT, &document, &[("care.md", text.as_bytes())]).await;
    person.settled(&project).await;
    person.question(&project, &format!("What does the {word} eat each morning?")).await;
    let listed = person.get(&format!("{project}/conversations")).await.1;
    let conversation = listed["conversations"][0]["id"].as_str().unwrap();
    let note = json!({ "text": format!("Somebody should feed the {word}.") });
    let (status, noted) = person.post(&format!("{project}/conversations/{conversation}/notes"), note).await;
    assert_eq!(status, StatusCode::CREATED, "{noted}");
    let todo = json!({ "text": format!("Buy apples for the {word}.") });
    assert_eq!(person.post(&format!("{project}/todos"), todo).await.0, StatusCode::CREATED);
    let logo = [b"\x89PNG\r\n\x1a\n", word.as_bytes()].concat();
    let (status, _) = person
        .upload(Method::PUT, &format!("{project}/widget/logo"), &[("logo.png", &logo)])
        .await;
    assert_eq!(status, StatusCode::OK);
    named_visitor(person, &project, word).await;
    let groups = json!({ "groups": [[word, format!("{word} bear")]] });
    let (status, _) = person.put(&format!("{project}/synonyms"), groups).await;
    assert_eq!(status, StatusCode::OK);
    let hook = json!({ "url": format!("http://127.0.0.1:9/{word}"), "events": ["document.failed"] });
    let (status, made) = person.post(&format!("{project}/webhooks"), hook).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let path = format!("{project}/webhooks/{}", made["webhook"]["id"].as_str().unwrap());
    person.post(&format!("{path}/test"), json!({})).await;
    let agent = Agent::connect(person, &project, "standard").await;
    let curated = json!({ "questions": [format!("Where does the {word} sleep?")], "text": format!("The {word} sleeps in a hammock.") });
    let (status, made) = person.post(&format!("{project}/curated-answers"), curated).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let call = told("standard", "call-1", &format!("What does the {word} eat?"));
    let (status, _) = agent.send(person, Clock::system().now(), &call).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    settled(person, &project).await;
    project
}

/// Has another model take over, so that chunks have two embeddings.
async fn embed_anew(app: &mut TestApp, people: &mut [(&mut Person, &[&String])]) {
    let model = FakeEmbedder::start(Act::Embed).await;
    for (name, value) in model.settings("small") {
        app.configure(&name, &value);
    }
    app.restart().await;
    for (person, projects) in people {
        person.url.clone_from(&app.url);
        for project in *projects {
            let is_done = async |person: &mut Person| person.get(&format!("{project}/embedding")).await.1["model"] == "small";
            for _ in 0..600 {
                if is_done(person).await {
                    break;
                }
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
            assert!(is_done(person).await, "another model takes over in time");
        }
    }
}

/// Where a cell can be read over HTTP, below its project. A new sealed column must say so here.
async fn read_at(rows: &Rows, cell: &Cell) -> String {
    match (cell.of.table, cell.of.column) {
        ("document_body", _) => format!("/documents/{}/original", cell.row),
        ("chunk", _) => {
            let found = rows.ask("select document_id from chunk where id = $1", vec![cell.row.into()]).await;
            format!("/documents/{}", found[0].try_get::<uuid::Uuid>("", "document_id").unwrap())
        }
        ("conversation", _) => "/conversations".into(),
        ("todo", _) => "/todos".into(),
        (table @ ("message" | "conversation_note"), _) => {
            let found = rows
                .ask(&format!("select conversation_id from {table} where id = $1"), vec![cell.row.into()])
                .await;
            format!("/conversations/{}", found[0].try_get::<uuid::Uuid>("", "conversation_id").unwrap())
        }
        ("webhook_endpoint", _) => "/webhooks".into(),
        ("webhook_delivery", _) => {
            let found = rows
                .ask("select endpoint_id from webhook_delivery where id = $1", vec![cell.row.into()])
                .await;
            let endpoint = found[0].try_get::<uuid::Uuid>("", "endpoint_id").unwrap();
            format!("/webhooks/{endpoint}/deliveries/{}", cell.row)
        }
        ("widget_logo", _) => "/widget/logo".into(),
        ("project", _) => "/synonyms".into(),
        ("voice_call", _) => format!("/conversations/{}", cell.row),
        ("document_revision", _) => {
            let found = rows
                .ask(
                    "select document_id, revision from document_revision where id = $1",
                    vec![cell.row.into()],
                )
                .await;
            let document = found[0].try_get::<uuid::Uuid>("", "document_id").unwrap();
            format!(
                "/documents/{document}/revisions/{}",
                found[0].try_get::<i32>("", "revision").unwrap()
            )
        }
        ("document_secret", _) => {
            let found = rows
                .ask("select id from document where project_id = $1", vec![cell.row.into()])
                .await;
            format!("/documents/{}/likenesses", found[0].try_get::<uuid::Uuid>("", "id").unwrap())
        }
        ("curated_answer", _) => "/curated-answers".into(),
        ("curated_revision", _) => {
            let found = rows
                .ask("select curated_id from curated_revision where id = $1", vec![cell.row.into()])
                .await;
            format!("/curated-answers/{}", found[0].try_get::<uuid::Uuid>("", "curated_id").unwrap())
        }
        other => panic!("where is {other:?} read?"),
    }
}

async fn expect_sealed(person: &mut Person, path: &str, what: &str) {
    let response = person.send(Method::GET, path, None, &[]).await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR, "{what} at {path}");
    let text = response.text().await.unwrap();
    let problem: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(problem["code"], "internal_error");
    assert!(problem["request_id"].as_str().is_some_and(|id| !id.is_empty()));
    let mut fields: Vec<&str> = problem.as_object().unwrap().keys().map(String::as_str).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["code", "detail", "request_id", "status", "title", "type"]);
    assert!(WORDS.iter().all(|word| !text.contains(word)), "{text}");
}

#[tokio::test]
async fn no_two_sealed_cells_can_change_places() {
    let mut app = TestApp::with(&[("PERNOEX_ALLOW_PRIVATE", "127.0.0.1")]).await;
    let (mut ada, mut eve) = (app.owner("ada").await, app.owner("eve").await);
    let one = populate(&mut ada, "One", WORDS[0]).await;
    let two = populate(&mut ada, "Two", WORDS[1]).await;
    let theirs = populate(&mut eve, "One", WORDS[2]).await;
    embed_anew(&mut app, &mut [(&mut ada, &[&one, &two]), (&mut eve, &[&theirs])]).await;
    let rows = app.rows().await;
    let cells = rows.cells().await;
    for of in sealed::columns() {
        assert!(
            cells.iter().filter(|cell| cell.of == of).count() >= 3,
            "{of:?} has no cells to swap"
        );
    }
    let owner = ada.get("/session").await.1["workspace"]["id"].as_str().unwrap().to_owned();
    let mut paths = Vec::with_capacity(cells.len());
    for cell in &cells {
        let path = format!("/projects/{}{}", cell.project, read_at(&rows, cell).await);
        let person = if cell.tenant.to_string() == owner { &mut ada } else { &mut eve };
        assert_eq!(person.send(Method::GET, &path, None, &[]).await.status(), StatusCode::OK, "{path}");
        paths.push(path);
    }
    let mut swapped = 0;
    for (a, one) in cells.iter().enumerate() {
        for (b, two) in cells.iter().enumerate().skip(a + 1) {
            rows.put(one, &two.sealed).await;
            rows.put(two, &one.sealed).await;
            for (cell, path) in [(one, &paths[a]), (two, &paths[b])] {
                let person = if cell.tenant.to_string() == owner { &mut ada } else { &mut eve };
                let what = format!("{:?} for {:?}", one.of, two.of);
                expect_sealed(person, path, &what).await;
            }
            rows.put(one, &one.sealed).await;
            rows.put(two, &two.sealed).await;
            swapped += 1;
        }
    }
    assert!(swapped >= 100, "{swapped} pairs");
    for (cell, path) in cells.iter().zip(&paths) {
        let person = if cell.tenant.to_string() == owner { &mut ada } else { &mut eve };
        assert_eq!(person.send(Method::GET, path, None, &[]).await.status(), StatusCode::OK, "put back");
    }
}

#[tokio::test]
async fn a_wrapped_key_opens_for_its_own_project_only() {
    let mut app = TestApp::with(&[("PERNOEX_ALLOW_PRIVATE", "127.0.0.1")]).await;
    let (mut ada, mut eve) = (app.owner("ada").await, app.owner("eve").await);
    let one = populate(&mut ada, "One", WORDS[0]).await;
    let two = populate(&mut ada, "Two", WORDS[1]).await;
    let theirs = populate(&mut eve, "One", WORDS[2]).await;
    app.stop().await;
    let rows = app.rows().await;
    let id = |project: &str| uuid::Uuid::parse_str(project.rsplit('/').next().unwrap()).unwrap();
    let key = async |project: &str| {
        let found = rows
            .ask(
                "select wrapped, share from project_key where project_id = $1",
                vec![id(project).into()],
            )
            .await;
        let share: uuid::Uuid = found[0].try_get("", "share").unwrap();
        (found[0].try_get::<Vec<u8>>("", "wrapped").unwrap(), share)
    };
    // With the share that belongs to it: even so it is another project's.
    for foreign in [&two, &theirs] {
        let (wrapped, share) = key(foreign).await;
        let sql = "update project_key set wrapped = $1, share = $2 where project_id = $3";
        let own = key(&one).await;
        rows.run(sql, vec![wrapped.into(), share.into(), id(&one).into()]).await;
        app.start_again();
        for person in [&mut ada, &mut eve] {
            person.url.clone_from(&app.url);
        }
        expect_sealed(&mut ada, &format!("{one}/conversations"), "another project's key").await;
        app.stop().await;
        rows.run(sql, vec![own.0.into(), own.1.into(), id(&one).into()]).await;
    }
    app.start_again();
    ada.url.clone_from(&app.url);
    assert_eq!(ada.get(&format!("{one}/conversations")).await.0, StatusCode::OK);
    rows.close().await;
}

#[tokio::test]
async fn every_binary_column_is_sealed_or_says_what_else_it_is() {
    let app = TestApp::with(&[("PERNOEX_ALLOW_PRIVATE", "127.0.0.1")]).await;
    let mut ada = app.owner("ada").await;
    populate(&mut ada, "One", WORDS[3]).await;
    // Hashes, wrapped keys and their shares. A column that holds anything else belongs into sealed::columns.
    let other = [
        "id_hash",
        "code_hash",
        "ticket_hash",
        "credential_id",
        "key_hash",
        "token_hash",
        "team_hash",
        "customer_hash",
        "item_hash",
        "holder_hash",
        // Hashes of those too.
        "links",
        "wrapped",
        "share",
        "master",
        "hash",
        "previous",
        "signature",
        // Of where a backup went.
        "place",
    ];
    let rows = app.rows().await;
    for table in rows.tables().await {
        for column in rows.columns(&table).await {
            let sealed = sealed::columns().iter().any(|of| of.table == table && of.column == column);
            // Sealed for a person or for the server, by its own key.
            let personal = [
                "account_token",
                "account_totp",
                "account_identity",
                "provider_revocation",
                "mail",
                "ceremony",
                // Of whoever reports a vulnerability.
                "report",
                "report_entry",
                "report_file",
                // By the tenant's key.
                "credential",
                "inbound_event",
            ];
            let personal = (column == "sealed" && personal.contains(&table.as_str())) || (table == "report_file" && column == "name");
            if sealed || personal || other.contains(&column.as_str()) {
                continue;
            }
            // PostgreSQL tells bytes from ids; SQLite calls both blobs, of which ids are 16 bytes long.
            let question = if std::env::var("PERNOEX_TEST_POSTGRES").is_ok() {
                format!(
                    "select 1 as found from information_schema.columns where table_name = '{table}' and column_name = '{column}' and data_type = 'bytea'"
                )
            } else {
                format!("select 1 as found from \"{table}\" where typeof(\"{column}\") = 'blob' and length(\"{column}\") <> 16")
            };
            assert!(rows.ask(&question, vec![]).await.is_empty(), "what is {table}.{column}?");
        }
    }
}
