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
    1 "t01-device-key-discovered";
    1 "t01-gateway-stolen";
    2 "t02-chip-erased";
    2 "t02-device-key-deleted";
    2 "t02-element-pulled";
    3 "t03-chip-written";
    3 "t03-device-key-replaced";
    4 "t04-server-key-discovered";
    5 "t05-server-key-deleted";
    6 "t06-key-in-memory";
    7 "t07-between-cses";
    7 "t07-eavesdropping";
    7 "t07-linking";
    7 "t07-middle-node";
    7 "t07-recorded";
    8 "t08-alteration";
    8 "t08-middle";
    8 "t08-stolen-session";
    9 "t09-replay";
    10 "t10-unauthorised-software";
    11 "t11-shared-asset";
    12 "t12-context";
    13 "t13-backhaul";
    14 "t14-first-flights";
    15 "t15-element-moved";
    16 "t16-overflow";
    17 "t17-injection";
    18 "t18-after-logout";
    18 "t18-disguise";
    18 "t18-fixed-token";
    18 "t18-guessed-password";
    18 "t18-guessed-token";
    18 "t18-stolen-token";
    18 "t18-token-in-log";
    19 "t19-console";
    19 "t19-defaults";
    19 "t19-parser";
    19 "t19-paths";
    20 "t20-passwords-stolen";
    21 "t21-invalid-input";
    22 "t22-dom";
    22 "t22-reflected";
    22 "t22-script";
}
