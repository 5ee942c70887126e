//! What is not whole, not ours, or not of this version is refused, each with its own words, and nothing of it is put back.

use std::{path::Path, time::Duration};

use actors::{
    MasterKeys,
    backup::{PlaceSettings, open},
};

use super::{back_up, files, fresh_machine, names, started};
use crate::support::{TestApp, process};

/// Where the parts of a file begin, and where it ends.
fn parts(file: &[u8]) -> Vec<usize> {
    let number = |at: usize| usize::try_from(u32::from_be_bytes(file[at..at + 4].try_into().unwrap())).unwrap();
    let mut at = vec![12 + number(8)];
    while *at.last().unwrap() < file.len() {
        let last = *at.last().unwrap();
        at.push(last + 12 + number(last + 8));
    }
    at
}

/// A server with a workspace whose rows fill several parts.
async fn with_much(place: &Path) -> TestApp {
    let app = started(place).await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let words: Vec<String> = (0..120_000_u32).map(|n| format!("{:08x}", n.wrapping_mul(2_654_435_761))).collect();
    let text = words.join(" ").into_bytes();
    let files: Vec<(&str, &[u8])> = ["a.txt", "b.txt", "c.txt"].iter().map(|name| (*name, &text[..900_000])).collect();
    ada.upload(reqwest::Method::POST, &format!("{project}/documents"), &files).await;
    app
}

#[tokio::test]
async fn whatever_was_done_to_a_backup_it_is_refused_and_nothing_is_put_back() {
    let place = tempfile::tempdir().unwrap();
    let mut app = with_much(place.path()).await;
    let name = back_up(&app).await;
    app.stop().await;
    let path = place.path().join(&name);
    let whole = std::fs::read(&path).unwrap();
    let at = parts(&whole);
    assert!(at.len() > 3, "several parts: {at:?}");
    let fresh = fresh_machine(&app, place.path()).await;
    let refused = |said: &str, words: &str| {
        assert!(said.contains(words), "{words}: {said}");
        assert!(!fresh.data().join("pernoex.db").exists(), "nothing is there");
    };
    let try_with = |bytes: &[u8], words: &str| {
        std::fs::write(&path, bytes).unwrap();
        for command in [&["restore"][..], &["backup", "verify"]] {
            let (done, said) = fresh.command(command);
            assert!(!done, "{words}: {said}");
            refused(&said, words);
        }
    };
    try_with(&whole[..whole.len() - 7], "cut off");
    try_with(&whole[..at[2]], "cut off");
    let mut flipped = whole.clone();
    flipped[at[1] + 500] ^= 1;
    try_with(&flipped, "altered or is damaged, at part 1");
    let swapped = [&whole[..at[0]], &whole[at[1]..at[2]], &whole[at[0]..at[1]], &whole[at[2]..]].concat();
    try_with(&swapped, "number 1 stands where 0 should");
    try_with(b"not a backup at all", "no backup of pernoex");
    std::fs::write(&path, &whole).unwrap();

    let ring = place.path().join("keyring.sealed");
    std::fs::rename(&ring, place.path().join("away")).unwrap();
    let (_, said) = fresh.command(&["restore"]);
    refused(&said, "there is no keyring.sealed");
    std::fs::rename(place.path().join("away"), &ring).unwrap();

    // Another master key, and none.
    let key = fresh.data().join("master.key");
    let right = std::fs::read(&key).unwrap();
    std::fs::write(&key, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n").unwrap();
    let (_, said) = fresh.command(&["restore"]);
    refused(&said, "none of the master keys at hand");
    std::fs::remove_file(&key).unwrap();
    let (_, said) = fresh.command(&["restore"]);
    refused(&said, "there is no master key here");
    assert!(!key.exists(), "and none is made");
    std::fs::write(&key, &right).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&key, mode).unwrap();

    // Of tables that this program does not make, or not any more.
    let (masters, _) = MasterKeys::load_or_create(&key, None).unwrap();
    let folder = PlaceSettings::Folder(place.path().to_owned());
    for (tables, knows, words) in [
        ("m9999_later", (|_| true) as fn(&str) -> bool, "made by an earlier pernoex"),
        ("m0001_platform", |_| false, "made by a later pernoex"),
    ] {
        let Err(error) = open(&masters, &folder, None, &fresh.data(), (tables, knows)).await else {
            panic!("{words}")
        };
        refused(&error.to_string(), words);
    }
    let (done, said) = fresh.command(&["restore"]);
    assert!(done, "as it was, it is taken: {said}");
}

#[tokio::test]
async fn one_that_is_killed_in_the_middle_leaves_nothing_that_could_be_taken_for_a_backup() {
    let place = tempfile::tempdir().unwrap();
    let mut app = with_much(place.path()).await;
    back_up(&app).await;
    let mut cut = 0;
    for _ in 0..12 {
        let before = names(place.path()).len();
        let mut child = process::command(app.environment()).arg("backup").spawn().unwrap();
        let unfinished = || {
            let files = files(place.path());
            let grown = |path: &std::path::PathBuf| std::fs::metadata(path).is_ok_and(|found| found.len() > 0);
            files
                .iter()
                .any(|path| path.to_str().unwrap().ends_with(".unfinished") && grown(path))
        };
        while child.try_wait().unwrap().is_none() && !unfinished() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let _ = child.kill();
        let _ = child.wait();
        cut += usize::from(names(place.path()).len() == before);
        for path in files(place.path())
            .iter()
            .filter(|path| path.to_str().unwrap().ends_with(".unfinished"))
        {
            std::fs::remove_file(path).unwrap();
        }
        // Its turn runs out by itself, in some minutes.
        let rows = app.rows().await;
        rows.run("update backup_turn set until = 0", vec![]).await;
        rows.close().await;
        if cut >= 3 {
            break;
        }
    }
    assert!(cut >= 1, "none was caught in the middle");
    for name in names(place.path()) {
        let (fine, said) = app.command(&["backup", "verify", &name]);
        assert!(fine, "{name}: {said}");
    }
    app.stop().await;
    // Killed while it puts rows back: nothing is there, and the next attempt does it.
    let fresh = fresh_machine(&app, place.path()).await;
    let mut child = process::command(fresh.environment()).arg("restore").spawn().unwrap();
    tokio::time::sleep(Duration::from_millis(700)).await;
    let _ = child.kill();
    let _ = child.wait();
    let (done, said) = fresh.command(&["restore"]);
    assert!(done || said.contains("there is an installation here already"), "{said}");
    let (well, report) = fresh.command(&["doctor"]);
    assert!(well, "{report}");
}
