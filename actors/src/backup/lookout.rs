//! A look at a place that may hang, such as a folder of another machine's that does not answer any more.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::sync::oneshot;

use super::{
    BackupError, PlaceSettings, Stored,
    place::{Place, listed},
};

/// Longer than a place takes that is well.
const PATIENCE: Duration = Duration::from_secs(20);

/// Who keeps it looks with one thread at most: while a look hangs, there is no other.
#[derive(Clone, Debug, Default)]
pub struct Lookout {
    is_looking: Arc<AtomicBool>,
}

/// The look is over when this goes, however it ends.
struct Looking(Arc<AtomicBool>);

impl Drop for Looking {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

impl Lookout {
    /// The backups that are in the place, oldest first.
    ///
    /// # Errors
    /// When it cannot be read, or does not answer in time.
    pub async fn list(&self, place: &PlaceSettings) -> Result<Vec<Stored>, BackupError> {
        match Place::open(place)? {
            Place::Folder(folder) => self.apart(PATIENCE, move || listed(&folder)).await,
            place @ Place::S3(_) => tokio::time::timeout(PATIENCE, place.list()).await.map_err(|_| hangs())?,
        }
    }

    /// Runs `look` on a thread of its own. None of the runtime's: that would wait for it at the end of the process.
    async fn apart<T: Send + 'static>(
        &self,
        patience: Duration,
        look: impl FnOnce() -> Result<T, BackupError> + Send + 'static,
    ) -> Result<T, BackupError> {
        if self.is_looking.swap(true, Ordering::AcqRel) {
            return Err(BackupError::Place("the place has not answered since the look before".into()));
        }
        let looking = Looking(self.is_looking.clone());
        let (done, found) = oneshot::channel();
        std::thread::Builder::new().name("backup look".into()).spawn(move || {
            let found = look();
            // Before it is told: who hears of it may look again at once.
            drop(looking);
            let _ = done.send(found);
        })?;
        match tokio::time::timeout(patience, found).await {
            Ok(Ok(found)) => found,
            Ok(Err(_)) => Err(BackupError::Place("the look at the place broke off: the log says why".into())),
            Err(_) => Err(hangs()),
        }
    }
}

fn hangs() -> BackupError {
    BackupError::Place(format!("the place does not answer within {} s", PATIENCE.as_secs()))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    const SOON: Duration = Duration::from_millis(50);

    /// On one thread, which goes on although the place hangs: only this thread lets it answer.
    #[tokio::test]
    async fn a_place_that_hangs_holds_up_nobody_and_takes_one_thread_until_it_answers() {
        let lookout = Lookout::default();
        let (answer, waits) = mpsc::channel::<()>();
        let hung = lookout.apart(SOON, move || {
            let _ = waits.recv();
            Ok(1)
        });
        assert!(hung.await.unwrap_err().to_string().contains("does not answer"));
        for _ in 0..3 {
            let again = lookout
                .clone()
                .apart(SOON, || -> Result<i32, _> { panic!("a second thread") })
                .await;
            assert!(again.unwrap_err().to_string().contains("since the look before"));
        }
        answer.send(()).unwrap();
        while lookout.is_looking.load(Ordering::Acquire) {
            tokio::task::yield_now().await;
        }
        assert_eq!(lookout.apart(Duration::from_secs(60), || Ok(2)).await.unwrap(), 2);
    }
}
