//! A campaign as files: state, text, page, table, JUnit, SARIF.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;

use super::{Campaign, Finding, Progress, page};
use crate::fuzzing::{Oracle, targets};
use crate::report::junit::{Case, Failure, junit};
use crate::report::sarif::{Found, Level, Rule, sarif};
use crate::report::{count, time};

/// The file that a campaign goes on from.
const STATE: &str = "state.json";
/// Bytes of it, at most.
const STATE_MAX: u64 = 64 << 20;

/// Reads the campaign in a folder; `None` if there is none.
///
/// # Errors
/// If the file cannot be read or is no campaign.
pub fn read(folder: &Path) -> io::Result<Option<Campaign>> {
    let path = folder.join(STATE);
    match fs::metadata(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
        Ok(facts) if facts.len() > STATE_MAX => {
            let text = format!("{} has more than {STATE_MAX} bytes", path.display());
            return Err(io::Error::new(io::ErrorKind::InvalidData, text));
        }
        Ok(_) => {}
    }
    let wrong =
        |error| io::Error::new(io::ErrorKind::InvalidData, format!("{}: {error}", path.display()));
    serde_json::from_slice(&fs::read(&path)?).map(Some).map_err(wrong)
}

/// Writes everything anew; the state last, and never half.
///
/// # Errors
/// If a file cannot be written.
pub fn write(folder: &Path, campaign: &Campaign) -> io::Result<()> {
    let inputs = folder.join("findings");
    fs::create_dir_all(&inputs)?;
    let place = folder.display().to_string();
    for finding in &campaign.findings {
        fs::write(inputs.join(format!("{}.bin", finding.id)), finding.bytes())?;
    }
    fs::write(folder.join("summary.txt"), text(campaign, &place))?;
    fs::write(folder.join("results.csv"), csv(campaign)?)?;
    let suite = junit("keystorm fuzz", campaign.spent_s(), &cases(campaign, &place))?;
    fs::write(folder.join("junit.xml"), suite)?;
    let sarif = sarif("fuzz", &rules(), &found(campaign, &place));
    fs::write(folder.join("findings.sarif"), format!("{sarif:#}\n"))?;
    let html = page::page(campaign, &place).map_err(io::Error::other)?;
    fs::write(folder.join("report.html"), html)?;
    let half = folder.join("state.json.new");
    fs::write(&half, serde_json::to_vec(campaign)?)?;
    fs::rename(half, folder.join(STATE))
}

/// How to see a finding again.
pub(super) fn command(finding: &Finding, folder: &str) -> String {
    format!("keystorm fuzz run {} --input {folder}/findings/{}.bin", finding.target, finding.id)
}

pub(super) fn headline(campaign: &Campaign) -> String {
    let news = campaign.news().count();
    let found = match news {
        0 => "no new finding".to_owned(),
        1 => "1 new finding".to_owned(),
        n => format!("{n} new findings"),
    };
    let executions: u64 = campaign.targets.values().map(|it| it.executions).sum();
    let deaf =
        if campaign.is_deaf() { " (the canary was not found: this proves nothing)" } else { "" };
    let partial = if campaign.is_complete { "" } else { ", not complete" };
    format!(
        "fuzzing: {found}{deaf} in {} executions over {}{partial}",
        count(executions),
        time(campaign.spent_s())
    )
}

pub(super) fn setting(campaign: &Campaign) -> String {
    let Campaign { keystorm, engine, started, machine, seed, .. } = campaign;
    format!("keystorm {keystorm}, engine {engine}, seed {seed}, begun {started}, {machine}")
}

pub(super) fn note(campaign: &Campaign) -> &'static str {
    if campaign.engine == "libfuzzer" {
        "Edges are those that libFuzzer counts, with the address sanitiser."
    } else {
        "A behaviour is what a target says of an input without its numbers; the built-in engine has no instrumentation."
    }
}

/// Whether it still learned something.
pub(super) fn plateau(campaign: &Campaign) -> String {
    const LATE: f64 = 0.9;
    let late = campaign.targets.iter().filter(|(_, it)| it.newest_s > LATE * it.processor_s);
    let names: Vec<&str> = late.map(|(name, _)| name.as_str()).collect();
    if names.is_empty() {
        "No target saw anything new in the last tenth of its time.".to_owned()
    } else {
        format!("Still new in the last tenth of their time: {}.", names.join(", "))
    }
}

/// The targets that did not run.
pub(super) fn missing(campaign: &Campaign) -> String {
    let left = targets().iter().filter(|target| !campaign.targets.contains_key(target.name));
    let names: Vec<&str> = left.map(|target| target.name).collect();
    if names.is_empty() { "All targets ran.".to_owned() } else { names.join(", ") }
}

/// A short text for the morning.
#[must_use]
pub fn text(campaign: &Campaign, folder: &str) -> String {
    let mut out = format!("{}\n{}\n\n", headline(campaign), setting(campaign));
    for finding in &campaign.findings {
        let known = if finding.is_canary() {
            "canary"
        } else if finding.is_known {
            "known"
        } else {
            "NEW"
        };
        let Finding { id, target, oracle, place, detail, .. } = finding;
        let detail: String = detail.chars().take(200).collect();
        let _ = writeln!(out, "{known} {target}: {oracle}: {place} [{id}]\n    {detail}");
        let _ = writeln!(out, "    {}", command(finding, folder));
    }
    let _ = writeln!(
        out,
        "\n{:16} {:>12} {:>9} {:>9} {:>7} {:>7} {:>9} {:>7} {:>6} {:>8}",
        "target",
        "executions",
        "exec/s",
        "cpu s",
        "start",
        "end",
        "newest s",
        "corpus",
        "deaths",
        "findings"
    );
    for (name, it) in &campaign.targets {
        let found = campaign.findings.iter().filter(|finding| finding.target == *name).count();
        let _ = writeln!(
            out,
            "{name:16} {:>12} {:>9.0} {:>9.1} {:>7} {:>7} {:>9.1} {:>7} {:>6} {found:>8}",
            it.executions,
            it.speed(),
            it.processor_s,
            it.edges_start,
            it.edges_end,
            it.newest_s,
            it.corpus,
            it.deaths
        );
    }
    let _ = writeln!(
        out,
        "\n{} {}\nNot fuzzed: {}",
        plateau(campaign),
        note(campaign),
        missing(campaign)
    );
    out
}

/// The columns of ProFuzzBench's `results.csv`, and executions.
fn csv(campaign: &Campaign) -> io::Result<Vec<u8>> {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(["time", "subject", "fuzzer", "run", "cov_type", "cov", "executions"])?;
    let kind = if campaign.engine == "libfuzzer" { "edges" } else { "behaviours" };
    for (name, it) in &campaign.targets {
        for point in &it.points {
            let [time, edges, executions] = [
                format!("{:.1}", point.time_s),
                point.edges.to_string(),
                point.executions.to_string(),
            ];
            out.write_record([&time, name, &campaign.engine, "1", kind, &edges, &executions])?;
        }
    }
    out.into_inner().map_err(|error| error.into_error())
}

/// JUnit: each target is a test.
fn cases(campaign: &Campaign, folder: &str) -> Vec<Case> {
    let case = |(name, it): (&String, &Progress)| {
        let own: Vec<&Finding> = campaign
            .findings
            .iter()
            .filter(|finding| finding.target == *name && !finding.is_canary())
            .collect();
        let detail = |finding: &&Finding| {
            let Finding { oracle, place, detail, .. } = finding;
            format!("{oracle}: {place}: {detail}\n{}\n", command(finding, folder))
        };
        let message = own.first().map(|first| match own.len() {
            1 => format!("{}: {}", first.oracle, first.place),
            n => format!("{n} findings, the first {}: {}", first.oracle, first.place),
        });
        let detail = own.iter().map(detail).collect();
        Case {
            class: "fuzz".to_owned(),
            name: name.clone(),
            time_s: Some(it.processor_s),
            failure: message.map(|message| Failure { message, detail }),
        }
    };
    campaign.targets.iter().map(case).collect()
}

/// The oracles as rules.
fn rules() -> Vec<Rule> {
    let rule = |oracle: Oracle| Rule {
        id: oracle.name().to_owned(),
        text: oracle.meaning().to_owned(),
        level: Level::Error,
    };
    Oracle::ALL.into_iter().filter(|oracle| *oracle != Oracle::Canary).map(rule).collect()
}

fn found(campaign: &Campaign, folder: &str) -> Vec<Found> {
    let findings = campaign.findings.iter().filter(|finding| !finding.is_canary());
    findings
        .map(|finding| {
            let Finding { id, target, oracle, place, detail, is_known, .. } = finding;
            let source = place.split(' ').next().filter(|it| it.ends_with(".rs"));
            Found {
                rule: oracle.clone(),
                level: Level::Error,
                text: format!("{place}: {detail}\n{}", command(finding, folder)),
                uri: source.map_or_else(|| format!("fuzz/fuzz_targets/{target}.rs"), str::to_owned),
                fingerprint: id.clone(),
                is_known: Some(*is_known),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzzing::Violation;

    fn campaign() -> Campaign {
        let mut campaign = Campaign { engine: "builtin".to_owned(), ..Campaign::default() };
        campaign.targets.insert("coap".to_owned(), Progress::default());
        let violation =
            Violation::new(Oracle::Panic, "src/wire/<a>.rs index", "line 1: \"x\" & <script>");
        campaign.keep(Finding::new("coap", &violation, b"abc"));
        campaign
    }

    #[test]
    fn what_is_written_is_read_again_and_hostile_texts_are_escaped() {
        let folder = std::env::temp_dir().join(format!("keystorm-campaign-{}", std::process::id()));
        write(&folder, &campaign()).unwrap();
        assert_eq!(read(&folder).unwrap(), Some(campaign()));
        let file = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
        for name in ["report.html", "junit.xml"] {
            assert!(!file(name).contains("<script>"), "{name}");
        }
        let sarif: serde_json::Value = serde_json::from_str(&file("findings.sarif")).unwrap();
        assert_eq!(sarif["runs"][0]["results"][0]["baselineState"], "new");
        let id = &campaign().findings[0].id;
        assert_eq!(fs::read(folder.join(format!("findings/{id}.bin"))).unwrap(), b"abc");
        assert!(file("summary.txt").contains("keystorm fuzz run coap --input"));
        fs::write(folder.join(STATE), "{").unwrap();
        assert!(read(&folder).unwrap_err().to_string().contains("state.json"));
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_campaign_without_its_canary_says_so() {
        let mut campaign = campaign();
        assert!(!campaign.is_deaf());
        campaign.targets.insert("canary".to_owned(), Progress::default());
        assert!(campaign.is_deaf() && headline(&campaign).contains("canary"));
    }
}
