//! Addresses of entities: `http://127.0.0.1:8080/path`, `coap://127.0.0.1:5683`.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::wire::binding::http::read_path;

/// What an address is spoken to in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// HTTP/1.1 in the clear.
    Http,
    /// CoAP over UDP in the clear.
    Coap,
}

/// Where an entity is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// How.
    pub scheme: Scheme,
    /// Where.
    pub socket: SocketAddr,
    /// What a request to the bare address is for; `/` if it has no path.
    pub to: String,
}

impl Address {
    /// Reads an address. Names other than `localhost` are not looked up: who writes a poa would decide
    /// whom this machine asks. `None` for those, for a query, and for other schemes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, port, rest) = match text.split_once("://")? {
            ("http", rest) => (Scheme::Http, 80, rest),
            ("coap", rest) => (Scheme::Coap, 5_683, rest),
            _ => return None,
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        if path.contains(['?', '#']) {
            return None;
        }
        let path = path.strip_suffix('/').unwrap_or(path);
        Some(Self { scheme, socket: socket(authority, port)?, to: read_path(path).ok()? })
    }

    /// It is of this machine alone.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.socket.ip().is_loopback()
    }
}

fn socket(authority: &str, port: u16) -> Option<SocketAddr> {
    if let Ok(socket) = authority.parse() {
        return Some(socket);
    }
    let bare = |host: &str| -> Option<IpAddr> {
        match host {
            "localhost" => Some(Ipv4Addr::LOCALHOST.into()),
            _ => host
                .strip_prefix('[')
                .and_then(|rest| rest.strip_suffix(']'))
                .unwrap_or(host)
                .parse()
                .ok(),
        }
    };
    match authority.rsplit_once(':') {
        Some(("localhost", port)) => Some((Ipv4Addr::LOCALHOST, port.parse().ok()?).into()),
        _ => Some((bare(authority)?, port).into()),
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.scheme {
            Scheme::Http => "http",
            Scheme::Coap => "coap",
        };
        write!(f, "{scheme}://{}", self.socket)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_names_are_not_looked_up() {
        let read = |text| Address::parse(text).map(|at| (at.to_string(), at.to));
        let some = |at: &str, to: &str| Some((at.to_owned(), to.to_owned()));
        assert_eq!(read("http://127.0.0.1:8080"), some("http://127.0.0.1:8080", "/"));
        assert_eq!(read("coap://localhost"), some("coap://127.0.0.1:5683", "/"));
        assert_eq!(read("coap://[::1]"), some("coap://[::1]:5683", "/"));
        assert_eq!(read("http://localhost:81/~/id-in/x/"), some("http://127.0.0.1:81", "/id-in/x"));
        assert_eq!(read("http://127.0.0.1/a/b"), some("http://127.0.0.1:80", "a/b"));
        for wrong in [
            "",
            "127.0.0.1:80",
            "https://127.0.0.1",
            "http://example.com/",
            "http://127.0.0.1:99999",
            "http://user@127.0.0.1",
            "http://127.0.0.1/a?b=c",
            "http://127.0.0.1/../a",
            "http://",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
        assert!(!Address::parse("http://192.0.2.1").unwrap().is_local());
    }
}
