//! The results folder of a campaign: the answer first, then each finding with what repeats it.

use std::fs;

use serde_json::{Value, json};

use super::finding::{Ended, Finding, Outcome};
use super::oracle::{Oracle, Severity};
use super::reproduce::Script;
use super::shot::Binding;
use crate::report::junit::{Case, Failure, junit};
use crate::report::sarif::{Found, Level, Rule, sarif};
use crate::report::{Context, Folder, FolderError, count, exchange_capture};

/// The folder of what repeats the findings, in the results folder.
const FINDINGS: &str = "findings";
/// Findings that the text lists.
const LISTED_MAX: usize = 40;

impl Outcome {
    /// The answer in a sentence.
    #[must_use]
    pub fn headline(&self) -> String {
        let what = match self.findings.len() {
            0 => "no finding".to_owned(),
            1 => "1 finding".to_owned(),
            n => format!("{n} findings"),
        };
        let worst = self.findings.iter().map(|finding| finding.signature.oracle.severity()).max();
        let worst = worst.map_or_else(String::new, |worst| format!(", the worst {}", worst.name()));
        let end = match self.ended {
            Ended::Done => "",
            Ended::Stopped => "; stopped early",
            Ended::Gone => "; the target is gone",
        };
        let places: Vec<String> = self
            .targets
            .iter()
            .map(|target| format!("{}://{}", target.binding.word(), target.at))
            .collect();
        format!(
            "{}: {what}{worst} in {} requests to {}{end}.",
            self.verdict(),
            count(self.sent),
            places.join(" and ")
        )
    }

    /// `Held`, `Failed` or `Interrupted`.
    #[must_use]
    pub const fn verdict(&self) -> &'static str {
        match (self.ended, self.findings.is_empty()) {
            (Ended::Stopped, _) => "Interrupted",
            (_, true) => "Held",
            (_, false) => "Failed",
        }
    }

    /// The findings, the worst first.
    fn ranked(&self) -> Vec<&Finding> {
        let mut findings: Vec<&Finding> = self.findings.iter().collect();
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.signature.oracle.severity()));
        findings
    }

    /// Findings by rule.
    #[must_use]
    pub fn by_oracle(&self) -> Vec<(Oracle, usize)> {
        let of =
            |oracle| self.findings.iter().filter(|found| found.signature.oracle == oracle).count();
        Oracle::ALL.into_iter().map(|oracle| (oracle, of(oracle))).filter(|(_, n)| *n > 0).collect()
    }

    /// What `summary.json` says.
    #[must_use]
    pub fn summary(&self) -> Value {
        let usage = self.usage.map(|[first, peak, last]| {
            json!({
                "memory_first_bytes": first.memory,
                "memory_peak_bytes": peak.memory,
                "memory_last_bytes": last.memory,
                "cpu_s": (last.cpu - first.cpu).max(0.0),
            })
        });
        let [p50, p99, max] = self.latency;
        let targets: Vec<String> = self.targets.iter().map(place).collect();
        let by_oracle: serde_json::Map<_, _> = self
            .by_oracle()
            .into_iter()
            .map(|(oracle, n)| (oracle.name().to_owned(), json!(n)))
            .collect();
        json!({
            "keystorm": env!("CARGO_PKG_VERSION"),
            "probe": targets,
            "seed": self.seed,
            "verdict": self.verdict().to_lowercase(),
            "answer": self.headline(),
            "wall_s": self.seconds,
            "requests": self.sent,
            "sound_requests": self.sound,
            "sound_findings": self.sound_findings,
            "findings": self.findings.len(),
            "by_oracle": by_oracle,
            "not_repeated": self.not_repeated,
            "cases": self.cases,
            "answers": self.answers.iter().map(|(rsc, n)| (rsc.to_string(), json!(n)))
                .collect::<serde_json::Map<_, _>>(),
            "latency_s": { "p50": p50, "p99": p99, "max": max },
            "target": usage,
            "types": self.types,
            "types_not_made": self.without,
        })
    }
}

fn place(target: &super::setting::Target) -> String {
    format!("{}://{}/{}", target.binding.word(), target.at, target.base)
}

/// The text for people.
#[must_use]
pub fn summary_text(outcome: &Outcome, folder: Option<&std::path::Path>) -> String {
    let [p50, p99, max] = outcome.latency.map(crate::report::time);
    let mut text = format!("{}\n\n", outcome.headline());
    let mut row = |name: &str, value: String| text.push_str(&format!("{name:<14}{value}\n"));
    row(
        "requests",
        format!(
            "{} in {} ({:.0}/s), seed {}",
            count(outcome.sent),
            crate::report::time(outcome.seconds),
            outcome.sent as f64 / outcome.seconds.max(1e-9),
            outcome.seed
        ),
    );
    row(
        "sound first",
        format!(
            "{} requests, {} findings",
            count(outcome.sound),
            count(outcome.sound_findings as u64)
        ),
    );
    let cases = |(class, n): (&&str, &u64)| format!("{class} {}", count(*n));
    row("cases", outcome.cases.iter().map(cases).collect::<Vec<_>>().join(", "));
    row("answers", format!("p50 {p50}, p99 {p99}, max {max}"));
    let list = |names: &std::collections::BTreeSet<&str>| {
        names.iter().copied().collect::<Vec<_>>().join(" ")
    };
    row("types made", list(&outcome.types));
    if !outcome.without.is_empty() {
        row("not made", format!("{} (refused: not probed)", list(&outcome.without)));
    }
    if let Some([first, peak, last]) = outcome.usage {
        let mib = |bytes: u64| bytes >> 20;
        row(
            "memory",
            format!(
                "{} MiB at first, {} MiB at most, {} MiB at the end",
                mib(first.memory),
                mib(peak.memory),
                mib(last.memory)
            ),
        );
        row("processor", format!("{:.1} s", (last.cpu - first.cpu).max(0.0)));
    }
    for (oracle, n) in &outcome.not_repeated {
        row(
            "not repeated",
            format!("{oracle} {} (seen once and not again from nothing: no findings)", count(*n)),
        );
    }
    text.push_str(&listed(outcome));
    if let Some(folder) = folder {
        text.push_str(&format!("\nresults       {}\n", folder.display()));
    }
    text
}

fn listed(outcome: &Outcome) -> String {
    let mut text = String::new();
    let ranked = outcome.ranked();
    for (index, finding) in ranked.iter().take(LISTED_MAX).enumerate() {
        let signature = &finding.signature;
        let once = if finding.repeated { "" } else { " (not repeated)" };
        text.push_str(&format!(
            "\n{}  {} {} of {}, {} {}: {}{once}; seen {} times\n        {}/{}/repeat.sh\n",
            signature.oracle.severity().name(),
            signature.oracle.name(),
            signature.operation,
            signature.of,
            signature.class,
            shown(&signature.about),
            shown(&finding.reason),
            count(finding.count),
            FINDINGS,
            folder_of(index, finding),
        ));
    }
    if ranked.len() > LISTED_MAX {
        text.push_str(&format!("\n{} more in findings.jsonl\n", ranked.len() - LISTED_MAX));
    }
    text
}

/// Text of a stranger for a terminal.
fn shown(text: &str) -> String {
    text.chars().take(200).flat_map(char::escape_debug).collect()
}

fn folder_of(index: usize, finding: &Finding) -> String {
    let name = finding.signature.name();
    format!("{:03}-{}", index + 1, name.get(..name.len().min(80)).unwrap_or(&name))
}

/// Writes all files of a campaign and marks the folder as complete, or as interrupted.
///
/// # Errors
/// If something cannot be written.
pub fn write(folder: &mut Folder, outcome: &Outcome, context: &Context) -> Result<(), FolderError> {
    // What an earlier campaign left there that this one replaces.
    let old = folder.path().join(FINDINGS);
    match fs::remove_dir_all(&old) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(FolderError::Io { path: old, source: error });
        }
        _ => {}
    }
    let ranked = outcome.ranked();
    let mut lines = String::new();
    for (index, finding) in ranked.iter().enumerate() {
        let name = folder_of(index, finding);
        lines.push_str(&format!("{}\n", line(finding, &name)));
        one(folder, finding, &name)?;
    }
    let pretty = |value: &Value| format!("{value:#}\n").into_bytes();
    folder.add("findings.jsonl", lines.as_bytes())?;
    folder.add("summary.json", &pretty(&outcome.summary()))?;
    folder.add("summary.txt", summary_text(outcome, None).as_bytes())?;
    folder.add("findings.sarif", &pretty(&sarif("probe", &rules(), &found(&ranked))))?;
    let suite = junit("keystorm probe", outcome.seconds, &cases(&ranked));
    let io = |source| FolderError::Io { path: "junit.xml".into(), source };
    folder.add("junit.xml", &suite.map_err(io)?)?;
    folder.complete("probe", outcome.seed, outcome.ended == Ended::Stopped, context)
}

/// The script, the bytes and the capture of a finding.
fn one(folder: &mut Folder, finding: &Finding, name: &str) -> Result<(), FolderError> {
    let place = format!("{FINDINGS}/{name}");
    let title = format!("{}: {}", finding.signature.name(), shown(&finding.reason));
    let script = Script::of(&title, &finding.shots, finding.together);
    folder.add(&format!("{place}/repeat.sh"), script.text.as_bytes())?;
    for (file, content) in &script.files {
        folder.add(&format!("{place}/{file}"), content)?;
    }
    let udp = finding.binding == Binding::Coap;
    let capture = exchange_capture(&finding.spoken, udp, &title);
    let capture =
        capture.map_err(|source| FolderError::Io { path: place.clone().into(), source })?;
    folder.add(&format!("{place}/exchange.pcapng"), &capture)
}

fn line(finding: &Finding, folder: &str) -> Value {
    let signature = &finding.signature;
    json!({
        "kind": "probe",
        "name": signature.name(),
        "oracle": signature.oracle.name(),
        "severity": signature.oracle.severity().name(),
        "operation": signature.operation,
        "type": signature.of,
        "class": signature.class,
        "about": signature.about,
        "binding": finding.binding.word(),
        "reason": finding.reason,
        "seen": finding.count,
        "repeated": finding.repeated,
        "requests": finding.shots.len(),
        "repeat": format!("{FINDINGS}/{folder}/repeat.sh"),
    })
}

/// A rule for each oracle.
fn rules() -> Vec<Rule> {
    let rule = |oracle: Oracle| Rule {
        id: oracle.name().to_owned(),
        text: oracle.meaning().to_owned(),
        level: level(oracle.severity()),
    };
    Oracle::ALL.into_iter().map(rule).collect()
}

const fn level(severity: Severity) -> Level {
    match severity {
        Severity::Critical | Severity::High => Level::Error,
        Severity::Medium => Level::Warning,
        Severity::Low => Level::Note,
    }
}

/// A stable fingerprint for each finding.
fn found(ranked: &[&Finding]) -> Vec<Found> {
    let found = |(index, finding): (usize, &&Finding)| {
        let name = finding.signature.name();
        Found {
            rule: finding.signature.oracle.name().to_owned(),
            level: level(finding.signature.oracle.severity()),
            text: format!("{name}: {}", finding.reason),
            uri: format!("{FINDINGS}/{}/repeat.sh", folder_of(index, finding)),
            fingerprint: name,
            is_known: None,
        }
    };
    ranked.iter().enumerate().map(found).collect()
}

/// Each rule is a test.
fn cases(ranked: &[&Finding]) -> Vec<Case> {
    let case = |oracle: Oracle| {
        let own = ranked.iter().filter(|finding| finding.signature.oracle == oracle);
        let reasons: Vec<String> = own
            .map(|found| format!("{}: {}", found.signature.name(), shown(&found.reason)))
            .collect();
        let failure = (!reasons.is_empty()).then(|| Failure {
            message: format!("{} findings", reasons.len()),
            detail: reasons.join("\n"),
        });
        let (class, name) = ("probe".to_owned(), oracle.name().to_owned());
        Case { class, name, time_s: None, failure }
    };
    Oracle::ALL.into_iter().map(case).collect()
}
