//! `keystorm schema`.

use keystorm::report::summary_schema;
use keystorm::scenario;

use super::args::SchemaArguments;
use super::exit::Exit;
use super::output;

pub(super) fn schema(arguments: &SchemaArguments) -> anyhow::Result<Exit> {
    if arguments.summary {
        output::json(&summary_schema())?;
    } else {
        output::json(&scenario::schema())?;
    }
    Ok(Exit::Held)
}
