//! `pernoex verify` and `/trust`: what is said of security, held against an installation that is well, and against ones in which something is
//! really broken.

mod blind;
mod broken;
mod doors;
mod evidence;
mod list;
mod outside;
mod page;

use serde_json::{Value, json};

use crate::support::{GUIDE, PASSWORD, Person, TestApp, process::run};

const SITE: &str = "https://www.example.com";

/// What `pernoex verify --json` says, and how it ends.
struct Verified {
    code: Option<i32>,
    report: Value,
    said: String,
}

fn verify(settings: &[(String, String)], arguments: &[&str], folder: &std::path::Path) -> Verified {
    let arguments: Vec<&str> = ["verify", "--json"].iter().chain(arguments).copied().collect();
    let (code, out, log) = run(settings, &arguments, folder);
    let report = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}{log}"));
    Verified {
        code,
        report,
        said: out + &log,
    }
}

impl Verified {
    fn of(&self, list: &str, id: &str) -> &Value {
        let found = self.report[list].as_array().unwrap().iter().find(|one| one["id"] == id);
        found.unwrap_or_else(|| panic!("no {id} in {}", self.report))
    }

    /// How a check ended, and its words.
    fn check(&self, id: &str) -> (&str, &str) {
        let check = self.of("checks", id);
        (check["status"].as_str().unwrap(), check["found"].as_str().unwrap())
    }

    fn claim(&self, id: &str) -> &str {
        self.of("claims", id)["status"].as_str().unwrap()
    }

    /// Ids of all checks that ended so.
    fn ended(&self, status: &str) -> Vec<&str> {
        let checks = self.report["checks"].as_array().unwrap().iter();
        checks
            .filter(|one| one["status"] == status)
            .map(|one| one["id"].as_str().unwrap())
            .collect()
    }
}

impl TestApp {
    fn verify_inside(&self) -> Verified {
        verify(self.environment(), &["--inside"], self.folder.path())
    }
}

/// A server whose passwords are hashed as in earnest, a workspace with something of most kinds in it, and the public key of its project.
async fn lived_in() -> (TestApp, Person, String) {
    let app = TestApp::with(&[
        ("PERNOEX_BCRYPT_COST", "10"),
        // One provider that signs what it sends.
        ("NOTION_CLIENT_ID", "client"),
        ("NOTION_CLIENT_SECRET", "secret"),
        ("NOTION_WEBHOOK_TOKEN", "secret_of_a_subscription"),
    ])
    .await;
    let mut ada = app.owner("ada").await;
    let project = ada.guide("Lantern").await;
    ada.question(&project, "How do I export my data?").await;
    ada.invite("hedy@example.com", "member", &[]).await;
    ada.post(&format!("{project}/todos"), json!({ "text": "Write it down." })).await;
    let set = json!({ "allowed_origins": [SITE] });
    let (_, widget) = ada.patch(&format!("{project}/widget"), set).await;
    ada.post(&format!("{project}/widget/identity"), json!({})).await;
    let reported = json!({ "title": "A title", "details": "What was done, and what it lets somebody do." });
    ada.post("/disclosure/reports", reported).await;
    let key = widget["public_key"].as_str().unwrap().to_owned();
    (app, ada, key)
}

/// What is in the guide, as somebody would store it who forgot to seal it.
fn in_the_clear() -> Vec<u8> {
    GUIDE.to_vec()
}

fn password() -> (String, String) {
    ("PERNOEX_VERIFY_PASSWORD".into(), PASSWORD.into())
}
