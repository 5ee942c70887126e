//! Whether doors are shut: to who has no session, to a public key, to other origins, and below HTTP.

use std::{
    collections::BTreeSet,
    net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs},
    time::Duration,
};

use reqwest::{Method, RequestBuilder};
use serde_json::json;

use super::{Target, UNREACHED};
use crate::{
    claims::Outcome,
    routes::{self, Door, Route},
};

/// An id that nothing has.
pub(super) const NOBODY: &str = "00000000-0000-7000-8000-000000000000";

/// The path, with ids of nothing in it.
pub(super) fn filled(path: &str) -> String {
    let fill = |part: &str| {
        if part.starts_with('{') {
            NOBODY.to_owned()
        } else {
            part.to_owned()
        }
    };
    path.split('/').map(fill).collect::<Vec<_>>().join("/")
}

fn ask(target: &Target, route: &Route) -> RequestBuilder {
    // The routes' methods are of another version of the same type.
    let method = Method::from_bytes(route.method.as_str().as_bytes()).unwrap_or_default();
    let request = target.request(method.clone(), &format!("{}{}", route.door.base(), filled(route.path)));
    match method {
        Method::GET => request,
        _ => request.json(&json!({})),
    }
}

/// What an answer to who may not come in shows. An id that nothing has is not found by who looks for it either: that is no refusal, and so
/// members' routes are to say 401 before they look. Operators' are not there for anybody else, which shows something of those without ids.
fn is_refusal(route: &Route, status: u16) -> Option<bool> {
    match (route.door, status) {
        (Door::Operator, 404) => Some(!route.path.contains('{')),
        (_, 401) => Some(true),
        _ => None,
    }
}

/// How many of `routes` refuse; or what does not.
async fn all_refuse(target: &Target, routes: &[&Route], with: impl Fn(RequestBuilder) -> RequestBuilder) -> Result<usize, Outcome> {
    let mut refused = 0;
    for route in routes {
        let Ok(answer) = with(ask(target, route)).send().await else {
            return Err(UNREACHED);
        };
        let status = answer.status().as_u16();
        match is_refusal(route, status) {
            Some(counts) => refused += usize::from(counts),
            None if status == 429 => return Err(Outcome::NotTried("too much was asked from here lately: try it later")),
            None => return Err(Outcome::Broken(format!("{} {} answers {status}", route.method, route.path))),
        }
    }
    Ok(refused)
}

pub(super) async fn session_needed(target: &Target) -> Outcome {
    // Something else than a Pernoex answers 404 to everything, too.
    match target.get("/api/v1/session").await.map(|answer| answer.status().as_u16()) {
        None => return UNREACHED,
        Some(401) => {}
        Some(status) => return Outcome::Broken(format!("who is nobody is answered {status} when they ask who they are")),
    }
    let all = routes::api();
    let guarded: Vec<&Route> = all
        .iter()
        .filter(|route| matches!(route.door, Door::Session | Door::Operator))
        .collect();
    match all_refuse(target, &guarded, |request| request).await {
        Ok(many) => Outcome::Holds(format!("{many} routes refuse whoever has no session")),
        Err(outcome) => outcome,
    }
}

pub(super) async fn public_key(target: &Target) -> Outcome {
    let Some(key) = &target.widget_key else {
        return Outcome::NotTried("give --widget-key: a project's public key, as the line for its website has it");
    };
    let all = routes::api();
    let guarded: Vec<&Route> = all
        .iter()
        .filter(|route| matches!(route.door, Door::Session | Door::Operator))
        .filter(|route| {
            ["/billing", "/team", "/projects", "/audit", "/workspace", "/actors"]
                .iter()
                .any(|start| route.path.starts_with(start))
        })
        .collect();
    let with = |request: RequestBuilder| {
        let request = request.bearer_auth(key).header("x-api-key", key);
        request.header("cookie", format!("__Host-pernoex={key}"))
    };
    match all_refuse(target, &guarded, with).await {
        Ok(many) => Outcome::Holds(format!("{many} routes of management and billing refuse the key")),
        Err(outcome) => outcome,
    }
}

/// On nobody's list: such a name cannot be had (RFC 2606).
const ELSEWHERE: &str = "https://unlisted.invalid";

pub(super) async fn origins(target: &Target) -> Outcome {
    let Some(key) = &target.widget_key else {
        return Outcome::NotTried("give --widget-key: a project's public key, as the line for its website has it");
    };
    let path = format!("/api/v1/widget/{key}/visits");
    for origin in [Some(ELSEWHERE), Some("null"), None] {
        let mut request = target.request(Method::POST, &path).json(&json!({}));
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        let Ok(answer) = request.send().await else { return UNREACHED };
        let opened = answer.headers().contains_key("access-control-allow-origin");
        match answer.status().as_u16() {
            404 => return Outcome::NotTried("the key that was given is no project's"),
            429 => return Outcome::NotTried("too much was asked from here lately: try it later"),
            403 if !opened => {}
            403 => return Outcome::Broken("an origin on no list is refused, and its browser let read the answer".into()),
            status => return Outcome::Broken(format!("an origin on no list is answered {status}")),
        }
    }
    Outcome::Holds("origins on no list are refused, and their browsers read nothing".into())
}

/// Of PostgreSQL, Redis with and without TLS, MySQL, AMQP, and where our figures are by custom.
const PORTS: [u16; 6] = [5432, 6379, 6380, 3306, 5672, 9464];
const KNOCK: Duration = Duration::from_secs(2);

pub(super) async fn services(target: &Target) -> Outcome {
    if target.is_here() {
        return Outcome::Unproven("asked on this machine, where its own services may be: ask from elsewhere");
    }
    let (host, connect) = (target.host(), target.connect);
    let ports: BTreeSet<u16> = PORTS.iter().chain(&target.ports).copied().collect();
    let open = tokio::task::spawn_blocking(move || knock(&host, connect, &ports)).await;
    match open {
        Ok(Some(open)) if open.is_empty() => Outcome::Holds("no port of a database, a cache or figures opens at this name".into()),
        Ok(Some(open)) => Outcome::Broken(format!(
            "these ports open: {}",
            open.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
        )),
        Ok(None) | Err(_) => UNREACHED,
    }
}

/// At each address that the name leads to.
fn knock(host: &str, connect: Option<SocketAddr>, ports: &BTreeSet<u16>) -> Option<BTreeSet<u16>> {
    let ips: BTreeSet<IpAddr> = match connect {
        Some(address) => [address.ip()].into(),
        None => (host, 443).to_socket_addrs().ok()?.map(|address| address.ip()).collect(),
    };
    if ips.is_empty() {
        return None;
    }
    Some(ips.into_iter().flat_map(|ip| knock_at(ip, ports)).collect())
}

fn knock_at(ip: IpAddr, ports: &BTreeSet<u16>) -> Vec<u16> {
    // Together: a firewall that drops what it refuses lets each of them wait.
    let knock = |port| std::thread::spawn(move || TcpStream::connect_timeout(&SocketAddr::new(ip, port), KNOCK).is_ok());
    let knocks: Vec<_> = ports.iter().map(|port| (*port, knock(*port))).collect();
    let open = knocks.into_iter();
    open.filter_map(|(port, knock)| knock.join().is_ok_and(|opened| opened).then_some(port))
        .collect()
}

pub(super) async fn metrics(target: &Target) -> Outcome {
    match target.get("/metrics").await {
        None => UNREACHED,
        Some(answer) => match answer.status().as_u16() {
            404 | 401 | 403 => Outcome::Holds("the figures are not there".into()),
            status => Outcome::Broken(format!("/metrics answers {status}")),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

    use super::*;

    #[test]
    fn what_a_route_without_a_guard_would_answer_is_no_refusal() {
        for route in routes::api() {
            let has_id = route.path.contains('{');
            let not_found = is_refusal(&route, 404);
            match route.door {
                Door::Operator => assert_eq!(not_found, Some(!has_id), "{}", route.path),
                _ => assert_eq!(not_found, None, "{}", route.path),
            }
            assert_eq!(is_refusal(&route, 401), Some(true));
            for status in [200, 204, 400, 403, 500] {
                assert_eq!(is_refusal(&route, status), None, "{status}");
            }
        }
    }

    #[test]
    fn a_port_that_opens_is_named_and_one_that_does_not_is_not() {
        let open = TcpListener::bind("127.0.0.1:0").unwrap();
        let shut = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let port = open.local_addr().unwrap().port();
        assert_eq!(knock_at(Ipv4Addr::LOCALHOST.into(), &[shut, port].into()), [port]);
        assert_eq!(knock("no-such-name.invalid", None, &[port].into()), None);
    }
}
