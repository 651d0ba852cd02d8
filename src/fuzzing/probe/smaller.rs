//! Smaller cases that may show the same.

use super::case::{Case, Expect};
use super::shot::{Binding, Shot};
use crate::wire::value::{Map, Serialisation, Value, read, write};

/// The case without its `at`th part: first requests of the setup, from the last on, then parts of the request in
/// focus, then members of its body. `None` after the last part; `Some(None)` for one that has to stay.
pub(super) fn candidate(case: &Case, at: usize) -> Option<Option<Case>> {
    let setup = case.setup.len();
    if at < setup {
        // What clears the place stays: else the case would lean on what an earlier one left there.
        let clears =
            case.setup.get(at).is_some_and(|shot| shot.method == "DELETE" || shot.code == 4);
        let mut less = case.clone();
        less.setup.remove(at);
        return Some((!clears).then_some(less));
    }
    let shot = case.shots.get(case.focus)?;
    // One part of two messages that are to mean the same cannot be left out of one.
    if case.expect == Expect::Same {
        return None;
    }
    let at = at - setup;
    if at < shot.parts() {
        return Some(shot.without(at).map(|less| with(case, less)));
    }
    member(shot, at - shot.parts()).map(|body| {
        body.map(|body| {
            let mut less = shot.clone();
            less.set_body(body);
            with(case, less)
        })
    })
}

fn with(case: &Case, shot: Shot) -> Case {
    let mut less = case.clone();
    if let Some(focus) = less.shots.get_mut(case.focus) {
        *focus = shot;
    }
    less
}

/// The body without one member of its content.
fn member(shot: &Shot, at: usize) -> Option<Option<Vec<u8>>> {
    let form = form(shot);
    let map = read(&shot.body, form).ok()?;
    let (root, Value::Map(inner)) = map.single()? else { return None };
    if at >= inner.len() {
        return None;
    }
    let mut less = inner.clone();
    let name = inner.iter().nth(at)?.0.to_owned();
    less.remove(&name);
    Some(write(&Map::of(root.to_owned(), Value::Map(less)), form).ok())
}

/// JSON, unless the shot says CBOR.
fn form(shot: &Shot) -> Serialisation {
    let cbor = match shot.binding {
        Binding::Http => shot.fields.iter().any(|(name, value)| {
            name.eq_ignore_ascii_case("content-type")
                && String::from_utf8_lossy(value).contains("cbor")
        }),
        Binding::Coap => shot.options.iter().any(|(number, value)| {
            *number == 12 && matches!(crate::wire::coap::read_uint(value), Some(60 | 10_010))
        }),
    };
    if cbor { Serialisation::Cbor } else { Serialisation::Json }
}
