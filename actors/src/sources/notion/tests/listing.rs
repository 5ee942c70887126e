//! What is listed, and what there is to choose.

use serde_json::json;

use super::{BELOW, DATABASE, ELSEWHERE, GUIDE, OLD, ROW, TABLE, at, chosen, dashed, ids, known, token, whole, workspace};
use crate::sources::{
    connector::{Choosing, Connector, Fetched, Position, ProviderError},
    notion::{Notion, NotionConfig},
    stand_in::{Asked, Reply, StandIn},
};

fn looking<'a>(search: &'a str, after: Option<&'a str>) -> Choosing<'a> {
    Choosing {
        search,
        within: None,
        after,
    }
}

#[tokio::test]
async fn all_that_is_shared_is_listed_page_by_page() {
    let server = StandIn::new(workspace);
    let (found, last) = whole(&at(&server.url), &NotionConfig::default()).await;
    assert_eq!(ids(&found), [GUIDE, BELOW, ROW, ELSEWHERE]);
    assert!(found.iter().all(|one| one.version.as_deref() == Some(OLD)));
    assert!(!last.whole, "search may leave out what is there");
    let asked = server.asked();
    assert!(
        asked
            .iter()
            .all(|one| one.authorization == "Bearer ntn_1" && one.version == "2025-09-03")
    );
    assert_eq!(asked[0].body["sort"]["direction"], "ascending");
}

#[tokio::test]
async fn what_is_below_what_was_chosen_is_listed_and_nothing_else() {
    let server = StandIn::new(workspace);
    let notion = at(&server.url);
    for (pages, expected) in [
        (vec![GUIDE], vec![GUIDE, BELOW, ROW]),
        (vec![BELOW], vec![BELOW]),
        (vec![TABLE], vec![ROW]),
        (vec![DATABASE], vec![ROW]),
        (vec![ELSEWHERE, BELOW], vec![BELOW, ELSEWHERE]),
    ] {
        let (found, _) = whole(&notion, &chosen(&pages)).await;
        assert_eq!(ids(&found), expected, "{pages:?}");
    }
}

#[tokio::test]
async fn what_was_chosen_and_is_not_shared_any_more_says_so_and_what_is_below_it_goes() {
    let server = StandIn::new(workspace);
    let notion = at(&server.url);
    let lost = "99999999999999999999999999999999";
    let (found, _) = whole(&notion, &chosen(&[lost])).await;
    assert_eq!(ids(&found), [lost]);
    let fetched = notion.fetch(Some(&token()), &chosen(&[lost]), known(lost)).await.unwrap();
    assert!(matches!(fetched, Fetched::Skip(skip) if skip.code == "not_shared"));
    let fetched = notion.fetch(Some(&token()), &chosen(&[GUIDE]), known(lost)).await.unwrap();
    assert!(matches!(fetched, Fetched::Gone));
}

#[tokio::test]
async fn pages_and_databases_can_be_chosen() {
    let server = StandIn::new(workspace);
    let notion = at(&server.url);
    let choices = notion.choices(Some(&token()), looking("gui", None)).await.unwrap();
    let seen: Vec<_> = choices
        .choices
        .iter()
        .map(|one| (one.id.as_str(), one.name.as_str(), one.kind))
        .collect();
    assert_eq!(
        seen,
        [
            (GUIDE, "Guide", "page"),
            (ELSEWHERE, "Elsewhere", "page"),
            (TABLE, "Tasks", "database")
        ]
    );
    assert!(server.take().iter().all(|one| one.body["query"] == "gui"));
    // What there are more of is asked for, and the rest is not asked for again.
    let more = notion
        .choices(Some(&token()), looking("gui", choices.next.as_deref()))
        .await
        .unwrap();
    let seen: Vec<_> = more.choices.iter().map(|one| one.name.as_str()).collect();
    assert_eq!((seen, more.next), (vec!["Below"], None));
    let asked = server.asked();
    assert_eq!((asked.len(), &asked[0].body["start_cursor"]), (1, &json!("two")));
    let made_up = notion.choices(Some(&token()), looking("gui", Some("../../users"))).await;
    assert_eq!(made_up.unwrap_err(), ProviderError::Restart);
}

#[test]
fn only_ids_can_be_chosen() {
    let checked = Notion::check(chosen(&[BELOW, GUIDE, BELOW])).unwrap();
    assert_eq!(checked.pages, [GUIDE, BELOW], "each once, and as they are compared");
    for id in ["", "../users/me", "1111", "g1111111111111111111111111111111"] {
        let config = NotionConfig {
            pages: vec![id.into()],
            ..NotionConfig::default()
        };
        assert!(Notion::check(config).is_err(), "{id}");
    }
}

#[test]
fn a_name_is_kept_of_what_is_chosen_and_of_nothing_else() {
    let mut config = chosen(&[GUIDE]);
    config.names = [(dashed(GUIDE), "W".repeat(5000)), (BELOW.to_owned(), "Not chosen".to_owned())].into();
    let checked = Notion::check(config).unwrap();
    assert_eq!(checked.names, [(GUIDE.to_owned(), "W".repeat(200))].into());
}

/// Where a listing is after its first page.
async fn begun(notion: &Notion, config: &NotionConfig) -> String {
    let first = notion.list(Some(&token()), config, Position { next: None, now: 0 }).await.unwrap();
    first.next.unwrap()
}

#[tokio::test]
async fn a_cursor_that_is_not_taken_any_more_begins_the_listing_anew_and_is_no_end_of_it() {
    let refused = |asked: &Asked| match asked.body["start_cursor"].is_string() {
        true => Reply::status(
            400,
            &json!({ "object": "error", "status": 400, "code": "validation_error", "message": "The start_cursor is invalid." }),
        ),
        false => workspace(asked),
    };
    let server = StandIn::new(refused);
    let (notion, config) = (at(&server.url), NotionConfig::default());
    let next = begun(&notion, &config).await;
    let on = |next| Position { next: Some(next), now: 0 };
    assert_eq!(
        notion.list(Some(&token()), &config, on(&next)).await.unwrap_err(),
        ProviderError::Restart
    );
    // Of a table's rows, where the same status says of the first page that it is no table.
    let rows = json!({ "rows": { "table": TABLE, "after": "gone", "waiting": [], "tables": null } }).to_string();
    assert_eq!(
        notion.list(Some(&token()), &config, on(&rows)).await.unwrap_err(),
        ProviderError::Restart
    );
    assert_eq!(
        notion.list(Some(&token()), &config, on("of another version")).await.unwrap_err(),
        ProviderError::Restart
    );
}
