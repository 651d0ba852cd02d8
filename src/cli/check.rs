//! `keystorm check`.

use keystorm::report::{bytes, count, time};
use keystorm::run::Estimate;
use keystorm::scenario::Plan;
use serde_json::{Value, json};

use super::args::{CheckArguments, Format};
use super::exit::Exit;
use super::{load, output};

pub(super) fn check(arguments: &CheckArguments, format: Format) -> anyhow::Result<Exit> {
    let mut exit = Exit::Held;
    let mut objects = Vec::new();
    for path in &arguments.scenarios {
        // Errors of one file do not hide those of the next.
        let Some(loaded) = load::scenario(path, &arguments.words, Format::Text)? else {
            exit = Exit::Usage;
            objects.push(json!({ "scenario": path, "valid": false }));
            continue;
        };
        let estimate = Estimate::of(&loaded.plan);
        match format {
            Format::Text => output::result(&line(&loaded.plan, &estimate))?,
            Format::Json => objects.push(object(&loaded.plan, &estimate)),
        }
    }
    if format == Format::Json {
        output::json(&json!({ "scenarios": objects }))?;
    }
    Ok(exit)
}

fn line(plan: &Plan, estimate: &Estimate) -> String {
    format!(
        "{}: valid. {} devices, {} gateways, {} CSEs for {}; about {} handshakes, {} events, {} of \
         memory, {} of real time on one core.",
        plan.name,
        count(estimate.devices),
        count(estimate.gateways),
        count(estimate.cses),
        plan.duration,
        count(estimate.handshakes),
        count(estimate.events),
        bytes(estimate.memory_bytes),
        time(estimate.wall_s),
    )
}

fn object(plan: &Plan, estimate: &Estimate) -> Value {
    json!({
        "scenario": plan.name,
        "valid": true,
        "seed": plan.seed,
        "devices": estimate.devices,
        "gateways": estimate.gateways,
        "cses": estimate.cses,
        "duration_s": plan.duration.as_secs_f64(),
        "handshakes": estimate.handshakes,
        "events": estimate.events,
        "memory_bytes": estimate.memory_bytes,
        "wall_s": estimate.wall_s,
    })
}
