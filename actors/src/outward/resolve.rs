//! From names to addresses: asked once for each connection, looked at, and connected to as they are.

use std::{
    error::Error,
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::{AllowList, Refusal};

pub type Found = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Asks for the addresses of a name. The system's resolver, or a test's.
pub trait Lookup: Send + Sync + 'static {
    fn addresses(&self, name: String) -> Found;
}

/// The resolver that every program of this machine asks.
pub(super) struct SystemLookup;

impl Lookup for SystemLookup {
    fn addresses(&self, name: String) -> Found {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// Gives the client those addresses that were checked, and no others: between the check and the connection nobody is asked again.
#[derive(Clone)]
pub(super) struct Guard {
    pub lookup: Arc<dyn Lookup>,
    pub allow: Arc<AllowList>,
}

impl Guard {
    /// Where `name` leads at this moment, if all of it is public. One address that is not condemns the name: a public one beside it is
    /// how such an answer hides.
    pub async fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, Refusal> {
        let found = self.lookup.addresses(name.to_owned()).await.map_err(|_| Refusal::Unresolved)?;
        if found.is_empty() {
            return Err(Refusal::Unresolved);
        }
        let open = self.allow.has_host(name) || found.iter().all(|address| self.allow.lets_through(*address));
        if !open {
            return Err(Refusal::NotPublic);
        }
        Ok(found)
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.clone();
        Box::pin(async move {
            let found = guard.addresses(name.as_str()).await.map_err(Box::<dyn Error + Send + Sync>::from)?;
            // Port 0: the address's own is put in its place.
            let addresses = found.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(addresses.collect::<Vec<_>>().into_iter()) as Addrs)
        })
    }
}
