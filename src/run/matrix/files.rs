//! The scenarios of the catalogue, one a threat, as they are when the program is built.

/// The scenario of a threat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThreatFile {
    /// The threat's number.
    pub threat: u8,
    /// Its path from the top of the repository.
    pub path: &'static str,
    /// What it says.
    pub text: &'static str,
}

macro_rules! files {
    ($($threat:literal $name:literal;)*) => {
        /// All of them, by the numbers of their threats.
        pub const FILES: &[ThreatFile] = &[$(ThreatFile {
            threat: $threat,
            path: concat!("scenarios/threats/", $name, ".toml"),
            text: include_str!(concat!("../../../scenarios/threats/", $name, ".toml")),
        },)*];
    };
}

files! {
    9 "t09-replay";
    11 "t11-shared-asset";
    12 "t12-context";
}
