//! A network of the test's own, in which the addresses inside really listen, names lead where the story says, and nothing is reached that must
//! not be. Where the machine permits no such namespace, the test says so and is left out.

mod network;

use std::process::Command;

use pernoex::Clock;
use reqwest::StatusCode;
use serde_json::{Value, json};

use self::network::Network;
use super::{MINUTE_MS, connect, documents, names, skipped, sync_now, synced_by};
use crate::support::{Person, TestApp};

/// Set for the process that is in the namespace.
const INSIDE: &str = "PERNOEX_TEST_INSIDE";
const CORPUS: &str = include_str!("../../actors/src/outward/corpus.txt");
/// Addresses that are nobody's business. Each of them is an interface's here.
const PRIVATE: &[&str] = &[
    "10.0.0.1",
    "10.1.2.3",
    "100.64.0.1",
    "100.100.100.200",
    "168.63.129.16",
    "169.254.0.23",
    "169.254.169.254",
    "169.254.170.2",
    "172.16.0.1",
    "172.17.0.1",
    "192.0.0.192",
    "192.0.2.1",
    "192.168.0.1",
    "192.168.1.1",
    "198.18.0.1",
    "64:ff9b::a9fe:a9fe",
    "2001:0:7f00:1::",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "fd00::1",
    "fd00:ec2::254",
    "fec0::1",
];
const PUBLIC: &[&str] = &["93.184.216.34", "2606:2800:220:1::1"];
/// Of the corpus, and what else tends to listen.
const PORTS: &[u16] = &[22, 25, 80, 443, 2375, 6379, 8080, 8200, 8443, 8500, 9200, 10250, 11211];

#[test]
fn what_really_listens_inside_is_never_reached() {
    if std::env::var_os(INSIDE).is_some() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        return runtime.unwrap().block_on(story());
    }
    let permitted = Command::new("unshare").args(["-rnm", "ip", "link", "set", "lo", "up"]).output();
    if !permitted.as_ref().is_ok_and(|done| done.status.success()) {
        println!("left out: this machine permits no network namespace of one's own (unshare -rnm ip link set lo up): {permitted:?}");
        return;
    }
    // Databases of this run are not there in another network: the story is about addresses.
    let done = Command::new("unshare")
        .arg("-rnm")
        .arg(std::env::current_exe().unwrap())
        .args([
            "sources::inside::what_really_listens_inside_is_never_reached",
            "--exact",
            "--nocapture",
        ])
        .env(INSIDE, "1")
        .env_remove("PERNOEX_TEST_POSTGRES")
        .env_remove("PERNOEX_TEST_REDIS")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned();
    println!("{said}");
    assert!(done.status.success() && said.contains("1 passed"), "{said}");
}

fn run(program: &str, arguments: &[&str]) {
    let done = Command::new(program).args(arguments).output().unwrap();
    assert!(
        done.status.success(),
        "{program} {arguments:?}: {}",
        String::from_utf8_lossy(&done.stderr)
    );
}

struct Scene {
    network: Network,
    clock: Clock,
    ada: Person,
    project: String,
}

impl Scene {
    async fn website(&mut self, start: &str) -> String {
        let body = json!({ "kind": "website", "config": { "start": start } });
        connect(&mut self.ada, &self.project, body).await
    }

    async fn synced(&mut self, source: &str, runs: usize) -> Value {
        synced_by(&self.clock, &mut self.ada, source, runs).await
    }

    async fn documents(&mut self) -> Vec<Value> {
        documents(&mut self.ada, &self.project).await
    }
}

async fn story() {
    let folder = tempfile::tempdir().unwrap();
    let network = Network::start(folder.path());
    let clock = Clock::manual(1_800_000_000_000);
    let settings = [
        ("PERNOEX_LIMIT_FACTOR", "1000"),
        ("PERNOEX_SESSION_IDLE_MINUTES", "43200"),
        ("PERNOEX_SESSION_HOURS", "2160"),
    ];
    let mut app = TestApp::start_with(clock.clone(), &settings).await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let mut scene = Scene {
        network,
        clock,
        ada,
        project,
    };
    nothing_of_the_corpus_is_taken(&mut scene).await;
    a_site_that_points_inside_is_read_and_what_it_points_to_is_not(&mut scene).await;
    names_that_turn_inside_are_not_followed(&mut scene).await;
    a_name_that_leads_nowhere_takes_no_document_away(&mut scene).await;
    assert_eq!(scene.network.reached_inside(), [], "nothing inside was reached by any of it");
    // They do listen: whom the operator lets in is reached.
    app.set("PERNOEX_ALLOW_PRIVATE", "10.0.0.1").await;
    scene.ada.url.clone_from(&app.url);
    let source = scene.website("http://10.0.0.1/").await;
    let page = scene.synced(&source, 1).await;
    assert_eq!(page["runs"][0]["added"], 1, "{page}");
    let reached = scene.network.reached_inside();
    assert!(
        !reached.is_empty() && reached.iter().all(|one| *one == ("10.0.0.1".parse().unwrap(), 80)),
        "{reached:?}"
    );
}

async fn nothing_of_the_corpus_is_taken(scene: &mut Scene) {
    scene.network.name("example.com", &[&["93.184.216.34"]]);
    let mut tried = 0;
    for line in CORPUS.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let (why, rest) = line.split_once(' ').unwrap();
        let (url, answers) = rest.split_once(" ->").map_or((rest, None), |(url, answers)| (url, Some(answers)));
        // Written with signs for what cannot be written. They are told of in another test.
        if url.contains('<') {
            continue;
        }
        if let Some(answers) = answers {
            let host = url::Url::parse(url).unwrap().host_str().unwrap().trim_end_matches('.').to_owned();
            let answers: Vec<&str> = answers.trim().split(',').filter(|one| !one.is_empty()).collect();
            scene.network.name(&host, &[&answers]);
        }
        for url in [url.to_owned(), url.replacen("http://", "https://", 1)] {
            let webhook = json!({ "url": url, "events": ["question.unanswered"] });
            let website = json!({ "kind": "website", "config": { "start": url } });
            for (kind, body) in [("webhooks", webhook), ("sources", website)] {
                let path = format!("{}/{kind}", scene.project);
                let (status, refused) = scene.ada.post(&path, body).await;
                assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{kind} {url}: {refused}");
                if matches!(why, "not_public" | "unresolved") {
                    // A name that leads nowhere is not told from one that leads inside.
                    assert_eq!(refused["detail"], "The address does not lead to a public server.", "{kind} {url}");
                }
            }
        }
        tried += 1;
    }
    println!("{tried} addresses were refused for webhooks and websites");
    assert!(tried >= 400, "{tried}");
    assert_eq!(scene.network.reached_inside(), []);
}

async fn a_site_that_points_inside_is_read_and_what_it_points_to_is_not(scene: &mut Scene) {
    let network = &scene.network;
    network.name("docs.example.net", &[&["93.184.216.34", "2606:2800:220:1::1"]]);
    let inside = [
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "http://127.0.0.1/",
        "http://localhost:6379/",
        "http://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://2130706433/",
        "http://127.0.0.1.nip.io/",
        "//192.168.1.1/",
        "http://docs.example.net@10.0.0.1/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/_INFO",
    ];
    let mut links = String::new();
    for (n, to) in inside.iter().enumerate() {
        links += &format!("<a href=\"{to}\">{n}</a> <a href=\"moved-{n}\">{n}</a>");
        network.say(
            &format!("docs.example.net/docs/moved-{n}"),
            [301, 302, 303, 307, 308][n % 5],
            &[("location", to)],
            "",
        );
    }
    network.say("docs.example.net/docs/first", 302, &[("location", "second")], "");
    network.say("docs.example.net/docs/second", 302, &[("location", "http://169.254.169.254/")], "");
    network.put(
        "docs.example.net/docs/refresh",
        "<meta http-equiv=refresh content=\"0; url=http://10.0.0.1/\"><link rel=canonical href=http://169.254.169.254/><main><p>Refreshing words.</p>\
         <iframe src=http://127.0.0.1/></iframe><img src=http://10.0.0.1/x.svg><object data=http://10.0.0.1/></object></main>",
    );
    network.put(
        "docs.example.net/docs/base",
        "<base href=http://10.0.0.1/docs/><main><p>Based words.</p><a href=next>next</a></main>",
    );
    network.say(
        "docs.example.net/robots.txt",
        200,
        &[("content-type", "text/plain")],
        "User-agent: *\nAllow: /\nSitemap: http://169.254.169.254/sitemap.xml\nSitemap: http://10.0.0.1/map.xml\n",
    );
    network.put(
        "docs.example.net/docs/",
        &format!("<main><h1>Home</h1><p>Public words.</p>{links}<a href=first>f</a><a href=refresh>r</a><a href=base>b</a></main>"),
    );
    let source = scene.website("http://docs.example.net/docs/").await;
    let page = scene.synced(&source, 1).await;
    assert_eq!(
        (&page["runs"][0]["outcome"], &page["runs"][0]["added"]),
        (&json!("done"), &json!(3)),
        "{page}"
    );
    let left_out = skipped(&page);
    let moved = left_out
        .iter()
        .filter(|(path, code)| path.starts_with("docs/moved-") && code == "redirected");
    assert_eq!(moved.count(), inside.len(), "{left_out:?}");
    assert!(left_out.contains(&("docs/second".into(), "redirected".into())), "{left_out:?}");
    assert!(
        !scene
            .ada
            .question(&scene.project, "What are the keys of the castle?")
            .await
            .to_string()
            .contains("The keys of the castle")
    );

    // A sitemap that lists what is inside, and one that is there itself.
    scene.network.put(
        "docs.example.net/sitemap.xml",
        &format!(
            "<urlset><url><loc>http://docs.example.net/docs/base</loc></url>{}</urlset>",
            inside.map(|to| format!("<url><loc>{to}</loc></url>")).concat()
        ),
    );
    let other = scene.ada.project("By list").await;
    let body = json!({ "kind": "website", "config": { "start": "http://docs.example.net/", "mode": "sitemap" } });
    let by_list = connect(&mut scene.ada, &other, body).await;
    let page = scene.synced(&by_list, 1).await;
    assert_eq!(
        (&page["runs"][0]["outcome"], &page["runs"][0]["added"]),
        (&json!("done"), &json!(1)),
        "{page}"
    );
    // Where it is asked what robots may do, redirects are followed: not to there.
    scene.network.name("robots.example.net", &[&["93.184.216.34"]]);
    scene.network.say(
        "robots.example.net/robots.txt",
        302,
        &[("location", "http://169.254.169.254/robots.txt")],
        "",
    );
    let refused = scene.website("http://robots.example.net/").await;
    let page = scene.synced(&refused, 1).await;
    assert_eq!(
        (&page["runs"][0]["outcome"], &page["runs"][0]["problem"]["code"]),
        (&json!("failed"), &json!("refused")),
        "{page}"
    );
    assert_eq!(scene.network.reached_inside(), []);
}

async fn names_that_turn_inside_are_not_followed(scene: &mut Scene) {
    // Public when it is entered, and inside ever after; or each time the other.
    let (out, within) = (["93.184.216.34"].as_slice(), ["10.0.0.1"].as_slice());
    scene.network.name("later.example.net", &[out, within]);
    scene.network.name(
        "turns.example.net",
        &[out, within, out, within, out, within, out, within, out, within],
    );
    scene.network.name("both.example.net", &[out, &["93.184.216.34", "10.0.0.1"]]);
    for host in ["later", "turns", "both"] {
        let source = scene.website(&format!("http://{host}.example.net/")).await;
        let page = scene.synced(&source, 1).await;
        assert_eq!(
            (&page["runs"][0]["outcome"], &page["runs"][0]["added"]),
            (&json!("failed"), &json!(0)),
            "{host}: {page}"
        );
    }
    scene.network.name("hook.example.net", &[out, &["169.254.169.254"]]);
    scene.ada.prove().await;
    let webhook = json!({ "url": "https://hook.example.net/", "events": ["question.unanswered"] });
    let (status, made) = scene.ada.post(&format!("{}/webhooks", scene.project), webhook).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let path = format!("{}/webhooks/{}", scene.project, made["webhook"]["id"].as_str().unwrap());
    assert!(scene.ada.post(&format!("{path}/test"), json!({})).await.0.is_success());
    let mut seen = Value::Null;
    for _ in 0..200 {
        seen = scene.ada.get(&format!("{path}/deliveries")).await.1;
        if seen["deliveries"][0]["attempts"].as_i64() >= Some(1) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(seen["deliveries"][0]["reason"], "address_refused", "{seen}");
    assert_eq!(scene.network.reached_inside(), []);
}

/// A name server that is down, and one that lies, say nothing of the pages.
async fn a_name_that_leads_nowhere_takes_no_document_away(scene: &mut Scene) {
    scene.project = scene.ada.project("Handbook").await;
    let network = &scene.network;
    network.name("handbook.example.net", &[&["93.184.216.34"]]);
    network.put(
        "handbook.example.net/",
        "<main><h1>Home</h1><p>First words.</p><a href=two>two</a></main>",
    );
    network.put("handbook.example.net/two", "<main><h1>Two</h1><p>Second words.</p></main>");
    let source = scene.website("http://handbook.example.net/").await;
    scene.synced(&source, 1).await;
    assert_eq!(names(&scene.documents().await), ["Home", "Two"]);
    for (run, answers, code) in [(2, &[][..], "unavailable"), (3, &["10.0.0.1"][..], "unavailable")] {
        scene.network.name("handbook.example.net", &[answers]);
        scene.clock.advance(MINUTE_MS);
        sync_now(&mut scene.ada, &source).await;
        let page = scene.synced(&source, run).await;
        assert_eq!(
            (&page["runs"][0]["outcome"], &page["runs"][0]["problem"]["code"]),
            (&json!("failed"), &json!(code)),
            "{page}"
        );
        assert_eq!(page["runs"][0]["removed"], 0, "{page}");
        assert_eq!(names(&scene.documents().await), ["Home", "Two"], "{answers:?}");
    }
    scene.network.name("handbook.example.net", &[&["93.184.216.34"]]);
    sync_now(&mut scene.ada, &source).await;
    let page = scene.synced(&source, 4).await;
    assert_eq!(
        (&page["runs"][0]["outcome"], &page["runs"][0]["unchanged"]),
        (&json!("done"), &json!(2)),
        "{page}"
    );
}
