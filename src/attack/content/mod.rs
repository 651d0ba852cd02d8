//! Hostile content: textbook payloads as data, with what varies drawn from the attacker's own stream.
//!
//! An attacker knows what anybody knows of such systems: the usual names of tables, files and elements, and
//! how pages and parsers are commonly written. It does not look.

mod bytes;
mod family;
mod markup;
mod query;

pub use bytes::{Overrun, bytes};
pub use family::Family;
pub use markup::{Place, markup};
pub use query::{Injection, injection};

use crate::sim::Draws;

/// One of several, evenly.
fn one_of<'a, T: ?Sized>(draws: &mut Draws<'_>, all: &[&'a T]) -> Option<&'a T> {
    let at = usize::try_from(draws.below(all.len() as u64)).ok()?;
    all.get(at).copied()
}

/// The template with `{host}` replaced, and `{n}` by a number that no honest row has.
fn fill(template: &str, host: &str, draws: &mut Draws<'_>) -> String {
    let number = 9_000 + draws.below(1_000);
    template.replace("{host}", host).replace("{n}", &number.to_string())
}

#[cfg(test)]
mod tests;
