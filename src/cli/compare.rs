//! `keystorm compare`.

use keystorm::report::compare::{compare as compare_results, json, text};

use super::args::{CompareArguments, Format};
use super::exit::Exit;
use super::output;
use super::run::hinted;

pub(super) fn compare(arguments: &CompareArguments, format: Format) -> anyhow::Result<Exit> {
    let comparison = compare_results(&arguments.a, &arguments.b).map_err(hinted)?;
    match format {
        Format::Text => output::result(&text(&comparison))?,
        Format::Json => output::json(&json(&comparison))?,
    }
    Ok(Exit::Held)
}
