//! `summary.json` of a sweep. Its keys are public.

use serde_json::{Map, Value, json};

use super::figures::headline;
use crate::run::sweep::{Effort, Row, Table};

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
        "verdict": table.verdict(),
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

fn point(table: &Table, row: &Row) -> Value {
    let values: Map<String, Value> = table
        .axes
        .iter()
        .zip(&row.values)
        .map(|(axis, value)| (axis.key.clone(), json!(value)))
        .collect();
    json!({
        "values": values,
        "runs": row.runs,
        "held": row.held,
        "feasible": row.is_feasible(),
        "missed": row.broken,
        "metrics": row.figures,
    })
}
