//! What strangers attach: kept sealed, never shown, and handed to operators as a file to save.

use reqwest::{Method, StatusCode};

use super::{attach, follow, latest, report};
use crate::support::TestApp;

#[tokio::test]
async fn an_attachment_comes_back_byte_for_byte_and_no_browser_would_run_it() {
    let app = TestApp::start().await;
    let mut operator = app.operator().await;
    let token = report(&app).await;
    let hostile = b"<script>alert(document.domain)</script>";
    let (status, file) = attach(&mut app.nobody(), &token, "../../evil\u{202e}.html.txt", hostile).await;
    assert_eq!((status, file["name"].as_str()), (StatusCode::CREATED, Some("evil.html.txt")));
    let path = latest(&mut operator).await;
    let id = file["id"].as_str().unwrap();
    let taken = operator.send(Method::GET, &format!("{path}/files/{id}"), None, &[]).await;
    assert_eq!(taken.status(), StatusCode::OK);
    let header = |name: &str| taken.headers().get(name).unwrap().to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "application/octet-stream");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert!(
        header("content-disposition").starts_with("attachment;"),
        "{}",
        header("content-disposition")
    );
    assert!(header("content-security-policy").contains("sandbox"));
    assert_eq!(header("cache-control"), "no-store");
    assert_eq!(taken.bytes().await.unwrap().as_ref(), hostile);
    let acts = operator.get("/operator/api/acts").await.1;
    assert_eq!(acts["acts"][0]["act"], "report file taken");
    // Its reporter sees that it is there, and has no way to it; neither has a file of another report one.
    assert_eq!(follow(&app, &token).await.1["files"][0]["name"], "evil.html.txt");
    report(&app).await;
    let other = latest(&mut operator).await;
    let sent = operator.send(Method::GET, &format!("{other}/files/{id}"), None, &[]).await;
    assert_eq!(sent.status(), StatusCode::NOT_FOUND);
    let sent = app.nobody().send(Method::GET, &format!("{path}/files/{id}"), None, &[]).await;
    assert_eq!(sent.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn hostile_attachments_are_refused_and_say_why() {
    let app = TestApp::start().await;
    let token = report(&app).await;
    let large = vec![b'x'; (10 << 20) + 1];
    for (name, bytes, status, code) in [
        ("page.html", &b"<script>"[..], 415, "unsupported_type"),
        ("picture.svg", b"<svg onload=alert(1)>", 415, "unsupported_type"),
        ("program.exe", b"MZ", 415, "unsupported_type"),
        ("proof.txt\\..\\x.js", b"x", 415, "unsupported_type"),
        ("", b"x", 415, "unsupported_type"),
        ("empty.txt", b"", 422, "empty_file"),
        ("large.zip", &large, 413, "file_too_large"),
    ] {
        let (found, refused) = attach(&mut app.nobody(), &token, name, bytes).await;
        assert_eq!(
            (found.as_u16(), refused["code"].as_str()),
            (status, Some(code)),
            "{name}: {refused}"
        );
    }
    // A name that looks like a bomb is a name: nothing is ever unpacked.
    for name in ["42.zip", "r.gz", "../../../../tmp/pwned.zip"] {
        assert_eq!(
            attach(&mut app.nobody(), &token, name, b"PK\x03\x04").await.0,
            StatusCode::CREATED,
            "{name}"
        );
    }
    let names: Vec<String> = follow(&app, &token).await.1["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["name"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(names, ["42.zip", "r.gz", "pwned.zip"]);
    assert!(!std::path::Path::new("/tmp/pwned.zip").exists());
}

#[tokio::test]
async fn a_report_has_room_for_ten_files_and_for_thirty_mebibytes() {
    let app = TestApp::with(&[("PERNOEX_LIMIT_FACTOR", "100")]).await;
    let (many, heavy) = (report(&app).await, report(&app).await);
    for n in 0..10 {
        assert_eq!(
            attach(&mut app.nobody(), &many, &format!("{n}.txt"), b"x").await.0,
            StatusCode::CREATED
        );
    }
    let (_, refused) = attach(&mut app.nobody(), &many, "11.txt", b"x").await;
    assert_eq!(refused["code"], "too_many_files");
    let large = vec![b'x'; 10 << 20];
    for n in 0..3 {
        assert_eq!(
            attach(&mut app.nobody(), &heavy, &format!("{n}.zip"), &large).await.0,
            StatusCode::CREATED
        );
    }
    let (_, refused) = attach(&mut app.nobody(), &heavy, "4.txt", b"x").await;
    assert_eq!(refused["code"], "file_too_large");
}

#[tokio::test]
async fn a_report_s_cells_open_in_their_own_place_alone() {
    let app = TestApp::start().await;
    let mut operator = app.operator().await;
    let (one, _) = (report(&app).await, report(&app).await);
    attach(&mut app.nobody(), &one, "a.txt", b"first").await;
    attach(&mut app.nobody(), &one, "b.txt", b"second").await;
    let rows = app.rows().await;
    let cells = rows.ask("select id, sealed from report_file order by at, id", vec![]).await;
    let cell = |n: usize| {
        (
            cells[n].try_get::<uuid::Uuid>("", "id").unwrap(),
            cells[n].try_get::<Vec<u8>>("", "sealed").unwrap(),
        )
    };
    let ((first, _), (_, other)) = (cell(0), cell(1));
    rows.run("update report_file set sealed = $1 where id = $2", vec![other.into(), first.into()])
        .await;
    let board = operator.get("/operator/api/reports").await.1;
    let card = board["reports"]
        .as_array()
        .unwrap()
        .iter()
        .find(|card| card["title"] == super::TITLE)
        .unwrap();
    let mut failed = false;
    for card in board["reports"].as_array().unwrap() {
        let path = format!("/operator/api/reports/{}/files/{first}", card["id"].as_str().unwrap());
        let sent = operator.send(Method::GET, &path, None, &[]).await;
        failed |= sent.status() == StatusCode::INTERNAL_SERVER_ERROR;
        assert!(!sent.text().await.unwrap().contains("second"));
    }
    assert!(failed && card["id"].is_string());
    rows.close().await;
}
