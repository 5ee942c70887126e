//! The server is killed while people write, again and again. Whatever was acknowledged is there afterwards; whatever was not is there
//! whole or not at all.

mod server;
mod verify;
mod writer;

use std::time::Duration;

pub(crate) use self::server::Server;
use self::writer::Writer;
use crate::support::{Dice, is_full, seed};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_being_killed() {
    let (seed, rounds) = (seed(), if is_full() { 50 } else { 6 });
    println!("seed {seed}: {rounds} rounds");
    let mut dice = Dice::new(seed);
    let mut server = Server::create().await;
    server.start().await;
    let mut writers = Vec::new();
    for n in 0..4 {
        writers.push(Writer::sign_up(&server.url, seed ^ n).await);
    }
    for round in 0..rounds {
        let busy = Duration::from_millis(200 + dice.next() % 2_000);
        let mut at_work = Vec::new();
        for mut writer in writers {
            at_work.push(tokio::spawn(async move {
                while writer.step().await {}
                writer
            }));
        }
        tokio::time::sleep(busy).await;
        server.kill();
        writers = Vec::new();
        for work in at_work {
            writers.push(
                work.await
                    .unwrap_or_else(|error| panic!("round {round}: {error}\n{}", server.log())),
            );
        }
        server.let_leases_run_out().await;
        server.start().await;
        for writer in &mut writers {
            writer.url.clone_from(&server.url);
            writer.verify().await;
        }
    }
    let done: u32 = writers.iter().map(|writer| writer.done).sum();
    println!("{done} changes were acknowledged in {rounds} rounds");
    assert!(done > rounds * 10, "too little was written to say anything: {done}");
}
