//! `pernoex healthcheck`: asks the server on this machine whether it lives. For containers, in which there is no other program to ask with.

use std::{
    io::{self, Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    time::Duration,
};

use crate::tls::speak;

const PATIENCE: Duration = Duration::from_secs(5);

/// Where a server that listens on `listen` is reached from this machine.
pub(crate) fn reached_at(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

trait Stream: Read + Write {}

impl<T: Read + Write> Stream for T {}

/// The status with which `path` is answered.
fn status(listen: SocketAddr, tls: Option<&str>, path: &str) -> io::Result<u16> {
    let mut stream = match tls {
        Some(host) => Box::new(speak(reached_at(listen), host)?) as Box<dyn Stream>,
        None => {
            let stream = TcpStream::connect_timeout(&reached_at(listen), PATIENCE)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.set_write_timeout(Some(PATIENCE))?;
            Box::new(stream)
        }
    };
    write!(stream, "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
    let mut head = [0_u8; 12];
    stream.read_exact(&mut head)?;
    let status = std::str::from_utf8(&head)
        .ok()
        .and_then(|head| head.strip_prefix("HTTP/1.1 ")?.parse().ok());
    status.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "what answers is no server of HTTP"))
}

/// Whether it lives, whatever certificate it shows where `tls` names whose it should be; with `ready`, whether its database and cache answer too. The reason why not.
///
/// # Errors
/// When it does not answer, or says that it is not.
pub fn run(listen: SocketAddr, tls: Option<&str>, ready: bool) -> Result<(), String> {
    let path = if ready { "/readyz" } else { "/healthz" };
    match status(listen, tls, path) {
        Ok(200) => Ok(()),
        Ok(status) => Err(format!("{path} answers {status}")),
        Err(error) => Err(format!("{listen} does not answer ({error})")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_listens_everywhere_is_asked_on_this_machine() {
        for (listen, asked) in [
            ("0.0.0.0:80", "127.0.0.1:80"),
            ("[::]:80", "[::1]:80"),
            ("10.0.0.7:80", "10.0.0.7:80"),
        ] {
            assert_eq!(reached_at(listen.parse().unwrap()).to_string(), asked);
        }
    }
}
