//! What keys open of what attackers recorded: the associations of this program, opened by real computation.

use std::collections::BTreeMap;

use crate::association::Profile;
use crate::association::recorded::{Found, Line, Recording};
use crate::ledger::{Key, Observation, Opened, Opener, SecretClass};
use crate::node::{Layout, tapped};
use crate::sim::time::Time;

/// Opens DTLS 1.3 with long-term keys and with traffic secrets.
pub(super) struct Associations;

impl Associations {
    /// Whether everything can be opened that the right key would open: DTLS 1.3 without tickets, from the start on.
    pub(super) fn opens_all(layout: &Layout) -> bool {
        layout.groups.iter().all(|group| {
            let config = group.association.at(Time::ZERO).1;
            config.profile == Profile::Dtls13 && config.tickets == 0
        })
    }
}

impl Opener for Associations {
    fn open(&self, key: Key<'_>, seen: &[Observation<'_>], found: &mut dyn FnMut(Opened)) {
        let recorded = seen.iter().enumerate();
        let recorded =
            recorded.filter_map(|(index, seen)| Some((index, seen, tapped(seen.source)?)));
        match key.class {
            SecretClass::LongTermKey => {
                let mut paths = BTreeMap::new();
                for (index, seen, (node, from_client)) in recorded {
                    let path = paths.entry(node).or_insert_with(|| Recording::new(key.bytes));
                    path.take(from_client, seen.bytes, &mut |what| found(opened(index, what)));
                }
            }
            SecretClass::SessionKey(_) => {
                let Ok(secret) = key.bytes.try_into() else { return };
                let mut line = Line::new(secret);
                for (index, seen, _) in recorded {
                    line.take(seen.bytes, &mut |what| found(opened(index, what)));
                }
            }
            _ => {}
        }
    }
}

fn opened(index: usize, what: Found) -> Opened {
    match what {
        Found::Secret(secret) => Opened { index, is_key: true, bytes: secret.to_vec() },
        Found::Data(bytes) => Opened { index, is_key: false, bytes },
    }
}
