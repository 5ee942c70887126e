//! `security.txt`, the key, and the pages that operators write.

use reqwest::{Method, StatusCode};
use serde_json::json;

use super::gpg::Gpg;
use crate::support::TestApp;

const KEY: &str = include_str!("../../actors/src/disclosure/pgp_test_key.asc");

pub async fn fetch(app: &TestApp, path: &str) -> (StatusCode, String, String) {
    let response = reqwest::get(format!("{}{path}", app.url)).await.unwrap();
    let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
    (response.status(), kind, response.text().await.unwrap())
}

#[tokio::test]
async fn security_txt_says_where_to_turn_and_never_expires() {
    let clock = pernoex::Clock::manual(super::MONDAY);
    let settings = [
        ("PERNOEX_PUBLIC_URL", "https://support.example.com"),
        ("PERNOEX_SECURITY_CONTACT", "security@example.com"),
        ("PERNOEX_SECURITY_PGP_KEY", KEY),
        ("PERNOEX_SECURITY_LANGUAGES", "en, de"),
        ("PERNOEX_SECURITY_POLICY_URL", "https://example.com/policy"),
    ];
    let app = TestApp::start_with(clock.clone(), &settings).await;
    for _ in 0..4 {
        let (status, kind, text) = fetch(&app, "/.well-known/security.txt").await;
        assert_eq!((status, kind.as_str()), (StatusCode::OK, "text/plain; charset=utf-8"));
        let field = |name: &str| {
            let lines: Vec<&str> = text
                .lines()
                .filter_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
                .collect();
            lines.join(" | ")
        };
        let origin = "https://support.example.com";
        assert_eq!(field("Contact"), format!("mailto:security@example.com | {origin}/security/report"));
        assert_eq!(field("Encryption"), format!("{origin}/security/pgp-key.asc"));
        assert_eq!(field("Acknowledgments"), format!("{origin}/security/thanks"));
        assert_eq!(field("Canonical"), format!("{origin}/.well-known/security.txt"));
        assert_eq!(
            (field("Policy").as_str(), field("Preferred-Languages").as_str()),
            ("https://example.com/policy", "en, de")
        );
        let expires = chrono::DateTime::parse_from_rfc3339(&field("Expires")).unwrap().timestamp_millis();
        assert!(expires > clock.now() + super::DAY && expires < clock.now() + 366 * super::DAY);
        clock.advance(300 * super::DAY);
    }
    let (status, kind, key) = fetch(&app, "/security/pgp-key.asc").await;
    assert_eq!(
        (status, kind.as_str(), key.trim()),
        (StatusCode::OK, "application/pgp-keys", KEY.trim())
    );
    let (_, program) = app.nobody().get("/disclosure").await;
    assert_eq!(program["key"].as_str().unwrap().trim(), KEY.trim());
    assert_eq!(
        (program["acknowledge_hours"].as_i64(), program["timeline_business_days"].as_i64()),
        (Some(48), Some(5))
    );
}

/// With the program that operators use, where there is one.
#[tokio::test]
async fn a_file_that_gpg_signed_is_served_and_its_signature_holds() {
    let Some(gpg) = Gpg::start() else { return };
    gpg.key("security@example.com", "ed25519", "sign");
    let mut app = TestApp::with(&[("PERNOEX_PUBLIC_URL", "https://support.example.com")]).await;
    let (printed, text) = app.command(&["report", "security-txt"]);
    assert!(printed && text == fetch(&app, "/.well-known/security.txt").await.2, "{text}");
    let signed = gpg.text(&["--clearsign"], text.as_bytes());
    let file = app.folder.path().join("security.txt.asc");
    std::fs::write(&file, &signed).unwrap();
    app.set("PERNOEX_SECURITY_TXT_FILE", file.to_str().unwrap()).await;
    let (_, _, served) = fetch(&app, "/.well-known/security.txt").await;
    assert_eq!(served.trim(), signed.trim());
    gpg.run(&["--verify"], served.as_bytes());
}

#[tokio::test]
async fn an_operator_writes_the_pages_and_sets_them_back() {
    let app = TestApp::with(&[("PERNOEX_SECURITY_CONTACT", "security@example.com")]).await;
    let mut operator = app.operator().await;
    let (status, page) = app.nobody().get("/pages/contact").await;
    assert_eq!(
        (status, page["written_at"].as_str(), page["title"].as_str()),
        (StatusCode::OK, None, Some("Contact"))
    );
    assert!(page.to_string().contains("security@example.com"));
    assert_eq!(app.nobody().get("/pages/imprint").await.0, StatusCode::NOT_FOUND);
    let text =
        "# Who we are\n\nExample Ltd.\n\n## Post\n\n<script>alert(1)</script>[Map](https://example.com/map) [no](javascript:alert(1))";
    let (status, written) = operator.put("/operator/api/texts/contact", json!({ "text": text })).await;
    assert_eq!((status, written["text"].as_str()), (StatusCode::OK, Some(text)));
    let (_, page) = app.nobody().get("/pages/contact").await;
    assert_eq!(page["title"], "Who we are");
    assert_eq!(page["sections"][1]["heading"], "Post");
    let shown = page.to_string();
    assert!(
        shown.contains("[Map](https://example.com/map)") && !shown.contains("<script"),
        "{shown}"
    );
    for wrong in ["", " \n ", &"x".repeat(20_001)] {
        let (status, _) = operator.put("/operator/api/texts/privacy", json!({ "text": wrong })).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let back = operator.send(Method::DELETE, "/operator/api/texts/contact", None, &[]).await;
    assert_eq!(back.status(), StatusCode::OK);
    assert_eq!(app.nobody().get("/pages/contact").await.1["title"], "Contact");
    let acts = operator.get("/operator/api/acts").await.1;
    assert_eq!(
        (&acts["acts"][0]["act"], &acts["acts"][1]["act"]),
        (&json!("page set back"), &json!("page written"))
    );
}

#[tokio::test]
async fn the_pages_are_ours_and_carry_the_strict_policy() {
    let app = TestApp::start().await;
    for path in ["/security/report", "/security/status", "/security/thanks", "/contact", "/privacy"] {
        let page = app
            .nobody()
            .client
            .get(format!("{}{path}", app.url))
            .header("accept", "text/html")
            .send()
            .await
            .unwrap();
        assert_eq!(page.status(), StatusCode::OK, "{path}");
        let policy = page.headers()["content-security-policy"].to_str().unwrap();
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self'") && policy.contains("trusted-types 'none'"),
            "{policy}"
        );
        assert_eq!(page.headers()["referrer-policy"], "no-referrer");
    }
}
