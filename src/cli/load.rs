//! Reads scenario files.

use std::fs::File;
use std::io::{IsTerminal as _, Read as _};
use std::path::Path;

use anyhow::{Context as _, bail};
use keystorm::run::risk::{Request, treated as treat};
use keystorm::scenario::{self, Diagnostics, Loaded, SOURCE_LEN_MAX, Source};

use super::args::{Format, ScenarioArguments};
use super::{output, progress};

/// Reads and checks a scenario. `None`: it is refused, and everything that is wrong was said.
pub(super) fn scenario(
    path: &Path,
    words: &ScenarioArguments,
    format: Format,
) -> anyhow::Result<Option<Loaded>> {
    let text = text(path)?;
    let source = Source::new(path.display().to_string(), text);
    match scenario::load(&source, &words.overrides, words.seed) {
        Ok(loaded) => {
            if !loaded.warnings.is_empty() {
                output::talk(&loaded.warnings.render(color()));
            }
            Ok(Some(loaded))
        }
        Err(refused) => {
            refuse(&refused, &path.display().to_string(), format)?;
            Ok(None)
        }
    }
}

/// The same with the treatments that its own assessment chooses, where it says so.
pub(super) fn treated(
    path: &Path,
    words: &ScenarioArguments,
    format: Format,
) -> anyhow::Result<Option<Loaded>> {
    let Some(loaded) = scenario(path, words, format)? else { return Ok(None) };
    if !loaded.plan.risk.is_treated {
        return Ok(Some(loaded));
    }
    let source = Source::new(path.display().to_string(), text(path)?);
    let (overrides, seed) = (words.overrides.as_slice(), words.seed);
    let request = Request { source: &source, overrides, seed, budget: None };
    Ok(Some(treat(&request, &|_| !progress::is_stopped())?))
}

/// Says everything that is wrong with what was asked of the scenario `name`.
pub(super) fn refuse(refused: &Diagnostics, name: &str, format: Format) -> anyhow::Result<()> {
    output::talk(&refused.render(color()));
    let count = refused.len();
    let plural = if count == 1 { "" } else { "s" };
    output::talk(&format!("{count} error{plural} in {name}; nothing was run"));
    if format == Format::Json {
        output::json(&serde_json::json!({ "errors": refused.records() }))?;
    }
    Ok(())
}

/// The text of a file, if it is one of a bearable size.
pub(super) fn text(path: &Path) -> anyhow::Result<String> {
    let shown = path.display();
    if path.is_dir() {
        bail!("{shown} is a folder; a scenario is a TOML file, such as scenarios/quickstart.toml");
    }
    let file = File::open(path).with_context(|| format!("cannot read the scenario {shown}"))?;
    let mut bytes = Vec::new();
    let limit = SOURCE_LEN_MAX as u64 + 1;
    file.take(limit).read_to_end(&mut bytes).with_context(|| format!("cannot read {shown}"))?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        anyhow::anyhow!("{shown} is not UTF-8 text: byte {at} is the first that cannot be read")
    })
}

/// Colours are for terminals whose user has not declined them.
pub(super) fn color() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}
