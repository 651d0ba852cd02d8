//! Attacks on keys, software and secrets in nodes.

use super::Checker;
use super::network::Network;
use crate::attack::{
    Approach, BreakIn, Forgery, Management, MoveElement, Payload, Program, PushSoftware, Raid,
    Reprogram, StealPasswords, Victims,
};
use crate::scenario::table::Field;
use crate::scenario::words::{
    ApproachWord, AttackTable, BreakInTable, ForgeryWord, Integer, PayloadWord,
};

/// Measurements beside a chip where a file says nothing: more than an element gives.
const TRACES: u32 = 600;
/// Work of a search where a file says nothing.
const BUDGET: u32 = 20_000;

/// The words of these programs, and whether each is absent.
pub(super) fn custody_words(words: &AttackTable) -> [(&'static str, bool); 8] {
    [
        ("break_in", words.break_in.is_absent()),
        ("management", words.management.is_absent()),
        ("raid", words.raid.is_absent()),
        ("move_element", words.move_element.is_absent()),
        ("reprogram", words.reprogram.is_absent()),
        ("push_software", words.push_software.is_absent()),
        ("steal_passwords", words.steal_passwords.is_absent()),
        ("explore", words.explore.is_absent()),
    ]
}

type Aimed = Option<(Program, Victims)>;

impl Checker<'_> {
    /// The programs that a table has, of these.
    pub(super) fn custody_programs(
        &mut self,
        words: &AttackTable,
        network: &Network,
    ) -> Vec<Aimed> {
        vec![
            self.break_in(&words.break_in, network),
            words.management.value().and_then(|it| {
                let victims = self.victims(&it.target, &it.members, network)?;
                let forgery = match it.command.value()? {
                    ForgeryWord::Delete => Forgery::Delete,
                    ForgeryWord::Replace => Forgery::Replace,
                    ForgeryWord::Wipe => Forgery::Wipe,
                };
                Some((Management { forgery }.into(), victims))
            }),
            words.raid.value().and_then(|it| {
                let victims = self.victims(&it.target, &it.members, network)?;
                Some((Raid.into(), victims))
            }),
            words.move_element.value().and_then(|it| {
                let victims = self.victims(&it.target, &it.members, network)?;
                let host = self.host(&it.host, network);
                Some((MoveElement { host }.into(), victims))
            }),
            words.reprogram.value().and_then(|it| {
                let victims = self.victims(&it.target, &it.members, network)?;
                let from = self.host(&it.from, network);
                Some((Reprogram { from }.into(), victims))
            }),
            words.push_software.value().and_then(|it| {
                let victims = self.victims(&it.target, &it.members, network)?;
                let payload = match it.image.value()? {
                    PayloadWord::Patched => Payload::Patched,
                    PayloadWord::Old => Payload::Old,
                };
                Some((PushSoftware { payload }.into(), victims))
            }),
            words.steal_passwords.value().and_then(|it| {
                let victims = self.victims(&it.target, &it.members, network)?;
                let budget = it.budget.value().map_or(BUDGET, |budget| budget.0);
                Some((StealPasswords { budget }.into(), victims))
            }),
            self.explore(&words.explore, network),
        ]
    }

    fn break_in(&mut self, field: &Field<BreakInTable>, network: &Network) -> Aimed {
        let words = field.value()?;
        let victims = self.victims(&words.target, &words.members, network);
        let approach = |word: &ApproachWord| match word {
            ApproachWord::Management => Approach::Management,
            ApproachWord::Image => Approach::Image,
            ApproachWord::Power => Approach::Power,
            ApproachWord::Snapshot => Approach::Snapshot,
        };
        let ways = words.ways.value();
        let ways = ways.map_or_else(
            || vec![Approach::Management, Approach::Image, Approach::Power],
            |list| list.0.iter().map(|at| approach(&at.value)).collect(),
        );
        let traces = words.traces.value().map_or(TRACES, |traces| traces.0);
        let host = self.host(&words.host, network);
        Some((BreakIn { ways, traces, host }.into(), victims?))
    }

    /// The attacker's own host.
    fn host(&mut self, field: &Field<String>, network: &Network) -> Option<String> {
        let members = Field::<Integer<1, 10_000_000>>::Absent;
        self.victims(field, &members, network).map(|host| host.group)
    }
}
