//! What a project takes in, and what it does not.

use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};

use crate::support::{GUIDE, Person, TestApp, docx};

async fn documents(app: &TestApp) -> (Person, String) {
    let mut ada = app.owner("ada").await;
    let path = format!("{}/documents", ada.project("Lantern").await);
    (ada, path)
}

async fn add(person: &mut Person, path: &str, name: &str, bytes: &[u8]) -> (StatusCode, Value) {
    person.upload(Method::POST, path, &[(name, bytes)]).await
}

/// A PDF of so many pages, each with a line of text.
fn pdf(pages: usize) -> Vec<u8> {
    let mut file = b"%PDF-1.4\n".to_vec();
    let mut places = Vec::new();
    let mut object = |file: &mut Vec<u8>, n: usize, body: String| {
        places.push((n, file.len()));
        file.extend(format!("{n} 0 obj\n{body}\nendobj\n").into_bytes());
    };
    object(&mut file, 1, "<< /Type /Catalog /Pages 2 0 R >>".into());
    let kids: String = (0..pages).map(|n| format!("{} 0 R ", 10 + 2 * n)).collect();
    object(&mut file, 2, format!("<< /Type /Pages /Count {pages} /Kids [{kids}] >>"));
    object(&mut file, 3, "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".into());
    for n in 0..pages {
        // A line that is the same on every page would be taken for a page's head.
        let subject = [
            "Wicks are trimmed weekly",
            "Oil is kept in the shade",
            "Glass is washed in vinegar",
            "Hooks carry nine pounds",
        ][n % 4];
        let text = format!("BT /F1 12 Tf 72 {} Td ({subject}.) Tj ET", 700 - 40 * (n % 4));
        object(
            &mut file,
            10 + 2 * n,
            format!(
                "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /Font << /F1 3 0 R >> >> /Contents {} 0 R >>",
                11 + 2 * n
            ),
        );
        object(
            &mut file,
            11 + 2 * n,
            format!("<< /Length {} >>\nstream\n{text}\nendstream", text.len()),
        );
    }
    let at = file.len();
    places.sort_unstable();
    file.extend(b"xref\n0 1\n0000000000 65535 f \n");
    for (n, place) in &places {
        file.extend(format!("{n} 1\n{place:010} 00000 n \n").into_bytes());
    }
    file.extend(format!("trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{at}\n%%EOF\n", 12 + 2 * pages).into_bytes());
    file
}

#[tokio::test]
async fn a_file_that_cannot_be_taken_is_refused_by_name() {
    let app = TestApp::start().await;
    let (mut ada, path) = documents(&app).await;
    let large = vec![b'a'; (1 << 20) + 1];
    let cases: [(&str, &[u8], &str); 10] = [
        ("large.txt", &large, "file_too_large"),
        ("empty.md", b"", "empty_file"),
        ("tool.exe", b"MZ", "unsupported_type"),
        ("noextension", b"text", "unsupported_type"),
        ("picture.pdf", b"\x89PNG", "unsupported_type"),
        ("report.md", b"%PDF-1.7", "unsupported_type"),
        ("", b"text", "invalid_name"),
        (".md", b"text", "invalid_name"),
        ("a\u{202e}fdp.md", b"text", "invalid_name"),
        ("a.\u{202e}dm", b"text", "invalid_name"),
    ];
    for (name, bytes, code) in cases {
        let (status, problem) = add(&mut ada, &path, name, bytes).await;
        assert!(status.is_client_error(), "{name}: {status}");
        assert_eq!(problem["code"], code, "{name}: {problem}");
        assert_eq!(problem["rejected"][0]["code"], code, "{name}");
        assert!(problem["request_id"].is_string());
    }
    assert_eq!(ada.get(&path).await.1["documents"], json!([]), "nothing of them was kept");
}

#[tokio::test]
async fn a_name_is_its_last_part_and_each_is_taken_once() {
    let app = TestApp::start().await;
    let (mut ada, path) = documents(&app).await;
    for (sent, kept) in [
        ("../../etc/passwd.md", "passwd.md"),
        ("C:\\\\Users\\\\ada\\\\notes.md", "notes.md"),
        ("/absolute.md", "absolute.md"),
        ("日本語.md", "日本語.md"),
        ("émigré.md", "émigré.md"),
        ("a'; drop table document; --.md", "a'; drop table document; --.md"),
        ("..md", "..md"),
    ] {
        let (status, uploaded) = add(&mut ada, &path, sent, b"some text").await;
        assert_eq!(status, StatusCode::CREATED, "{sent}: {uploaded}");
        assert_eq!(uploaded["documents"][0]["name"], kept);
        let id = uploaded["documents"][0]["id"].as_str().unwrap();
        let original = ada.send(Method::GET, &format!("{path}/{id}/original"), None, &[]).await;
        let disposition = original.headers()["content-disposition"].to_str().unwrap().to_owned();
        assert!(disposition.starts_with("attachment;") && disposition.is_ascii(), "{disposition}");
        assert!(
            original.headers()["content-security-policy"]
                .to_str()
                .unwrap()
                .starts_with("sandbox")
        );
    }
    let both: [(&str, &[u8]); 2] = [("same.md", b"one"), ("dir/same.md", b"two")];
    let (status, uploaded) = ada.upload(Method::POST, &path, &both).await;
    assert_eq!(
        (status, uploaded["rejected"][0]["code"].as_str()),
        (StatusCode::CREATED, Some("name_taken")),
        "{uploaded}"
    );
}

#[tokio::test]
async fn fifty_files_come_in_one_upload() {
    let app = TestApp::start().await;
    let (mut ada, path) = documents(&app).await;
    let names: Vec<String> = (0..101).map(|n| format!("page-{n}.md")).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), GUIDE)).collect();
    let (status, uploaded) = ada.upload(Method::POST, &path, &files[..50]).await;
    assert_eq!((status, uploaded["documents"].as_array().unwrap().len()), (StatusCode::CREATED, 50));
    let project = path.strip_suffix("/documents").unwrap();
    assert!(ada.settled(project).await.iter().all(|one| one["status"] == "ready"));
}

#[tokio::test]
async fn more_files_than_one_upload_takes_are_named_and_the_others_are_kept() {
    let app = TestApp::start().await;
    let (mut ada, path) = documents(&app).await;
    let names: Vec<String> = (0..102).map(|n| format!("page-{n}.md")).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), b"x".as_slice())).collect();
    let (status, uploaded) = ada.upload(Method::POST, &path, &files).await;
    assert_eq!(
        (status, uploaded["documents"].as_array().map(Vec::len)),
        (StatusCode::CREATED, Some(100)),
        "what was stored is told"
    );
    assert_eq!(uploaded["rejected"].as_array().unwrap().len(), 2);
    assert_eq!(
        (uploaded["rejected"][0]["name"].as_str(), uploaded["rejected"][0]["code"].as_str()),
        (Some("page-100.md"), Some("too_many_files"))
    );
}

#[tokio::test]
async fn a_full_project_takes_nothing_more_until_something_goes() {
    let app = TestApp::with(&[("PERNOEX_MAX_DOCUMENTS", "2"), ("PERNOEX_MAX_PROJECT_MIB", "1")]).await;
    let (mut ada, path) = documents(&app).await;
    let (_, one) = add(&mut ada, &path, "one.md", GUIDE).await;
    let most = vec![b'a'; (1 << 20) - GUIDE.len()];
    let (status, problem) = add(&mut ada, &path, "two.txt", &[&most, b"x".as_slice()].concat()).await;
    assert_eq!(
        (status, problem["code"].as_str()),
        (StatusCode::UNPROCESSABLE_ENTITY, Some("storage_full")),
        "{problem}"
    );
    assert_eq!(
        add(&mut ada, &path, "two.txt", &most).await.0,
        StatusCode::CREATED,
        "to the last byte"
    );
    assert_eq!(add(&mut ada, &path, "three.md", b"x").await.1["code"], "too_many_documents");
    let one = format!("{path}/{}", one["documents"][0]["id"].as_str().unwrap());
    let larger = [GUIDE, b"x"].concat();
    assert_eq!(
        ada.upload(Method::PUT, &one, &[("one.md", &larger)]).await.1["code"],
        "storage_full"
    );
    assert_eq!(ada.delete(&one, None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(add(&mut ada, &path, "three.md", b"x").await.0, StatusCode::CREATED);
}

#[tokio::test]
async fn what_is_too_much_inside_fails_with_its_reason_and_harms_nothing_else() {
    // 250 MB of spaces in a quarter of a megabyte.
    let bomb = docx::archive(&[("word/document.xml", &vec![b' '; 250 << 20])]);
    assert!(bomb.len() < 1 << 20, "{}", bomb.len());
    let app = TestApp::with(&[("PERNOEX_MAX_PAGES", "3")]).await;
    let (mut ada, path) = documents(&app).await;
    let (few, many, good) = (pdf(3), pdf(4), docx::document("The lantern burns for nine hours on one filling."));
    let files: [(&str, &[u8]); 5] = [
        ("bomb.docx", &bomb),
        ("few.pdf", &few),
        ("many.pdf", &many),
        ("good.docx", &good),
        ("zip.docx", &docx::archive(&[("x", b"y")])),
    ];
    let (status, uploaded) = ada.upload(Method::POST, &path, &files).await;
    assert_eq!(status, StatusCode::CREATED, "{uploaded}");
    let project = path.strip_suffix("/documents").unwrap().to_owned();
    let settled = ada.settled(&project).await;
    let outcome = |name: &str| {
        let found = settled.iter().find(|one| one["name"] == name).unwrap();
        found["failure"]["code"].as_str().or(found["status"].as_str()).unwrap().to_owned()
    };
    assert_eq!(outcome("bomb.docx"), "too_large_inside");
    assert_eq!(outcome("many.pdf"), "too_many_pages");
    assert_eq!(outcome("zip.docx"), "unreadable");
    assert_eq!((outcome("few.pdf"), outcome("good.docx")), ("ready".to_owned(), "ready".to_owned()));
    let answer = ada.question(&project, "How long does the lantern burn on one filling?").await;
    assert!(answer["text"].as_str().unwrap().contains("nine hours"), "{answer}");
}

#[tokio::test]
async fn a_broken_form_is_refused_with_a_stable_code() {
    let app = TestApp::start().await;
    let (ada, path) = documents(&app).await;
    let part = "--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.md\"\r\n\r\ntext";
    let forms: [(&str, String); 9] = [
        ("multipart/form-data; boundary=cut", part.to_owned()),
        ("multipart/form-data; boundary=cut", format!("{part}\r\n--other--\r\n")),
        ("multipart/form-data; boundary=cut", "--cut--\r\n".to_owned()),
        ("multipart/form-data; boundary=cut", String::new()),
        ("multipart/form-data; boundary=cut", "--cut\r\n\r\ntext\r\n--cut--\r\n".to_owned()),
        (
            "multipart/form-data; boundary=cut",
            "--cut\r\nContent-Disposition: form-data; name=\"other\"\r\n\r\ntext\r\n--cut--\r\n".to_owned(),
        ),
        ("multipart/form-data", format!("{part}\r\n--cut--\r\n")),
        ("application/json", "{}".to_owned()),
        ("text/plain", "x".to_owned()),
    ];
    for (n, (kind, body)) in forms.into_iter().enumerate() {
        let sent = ada
            .client
            .post(format!("{}/api/v1{path}", app.url))
            .header(header::COOKIE, ada.cookie.as_deref().unwrap())
            .header("x-csrf-token", ada.csrf.as_deref().unwrap())
            .header(header::CONTENT_TYPE, kind)
            .body(body)
            .send()
            .await
            .unwrap();
        assert!(sent.status().is_client_error(), "form {n}: {}", sent.status());
        let problem: Value = sent.json().await.unwrap();
        assert!(
            problem["code"].is_string() && problem["request_id"].is_string(),
            "form {n}: {problem}"
        );
    }
}
