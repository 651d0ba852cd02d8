//! An answer of the target, read without good will: what it says, and what is wrong with its form.

use crate::wire::binding::coap::option;
use crate::wire::coap::{self, Message};
use crate::wire::value::{Serialisation, read};

use super::shot::Binding;

/// What an answer says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The status of HTTP, such as 404; of CoAP its code, such as 404 for 4.04.
    pub transport: u16,
    /// X-M2M-RSC or RSC.
    pub rsc: Option<u16>,
    /// X-M2M-RI or RQI.
    pub request_id: Option<String>,
    /// The body.
    pub body: Vec<u8>,
    /// Why it is not of the form that it should have.
    pub fault: Option<String>,
}

impl Answer {
    /// It was carried out.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.rsc.is_some_and(|rsc| matches!(rsc, 2_000..=2_999))
    }

    /// Reads an answer.
    #[must_use]
    pub fn read(binding: Binding, bytes: &[u8], method: &str) -> Self {
        match binding {
            Binding::Http => Self::http(bytes, method),
            Binding::Coap => Self::coap(bytes),
        }
    }

    fn http(bytes: &[u8], method: &str) -> Self {
        let Some(parts) = http_parts(bytes) else {
            return Self::faulty("the answer is no HTTP message");
        };
        let text =
            |name: &str| parts.field(name).map(|value| String::from_utf8_lossy(value).into_owned());
        let mut answer = Self {
            transport: parts.status,
            request_id: text("x-m2m-ri"),
            body: parts.body(),
            ..Self::default()
        };
        if !parts.is_whole(method) {
            answer.fault = Some("the answer ends before its stated length".to_owned());
        }
        answer.status(text("x-m2m-rsc"));
        let media = text("content-type").unwrap_or_default();
        answer.form(serialisation(&media));
        answer
    }

    fn coap(bytes: &[u8]) -> Self {
        // The payload of several blocks may be longer than any message.
        let head = bytes.get(..bytes.len().min(coap::MAX_MESSAGE)).unwrap_or_default();
        let message = match Message::parse(head) {
            Ok(message) => message,
            Err(why) => return Self::faulty(&format!("the answer is no CoAP message: {why}")),
        };
        let start = head.len() - message.payload.len();
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        let mut answer = Self {
            transport: u16::from(message.code.class()) * 100 + u16::from(message.code.detail()),
            request_id: message.option(option::RQI).map(text),
            body: bytes.get(start..).unwrap_or_default().to_vec(),
            ..Self::default()
        };
        let rsc = message.option(option::RSC).map(|value| {
            coap::read_uint(value)
                .map_or_else(|| "unreadable".to_owned(), |number| number.to_string())
        });
        answer.status(rsc);
        let format = message.option(coap::option::CONTENT_FORMAT).and_then(coap::read_uint);
        answer.form(match format {
            Some(50 | 10_001 | 10_015 | 10_003 | 10_009) => Some(Serialisation::Json),
            Some(60 | 10_010 | 10_011 | 10_013) => Some(Serialisation::Cbor),
            Some(41 | 10_014 | 10_002 | 10_016 | 10_008) => Some(Serialisation::Xml),
            _ => None,
        });
        answer
    }

    fn faulty(why: &str) -> Self {
        Self { fault: Some(why.to_owned()), ..Self::default() }
    }

    fn status(&mut self, text: Option<String>) {
        let Some(text) = text else { return };
        self.rsc = text.trim().parse().ok().filter(|rsc| (1_000..=9_999).contains(rsc));
        if self.rsc.is_none() && self.fault.is_none() {
            self.fault = Some("the response status code is no number of four digits".to_owned());
        }
    }

    /// Checks the body of an answer of the CSE; one of the transport alone may be anything.
    fn form(&mut self, form: Option<Serialisation>) {
        if self.body.is_empty() || self.rsc.is_none() || self.fault.is_some() {
            return;
        }
        self.fault = match form {
            None => Some("the body is of no stated serialisation of oneM2M".to_owned()),
            // The limits of our own reader are not the target's: only the syntax counts here.
            Some(Serialisation::Json) => serde_json::from_slice::<serde_json::Value>(&self.body)
                .err()
                .map(|error| format!("the body is no JSON: {error}")),
            Some(form) => read(&self.body, form)
                .err()
                .map(|why| format!("the body is no {}: {why}", form.word())),
        };
    }
}

fn serialisation(media: &str) -> Option<Serialisation> {
    let name = media.split(';').next().unwrap_or_default().trim();
    let word = name.rsplit(['/', '+']).next().unwrap_or_default();
    Serialisation::from_word(&word.to_ascii_lowercase())
}

/// An HTTP answer taken apart, as far as it is there.
pub(super) struct HttpParts<'a> {
    status: u16,
    fields: Vec<(String, &'a [u8])>,
    rest: &'a [u8],
}

/// Takes the final answer apart: interim ones (1xx) are passed over. `None` while its head is not there.
pub(super) fn http_parts(bytes: &[u8]) -> Option<HttpParts<'_>> {
    let mut fields = [httparse::EMPTY_HEADER; 128];
    let mut head = httparse::Response::new(&mut fields);
    let httparse::Status::Complete(len) = head.parse(bytes).ok()? else { return None };
    let (status, rest) = (head.code?, bytes.get(len..)?);
    if (100..200).contains(&status) {
        return http_parts(rest);
    }
    let fields = head.headers.iter().map(|field| (field.name.to_ascii_lowercase(), field.value));
    Some(HttpParts { status, fields: fields.collect(), rest })
}

impl HttpParts<'_> {
    fn field(&self, name: &str) -> Option<&[u8]> {
        self.fields.iter().find(|(found, _)| found == name).map(|(_, value)| *value)
    }

    fn stated(&self) -> Option<usize> {
        str::from_utf8(self.field("content-length")?).ok()?.trim().parse().ok()
    }

    fn is_chunked(&self) -> bool {
        self.field("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case(b"chunked"))
    }

    /// All of it is there. Without a length it ends with the connection, so nobody can tell.
    pub(super) fn is_whole(&self, method: &str) -> bool {
        if method == "HEAD" || matches!(self.status, 204 | 304) {
            return true;
        }
        if self.is_chunked() {
            return self.rest.ends_with(b"0\r\n\r\n");
        }
        self.stated().is_some_and(|len| self.rest.len() >= len)
    }

    fn body(&self) -> Vec<u8> {
        if self.is_chunked() {
            return unchunked(self.rest);
        }
        let len = self.stated().unwrap_or(self.rest.len());
        self.rest.get(..len).unwrap_or(self.rest).to_vec()
    }
}

fn unchunked(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(httparse::Status::Complete((start, len))) = httparse::parse_chunk_size(rest) {
        let Ok(len) = usize::try_from(len) else { break };
        let end = start.saturating_add(len);
        let Some(chunk) = rest.get(start..end).filter(|chunk| !chunk.is_empty()) else { break };
        body.extend_from_slice(chunk);
        rest = rest.get(end + 2..).unwrap_or_default();
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_whatever_they_are() {
        let read = |text: &str| Answer::read(Binding::Http, text.as_bytes(), "GET");
        let fine = read(
            "HTTP/1.1 200 OK\r\nX-M2M-RSC: 2000\r\nX-M2M-RI: a\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
        );
        assert_eq!((fine.transport, fine.rsc, fine.fault.as_deref()), (200, Some(2_000), None));
        let chunked = read(
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        );
        assert_eq!(chunked.body, b"abc");
        for wrong in [
            "",
            "HTTP/1.1 200 OK\r\nX-M2M-RSC: two\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nX-M2M-RSC: 2000\r\nContent-Type: application/json\r\nContent-Length: 1\r\n\r\n{",
            "HTTP/1.1 200 OK\r\nX-M2M-RSC: 2000\r\nContent-Type: text/html\r\nContent-Length: 1\r\n\r\nx",
            "HTTP/1.1 200 OK\r\nX-M2M-RSC: 2000\r\nContent-Length: 9\r\n\r\nx",
        ] {
            assert!(read(wrong).fault.is_some(), "{wrong}");
        }
        assert!(Answer::read(Binding::Coap, &[0xff, 1], "").fault.is_some());
    }
}
