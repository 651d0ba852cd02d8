//! `keystorm validate`.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context as _;
use keystorm::report::validation::{headline, text, write};
use keystorm::run::validation::{TABLES, runs, validate as run};

use super::args::{Format, ValidateArguments};
use super::exit::Exit;
use super::output;
use super::progress::{self, Steps};
use super::run::{hinted, threads};

/// Where results go unless told otherwise.
const RESULTS: &str = "results/validation";

pub(super) fn validate(arguments: &ValidateArguments, format: Format) -> anyhow::Result<Exit> {
    for table in &arguments.tables {
        let known = TABLES.iter().any(|(name, _)| name == table);
        let names = TABLES.map(|(name, _)| name).join(", ");
        anyhow::ensure!(known, "there is no table {table:?}\n  hint: they are {names}");
    }
    // A part of the tables does not take the place of the whole, unless told so.
    let whole = arguments.tables.is_empty().then(|| PathBuf::from(RESULTS));
    let folder = arguments.out.clone().or(whole);
    if let Some(folder) = &folder {
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot write results to {}", folder.display()))?;
    }
    progress::listen_saying("stopping: nothing will be written (once more to stop at once)")?;
    let steps = Steps::new(&arguments.pace, Some(runs(&arguments.tables)));
    let done = AtomicU64::new(0);
    let validation = run(&arguments.tables, threads(&arguments.pace), &|| {
        steps.tell(done.fetch_add(1, Ordering::Relaxed) + 1, "validation");
        !progress::is_stopped()
    });
    steps.finish();
    let folder = folder.filter(|_| !validation.is_partial);
    if let Some(folder) = &folder {
        write(folder, &validation).map_err(hinted)?;
    }
    match format {
        Format::Json => output::json(&validation.rows)?,
        Format::Text => {
            let took = keystorm::report::time(validation.wall_s);
            let place = folder.map(|folder| format!("results  {}\n", folder.display()));
            let place = place.unwrap_or_default();
            output::result(&format!("{}\ntook     {took}\n{place}", text(&validation)))?;
        }
    }
    if validation.is_partial {
        output::talk(&headline(&validation));
        return Ok(Exit::Interrupted);
    }
    let holds = validation.rows.iter().all(|row| row.holds);
    Ok(if holds { Exit::Held } else { Exit::Failed })
}
