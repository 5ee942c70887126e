//! Documents by the thousand: found, put in order, changed together, compared, and kept as they were before.

mod revisions;

use std::time::{Duration, Instant};

use pernoex::Clock;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{GUIDE, PASSWORD, Person, TestApp};

const DAY: i64 = 86_400_000;

async fn upload(person: &mut Person, project: &str, name: &str, text: &str) -> String {
    let (status, uploaded) = person
        .upload(Method::POST, &format!("{project}/documents"), &[(name, text.as_bytes())])
        .await;
    assert_eq!(status, StatusCode::CREATED, "{uploaded}");
    uploaded["documents"][0]["id"].as_str().unwrap().to_owned()
}

async fn replace(person: &mut Person, path: &str, text: &str) {
    let (status, replaced) = person.upload(Method::PUT, path, &[("new.md", text.as_bytes())]).await;
    assert_eq!(status, StatusCode::OK, "{replaced}");
}

async fn listed(person: &mut Person, project: &str, query: &str) -> Value {
    let (status, found) = person.get(&format!("{project}/documents?{query}")).await;
    assert_eq!(status, StatusCode::OK, "{query}: {found}");
    found
}

fn names(list: &Value) -> Vec<String> {
    let documents = list["documents"].as_array().unwrap();
    documents.iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
}

/// Has something done to many, and waits until it is.
async fn batch(person: &mut Person, project: &str, body: Value) -> Value {
    let (status, begun) = person.post(&format!("{project}/documents/batches"), body).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{begun}");
    let path = format!("{project}/documents/batches/{}", begun["id"].as_str().unwrap());
    for _ in 0..2_400 {
        let (status, batch) = person.get(&path).await;
        assert_eq!(status, StatusCode::OK, "{batch}");
        if batch["finished_at"] != Value::Null {
            return batch;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("it never ends");
}

#[tokio::test]
async fn documents_are_found_by_words_in_their_names_and_titles_in_any_order_a_page_at_a_time() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    for (name, text) in [
        ("Setup.md", "# Grüße aus Köln\n\nHow the lantern is set up.\n"),
        ("alpha 100%.md", "# Alpha\n\nFirst of all of them.\n"),
        ("beta.md", "# Beta\n\nSecond of all, and longer than the first one of them is.\n"),
        (
            "gamma_1.md",
            "# Gamma\n\nThird of all, and by far the longest one of all of them, as anybody may see who reads.\n",
        ),
    ] {
        upload(&mut ada, &project, name, text).await;
    }
    ada.settled(&project).await;
    for (query, wanted) in [
        ("sort=name", vec!["alpha 100%.md", "beta.md", "gamma_1.md", "Setup.md"]),
        ("sort=name&order=desc", vec!["Setup.md", "gamma_1.md", "beta.md", "alpha 100%.md"]),
        ("sort=size&order=asc&search=of", vec![]),
        ("search=gr%C3%BC%C3%9Fe", vec!["Setup.md"]),
        ("search=SETUP", vec!["Setup.md"]),
        ("search=%25", vec!["alpha 100%.md"]),
        ("search=a_1", vec!["gamma_1.md"]),
        ("search=a+md&sort=name", vec!["alpha 100%.md", "beta.md", "gamma_1.md", "Setup.md"]),
        ("status=failed", vec![]),
        (
            "status=ready,queued&sort=created&order=asc&limit=2",
            vec!["Setup.md", "alpha 100%.md"],
        ),
        ("source=uploaded&search=beta", vec!["beta.md"]),
    ] {
        assert_eq!(names(&listed(&mut ada, &project, query).await), wanted, "{query}");
    }
    for order in ["asc", "desc"] {
        for sort in ["name", "size", "created", "updated", "status"] {
            let all = names(&listed(&mut ada, &project, &format!("sort={sort}&order={order}")).await);
            let (mut seen, mut after) = (Vec::new(), String::new());
            loop {
                let page = listed(&mut ada, &project, &format!("sort={sort}&order={order}&limit=1{after}")).await;
                assert_eq!((page["matching"].as_i64(), page["total"].as_i64()), (Some(4), Some(4)));
                seen.extend(names(&page));
                match page["next"].as_str() {
                    Some(next) => after = format!("&after={next}"),
                    None => break,
                }
            }
            assert_eq!(seen, all, "{sort} {order}");
        }
    }
    let first = listed(&mut ada, &project, "sort=name&limit=1").await;
    let next = first["next"].as_str().unwrap();
    for (bad, status, code) in [
        (format!("sort=size&after={next}"), 422, "invalid_cursor"),
        ("after=x".into(), 422, "invalid_cursor"),
        ("sort=colour".into(), 400, "invalid_body"),
        ("status=lost".into(), 400, "invalid_body"),
        ("search=a+b+c+d+e+f+g+h+i".into(), 422, "invalid_search"),
        ("collection=never".into(), 404, "not_found"),
    ] {
        let (found, problem) = ada.get(&format!("{project}/documents?{bad}")).await;
        assert_eq!(found.as_u16(), status, "{bad}: {problem}");
        assert_eq!(problem["code"], code, "{bad}");
    }
}

#[tokio::test]
async fn tags_and_collections_are_given_to_one_or_to_many_and_narrow_the_list() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let mut ids = Vec::new();
    for n in 0..5 {
        ids.push(
            upload(
                &mut ada,
                &project,
                &format!("guide {n}.md"),
                &format!("# Guide {n}\n\nAbout the number {n}.\n"),
            )
            .await,
        );
    }
    let path = format!("{project}/documents/{}", ids[0]);
    let (_, made) = ada
        .post(&format!("{project}/collections"), json!({ "name": "Handbook", "review_days": 90 }))
        .await;
    let collection = made["id"].as_str().unwrap();
    let (status, again) = ada.post(&format!("{project}/collections"), json!({ "name": "Handbook" })).await;
    assert_eq!((status, again["code"].as_str()), (StatusCode::CONFLICT, Some("name_taken")));
    let (status, changed) = ada
        .patch(
            &path,
            json!({ "tags": ["Getting  Started", "billing", "Billing"], "collection": collection }),
        )
        .await;
    assert_eq!(status, StatusCode::OK, "{changed}");
    assert_eq!(changed["tags"], json!(["billing", "getting started"]));
    assert_eq!(changed["collection"]["name"], "Handbook");
    assert!(changed["due_at"].is_string(), "the collection says when it is due");
    for (bad, code) in [
        (json!({ "tags": ["a,b"] }), "invalid_tag"),
        (
            json!({ "tags": (0..21).map(|n| n.to_string()).collect::<Vec<_>>() }),
            "too_many_tags",
        ),
        (json!({ "collection": uuid::Uuid::new_v4() }), "unknown_collection"),
        (json!({ "review_by": "tomorrow" }), "invalid_day"),
    ] {
        assert_eq!(ada.patch(&path, bad).await.1["code"], code);
    }

    let done = batch(
        &mut ada,
        &project,
        json!({ "action": "tag", "tag": "Billing", "documents": [ids[1], ids[2]] }),
    )
    .await;
    assert_eq!(
        (done["total"].as_i64(), done["done"].as_i64(), done["skipped"].as_i64()),
        (Some(2), Some(2), Some(0))
    );
    assert_eq!(
        names(&listed(&mut ada, &project, "tag=billing&sort=name").await),
        ["guide 0.md", "guide 1.md", "guide 2.md"]
    );
    batch(
        &mut ada,
        &project,
        json!({ "action": "move", "collection": collection, "filter": { "tag": "billing" } }),
    )
    .await;
    assert_eq!(listed(&mut ada, &project, &format!("collection={collection}")).await["matching"], 3);
    assert_eq!(
        names(&listed(&mut ada, &project, "collection=none&sort=name").await),
        ["guide 3.md", "guide 4.md"]
    );
    let (_, facets) = ada.get(&format!("{project}/documents/facets")).await;
    assert_eq!(
        facets["tags"],
        json!([{ "tag": "billing", "documents": 3 }, { "tag": "getting started", "documents": 1 }])
    );
    assert_eq!(facets["collections"][0]["documents"], 3);

    batch(
        &mut ada,
        &project,
        json!({ "action": "untag", "tag": "billing", "filter": { "collection": collection, "search": "guide 1" } }),
    )
    .await;
    assert_eq!(listed(&mut ada, &project, "tag=billing").await["matching"], 2);
    let path = format!("{project}/collections/{collection}");
    let (status, renamed) = ada.put(&path, json!({ "name": "Manual", "review_days": null })).await;
    assert_eq!((status, renamed["documents"].as_i64()), (StatusCode::OK, Some(3)));
    assert_eq!(ada.delete(&path, None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(
        listed(&mut ada, &project, "collection=none").await["matching"],
        5,
        "its documents stay"
    );
    for (bad, code) in [
        (json!({ "action": "delete" }), "invalid_documents"),
        (json!({ "action": "delete", "documents": [], }), "invalid_documents"),
        (
            json!({ "action": "delete", "documents": [ids[0]], "filter": {} }),
            "invalid_documents",
        ),
        (json!({ "action": "tag", "filter": {} }), "invalid_tag"),
        (
            json!({ "action": "move", "collection": collection, "filter": {} }),
            "unknown_collection",
        ),
    ] {
        let (status, refused) = ada.post(&format!("{project}/documents/batches"), bad.clone()).await;
        assert_eq!(
            (status, refused["code"].as_str()),
            (StatusCode::UNPROCESSABLE_ENTITY, Some(code)),
            "{bad}"
        );
    }
}

#[tokio::test]
async fn many_are_deleted_by_a_filter_and_are_gone_from_answers() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.guide("Lantern").await;
    upload(&mut ada, &project, "broken.pdf", "%PDF-1.4 not really").await;
    ada.settled(&project).await;
    let retried = batch(&mut ada, &project, json!({ "action": "retry", "filter": {} })).await;
    assert_eq!(
        (retried["total"].as_i64(), retried["skipped"].as_i64()),
        (Some(2), Some(1)),
        "what was read already is not read again"
    );
    ada.settled(&project).await;
    assert_eq!(
        names(&listed(&mut ada, &project, "status=failed").await),
        ["broken.pdf"],
        "it was read once more, and is as broken"
    );
    for n in 0..120 {
        let text = format!("# Note {n}\n\nThe quokka number {n} sleeps under the stairs.\n");
        upload(&mut ada, &project, &format!("note {n}.md"), &text).await;
    }
    let done = batch(&mut ada, &project, json!({ "action": "delete", "filter": { "search": "note" } })).await;
    assert_eq!(
        (done["total"].as_i64(), done["done"].as_i64(), done["skipped"].as_i64()),
        (Some(120), Some(120), Some(0)),
        "in more than one step"
    );
    assert_eq!(names(&listed(&mut ada, &project, "sort=name").await), ["broken.pdf", "guide.md"]);
    let answer = ada.question(&project, "Where does the quokka number 7 sleep?").await;
    assert!(!answer.to_string().contains("under the stairs"), "{answer}");
    assert_eq!(ada.question(&project, "How do I export my data?").await["outcome"], "answered");
    let (_, log) = ada.get("/audit?act=document.many_changed").await;
    assert_eq!(log["entries"][0]["details"]["documents"], 120);
}

#[tokio::test]
async fn documents_that_say_the_same_are_told_of() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let text: String = (0..60)
        .map(|n| format!("Part {n} of the lantern weighs {n} grams and is cleaned with cloth number {n}.\n\n"))
        .collect();
    let first = upload(&mut ada, &project, "first.md", &text).await;
    upload(&mut ada, &project, "other.md", std::str::from_utf8(GUIDE).unwrap()).await;
    ada.settled(&project).await;
    let same = upload(&mut ada, &project, "same.md", &text).await;
    ada.settled(&project).await;
    let near = upload(&mut ada, &project, "near.md", &text.replace("cloth number 7.", "a brush.")).await;
    ada.settled(&project).await;
    let likenesses =
        async |person: &mut Person, id: &str| person.get(&format!("{project}/documents/{id}/likenesses")).await.1["documents"].clone();
    let of_same = likenesses(&mut ada, &same).await;
    assert_eq!(
        (&of_same[0]["name"], &of_same[0]["percent"], &of_same[0]["same"]),
        (&json!("first.md"), &json!(100), &json!(true))
    );
    let of_near = likenesses(&mut ada, &near).await;
    assert_eq!(of_near.as_array().unwrap().len(), 2, "{of_near}");
    assert!(
        of_near[0]["percent"].as_i64().unwrap() >= 80 && of_near[0]["same"] == false,
        "{of_near}"
    );
    assert_eq!(
        names(&listed(&mut ada, &project, "duplicates=true&sort=name").await),
        ["near.md", "same.md"]
    );
    let (_, shown) = ada.get(&format!("{project}/documents/{same}")).await;
    assert_eq!(shown["looks_like"]["name"], "first.md");
    let (_, difference) = ada.get(&format!("{project}/documents/{first}/difference?document={near}")).await;
    assert_eq!(
        (difference["added"].as_i64(), difference["removed"].as_i64()),
        (Some(1), Some(1)),
        "{difference}"
    );
    // What is not there is like nothing, and what is something else now neither.
    replace(
        &mut ada,
        &format!("{project}/documents/{near}"),
        "# Something\n\nQuite another text about anvils and hammers.\n",
    )
    .await;
    ada.delete(&format!("{project}/documents/{first}"), None).await;
    ada.settled(&project).await;
    assert_eq!(names(&listed(&mut ada, &project, "duplicates=true").await), Vec::<String>::new());
    let mut eve = app.owner("eve").await;
    let theirs = eve.project("Lantern").await;
    let copy = upload(&mut eve, &theirs, "same.md", &text).await;
    eve.settled(&theirs).await;
    let found = eve.get(&format!("{theirs}/documents/{copy}/likenesses")).await.1;
    assert_eq!(found["documents"], json!([]), "nobody learns what others have");
}

#[tokio::test]
async fn what_nobody_looked_at_for_long_is_told_of_until_somebody_does() {
    let clock = Clock::manual(1_800_000_000_000);
    let app = TestApp::start_with(clock.clone(), &[]).await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let (_, made) = ada
        .post(&format!("{project}/collections"), json!({ "name": "Prices", "review_days": 30 }))
        .await;
    let prices = upload(&mut ada, &project, "prices.md", "# Prices\n\nThe lantern costs nine crowns.\n").await;
    let guide = upload(&mut ada, &project, "guide.md", std::str::from_utf8(GUIDE).unwrap()).await;
    ada.settled(&project).await;
    ada.patch(&format!("{project}/documents/{prices}"), json!({ "collection": made["id"] }))
        .await;
    let (_, dated) = ada
        .patch(&format!("{project}/documents/{guide}"), json!({ "review_by": "2027-02-01" }))
        .await;
    assert_eq!(dated["due_at"], "2027-02-02T00:00:00Z");
    assert_eq!(listed(&mut ada, &project, "stale=true").await["matching"], 0);
    clock.advance(31 * DAY);
    let body = json!({ "email": ada.email, "password": PASSWORD });
    let (_, session) = ada.post("/session", body).await;
    ada.took(&session);
    assert_eq!(
        names(&listed(&mut ada, &project, "stale=true&sort=name").await),
        ["guide.md", "prices.md"]
    );
    assert_eq!(ada.get(&format!("{project}/documents/facets")).await.1["stale"], 2);
    ada.patch(&format!("{project}/documents/{guide}"), json!({ "reviewed": true }))
        .await;
    replace(
        &mut ada,
        &format!("{project}/documents/{prices}"),
        "# Prices\n\nThe lantern costs ten crowns.\n",
    )
    .await;
    assert_eq!(
        listed(&mut ada, &project, "stale=true").await["matching"],
        0,
        "new contents are fresh"
    );
    batch(
        &mut ada,
        &project,
        json!({ "action": "review_by", "day": "2026-01-01", "filter": {} }),
    )
    .await;
    assert_eq!(listed(&mut ada, &project, "stale=true").await["matching"], 2);
    batch(&mut ada, &project, json!({ "action": "reviewed", "filter": { "stale": true } })).await;
    assert_eq!(listed(&mut ada, &project, "stale=true").await["matching"], 0);
}

#[tokio::test]
async fn a_document_shows_how_often_it_is_cited_and_what_it_answered() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.guide("Lantern").await;
    let id = listed(&mut ada, &project, "").await["documents"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("{project}/documents/{id}/statistics");
    assert_eq!(ada.get(&path).await.1["citations"], 0);
    let answer = ada.question(&project, "How do I export my data?").await;
    ada.question(&project, "How long do refunds take?").await;
    let feedback = format!("{project}/messages/{}/feedback", answer["message"].as_str().unwrap());
    ada.post(&feedback, json!({ "helpful": true })).await;
    let (_, found) = ada.get(&path).await;
    assert_eq!(
        (
            found["citations"].as_i64(),
            found["citations_30d"].as_i64(),
            found["helpful"].as_i64(),
            found["unhelpful"].as_i64()
        ),
        (Some(2), Some(2), Some(1), Some(0))
    );
    let questions: Vec<_> = found["questions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["question"].as_str().unwrap())
        .collect();
    assert_eq!(questions, ["How long do refunds take?", "How do I export my data?"]);
    assert!(found["last_cited_at"].is_string() && found["chunks"].as_i64().unwrap() > 0);
}

/// Rows of documents, without contents: what the list is made of.
#[tokio::test]
async fn the_list_stays_fast_with_fifty_thousand_documents() {
    let app = TestApp::with(&[("PERNOEX_MAX_DOCUMENTS", "100000")]).await;
    let mut ada = app.owner("ada").await;
    let project = ada.guide("Lantern").await;
    let rows = app.rows().await;
    let postgres = app.setting("DATABASE_URL").is_some();
    let id: uuid::Uuid = project.rsplit('/').next().unwrap().parse().unwrap();
    // Copies of the one that is there, each with an id and a name of its own.
    let (series, new_id) = match postgres {
        true => ("generate_series(1, 50000) as series(n)", "gen_random_uuid()"),
        false => (
            "(with recursive series(n) as (select 1 union all select n + 1 from series where n < 50000) select n from series)",
            "randomblob(16)",
        ),
    };
    let copy = format!(
        "insert into document (tenant_id, id, project_id, name, media_type, size, revision, status, title, chunks, embedded, created_at, \
         updated_at, name_folded, name_key, title_folded, reviewed_at) select tenant_id, {new_id}, project_id, 'page ' || n, media_type, size + n, 1, \
         'ready', title, 0, 0, created_at + n, updated_at + n, 'page ' || n, 'page ' || n, title_folded, reviewed_at from document cross join {series} \
         where project_id = $1"
    );
    rows.run(&copy, vec![id.into()]).await;
    rows.close().await;
    let mut slowest = Duration::ZERO;
    let mut timed = async |query: &str| {
        let began = Instant::now();
        let page = listed(&mut ada, &project, query).await;
        slowest = slowest.max(began.elapsed());
        page
    };
    for sort in ["name", "size", "created", "updated", "status"] {
        let first = timed(&format!("sort={sort}&limit=50")).await;
        assert_eq!(first["matching"], 50_001);
        timed(&format!("sort={sort}&limit=50&after={}", first["next"].as_str().unwrap())).await;
    }
    let deep = timed("sort=size&order=asc&limit=1000").await;
    timed(&format!("sort=size&order=asc&limit=50&after={}", deep["next"].as_str().unwrap())).await;
    assert_eq!(
        timed("search=page+4999&limit=50").await["matching"],
        15,
        "4999, four that end with it, and ten that begin with it"
    );
    println!("the slowest page took {slowest:?}");
    // So long nothing takes that an index leads to, on a machine that does ten other things.
    assert!(slowest < Duration::from_secs(10), "{slowest:?}");
    let began = Instant::now();
    let done = batch(
        &mut ada,
        &project,
        json!({ "action": "tag", "tag": "page", "filter": { "search": "page 49" } }),
    )
    .await;
    assert_eq!((done["done"].as_i64(), done["skipped"].as_i64()), (done["total"].as_i64(), Some(0)));
    println!("{} were tagged in {:?}", done["done"], began.elapsed());
}
