//! What is spoken at the address, below HTTP.

use std::{
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream, ToSocketAddrs},
    time::Duration,
};

use url::Url;

use super::{Target, UNREACHED};
use crate::claims::Outcome;

const PATIENCE: Duration = Duration::from_secs(5);
const HERE: &str = "asked on this machine and without TLS: give --url the address that browsers use";

/// The last byte of a version on the wire: 3.1 is TLS 1.0.
const OLD: [(u8, &str); 2] = [(1, "TLS 1.0"), (2, "TLS 1.1")];

pub(super) async fn versions(target: &Target) -> Outcome {
    if !target.is_tls() {
        return match target.is_here() {
            true => Outcome::Unproven(HERE),
            false => Outcome::Broken("the address begins with http: what is asked there goes in the clear".into()),
        };
    }
    let (host, port) = (target.host(), target.url.port_or_known_default().unwrap_or(443));
    let connect = target.connect;
    let old = tokio::task::spawn_blocking(move || offer_old(&host, port, connect)).await;
    match old {
        Ok(Ok(None)) => {}
        Ok(Ok(Some(version))) => return Outcome::Broken(format!("{version} is taken")),
        Ok(Err(())) | Err(_) => return UNREACHED,
    }
    match target.get("/healthz").await {
        Some(_) => Outcome::Holds("TLS 1.0 and 1.1 are refused; what is current is taken, with a valid certificate".into()),
        None => Outcome::Broken("no connection by current TLS with a certificate that is valid for the name".into()),
    }
}

/// The first version that is taken. An error where nobody listens.
fn offer_old(host: &str, port: u16, connect: Option<SocketAddr>) -> Result<Option<&'static str>, ()> {
    let address = match connect {
        Some(address) => address,
        None => (host, port).to_socket_addrs().map_err(|_| ())?.next().ok_or(())?,
    };
    for (version, name) in OLD {
        let mut stream = TcpStream::connect_timeout(&address, PATIENCE).map_err(|_| ())?;
        let set = stream
            .set_read_timeout(Some(PATIENCE))
            .and_then(|()| stream.set_write_timeout(Some(PATIENCE)));
        set.map_err(|_| ())?;
        if takes(&mut stream, &client_hello(version, host)) {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

/// Whether the hello is answered by another; an alert, silence and hanging up are refusals.
fn takes(stream: &mut TcpStream, hello: &[u8]) -> bool {
    let mut answer = [0; 6];
    let read = stream.write_all(hello).and_then(|()| stream.read_exact(&mut answer));
    match read {
        // A record of the handshake, with a server's hello in it.
        Ok(()) => answer[0] == 22 && answer[5] == 2,
        Err(error) => error.kind() == ErrorKind::Other,
    }
}

/// With lengths before what they count.
fn block(bytes: Vec<u8>) -> Vec<u8> {
    let mut block = u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_be_bytes().to_vec();
    block.extend(bytes);
    block
}

fn extension(kind: u16, content: Vec<u8>) -> Vec<u8> {
    let mut bytes = kind.to_be_bytes().to_vec();
    bytes.extend(block(content));
    bytes
}

/// The hello of a client that knows nothing later than `version` (RFC 4346), with the suites that servers of that time have.
fn client_hello(version: u8, host: &str) -> Vec<u8> {
    let mut random = [0; 32];
    rand::fill(&mut random);
    let mut hello = vec![3, version];
    hello.extend(random);
    // No session to go on with.
    hello.push(0);
    let suites: [u16; 9] = [0xc014, 0xc00a, 0xc013, 0xc009, 0x0035, 0x002f, 0x0039, 0x0033, 0x000a];
    hello.extend(block(suites.iter().flat_map(|suite| suite.to_be_bytes()).collect()));
    // No compression.
    hello.extend([1, 0]);
    let mut extensions = Vec::new();
    if host.parse::<std::net::IpAddr>().is_err() {
        let mut name = vec![0];
        name.extend(block(host.as_bytes().to_vec()));
        extensions.extend(extension(0, block(name)));
    }
    extensions.extend(extension(
        10,
        block([23_u16, 24, 25].iter().flat_map(|group| group.to_be_bytes()).collect()),
    ));
    extensions.extend(extension(11, vec![1, 0]));
    hello.extend(block(extensions));
    let mut record = vec![22, 3, 1];
    let mut message = vec![1, 0];
    message.extend(block(hello));
    record.extend(block(message));
    record
}

/// Half a year: less is no promise to stay.
const LEAST_AGE: u64 = 15_552_000;

pub(super) async fn only(target: &Target) -> Outcome {
    if !target.is_tls() {
        return match target.is_here() {
            true => Outcome::Unproven(HERE),
            false => Outcome::Broken("the address begins with http: nothing leads to TLS".into()),
        };
    }
    let Some(answer) = target.get("/healthz").await else {
        return UNREACHED;
    };
    let hsts = answer
        .headers()
        .get("strict-transport-security")
        .and_then(|value| value.to_str().ok());
    let age = hsts.and_then(|value| {
        let mut parts = value.split(';').map(str::trim);
        parts.find_map(|part| part.strip_prefix("max-age=")?.parse::<u64>().ok())
    });
    if age.is_none_or(|age| age < LEAST_AGE) {
        return Outcome::Broken("browsers are not told to stay with TLS for long (Strict-Transport-Security)".into());
    }
    match in_the_clear(target).await {
        Clear::Served(status) => Outcome::Broken(format!("the same address is answered without TLS too, with {status}")),
        Clear::Led => Outcome::Holds("who comes without TLS is led to it, and browsers are told to stay".into()),
        Clear::Nobody => Outcome::Holds("nobody answers without TLS, and browsers are told to stay with it".into()),
    }
}

enum Clear {
    Nobody,
    Led,
    Served(u16),
}

/// What is answered at port 80, or without TLS at a port of one's own.
async fn in_the_clear(target: &Target) -> Clear {
    let mut url: Url = target.url.clone();
    if url.set_scheme("http").is_err() {
        return Clear::Nobody;
    }
    url.set_path("/healthz");
    match target.clear.get(url).send().await {
        Err(_) => Clear::Nobody,
        Ok(answer) => {
            let to = answer.headers().get("location").and_then(|to| to.to_str().ok()).unwrap_or_default();
            match answer.status().as_u16() {
                300..=399 if to.starts_with("https://") => Clear::Led,
                // A port of TLS that says so in the clear serves nothing.
                400 | 426 => Clear::Nobody,
                status => Clear::Served(status),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lengths that do not fit would be refused by everybody, whatever they take.
    #[test]
    fn an_old_hello_is_what_its_lengths_say() {
        for host in ["support.example.com", "127.0.0.1"] {
            let hello = client_hello(1, host);
            let length = |at: usize| usize::from(hello[at]) << 8 | usize::from(hello[at + 1]);
            assert_eq!((hello[0], length(3)), (22, hello.len() - 5));
            assert_eq!((hello[5], hello[6], length(7)), (1, 0, hello.len() - 9));
            // Version, random, an empty session; suites; compression; extensions.
            let suites = 9 + 2 + 32 + 1;
            let extensions = suites + 2 + length(suites) + 2;
            assert_eq!(length(extensions), hello.len() - extensions - 2);
        }
    }
}
