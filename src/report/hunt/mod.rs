//! What a hunt says: a sentence, tables, a file for each finding, and the journal that lets it go on.

mod journal;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

pub use journal::Journal;

use super::error::FolderError;
use super::folder::{json, put};
use super::words::{count, tame};
use crate::run::hunt::{Finding, Note};

/// Seeds of a finding that the text shows.
const SEEDS_SHOWN: usize = 5;

/// A hunt and what came of it.
#[derive(Clone, Debug, Serialize)]
pub struct Hunted {
    /// The base, as the command line names it.
    pub scenario: String,
    /// What the command line set in it.
    pub set: Vec<String>,
    /// What must hold.
    pub holds: Vec<String>,
    /// The first seed and the last that was run.
    pub seeds: Option<(u64, u64)>,
    /// Runs.
    pub runs: u64,
    /// Of these, such as broke something.
    pub broken_runs: u64,
    /// Seeds whose draw is no scenario: not run.
    pub refused: u64,
    /// One figure over the digests of all runs, in the order of their seeds.
    pub digest: String,
    /// In how many runs each attack and each fault was.
    pub drawn: BTreeMap<String, u64>,
    /// What was found.
    pub findings: Vec<Finding>,
    /// It was stopped by somebody.
    pub is_partial: bool,
}

impl Hunted {
    /// Puts the notes of a hunt together.
    #[must_use]
    pub fn of(scenario: String, set: Vec<String>, holds: Vec<String>, notes: &[Note]) -> Self {
        let seeds = notes.first().zip(notes.last()).map(|(first, last)| (first.seed, last.seed));
        let mut sum = Sha256::new();
        for note in notes {
            sum.update(note.seed.to_le_bytes());
            sum.update(note.digest.as_deref().unwrap_or_default());
        }
        let all = |is_meant: &dyn Fn(&Note) -> bool| {
            notes.iter().filter(|note| is_meant(note)).count() as u64
        };
        Self {
            scenario,
            set,
            holds,
            seeds,
            runs: all(&|note| note.digest.is_some()),
            broken_runs: all(&|note| !note.broken.is_empty()),
            refused: all(&|note| note.digest.is_none()),
            digest: sum.finalize().iter().map(|byte| format!("{byte:02x}")).collect(),
            drawn: BTreeMap::new(),
            findings: Vec::new(),
            is_partial: false,
        }
    }

    /// The answer in a sentence.
    #[must_use]
    pub fn headline(&self) -> String {
        let runs = format!("{} runs", count(self.runs));
        let stopped = if self.is_partial { "Stopped: " } else { "" };
        match self.findings.as_slice() {
            [] => format!("{stopped}nothing broke in {runs}: {} held.", self.holds.join(", ")),
            [first, rest @ ..] => {
                let by = by(first);
                let more = match rest.len() {
                    0 => String::new(),
                    n => format!(", and {n} more"),
                };
                let broken = count(self.broken_runs);
                format!(
                    "{stopped}{broken} of {runs} broke what must hold: {} {by}{more}.",
                    first.what_holds
                )
            }
        }
    }
}

/// By what a finding comes about.
fn by(finding: &Finding) -> String {
    if finding.mechanisms.is_empty() {
        return "without anything that was drawn".to_owned();
    }
    format!("with {}", finding.mechanisms.join(" and "))
}

/// The hunt for people; findings are in `place`.
#[must_use]
pub fn text(hunted: &Hunted, place: &Path) -> String {
    let mut out = capitalised(&hunted.headline());
    out.push('\n');
    for finding in &hunted.findings {
        let Finding { what_holds, what, nodes, seeds, runs, .. } = finding;
        let shown: Vec<String> = seeds.iter().take(SEEDS_SHOWN).map(u64::to_string).collect();
        let more = if seeds.len() > SEEDS_SHOWN { ", ..." } else { "" };
        let (many, seeds) = (count(seeds.len() as u64), shown.join(", "));
        let _ = writeln!(out, "\n{what_holds} {}: {}", by(finding), tame(what, 200));
        let _ = writeln!(out, "  small    {nodes} nodes, after {runs} runs");
        let _ = writeln!(out, "  seeds    {many}: {seeds}{more}");
        let _ = writeln!(out, "  repeat   {}", command(finding, place));
    }
    let _ = writeln!(out, "\nscenario   {}", tame(&hunted.scenario, 200));
    if let Some((first, last)) = hunted.seeds {
        let _ = writeln!(out, "seeds      {first} to {last}");
    }
    let _ =
        writeln!(out, "runs       {}, {} draws refused", count(hunted.runs), count(hunted.refused));
    let _ = writeln!(out, "digest     {}", hunted.digest);
    let drawn = hunted.drawn.iter().map(|(word, runs)| format!("{word} {}", count(*runs)));
    let _ = writeln!(out, "drawn in   {}", drawn.collect::<Vec<_>>().join(", "));
    let _ = writeln!(out, "results    {}", place.display());
    out
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_uppercase().collect::<String>());
    first.unwrap_or_default() + chars.as_str()
}

/// The command that repeats a finding.
#[must_use]
pub fn command(finding: &Finding, place: &Path) -> String {
    format!("keystorm run {}", place.join(file_name(finding)).display())
}

fn file_name(finding: &Finding) -> String {
    format!("findings/{}.toml", finding.name())
}

/// Writes `hunt.txt`, `hunt.json` and a scenario for each finding into `folder`.
///
/// # Errors
/// If a file cannot be written.
pub fn write(folder: &Path, hunted: &Hunted) -> Result<(), FolderError> {
    for finding in &hunted.findings {
        let text = scenario(hunted, finding, folder);
        put(folder, &file_name(finding), text.as_bytes())?;
    }
    put(folder, "hunt.json", &json("hunt.json", hunted)?)?;
    put(folder, "hunt.txt", text(hunted, folder).as_bytes())
}

/// A finding as a scenario file.
fn scenario(hunted: &Hunted, finding: &Finding, folder: &Path) -> String {
    let Finding { what_holds, what, seed, runs, digest, scenario, .. } = finding;
    let set: Vec<String> = hunted.set.iter().map(|set| format!(" --set '{set}'")).collect();
    let base = format!("{}{}", hunted.scenario, set.concat());
    format!(
        "# Question: why does {what_holds} not hold here, {}?\n#\n# {}\n#\n# Found by keystorm hunt {} at seed \
         {seed}, made small in {runs} runs.\n# It does so again, with the digest {digest}:\n#   {}\n\n{scenario}",
        by(finding),
        tame(what, 200),
        tame(&base, 400),
        command(finding, folder),
    )
}
