//! Against a Confluence that answers as its documentation says: <https://developer.atlassian.com/cloud/confluence/rest/v2/>.

use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{Confluence, ConfluenceConfig};
use crate::sources::{
    apps::Registration,
    connector::{
        Choosing, Connector, Content, Fetched, Found, Known, Listing, Position, Provider, ProviderError, Revocation, Token, Tokens,
    },
    stand_in::{Asked, Reply, StandIn},
};

const SITE: &str = "1324a887-45db-1bf4-1e99-ef0ff456d421";
const OTHER: &str = "9999a887-45db-1bf4-1e99-ef0ff456d421";

fn at(url: &url::Url) -> Confluence {
    let registration = Registration {
        client_id: "client".into(),
        client_secret: Zeroizing::new("secret".into()),
        url: url.clone(),
        api: url.clone(),
    };
    Confluence::new(registration).unwrap_or_else(|_| panic!("there is a client"))
}

fn site(id: &str, name: &str) -> Value {
    json!({ "id": id, "name": name, "url": format!("https://{name}.atlassian.net"), "scopes": ["read:page:confluence"], "avatarUrl": "" })
}

fn space(id: &str, key: &str, status: &str) -> Value {
    let kind = if key.starts_with('~') { "personal" } else { "global" };
    json!({ "id": id, "key": key, "name": format!("Space {key}"), "type": kind, "status": status, "homepageId": "1",
        "_links": { "webui": format!("/spaces/{key}") } })
}

fn page(id: &str, status: &str, version: i64) -> Value {
    json!({ "id": id, "status": status, "title": format!("Page {id}"), "spaceId": "7", "parentId": null, "parentType": "page", "position": 1,
        "version": { "number": version, "createdAt": "2026-01-01T00:00:00.000Z", "minorEdit": false }, "body": {},
        "_links": { "webui": format!("/spaces/DOC/pages/{id}/Page"), "tinyui": "/x/1" } })
}

fn list(results: &[Value], cursor: Option<&str>) -> Value {
    let mut links = json!({ "base": "https://acme.atlassian.net/wiki" });
    if let Some(cursor) = cursor {
        links["next"] = format!("/wiki/api/v2/spaces/7/pages?limit=250&cursor={cursor}").into();
    }
    json!({ "results": results, "_links": links })
}

fn whole_page(id: &str, version: i64, storage: &str) -> Value {
    let mut page = page(id, "current", version);
    page["body"] = json!({ "storage": { "representation": "storage", "value": storage } });
    page["_links"]["base"] = "https://acme.atlassian.net/wiki".into();
    page
}

/// A site with a space of three pages, one that is archived, and somebody's own.
fn acme(asked: &Asked) -> Reply {
    let base = format!("/ex/confluence/{SITE}/wiki/api/v2");
    let answer = match asked.route().strip_prefix(base.as_str()).unwrap_or(asked.route()) {
        "/oauth/token/accessible-resources" => {
            json!([site(SITE, "acme"), { "id": "jira-only", "name": "j", "url": "https://j", "scopes": ["read:jira-work"] }])
        }
        "/spaces" => list(
            &[
                space("7", "DOC", "current"),
                space("8", "OLD", "archived"),
                space("9", "~ada", "current"),
            ],
            None,
        ),
        "/spaces/7/pages" => match asked.query("cursor").as_deref() {
            None => list(
                &[page("1", "current", 3), page("2", "current", 1), page("5", "archived", 1)],
                Some("two%3D"),
            ),
            Some("two=") => list(&[page("3", "current", 12)], None),
            other => panic!("{other:?}"),
        },
        "/spaces/9/pages" => list(&[page("90", "current", 1)], None),
        "/pages/1" => whole_page("1", 3, "<p>Press <strong>Save</strong> &amp; wait.</p>"),
        "/pages/2" => whole_page("2", 1, "<p>&nbsp;</p>"),
        "/pages/3" => page("3", "trashed", 12),
        _ => {
            return Reply::status(
                404,
                &json!({ "errors": [{ "status": 404, "code": "NOT_FOUND", "title": "Not Found", "detail": null }] }),
            );
        }
    };
    Reply::json(&answer)
}

fn token() -> Token {
    Zeroizing::new("eyJ".into())
}

fn spaces(keys: &[&str]) -> ConfluenceConfig {
    ConfluenceConfig {
        site: None,
        spaces: keys.iter().map(|key| (*key).to_owned()).collect(),
    }
}

async fn whole(confluence: &Confluence, config: &ConfluenceConfig) -> (Vec<Found>, Listing) {
    let (mut found, mut next) = (Vec::new(), None::<String>);
    for _ in 0..20 {
        let position = Position {
            next: next.as_deref(),
            now: 0,
        };
        let mut listing = confluence.list(Some(&token()), config, position).await.unwrap();
        found.append(&mut listing.found);
        match listing.next.take() {
            Some(more) => next = Some(more),
            None => return (found, listing),
        }
    }
    panic!("a listing without an end");
}

fn known<'a>(id: &'a str, version: Option<&'a str>) -> Known<'a> {
    Known {
        id,
        version,
        listed: version,
        depth: 0,
    }
}

async fn fetch(confluence: &Confluence, id: &str, version: Option<&str>) -> Result<Fetched, ProviderError> {
    let id = format!("{SITE}/{id}");
    confluence.fetch(Some(&token()), &spaces(&[]), known(&id, version)).await
}

#[tokio::test]
async fn the_current_pages_of_the_chosen_spaces_are_listed_with_their_versions() {
    let server = StandIn::new(acme);
    let confluence = at(&server.url);
    let (found, last) = whole(&confluence, &spaces(&["DOC"])).await;
    let seen: Vec<_> = found.iter().map(|one| (one.id.clone(), one.version.as_deref())).collect();
    let expected = [("1", Some("3")), ("2", Some("1")), ("3", Some("12"))].map(|(id, version)| (format!("{SITE}/{id}"), version));
    assert_eq!(seen, expected);
    assert!(last.whole);
    let asked = server.take();
    assert!(asked.iter().all(|one| one.authorization == "Bearer eyJ"));
    assert_eq!(asked[1].query("keys").as_deref(), Some("DOC"));
    assert_eq!(asked[2].query("depth").as_deref(), Some("all"));
    // Without a choice: all spaces that are current and nobody's own.
    assert_eq!(whole(&confluence, &spaces(&[])).await.0, found);
}

#[tokio::test]
async fn a_cursor_that_is_not_taken_any_more_begins_the_listing_anew_and_is_no_end_of_it() {
    for status in [400, 404, 410] {
        let server = StandIn::new(move |asked| match asked.query("cursor") {
            Some(_) => Reply::status(status, &json!({ "errors": [{ "status": status, "code": "INVALID_CURSOR" }] })),
            None => acme(asked),
        });
        let (confluence, config) = (at(&server.url), spaces(&["DOC"]));
        let start = Position { next: None, now: 0 };
        let first = confluence.list(Some(&token()), &config, start).await.unwrap();
        let on = Position {
            next: first.next.as_deref(),
            now: 0,
        };
        let second = confluence.list(Some(&token()), &config, on).await;
        assert_eq!(second.unwrap_err(), ProviderError::Restart, "{status}");
    }
}

#[tokio::test]
async fn more_spaces_than_are_shown_at_a_time_are_shown_in_turn() {
    let all: Vec<Value> = (0..450).map(|n| space(&n.to_string(), &format!("S{n}"), "current")).collect();
    let server = StandIn::new(move |asked| match asked.route().ends_with("/spaces") {
        true => Reply::json(&list(&all, None)),
        false => acme(asked),
    });
    let confluence = at(&server.url);
    let (mut seen, mut next) = (Vec::new(), None::<String>);
    loop {
        let asked = Choosing {
            after: next.as_deref(),
            ..Choosing::default()
        };
        let some = confluence.choices(Some(&token()), asked).await.unwrap();
        seen.extend(some.choices.into_iter().map(|one| one.id));
        next = some.next;
        if next.is_none() {
            break;
        }
    }
    assert_eq!(seen, (0..450).map(|n| format!("S{n}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_space_that_cannot_be_read_says_why() {
    let server = StandIn::new(acme);
    let confluence = at(&server.url);
    let (found, last) = whole(&confluence, &spaces(&["OLD", "LOST"])).await;
    let seen: Vec<_> = found.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(seen, [format!("{SITE}/space/OLD"), format!("{SITE}/space/LOST")]);
    assert!(last.whole, "what was in them goes");
    let fetched = fetch(&confluence, "space/LOST", None).await.unwrap();
    assert!(matches!(fetched, Fetched::Skip(skip) if skip.code == "space_not_found" && skip.detail.contains("LOST")));
}

#[tokio::test]
async fn a_page_becomes_a_document() {
    let server = StandIn::new(acme);
    let confluence = at(&server.url);
    let Ok(Fetched::Content(Content {
        title,
        url,
        bytes,
        version,
        ..
    })) = fetch(&confluence, "1", Some("2")).await
    else {
        panic!("there is a page");
    };
    assert_eq!((title.as_str(), version.as_deref()), ("Page 1", Some("3")));
    assert_eq!(url.as_deref(), Some("https://acme.atlassian.net/wiki/spaces/DOC/pages/1/Page"));
    let html = String::from_utf8(bytes).unwrap();
    assert!(html.contains("<h1>Page 1</h1><p>Press Save &amp; wait.</p>"), "{html}");
    assert_eq!(server.take()[0].query("body-format").as_deref(), Some("storage"));
    assert!(matches!(fetch(&confluence, "1", Some("3")).await, Ok(Fetched::Unchanged { .. })));
    assert!(matches!(fetch(&confluence, "2", None).await, Ok(Fetched::Skip(skip)) if skip.code == "no_text"));
    for gone in ["3", "404", "../2", "x"] {
        assert!(matches!(fetch(&confluence, gone, None).await, Ok(Fetched::Gone)), "{gone}");
    }
}

#[tokio::test]
async fn a_page_that_is_private_by_now_is_gone_and_one_that_is_huge_is_skipped() {
    let forbidden = StandIn::new(|_| Reply::status(403, &json!({ "errors": [{ "status": 403, "code": "FORBIDDEN" }] })));
    assert!(matches!(fetch(&at(&forbidden.url), "1", None).await, Ok(Fetched::Gone)));
    let huge = StandIn::new(|_| Reply::json(&whole_page("1", 1, &format!("<p>{}</p>", "long ".repeat(1_100_000)))));
    assert!(matches!(fetch(&at(&huge.url), "1", None).await, Ok(Fetched::Skip(skip)) if skip.code == "too_large"));
    let larger = StandIn::new(|_| Reply::json(&whole_page("1", 1, &"long ".repeat(3_500_000))));
    assert!(matches!(fetch(&at(&larger.url), "1", None).await, Ok(Fetched::Skip(skip)) if skip.code == "too_large"));
    let broken = StandIn::new(|_| Reply::json(&whole_page("1", 1, "<p>cut <a href=\"")));
    assert!(matches!(fetch(&at(&broken.url), "1", None).await, Ok(Fetched::Skip(skip)) if skip.code == "unreadable"));
}

#[tokio::test]
async fn each_failure_is_what_it_is() {
    let failures: [(fn() -> Reply, ProviderError); 7] = [
        (|| Reply::text(429, "").with("retry-after", "12"), ProviderError::Later(12)),
        (
            || Reply::text(401, r#"{"code":401,"message":"Unauthorized; scope does not match"}"#),
            ProviderError::Unauthorized,
        ),
        (|| Reply::text(503, ""), ProviderError::Unavailable),
        (|| Reply::text(200, r#"{"results":["#), ProviderError::Unavailable),
        (|| Reply::json(&list(&[], None)).cut(), ProviderError::Unavailable),
        (|| Reply::text(200, "<html>"), ProviderError::Unreadable),
        (|| Reply::text(404, "{}"), ProviderError::Refused("site_not_found".into())),
    ];
    let config = ConfluenceConfig {
        site: Some(SITE.into()),
        ..spaces(&["DOC"])
    };
    let start = Position { next: None, now: 0 };
    for (answer, expected) in failures {
        let server = StandIn::new(move |_| answer());
        assert_eq!(at(&server.url).list(Some(&token()), &config, start).await.unwrap_err(), expected);
    }
    let nowhere = StandIn::new(|_| Reply::json(&json!([])));
    let listed = at(&nowhere.url).list(Some(&token()), &spaces(&["DOC"]), start).await;
    assert_eq!(listed.unwrap_err(), ProviderError::Refused("no_site".into()));
    // Where it says that the next page is the one that was asked for, there would be no end.
    let circle = StandIn::new(|asked| match asked.route().ends_with("/spaces") {
        true => Reply::json(&list(&[space("7", "DOC", "current")], None)),
        false => Reply::json(&list(&[], Some("same"))),
    });
    let confluence = at(&circle.url);
    let first = confluence.list(Some(&token()), &config, start).await.unwrap();
    let second = Position {
        next: first.next.as_deref(),
        ..start
    };
    assert_eq!(
        confluence.list(Some(&token()), &config, second).await.unwrap_err(),
        ProviderError::Unreadable
    );
}

#[tokio::test]
async fn the_next_page_is_asked_for_where_confluence_is_and_not_where_an_answer_says() {
    let server = StandIn::new(|asked| match (asked.route().ends_with("/spaces"), asked.query("cursor")) {
        (true, _) => Reply::json(&list(&[space("7", "DOC", "current")], None)),
        (false, None) => {
            Reply::json(&json!({ "results": [] })).with("link", "<https://evil.example/steal?cursor=abc>; rel=\"next\", <x>; rel=\"base\"")
        }
        (false, Some(_)) => Reply::json(&list(&[page("1", "current", 1)], None)),
    });
    let config = ConfluenceConfig {
        site: Some(SITE.into()),
        ..spaces(&["DOC"])
    };
    let (found, _) = whole(&at(&server.url), &config).await;
    assert_eq!(found.len(), 1);
    assert_eq!(server.take().last().unwrap().query("cursor").as_deref(), Some("abc"));
}

#[tokio::test]
async fn access_to_several_sites_is_one_access_and_their_spaces_are_told_apart() {
    let server = StandIn::new(|asked| match asked.route().ends_with("accessible-resources") {
        true => Reply::json(&json!([site(OTHER, "beta"), site(SITE, "acme")])),
        false if asked.route().ends_with("/spaces") && asked.route().contains(OTHER) => {
            Reply::json(&list(&[space("7", "DOC", "current")], None))
        }
        false if asked.route().ends_with("/spaces") => Reply::json(&list(&[space("3", "OPS", "current")], None)),
        false => Reply::json(&list(&[page("1", "current", 1)], None)),
    });
    let confluence = at(&server.url);
    let given = Tokens {
        access: token(),
        refresh: None,
        expires_at: None,
    };
    let holders = confluence.holders(&given).await.unwrap();
    assert_eq!(
        (holders.len(), holders[0].name.as_str(), holders[0].id.as_str()),
        (1, "acme, beta", format!("{SITE},{OTHER}").as_str())
    );
    let choices = confluence.choices(Some(&token()), Choosing::default()).await.unwrap().choices;
    let ids: Vec<_> = choices.iter().map(|one| one.id.clone()).collect();
    assert_eq!(ids, [format!("{SITE}/OPS"), format!("{OTHER}/DOC")]);
    assert_eq!(choices[1].url.as_deref(), Some("https://beta.atlassian.net/wiki/spaces/DOC"));
    let doc = Choosing {
        search: "doc",
        ..Choosing::default()
    };
    assert_eq!(confluence.choices(Some(&token()), doc).await.unwrap().choices.len(), 1);
    let (found, _) = whole(&confluence, &spaces(&[&ids[1]])).await;
    assert_eq!(found.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), [format!("{OTHER}/1")]);
}

#[tokio::test]
async fn the_spaces_of_one_site_are_named_by_their_keys() {
    let server = StandIn::new(acme);
    let choices = at(&server.url).choices(Some(&token()), Choosing::default()).await.unwrap().choices;
    let seen: Vec<_> = choices.iter().map(|one| (one.id.as_str(), one.name.as_str(), one.kind)).collect();
    assert_eq!(seen, [("DOC", "Space DOC", "space"), ("~ada", "Space ~ada", "space")]);
}

#[test]
fn only_keys_can_be_chosen() {
    let mine = format!("{SITE}/OPS");
    let checked = Confluence::check(spaces(&["DOC", "~ada", &mine, "DOC"])).unwrap();
    assert_eq!(checked, spaces(&[&mine, "DOC", "~ada"]));
    for key in ["", "A B", "../x", "a/b/c", "x?y"] {
        assert!(Confluence::check(spaces(&[key])).is_err(), "{key}");
    }
}

#[tokio::test]
async fn access_is_given_renewed_and_let_go_of() {
    let mut refresh = "r1".to_owned();
    let server = StandIn::new(move |asked| {
        assert_eq!(
            (asked.body["client_id"].as_str(), asked.body["client_secret"].as_str()),
            (Some("client"), Some("secret"))
        );
        match (asked.body["grant_type"].as_str(), asked.body["refresh_token"].as_str()) {
            (Some("authorization_code"), _) if asked.body["code"] == "good" => Reply::json(
                &json!({ "access_token": "a1", "refresh_token": "r1", "expires_in": 3600, "scope": "x", "token_type": "Bearer" }),
            ),
            (Some("refresh_token"), Some(token)) if token == refresh => {
                refresh.push('x');
                Reply::json(&json!({ "access_token": "a2", "refresh_token": refresh, "expires_in": 3600 }))
            }
            (Some("refresh_token"), Some("ended")) => Reply::status(
                403,
                &json!({ "error": "unauthorized_client", "error_description": "refresh_token is invalid" }),
            ),
            (Some("refresh_token"), Some("elsewhere")) => Reply::status(
                403,
                &json!({ "error": "unauthorized_client", "error_description": "no such client" }),
            ),
            _ => Reply::status(403, &json!({ "error": "invalid_grant" })),
        }
    });
    let confluence = at(&server.url);
    let away = confluence
        .authorize("https://here.example/integrations/confluence/callback", "st", "ch")
        .unwrap();
    assert!(away.contains(
        "/authorize?audience=api.atlassian.com&client_id=client&scope=offline_access+read%3Aspace%3Aconfluence+read%3Apage%3Aconfluence"
    ));
    assert!(away.ends_with("&state=st&response_type=code&prompt=consent"));
    let given = confluence
        .exchange("https://here.example/", "good", "", 1_000)
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((given.access.as_str(), given.expires_at), ("a1", Some(3_601_000)));
    let fresh = confluence.refresh(&given, 0).await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(fresh.refresh.as_deref().map(String::as_str), Some("r1x"));
    assert!(
        matches!(confluence.refresh(&given, 0).await, Err(ProviderError::Unauthorized)),
        "each is good once"
    );
    let with = |token: &str| Tokens {
        access: Zeroizing::new("a".into()),
        refresh: Some(Zeroizing::new(token.into())),
        expires_at: None,
    };
    assert!(matches!(
        confluence.refresh(&with("ended"), 0).await,
        Err(ProviderError::Unauthorized)
    ));
    assert!(matches!(
        confluence.refresh(&with("elsewhere"), 0).await,
        Err(ProviderError::Refused(_))
    ));
    // Ending it uses up what was stored, and leaves the rest to who agreed.
    let here = Revocation::Unconfirmed("https://id.atlassian.com/manage-profile/apps".into());
    assert_eq!(confluence.revoke(&fresh).await, Ok(here.clone()));
    assert!(matches!(confluence.refresh(&fresh, 0).await, Err(ProviderError::Unauthorized)));
    assert_eq!(confluence.revoke(&fresh).await, Ok(here));
    assert!(confluence.revoke(&with("elsewhere")).await.is_err(), "nothing was used up");
}
