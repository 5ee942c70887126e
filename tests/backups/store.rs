//! A bucket, of a store that others wrote: s3rver, whose program `PERNOEX_TEST_S3RVER` names. Signatures are held to the examples of S3's
//! own documentation, in `actors::backup::sigv4`.

use std::process::{Child, Command, Stdio};

use reqwest::Method;

use super::{fresh_machine, prepared, sign_in};
use crate::support::GUIDE;
use actors::clock::Clock;

struct Store {
    child: Child,
    address: String,
}

impl Drop for Store {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Store {
    async fn start(program: &str, folder: &std::path::Path) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Command::new("node")
            .args([
                program,
                "--address",
                "127.0.0.1",
                "--port",
                &port.to_string(),
                "--configure-bucket",
                "my-bucket",
            ])
            .args(["--directory", &folder.display().to_string(), "--silent"])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let store = Self {
            child,
            address: format!("127.0.0.1:{port}"),
        };
        for _ in 0..200 {
            if std::net::TcpStream::connect(&store.address).is_ok() {
                return store;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("the store does not start");
    }
}

#[tokio::test]
async fn backups_go_to_a_bucket_and_come_back_from_it() {
    let Ok(program) = std::env::var("PERNOEX_TEST_S3RVER") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let store = Store::start(&program, folder.path()).await;
    let endpoint = format!("http://{}", store.address);
    let settings = [
        ("PERNOEX_BACKUP_S3_ENDPOINT", endpoint.as_str()),
        ("PERNOEX_BACKUP_S3_ACCESS_KEY", "S3RVER"),
        ("PERNOEX_BACKUP_S3_SECRET_KEY", "S3RVER"),
    ];
    let bucket = std::path::Path::new("s3://my-bucket/of/lantern");
    let mut app = prepared(Clock::system(), bucket, &settings).await;
    app.start_again();
    let mut ada = app.owner("ada").await;
    let project = ada.guide("Lantern").await;
    // More than is sent in one part.
    let words: Vec<String> = (0..110_000_u32).map(|n| format!("{:08x}", n.wrapping_mul(2_654_435_761))).collect();
    let text = words.join(" ").into_bytes();
    for n in 0..22_u8 {
        let name = format!("{n}.txt");
        ada.upload(
            Method::POST,
            &format!("{project}/documents"),
            &[(name.as_str(), &text[usize::from(n)..])],
        )
        .await;
    }
    ada.upload(Method::POST, &format!("{project}/documents"), &[("again.md", GUIDE)])
        .await;
    let (done, said) = app.command(&["backup"]);
    assert!(done && said.contains("MiB"), "{said}");
    let mib: u64 = said.split(" MiB").next().unwrap().rsplit(' ').next().unwrap().parse().unwrap();
    assert!(mib > 16, "several parts: {said}");
    let (_, listed) = app.command(&["backup", "list"]);
    assert_eq!(listed.lines().count(), 1, "{listed}");
    let (fine, said) = app.command(&["backup", "verify"]);
    assert!(fine, "{said}");

    app.configure("PERNOEX_BACKUP_S3_ACCESS_KEY", "another");
    let (done, said) = app.command(&["backup", "list"]);
    assert!(!done && said.contains("it refused (403"), "{said}");
    app.configure("PERNOEX_BACKUP_S3_ACCESS_KEY", "S3RVER");
    app.stop().await;

    let mut fresh = fresh_machine(&app, bucket).await;
    for (name, value) in settings {
        fresh.configure(name, value);
    }
    let (done, said) = fresh.command(&["restore"]);
    assert!(done, "{said}");
    fresh.start_again();
    sign_in(&fresh, &mut ada).await;
    assert_eq!(ada.question(&project, "How do I export my data?").await["outcome"], "answered");
    drop(store);
}
