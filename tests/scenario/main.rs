//! Scenario files: what ships loads, what is wrong is refused in the right place, nothing panics.

mod refused;
mod shipped;
mod unbreakable;
mod words;

use keystorm::scenario::{Diagnostics, Loaded, Source, load};

/// The least scenario that runs.
const LEAST: &str = r#"
[scenario]
duration = "10min"
[class.box.fixed]
hello = "1ms"
[link.wire]
latency = "1ms"
[cse.in]
class = "box"
[fleet.devices]
count = 10
class = "box"
link = "wire"
registrar = "in"
"#;

/// Loads a text with overrides.
fn loaded(text: &str, overrides: &[&str]) -> Result<Loaded, Diagnostics> {
    let overrides: Vec<_> = overrides.iter().map(|text| (*text).to_owned()).collect();
    load(&Source::new("test.toml", text), &overrides, None)
}

/// Loads a text that must be right.
fn good(text: &str, overrides: &[&str]) -> Loaded {
    loaded(text, overrides).unwrap_or_else(|errors| panic!("it must load:\n{errors}"))
}

/// Codes of the errors of a text that must be wrong, in order.
fn codes(text: &str, overrides: &[&str]) -> Vec<&'static str> {
    match loaded(text, overrides) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.iter().map(|error| error.code.as_str()).collect(),
    }
}
