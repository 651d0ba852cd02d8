//! `summary.json` of a sweep. Its keys are public.

use serde_json::{Map, Value, json};

use super::figures::headline;
use crate::run::sweep::{Effort, Row, Spread, Table};

/// A sweep as one object.
#[must_use]
pub fn json(table: &Table, effort: &Effort) -> Value {
    let axes: Vec<Value> = table
        .axes
        .iter()
        .enumerate()
        .map(|(at, axis)| {
            let mut values: Vec<&String> = Vec::new();
            for row in &table.rows {
                if !values.contains(&&row.values[at]) {
                    values.push(&row.values[at]);
                }
            }
            json!({ "key": axis.key, "values": values })
        })
        .collect();
    let points: Vec<Value> = table.rows.iter().map(|row| point(table, row)).collect();
    let expectations: Vec<String> =
        table.expectations.iter().map(|each| format!("{} {}", each.metric, each.text)).collect();
    json!({
        "keystorm": env!("CARGO_PKG_VERSION"),
        "scenario": table.scenario,
        "question": table.question,
        "answer": headline(table),
        "verdict": verdict(table),
        "axes": axes,
        "seeds": [table.seeds.0, table.seeds.1],
        "expectations": expectations,
        "asked": table.asked,
        "runs": table.done(),
        "points": points,
        "effort": {
            "new_runs": effort.runs,
            "run_s": effort.run_s,
            "elapsed_s": effort.elapsed_s,
            "threads": effort.threads,
            "busy": effort.busy(),
        },
    })
}

/// `held`: some point meets what is expected with every seed, or nothing is expected; `failed`: none does;
/// `interrupted`: runs are missing.
#[must_use]
fn verdict(table: &Table) -> &'static str {
    if table.done() < table.asked {
        "interrupted"
    } else if table.expectations.is_empty() || table.rows.iter().any(Row::is_feasible) {
        "held"
    } else {
        "failed"
    }
}

fn point(table: &Table, row: &Row) -> Value {
    let values: Map<String, Value> = table
        .axes
        .iter()
        .zip(&row.values)
        .map(|(axis, value)| (axis.key.clone(), json!(value)))
        .collect();
    let metrics: Map<String, Value> =
        row.figures.iter().map(|(name, spread)| (name.clone(), figure(spread))).collect();
    json!({
        "values": values,
        "runs": row.runs,
        "held": row.held,
        "feasible": row.is_feasible(),
        "missed": row.broken,
        "metrics": metrics,
    })
}

/// Mean, its 95 % interval, and the range over the seeds.
fn figure(spread: &Spread) -> Value {
    json!({
        "mean": spread.mean,
        "interval": spread.interval.map(|(low, high)| [low, high]),
        "min": spread.min,
        "max": spread.max,
        "runs": spread.runs,
    })
}
