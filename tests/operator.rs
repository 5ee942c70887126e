//! Those who run the installation: who is one, what they see, what they may do, and what is left of it.

use std::time::Duration;

use actors::{
    TenantId,
    faults::{Effect, Point, clear, inject},
};
use futures_util::StreamExt;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{GUIDE, Person, TestApp};

const ACTORS: &str = "/operator/api/actors";

async fn tenant_of(person: &mut Person) -> TenantId {
    person.get("/session").await.1["workspace"]["id"].as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn an_operator_is_made_and_unmade_on_the_command_line_while_the_server_runs() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    assert_eq!(ada.get("/session").await.1["operator"], false);
    assert_eq!(ada.get(ACTORS).await.0, StatusCode::NOT_FOUND);
    let (done, said) = app.command(&["operator", "grant", &ada.email.to_uppercase()]);
    assert!(done, "{said}");
    assert_eq!(ada.get("/session").await.1["operator"], true);
    assert_eq!(
        ada.get(ACTORS).await.0,
        StatusCode::OK,
        "with the next request, in the same session"
    );
    let (done, said) = app.command(&["operator", "list"]);
    assert!(done && said.contains(&ada.email) && said.contains("since"), "{said}");
    let (done, said) = app.command(&["operator", "revoke", &ada.email]);
    assert!(done, "{said}");
    assert_eq!(ada.get(ACTORS).await.0, StatusCode::NOT_FOUND, "and as quickly gone again");
    let (_, said) = app.command(&["operator", "list"]);
    assert!(!said.contains(&ada.email), "{said}");
    for nobody in ["nobody@example.com", "not an address"] {
        let (done, said) = app.command(&["operator", "grant", nobody]);
        assert!(!done && said.contains("no account"), "{said}");
    }
}

#[tokio::test]
async fn everyone_else_gets_404_whatever_they_send() {
    let app = TestApp::start().await;
    let (mut ada, mut nobody) = (app.owner("ada").await, app.nobody());
    let tenant = tenant_of(&mut ada).await;
    let reset = format!("{ACTORS}/{tenant}.vault/reset");
    for person in [&mut ada, &mut nobody] {
        for (method, path) in [
            (Method::GET, ACTORS),
            (Method::GET, "/operator/api/actors/stream"),
            (Method::GET, "/operator/api/acts"),
            (Method::POST, reset.as_str()),
            (Method::DELETE, reset.as_str()),
            (Method::GET, "/operator/api/nothing"),
        ] {
            let answer = person.send(method.clone(), path, None, &[("accept", "text/html")]).await;
            assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{method} {path}");
        }
    }
    ada.csrf = None;
    let (status, _) = ada.post(&reset, json!({})).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "not even that a token is missing");
}

#[tokio::test]
async fn an_operators_change_needs_the_sessions_token() {
    let app = TestApp::start().await;
    let mut operator = app.operator().await;
    let tenant = tenant_of(&mut operator).await;
    operator.csrf = None;
    let (status, refused) = operator.post(&format!("{ACTORS}/{tenant}.vault/reset"), json!({})).await;
    assert_eq!((status, refused["code"].as_str()), (StatusCode::FORBIDDEN, Some("csrf_failed")));
    assert_eq!(operator.get("/operator/api/acts").await.1["acts"], json!([]));
}

#[tokio::test]
async fn actors_are_shown_with_their_figures_and_nothing_of_their_contents() {
    let mut app = TestApp::start().await;
    app.stick();
    let (mut operator, mut ada) = (app.operator().await, app.owner("Adalantern").await);
    let project = ada.project("Secret product").await;
    ada.upload(Method::POST, &format!("{project}/documents"), &[("hidden-guide.md", GUIDE)])
        .await;
    ada.settled(&project).await;
    ada.question(&project, "How do I export my data?").await;
    let tenant = tenant_of(&mut ada).await;
    let (status, page) = operator.get(&format!("{ACTORS}?tenant={tenant}")).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    let tree = &page["tenants"][0];
    assert_eq!(tree["tenant"], tenant.to_string());
    let kinds: Vec<_> = tree["actors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|actor| actor["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["tenant", "sessions", "vault", "project"]);
    let actor = &tree["actors"][3];
    assert!(actor["handled"].as_u64() > Some(2) && actor["p99_us"].as_u64() > Some(0), "{actor}");
    assert!(actor["memory_bytes"].as_u64() > Some(100), "the index is weighed: {actor}");
    assert_eq!((actor["failures"].as_u64(), actor["capacity"].as_u64()), (Some(0), Some(256)));
    assert!(page["server"]["memory_bytes"].as_u64() > Some(1 << 20));
    assert!(page["totals"]["by_state"]["idle"].as_u64() >= Some(4), "{}", page["totals"]);
    let text = page.to_string();
    for hidden in ["Secret product", "Adalantern", "hidden-guide", "export", &ada.email] {
        assert!(!text.contains(hidden), "{hidden}");
    }
}

#[tokio::test]
async fn the_list_is_filtered_and_paged() {
    let mut app = TestApp::start().await;
    app.stick();
    let mut operator = app.operator().await;
    let mut tenants = vec![tenant_of(&mut operator).await];
    for n in 0..4 {
        tenants.push(tenant_of(&mut app.owner(&format!("owner{n}")).await).await);
    }
    let mut seen = Vec::new();
    for page in 1..=3 {
        let (_, shown) = operator.get(&format!("{ACTORS}?limit=2&page={page}")).await;
        assert_eq!((shown["matching"].as_u64(), shown["pages"].as_u64()), (Some(5), Some(3)), "{shown}");
        for tree in shown["tenants"].as_array().unwrap() {
            seen.push(tree["tenant"].as_str().unwrap().to_owned());
        }
    }
    seen.sort();
    tenants.sort_unstable();
    assert_eq!(seen, tenants.iter().map(ToString::to_string).collect::<Vec<_>>());
    let (_, vaults) = operator.get(&format!("{ACTORS}?kind=vault")).await;
    let all = vaults["tenants"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|tree| tree["actors"].as_array().unwrap());
    assert!(all.clone().count() == 5 && all.clone().all(|actor| actor["kind"] == "vault"));
    assert_eq!(operator.get(&format!("{ACTORS}?state=quarantined")).await.1["matching"], 0);
    assert_eq!(operator.get(&format!("{ACTORS}?colour=red")).await.0, StatusCode::BAD_REQUEST);
    let (_, beyond) = operator.get(&format!("{ACTORS}?limit=2&page=99")).await;
    assert_eq!(beyond["page"], 3, "the last page there is");
}

#[tokio::test]
async fn a_reset_and_an_eviction_are_written_down_and_cost_no_data() {
    let mut app = TestApp::start().await;
    app.stick();
    let (mut operator, mut ada) = (app.operator().await, app.owner("ada").await);
    let project = ada.project("Lantern").await;
    ada.upload(Method::POST, &format!("{project}/documents"), &[("guide.md", GUIDE)])
        .await;
    ada.settled(&project).await;
    let tenant = tenant_of(&mut ada).await;
    let id = project.rsplit('/').next().unwrap();
    for actor in ["tenant", "vault", "sessions"]
        .map(|kind| format!("{tenant}.{kind}"))
        .into_iter()
        .chain([format!("{tenant}.project.{id}")])
    {
        for act in ["reset", "evict"] {
            ada.question(&project, "How do I export my data?").await;
            let (status, done) = operator.post(&format!("{ACTORS}/{actor}/{act}"), json!({})).await;
            assert_eq!(status, StatusCode::OK, "{actor} {act}: {done}");
            assert_eq!(
                ada.question(&project, "How do I export my data?").await["outcome"],
                "answered",
                "after {act} of {actor}"
            );
        }
    }
    let foreign = format!("{ACTORS}/{}.vault/reset", TenantId::new());
    assert_eq!(operator.post(&foreign, json!({})).await.0, StatusCode::NOT_FOUND);
    assert_eq!(
        operator.post(&format!("{ACTORS}/nonsense/reset"), json!({})).await.0,
        StatusCode::NOT_FOUND
    );
    let acts = operator.get("/operator/api/acts").await.1["acts"].as_array().unwrap().clone();
    assert_eq!(acts.len(), 9, "what names no actor is not an act");
    assert_eq!(
        (acts[0]["act"].as_str(), acts[0]["outcome"].as_str()),
        (Some("reset"), Some("not there"))
    );
    assert_eq!(
        (acts[1]["act"].as_str(), acts[1]["outcome"].as_str()),
        (Some("evict"), Some("done"))
    );
    assert_eq!(acts[1]["subject"], format!("{tenant}.project.{id}"));
    assert!(
        acts.iter()
            .all(|act| act["email"] == *operator.email && act["address"].as_str().unwrap().starts_with("127."))
    );
}

/// The events of a stream until `enough`.
async fn events(operator: &mut Person, path: &str, enough: impl Fn(&str, &Value) -> bool) -> Vec<(String, Value)> {
    let answer = operator.send(Method::GET, path, None, &[]).await;
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let (mut stream, mut text, mut all) = (answer.bytes_stream(), String::new(), Vec::new());
    let read = async {
        while let Some(bytes) = stream.next().await {
            text.push_str(&String::from_utf8_lossy(&bytes.unwrap()));
            while let Some((block, rest)) = text.split_once("\n\n") {
                let (name, data) = block.split_once('\n').unwrap();
                let name = name.strip_prefix("event: ").unwrap().to_owned();
                let data: Value = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
                text = rest.to_owned();
                let stop = enough(&name, &data);
                all.push((name, data));
                if stop {
                    return;
                }
            }
        }
    };
    let _ = tokio::time::timeout(Duration::from_secs(20), read).await;
    all
}

#[tokio::test]
async fn the_stream_tells_of_a_failure_and_ends_with_the_flag() {
    let mut app = TestApp::start().await;
    app.stick();
    let (mut operator, mut ada) = (app.operator().await, app.owner("ada").await);
    let tenant = tenant_of(&mut ada).await;
    inject(tenant, Point::Serve("tenant"), Effect::Panic, 1);
    let failing = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(1500)).await;
        ada.get("/projects").await.0
    });
    let path = format!("{ACTORS}/stream?tenant={tenant}");
    let seen = events(&mut operator, &path, |name, data| {
        name == "changed"
            && data["actors"]
                .as_array()
                .unwrap()
                .iter()
                .any(|actor| actor["last_failure"] == "panic")
    })
    .await;
    clear(tenant);
    assert_eq!(failing.await.unwrap(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(
        (seen[0].0.as_str(), seen[1].0.as_str()),
        ("totals", "page"),
        "all of it first, from the node that goes on telling"
    );
    assert_eq!(seen[1].1["tenants"][0]["tenant"], tenant.to_string());
    assert_eq!(seen.last().unwrap().0, "changed");
    let (_, said) = app.command(&["operator", "revoke", &operator.email]);
    assert!(said.contains("no operator"), "{said}");
    assert_eq!(operator.get(ACTORS).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_stream_tells_the_page_that_is_looked_at_anew_when_an_actor_comes_or_leaves() {
    let mut app = TestApp::start().await;
    app.stick();
    let mut operator = app.operator().await;
    let others = [app.owner("ada").await, app.owner("eve").await];
    let path = format!("{ACTORS}/stream?limit=1&page=2&kind=vault");
    let seen = events(&mut operator, &path, |name, _| name == "page").await;
    let page = &seen.last().unwrap().1;
    assert_eq!((page["page"].as_u64(), page["pages"].as_u64()), (Some(2), Some(3)), "{page}");
    assert_eq!(page["tenants"].as_array().unwrap().len(), 1);

    let [mut ada, _eve] = others;
    let tenant = tenant_of(&mut ada).await;
    let mut evicting = operator.again();
    let evicted = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(1500)).await;
        evicting.post(&format!("{ACTORS}/{tenant}.tenant/evict"), json!({})).await.0
    });
    let path = format!("{ACTORS}/stream?tenant={tenant}");
    let seen = events(&mut operator, &path, |name, data| name == "page" && data["matching"] == 0).await;
    assert_eq!(evicted.await.unwrap(), StatusCode::OK);
    let pages: Vec<u64> = seen
        .iter()
        .filter(|(name, _)| name == "page")
        .map(|(_, page)| page["matching"].as_u64().unwrap())
        .collect();
    assert_eq!((pages.first(), pages.last()), (Some(&1), Some(&0)), "{pages:?}");
}

#[tokio::test]
async fn an_open_stream_ends_when_the_flag_is_taken() {
    let app = TestApp::start().await;
    let mut operator = app.operator().await;
    let answer = operator.send(Method::GET, "/operator/api/actors/stream", None, &[]).await;
    assert_eq!(answer.status(), StatusCode::OK);
    app.command(&["operator", "revoke", &operator.email]);
    let mut stream = answer.bytes_stream();
    let ended = tokio::time::timeout(Duration::from_secs(15), async { while stream.next().await.is_some() {} }).await;
    assert!(ended.is_ok(), "within a few seconds");
}

#[tokio::test]
async fn figures_for_prometheus_are_on_their_own_address_and_name_no_tenant() {
    let mut app = TestApp::start_with(pernoex::Clock::system(), &[("PERNOEX_METRICS_LISTEN", "127.0.0.1:0")]).await;
    app.stick();
    let mut ada = app.owner("Adalantern").await;
    let project = ada.project("Secret product").await;
    ada.upload(Method::POST, &format!("{project}/documents"), &[("guide.md", GUIDE)])
        .await;
    ada.settled(&project).await;
    ada.question(&project, "How do I export my data?").await;
    assert_eq!(ada.get("/projects/nothing").await.0, StatusCode::NOT_FOUND);
    let address = app.metrics.unwrap();
    let text = |path: &'static str| async move { reqwest::get(format!("http://{address}{path}")).await.unwrap() };
    let answer = text("/metrics").await;
    assert!(
        answer.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/plain; version=0.0.4")
    );
    let figures = String::from_utf8(answer.bytes().await.unwrap().to_vec()).unwrap();
    for expected in [
        "process_resident_memory_bytes ",
        "pernoex_http_requests_total{method=\"POST\",route=\"/api/v1/projects/{project}/questions\",status=\"200\"} 1",
        "pernoex_http_requests_total{method=\"GET\",route=\"/api/v1/projects/{project}\",status=\"404\"} 1",
        "pernoex_http_request_duration_seconds_count{method=\"POST\",route=\"/api/v1/projects/{project}/questions\"} 1",
        "pernoex_actors{kind=\"project\",state=\"idle\"} 1",
        "pernoex_actor_restarts_total{kind=\"project\"} 0",
        "pernoex_actor_mailbox_depth{kind=\"vault\"} 0",
        "pernoex_actor_handling_seconds_count{kind=\"project\"} ",
        "pernoex_jobs{state=\"waiting\"} 0",
        "pernoex_work{for=\"questions\",state=\"waiting\"} 0",
        "pernoex_database_connections{pool=",
        "pernoex_build_info{version=\"",
        "process_start_time_seconds ",
        "process_cpu_seconds_total ",
        "process_open_fds ",
        "pernoex_data_disk_free_bytes ",
        "pernoex_ready 1",
        "pernoex_jobs_overdue_seconds 0",
        "pernoex_mail{state=\"given_up\"} 0",
        "pernoex_mail_oldest_seconds ",
        "pernoex_mail_total{outcome=\"put_back\"} 0",
    ] {
        assert!(figures.contains(expected), "{expected} in\n{figures}");
    }
    let memory = figures
        .lines()
        .find_map(|line| line.strip_prefix("pernoex_index_memory_bytes "))
        .unwrap();
    assert!(memory.parse::<u64>().unwrap() > 100);
    let tenant = tenant_of(&mut ada).await.to_string();
    for hidden in [
        tenant.as_str(),
        project.rsplit('/').next().unwrap(),
        "Adalantern",
        "Secret",
        &ada.email,
    ] {
        assert!(!figures.contains(hidden), "{hidden}");
    }
    let malformed = figures.lines().filter(|line| !line.starts_with("# ")).find(|line| {
        let value = line.rsplit_once(' ').map(|(_, value)| value);
        value.is_none_or(|value| value.parse::<f64>().is_err())
    });
    assert_eq!(malformed, None);
    assert_eq!(
        text("/api/v1/session").await.status(),
        StatusCode::NOT_FOUND,
        "nothing else is there"
    );
    assert_eq!(ada.send(Method::GET, "/metrics", None, &[]).await.status(), StatusCode::NOT_FOUND);
    let there = reqwest::get(format!("{}/metrics", app.url)).await.unwrap();
    assert_eq!(there.status(), StatusCode::NOT_FOUND, "nor the figures elsewhere");
}
