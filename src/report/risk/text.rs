//! An assessment as text: what to do in one sentence, then tables.

use std::fmt::Write as _;
use std::path::Path;

use crate::report::table::Table;
use crate::report::text::NAME;
use crate::report::words::{count, digits, percent, tame, time};
use crate::run::risk::{Assessment, Register, ServiceFacts};

/// The figures for people. `place` is the results folder, where there is one to name.
#[must_use]
pub fn text(assessment: &Assessment, place: Option<&Path>) -> String {
    let mut out = format!("{}\n", headline(assessment));
    if let Some(question) = &assessment.question {
        let _ = writeln!(out, "Question: {}", tame(question, 400));
    }
    setting(assessment, &mut out);
    services(assessment, &mut out);
    register("risk as it is", assessment.before.first(), &mut out);
    let treated = (!assessment.chosen.is_empty()).then(|| assessment.after.first()).flatten();
    register("risk treated", treated, &mut out);
    contexts(assessment, &mut out);
    treatments(assessment, &mut out);
    if let Some(place) = place {
        let _ = writeln!(out, "\nresults  {}", place.display());
    }
    out
}

/// What to do, in one sentence.
pub(in crate::report) fn headline(assessment: &Assessment) -> String {
    let before = hours(assessment.risk_before_h);
    let most = assessment.before.first().and_then(|register| register.assets.first());
    let most = most.map_or("-", |line| line.asset.as_str());
    let budget = assessment.budget.map(|budget| money(budget, assessment));
    if assessment.chosen.is_empty() {
        let within = budget.map_or_else(String::new, |budget| format!(" within {budget}"));
        return format!(
            "No treatment{within} lowers the expected loss of {before} of service a year, most of it by {}.",
            tame(most, NAME)
        );
    }
    let of = budget.map_or_else(String::new, |budget| format!(" of {budget}"));
    format!(
        "Spend {}{of} a year on {}: the expected loss falls from {before} to {} of service a year.",
        money(assessment.cost, assessment),
        words(&assessment.chosen),
        hours(assessment.risk_after_h),
    )
}

fn setting(assessment: &Assessment, out: &mut String) {
    let inventory = &assessment.inventory;
    let missed = match inventory.missed.as_slice() {
        [] => String::new(),
        missed => format!("; missed {}", words(missed)),
    };
    let way = if assessment.exact { "every affordable combination" } else { "one after the other" };
    let rows = [
        ("scenario", format!("{}, seed {}", tame(&assessment.scenario, 80), assessment.seed)),
        (
            "failures",
            format!(
                "each asset for {} at {}, {} runs",
                time(assessment.outage_s),
                time(assessment.failed_at_s),
                count(assessment.runs)
            ),
        ),
        (
            "inventory",
            format!(
                "{} declared; flows showed {} of {} shared (recall {}){missed}",
                inventory.declared,
                inventory.seen,
                inventory.true_shared,
                percent(inventory.recall)
            ),
        ),
        ("treatments", format!("{way} tried")),
        (
            "unit",
            "hours in which one service is absent, by the weight of its availability".to_owned(),
        ),
    ];
    out.push('\n');
    for (name, value) in rows {
        let _ = writeln!(out, "{name:<10} {value}");
    }
}

fn services(assessment: &Assessment, out: &mut String) {
    let heads =
        ["service", "tenant", "devices", "weight", "deadline", "served as it is", "treated"];
    let mut table = Table::new(&heads);
    table.rows.extend(assessment.services.iter().map(|service: &ServiceFacts| {
        vec![
            tame(&service.name, NAME),
            tame(service.tenant.as_deref().unwrap_or("-"), NAME),
            count(service.devices.into()),
            digits(service.weight),
            time(service.deadline_s),
            percent(service.availability_before),
            percent(service.availability_after),
        ]
    }));
    table.write(out);
}

fn register(name: &str, register: Option<&Register>, out: &mut String) {
    let Some(register) = register else { return };
    let heads = [
        name,
        "rank",
        "uniform",
        "kind",
        "known",
        "failures/year",
        "services",
        "lost",
        "per failure",
        "per year",
        "breach opens",
    ];
    let mut table = Table::new(&heads);
    table.rows.extend(register.assets.iter().map(|line| {
        let alike = if line.alike > 1 { format!(" (1 of {})", line.alike) } else { String::new() };
        vec![
            format!("{}{alike}", tame(&line.asset, NAME)),
            line.rank.to_string(),
            line.rank_uniform.to_string(),
            line.kind.clone(),
            line.found.name().to_owned(),
            digits(line.per_year),
            line.services.len().to_string(),
            line.blast_radius.to_string(),
            hours(line.impact_h),
            hours(line.risk_h),
            line.exposure.services.len().to_string(),
        ]
    }));
    table.write(out);
}

fn contexts(assessment: &Assessment, out: &mut String) {
    let heads = ["context", "share", "risk as it is", "most by", "treated", "most by"];
    let mut table = Table::new(&heads);
    let pairs = assessment.before.iter().zip(&assessment.after);
    let most = |register: &Register| {
        register.assets.first().map_or_else(|| "-".to_owned(), |line| tame(&line.asset, NAME))
    };
    let several = assessment.before.len() > 1;
    table.rows.extend(pairs.filter(|_| several).map(|(before, after)| {
        vec![
            tame(&before.context, NAME),
            percent(before.share),
            hours(before.risk_h),
            most(before),
            hours(after.risk_h),
            most(after),
        ]
    }));
    table.write(out);
}

fn treatments(assessment: &Assessment, out: &mut String) {
    let mut table = Table::new(&["treatment", "cost", "risk with it alone", ""]);
    table.rows.extend(assessment.treatments.iter().map(|treatment| {
        let alone = treatment.risk_alone_h.map_or_else(|| "beyond the budget".to_owned(), hours);
        let word = match (treatment.chosen, treatment.harmless) {
            (true, _) => "chosen",
            (false, Some(false)) => "harms",
            _ => "",
        };
        vec![tame(&treatment.name, NAME), money(treatment.cost, assessment), alone, word.to_owned()]
    }));
    table.write(out);
}

/// Service-hours with their unit.
pub(in crate::report) fn hours(hours: f64) -> String {
    format!("{} h", digits(hours))
}

fn money(sum: f64, assessment: &Assessment) -> String {
    let currency = tame(&assessment.currency, 12);
    let sum = digits(sum);
    if currency.is_empty() { sum } else { format!("{sum} {currency}") }
}

/// Names with commas and an `and`.
pub(in crate::report) fn words(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| tame(name, NAME)).collect();
    match names.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}
