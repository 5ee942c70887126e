//! Reports that a mail server hands over, one raw message at a time.

use reqwest::StatusCode;
use serde_json::Value;

use super::{follow, latest};
use crate::support::TestApp;

fn raw(id: &str, headers: &str, body: &str) -> String {
    format!(
        "From: Eve <eve@example.com>\r\nTo: security@example.com\r\nSubject: Quokka overflow\r\nMessage-ID: <{id}@example.com>\r\n{headers}\r\n{body}\r\n"
    )
}

async fn reports(app: &TestApp) -> Vec<Value> {
    let board = app.operator().await.get("/operator/api/reports").await.1;
    board["reports"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_mail_becomes_a_report_with_its_files_and_its_sender_gets_the_link() {
    let app = TestApp::start().await;
    let headers = "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n";
    let part = |name: &str, body: &str| {
        format!(
            "--x\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=\"{name}\"\r\nContent-Transfer-Encoding: base64\r\n\r\n{body}\r\n"
        )
    };
    let body = format!(
        "--x\r\nContent-Type: text/plain\r\n\r\nSend a pangolin.\r\n{}{}--x--",
        part("../proof.txt", "Y2FweWJhcmE="),
        part("page.html", "PHNjcmlwdD4=")
    );
    let mail = raw("1", headers, &body);
    let (filed, said) = app.program(&["report", "import", "--eml", "-"], &mail);
    assert!(filed && said.contains("Filed as SEC-"), "{said}");
    let letter = app.letter("eve@example.com", "We have your report").await;
    let (status, seen) = follow(&app, &letter.token()).await;
    assert_eq!((status, seen["title"].as_str()), (StatusCode::OK, Some("Quokka overflow")));
    let details = seen["details"].as_str().unwrap();
    assert!(
        details.contains("Send a pangolin.") && details.contains("Not taken, for their kind or size: page.html"),
        "{details}"
    );
    assert_eq!(
        (seen["files"].as_array().unwrap().len(), seen["files"][0]["name"].as_str()),
        (1, Some("proof.txt"))
    );
    let mut operator = app.operator().await;
    let path = latest(&mut operator).await;
    let sheet = operator.get(&path).await.1;
    assert_eq!(
        (sheet["report"]["via"].as_str(), sheet["name"].as_str()),
        (Some("mail"), Some("Eve"))
    );
    // The same once more, from a file: known.
    let file = app.folder.path().join("again.eml");
    std::fs::write(&file, &mail).unwrap();
    let (done, said) = app.program(&["report", "import", "--eml", file.to_str().unwrap()], "");
    assert!(done && said.contains("came before"), "{said}");
    assert_eq!(reports(&app).await.len(), 1);
}

#[tokio::test]
async fn no_machine_is_answered_and_no_bounce_becomes_a_report() {
    let app = TestApp::with(&[("PERNOEX_MAIL_FROM", "Support <support@example.com>")]).await;
    for (n, headers) in [
        "Auto-Submitted: auto-replied\r\n",
        "Return-Path: <>\r\n",
        "Precedence: auto_reply\r\n",
    ]
    .iter()
    .enumerate()
    {
        let (done, said) = app.program(&["report", "import", "--eml", "-"], &raw(&format!("m{n}"), headers, "I am away."));
        assert!(done && said.contains("Not filed"), "{said}");
    }
    let own = raw("own", "", "x").replace("eve@example.com", "support@example.com");
    let (done, said) = app.program(&["report", "import", "--eml", "-"], &own);
    assert!(done && said.contains("Not filed"), "{said}");
    // What we sent ourselves, and a machine sends back.
    assert!(reports(&app).await.is_empty());
    let (done, said) = app.program(
        &["report", "import", "--eml", "-"],
        &raw("list", "List-Id: <all.example.com>\r\n", "A scan."),
    );
    assert!(done && said.contains("Filed as"), "{said}");
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    assert!(app.letters("eve@example.com").is_empty(), "a list is read, and not written to");
}

#[tokio::test]
async fn what_cannot_be_filed_now_is_to_be_handed_over_again() {
    let app = TestApp::start().await;
    let (filed, said) = app.program(&["report", "import", "--eml", "/nowhere/at/all.eml"], "");
    assert!(!filed && said.contains("cannot be read"), "{said}");
    let status = std::process::Command::new(env!("CARGO_BIN_EXE_pernoex"))
        .args(["report", "import", "--eml", "-"])
        .env_clear()
        .env("PERNOEX_LISTEN", "nonsense")
        .stdin(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(75), "as mail servers know it: try again");
}
