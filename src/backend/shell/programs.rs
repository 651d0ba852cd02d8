//! The programs of a [`World`]: what each does with its arguments and its input.

use super::run::Output;
use super::{Notification, Sent, World};

/// Runs a program. None if there is none of that name.
pub(super) fn run(world: &mut World, words: &[String], input: &[u8]) -> Option<Output> {
    let (name, arguments) = words.split_first()?;
    let name = name.rsplit('/').next().unwrap_or(name);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let output = match name {
        "notify" => notify(world, &arguments),
        "echo" => Output::fine(format!("{}\n", arguments.join(" ")).into_bytes()),
        "cat" => cat(world, &arguments, input),
        "rm" => remove(world, &arguments),
        "curl" | "wget" => fetch(world, &arguments, input),
        "nc" => send(world, arguments.first().copied().unwrap_or_default(), input.to_vec()),
        "id" => Output::fine(b"uid=1000(application)\n".to_vec()),
        "true" | ":" | "sleep" | "export" => Output::fine(Vec::new()),
        "false" | "exit" => Output::failed(""),
        "sh" | "bash" => return None,
        _ => return None,
    };
    world.ran.push(name.to_owned());
    Some(output)
}

/// Tells the operator. An option attaches a file, which is what makes a text that begins with a hyphen
/// dangerous even where no shell reads it; `--` ends the options.
fn notify(world: &mut World, arguments: &[&str]) -> Output {
    let mut told = Notification { words: Vec::new(), attached: Vec::new() };
    let mut arguments = arguments.iter();
    let mut are_options = true;
    while let Some(argument) = arguments.next() {
        let file = match argument.strip_prefix("--attach") {
            _ if !are_options => None,
            Some("") => arguments.next().copied(),
            Some(rest) => rest.strip_prefix('='),
            None => None,
        };
        match (file, *argument) {
            (Some(file), _) => match world.files.get(file) {
                Some(bytes) => told.attached.extend_from_slice(bytes),
                None => return Output::failed("notify: no such file\n"),
            },
            (None, "--") if are_options => are_options = false,
            (None, option) if are_options && option.starts_with('-') => {
                return Output::failed("notify: unknown option\n");
            }
            (None, word) => told.words.push(word.to_owned()),
        }
    }
    let bytes = told.attached.clone();
    world.notifications.push(told);
    Output::fine(bytes)
}

fn cat(world: &World, names: &[&str], input: &[u8]) -> Output {
    if names.is_empty() {
        return Output::fine(input.to_vec());
    }
    let mut output = Output::fine(Vec::new());
    for name in names {
        match world.files.get(*name) {
            Some(bytes) => output.bytes.extend_from_slice(bytes),
            None => output.status = 1,
        }
    }
    output
}

fn remove(world: &mut World, names: &[&str]) -> Output {
    let mut output = Output::fine(Vec::new());
    for name in names.iter().filter(|name| !name.starts_with('-')) {
        if world.files.remove(*name).is_none() {
            output.status = 1;
        }
    }
    output
}

/// A request to the host of a URL: its path and query, then the data of `-d`, then the input.
fn fetch(world: &mut World, arguments: &[&str], input: &[u8]) -> Output {
    let url = arguments.iter().find_map(|argument| argument.split_once("://"));
    let Some((_, rest)) = url else { return Output::failed("no URL\n") };
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let mut bytes = path.as_bytes().to_vec();
    let data = arguments.iter().skip_while(|argument| **argument != "-d").nth(1);
    match data.map(|data| data.strip_prefix('@').ok_or(data)) {
        Some(Ok("-")) => bytes.extend_from_slice(input),
        Some(Ok(file)) => bytes.extend(world.files.get(file).into_iter().flatten()),
        Some(Err(data)) => bytes.extend_from_slice(data.as_bytes()),
        None => {}
    }
    let host = host.to_owned();
    send(world, &host, bytes)
}

fn send(world: &mut World, host: &str, bytes: Vec<u8>) -> Output {
    if host.is_empty() || !world.admit(bytes.len()) {
        return Output::failed("cannot connect\n");
    }
    world.sent.push(Sent { host: host.to_owned(), bytes });
    Output::fine(Vec::new())
}
