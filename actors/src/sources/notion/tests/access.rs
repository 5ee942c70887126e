//! Access to a workspace, and its end.

use serde_json::json;
use zeroize::Zeroizing;

use super::at;
use crate::sources::{
    connector::{Provider, ProviderError, Revocation, Tokens},
    stand_in::{Reply, StandIn},
};

fn tokens(access: &str, refresh: Option<&str>) -> Tokens {
    Tokens {
        access: Zeroizing::new(access.into()),
        refresh: refresh.map(|token| Zeroizing::new(token.into())),
        expires_at: None,
    }
}

#[tokio::test]
async fn access_is_given_renewed_and_ended() {
    let mut living = vec!["ntn_1".to_owned(), "nrt_1".to_owned()];
    let server = StandIn::new(move |asked| {
        if !asked.route().starts_with("/v1/oauth/") {
            let me = json!({ "object": "user", "id": "b0", "name": "Pernoex", "type": "bot", "bot": { "owner": { "type": "workspace", "workspace": true }, "workspace_name": "Acme" } });
            return Reply::json(&me);
        }
        // client:secret
        if asked.authorization != "Basic Y2xpZW50OnNlY3JldA==" {
            return Reply::status(401, &json!({ "error": "invalid_client" }));
        }
        let token = asked.body["token"].as_str().unwrap_or_default().to_owned();
        match (asked.route(), asked.body["grant_type"].as_str()) {
            ("/v1/oauth/token", Some("authorization_code")) if asked.body["code"] == "good" => Reply::json(&json!({
                "access_token": "ntn_1", "token_type": "bearer", "refresh_token": "nrt_1", "bot_id": "b0", "workspace_id": "w", "workspace_name": "Acme",
                "workspace_icon": null, "owner": {}, "duplicated_template_id": null,
            })),
            ("/v1/oauth/token", Some("refresh_token")) if living.contains(&asked.body["refresh_token"].as_str().unwrap().to_owned()) => {
                Reply::json(&json!({ "access_token": "ntn_2", "refresh_token": "nrt_2", "expires_in": 3600 }))
            }
            ("/v1/oauth/token", _) => Reply::status(400, &json!({ "error": "invalid_grant" })),
            ("/v1/oauth/revoke", _) if living.contains(&token) => {
                living.retain(|one| *one != token);
                Reply::json(&json!({ "request_id": "1" }))
            }
            ("/v1/oauth/revoke", _) => Reply::status(400, &json!({ "object": "error", "code": "invalid_grant" })),
            ("/v1/oauth/introspect", _) => Reply::json(&json!({ "active": living.contains(&token) })),
            other => panic!("{other:?}"),
        }
    });
    let notion = at(&server.url);
    let away = notion
        .authorize("https://here.example/integrations/notion/callback", "st", "ch")
        .unwrap();
    assert!(away.contains("/v1/oauth/authorize?client_id=client&response_type=code&owner=user&redirect_uri=https%3A%2F%2Fhere.example"));
    assert!(away.ends_with("&state=st"));
    let given = notion
        .exchange("https://here.example/", "good", "", 1_000)
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(
        (
            given.access.as_str(),
            given.refresh.as_deref().map(String::as_str),
            given.expires_at
        ),
        ("ntn_1", Some("nrt_1"), None)
    );
    assert!(matches!(notion.exchange("", "bad", "", 0).await, Err(ProviderError::Refused(word)) if word == "invalid_grant"));
    let fresh = notion.refresh(&given, 1_000).await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((fresh.access.as_str(), fresh.expires_at), ("ntn_2", Some(3_601_000)));
    assert!(matches!(
        notion.refresh(&tokens("x", Some("used")), 0).await,
        Err(ProviderError::Unauthorized)
    ));
    assert!(matches!(
        notion.refresh(&tokens("x", None), 0).await,
        Err(ProviderError::Unauthorized)
    ));
    let holders = notion.holders(&given).await.unwrap();
    assert_eq!((holders.len(), holders[0].id.as_str(), holders[0].name.as_str()), (1, "b0", "Acme"));
    assert_eq!(notion.revoke(&given).await, Ok(Revocation::Revoked));
    assert_eq!(
        notion.revoke(&given).await,
        Ok(Revocation::Gone),
        "a second time it was over already"
    );
}

#[tokio::test]
async fn an_end_is_believed_only_when_notion_says_that_the_token_is_over() {
    let server = StandIn::new(|asked| match asked.route() {
        "/v1/oauth/introspect" => Reply::json(&json!({ "active": true })),
        _ => Reply::json(&json!({ "request_id": "1" })),
    });
    assert_eq!(
        at(&server.url).revoke(&tokens("ntn_1", None)).await,
        Err(ProviderError::Unavailable)
    );
    let refusing = StandIn::new(|_| Reply::status(401, &json!({ "error": "invalid_client" })));
    assert_eq!(
        at(&refusing.url).revoke(&tokens("ntn_1", None)).await,
        Err(ProviderError::Refused("invalid_client".into()))
    );
}
