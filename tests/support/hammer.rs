//! Sessions that are used without pause while something ends them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use reqwest::StatusCode;
use tokio::task::JoinHandle;

use super::Person;

/// What each asks after what ends its session was acknowledged.
const AFTER: usize = 5;

pub struct Hammer {
    over: Arc<AtomicBool>,
    sessions: Vec<JoinHandle<()>>,
}

impl Hammer {
    /// Begins to ask with the sessions of these; returns once that goes well.
    pub async fn with(people: Vec<Person>) -> Self {
        let (over, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let hammer = |mut person: Person| {
            let (over, answered) = (over.clone(), answered.clone());
            tokio::spawn(async move {
                let mut after = 0;
                while after < AFTER {
                    let was_over = over.load(Ordering::SeqCst);
                    let (status, _) = person.get("/projects").await;
                    if was_over {
                        assert_eq!(status, StatusCode::UNAUTHORIZED, "a session outlives its end");
                        after += 1;
                    } else if status == StatusCode::OK {
                        answered.fetch_add(1, Ordering::SeqCst);
                    }
                }
            })
        };
        let sessions: Vec<_> = people.into_iter().map(hammer).collect();
        let enough = async {
            while answered.load(Ordering::SeqCst) < 20 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), enough)
            .await
            .expect("the sessions live");
        Self { over, sessions }
    }

    /// What ends them was acknowledged: no request that begins now may succeed.
    pub async fn over(self) {
        self.over.store(true, Ordering::SeqCst);
        for session in self.sessions {
            session.await.unwrap();
        }
    }
}
