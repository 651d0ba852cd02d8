//! Attacks and countermeasures.

use super::Checker;
use super::custody_attack::custody_words;
use super::network::Network;
use crate::attack::catalogue::{Countermeasure as Catalogued, Threat};
use crate::attack::content::Family;
use crate::attack::{
    Attack, Eavesdrop, Flood, Hijack, Hostile, Linking, Loss, Overload, Program, Relay, Replay,
    Tamper, Trespass, Victims,
};
use crate::ledger::PropertyId;
use crate::scenario::codes::Code;
use crate::scenario::plan::Countermeasure;
use crate::scenario::source::{At, enumerate, quote};
use crate::scenario::table::{Field, List};
use crate::scenario::words::{
    AttackTable, ContentWord, EavesdropTable, FloodTable, HijackTable, HostileTable, Integer,
    LinkingTable, OverloadTable, RelayTable, ReplayTable, TamperTable, TrespassTable,
};
use crate::sim::time::{Duration, Time};

/// Alarms later than this after the first step of an attack do not count, where a file says nothing.
const ALARM_WITHIN: Duration = Duration::from_secs(60);

/// Pairs that a linking observer is asked about, where a file says nothing.
const GUESSES: u32 = 400;
/// The time between two hostile contents, where a file says nothing.
const EVERY: Duration = Duration::from_secs(10);
/// The attacker's host, where a file says nothing.
const HOST: &str = "collector.example";

impl Checker<'_> {
    /// The threat that the scenario shows.
    pub(super) fn threat(&mut self) -> Option<u8> {
        let at = self.file.scenario.value()?.threat.given()?;
        let threat = Threat::from_code(&at.value);
        if threat.is_none() {
            let message = format!("there is no threat {}", quote(&at.value));
            self.report.add(Code::NoThreat, at.place, message).hint("threats are T1 to T22");
        }
        threat.map(|threat| threat.number)
    }

    /// The attacks, in the order of the file.
    pub(super) fn attacks(&mut self, network: &Network) -> Vec<Attack> {
        let file = self.file;
        let attacks = file.attack.value().into_iter().flat_map(|list| &list.0);
        attacks.filter_map(|attack| self.attack(attack, network)).collect()
    }

    fn attack(&mut self, attack: &At<AttackTable>, network: &Network) -> Option<Attack> {
        let words = &attack.value;
        let mut programs = vec![
            self.eavesdrop(&words.eavesdrop, network),
            self.flood(&words.flood, network),
            self.hijack(&words.hijack, network),
            self.hostile(&words.hostile, network),
            self.linking(&words.linking, network),
            self.overload(&words.overload, network),
            self.relay(&words.relay, network),
            self.replay(&words.replay, network),
            self.tamper(&words.tamper, network),
            self.trespass(&words.trespass, network),
            self.impersonate(&words.impersonate, network),
        ];
        programs.extend(self.custody_programs(words, network));
        let mut words_of = vec![
            ("eavesdrop", words.eavesdrop.is_absent()),
            ("flood", words.flood.is_absent()),
            ("hijack", words.hijack.is_absent()),
            ("hostile", words.hostile.is_absent()),
            ("linking", words.linking.is_absent()),
            ("overload", words.overload.is_absent()),
            ("relay", words.relay.is_absent()),
            ("replay", words.replay.is_absent()),
            ("tamper", words.tamper.is_absent()),
            ("trespass", words.trespass.is_absent()),
            ("impersonate", words.impersonate.is_absent()),
        ];
        words_of.extend(custody_words(words));
        let present: Vec<_> = words_of
            .into_iter()
            .filter(|(_, is_absent)| !is_absent)
            .map(|(name, _)| name)
            .collect();
        if present.len() != 1 {
            let message = match present.as_slice() {
                [] => "this attack does nothing".to_owned(),
                several => {
                    format!("this attack is several: {}", enumerate(several.iter().copied()))
                }
            };
            self.report.add(Code::OneProgram, attack.place, message);
        }
        let (program, victims) = programs.into_iter().flatten().next()?;
        let at = words.at.given()?;
        if at.value.value >= self.duration.0 {
            let message = "the attack begins after the end of the run";
            self.report.add(Code::AfterTheEnd, at.place, message);
        }
        let violates = self.properties(&words.violates, &program);
        let within = words.alarm_within.value();
        Some(Attack {
            name: words.name.value().cloned().unwrap_or_else(|| program.word().to_owned()),
            at: Time(at.value.value),
            victims,
            violates,
            alarm_within: within.map_or(ALARM_WITHIN, |within| Duration(within.value)),
            loss: self.loss(&words.loss),
            program,
        })
    }

    fn eavesdrop(
        &mut self,
        field: &Field<EavesdropTable>,
        network: &Network,
    ) -> Option<(Program, Victims)> {
        let words = field.value()?;
        let victims = self.victims(&words.target, &words.members, network);
        let is_inside = words.inside.value().copied().unwrap_or(false);
        let is_cse = |name: &String| {
            network.gateway_index.contains_key(name) || network.cse_index.contains_key(name)
        };
        if let Some(at) = words.target.given().filter(|at| is_inside && !is_cse(&at.value)) {
            let message = format!("{} hosts no CSE to read along in", quote(&at.value));
            self.report
                .add(Code::NoThreat, at.place, message)
                .hint("name a gateway group or a CSE");
        }
        let steals_after = words.steals_after.value().map(|after| Duration(after.value));
        Some((Program::Eavesdrop(Eavesdrop { is_inside, steals_after }), victims?))
    }

    fn linking(
        &mut self,
        field: &Field<LinkingTable>,
        network: &Network,
    ) -> Option<(Program, Victims)> {
        let words = field.value()?;
        let victims = self.victims(&words.target, &words.members, network);
        let listens = Duration(words.listens.value()?.value);
        let apart = words.apart.given()?;
        if apart.value.value >= listens.0 {
            let message = "no two messages that it hears are so far apart";
            self.report
                .add(Code::AfterTheEnd, apart.place, message)
                .hint("take less than `listens`");
        }
        let apart = Duration(apart.value.value);
        let guesses = words.guesses.value().map_or(GUESSES, |guesses| guesses.0);
        Some((Program::Linking(Linking { listens, apart, guesses }), victims?))
    }

    fn flood(
        &mut self,
        field: &Field<FloodTable>,
        network: &Network,
    ) -> Option<(Program, Victims)> {
        let words = field.value()?;
        let victims = self.victims(&words.target, &words.members, network);
        let from = self.victims(&words.from, &Field::Absent, network)?.group;
        let every = Duration(words.every.value()?.value);
        let datagrams = words.datagrams.value()?.0;
        Some((Program::Flood(Flood { from, every, datagrams }), victims?))
    }

    fn hijack(
        &mut self,
        field: &Field<HijackTable>,
        network: &Network,
    ) -> Option<(Program, Victims)> {
        let words = field.value()?;
        let victims = self.victims(&words.target, &words.members, network);
        Some((Program::Hijack(Hijack), victims?))
    }

    fn relay(
        &mut self,
        field: &Field<RelayTable>,
        network: &Network,
    ) -> Option<(Program, Victims)> {
        let words = field.value()?;
        let victims = self.victims(&words.target, &words.members, network);
        let alters = words.alters.value().copied().unwrap_or(false);
        Some((Program::Relay(Relay { alters }), victims?))
    }

    fn trespass(
        &mut self,
        field: &Field<TrespassTable>,
        network: &Network,
    ) -> Option<(Program, Victims)> {
        let words = field.value()?;
        let victims = self.victims(&words.target, &words.members, network);
        let trespass = Trespass {
            of: self.victims(&words.of, &Field::Absent, network)?.group,
            is_disguised: words.disguised.value().copied().unwrap_or(false),
            times: words.times.value().map_or(1, |times| times.0),
            every: words.every.value().map_or(EVERY, |every| Duration(every.value)),
        };
        Some((Program::Trespass(trespass), victims?))
    }

    fn tamper(
        &mut self,
        field: &Field<TamperTable>,
        network: &Network,
    ) -> Option<(Program, Victims)> {
        let words = field.value()?;
        let victims = self.victims(&words.target, &words.members, network);
        let datagrams = words.datagrams.value().map_or(1, |n| n.0);
        Some((Program::Tamper(Tamper { datagrams }), victims?))
    }

    fn overload(
        &mut self,
        field: &Field<OverloadTable>,
        network: &Network,
    ) -> Option<(Program, Victims)> {
        let words = field.value()?;
        let victims = self.victims(&words.target, &words.members, network);
        let overload = Overload {
            per_second: words.per_second.value()?.0,
            size: self.bytes(&words.size, 1, 1_200, 1_000),
            lasts: Duration(words.lasts.value()?.value),
        };
        Some((overload.into(), victims?))
    }

    fn replay(
        &mut self,
        field: &Field<ReplayTable>,
        network: &Network,
    ) -> Option<(Program, Victims)> {
        let words = field.value()?;
        let victims = self.victims(&words.target, &words.members, network);
        let count = |field: &Field<Integer<1, 1_000_000>>| field.value().map_or(1, |n| n.0);
        let replay = Replay {
            after: Duration(words.after.value()?.value),
            datagrams: count(&words.datagrams),
            times: words.times.value().map_or(1, |times| times.0),
        };
        Some((replay.into(), victims?))
    }

    fn hostile(
        &mut self,
        field: &Field<HostileTable>,
        network: &Network,
    ) -> Option<(Program, Victims)> {
        let words = field.value()?;
        let victims = self.victims(&words.target, &words.members, network);
        let family = match words.content.value()? {
            ContentWord::Injection => Family::Injection,
            ContentWord::List => Family::List,
            ContentWord::Element => Family::Element,
            ContentWord::Attribute => Family::Attribute,
            ContentWord::Link => Family::Link,
            ContentWord::Written => Family::Written,
            ContentWord::Overrun => Family::Overrun,
        };
        let hostile = Hostile {
            family,
            times: words.times.value().map_or(1, |times| times.0),
            every: words.every.value().map_or(EVERY, |every| Duration(every.value)),
            host: words.host.value().map_or_else(|| HOST.to_owned(), String::clone),
        };
        Some((hostile.into(), victims?))
    }

    /// Members of a group that has links and keys of its own as a client.
    pub(super) fn victims(
        &mut self,
        target: &Field<String>,
        members: &Field<Integer<1, 10_000_000>>,
        network: &Network,
    ) -> Option<Victims> {
        let at = target.given()?;
        let name = at.value.as_str();
        let fleet = network.fleet_index.get(name).map(|index| network.fleets[*index].count);
        let gateway = network.gateway_index.get(name).map(|index| network.gateways[*index].count);
        let cse = network.cse_index.get(name).map(|_| 1);
        let function =
            network.function_index.get(name).map(|index| network.functions[*index].count);
        let Some(count) = fleet.or(gateway).or(cse).or(function) else {
            let file = self.file;
            let known: Vec<_> = super::group_names(file).map(|(_, known, _)| known).collect();
            if !known.contains(&name) {
                self.dangling("fleet, gateway group, function or CSE", at, known);
            }
            return None;
        };
        // A scenario may be run at a smaller scale than it was written for.
        let wanted = members.given().map_or(1, |at| at.value.0).min(count);
        Some(Victims { group: name.to_owned(), members: wanted })
    }

    fn properties(&mut self, field: &Field<List<String>>, program: &Program) -> Vec<PropertyId> {
        let Some(list) = field.value() else { return program.aims().to_vec() };
        list.0.iter().filter_map(|at| self.property(&at.value, at.place)).collect()
    }

    pub(super) fn property(
        &mut self,
        code: &str,
        place: crate::scenario::source::Place,
    ) -> Option<PropertyId> {
        let found = PropertyId::from_code(code);
        if found.is_none() {
            let message = format!("there is no property {}", quote(code));
            let all = PropertyId::ALL.iter().map(|id| id.property().code);
            self.report
                .add(Code::NoThreat, place, message)
                .hint(format!("there are {}", enumerate(all)));
        }
        found
    }

    fn loss(&mut self, field: &Field<String>) -> Option<Loss> {
        let at = field.given()?;
        let parts = at.value.split_once("<=").and_then(|(metric, bound)| {
            let (property, metric) = metric.trim().split_once('.')?;
            Some((property, metric.to_owned(), bound.trim().parse::<f64>().ok()?))
        });
        let Some((property, metric, at_most)) = parts.filter(|(_, _, bound)| bound.is_finite())
        else {
            let message = format!("{} is not PROPERTY.METRIC <= NUMBER", quote(&at.value));
            self.report
                .add(Code::Expectation, at.place, message)
                .hint("write it like `S2.leaked_fields <= 3`");
            return None;
        };
        let property = self.property(property, at.place)?;
        Some(Loss { property, metric, at_most })
    }

    /// The countermeasures, in the order of their numbers.
    pub(super) fn countermeasures(&mut self, threat: Option<u8>) -> Vec<Countermeasure> {
        let file = self.file;
        let named = file.countermeasure.value().into_iter().flat_map(|named| &named.0);
        let threat = threat.and_then(|number| Threat::from_code(&format!("T{number}")));
        let mut all = Vec::new();
        for (code, entry) in named {
            let Some(known) = Catalogued::from_code(code) else {
                let message = format!("there is no countermeasure {}", quote(code));
                self.report
                    .add(Code::NoThreat, entry.key, message)
                    .hint("countermeasures are CM1 to CM19 and CM22 to CM28");
                continue;
            };
            if let Some(threat) = threat
                && !threat.countermeasures().any(|(one, _)| one.number == known.number)
            {
                let against: Vec<_> = threat.countermeasures().map(|(one, _)| one.code()).collect();
                let message =
                    format!("{} is no countermeasure against {}", known.code(), threat.code());
                self.report.add(Code::WrongCountermeasure, entry.key, message).hint(format!(
                    "against {} there are {}",
                    threat.code(),
                    enumerate(against.iter().map(String::as_str))
                ));
            }
            let texts = |field: &Field<List<String>>| {
                let items = field.value().into_iter().flat_map(|list| &list.0);
                items.map(|at| at.value.clone()).collect()
            };
            all.push(Countermeasure {
                number: known.number,
                is_on: entry.value.on.value().copied().unwrap_or(true),
                off: texts(&entry.value.off),
                refuses: texts(&entry.value.refuses),
            });
        }
        all.sort_by_key(|one| one.number);
        all
    }
}
