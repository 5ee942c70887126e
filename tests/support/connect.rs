//! A browser on its way to a provider of knowledge and back.

use std::time::Duration;

use reqwest::{Client, StatusCode, header, redirect::Policy};
use serde_json::{Value, json};
use url::Url;

use super::{Person, TestApp, github::GitHub};

/// Where a browser begins, comes back to, finishes, and is told something; and what its cookie is called.
struct Road {
    begin: String,
    callback: String,
    finish: &'static str,
    page: &'static str,
    cookie: &'static str,
}

impl Road {
    fn to(kind: &str) -> Self {
        Self {
            begin: format!("/integrations/{kind}/connect"),
            callback: format!("/integrations/{kind}/callback"),
            finish: "/integrations/grants",
            page: "/workspace/integrations",
            cookie: "__Host-pernoex-source=",
        }
    }

    /// To Slack, whose app is installed and does more than to be read from.
    fn to_slack() -> Self {
        Self {
            begin: "/slack/install".to_owned(),
            callback: "/slack/callback".to_owned(),
            finish: "/slack/teams",
            page: "/workspace/slack",
            cookie: "__Host-pernoex-slack=",
        }
    }
}

pub struct Way {
    client: Client,
    url: String,
    road: Road,
    pub session: String,
    pub csrf: String,
    /// What the server gave it for the way.
    pub cookie: String,
    /// The address at the provider.
    pub away: Url,
}

pub type Begun = Result<Way, (StatusCode, String)>;

fn value_of(url: &Url, name: &str) -> String {
    url.query_pairs().find(|(found, _)| found == name).unwrap().1.into_owned()
}

impl Way {
    pub async fn begin(app: &TestApp, person: &Person, kind: &str) -> Self {
        Self::begun(Self::try_begin(app, person, kind).await)
    }

    pub fn begun(begun: Begun) -> Self {
        begun.unwrap_or_else(|(status, text)| panic!("{status} {text}"))
    }

    pub async fn try_begin(app: &TestApp, person: &Person, kind: &str) -> Begun {
        Self::try_begin_by(Self::browser(app), &app.url, person, Road::to(kind)).await
    }

    pub async fn begin_slack(app: &TestApp, person: &Person) -> Self {
        Self::begun(Self::try_begin_slack(app, person).await)
    }

    pub async fn try_begin_slack(app: &TestApp, person: &Person) -> Begun {
        Self::try_begin_by(Self::browser(app), &app.url, person, Road::to_slack()).await
    }

    /// At a server that is a process of its own.
    pub async fn begin_slack_there(person: &Person) -> Self {
        let client = Client::builder().redirect(Policy::none()).build().unwrap();
        Self::begun(Self::try_begin_by(client, &person.url, person, Road::to_slack()).await)
    }

    fn browser(app: &TestApp) -> Client {
        let client = Client::builder().local_address(app.own_address());
        client.redirect(Policy::none()).build().unwrap()
    }

    async fn try_begin_by(client: Client, url: &str, person: &Person, road: Road) -> Begun {
        let (session, csrf) = (person.cookie.clone().unwrap(), person.csrf.clone().unwrap());
        let response = client
            .post(format!("{url}/api/v1{}", road.begin))
            .header(header::COOKIE, &session)
            .header("x-csrf-token", &csrf)
            .send()
            .await
            .unwrap();
        let status = response.status();
        if status != StatusCode::OK {
            return Err((status, response.text().await.unwrap()));
        }
        let set = response.headers().get_all(header::SET_COOKIE).iter();
        let cookie = set
            .filter_map(|set| set.to_str().ok())
            .find(|set| set.starts_with(road.cookie))
            .unwrap();
        for word in ["HttpOnly", "Secure", "SameSite=Lax"] {
            assert!(cookie.contains(word), "{cookie}");
        }
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let away: Value = response.json().await.unwrap();
        Ok(Self {
            client,
            url: url.to_owned(),
            road,
            session,
            csrf,
            cookie,
            away: Url::parse(away["url"].as_str().unwrap()).unwrap(),
        })
    }

    pub fn state(&self) -> String {
        value_of(&self.away, "state")
    }

    /// Comes back; where the server leads then.
    pub async fn come_back(&self, answer: &[(&str, &str)]) -> String {
        self.come_back_by(&self.road.callback, answer).await
    }

    /// Comes back to the address of another provider.
    pub async fn come_back_to(&self, kind: &str, answer: &[(&str, &str)]) -> String {
        self.come_back_by(&Road::to(kind).callback, answer).await
    }

    async fn come_back_by(&self, callback: &str, answer: &[(&str, &str)]) -> String {
        let mut url = Url::parse(&format!("{}{callback}", self.url)).unwrap();
        url.query_pairs_mut().extend_pairs(answer).append_pair("state", &self.state());
        let response = self.client.get(url).header(header::COOKIE, &self.cookie).send().await.unwrap();
        let status = response.status();
        assert_eq!(status, StatusCode::SEE_OTHER, "{}", response.text().await.unwrap());
        response.headers()["location"].to_str().unwrap().to_owned()
    }

    /// Comes back, and is told something on the page that follows.
    pub async fn told(&self, answer: &[(&str, &str)]) -> (String, String) {
        self.heard(&self.come_back(answer).await)
    }

    /// What stands behind the # of the page that finishes.
    pub fn heard(&self, location: &str) -> (String, String) {
        let (page, told) = location.split_once('#').unwrap_or_else(|| panic!("{location}"));
        assert_eq!(page, self.road.page);
        let (what, value) = told.split_once('=').unwrap();
        (what.to_owned(), value.to_owned())
    }

    /// Agrees on the page of a provider that agrees at once; the code to come back with.
    pub async fn agreed(&self) -> String {
        let response = self.client.get(self.away.clone()).send().await.unwrap();
        let back = Url::parse(response.headers()["location"].to_str().unwrap()).unwrap();
        value_of(&back, "code")
    }

    pub async fn finish(&self, ticket: &str) -> (StatusCode, Value) {
        self.finish_as(&self.session, &self.csrf, &self.cookie, ticket).await
    }

    pub async fn finish_as(&self, session: &str, csrf: &str, cookie: &str, ticket: &str) -> (StatusCode, Value) {
        let response = self
            .client
            .post(format!("{}/api/v1{}", self.url, self.road.finish))
            .header(header::COOKIE, format!("{session}; {cookie}"))
            .header("x-csrf-token", csrf)
            .json(&json!({ "ticket": ticket }))
            .send()
            .await
            .unwrap();
        (response.status(), response.json().await.unwrap_or(Value::Null))
    }

    /// Comes back with a code that nobody can refuse, and finishes; what was connected.
    async fn arrive(&self, code: &str) -> Value {
        let (what, ticket) = self.told(&[("code", code)]).await;
        assert_eq!(what, "ticket", "{ticket}");
        let (status, connected) = self.finish(&ticket).await;
        assert_eq!(status, StatusCode::CREATED, "{connected}");
        connected
    }
}

impl Person {
    /// Connects an account at a provider whose page agrees at once, as whoever is signed in there; the grants, as they are shown.
    pub async fn connect_at_once(&mut self, app: &TestApp, kind: &str) -> Vec<Value> {
        let way = Way::begin(app, self, kind).await;
        way.arrive(&way.agreed().await).await["grants"].as_array().unwrap().clone()
    }

    /// Connects GitHub as somebody there; the grants, as they are shown.
    pub async fn connect_github(&mut self, app: &TestApp, github: &GitHub, login: &str) -> Vec<Value> {
        let way = Way::begin(app, self, "github").await;
        way.arrive(&github.agree(&way.away, login)).await["grants"]
            .as_array()
            .unwrap()
            .clone()
    }

    /// Installs the app in a team of Slack's; the path of the connection.
    pub async fn connect_slack(&mut self, app: &TestApp, team: &str) -> String {
        let connected = Way::begin_slack(app, self).await.arrive(team).await;
        format!("/slack/teams/{}", connected["id"].as_str().unwrap())
    }

    /// As [`Person::connect_slack`], at a server that is a process of its own.
    pub async fn connect_slack_there(&mut self, team: &str) -> String {
        let connected = Way::begin_slack_there(self).await.arrive(team).await;
        format!("/slack/teams/{}", connected["id"].as_str().unwrap())
    }

    /// The receipts of the workspace, the latest first.
    pub async fn receipts(&mut self) -> Vec<Value> {
        let (status, all) = self.get("/integrations").await;
        assert_eq!(status, StatusCode::OK, "{all}");
        all["receipts"].as_array().unwrap().clone()
    }

    /// Waits until every receipt is done, while the clock goes on.
    pub async fn receipts_done(&mut self, clock: &pernoex::Clock) -> Vec<Value> {
        for _ in 0..400 {
            let receipts = self.receipts().await;
            if !receipts.is_empty() && receipts.iter().all(|one| !one["done_at"].is_null()) {
                return receipts;
            }
            clock.advance(5_000);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("not done in time: {:?}", self.receipts().await);
    }
}
