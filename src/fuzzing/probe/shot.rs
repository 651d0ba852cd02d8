//! One message to the target, in parts that can be changed and left out: an HTTP request or a CoAP message.
//!
//! A shot begins as what our own codec writes for a valid primitive, taken apart. Whatever is done to it
//! afterwards, [`Shot::bytes`] puts the parts together without a further look.

use std::net::SocketAddr;

use crate::wire::binding::coap::{self, Exchange, option};
use crate::wire::binding::http;
use crate::wire::coap::{Kind, Message, Token, Writer};
use crate::wire::primitive::{CoapOptions, Profile, Request};
use crate::wire::value::Serialisation;

/// Bytes of a CoAP payload that goes without blocks (RFC 7252 section 4.6).
const COAP_BODY_MAX: usize = 1_024;
/// Uri-Path, Content-Format, Uri-Query.
const URI_PATH: u16 = 11;
const CONTENT_FORMAT: u16 = 12;
const URI_QUERY: u16 = 15;

/// The protocol that carries primitives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Binding {
    /// HTTP/1.1 over TCP.
    Http,
    /// CoAP over UDP.
    Coap,
}

impl Binding {
    /// The scheme of its URLs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Coap => "coap",
        }
    }
}

/// A message in parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shot {
    /// What carries it.
    pub binding: Binding,
    /// The method of HTTP; for CoAP the code is in `code`.
    pub method: String,
    /// The code of CoAP.
    pub code: u8,
    /// The path of HTTP, as it stands on the wire.
    pub path: String,
    /// Arguments of HTTP's query, as they stand on the wire.
    pub query: Vec<String>,
    /// Header fields of HTTP, in order.
    pub fields: Vec<(String, Vec<u8>)>,
    /// Options of CoAP, in any order.
    pub options: Vec<(u16, Vec<u8>)>,
    /// The body.
    pub body: Vec<u8>,
    /// Bytes that are missing at the end.
    pub cut: usize,
    /// Bytes that are replaced: place and value.
    pub patch: Vec<(usize, u8)>,
    /// X-M2M-RI or RQI is part of what is tried, and not numbered anew.
    pub own_id: bool,
    /// No answer is owed to it, so that none is waited for as long.
    pub brief: bool,
}

/// The header field that carries a parameter, and the parameters that have one and are of use here.
const FIELDS: [(&str, &str); 11] = [
    ("fr", "X-M2M-Origin"),
    ("rqi", "X-M2M-RI"),
    ("rvi", "X-M2M-RVI"),
    ("ot", "X-M2M-OT"),
    ("rqet", "X-M2M-RET"),
    ("rset", "X-M2M-RST"),
    ("oet", "X-M2M-OET"),
    ("ec", "X-M2M-EC"),
    ("gid", "X-M2M-GID"),
    ("vsi", "X-M2M-VSI"),
    ("nu", "X-M2M-RTU"),
];

impl Shot {
    /// What our codec writes for a request; `None` if the binding cannot carry it.
    #[must_use]
    pub fn of(
        request: &Request,
        at: SocketAddr,
        binding: Binding,
        form: Serialisation,
    ) -> Option<Self> {
        match binding {
            Binding::Http => Self::http(request, at, form),
            Binding::Coap => Self::coap(request, form),
        }
    }

    fn empty(binding: Binding) -> Self {
        Self {
            binding,
            method: String::new(),
            code: 0,
            path: String::new(),
            query: Vec::new(),
            fields: Vec::new(),
            options: Vec::new(),
            body: Vec::new(),
            cut: 0,
            patch: Vec::new(),
            own_id: false,
            brief: false,
        }
    }

    fn http(request: &Request, at: SocketAddr, form: Serialisation) -> Option<Self> {
        let bytes = http::write_request(request, &at.to_string(), form, &Profile::ACME).ok()?;
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
        let mut fields = [httparse::EMPTY_HEADER; 64];
        let mut head = httparse::Request::new(&mut fields);
        head.parse(&bytes).ok()?;
        let (path, query) = head.path?.split_once('?').unwrap_or((head.path?, ""));
        let arguments = query.split('&').filter(|argument| !argument.is_empty());
        let fields = head.headers.iter().map(|field| (field.name.to_owned(), field.value.to_vec()));
        Some(Self {
            method: head.method?.to_owned(),
            path: path.to_owned(),
            query: arguments.map(str::to_owned).collect(),
            fields: fields.collect(),
            body: bytes.get(end..)?.to_vec(),
            ..Self::empty(Binding::Http)
        })
    }

    fn coap(request: &Request, form: Serialisation) -> Option<Self> {
        let outgoing = coap::write_request(request, form, &Profile::ACME).ok()?;
        if outgoing.payload().len() > COAP_BODY_MAX {
            return None;
        }
        let exchange = Exchange { kind: Kind::Confirmable, mid: 0, token: Token::default() };
        let bytes = outgoing.message(exchange);
        let message = Message::parse(&bytes).ok()?;
        Some(Self {
            code: message.code.byte(),
            options: message.options().map(|(number, value)| (number, value.to_vec())).collect(),
            body: message.payload.to_vec(),
            ..Self::empty(Binding::Coap)
        })
    }

    /// Gives a parameter of the primitive the text, whatever type it should have; appends it if it is not there.
    pub fn set(&mut self, parameter: &str, text: &str) {
        self.remove(parameter);
        self.add(parameter, text);
    }

    /// Adds a parameter once more.
    pub fn add(&mut self, parameter: &str, text: &str) {
        match self.binding {
            Binding::Http => match field_of(parameter) {
                Some(name) => self.fields.push((name.to_owned(), text.as_bytes().to_vec())),
                None => self.query.push(format!("{parameter}={}", encoded(text))),
            },
            Binding::Coap => match option::number_of(parameter, CoapOptions::Current) {
                Some(number) => self.options.push((number, cut(text.as_bytes(), 1_034))),
                None => self
                    .options
                    .push((URI_QUERY, cut(format!("{parameter}={text}").as_bytes(), 1_034))),
            },
        }
    }

    /// Takes a parameter away.
    pub fn remove(&mut self, parameter: &str) {
        let argument = format!("{parameter}=");
        match self.binding {
            Binding::Http => {
                self.query.retain(|found| !found.starts_with(&argument));
                if let Some(name) = field_of(parameter) {
                    self.fields.retain(|(found, _)| !found.eq_ignore_ascii_case(name));
                }
            }
            Binding::Coap => {
                let number = option::number_of(parameter, CoapOptions::Current);
                self.options.retain(|(found, value)| {
                    Some(*found) != number
                        && !(*found == URI_QUERY && value.starts_with(argument.as_bytes()))
                });
            }
        }
    }

    /// The one value that a parameter with a field or option of its own has; `None` if there is none, or several.
    #[must_use]
    pub fn get(&self, parameter: &str) -> Option<&[u8]> {
        let mut found: Box<dyn Iterator<Item = &[u8]>> = match self.binding {
            Binding::Http => {
                let name = field_of(parameter)?;
                let same = move |field: &&(String, Vec<u8>)| field.0.eq_ignore_ascii_case(name);
                Box::new(self.fields.iter().filter(same).map(|(_, value)| value.as_slice()))
            }
            Binding::Coap => {
                let number = option::number_of(parameter, CoapOptions::Current)?;
                let same = move |option: &&(u16, Vec<u8>)| option.0 == number;
                Box::new(self.options.iter().filter(same).map(|(_, value)| value.as_slice()))
            }
        };
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }

    /// Replaces the body; the length that HTTP states follows.
    pub fn set_body(&mut self, body: Vec<u8>) {
        self.body = body;
        let length = self.body.len().to_string().into_bytes();
        for (name, value) in &mut self.fields {
            if name.eq_ignore_ascii_case("content-length") {
                value.clone_from(&length);
            }
        }
    }

    /// States another media type: its name in HTTP (`;ty=N` stays), its number in CoAP.
    pub fn set_media(&mut self, name: &str, number: u32) {
        match self.binding {
            Binding::Http => {
                for (field, value) in &mut self.fields {
                    if field.eq_ignore_ascii_case("content-type") {
                        let text = String::from_utf8_lossy(value).into_owned();
                        let rest =
                            text.find(";ty=").and_then(|at| text.get(at..)).unwrap_or_default();
                        *value = format!("{name}{rest}").into_bytes();
                    }
                }
            }
            Binding::Coap => {
                self.options.retain(|(found, _)| *found != CONTENT_FORMAT);
                self.options.push((CONTENT_FORMAT, uint(number)));
            }
        }
    }

    /// How many parts [`Shot::without`] can leave out.
    #[must_use]
    pub fn parts(&self) -> usize {
        match self.binding {
            Binding::Http => self.query.len() + self.fields.len(),
            Binding::Coap => self.options.len(),
        }
    }

    /// The same without one part; `None` for a part that the transport itself needs.
    #[must_use]
    pub fn without(&self, part: usize) -> Option<Self> {
        let mut less = self.clone();
        match self.binding {
            Binding::Http if part < self.query.len() => drop(less.query.remove(part)),
            Binding::Http => {
                let at = part - self.query.len();
                let (name, _) = self.fields.get(at)?;
                if ["host", "content-length", "accept"]
                    .iter()
                    .any(|own| name.eq_ignore_ascii_case(own))
                {
                    return None;
                }
                less.fields.remove(at);
            }
            Binding::Coap => {
                let (number, _) = self.options.get(part)?;
                if *number == URI_PATH {
                    return None;
                }
                less.options.remove(part);
            }
        }
        Some(less)
    }

    /// The bytes on the wire. Message ID and token are for CoAP.
    #[must_use]
    pub fn bytes(&self, mid: u16, token: Token) -> Vec<u8> {
        let mut bytes = match self.binding {
            Binding::Http => self.http_bytes(),
            Binding::Coap => self.coap_bytes(mid, token),
        };
        bytes.truncate(bytes.len().saturating_sub(self.cut));
        for (at, value) in &self.patch {
            if let Some(byte) = bytes.get_mut(*at) {
                *byte = *value;
            }
        }
        bytes
    }

    fn http_bytes(&self) -> Vec<u8> {
        let mark = if self.query.is_empty() { "" } else { "?" };
        let line =
            format!("{} {}{mark}{} HTTP/1.1\r\n", self.method, self.path, self.query.join("&"));
        let mut bytes = line.into_bytes();
        for (name, value) in &self.fields {
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&self.body);
        bytes
    }

    fn coap_bytes(&self, mid: u16, token: Token) -> Vec<u8> {
        let code = crate::wire::coap::Code::from_byte(self.code);
        let mut writer = Writer::new(Kind::Confirmable, code, mid, token);
        let mut options: Vec<_> = self.options.iter().collect();
        options.sort_by_key(|(number, _)| *number);
        for (number, value) in options {
            writer.option(*number, value);
        }
        writer.finish(&self.body)
    }

    /// The target's address, for people.
    #[must_use]
    pub fn target(&self) -> String {
        match self.binding {
            Binding::Http => self.path.clone(),
            Binding::Coap => {
                let path = self.options.iter().filter(|(number, _)| *number == URI_PATH);
                path.map(|(_, value)| format!("/{}", String::from_utf8_lossy(value))).collect()
            }
        }
    }

    /// Its transport takes it for a whole and sound message: no byte of it was cut or patched.
    #[must_use]
    pub const fn is_framed(&self) -> bool {
        self.cut == 0 && self.patch.is_empty()
    }
}

fn field_of(parameter: &str) -> Option<&'static str> {
    FIELDS.iter().find(|(name, _)| *name == parameter).map(|(_, field)| *field)
}

fn cut(bytes: &[u8], len: usize) -> Vec<u8> {
    bytes.get(..len).unwrap_or(bytes).to_vec()
}

/// The shortest form of an unsigned integer (RFC 7252 section 3.2).
pub(super) fn uint(number: u32) -> Vec<u8> {
    number.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect()
}

/// All but the unreserved characters in percent-encoding.
pub(super) fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}
