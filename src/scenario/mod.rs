//! What was asked: the words of a scenario file, and the checked [`Plan`] made from them.
//!
//! A file goes through three stages, each of which reports everything that it finds:
//! text to tree (`tree`, with the `--set` overrides put in their places), tree to words (`words`,
//! one
//! struct per table), words to plan (`check`). Each value keeps its place, so that every diagnostic
//! has a caret.

mod check;
mod codes;
mod diagnostics;
pub mod find;
mod metric;
pub mod plan;
mod preset;
mod quantity;
mod resolved;
mod risk;
pub mod scale;
mod schema;
mod source;
pub mod sweep;
mod table;
mod tree;
mod words;

pub(crate) use check::surroundings;
pub use check::{NAME_LEN_MAX, SCENARIO_NAME_LEN_MAX, expectation};
pub use codes::{Code, Explanation, Severity, explain};
pub use diagnostics::{DIAGNOSTICS_MAX, Diagnostic, Diagnostics, Record};
pub(crate) use metric::REQUESTS;
pub use plan::Plan;
pub use preset::{Basis, Figure, Preset, figures, presets};
pub use schema::schema;
pub use source::{SOURCE_LEN_MAX, Source};
pub(crate) use source::{nearest, quote};

use source::Place;
use words::File;

/// Longest question that is kept, in characters.
const QUESTION_CHARS_MAX: usize = 500;

/// A scenario, ready to be run.
#[derive(Clone)]
pub struct Loaded {
    /// What to run.
    pub plan: Plan,
    /// The same as a scenario file with everything written out: loading it alone gives the same
    /// plan.
    pub resolved: String,
    /// What may not mean what was meant.
    pub warnings: Diagnostics,
}

/// Loads a scenario file with its `--set KEY=VALUE` overrides (later ones win) and, if given,
/// another
/// seed.
///
/// # Errors
///
/// Everything that is wrong, in the order of the text, the overrides last. Errors of TOML's syntax
/// hide all others, since the tables could not be told apart.
pub fn load(
    source: &Source,
    overrides: &[String],
    seed: Option<u64>,
) -> Result<Loaded, Diagnostics> {
    load_labelled(source, &sweep::labelled("--set", overrides), seed)
}

/// The same with overrides that come from several places, each with the name of its own.
fn load_labelled(
    source: &Source,
    overrides: &[Source],
    seed: Option<u64>,
) -> Result<Loaded, Diagnostics> {
    let mut report = Diagnostics::new(diagnostics::sources(source, overrides));
    let plan = read(source, overrides, &mut report);
    report.sort();
    let (errors, warnings) = report.split_warnings();
    let Some(mut plan) = plan.filter(|_| errors.is_empty()) else { return Err(errors) };
    plan.seed = seed.unwrap_or(plan.seed);
    let resolved = resolved::resolved(&plan);
    Ok(Loaded { plan, resolved, warnings })
}

fn read(source: &Source, overrides: &[Source], report: &mut Diagnostics) -> Option<Plan> {
    let overrides_len: usize = overrides.iter().map(|each| each.text.len()).sum();
    if source.text.len() > SOURCE_LEN_MAX || overrides_len > SOURCE_LEN_MAX {
        let message = format!("the text is longer than {SOURCE_LEN_MAX} bytes");
        report.add(Code::TooLarge, Place::default(), message);
        return None;
    }
    let mut entries = tree_of(source, overrides, report)?;
    tree::switch_off(&mut entries, report);
    let file: File = table::read_table(&entries, Place::default(), report);
    sweep::of_file(&file, &entries, report);
    let name = std::path::Path::new(&source.name).file_stem();
    let name = name.map(|name| name.to_string_lossy()).unwrap_or_default();
    check::check(&file, question(&source.text), &name, report)
}

/// The tree of a file with its overrides in their places; `None` if the file is no TOML.
fn tree_of(
    source: &Source,
    overrides: &[Source],
    report: &mut Diagnostics,
) -> Option<tree::Entries> {
    let mut entries = tree::parse_file(&source.text, report);
    if !report.is_empty() {
        return None;
    }
    for (index, each) in overrides.iter().enumerate() {
        tree::set(&mut entries, &each.text, index + 1, report);
    }
    Some(entries)
}

/// The comment that begins with `Question:`, to the end of its paragraph.
fn question(text: &str) -> Option<String> {
    let mut comments = text
        .lines()
        .take_while(|line| line.starts_with('#') || line.trim().is_empty())
        .map(|line| line.trim_start_matches('#').trim());
    let first = comments.find_map(|line| line.strip_prefix("Question:"))?;
    let words = std::iter::once(first)
        .chain(comments.take_while(|line| !line.is_empty()))
        .flat_map(str::split_whitespace)
        .collect::<Vec<_>>()
        .join(" ");
    let cut: String = words.chars().take(QUESTION_CHARS_MAX).collect();
    let cut = cut.trim_end();
    (!cut.is_empty()).then(|| cut.to_owned())
}
