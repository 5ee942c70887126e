//! One tenant lives the same life twice: alone, and while two others do what they like, with every id, cursor, token and key of the first
//! in their hands. The first must not notice, and the others must not learn a word. Requests are drawn from the route table.

mod actor;
mod draw;
mod normal;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use pernoex::{
    Clock,
    routes::{self, Door},
};

use self::{
    actor::{Actor, Loot},
    normal::Normal,
};
use crate::support::{Dice, TestApp, is_full, seed};

/// What the first tenant never does: it would lose the session that it is watched through.
const NOT_ALONE: &[(&str, &str)] = &[
    ("DELETE", "/session"),
    ("POST", "/session/proof"),
    ("PUT", "/account/password"),
    // Tables of how long answers took: what else they say is in the report, which is compared without that.
    ("GET", "/projects/{project}/analytics/export"),
    // Mail is an account's own, and a stranger may ask for some: in turn with the others it runs into a limit at another time.
    ("POST", "/account/verification"),
    ("POST", "/account/email"),
    // And it is in the log only once it was looked into.
    ("POST", "/account/password/forgotten"),
    ("DELETE", "/account/sessions/{session}"),
    ("DELETE", "/team/members/{member}/sessions"),
    ("POST", "/session/workspace"),
    ("POST", "/session/invitation"),
    ("POST", "/workspaces"),
    ("DELETE", "/workspace"),
    ("DELETE", "/workspace/membership"),
    ("POST", "/team/owner"),
    // What the installation found out about itself, and when: some time after its start.
    ("GET", "/trust"),
    // What a report is called is drawn by lot.
    ("POST", "/disclosure/reports"),
    // The way to Slack begins with a cookie of its own.
    ("POST", "/slack/install"),
    // Guesses at a foreign address are the others' business, and a member whom nobody plays would say nothing.
    ("POST", "/account"),
    ("POST", "/session"),
];

/// Words that only the first tenant knows. Each text of theirs holds one.
const CANARIES: [&str; 4] = ["zephyrquartz", "marmaladefjord", "obsidianwaltz", "periwinklecog"];
const THEIRS: &str = "https://first.example.com";

/// Method, path and door of a route, and whether it can answer in a stream.
type Route = (String, &'static str, Door, bool);

fn drawn(first: bool) -> Vec<Route> {
    let all = routes::api();
    let rows = all.iter().map(|route| {
        let streams = route.path.ends_with("/questions");
        (route.method.to_string(), route.path, route.door, streams)
    });
    rows.filter(|(method, path, ..)| !first || !NOT_ALONE.iter().any(|(m, p)| m == method && p == path))
        .collect()
}

struct Life {
    seen: Vec<String>,
    /// Requests of the others, and what they gave away.
    others: usize,
    leaks: Vec<String>,
    statuses: BTreeMap<String, BTreeSet<u16>>,
}

/// Lives `steps` (the numbers of those that are not left out) of the life that `seed` stands for.
async fn live(seed: u64, steps: &[usize], crowd: bool) -> Life {
    let settings = [
        ("PERNOEX_LIMIT_FACTOR", "1000000"),
        // Nobody here has its secret, and Slack itself is not asked.
        ("SLACK_CLIENT_ID", "1.2"),
        ("SLACK_CLIENT_SECRET", "a-client-secret-of-slack"),
        ("SLACK_SIGNING_SECRET", "8f742231b10e8888abcd99yyyzzz85a5"),
        ("SLACK_URL", "http://127.0.0.1:9"),
    ];
    let app = TestApp::start_with(Clock::system(), &settings).await;
    let loot = Arc::new(Mutex::new(Loot::new()));
    let over = Arc::new(AtomicBool::new(false));
    let asked = Arc::new(AtomicUsize::new(0));
    let mut others = Vec::new();
    if crowd {
        for (n, name) in ["second", "third"].into_iter().enumerate() {
            let (url, loot, over, asked) = (app.url.clone(), loot.clone(), over.clone(), asked.clone());
            others.push(tokio::spawn(async move {
                let mut other = Actor::new(name, &url, seed ^ (n as u64 + 1));
                let (routes, mut leaks, mut statuses) = (drawn(false), Vec::new(), BTreeMap::new());
                other.sign_up().await;
                while !over.load(Ordering::Relaxed) {
                    let stolen = loot.lock().unwrap().clone();
                    let (label, status, text) = other.act(&routes, &stolen).await;
                    asked.fetch_add(1, Ordering::Relaxed);
                    statuses.entry(label.clone()).or_insert_with(BTreeSet::new).insert(status);
                    if CANARIES.iter().any(|canary| text.to_lowercase().contains(canary)) {
                        leaks.push(format!("{name} got at {label} ({status}): {text}"));
                    }
                    // Nobody sells anything here: that is an answer.
                    if status >= 500 && !text.contains("webhook_not_configured") {
                        leaks.push(format!("{name} made the server fail at {label}: {text}"));
                    }
                    if status == 401 && !label.contains("/widget/") {
                        other.sign_up().await;
                    }
                }
                (leaks, statuses)
            }));
        }
    }
    let mut first = Actor::new("first", &app.url, seed);
    first.sign_up().await;
    let (routes, mut normal, mut seen) = (drawn(true), Normal::default(), Vec::new());
    for step in steps {
        // A step is the same wherever it stands, so that a life can be shortened.
        first.dice = Dice::new(seed.wrapping_add(*step as u64));
        first.made = u32::try_from(*step * 10 + 100).unwrap();
        let (label, status, text) = first.act(&routes, &Loot::new()).await;
        let mut lost = first.own.clone();
        // An invitation's token is a secret as a session is: who holds it is invited.
        lost.remove("invitation token");
        *loot.lock().unwrap() = lost;
        let shown = if label.ends_with("/original") && status == 200 {
            text
        } else if label.ends_with("/analytics/export") && status == 200 {
            // How long answers took is nobody's doing.
            text.lines()
                .map(|line| line.split(',').take(7).collect::<Vec<_>>().join(",") + "\n")
                .collect()
        } else {
            normal.of(&text)
        };
        seen.push(format!("step {step}: {label} {status} {shown}"));
        if label.contains("/documents") && !label.starts_with("GET") {
            first.settle().await;
        }
    }
    over.store(true, Ordering::Relaxed);
    let (mut leaks, mut statuses) = (Vec::new(), BTreeMap::<String, BTreeSet<u16>>::new());
    for other in others {
        let (found, had) = other.await.unwrap();
        leaks.extend(found);
        for (label, set) in had {
            statuses.entry(label).or_default().extend(set);
        }
    }
    Life {
        seen,
        others: asked.load(Ordering::Relaxed),
        leaks,
        statuses,
    }
}

/// What the first tenant noticed, or the others learnt.
async fn interference(seed: u64, steps: &[usize]) -> (Option<String>, Life) {
    let alone = live(seed, steps, false).await;
    let crowded = live(seed, steps, true).await;
    // A word that got out says more than a failure on the way.
    let worst = crowded.leaks.iter().find(|leak| leak.contains(" got at "));
    if let Some(leak) = worst.or(crowded.leaks.first()) {
        return (Some(leak.clone()), crowded);
    }
    let differs = alone.seen.iter().zip(&crowded.seen).find(|(alone, crowded)| alone != crowded);
    let reason = differs.map(|(alone, crowded)| format!("alone:   {alone}\n  crowded: {crowded}"));
    (reason, crowded)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_others_do_is_neither_noticed_nor_rewarded() {
    let seed = seed();
    let count = if is_full() { 7_000 } else { 300 };
    let mut steps: Vec<usize> = (0..count).collect();
    println!("seed {seed}: {count} steps");
    let (reason, life) = interference(seed, &steps).await;
    if let Some(mut reason) = reason {
        println!("found: {reason}");
        // Half of it, while that fails too.
        while steps.len() > 1 {
            let (front, back) = steps.split_at(steps.len() / 2);
            let mut shorter = None;
            for half in [front.to_vec(), back.to_vec()] {
                if let (Some(still), _) = interference(seed, &half).await {
                    shorter = Some((half, still));
                    break;
                }
            }
            let Some((half, still)) = shorter else { break };
            (steps, reason) = (half, still);
        }
        panic!("seed {seed}, {} steps: {reason}", steps.len());
    }
    let operations = 2 * steps.len() + life.others;
    println!("{operations} operations, {} of them by the others", life.others);
    let worked = life.seen.iter().filter(|line| line.contains(" 20")).count();
    if worked * 8 <= steps.len() {
        // What took the rest its chance stands before the first that nobody is signed in for.
        let shut = life
            .seen
            .iter()
            .position(|line| line.contains("not_signed_in"))
            .unwrap_or(life.seen.len());
        let before: Vec<String> = life.seen[shut.saturating_sub(5)..shut]
            .iter()
            .map(|line| line.chars().take(300).collect())
            .collect();
        panic!("too little of it succeeded: {worked} of {}\n{}", steps.len(), before.join("\n"));
    }
    let tried = life.statuses.len();
    assert!(tried * 2 > drawn(false).len(), "the others tried {tried} routes only");
    if is_full() {
        assert!(operations >= 20_000, "{operations}");
        assert_eq!(tried, drawn(false).len());
    }
}
