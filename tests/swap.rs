//! A sealed cell opens in its own place and nowhere else. Each story moves cells about with raw SQL.

use entities::sealed;
use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::support::{
    Person, TestApp,
    rows::{Cell, Rows},
};

const WORDS: [&str; 4] = ["quokka", "axolotl", "pangolin", "narwhal"];

/// A project with a document, a conversation and a word that nothing else holds.
async fn populate(person: &mut Person, name: &str, word: &str) -> String {
    let project = person.project(name).await;
    let text = format!("# Care of the {word}\n\n## Food\n\nThe {word} eats three red apples each morning and rests at noon.\n");
    person
        .upload(Method::POST, &format!("{project}/documents"), &[("care.md", text.as_bytes())])
        .await;
    person.settled(&project).await;
    person.question(&project, &format!("What does the {word} eat each morning?")).await;
    project
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
        ("message", _) => {
            let found = rows
                .ask("select conversation_id from message where id = $1", vec![cell.row.into()])
                .await;
            format!("/conversations/{}", found[0].try_get::<uuid::Uuid>("", "conversation_id").unwrap())
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
    let app = TestApp::start().await;
    let (mut ada, mut eve) = (app.owner("ada").await, app.owner("eve").await);
    populate(&mut ada, "One", WORDS[0]).await;
    populate(&mut ada, "Two", WORDS[1]).await;
    populate(&mut eve, "One", WORDS[2]).await;
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
    let mut app = TestApp::start().await;
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
    let app = TestApp::start().await;
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
        "wrapped",
        "share",
        "master",
        "hash",
        "previous",
        "signature",
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
            ];
            let personal = column == "sealed" && personal.contains(&table.as_str());
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
