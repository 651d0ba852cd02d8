//! What must hold in a run as tests of continuous integration: each expectation and each property is one, and
//! what failed is a finding.

use super::finding::missed;
use super::junit::{Case, Failure};
use super::manifest::Manifest;
use super::sarif::{Found, Level, Rule};
use super::summary::Summary;
use super::words::{shell_word, tame, time};
use crate::run::Verdict;

/// Names in these files are no longer than this.
const NAME_MAX: usize = 200;
/// The file that findings point to, in the results folder.
const SCENARIO: &str = "scenario.toml";

/// A test for each thing that must hold, and one for the run itself.
pub(super) fn cases(summary: &Summary, manifest: &Manifest) -> Vec<Case> {
    let class = tame(&summary.scenario, NAME_MAX);
    let case = |name: String, failure: Option<String>| Case {
        class: class.clone(),
        name,
        time_s: None,
        failure: failure.map(|message| Failure { message, detail: repeat(manifest) }),
    };
    let is_cut = summary.verdict == Verdict::Interrupted;
    let ended = is_cut.then(|| format!("interrupted after {}", time(summary.simulated_s)));
    let mut cases = vec![case("runs to its end".to_owned(), ended)];
    cases.extend(summary.expectations.iter().map(|checked| {
        let name = tame(&format!("{} {}", checked.metric, checked.expected), NAME_MAX);
        case(name, (!checked.held).then(|| missed(checked)))
    }));
    cases.extend(summary.broken.iter().map(|name| {
        let name = tame(name, NAME_MAX);
        let message = format!("{name} must hold and does not");
        case(format!("{name} holds"), Some(message))
    }));
    cases
}

/// The kinds of findings.
pub(super) fn rules() -> Vec<Rule> {
    let rule = |id: &str, text: &str| Rule {
        id: id.to_owned(),
        text: text.to_owned(),
        level: Level::Error,
    };
    vec![
        rule("expectation", "A figure of the run meets what the scenario expects of it"),
        rule("property", "A security property holds that the scenario says must hold"),
    ]
}

/// What did not hold.
pub(super) fn found(summary: &Summary) -> Vec<Found> {
    let scenario = tame(&summary.scenario, NAME_MAX);
    let finding = |rule: &str, name: &str, text: String| Found {
        rule: rule.to_owned(),
        level: Level::Error,
        text: format!("{scenario}, seed {}: {text}", summary.seed),
        uri: SCENARIO.to_owned(),
        fingerprint: format!("{scenario}/{}", tame(name, NAME_MAX)),
        is_known: None,
    };
    let figures = summary.expectations.iter().filter(|checked| !checked.held);
    let figures = figures.map(|checked| finding("expectation", &checked.metric, missed(checked)));
    let properties = summary.broken.iter().map(|name| {
        finding("property", name, format!("{} must hold and does not", tame(name, NAME_MAX)))
    });
    figures.chain(properties).collect()
}

/// How to see it again.
fn repeat(manifest: &Manifest) -> String {
    let words: Vec<String> = manifest.command_line.iter().map(|word| shell_word(word)).collect();
    let made = match words.as_slice() {
        [] => String::new(),
        _ => format!("made by: {}\n", tame(&words.join(" "), 2_000)),
    };
    format!("{made}again, in the results folder: keystorm replay .")
}
