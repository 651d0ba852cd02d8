//! `risk.csv`: both registers as one table, a line for each asset, context and state.

use crate::report::error::FolderError;
use crate::run::risk::{Assessment, Register, RegisterEntry};

pub(super) const FILE: &str = "risk.csv";

const HEADS: [&str; 16] = [
    "state",
    "context",
    "share",
    "rank",
    "rank_uniform",
    "asset",
    "kind",
    "found",
    "alike",
    "failures_per_year",
    "services",
    "blast_radius",
    "impact_service_h",
    "risk_service_h_per_year",
    "exposed_confidentiality",
    "exposed_integrity",
];

/// The lines of both registers.
pub(super) fn table(assessment: &Assessment) -> Result<Vec<u8>, FolderError> {
    let failed = |e: csv::Error| FolderError::malformed(FILE, &e);
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(HEADS).map_err(failed)?;
    for (state, registers) in [("before", &assessment.before), ("after", &assessment.after)] {
        for register in registers {
            for line in &register.assets {
                out.write_record(record(state, register, line)).map_err(failed)?;
            }
        }
    }
    out.into_inner().map_err(|e| FolderError::malformed(FILE, &e))
}

fn record(state: &str, register: &Register, line: &RegisterEntry) -> [String; 16] {
    [
        state.to_owned(),
        register.context.clone(),
        register.share.to_string(),
        line.rank.to_string(),
        line.rank_uniform.to_string(),
        line.asset.clone(),
        line.kind.clone(),
        line.found.name().to_owned(),
        line.alike.to_string(),
        line.per_year.to_string(),
        line.services.join(" "),
        line.blast_radius.to_string(),
        line.impact_h.to_string(),
        line.risk_h.to_string(),
        line.exposure.confidentiality.to_string(),
        line.exposure.integrity.to_string(),
    ]
}
