//! `keystorm risk`.

use std::sync::atomic::{AtomicU64, Ordering};

use keystorm::report::risk_text;
use keystorm::run::risk::{Request, RiskError, assess, with_chosen};
use keystorm::scenario::Source;

use super::args::{Format, RiskArguments};
use super::exit::Exit;
use super::progress::{self, Steps};
use super::run::{Place, hinted, run_context, threads};
use super::{load, output};

pub(super) fn risk(arguments: &RiskArguments, format: Format) -> anyhow::Result<Exit> {
    let Some(loaded) = load::scenario(&arguments.scenario, &arguments.words, format)? else {
        return Ok(Exit::Usage);
    };
    let name = format!("{}-risk", loaded.plan.name);
    let place = Place::claim(arguments.out.as_deref(), &name, arguments.force)?;
    progress::listen_saying("stopping: nothing will be written (once more to stop at once)")?;
    let text = load::text(&arguments.scenario)?;
    let source = Source::new(arguments.scenario.display().to_string(), text);
    let request = Request {
        source: &source,
        overrides: &arguments.words.overrides,
        seed: arguments.words.seed,
        budget: arguments.budget,
    };
    let threads = threads(&arguments.pace);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    let steps = Steps::new(&arguments.pace, None);
    let last = AtomicU64::new(0);
    let keep_on = |runs| {
        last.fetch_max(runs, Ordering::Relaxed);
        steps.tell(runs, "risk");
        !progress::is_stopped()
    };
    let assessment = match pool.install(|| assess(&request, &keep_on)) {
        Ok(assessment) => assessment,
        Err(RiskError::Refused { what, report }) => {
            output::talk(&report.render(load::color()));
            anyhow::bail!("the scenario is refused with {what}; nothing was written");
        }
        Err(RiskError::Interrupted) => {
            let done = last.load(Ordering::Relaxed);
            output::talk(&format!("stopped after {done} runs; nothing was written"));
            return Ok(Exit::Interrupted);
        }
        Err(other) => anyhow::bail!(other),
    };
    let (mut folder, started, named) = place.open(&name, "risk")?;
    let context = run_context(started, source.text.clone(), threads);
    let treated = with_chosen(&request, &assessment)?.resolved;
    folder.write_risk(&assessment, &treated, &context).map_err(hinted)?;
    if named {
        folder.name_latest().map_err(hinted)?;
    }
    match format {
        Format::Text => output::result(&risk_text(&assessment, Some(folder.path())))?,
        Format::Json => output::json(&assessment)?,
    }
    Ok(Exit::Held)
}
