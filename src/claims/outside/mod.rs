//! The checks from outside: requests as anybody could make them, harmless to whoever answers. Only what is signed in with an account that was
//! given for it leaves a trace: a session that ends again.

mod account;
mod doors;
mod pages;
mod tls;
mod webhooks;

use std::{net::SocketAddr, time::Duration};

use reqwest::{Certificate, Client, Method, RequestBuilder, Response, redirect::Policy};
use serde_json::Value;
use url::{Host, Url};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{Check, Outcome, Outcomes, Place};

/// An account that is there for this.
pub struct Account {
    pub email: String,
    pub password: Zeroizing<String>,
}

/// What is looked at, and what was given for it.
pub struct Target {
    url: Url,
    client: Client,
    /// For what is asked without TLS, which is at another port.
    clear: Client,
    /// Instead of where the name leads.
    connect: Option<SocketAddr>,
    pub account: Option<Account>,
    /// A project's public key.
    pub widget_key: Option<String>,
    /// The path of a voice agent's address.
    pub voice_agent: Option<String>,
    /// Of another workspace than the account's.
    pub foreign_project: Option<Uuid>,
    /// Where the installation's own stores and figures are, as its settings say: knocked at besides the usual ones.
    pub ports: Vec<u16>,
}

/// Where the same name is asked without TLS. A port that `connect` names is of TLS: without one in the address, that is port 80's part.
fn clear_address(url: &Url, connect: SocketAddr) -> SocketAddr {
    match url.port() {
        Some(_) => connect,
        None => SocketAddr::new(connect.ip(), 80),
    }
}

/// Longer than any answer here takes.
const PATIENCE: Duration = Duration::from_secs(10);

impl Target {
    /// # Errors
    /// When `ca` is no PEM, or TLS cannot be set up here.
    pub fn new(url: Url, ca: Option<&[u8]>, connect: Option<SocketAddr>) -> Result<Self, &'static str> {
        // Fails only when it was installed before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = || {
            let builder = Client::builder().user_agent(concat!("pernoex-verify/", env!("CARGO_PKG_VERSION")));
            builder.redirect(Policy::none()).timeout(PATIENCE)
        };
        let (mut client, mut clear) = (builder(), builder());
        if let Some(ca) = ca {
            let authorities = Certificate::from_pem_bundle(ca).map_err(|_| "the file of authorities is no PEM")?;
            client = client.tls_certs_only(authorities);
        }
        if let (Some(address), Some(Host::Domain(host))) = (connect, url.host()) {
            client = client.resolve(host, address);
            clear = clear.resolve(host, clear_address(&url, address));
        }
        let built = "TLS cannot be set up here";
        Ok(Self {
            client: client.build().map_err(|_| built)?,
            clear: clear.build().map_err(|_| built)?,
            url,
            connect,
            account: None,
            widget_key: None,
            voice_agent: None,
            foreign_project: None,
            ports: Vec::new(),
        })
    }

    /// For people.
    #[must_use]
    pub fn address(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    fn is_tls(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Whether it is this machine, and so says nothing of a network.
    fn is_here(&self) -> bool {
        if let Some(address) = self.connect {
            return address.ip().is_loopback();
        }
        match self.url.host() {
            Some(Host::Domain(host)) => host == "localhost" || host.ends_with(".localhost"),
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        }
    }

    /// Without brackets.
    fn host(&self) -> String {
        match self.url.host() {
            Some(Host::Domain(host)) => host.to_owned(),
            Some(Host::Ipv4(ip)) => ip.to_string(),
            Some(Host::Ipv6(ip)) => ip.to_string(),
            None => String::new(),
        }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let mut url = self.url.clone();
        url.set_path(path);
        self.client.request(method, url)
    }

    async fn get(&self, path: &str) -> Option<Response> {
        self.request(Method::GET, path).send().await.ok()
    }

    /// The status, and JSON if it is that.
    async fn json(&self, request: RequestBuilder) -> Option<(u16, Value)> {
        let answer = request.send().await.ok()?;
        let status = answer.status().as_u16();
        Some((status, answer.json().await.unwrap_or_default()))
    }
}

pub(super) const UNREACHED: Outcome = Outcome::NotTried("nothing answers at the address");
const NO_ACCOUNT: Outcome =
    Outcome::NotTried("give --email and the password of an account made for this, in PERNOEX_VERIFY_PASSWORD or --password-file");

/// Where no address is known.
#[must_use]
pub fn nowhere() -> Outcomes {
    of_place(&Outcome::NotTried("give --url, or set PERNOEX_PUBLIC_URL"))
}

fn of_place(outcome: &Outcome) -> Outcomes {
    let outside = Check::ALL
        .iter()
        .filter(|check| matches!(check.place(), Place::Outside | Place::Account));
    outside.map(|check| (*check, outcome.clone())).collect()
}

/// By a server that looks at itself: nobody gave it an account, nor a key.
const FROM_INSIDE: Outcome = Outcome::Unproven("asked by the server itself, from inside its network: run pernoex verify from elsewhere");
const FROM_ELSEWHERE: Outcome =
    Outcome::NotTried("a server has no account and no key to look at itself by: run pernoex verify from elsewhere");

/// Before a server asked anything of its own address.
pub(super) fn unasked(has_address: bool) -> Outcomes {
    let mut found = of_place(&match has_address {
        true => Outcome::NotTried("not looked at since this server started"),
        false => Outcome::NotTried("this server knows no public address to ask itself at: run pernoex verify --url from elsewhere"),
    });
    for check in WITH_GIFTS
        .iter()
        .chain(Check::ALL.iter().filter(|check| check.place() == Place::Account))
    {
        found.insert(*check, FROM_ELSEWHERE);
    }
    found
}

/// Which need something that is given on the command line.
const WITH_GIFTS: [Check; 2] = [Check::PublicKey, Check::Origins];

/// What a server found out at its own address, told to everybody.
pub(super) fn by_itself(found: Outcomes) -> Outcomes {
    let tell = |(check, outcome): (Check, Outcome)| match outcome {
        Outcome::NotTried(_) if check.place() == Place::Account || WITH_GIFTS.contains(&check) => (check, FROM_ELSEWHERE),
        // What opens there, and what does not, is another thing than what opens to the internet.
        Outcome::Holds(_) | Outcome::Broken(_) if check == Check::Services => (check, FROM_INSIDE),
        outcome => (check, outcome),
    };
    found.into_iter().map(tell).collect()
}

/// Whether what answers says that it is a Pernoex that lives.
async fn is_pernoex(target: &Target) -> bool {
    let Some((status, body)) = target.json(target.request(Method::GET, "/healthz")).await else {
        return false;
    };
    status == 200 && body["status"] == "alive"
}

/// Runs them all.
pub async fn run(target: &Target) -> Outcomes {
    // A certificate that is not valid keeps everything else from being asked.
    let mut found = of_place(&UNREACHED);
    found.insert(Check::TlsVersions, tls::versions(target).await);
    found.insert(Check::TlsOnly, tls::only(target).await);
    if !is_pernoex(target).await {
        return found;
    }
    found.insert(Check::SessionNeeded, doors::session_needed(target).await);
    found.insert(Check::PublicKey, doors::public_key(target).await);
    found.insert(Check::Origins, doors::origins(target).await);
    found.insert(Check::WebhookSignatures, webhooks::signatures(target).await);
    found.insert(Check::WebhookReplay, webhooks::replay(target).await);
    found.insert(Check::Services, doors::services(target).await);
    found.insert(Check::Metrics, doors::metrics(target).await);
    found.insert(Check::Providers, pages::providers(target).await);
    found.insert(Check::SecurityTxt, pages::security_txt(target).await);
    found.insert(Check::SecurityAddress, pages::security_address(target).await);
    found.insert(Check::ReportForm, pages::report_form(target).await);
    found.insert(Check::Pages, pages::pages(target).await);
    match &target.account {
        Some(account) => account::run(target, account, &mut found).await,
        None => {
            for check in Check::ALL.iter().filter(|check| check.place() == Place::Account) {
                found.insert(*check, NO_ACCOUNT);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_sees_of_its_own_ports_proves_nothing_of_the_internet() {
        for outcome in [Outcome::Holds("shut".into()), Outcome::Broken("open".into())] {
            let told = by_itself([(Check::Services, outcome.clone()), (Check::Metrics, outcome.clone())].into());
            assert_eq!((&told[&Check::Services], &told[&Check::Metrics]), (&FROM_INSIDE, &outcome));
        }
        let told = by_itself([(Check::Services, UNREACHED)].into());
        assert_eq!(told[&Check::Services], UNREACHED);
    }

    #[test]
    fn without_tls_port_80_is_asked_unless_the_address_names_one() {
        let connect: SocketAddr = "192.0.2.7:443".parse().unwrap();
        for (url, port) in [
            ("https://a.example", 80),
            ("https://a.example:443", 80),
            ("https://a.example:8443", 443),
        ] {
            assert_eq!(clear_address(&url.parse().unwrap(), connect).port(), port, "{url}");
        }
    }
}
