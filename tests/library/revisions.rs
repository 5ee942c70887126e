//! What documents were before.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{listed, replace, upload};
use crate::support::TestApp;

#[tokio::test]
async fn what_a_document_was_before_is_kept_compared_and_brought_back() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let one = "# Refunds\n\nRefunds take five days. Ask for them in the settings.\n";
    let two = "# Refunds\n\nRefunds take nine days. Ask for them in the settings.\n";
    let id = upload(&mut ada, &project, "refunds.md", one).await;
    let path = format!("{project}/documents/{id}");
    replace(&mut ada, &path, two).await;
    replace(&mut ada, &path, two).await;
    let (_, found) = ada.get(&format!("{path}/revisions")).await;
    let numbers: Vec<_> = found["revisions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["revision"].as_i64().unwrap())
        .collect();
    assert_eq!(numbers, [3, 1], "what is the same again is not kept twice");
    assert_eq!(found["revisions"][0]["replaced_at"], Value::Null);
    let (_, text) = ada.get(&format!("{path}/revisions/1")).await;
    assert_eq!(
        text["lines"],
        json!(["# Refunds", "", "Refunds take five days.", "Ask for them in the settings."])
    );
    let (_, difference) = ada.get(&format!("{path}/revisions/1/difference")).await;
    assert_eq!((difference["added"].as_i64(), difference["removed"].as_i64()), (Some(1), Some(1)));
    let changed: Vec<_> = difference["hunks"][0]
        .as_array()
        .unwrap()
        .iter()
        .filter(|line| line["change"] != "same")
        .map(|line| line["text"].as_str().unwrap())
        .collect();
    assert_eq!(changed, ["Refunds take five days.", "Refunds take nine days."]);
    assert_eq!(
        ada.get(&format!("{path}/revisions/1/difference?revision=1")).await.1["hunks"],
        json!([])
    );
    for missing in ["2", "9", "x"] {
        assert_eq!(
            ada.get(&format!("{path}/revisions/{missing}")).await.0,
            StatusCode::NOT_FOUND,
            "{missing}"
        );
    }

    let (status, restored) = ada.post(&format!("{path}/revisions/1/restore"), json!({})).await;
    assert_eq!((status, restored["revision"].as_i64()), (StatusCode::OK, Some(4)));
    ada.settled(&project).await;
    let answer = ada.question(&project, "How long do refunds take?").await;
    assert!(answer["text"].as_str().unwrap().contains("five days"), "{answer}");
    for n in 0..12 {
        replace(&mut ada, &path, &format!("# Refunds\n\nRefunds take {n} days.\n")).await;
    }
    let (_, found) = ada.get(&format!("{path}/revisions")).await;
    let kept = found["revisions"].as_array().unwrap();
    assert_eq!(
        (kept.len(), kept[10]["revision"].as_i64()),
        (11, Some(6)),
        "ten besides the present one"
    );
    assert!(listed(&mut ada, &project, "").await["kept_bytes"].as_i64().unwrap() > 0);
    let rows = app.rows().await;
    let sealed = rows.ask("select sealed from document_revision", vec![]).await;
    for row in sealed {
        let bytes: Vec<u8> = row.try_get("", "sealed").unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains("Refunds"));
    }
    rows.close().await;
    ada.delete(&path, None).await;
    assert_eq!(ada.get(&format!("{path}/revisions")).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn earlier_contents_make_room_for_documents_and_never_the_other_way() {
    let app = TestApp::with(&[("PERNOEX_MAX_PROJECT_MIB", "1")]).await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let text = |n: u32| format!("# Part {n}\n\n{}", "The lantern is made of brass and of glass. ".repeat(6_500));
    let id = upload(&mut ada, &project, "one.md", &text(0)).await;
    let path = format!("{project}/documents/{id}");
    for n in 1..5 {
        replace(&mut ada, &path, &text(n)).await;
    }
    let (_, found) = ada.get(&format!("{path}/revisions")).await;
    assert_eq!(
        found["revisions"].as_array().unwrap().len(),
        3,
        "two more fit beside the present one"
    );
    upload(&mut ada, &project, "two.md", &text(8)).await;
    upload(&mut ada, &project, "three.md", &text(9)).await;
    let list = listed(&mut ada, &project, "").await;
    let all = list["used_bytes"].as_i64().unwrap() + list["kept_bytes"].as_i64().unwrap();
    assert!(all <= 1 << 20 && list["kept_bytes"] == 0, "{all}");
}
