//! The threats and countermeasures of the oneM2M TR-0008 draft as data: what it says of each, and what
//! keystorm makes of it. The draft numbers no countermeasures 20 and 21.
//!
//! What is [`Threat::stated`] stands in the draft; what is [`Threat::inferred`] is this project's link, and
//! is shown with a `+`.

mod countermeasures;
mod short;
mod threats;

use crate::ledger::PropertyId;

pub use countermeasures::COUNTERMEASURES;
pub use threats::THREATS;

/// A threat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Threat {
    /// Its number in the draft.
    pub number: u8,
    /// Where it stands.
    pub clause: &'static str,
    /// Its title, shortened.
    pub title: &'static str,
    /// What happens, and by which ways.
    pub what: &'static str,
    /// The effect that the draft states.
    pub effect: &'static str,
    /// The security domains that the draft states.
    pub domains: &'static [Domain],
    /// The stakeholders that the draft states; none for threats 10 to 22.
    pub stakeholders: &'static [Stakeholder],
    /// Countermeasures that the draft names for it.
    pub stated: &'static [u8],
    /// Countermeasures that this project adds.
    pub inferred: &'static [u8],
    /// What an attacker does in a run.
    pub steps: &'static str,
    /// The properties that decide it.
    pub properties: &'static [PropertyId],
    /// What is violated when its countermeasures are off.
    pub off: &'static str,
    /// What happens when they are on.
    pub on: &'static str,
    /// The scenario file that shows it, if there is one.
    pub scenario: Option<&'static str>,
}

/// A countermeasure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Countermeasure {
    /// Its number in the draft.
    pub number: u8,
    /// Where it stands.
    pub clause: &'static str,
    /// Its title, shortened.
    pub title: &'static str,
    /// Threats that the draft names for it.
    pub stated: &'static [u8],
    /// Threats that this project adds.
    pub inferred: &'static [u8],
    /// The security domains that the draft states.
    pub domains: &'static [Domain],
    /// The disadvantages that the draft states; none if it leaves them unfilled.
    pub cost: Option<&'static str>,
    /// The real mechanism in the simulation.
    pub mechanism: &'static str,
    /// What runs in its place when it is off.
    pub off: &'static str,
    /// A process of analysis that plans a system rather than a mechanism that runs in one.
    pub is_command: bool,
}

/// A security domain (clause 5.1 of the draft).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Domain {
    /// Between applications and common services.
    Application,
    /// Within a common services entity.
    IntraCommonServices,
    /// Between common services entities.
    InterCommonServices,
    /// Between common services and network services.
    UnderlyingNetwork,
    /// The same, only if keys are shared with that network.
    UnderlyingNetworkIfShared,
}

impl Domain {
    /// Its name in the draft.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::IntraCommonServices => "intra common services",
            Self::InterCommonServices => "inter common services",
            Self::UnderlyingNetwork => "underlying network",
            Self::UnderlyingNetworkIfShared => "underlying network (if keys are shared)",
        }
    }
}

/// Who is affected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stakeholder {
    /// M2M application service provider.
    ApplicationServiceProvider,
    /// Manufacturer of devices and gateways.
    DeviceManufacturer,
    /// Manufacturer of the M2M system and its components.
    SystemManufacturer,
    /// Device and gateway management entities.
    DeviceManagement,
    /// M2M service provider.
    ServiceProvider,
    /// System administrator.
    SystemAdministrator,
    /// Network operator.
    NetworkOperator,
    /// Network operator, only if its keys are shared.
    NetworkOperatorIfShared,
    /// User or consumer.
    User,
}

impl Stakeholder {
    /// Its name in the draft.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ApplicationServiceProvider => "M2M application service provider",
            Self::DeviceManufacturer => "manufacturer of devices and gateways",
            Self::SystemManufacturer => "manufacturer of the M2M system",
            Self::DeviceManagement => "device and gateway management",
            Self::ServiceProvider => "M2M service provider",
            Self::SystemAdministrator => "system administrator",
            Self::NetworkOperator => "network operator",
            Self::NetworkOperatorIfShared => "network operator (if its keys are shared)",
            Self::User => "user or consumer",
        }
    }
}

impl Threat {
    /// The threat of this code, such as `T9`; upper and lower case are the same.
    #[must_use]
    pub fn from_code(code: &str) -> Option<&'static Self> {
        let number = number(code, "T")?;
        THREATS.iter().find(|threat| threat.number == number)
    }

    /// Its code, such as `T9`.
    #[must_use]
    pub fn code(&self) -> String {
        format!("T{}", self.number)
    }

    /// Its countermeasures, stated and inferred: true if the draft names it.
    pub fn countermeasures(&self) -> impl Iterator<Item = (&'static Countermeasure, bool)> {
        let (stated, inferred) = (self.stated, self.inferred);
        let all = stated.iter().map(|n| (n, true)).chain(inferred.iter().map(|n| (n, false)));
        all.filter_map(|(number, is_stated)| {
            let mut all = COUNTERMEASURES.iter();
            Some((all.find(|countermeasure| countermeasure.number == *number)?, is_stated))
        })
    }
}

impl Countermeasure {
    /// The countermeasure of this code, such as `CM10`; upper and lower case are the same.
    #[must_use]
    pub fn from_code(code: &str) -> Option<&'static Self> {
        let number = number(code, "CM")?;
        COUNTERMEASURES.iter().find(|countermeasure| countermeasure.number == number)
    }

    /// Its code, such as `CM10`.
    #[must_use]
    pub fn code(&self) -> String {
        format!("CM{}", self.number)
    }

    /// Its threats, stated and inferred: true if the draft names it.
    pub fn threats(&self) -> impl Iterator<Item = (&'static Threat, bool)> {
        let (stated, inferred) = (self.stated, self.inferred);
        let all = stated.iter().map(|n| (n, true)).chain(inferred.iter().map(|n| (n, false)));
        all.filter_map(|(number, is_stated)| {
            Some((THREATS.iter().find(|threat| threat.number == *number)?, is_stated))
        })
    }
}

/// The number behind the letters of a code; digits alone, without leading zeros.
fn number(code: &str, letters: &str) -> Option<u8> {
    let (front, digits) = code.trim().split_at_checked(letters.len())?;
    let is_plain = !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit());
    (front.eq_ignore_ascii_case(letters) && is_plain).then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_has_what_the_draft_has() {
        let numbers: Vec<u8> = THREATS.iter().map(|threat| threat.number).collect();
        assert_eq!(numbers, (1..=22).collect::<Vec<u8>>());
        let numbers: Vec<u8> = COUNTERMEASURES.iter().map(|cm| cm.number).collect();
        assert_eq!(numbers, (1..=19).chain(22..=28).collect::<Vec<u8>>());
        for threat in &THREATS {
            assert_eq!(threat.clause, format!("6.1.{}", threat.number + 1));
            assert_eq!(threat.stakeholders.is_empty(), threat.number >= 10, "{}", threat.code());
        }
        for cm in &COUNTERMEASURES {
            let last = if cm.number < 20 { cm.number + 1 } else { cm.number - 1 };
            assert_eq!(cm.clause, format!("6.6.{last}"));
            assert_eq!(cm.cost.is_none(), cm.number == 19 || cm.number >= 22, "{}", cm.code());
            assert_eq!(cm.is_command, (14..=18).contains(&cm.number));
        }
    }

    #[test]
    fn every_threat_has_a_countermeasure_and_a_property_and_every_link_two_ends() {
        for threat in &THREATS {
            assert!(!threat.properties.is_empty() && !threat.domains.is_empty());
            assert!(threat.countermeasures().count() > 0, "{}", threat.code());
            assert_eq!(
                threat.countermeasures().count(),
                threat.stated.len() + threat.inferred.len(),
                "{}",
                threat.code()
            );
        }
        let down = THREATS.iter().flat_map(|threat| {
            threat.countermeasures().map(|(cm, stated)| (threat.number, cm.number, stated))
        });
        let up = COUNTERMEASURES
            .iter()
            .flat_map(|cm| cm.threats().map(|(threat, stated)| (threat.number, cm.number, stated)));
        let (mut down, mut up): (Vec<_>, Vec<_>) = (down.collect(), up.collect());
        down.sort_unstable();
        up.sort_unstable();
        assert_eq!(down, up);
        // Threats 7 and 10 are named by no countermeasure, 11 to 13 name no threat.
        let unnamed: Vec<u8> =
            THREATS.iter().filter(|t| t.stated.is_empty()).map(|t| t.number).collect();
        assert_eq!(unnamed, [7, 10]);
        let naming: Vec<u8> =
            COUNTERMEASURES.iter().filter(|c| c.stated.is_empty()).map(|c| c.number).collect();
        assert_eq!(naming, [11, 12, 13]);
    }

    #[test]
    fn every_countermeasure_has_an_off_variant_and_every_scenario_a_file() {
        for cm in &COUNTERMEASURES {
            assert!(!cm.off.is_empty() && !cm.mechanism.is_empty(), "{}", cm.code());
        }
        for file in THREATS.iter().filter_map(|threat| threat.scenario) {
            let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
            assert!(path.is_file(), "{file}");
        }
    }

    #[test]
    fn codes_are_read_strictly() {
        assert_eq!(Threat::from_code(" t9 ").map(Threat::code), Some("T9".to_owned()));
        assert_eq!(Countermeasure::from_code("CM28").map(|cm| cm.title), Some("Whitelist"));
        for code in ["T", "T0", "T09", "T23", "T+9", "T999", "CM20", "CM21", "CM29", "9", "é9", ""]
        {
            assert_eq!(Threat::from_code(code), None, "{code}");
            assert_eq!(Countermeasure::from_code(code), None, "{code}");
        }
    }
}
