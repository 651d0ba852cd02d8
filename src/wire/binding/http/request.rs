//! Requests in HTTP.

use super::super::collection::Collection;
use super::super::{Media, Refusal, Unsendable, path, query};
use super::head::{First, Head};
use super::header;
use crate::wire::limits::MAX_IDENTIFIER;
use crate::wire::primitive::{Operation, Profile, Release, Request};
use crate::wire::value::{Serialisation, Value};

/// Reads the request out of one HTTP message.
///
/// # Errors
/// Names why the bytes are no request primitive.
pub fn read_request(bytes: &[u8], profile: &Profile) -> Result<Request, Refusal> {
    let (head, body) = Head::read_whole(bytes)?;
    request_of(&head, body, profile)
}

/// What an answer to a message needs to know of it, whether it is a request primitive or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// X-M2M-RI, if it can be read.
    pub request_id: Option<String>,
    /// X-M2M-RVI, if it can be read.
    pub release: Option<Release>,
    /// The first one that Accept names, else that of the body, else JSON.
    pub serialisation: Serialisation,
    /// The sender takes no further answer on this connection.
    pub last: bool,
}

impl Default for Envelope {
    fn default() -> Self {
        Self { request_id: None, release: None, serialisation: Serialisation::Json, last: true }
    }
}

/// Reads a request, and what its answer needs to know: that is there even where the request is refused.
pub fn read_call(bytes: &[u8], profile: &Profile) -> (Envelope, Result<Request, Refusal>) {
    match Head::read_whole(bytes) {
        Ok((head, body)) => (Envelope::of(&head), request_of(&head, body, profile)),
        Err(refusal) => (Envelope::default(), Err(refusal)),
    }
}

impl Envelope {
    fn of(head: &Head<'_>) -> Self {
        let text = |name| {
            let text = head.single(name).ok().flatten().map(str::trim);
            text.filter(|text| {
                (1..=MAX_IDENTIFIER).contains(&text.len()) && !text.contains(char::is_control)
            })
        };
        let names = |name| {
            let values = head.values(name).filter_map(|value| str::from_utf8(value).ok());
            values.flat_map(|text: &str| text.split(','))
        };
        let media =
            |range: &str| Media::from_name(range.split(';').next().unwrap_or_default().trim());
        let media = names("accept").chain(names("content-type")).find_map(media);
        let method = if let First::Request { method, .. } = head.first { method } else { "" };
        Self {
            request_id: text("x-m2m-ri").map(str::to_owned),
            release: text("x-m2m-rvi").and_then(Release::from_text),
            serialisation: media.map_or(Serialisation::Json, |media| media.serialisation),
            last: names("connection").any(|word| word.trim().eq_ignore_ascii_case("close"))
                || method == "HEAD",
        }
    }
}

fn request_of(head: &Head<'_>, body: &[u8], profile: &Profile) -> Result<Request, Refusal> {
    let First::Request { method, target } = head.first else { return Err(Refusal::HttpSyntax) };
    if head.values("host").count() != 1 {
        return Err(Refusal::HttpHost);
    }
    check_accept(head)?;
    let mut collection = Collection::default();
    let (media, ty) = header::content_type(head)?;
    let whole = media.is_some_and(Media::is_primitive);
    read_target(&mut collection, target, whole)?;
    header::read(&mut collection, head, profile)?;
    let created = ty.is_some();
    if let Some(ty) = ty {
        collection.put("ty", ty)?;
    }
    let operation = match method {
        "GET" => Operation::Retrieve,
        "POST" if created => Operation::Create,
        "POST" => Operation::Notify,
        "PUT" => Operation::Update,
        "DELETE" => Operation::Delete,
        _ => return Err(Refusal::Method),
    };
    if whole && method != "POST" {
        return Err(Refusal::Method);
    }
    if !whole {
        collection.put("op", Value::from(u64::from(operation.number())))?;
        collection.check_receiver(operation)?;
    }
    if matches!(method, "GET" | "DELETE") && !body.is_empty() {
        return Err(Refusal::ContentPresence);
    }
    if let Some(payload) = header::body(body, media, profile)? {
        collection.body(payload)?;
    }
    collection.request(profile)
}

/// The client takes an answer in one of our serialisations, or says nothing.
fn check_accept(head: &Head<'_>) -> Result<(), Refusal> {
    let mut asked = false;
    for value in head.values("accept") {
        let text = str::from_utf8(value).map_err(|_| Refusal::HttpHeader)?;
        for range in text.split(',') {
            asked = true;
            let name = range.split(';').next().unwrap_or_default().trim();
            if matches!(name, "*/*" | "application/*") || Media::from_name(name).is_some() {
                return Ok(());
            }
        }
    }
    if asked { Err(Refusal::Accept) } else { Ok(()) }
}

/// The address that a path stands for, without its first slash: `/` for the receiver itself if it is empty.
///
/// # Errors
/// A segment is no part of an address.
pub fn read_path(path: &str) -> Result<String, Refusal> {
    if path.is_empty() {
        return Ok(path::RECEIVER.to_owned());
    }
    let segments: Result<Vec<_>, _> = path.split('/').map(path::percent_decode).collect();
    path::address(segments?.iter().map(String::as_str))
}

/// The path that stands for an address, from its first slash on.
///
/// # Errors
/// The address has a segment that no path can have.
pub fn write_path(address: &str) -> Result<String, Unsendable> {
    let mut output = String::new();
    for segment in path::segments(address)? {
        output.push('/');
        path::percent_encode(segment, &mut output);
    }
    if output.is_empty() {
        output.push('/');
    }
    Ok(output)
}

/// Reads path and query.
fn read_target(collection: &mut Collection, target: &str, whole: bool) -> Result<(), Refusal> {
    let (path, arguments) = match target.split_once('?') {
        Some((path, arguments)) => (path, Some(arguments)),
        None => (target, None),
    };
    let path = path.strip_prefix('/').ok_or(Refusal::Target)?;
    if target.contains('#') {
        return Err(Refusal::Target);
    }
    if !(path.is_empty() && whole) {
        collection.put("to", Value::Text(read_path(path)?))?;
    }
    for argument in arguments.into_iter().flat_map(|arguments| arguments.split('&')) {
        let (name, value) = argument.split_once('=').ok_or(Refusal::Query)?;
        let name = path::percent_decode(name)?;
        let parts: Result<Vec<_>, _> = value.split('+').map(path::percent_decode).collect();
        query::read(collection, &name, &parts?)?;
    }
    Ok(())
}

/// Writes a request to `host` (name and port) as one HTTP message.
///
/// # Errors
/// Names what HTTP cannot carry.
pub fn write_request(
    request: &Request,
    host: &str,
    serialisation: Serialisation,
    _: &Profile,
) -> Result<Vec<u8>, Unsendable> {
    let host_is_sound = host.bytes().all(|byte| byte.is_ascii_graphic()) && !host.is_empty();
    if !host_is_sound {
        return Err(Unsendable::Parameter("host".to_owned()));
    }
    let mut rest = request.to_map();
    for elsewhere in ["op", "to", "ty", "pc"] {
        rest.remove(elsewhere);
    }
    let mut fields = String::new();
    header::write(&mut rest, &mut fields)?;
    let mut arguments = query::write(rest)?;
    let mut content = request.content.as_ref();
    if let Some(asked) = content
        && let Some(argument) = query::attribute_list(&asked.root, &asked.value)
    {
        arguments.push(argument);
        content = None;
    }
    let method = match request.operation {
        Operation::Create | Operation::Notify => "POST",
        Operation::Retrieve => "GET",
        Operation::Update => "PUT",
        Operation::Delete => "DELETE",
    };
    if content.is_some() && matches!(method, "GET" | "DELETE") {
        return Err(Unsendable::Parameter("pc".to_owned()));
    }
    let mut head = format!("{method} ");
    write_target(request, &arguments, &mut head)?;
    let media = Media::plain(serialisation).name();
    head.push_str(&format!(" HTTP/1.1\r\nHost: {host}\r\nAccept: {media}\r\n{fields}"));
    header::finish(head, content, serialisation, request.resource_type)
}

fn write_target(
    request: &Request,
    arguments: &[query::Argument],
    output: &mut String,
) -> Result<(), Unsendable> {
    output.push_str(&write_path(&request.to)?);
    for (index, (name, parts)) in arguments.iter().enumerate() {
        output.push(if index == 0 { '?' } else { '&' });
        path::percent_encode(name, output);
        for (index, part) in parts.iter().enumerate() {
            output.push(if index == 0 { '=' } else { '+' });
            path::percent_encode(part, output);
        }
    }
    if output.len() > crate::wire::limits::MAX_HTTP_LINE / 2 {
        return Err(Unsendable::Target);
    }
    Ok(())
}
