//! Alerts (RFC 8446 section 6).

use super::codec::{ParseError, Reader};

/// The alerts that this implementation sends or treats specially.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum AlertDescription {
    /// The orderly end.
    CloseNotify = 0,
    /// A message came where it may not.
    UnexpectedMessage = 10,
    /// A field is out of range or contradicts another.
    IllegalParameter = 47,
    /// A message does not parse.
    DecodeError = 50,
    /// A Finished or binder does not verify.
    DecryptError = 51,
    /// A user gave up; another alert follows.
    UserCanceled = 90,
}

/// An alert as it came: descriptions that are unknown here are still alerts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alert(pub u8);

impl Alert {
    /// The length on the wire.
    pub const LEN: usize = 2;

    /// Reads an alert. The level is ignored (RFC 8446 section 6).
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        Self::parse_with_level(bytes).map(|(_, alert)| alert)
    }

    /// Reads an alert, and whether its level is fatal, as counts in DTLS 1.2 (RFC 5246 section 7.2).
    pub fn parse_with_level(bytes: &[u8]) -> Result<(bool, Self), ParseError> {
        let mut reader = Reader::new(bytes);
        let fatal = reader.u8()? != 1;
        let description = reader.u8()?;
        reader.end()?;
        Ok((fatal, Self(description)))
    }

    /// The bytes of an alert: close_notify is a warning, all else is fatal.
    #[must_use]
    pub const fn bytes(description: AlertDescription) -> [u8; Self::LEN] {
        let level = match description {
            AlertDescription::CloseNotify | AlertDescription::UserCanceled => 1,
            _ => 2,
        };
        [level, description as u8]
    }
}

impl PartialEq<AlertDescription> for Alert {
    fn eq(&self, other: &AlertDescription) -> bool {
        self.0 == *other as u8
    }
}
