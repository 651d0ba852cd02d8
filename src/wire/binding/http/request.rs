//! Requests in HTTP.

use super::super::collection::Collection;
use super::super::{Media, Refusal, Unsendable, path, query};
use super::head::{First, Head};
use super::header;
use crate::wire::primitive::{Operation, Profile, Request};
use crate::wire::value::{Serialisation, Value};

/// Reads the request out of one HTTP message.
///
/// # Errors
/// Names why the bytes are no request primitive.
pub fn read_request(bytes: &[u8], profile: &Profile) -> Result<Request, Refusal> {
    let (head, body) = Head::read_whole(bytes)?;
    let First::Request { method, target } = head.first else { return Err(Refusal::HttpSyntax) };
    if head.values("host").count() != 1 {
        return Err(Refusal::HttpHost);
    }
    check_accept(&head)?;
    let mut collection = Collection::default();
    let (media, ty) = header::content_type(&head)?;
    let whole = media.is_some_and(Media::is_primitive);
    read_target(&mut collection, target, whole)?;
    header::read(&mut collection, &head, profile)?;
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
    if path.is_empty() && !whole {
        collection.put("to", Value::from(path::RECEIVER))?;
    } else if !path.is_empty() {
        let segments: Result<Vec<_>, _> = path.split('/').map(path::percent_decode).collect();
        let to = path::address(segments?.iter().map(String::as_str))?;
        collection.put("to", Value::Text(to))?;
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
    let segments = path::segments(&request.to)?;
    if segments.is_empty() {
        output.push('/');
    }
    for segment in segments {
        output.push('/');
        path::percent_encode(segment, output);
    }
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
