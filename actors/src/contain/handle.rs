//! What callers hold instead of an address.

use std::{
    future::Future,
    sync::{Arc, atomic::AtomicUsize},
    time::Duration,
};

use actix::prelude::*;

use super::{
    Behaviour, CallError, Request, RestartPolicy, Serve,
    cell::{Cell, Envelope, Reset},
    vitals::{Home, Vitals},
};

/// Leads to one actor. The actor lives as long as a handle, or work that it accepted, does.
pub struct Handle<T: Behaviour> {
    address: Addr<Cell<T>>,
    vitals: Arc<Vitals>,
}

/// How long an operator waits for a reset: the actor may be in the middle of a back-off.
const RESET: Duration = Duration::from_secs(10);

impl<T: Behaviour> Handle<T> {
    /// Starts an actor at `home` that admits `capacity` messages, running ones included.
    pub fn start(home: &Home, seed: T::Seed, capacity: usize, policy: RestartPolicy) -> Self {
        Self::start_weighed(home, seed, capacity, policy, Arc::default())
    }

    /// As [`Handle::start`], for an actor that keeps `memory` at the number of bytes that it holds.
    pub fn start_weighed(home: &Home, seed: T::Seed, capacity: usize, policy: RestartPolicy, memory: Arc<AtomicUsize>) -> Self {
        let vitals = Arc::new(Vitals::new(T::NAME, home.clone(), capacity, memory));
        let shared = vitals.clone();
        let address = Cell::start_in_arbiter(&home.arbiter, move |_| Cell::<T>::new(seed, policy, shared));
        Self { address, vitals }
    }

    /// False when the actor's thread is gone.
    pub fn is_alive(&self) -> bool {
        self.address.connected()
    }

    /// How long nobody has sent anything.
    pub fn idle(&self) -> Duration {
        self.vitals.idle()
    }

    pub(crate) fn vitals(&self) -> &Arc<Vitals> {
        &self.vitals
    }

    /// Drops the actor's state, cancels what it is at, ends its quarantine, and rebuilds it from storage.
    pub(crate) fn reset(&self) -> impl Future<Output = Result<(), CallError>> + Send + use<T> {
        let sent = self.address.send(Reset).timeout(RESET);
        async move { sent.await.map_err(CallError::from) }
    }

    /// Sends `message` and waits for the reply. Returns at once when the mailbox is full.
    pub fn call<M: Request>(&self, message: M) -> impl Future<Output = Result<M::Reply, CallError>> + Send + use<M, T>
    where
        T: Serve<M>,
    {
        self.vitals.touch();
        self.call_unnoticed(message)
    }

    /// As [`Handle::call`], without counting as use: what the server does by itself keeps no idle actor.
    pub fn call_unnoticed<M: Request>(&self, message: M) -> impl Future<Output = Result<M::Reply, CallError>> + Send + use<M, T>
    where
        T: Serve<M>,
    {
        let sent = if let Ok(slot) = self.vitals.slots.clone().try_acquire_owned() {
            self.vitals.admitted();
            Ok(self.address.send(Envelope::new(message, slot)).timeout(M::PATIENCE))
        } else {
            self.vitals.turned_away();
            Err(CallError::Overloaded)
        };
        async move {
            let reply = sent?.await??.downcast().map_err(|_| CallError::Crashed)?; // proven: what served this message replied to it
            Ok(*reply)
        }
    }
}

impl From<MailboxError> for CallError {
    fn from(error: MailboxError) -> Self {
        match error {
            MailboxError::Timeout => Self::TimedOut,
            MailboxError::Closed => Self::Down,
        }
    }
}
