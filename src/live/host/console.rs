//! The console over HTTP: who may see it, and what a browser is told beside the page.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rand_core::Rng as _;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::core::{Begun, Hosted};
use crate::live::{LiveError, Randomness};
use crate::onem2m::console::{PREFIX, STYLE, View, page};
use crate::onem2m::cse::Hop;
use crate::onem2m::tree::Store;
use crate::wire::binding::http::read_path;
use crate::wire::limits::MAX_HTTP_HEADERS;
use crate::wire::primitive::Rsc;

/// Bytes of the password.
const TOKEN_LEN: usize = 16;

/// The way into the console: HTTP Basic (RFC 7617) with the administrator's name and a password that
/// holds as long as the process.
pub(super) struct Gate {
    administrator: String,
    token: String,
    /// The name of the CSEBase.
    base: String,
}

impl Gate {
    /// A gate with a new password.
    ///
    /// # Errors
    /// The operating system has no randomness to give.
    pub(super) fn new(administrator: &str, base: &str) -> Result<Self, LiveError> {
        let mut bytes = [0; TOKEN_LEN];
        Randomness::System.generator("console", 0)?.fill_bytes(&mut bytes);
        let token = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { administrator: administrator.to_owned(), token, base: base.to_owned() })
    }

    /// The password.
    pub(super) fn token(&self) -> &str {
        &self.token
    }

    /// Compares in constant time, so that answers do not tell how much was right.
    fn admits(&self, authorization: Option<&[u8]>) -> bool {
        let text = authorization.and_then(|value| str::from_utf8(value).ok());
        let basic = text.and_then(|text| text.split_once(' '));
        let given = basic.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"));
        let given = given.and_then(|(_, value)| BASE64_STANDARD.decode(value.trim()).ok());
        let expected = format!("{}:{}", self.administrator, self.token);
        given.is_some_and(|given| given.ct_eq(expected.as_bytes()).into())
    }
}

/// The answer to an HTTP message if it asks for a page of the console.
pub(super) fn answer<S: Store>(hosted: &Hosted<S>, message: &[u8]) -> Option<Vec<u8>> {
    let gate = hosted.gate.as_ref()?;
    let begin = message.get(..b"GET /console".len());
    if begin != Some(b"GET /console") {
        return None;
    }
    let mut fields = [httparse::EMPTY_HEADER; MAX_HTTP_HEADERS];
    let mut request = httparse::Request::new(&mut fields);
    request.parse(message).ok()?;
    let path = request.path?.strip_prefix(PREFIX)?;
    if !matches!(path.as_bytes().first(), None | Some(b'/')) {
        return None;
    }
    let named = |field: &&httparse::Header<'_>| field.name.eq_ignore_ascii_case("authorization");
    let authorization = request.headers.iter().find(named).map(|field| field.value);
    if !gate.admits(authorization) {
        return Some(reply("401 Unauthorized", "<!DOCTYPE html><title>401</title>Not authorised."));
    }
    Some(show(hosted, gate, path.trim_matches('/')))
}

fn show<S: Store>(hosted: &Hosted<S>, gate: &Gate, path: &str) -> Vec<u8> {
    let address = if path.is_empty() { Ok(gate.base.clone()) } else { read_path(path) };
    let mut ask = |request| match hosted.begin(&Hop::default(), request) {
        Begun::Done(outcome) => outcome,
        Begun::Waits(_) => None,
    };
    // Only what is here: an address with a slash in front is of another CSE.
    let view = match address {
        Ok(address) if !address.starts_with('/') => {
            View::gather(&address, &gate.administrator, &mut ask)
        }
        _ => Err(Rsc::NOT_FOUND),
    };
    match view.map(|view| page(&view)) {
        Ok(Ok(page)) => reply("200 OK", &page),
        Ok(Err(_)) => {
            reply("500 Internal Server Error", "<!DOCTYPE html><title>500</title>No page.")
        }
        Err(Rsc::ORIGINATOR_HAS_NO_PRIVILEGE) => {
            reply("403 Forbidden", "<!DOCTYPE html><title>403</title>No privilege.")
        }
        Err(_) => reply("404 Not Found", "<!DOCTYPE html><title>404</title>No such resource."),
    }
}

/// A page with what keeps a browser from doing more than to show it.
fn reply(status: &str, page: &str) -> Vec<u8> {
    let style = BASE64_STANDARD.encode(Sha256::digest(STYLE));
    let challenge = if status.starts_with("401") {
        "WWW-Authenticate: Basic realm=\"console\", charset=\"UTF-8\"\r\n"
    } else {
        ""
    };
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\
         Content-Security-Policy: default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'\r\nX-Content-Type-Options: nosniff\r\n\
         Referrer-Policy: no-referrer\r\nCache-Control: no-store\r\n\
         Cross-Origin-Resource-Policy: same-origin\r\n{challenge}\r\n{page}",
        page.len()
    )
    .into_bytes()
}
