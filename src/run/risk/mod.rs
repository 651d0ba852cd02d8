//! Assessment of risk by simulation (TR-0008 CM14 to CM18): inventory of shared assets, sensitivity by failing each,
//! a ranked register, and the treatments that a budget buys, by context of use.

mod choice;
mod figures;
mod inventory;
mod variant;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

pub use figures::{
    Assessment, Exposure, Found, Inventory, Register, RegisterEntry, ServiceFacts, TreatmentFacts,
};

use crate::scenario::{Diagnostics, Loaded, Source, load};

/// What is to be assessed.
pub struct Request<'a> {
    /// The scenario.
    pub source: &'a Source,
    /// Its overrides, as `--set` has them.
    pub overrides: &'a [String],
    /// Another seed than the file's.
    pub seed: Option<u64>,
    /// Another budget than the file's, in its currency.
    pub budget: Option<f64>,
}

/// Why there is no assessment.
#[derive(Debug, thiserror::Error)]
pub enum RiskError {
    /// The scenario with these overrides is refused.
    #[error("the scenario is refused with {what}")]
    Refused {
        /// Which treatments and which context.
        what: String,
        /// What is wrong.
        report: Box<Diagnostics>,
    },
    /// No fleet has telemetry, so that there is no service whose loss could be measured.
    #[error("no fleet has `telemetry`: there is no service whose loss could be measured")]
    NoService,
    /// Nothing that several services share was declared or observed.
    #[error("no shared asset was declared, and none was observed")]
    NoAssets,
    /// The outage does not lie within the run.
    #[error("the outage ends after the run: set `risk.at` and `risk.outage`")]
    OutageTooLong,
    /// Somebody stopped it.
    #[error("stopped before the end")]
    Interrupted,
}

/// Counts runs and asks whether to go on.
struct Tally<'a> {
    runs: AtomicU64,
    stopped: AtomicBool,
    /// Hears how many runs are done; false if there shall be no more.
    keep_on: &'a (dyn Fn(u64) -> bool + Sync),
}

impl Tally<'_> {
    fn goes_on(&self) -> bool {
        if !(self.keep_on)(self.runs.load(Ordering::Relaxed)) {
            self.stopped.store(true, Ordering::Relaxed);
        }
        !self.stopped.load(Ordering::Relaxed)
    }

    fn done(&self) {
        self.runs.fetch_add(1, Ordering::Relaxed);
    }
}

/// Assesses a scenario in the thread pool that calls; `keep_on` hears how many runs are done and ends it by
/// returning false. The figures do not depend on the number of threads.
///
/// # Errors
/// If the scenario, alone or with a treatment or context, is refused, or there is nothing to assess.
pub fn assess(
    request: &Request<'_>,
    keep_on: &(dyn Fn(u64) -> bool + Sync),
) -> Result<Assessment, RiskError> {
    let tally = Tally { runs: AtomicU64::new(0), stopped: AtomicBool::new(false), keep_on };
    let bench = variant::Bench::new(request, &tally)?;
    let choice = choice::choose(&bench)?;
    let runs = tally.runs.load(Ordering::Relaxed);
    Ok(figures::assessment(&bench, &choice, runs))
}

/// The scenario with the treatments that its own assessment chooses (TR-0008 CM16); `keep_on` as for [`assess`].
///
/// # Errors
/// As for [`assess`]; only that who knows of nothing that is shared treats nothing.
pub fn treated(
    request: &Request<'_>,
    keep_on: &(dyn Fn(u64) -> bool + Sync),
) -> Result<Loaded, RiskError> {
    match assess(request, keep_on) {
        Ok(done) => with_chosen(request, &done),
        Err(RiskError::NoAssets) => with(request, &[]),
        Err(other) => Err(other),
    }
}

/// The scenario with the treatments that an assessment of it has chosen, as a plan to run.
///
/// # Errors
/// The scenario is refused with them.
pub fn with_chosen(request: &Request<'_>, done: &Assessment) -> Result<Loaded, RiskError> {
    let chosen = done.treatments.iter().filter(|treatment| treatment.chosen);
    let set: Vec<String> = chosen.flat_map(|treatment| treatment.set.clone()).collect();
    with(request, &set)
}

fn with(request: &Request<'_>, set: &[String]) -> Result<Loaded, RiskError> {
    let mut overrides = [request.overrides, set].concat();
    overrides.push("risk.treat=false".to_owned());
    load(request.source, &overrides, request.seed).map_err(|report| RiskError::Refused {
        what: "the treatments that were chosen".to_owned(),
        report: Box::new(report),
    })
}
