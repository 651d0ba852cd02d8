//! The head of a message: lines and header fields, strictly.

use super::super::Refusal;
use crate::planted::{self, Defect};
use crate::wire::limits::{MAX_HTTP_HEAD, MAX_HTTP_HEADERS, MAX_HTTP_LINE, MAX_INPUT};

/// A message taken apart.
pub(super) struct Head<'a> {
    /// What the first line says: method and target, or the status.
    pub(super) first: First<'a>,
    /// Header fields in order.
    pub(super) fields: Vec<(&'a str, &'a [u8])>,
    /// Bytes before the body.
    len: usize,
    /// Bytes of the body.
    body: usize,
}

/// The first line.
pub(super) enum First<'a> {
    /// A request line.
    Request { method: &'a str, target: &'a str },
    /// A status line.
    Status(u16),
}

/// Bytes of the first message in `bytes`, a request or a response; `None` if more are needed to say or to
/// have them all.
///
/// # Errors
/// Names what is wrong with the head.
pub fn length(bytes: &[u8]) -> Result<Option<usize>, Refusal> {
    match Head::read(bytes) {
        Ok(head) => {
            let len = head.len + head.body;
            let is_there = len <= bytes.len() || planted::is(Defect::HttpLengthBelieved);
            Ok(is_there.then_some(len))
        }
        Err(Refusal::HttpTruncated) => Ok(None),
        Err(refusal) => Err(refusal),
    }
}

impl<'a> Head<'a> {
    /// Reads a message that fills `bytes` exactly: its head and its body.
    pub(super) fn read_whole(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), Refusal> {
        let head = Self::read(bytes)?;
        let rest = bytes.get(head.len..).unwrap_or_default();
        match rest.len() {
            len if len < head.body => Err(Refusal::HttpTruncated),
            len if len > head.body => Err(Refusal::HttpTrailing),
            _ => Ok((head, rest)),
        }
    }

    fn read(bytes: &'a [u8]) -> Result<Self, Refusal> {
        let window = bytes.get(..MAX_HTTP_HEAD).unwrap_or(bytes);
        let line = window.iter().position(|byte| *byte == b'\n').unwrap_or(window.len());
        if line > MAX_HTTP_LINE {
            return Err(Refusal::HttpHeadTooLong);
        }
        let mut fields = [httparse::EMPTY_HEADER; MAX_HTTP_HEADERS];
        // A status line begins with the version, a request line with a method.
        let (first, version, len, found) = if window.starts_with(b"HTTP/") {
            let mut response = httparse::Response::new(&mut fields);
            let len = complete(response.parse(window), bytes)?;
            let code = response.code.ok_or(Refusal::HttpSyntax)?;
            (First::Status(code), response.version, len, response.headers)
        } else {
            let mut request = httparse::Request::new(&mut fields);
            let len = complete(request.parse(window), bytes)?;
            let method = request.method.ok_or(Refusal::HttpSyntax)?;
            let target = request.path.ok_or(Refusal::HttpSyntax)?;
            (First::Request { method, target }, request.version, len, request.headers)
        };
        if version != Some(1) {
            return Err(Refusal::HttpVersion);
        }
        let fields: Vec<_> = found.iter().map(|field| (field.name, field.value)).collect();
        let body = body_length(&fields)?;
        Ok(Self { first, fields, len, body })
    }

    /// The values of the field with this name.
    pub(super) fn values(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        let same = move |(found, _): &&(&str, &[u8])| found.eq_ignore_ascii_case(name);
        self.fields.iter().filter(same).map(|(_, value)| *value)
    }

    /// The text of the field with this name, if it is there; it must not be there twice.
    pub(super) fn single(&self, name: &str) -> Result<Option<&'a str>, Refusal> {
        let mut values = self.values(name);
        match (values.next(), values.next()) {
            (None, _) => Ok(None),
            (Some(value), None) => str::from_utf8(value).map(Some).map_err(|_| Refusal::HttpHeader),
            _ => Err(Refusal::HttpHeader),
        }
    }
}

/// Bytes of the head, if it is all there.
fn complete(
    parsed: Result<httparse::Status<usize>, httparse::Error>,
    bytes: &[u8],
) -> Result<usize, Refusal> {
    match parsed {
        Ok(httparse::Status::Complete(len)) => Ok(len),
        Ok(httparse::Status::Partial) if bytes.len() >= MAX_HTTP_HEAD => {
            Err(Refusal::HttpHeadTooLong)
        }
        Ok(httparse::Status::Partial) => Err(Refusal::HttpTruncated),
        Err(httparse::Error::TooManyHeaders) => Err(Refusal::HttpTooManyHeaders),
        Err(httparse::Error::Version) => Err(Refusal::HttpVersion),
        Err(_) => Err(Refusal::HttpSyntax),
    }
}

/// What Content-Length says; 0 without one.
fn body_length(fields: &[(&str, &[u8])]) -> Result<usize, Refusal> {
    let mut length = None;
    for (name, value) in fields {
        if name.eq_ignore_ascii_case("transfer-encoding") {
            return Err(Refusal::HttpTransferEncoding);
        }
        if name.eq_ignore_ascii_case("content-length") {
            let digits = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
            let number = str::from_utf8(value).ok().filter(|_| digits && length.is_none());
            let number = number.ok_or(Refusal::HttpContentLength)?;
            length = Some(number.parse::<usize>().map_err(|_| Refusal::HttpBodyTooLong)?);
        }
    }
    match length.unwrap_or(0) {
        len if len > MAX_INPUT => Err(Refusal::HttpBodyTooLong),
        len => Ok(len),
    }
}
