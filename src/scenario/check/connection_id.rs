//! Connection IDs: one length for all clients of a server, and enough of them.

use std::collections::BTreeMap;

use super::Checker;
use super::network::Network;
use crate::scenario::codes::Code;
use crate::scenario::plan::Registrar;
use crate::scenario::source::Place;
use crate::scenario::table::Field;
use crate::scenario::words::{FleetTable, Integer, OrNone};

/// The length that a word asks for, if it is there; `None` within: no connection IDs.
#[expect(clippy::option_option, reason = "a word may be absent, or say \"none\"")]
pub(super) fn id_len(field: &Field<OrNone<Integer<0, 20>>>) -> Option<Option<u8>> {
    let word = field.value()?;
    Some(word.0.map(|len| u8::try_from(len.0).unwrap_or(u8::MAX)))
}

/// What one server has to tell apart.
#[derive(Default)]
struct Clients {
    count: u64,
    /// The length of the first group that has one.
    len: Option<u8>,
}

impl Checker<'_> {
    /// The length for the registrar of a fleet.
    pub(super) fn connection_id(&self, words: &FleetTable) -> Option<u8> {
        let common =
            self.file.security.value().and_then(|security| id_len(&security.connection_id));
        id_len(&words.connection_id).or(common).flatten()
    }

    /// Each server can tell its clients apart.
    pub(super) fn connection_ids(&mut self, network: &Network) {
        let security = self.file.security.value();
        let common = security.and_then(|security| id_len(&security.connection_id)).flatten();
        let mut of_cses: BTreeMap<usize, Clients> = BTreeMap::new();
        let mut of_gateways: BTreeMap<usize, Clients> = BTreeMap::new();
        for gateway in network.gateways.iter().filter(|gateway| gateway.registers) {
            let place = self.place_of(&gateway.name);
            let clients = of_cses.entry(gateway.cse).or_default();
            self.join(clients, gateway.count.into(), common, place);
        }
        for fleet in &network.fleets {
            let place = self.place_of(&fleet.name);
            let (clients, count) = match (fleet.registrar, fleet.via) {
                (Registrar::Cse(cse), _) => (of_cses.entry(cse).or_default(), fleet.count),
                (Registrar::Gateway, via) => {
                    let via = via.unwrap_or_default();
                    let gateways = network.gateways.get(via).map_or(1, |gateways| gateways.count);
                    (of_gateways.entry(via).or_default(), fleet.count.div_ceil(gateways.max(1)))
                }
            };
            self.join(clients, count.into(), fleet.connection_id, place);
        }
    }

    /// Adds a group to the clients of a server.
    fn join(&mut self, clients: &mut Clients, count: u64, len: Option<u8>, place: Place) {
        clients.count += count;
        if let Some(len) = len
            && *clients.len.get_or_insert(len) != len
        {
            let message = "its server wants connection IDs of another length from other clients";
            self.report
                .add(Code::ConnectionIds, place, message)
                .hint("give all clients of a server the same `connection_id`, or \"none\"");
        }
        let Some(len) = clients.len.filter(|len| *len > 0) else { return };
        let enough = 256_u64.checked_pow(len.into()).unwrap_or(u64::MAX);
        if clients.count > enough {
            let message = format!(
                "its server has {} clients, and connection IDs of this length are {enough}",
                clients.count
            );
            self.report
                .add(Code::ConnectionIds, place, message)
                .hint("raise `security.connection_id`");
        }
    }

    /// Where the group of this name is defined.
    fn place_of(&self, name: &str) -> Place {
        let file = self.file;
        let fleet = file.fleet.value().and_then(|named| named.0.get(name)).map(|entry| entry.key);
        let gateway = || file.gateway.value().and_then(|named| named.0.get(name));
        fleet.or_else(|| gateway().map(|entry| entry.key)).unwrap_or_default()
    }
}
