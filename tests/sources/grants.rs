//! Accounts elsewhere: connected by who began it, kept sealed, and renewed once. How they end is told in `endings`.

use std::time::Duration;

use pernoex::Clock;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{
    Person, TestApp,
    connect::Way,
    github::{GitHub, SLUG},
    until,
};

/// A workspace, and a GitHub whose OAuth App its server is.
pub(super) struct Scene {
    pub(super) github: GitHub,
    pub(super) clock: Clock,
    pub(super) app: TestApp,
    pub(super) ada: Person,
    pub(super) project: String,
}

impl Scene {
    pub(super) async fn oauth() -> Self {
        Self::of(|github| github.oauth_settings()).await
    }

    /// As a GitHub App, installed by ada in her own account.
    pub(super) async fn app() -> Self {
        let scene = Self::of(|github| github.app_settings()).await;
        scene.github.install(7, "ada", &["ada/lantern"]);
        scene
    }

    pub(super) async fn of(settings: impl FnOnce(&GitHub) -> Vec<(&'static str, String)>) -> Self {
        let clock = Clock::manual(Clock::system().now());
        let github = GitHub::start(&clock).await;
        github.person("ada");
        github.repository(
            "ada/lantern",
            &["ada"],
            &[("docs/export.md", "# Export\n\nOpen Settings and choose Export.\n")],
        );
        let app = github.server(&settings(&github), &[]).await;
        let mut ada = app.owner("ada").await;
        let project = ada.project("Lantern").await;
        Self {
            github,
            clock,
            app,
            ada,
            project,
        }
    }

    pub(super) async fn connect(&mut self) -> String {
        let grants = self.ada.connect_github(&self.app, &self.github, "ada").await;
        assert_eq!(grants.len(), 1, "{grants:?}");
        grants[0]["id"].as_str().unwrap().to_owned()
    }

    pub(super) async fn choices(&mut self, grant: &str) -> (StatusCode, Value) {
        let path = format!("{}/sources/choices?kind=github&grant={grant}", self.project);
        self.ada.get(&path).await
    }

    pub(super) async fn source(&mut self, grant: &str) -> Value {
        let new = json!({ "kind": "github", "grant": grant, "config": { "repositories": [{ "full_name": "ada/lantern" }] } });
        let (status, source) = self.ada.post(&format!("{}/sources", self.project), new).await;
        assert_eq!(status, StatusCode::CREATED, "{source}");
        source
    }

    /// The document of the source, when it is there.
    pub(super) async fn synced(&mut self) {
        for _ in 0..400 {
            let documents = self.ada.get(&format!("{}/documents", self.project)).await.1["documents"].clone();
            if documents.as_array().unwrap().iter().any(|one| one["status"] == "ready") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("nothing comes: {}", self.ada.get(&format!("{}/sources", self.project)).await.1);
    }

    pub(super) async fn grants(&mut self) -> Vec<Value> {
        let (status, all) = self.ada.get("/integrations").await;
        assert_eq!(status, StatusCode::OK, "{all}");
        all["grants"].as_array().unwrap().clone()
    }
}

/// Sealed tokens, wherever they are: in the vault, and on the list of what is to end.
pub(super) async fn ciphertexts(app: &TestApp) -> usize {
    let rows = app.rows().await;
    let count =
        rows.ask("select id from credential", vec![]).await.len() + rows.ask("select id from provider_revocation", vec![]).await.len();
    rows.close().await;
    count
}

/// Waits until so many of them are left: a receipt says that a grant is over a moment before its token is deleted.
pub(super) async fn left(app: &TestApp, wanted: usize) {
    until("no more sealed tokens are left", Duration::from_secs(12), async || {
        ciphertexts(app).await == wanted
    })
    .await;
}

#[tokio::test]
async fn an_account_is_connected_by_who_began_it() {
    let mut scene = Scene::oauth().await;
    scene.app.stick();
    let way = Way::begin(&scene.app, &scene.ada, "github").await;
    let asked = |name: &str| {
        way.away
            .query_pairs()
            .find(|(found, _)| found == name)
            .map(|(_, value)| value.into_owned())
    };
    let port = scene.app.own_port();
    assert_eq!(
        asked("redirect_uri").unwrap(),
        format!("http://localhost:{port}/integrations/github/callback")
    );
    assert_eq!(
        (asked("scope").as_deref(), asked("response_type").as_deref()),
        (Some("repo"), Some("code"))
    );
    let code = scene.github.agree(&way.away, "ada");
    let (what, ticket) = way.told(&[("code", &code)]).await;
    assert_eq!(what, "ticket");
    // A state is good for one return.
    assert_eq!(way.told(&[("code", &code)]).await, ("problem".into(), "connect_expired".into()));
    // Neither another workspace's session, nor another browser, nor another session of the same person finishes it.
    let eve = scene.app.owner("eve").await;
    let (status, problem) = way
        .finish_as(&eve.cookie.clone().unwrap(), &eve.csrf.clone().unwrap(), &way.cookie, &ticket)
        .await;
    assert_eq!((status, &problem["code"]), (StatusCode::BAD_REQUEST, &json!("connect_expired")));
    assert_eq!(
        way.finish(&ticket).await.0,
        StatusCode::BAD_REQUEST,
        "a ticket is used up by whoever brings it"
    );
    assert!(scene.grants().await.is_empty());

    let way = Way::begin(&scene.app, &scene.ada, "github").await;
    let code = scene.github.agree(&way.away, "ada");
    let (_, ticket) = way.told(&[("code", &code)]).await;
    let other = Way::begin(&scene.app, &scene.ada, "github").await;
    assert_eq!(
        way.finish_as(&way.session, &way.csrf, &other.cookie, &ticket).await.0,
        StatusCode::BAD_REQUEST,
        "another browser"
    );

    let grant = scene.connect().await;
    let grants = scene.grants().await;
    assert_eq!(
        (grants[0]["name"].as_str(), grants[0]["state"].as_str()),
        (Some("ada"), Some("active"))
    );
    assert!(
        grants[0]["manage_url"]
            .as_str()
            .unwrap()
            .contains("/settings/connections/applications/")
    );
    let (status, choices) = scene.choices(&grant).await;
    assert_eq!(status, StatusCode::OK, "{choices}");
    assert_eq!(choices["choices"][0]["id"], "ada/lantern");
    let audit = scene.ada.get("/audit").await.1;
    assert!(audit.to_string().contains("grant.connected"), "{audit}");
}

#[tokio::test]
async fn a_providers_answer_is_no_other_providers() {
    let scene = Scene::of(|github| {
        let mut settings = github.oauth_settings();
        settings.push(("NOTION_CLIENT_ID", "notion".into()));
        settings.push(("NOTION_CLIENT_SECRET", "a-client-secret-of-notion".into()));
        settings.push(("NOTION_URL", github.edge.url.clone()));
        settings
    })
    .await;
    let way = Way::begin(&scene.app, &scene.ada, "github").await;
    let code = scene.github.agree(&way.away, "ada");
    let on = way.come_back_to("notion", &[("code", &code)]).await;
    assert_eq!(way.heard(&on), ("problem".into(), "connect_expired".into()));
    assert!(scene.github.edge.asked().is_empty(), "a code of one provider is shown to no other");
}

#[tokio::test]
async fn what_somebody_does_not_agree_to_is_not_connected() {
    let mut scene = Scene::oauth().await;
    let way = Way::begin(&scene.app, &scene.ada, "github").await;
    let on = way.told(&[("error", "access_denied"), ("error_description", "no")]).await;
    assert_eq!(on, ("problem".into(), "connect_cancelled".into()));
    // A code that nobody was given.
    let way = Way::begin(&scene.app, &scene.ada, "github").await;
    let (_, ticket) = way.told(&[("code", "made-up")]).await;
    let (status, problem) = way.finish(&ticket).await;
    assert_eq!((status, &problem["code"]), (StatusCode::BAD_REQUEST, &json!("connect_expired")));
    // One that was asked for with another challenge.
    let (one, other) = (
        Way::begin(&scene.app, &scene.ada, "github").await,
        Way::begin(&scene.app, &scene.ada, "github").await,
    );
    let code = scene.github.agree(&one.away, "ada");
    let (_, ticket) = other.told(&[("code", &code)]).await;
    assert_eq!(other.finish(&ticket).await.0, StatusCode::BAD_REQUEST);
    // GitHub does not take the app's secret: that is for the operator.
    let way = Way::begin(&scene.app, &scene.ada, "github").await;
    let code = scene.github.agree(&way.away, "ada");
    let (_, ticket) = way.told(&[("code", &code)]).await;
    scene.github.once(
        "/login/oauth/access_token",
        200,
        &[],
        json!({ "error": "incorrect_client_credentials" }),
    );
    let (status, problem) = way.finish(&ticket).await;
    assert_eq!((status, &problem["code"]), (StatusCode::BAD_REQUEST, &json!("connect_refused")));
    assert!(scene.grants().await.is_empty());
    let (status, problem) = Way::try_begin(&scene.app, &scene.ada, "notion").await.err().unwrap();
    assert_eq!(status, StatusCode::CONFLICT, "{problem}");
    assert!(problem.contains("source_not_configured"), "{problem}");
    for kind in ["website", "slack", "wiki"] {
        assert_eq!(
            Way::try_begin(&scene.app, &scene.ada, kind).await.err().unwrap().0,
            StatusCode::NOT_FOUND
        );
    }
}

#[tokio::test]
async fn what_takes_too_long_begins_anew() {
    let scene = Scene::oauth().await;
    let way = Way::begin(&scene.app, &scene.ada, "github").await;
    let code = scene.github.agree(&way.away, "ada");
    scene.clock.advance(16 * 60_000);
    assert_eq!(way.told(&[("code", &code)]).await, ("problem".into(), "connect_expired".into()));
}

#[tokio::test]
async fn an_app_reads_no_more_than_who_let_it_in() {
    let mut scene = Scene::app().await;
    let seen = scene
        .github
        .repository("acme/handbook", &["ada", "grace"], &[("a.md", "# Handbook\n")]);
    scene.github.repository("acme/salaries", &["grace"], &[("b.md", "# Salaries\n")]);
    scene.github.install(8, "acme", &["acme/handbook", "acme/salaries"]);
    let grants = scene.ada.connect_github(&scene.app, &scene.github, "ada").await;
    let names: Vec<&str> = grants.iter().map(|grant| grant["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["ada", "acme"]);
    assert!(
        scene.github.tokens().is_empty(),
        "what proved who connects is over, and nothing was minted yet"
    );
    let acme = grants[1]["id"].as_str().unwrap().to_owned();
    let (status, choices) = scene.choices(&acme).await;
    assert_eq!(status, StatusCode::OK, "{choices}");
    let ids: Vec<&str> = choices["choices"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["acme/handbook"]);
    let minted = scene.github.calls("POST", "/app/installations/8/access_tokens");
    assert_eq!(minted[0].body["repository_ids"], json!([seen]));
    assert_eq!(
        minted[0].body["permissions"],
        json!({ "contents": "read", "discussions": "read", "issues": "read", "metadata": "read" })
    );
    // One that is taken out of the installation does not keep the others.
    scene.github.repository("acme/site", &["ada"], &[("c.md", "# Site\n")]);
    scene.github.change_installation(8, |at| {
        at.repositories.insert("acme/site".into());
    });
    let again = scene.ada.connect_github(&scene.app, &scene.github, "ada").await;
    assert_eq!(again[1]["id"], acme.as_str(), "the same grant goes on");
    scene.github.change_installation(8, |at| {
        at.repositories.remove("acme/handbook");
    });
    let (status, choices) = scene.choices(&acme).await;
    assert_eq!(status, StatusCode::OK, "{choices}");
    assert_eq!(choices["choices"].as_array().unwrap().len(), 1, "{choices}");
    assert_eq!(choices["choices"][0]["id"], "acme/site");
}

#[tokio::test]
async fn whoever_has_no_app_yet_is_led_to_install_it() {
    let mut scene = Scene::of(|github| github.app_settings()).await;
    let mut way = Way::begin(&scene.app, &scene.ada, "github").await;
    let code = scene.github.agree(&way.away, "ada");
    let on = way.come_back(&[("code", &code)]).await;
    way.away = on.parse().unwrap();
    assert_eq!(way.away.path(), format!("/apps/{SLUG}/installations/new"));
    // GitHub sends back with a code that nobody asked for with a challenge, and the number of an installation.
    scene.github.install(7, "ada", &["ada/lantern"]);
    let back = [("code", "unasked"), ("installation_id", "7"), ("setup_action", "install")];
    let on = way.come_back(&back).await;
    way.away = on.parse().unwrap();
    assert_eq!(way.away.path(), "/login/oauth/authorize");
    let code = scene.github.agree(&way.away, "ada");
    let (what, ticket) = way.told(&[("code", &code)]).await;
    assert_eq!(what, "ticket", "{ticket}");
    let (status, connected) = way.finish(&ticket).await;
    assert_eq!(status, StatusCode::CREATED, "{connected}");
    assert_eq!(connected["grants"][0]["name"], "ada");

    // Somebody who may not install it asks an owner to.
    let mut way = Way::begin(&scene.app, &scene.ada, "github").await;
    let code = scene.github.agree(&way.away, "grace");
    way.away = way.come_back(&[("code", &code)]).await.parse().unwrap();
    assert_eq!(
        way.told(&[("setup_action", "request")]).await,
        ("problem".into(), "install_requested".into())
    );
    // An installation's number is no proof of anything.
    let mut way = Way::begin(&scene.app, &scene.ada, "github").await;
    let code = scene.github.agree(&way.away, "grace");
    way.away = way.come_back(&[("code", &code)]).await.parse().unwrap();
    way.away = way
        .come_back(&[("installation_id", "7"), ("setup_action", "install")])
        .await
        .parse()
        .unwrap();
    let code = scene.github.agree(&way.away, "grace");
    assert_eq!(way.told(&[("code", &code)]).await, ("problem".into(), "app_not_installed".into()));
    assert_eq!(scene.grants().await.len(), 1);
}

#[tokio::test]
async fn a_token_is_renewed_once_however_many_ask_at_a_time() {
    let mut scene = Scene::app().await;
    let grant = scene.connect().await;
    scene.github.is_slow(Duration::from_millis(300));
    let node = scene.app.beside();
    let path = format!("/api/v1{}/sources/choices?kind=github&grant={grant}", scene.project);
    for round in 1..=2 {
        let mut asked = tokio::task::JoinSet::new();
        for n in 0..8 {
            let server = node.as_ref().filter(|_| n % 2 == 0).unwrap_or(&scene.app);
            let (client, url) = (scene.ada.client.clone(), format!("{}{path}", server.url));
            let cookie = scene.ada.cookie.clone().unwrap();
            asked.spawn(async move { client.get(url).header("cookie", cookie).send().await.unwrap().status() });
        }
        let answers = asked.join_all().await;
        // Who comes while it is renewed waits.
        assert!(answers.iter().all(|status| *status == StatusCode::OK), "{answers:?}");
        let minted = scene.github.calls("POST", "/app/installations/7/access_tokens").len();
        assert_eq!(minted, round, "once for each hour");
        scene.clock.advance(58 * 60_000);
    }
    assert_eq!(ciphertexts(&scene.app).await, 1, "the tokens before them are gone");
}

#[tokio::test]
async fn a_token_that_is_refused_is_renewed_and_one_that_cannot_be_is_to_be_connected_anew() {
    let mut scene = Scene::app().await;
    let grant = scene.connect().await;
    scene.source(&grant).await;
    scene.synced().await;
    scene.github.expire();
    let (status, choices) = scene.choices(&grant).await;
    assert_eq!(status, StatusCode::OK, "{choices}");
    assert_eq!(scene.github.calls("POST", "/access_tokens").len(), 2);
    // Suspended: nobody need connect anew for that.
    scene.github.expire();
    scene.github.change_installation(7, |at| at.suspended = true);
    let (status, problem) = scene.choices(&grant).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
    assert_eq!(scene.grants().await[0]["state"], "active");
    // Taken out at GitHub.
    scene.github.uninstall(7);
    let (status, problem) = scene.choices(&grant).await;
    assert_eq!(status, StatusCode::CONFLICT, "{problem}");
    assert_eq!(scene.grants().await[0]["state"], "broken");
    let sources = scene.ada.get(&format!("{}/sources", scene.project)).await.1;
    assert_eq!(sources["sources"][0]["state"], "reconnect", "{sources}");
    // Connected anew, its sources go on.
    scene.github.install(7, "ada", &["ada/lantern"]);
    let again = scene.ada.connect_github(&scene.app, &scene.github, "ada").await;
    assert_eq!((&again[0]["id"], &again[0]["sources"]), (&json!(grant), &json!(1)));
    let sources = scene.ada.get(&format!("{}/sources", scene.project)).await.1;
    // What it is used for is told by name.
    let used = &scene.grants().await[0]["used_by"];
    assert_eq!(
        (&used[0]["source"], &used[0]["name"]),
        (&sources["sources"][0]["id"], &sources["sources"][0]["name"])
    );
    assert_eq!(sources["sources"][0]["grant"]["state"], "active", "{sources}");
}
