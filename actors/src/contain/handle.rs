//! What callers hold instead of an address.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use actix::prelude::*;
use tokio::{sync::Semaphore, time::Instant};

use super::{
    Behaviour, CallError, Request, RestartPolicy, Serve,
    cell::{Cell, Envelope},
};

/// Leads to one actor. The actor lives as long as a handle, or work that it accepted, does.
pub struct Handle<T: Behaviour> {
    address: Addr<Cell<T>>,
    slots: Arc<Semaphore>,
    born: Instant,
    /// Milliseconds after `born` at which the last message was sent.
    used: AtomicI64,
}

impl<T: Behaviour> Handle<T> {
    /// Starts an actor on `arbiter` that admits `capacity` messages, running ones included.
    pub fn start(arbiter: &ArbiterHandle, seed: T::Seed, capacity: usize, policy: RestartPolicy) -> Self {
        let address = Cell::start_in_arbiter(arbiter, move |_| Cell::<T>::new(seed, policy));
        Self {
            address,
            slots: Arc::new(Semaphore::new(capacity)),
            born: Instant::now(),
            used: AtomicI64::new(0),
        }
    }

    /// False when the actor's thread is gone.
    pub fn is_alive(&self) -> bool {
        self.address.connected()
    }

    /// How long nobody has sent anything.
    pub fn idle(&self) -> Duration {
        let used = u64::try_from(self.used.load(Ordering::Relaxed)).unwrap_or(0);
        self.born.elapsed().saturating_sub(Duration::from_millis(used))
    }

    /// Sends `message` and waits for the reply. Returns at once when the mailbox is full.
    pub fn call<M: Request>(&self, message: M) -> impl Future<Output = Result<M::Reply, CallError>> + Send + use<M, T>
    where
        T: Serve<M>,
    {
        self.used.store(
            i64::try_from(self.born.elapsed().as_millis()).unwrap_or(i64::MAX),
            Ordering::Relaxed,
        );
        let sent = match self.slots.clone().try_acquire_owned() {
            Ok(slot) => Ok(self.address.send(Envelope { message, slot }).timeout(M::PATIENCE)),
            Err(_) => Err(CallError::Overloaded),
        };
        async move {
            match sent?.await {
                Ok(reply) => reply,
                Err(MailboxError::Timeout) => Err(CallError::TimedOut),
                Err(MailboxError::Closed) => Err(CallError::Down),
            }
        }
    }
}
