//! `keystorm report`.

use keystorm::report::{read, rebuild, text};

use super::args::{Format, ReportArguments};
use super::exit::Exit;
use super::output;
use super::run::hinted;

pub(super) fn report(arguments: &ReportArguments, format: Format) -> anyhow::Result<Exit> {
    let folder = &arguments.results;
    rebuild(folder).map_err(hinted)?;
    let loaded = read(folder).map_err(hinted)?;
    if !loaded.changed.is_empty() {
        let names = loaded.changed.join(", ");
        output::talk(&format!("warning: not as the run wrote them: {names}"));
    }
    match format {
        Format::Text => output::result(&text(&loaded.data.summary, Some(folder)))?,
        Format::Json => output::json(&loaded.data.summary)?,
    }
    Ok(Exit::Held)
}
