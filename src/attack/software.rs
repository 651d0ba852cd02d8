//! Software of an attacker's choice, written into devices.

use super::{Field, Program};
use crate::credential::software::{Header, Package};
use crate::node::{Deed, Hands, Intruder, NodeId, Placement};
use crate::sim::time::Duration;

/// How often software of the attacker's reports what the attacker likes.
const FALSE_REPORTS: Duration = Duration::from_secs(4);
/// What it reports.
const FALSE_READING: &str = "{\"kWh\":0}";

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload {
    /// The vendor's present software with other code in it, and a header that fits as far as it can be made
    /// to fit.
    Patched,
    /// An older version of the vendor, with its flaws.
    Old,
}

impl Payload {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Patched, Self::Old];

    /// Its word in a scenario.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Patched => "patched",
            Self::Old => "old",
        }
    }
}

/// Writes software into each victim and restarts it. Where code of the attacker's runs, the victim reports readings of the
/// attacker's choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushSoftware {
    /// What.
    pub payload: Payload,
}

impl PushSoftware {
    pub(super) fn parameters(&self) -> toml::Table {
        let mut table = toml::Table::new();
        table.insert("image".to_owned(), self.payload.word().into());
        table
    }

    pub(super) fn place(&self, field: &Field<'_>) -> Vec<Placement> {
        let payload = self.payload;
        let program = |victim| Pusher { payload, victim };
        field.in_each_victim(program)
    }
}

impl From<PushSoftware> for Program {
    fn from(push: PushSoftware) -> Self {
        Self::PushSoftware(push)
    }
}

struct Pusher {
    payload: Payload,
    victim: NodeId,
}

impl Intruder for Pusher {
    fn begin(&mut self, hands: &mut Hands<'_>) {
        let public = &hands.layout.packages;
        let package = match self.payload {
            Payload::Old => public.first().cloned(),
            Payload::Patched => public.last().and_then(|package| patched(package)),
        };
        let Some(package) = package else { return };
        let runs = hands.load_software(self.victim, &package);
        let end = if runs { "which runs" } else { "which is refused" };
        hands.step(
            Deed::Commanded,
            format!("writes {} software, {end}", self.payload.word()),
            None,
        );
        if runs && self.payload == Payload::Patched {
            hands.wake_at(hands.now + FALSE_REPORTS);
        }
    }

    fn wake(&mut self, hands: &mut Hands<'_>) {
        if hands.speak(self.victim, FALSE_READING) {
            hands.step(Deed::Injected, "has the device report a false reading", None);
        }
        hands.wake_at(hands.now + FALSE_REPORTS);
    }
}

/// The package with other code, and with the length and checksum of that.
fn patched(package: &[u8]) -> Option<Vec<u8>> {
    let package = Package::parse(package).ok()?;
    let mut image = package.image().to_vec();
    image.get_mut(..16)?.copy_from_slice(b"\x01jump to my code");
    Some(Header { crc32: crc32fast::hash(&image), ..package.header() }.package(&image))
}
