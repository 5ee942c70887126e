//! What a page becomes, and what can be in the way.

use serde_json::json;

use super::{
    BELOW, ELSEWHERE, GUIDE, OLD, ROW, at, block, chosen, content, dashed, ids, known, list, missing, page, rich, token, workspace,
};
use crate::{
    knowledge::parse::MediaType,
    sources::{
        connector::{Connector, Fetched, Known, Position, ProviderError},
        notion::NotionConfig,
        stand_in::{Reply, StandIn},
    },
};

#[tokio::test]
async fn a_page_is_read_with_all_its_blocks() {
    let server = StandIn::new(workspace);
    let notion = at(&server.url);
    let guide = content(&notion, GUIDE).await;
    assert_eq!((guide.title.as_str(), guide.media), ("Guide", MediaType::Markdown));
    assert_eq!(
        String::from_utf8(guide.bytes).unwrap(),
        "# Guide\n\n## Export\n\n- As a file\n\nPress Save.\n"
    );
    assert_eq!(guide.url.unwrap(), format!("https://www.notion.so/Guide-{GUIDE}"));
    assert_eq!(guide.version.as_deref(), Some(OLD));
    assert_eq!(ids(&guide.links), [BELOW]);
    let row = content(&notion, ROW).await;
    assert_eq!(String::from_utf8(row.bytes).unwrap(), "# Row\n\n- Status: Done\n");
    let below = notion.fetch(Some(&token()), &NotionConfig::default(), known(BELOW)).await.unwrap();
    assert!(matches!(below, Fetched::Aside { skip, .. } if skip.code == "no_text"));
}

#[tokio::test]
async fn a_page_without_text_leads_to_the_pages_in_it() {
    let server = StandIn::new(|asked| match asked.route().ends_with("/children") {
        true => Reply::json(&list(
            &[block(&dashed(BELOW), "child_page", json!({ "title": "Below" }), true)],
            None,
        )),
        false => workspace(asked),
    });
    let fetched = at(&server.url)
        .fetch(Some(&token()), &NotionConfig::default(), known(GUIDE))
        .await
        .unwrap();
    let Fetched::Aside { links, .. } = fetched else {
        panic!("{fetched:?}")
    };
    assert_eq!(ids(&links), [BELOW]);
}

#[tokio::test]
async fn a_page_that_was_not_listed_is_asked_whether_it_is_within_what_was_chosen() {
    let server = StandIn::new(workspace);
    let notion = at(&server.url);
    let fetched = notion.fetch(Some(&token()), &chosen(&[GUIDE]), known(ROW)).await.unwrap();
    assert!(matches!(fetched, Fetched::Content(_)), "{fetched:?}");
    let fetched = notion.fetch(Some(&token()), &chosen(&[ELSEWHERE]), known(ROW)).await.unwrap();
    assert!(matches!(fetched, Fetched::Gone), "{fetched:?}");
}

#[tokio::test]
async fn a_page_whose_blocks_cannot_be_read_to_their_end_is_not_stored_as_if_they_were() {
    let server = StandIn::new(|asked| match asked.query("start_cursor") {
        Some(_) => Reply::status(
            400,
            &json!({ "object": "error", "status": 400, "code": "validation_error", "message": "No." }),
        ),
        None => workspace(asked),
    });
    let fetched = at(&server.url).fetch(Some(&token()), &NotionConfig::default(), known(GUIDE)).await;
    assert_eq!(fetched.unwrap_err(), ProviderError::Restart);
}

#[tokio::test]
async fn a_page_as_it_is_stored_is_not_read_again() {
    let server = StandIn::new(workspace);
    let stored = Known {
        version: Some(OLD),
        listed: Some(OLD),
        ..known(GUIDE)
    };
    let fetched = at(&server.url)
        .fetch(Some(&token()), &NotionConfig::default(), stored)
        .await
        .unwrap();
    assert!(matches!(fetched, Fetched::Unchanged { version, .. } if version.as_deref() == Some(OLD)));
    assert_eq!(server.asked().len(), 1);
}

/// Notion's times are minutes: a page that is edited twice in one, with a sync between, would stay as it was after the first.
#[tokio::test]
async fn a_page_that_was_edited_a_moment_ago_is_read_once_more() {
    let server = StandIn::new(|asked| {
        let reply = workspace(asked);
        Reply::text(reply.status, &reply.body).with("date", "Thu, 01 Jan 2026 00:00:30 GMT")
    });
    let notion = at(&server.url);
    let first = content(&notion, GUIDE).await.version.unwrap();
    assert_ne!(first, OLD, "which is what the next listing says");
    let stored = Known {
        version: Some(&first),
        listed: Some(OLD),
        ..known(GUIDE)
    };
    let again = notion.fetch(Some(&token()), &NotionConfig::default(), stored).await.unwrap();
    assert!(matches!(again, Fetched::Content(_)));
}

#[tokio::test]
async fn what_is_in_the_trash_is_gone() {
    let server = StandIn::new(|asked| {
        let mut guide = page(GUIDE, json!({ "type": "workspace", "workspace": true }), "Guide");
        guide["archived"] = true.into();
        match asked.route().starts_with("/v1/pages/") {
            true => Reply::json(&guide),
            false => missing(),
        }
    });
    let fetched = at(&server.url)
        .fetch(Some(&token()), &NotionConfig::default(), known(GUIDE))
        .await
        .unwrap();
    assert!(matches!(fetched, Fetched::Gone));
}

#[tokio::test]
async fn each_failure_is_what_it_is() {
    let error = |status: u16, code: &str| {
        Reply::status(
            status,
            &json!({ "object": "error", "status": status, "code": code, "message": "No." }),
        )
    };
    let failures: [(fn() -> Reply, ProviderError); 8] = [
        (|| Reply::text(429, "{}").with("retry-after", "60"), ProviderError::Later(60)),
        (|| Reply::text(401, r#"{"code":"unauthorized"}"#), ProviderError::Unauthorized),
        (|| Reply::text(500, "<html>"), ProviderError::Unavailable),
        (|| Reply::text(529, ""), ProviderError::Unavailable),
        (|| Reply::text(200, r#"{"object":"list","results":["#), ProviderError::Unavailable),
        (|| Reply::json(&list(&[], None)).cut(), ProviderError::Unavailable),
        (|| Reply::text(200, "<html>Sign in</html>"), ProviderError::Unreadable),
        (
            || Reply::text(302, "").with("location", "http://127.0.0.1:1/"),
            ProviderError::Unreadable,
        ),
    ];
    for (answer, expected) in failures {
        let server = StandIn::new(move |_| answer());
        let start = Position { next: None, now: 0 };
        let listed = at(&server.url).list(Some(&token()), &NotionConfig::default(), start).await;
        assert_eq!(listed.unwrap_err(), expected);
        let fetched = at(&server.url).fetch(Some(&token()), &NotionConfig::default(), known(GUIDE)).await;
        // A page is no list: where one comes in the place of the other, it cannot be read.
        assert!(fetched.is_err(), "{expected:?}");
    }
    let server = StandIn::new(move |_| error(403, "restricted_resource"));
    let fetched = at(&server.url).fetch(Some(&token()), &NotionConfig::default(), known(GUIDE)).await;
    assert_eq!(fetched.unwrap_err(), ProviderError::Refused("restricted_resource".into()));
    let nobody = StandIn::new(|_| Reply::text(200, "{}"));
    let listed = at(&nobody.url).fetch(None, &NotionConfig::default(), known(GUIDE)).await;
    assert_eq!(listed.unwrap_err(), ProviderError::Unauthorized);
    assert!(nobody.asked().is_empty(), "nothing is asked without a token");
}

#[tokio::test]
async fn a_short_wait_between_the_blocks_of_a_page_is_taken_and_a_long_one_ends_the_step() {
    let mut refused = 0;
    let server = StandIn::new(move |asked| match asked.route() {
        "/v1/blocks/b1/children" if refused < 2 => {
            refused += 1;
            Reply::text(429, "{}").with("retry-after", "2")
        }
        _ => workspace(asked),
    });
    assert!(!content(&at(&server.url), GUIDE).await.bytes.is_empty());
    assert_eq!(server.asked().len(), 6);
    let server = StandIn::new(|asked| match asked.route() {
        "/v1/blocks/b1/children" => Reply::text(429, "{}").with("retry-after", "90"),
        _ => workspace(asked),
    });
    let fetched = at(&server.url).fetch(Some(&token()), &NotionConfig::default(), known(GUIDE)).await;
    assert_eq!(fetched.unwrap_err(), ProviderError::Later(90));
}

#[tokio::test]
async fn a_page_that_never_ends_is_skipped_with_a_reason() {
    let server = StandIn::new(|asked| match asked.route().starts_with("/v1/pages/") {
        true => workspace(asked),
        false => {
            let here = asked.query("start_cursor").unwrap_or_default();
            let paragraph = block("p", "paragraph", json!({ "rich_text": rich("and so on") }), false);
            Reply::json(&list(&[paragraph], Some(&format!("{here}x"))))
        }
    });
    let fetched = at(&server.url)
        .fetch(Some(&token()), &NotionConfig::default(), known(GUIDE))
        .await
        .unwrap();
    assert!(matches!(fetched, Fetched::Skip(skip) if skip.code == "too_large"));
    let deep = StandIn::new(|asked| match asked.route().starts_with("/v1/pages/") {
        true => workspace(asked),
        false => Reply::json(&list(&[block("p", "toggle", json!({ "rich_text": rich("deeper") }), true)], None)),
    });
    let fetched = at(&deep.url)
        .fetch(Some(&token()), &NotionConfig::default(), known(GUIDE))
        .await
        .unwrap();
    assert!(matches!(fetched, Fetched::Skip(skip) if skip.code == "too_large"));
    assert!(deep.asked().len() < 60);
}
