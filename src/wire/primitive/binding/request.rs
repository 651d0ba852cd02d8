//! Requests in CoAP.

use std::borrow::Cow;

use super::{Exchange, Unsendable, option, short};
use crate::wire::coap::{self, Code, Message, Writer};
use crate::wire::primitive::{
    Body, Format, MAX_BODY, MAX_IDENTIFIER, MAX_TARGET, Operation, Refusal, Release, Request,
    ResourceType,
};

impl<'a> Request<'a> {
    /// Reads the request out of a CoAP request.
    ///
    /// # Errors
    /// Names why the message is no request that this slice serves.
    pub fn from_coap(message: &Message<'a>) -> Result<Self, Refusal> {
        let found = Parameters::collect(message)?;
        let operation = match message.code {
            Code::GET => Operation::Retrieve,
            Code::POST if found.ty.is_some() => Operation::Create,
            Code::POST => Operation::Notify,
            Code::PUT => Operation::Update,
            Code::DELETE => Operation::Delete,
            _ => return Err(Refusal::Method),
        };
        if found.ty.is_some() && operation != Operation::Create {
            return Err(Refusal::TypeWithoutCreate);
        }
        let content = found.body(message)?;
        let carries =
            matches!(operation, Operation::Create | Operation::Update | Operation::Notify);
        if content.is_some() != carries {
            return Err(Refusal::ContentPresence);
        }
        let release = found.rvi.and_then(Release::from_text).ok_or(Refusal::Release)?;
        Ok(Self {
            operation,
            to: Cow::Owned(address(found.path)?),
            from: found.fr.ok_or(Refusal::NoOriginator)?,
            request_id: found.rqi.ok_or(Refusal::NoRequestIdentifier)?,
            release,
            resource_type: found.ty,
            result_content: found.rcn,
            content,
        })
    }

    /// Writes the request as a CoAP request.
    ///
    /// # Errors
    /// Names what does not fit into the message.
    pub fn to_coap(&self, exchange: Exchange) -> Result<Vec<u8>, Unsendable> {
        let sendable = |text: &str| (1..=MAX_IDENTIFIER).contains(&text.len());
        if !sendable(self.from) || !sendable(self.request_id) {
            return Err(Unsendable::Identifier);
        }
        let payload = self.content.as_ref().map_or(&[][..], |body| &body.bytes);
        if payload.len() > MAX_BODY {
            return Err(Unsendable::Content);
        }
        let code = match self.operation {
            Operation::Create | Operation::Notify => Code::POST,
            Operation::Retrieve => Code::GET,
            Operation::Update => Code::PUT,
            Operation::Delete => Code::DELETE,
        };
        let mut writer = Writer::new(exchange.kind, code, exchange.mid, exchange.token);
        write_path(&mut writer, &self.to)?;
        if let Some(body) = &self.content {
            writer.uint(coap::option::CONTENT_FORMAT, body.format.number());
        }
        if let Some(rcn) = self.result_content {
            writer.option(coap::option::URI_QUERY, format!("rcn={rcn}").as_bytes());
        }
        if let Some(ty) = self.resource_type {
            writer.uint(option::TY, ty.0.into());
        }
        writer
            .option(option::RVI, self.release.text().as_bytes())
            .option(option::FR, self.from.as_bytes())
            .option(option::RQI, self.request_id.as_bytes());
        Ok(writer.finish(payload))
    }
}

/// The parameters as they lie in the options of a request.
#[derive(Default)]
struct Parameters<'a> {
    /// Segments joined by `/`.
    path: String,
    format: Option<&'a [u8]>,
    ty: Option<ResourceType>,
    rvi: Option<&'a str>,
    fr: Option<&'a str>,
    rqi: Option<&'a str>,
    rcn: Option<u8>,
}

impl<'a> Parameters<'a> {
    fn collect(message: &Message<'a>) -> Result<Self, Refusal> {
        let mut found = Self::default();
        for (number, value) in message.options() {
            match number {
                // The name of the server that was meant; there is only one here.
                coap::option::URI_HOST | coap::option::URI_PORT => {}
                coap::option::URI_PATH => found.segment(value)?,
                // Elective: a second one is ignored (RFC 7252 section 5.4.5).
                coap::option::CONTENT_FORMAT => found.format = found.format.or(Some(value)),
                coap::option::URI_QUERY => found.argument(value)?,
                coap::option::ACCEPT => {
                    Format::from_number(value).ok_or(Refusal::Accept)?;
                }
                option::TY => {
                    let ty = short(value).ok_or(Refusal::OptionValue)?;
                    set(&mut found.ty, ResourceType(ty))?;
                }
                option::RVI => set(&mut found.rvi, identifier(value)?)?,
                option::FR => set(&mut found.fr, identifier(value)?)?,
                option::RQI => set(&mut found.rqi, identifier(value)?)?,
                _ if option::is_onem2m(number) => return Err(Refusal::Parameter),
                _ if coap::option::is_critical(number) => return Err(Refusal::CriticalOption),
                _ => {}
            }
        }
        Ok(found)
    }

    /// One more segment of the path.
    fn segment(&mut self, value: &[u8]) -> Result<(), Refusal> {
        let segment = identifier(value)?;
        // A slash inside a segment would make two addresses look like one.
        if segment.contains('/') || self.path.len() + segment.len() >= MAX_TARGET {
            return Err(Refusal::Target);
        }
        if !self.path.is_empty() {
            self.path.push('/');
        }
        self.path.push_str(segment);
        Ok(())
    }

    /// One more argument of the query.
    fn argument(&mut self, value: &[u8]) -> Result<(), Refusal> {
        let value = identifier(value)?;
        let rcn = value.strip_prefix("rcn=").ok_or(Refusal::Query)?;
        let digits = rcn.bytes().all(|byte| byte.is_ascii_digit());
        let rcn = rcn.parse().ok().filter(|rcn| digits && *rcn <= 12);
        set(&mut self.rcn, rcn.ok_or(Refusal::QueryValue)?)
    }

    fn body(&self, message: &Message<'a>) -> Result<Option<Body<'a>>, Refusal> {
        match (message.payload, self.format) {
            ([], None) => Ok(None),
            ([], Some(_)) => Err(Refusal::ContentPresence),
            (bytes, _) if bytes.len() > MAX_BODY => Err(Refusal::ContentTooLong),
            (bytes, format) => {
                let format = format.and_then(Format::from_number).ok_or(Refusal::ContentFormat)?;
                Ok(Some(Body { format, bytes: Cow::Borrowed(bytes) }))
            }
        }
    }
}

/// An option that may stand in a message once only.
fn set<T>(slot: &mut Option<T>, value: T) -> Result<(), Refusal> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(Refusal::CriticalOption),
    }
}

/// Text of 1 to [`MAX_IDENTIFIER`] bytes.
fn identifier(value: &[u8]) -> Result<&str, Refusal> {
    if !(1..=MAX_IDENTIFIER).contains(&value.len()) {
        return Err(Refusal::OptionValue);
    }
    str::from_utf8(value).map_err(|_| Refusal::OptionValue)
}

/// The address that a path stands for: `~` in front makes it SP-relative (`/cse-id/..`), `_` absolute
/// (`//sp/cse-id/..`).
fn address(path: String) -> Result<String, Refusal> {
    match path.split_once('/') {
        _ if path.is_empty() || path == "~" || path == "_" => Err(Refusal::Target),
        Some(("~", rest)) => Ok(format!("/{rest}")),
        Some(("_", rest)) => Ok(format!("//{rest}")),
        _ => Ok(path),
    }
}

/// The path that stands for an address, segment by segment.
fn write_path(writer: &mut Writer, to: &str) -> Result<(), Unsendable> {
    let (lead, rest) = match to {
        _ if to.len() > MAX_TARGET => return Err(Unsendable::Target),
        _ if to.starts_with("//") => (Some("_"), &to[2..]),
        _ if to.starts_with('/') => (Some("~"), &to[1..]),
        _ => (None, to),
    };
    for segment in lead.into_iter().chain(rest.split('/')) {
        if !(1..=MAX_IDENTIFIER).contains(&segment.len()) {
            return Err(Unsendable::Target);
        }
        writer.option(coap::option::URI_PATH, segment.as_bytes());
    }
    Ok(())
}
