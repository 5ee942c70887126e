//! What tenants cost that nobody uses: `cargo bench --bench idle_tenants`.
//!
//! Tenants are made by signing up, which takes minutes for 100 000 (`PERNOEX_BENCH_TENANTS`); the embedded store's folder is made in
//! memory (/dev/shm) where there is such a place, so that it is not the disk that is measured. The server evicts what was idle for
//! a minute, the shortest that can be set, so each step waits that long.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::{
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use support::{
    client::Connection,
    corpus::Dice,
    figures::{mib, ms, quantile},
    people::Member,
    server::Server,
    setting,
};

/// How many sign up, or come back, at once.
const AT_ONCE: usize = 8;
const SETTINGS: [(&str, &str); 1] = [("PERNOEX_IDLE_MINUTES", "1")];
/// A minute of idleness, and up to another until the housekeeper comes by.
const EVICTION: Duration = Duration::from_secs(125);

/// Does `work` for each number below `count`, some at once, each over a connection of its own.
fn each<T: Send>(server: &Server, count: usize, work: impl Fn(&mut Connection, usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let mut done: Vec<(usize, T)> = thread::scope(|scope| {
        let running: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                scope.spawn(|| {
                    let mut connection = Connection::open(server.address);
                    let mut done = Vec::new();
                    loop {
                        let n = next.fetch_add(1, Ordering::Relaxed);
                        if n >= count {
                            return done;
                        }
                        done.push((n, work(&mut connection, n)));
                    }
                })
            })
            .collect();
        running.into_iter().flat_map(|one| one.join().unwrap()).collect()
    });
    done.sort_unstable_by_key(|(n, _)| *n);
    done.into_iter().map(|(_, result)| result).collect()
}

/// Restarts the server and has it do once what it allocates once.
fn fresh(server: &mut Server, requests: &[Vec<u8>]) {
    server.restart(&SETTINGS);
    each(server, 4_000, |connection, n| connection.ask(&requests[n % 32]).expect(200).status);
}

/// A new process each time: what an earlier step gave back would be used again and not be seen.
fn alive(server: &mut Server, requests: &[Vec<u8>]) {
    fresh(server, requests);
    let before = server.resident();
    let began = Instant::now();
    each(server, requests.len(), |connection, n| {
        connection.ask(&requests[n]).expect(200);
    });
    let took = began.elapsed();
    let with = server.resident();
    thread::sleep(EVICTION);
    let after = server.resident();
    println!(
        "{:>8} alive{:>10.1} MiB{:>9.2} KiB each   started in {took:>8.2?}   eviction gave back {:.0} %",
        requests.len(),
        mib(with - before),
        (with - before) / 1024.0 / requests.len() as f64,
        (with - after) / (with - before) * 100.0
    );
}

/// Members of 1 000 workspaces are at work; now and then someone comes to one that was evicted.
fn returns(server: &mut Server, requests: &[Vec<u8>], active: usize) {
    fresh(server, requests);
    let before = server.resident();
    let (active, idle) = requests.split_at(active);
    let mut connection = Connection::open(server.address);
    for request in active {
        connection.ask(request).expect(200);
    }
    let (mut living, mut evicted) = (Vec::new(), Vec::new());
    let mut dice = Dice::new(1);
    // Each comes back once, so that it is a first request.
    for request in idle.iter().step_by((idle.len() / 2_000).max(1)) {
        for _ in 0..4 {
            living.push(connection.ask(&active[dice.below(active.len())]).expect(200).took);
        }
        evicted.push(connection.ask(request).expect(200).took);
    }
    println!(
        "\n{} tenants in the store, {} at work and {} who came back: {:.1} MiB more than none",
        requests.len(),
        active.len(),
        evicted.len(),
        mib(server.resident() - before)
    );
    println!("who am I (GET /session)         p50 ms    p99 ms");
    for (what, times) in [("of a living tenant", &living), ("of an evicted one", &evicted)] {
        println!("{what:<30}{:>8.3}{:>10.3}", ms(quantile(times, 0.5)), ms(quantile(times, 0.99)));
    }
    println!(
        "ratio                         {:>8.2}{:>10.2}",
        ms(quantile(&evicted, 0.5)) / ms(quantile(&living, 0.5)),
        ms(quantile(&evicted, 0.99)) / ms(quantile(&living, 0.99))
    );
}

fn main() {
    let count = setting("PERNOEX_BENCH_TENANTS", 100_000);
    support::print_heading("idle_tenants");
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() {
        tempfile::tempdir_in(memory)
    } else {
        tempfile::tempdir()
    };
    let mut server = Server::start_in(folder.unwrap(), &SETTINGS);
    thread::sleep(Duration::from_secs(1));
    println!("an empty server holds {:.1} MiB", mib(server.resident()));
    let began = Instant::now();
    let requests = each(&server, count, |_, n| {
        Member::sign_up(server.address, &format!("owner{n}")).get("/session")
    });
    println!("{count} signed up in {:.0?}", began.elapsed());
    let mut steps = vec![1_000, 10_000, count];
    steps.retain(|some| *some <= count);
    steps.dedup();
    for some in steps {
        alive(&mut server, &requests[..some]);
    }
    returns(&mut server, &requests, 1_000.min(count / 2));
}
