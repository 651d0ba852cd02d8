//! Names that fit in a chart.

use super::{Countermeasure, Threat};

/// Of threats 1 to 22.
const THREATS: [&str; 22] = [
    "Device keys discovered",
    "Device keys deleted",
    "Device keys replaced",
    "Server keys discovered",
    "Server keys deleted",
    "Sensitive data discovered",
    "Messages overheard",
    "Messages altered",
    "Messages replayed",
    "Corrupted software",
    "Hidden dependencies",
    "No awareness of context",
    "Man in the middle (link)",
    "Replay (link)",
    "Security element moved",
    "Buffer overflow",
    "Injection",
    "Broken sessions",
    "Misconfiguration",
    "Weak storage crypto",
    "Invalid input",
    "Cross-site scripting",
];

/// Of countermeasures, by number.
const COUNTERMEASURES: [(u8, &str); 26] = [
    (1, "Tamper-proof keys"),
    (2, "Secure key servers"),
    (3, "Keys never revealed"),
    (4, "Secure execution"),
    (5, "HSM bound to host"),
    (6, "Strong authentication"),
    (7, "Security association"),
    (8, "No man in the middle"),
    (9, "Short-lived keys"),
    (10, "Replay protection"),
    (11, "Derived keys"),
    (12, "Integrity checks"),
    (13, "Policy-based actions"),
    (14, "Asset inventory"),
    (15, "Sensitivity"),
    (16, "Risk assessment"),
    (17, "Context inventory"),
    (18, "Context risk"),
    (19, "Secure link"),
    (22, "Secure coding"),
    (23, "No injection"),
    (24, "Session controls"),
    (25, "Clean architecture"),
    (26, "Standard algorithms"),
    (27, "Storage privileges"),
    (28, "Whitelist"),
];

impl Threat {
    /// A name of at most 26 characters; [`Threat::title`] is the draft's.
    #[must_use]
    pub fn short(&self) -> &'static str {
        let place = usize::from(self.number).checked_sub(1);
        place.and_then(|place| THREATS.get(place)).copied().unwrap_or(self.title)
    }
}

impl Countermeasure {
    /// A name of at most 22 characters; [`Countermeasure::title`] is the draft's.
    #[must_use]
    pub fn short(&self) -> &'static str {
        let found = COUNTERMEASURES.iter().find(|(number, _)| *number == self.number);
        found.map_or(self.title, |(_, short)| *short)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attack::catalogue;

    #[test]
    fn every_entry_has_a_short_name_of_its_own() {
        let mut names: Vec<&str> = catalogue::COUNTERMEASURES.iter().map(|cm| cm.short()).collect();
        assert!(names.iter().all(|name| name.chars().count() <= 22));
        assert!(
            catalogue::COUNTERMEASURES
                .iter()
                .zip(COUNTERMEASURES)
                .all(|(cm, (n, _))| cm.number == n)
        );
        let threats = catalogue::THREATS.iter().map(Threat::short);
        assert!(threats.clone().all(|name| name.chars().count() <= 26));
        names.extend(threats);
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), 48);
    }
}
