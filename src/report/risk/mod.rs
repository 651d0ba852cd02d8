//! How an assessment of risk looks: text with the answer first, a table for programs, a picture.

mod csv;
mod text;

use std::path::Path;

pub use text::text as risk_text;
pub(super) use text::{headline, hours, words};

use super::error::FolderError;
use super::folder::{Context, Folder};
use super::manifest::Manifest;
use super::plots;
use crate::run::risk::Assessment;

/// The files of a results folder of an assessment.
pub(super) const OWN: [&str; 5] = [DATA, TREATED, "risk.txt", csv::FILE, PICTURE];
/// The assessment itself.
pub(super) const DATA: &str = "risk.json";
/// The scenario with the treatments that were chosen.
const TREATED: &str = "treated.toml";
const PICTURE: &str = "plots/risk.svg";

impl Folder {
    /// Writes an assessment, with the scenario as it is `treated`, and marks the folder as complete.
    ///
    /// # Errors
    /// If something cannot be written.
    pub fn write_risk(
        &mut self,
        assessment: &Assessment,
        treated: &str,
        context: &Context,
    ) -> Result<(), FolderError> {
        self.add("scenario.toml", context.resolved_scenario.as_bytes())?;
        self.add(TREATED, treated.as_bytes())?;
        let json = serde_json::to_vec_pretty(assessment);
        let mut json = json.map_err(|e| FolderError::malformed(DATA, &e))?;
        json.push(b'\n');
        self.add(DATA, &json)?;
        self.add(csv::FILE, &csv::table(assessment)?)?;
        self.add("risk.txt", text::text(assessment, None::<&Path>).as_bytes())?;
        self.add(PICTURE, plots::risk(assessment)?.as_bytes())?;
        self.finish(Manifest {
            scenario: assessment.scenario.clone(),
            seed: assessment.seed,
            ..context.manifest()
        })
    }
}
