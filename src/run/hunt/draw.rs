//! What a seed draws on top of a base: settings, faults, commands and attackers. Everything that fails is over by the
//! time from which on the base says that everybody must be served again.

use toml::{Table, Value};

use super::case::{Case, get};
use crate::scenario::Plan;
use crate::scenario::plan::Registrar;
use crate::sim::time::Time;
use crate::sim::{Draws, Seed};

/// Most faults and commands of a case.
const EVENTS_MAX: u64 = 6;
/// Most attackers of a case.
const ATTACKS_MAX: u64 = 3;
/// The share of the faulty time that one fault lasts at most, in percent.
const FAULT_PERCENT_MAX: u64 = 40;
/// Life of the keys that a MAF hands out, which some jumps of clocks exceed.
const KC_LIFETIME_S: u64 = 86_400;
/// The shares of a run after which faults cease where the base does not say, in percent.
const CALM_PERCENT: u64 = 50;

/// The field of a hunt: what there is to aim at.
pub(super) struct Ground<'a> {
    base: &'a Table,
    plan: &'a Plan,
    /// Milliseconds from the start until everything is over that fails.
    calm_ms: u64,
}

impl<'a> Ground<'a> {
    pub(super) fn new(base: &'a Table, plan: &'a Plan) -> Self {
        let half = plan.duration.0 / 100 * CALM_PERCENT;
        let calm = plan.recovery.map_or(half, |recovery| recovery.after.since(Time::ZERO).0);
        Self { base, plan, calm_ms: calm / 1_000_000 }
    }

    /// The case of a seed.
    pub(super) fn draw(&self, seed: u64) -> Case {
        let streams = Seed(seed).streams("hunt");
        let mut case = Case::new(self.base.clone(), seed);
        let mut cursors = [0; 3];
        let [settings, events, attacks] = &mut cursors;
        self.settings(&mut streams.draws(0, 0, settings), &mut case);
        let mut draws = streams.draws(0, 1, events);
        for _ in 0..draws.below(EVENTS_MAX + 1) {
            let event = self.event(&mut draws);
            case.events.extend(event);
        }
        let mut draws = streams.draws(0, 2, attacks);
        for _ in 0..draws.below(ATTACKS_MAX + 1) {
            let attack = self.attack(&mut draws);
            case.attacks.extend(attack);
        }
        case
    }

    /// Settings within what an operator may sanely choose; what weakens a countermeasure is not among them.
    fn settings(&self, draws: &mut Draws<'_>, case: &mut Case) {
        let mut set = |path: String, value: Value| case.settings.push((path, value));
        let sometimes = |draws: &mut Draws<'_>| draws.below(2) == 0;
        if sometimes(draws) {
            let word = pick(draws, &["dtls13", "dtls12_ccm8", "dtls12_gcm"]);
            if self.is_protected() {
                set("security.profile".to_owned(), word.into());
            }
        }
        let one_of: [(&str, &[&str]); 2] =
            [("key_exchange", &["psk_ke", "psk_dhe_ke"]), ("sequence", &["8bit", "16bit"])];
        for (key, words) in one_of {
            if sometimes(draws) {
                set(format!("security.{key}"), pick(draws, words).into());
            }
        }
        let flags = [
            "cookie",
            "explicit_length",
            "timer.server",
            "timer.carry_over",
            "timer.resend_on_duplicate",
        ];
        for key in flags {
            if sometimes(draws) {
                set(format!("security.{key}"), sometimes(draws).into());
            }
        }
        let numbers = [
            ("replay_window", 16, 64),
            ("tickets", 0, 2),
            ("connection_id", 0, 8),
            ("timer.retransmissions", 2, 6),
            ("record_limit", 16, 4_096),
        ];
        for (key, low, high) in numbers {
            let value = low + draws.below(high - low + 1);
            // A window that the user has taken away stays away.
            if sometimes(draws) && (key != "replay_window" || self.has_window()) {
                set(format!("security.{key}"), integer(value));
            }
        }
        if sometimes(draws) {
            set("security.timer.initial".to_owned(), millis(200 + draws.below(2_800)));
        }
        if sometimes(draws) {
            set("security.key_lifetime".to_owned(), millis(60_000 + draws.below(240_000)));
        }
        if sometimes(draws) {
            let mut renewal = Table::new();
            renewal.insert("with".to_owned(), pick(draws, &["key_update", "full"]).into());
            renewal.insert("records".to_owned(), integer(3 + draws.below(30)));
            set("security.renewal".to_owned(), renewal.into());
        }
        for link in &self.plan.links {
            if sometimes(draws) {
                set(format!("link.{}.loss", link.name), percent(draws.below(8)));
            }
            if sometimes(draws) {
                set(format!("link.{}.duplicate", link.name), percent(draws.below(8)));
            }
            if sometimes(draws) {
                set(format!("link.{}.jitter", link.name), millis(draws.below(400)));
            }
        }
    }

    /// The base does not leave everything unprotected.
    fn is_protected(&self) -> bool {
        get(self.base, "security.profile").and_then(Value::as_str) != Some("none")
    }

    fn has_window(&self) -> bool {
        get(self.base, "security.replay_window").and_then(Value::as_integer) != Some(0)
    }

    /// When something begins and how long it lasts, in milliseconds, so that it is over in time.
    fn span(&self, draws: &mut Draws<'_>) -> (u64, u64) {
        let lasts = 1 + draws.below(self.calm_ms * FAULT_PERCENT_MAX / 100);
        (draws.below(self.calm_ms.saturating_sub(lasts)), lasts)
    }

    fn event(&self, draws: &mut Draws<'_>) -> Vec<Table> {
        let (at, lasts) = self.span(draws);
        let fleet = self.fleet(draws);
        match draws.below(9) {
            0 => self.one(at, "restart", self.anybody(draws).0),
            1 => self.one(at, "expire", fleet),
            2 => self.one(at, "readdress", fleet),
            3 => {
                let mut words = named(fleet);
                words.insert("with".to_owned(), pick(draws, &["full", "key_update"]).into());
                vec![event(at, "rekey", words)]
            }
            4 => {
                let (name, member) = self.anybody(draws);
                let mut words = named(name);
                words.extend(member.map(|member| ("member".to_owned(), integer(member))));
                vec![event(at, "fail", words.clone()), event(at + lasts, "recover", words)]
            }
            5 => vec![event(at, "cut", self.links(draws, lasts))],
            6 => {
                let mut words = self.links(draws, lasts);
                words.insert("loss".to_owned(), percent(5 + draws.below(85)));
                words.insert("duplicate".to_owned(), percent(draws.below(60)));
                words.insert("jitter".to_owned(), millis(draws.below(3_000)));
                vec![event(at, "disturb", words)]
            }
            7 => {
                let (name, member) = self.anybody(draws);
                let mut words = named(name);
                words.extend(member.map(|member| ("member".to_owned(), integer(member))));
                let by = millis(1_000 * (1 + draws.below(2 * KC_LIFETIME_S)));
                words.insert("by".to_owned(), by);
                words.insert("back".to_owned(), (draws.below(2) == 0).into());
                words.insert("lasts".to_owned(), millis(lasts));
                vec![event(at, "clock", words)]
            }
            _ => {
                let cse = &self.plan.cses[pick_index(draws, self.plan.cses.len())];
                let mut words = named(&cse.name);
                words.insert("lasts".to_owned(), millis(lasts));
                vec![event(at, "full", words)]
            }
        }
    }

    fn one(&self, at: u64, verb: &str, name: &str) -> Vec<Table> {
        vec![event(at, verb, named(name))]
    }

    /// The links of a type, of a group or of one of its members.
    fn links(&self, draws: &mut Draws<'_>, lasts: u64) -> Table {
        let mut words = match draws.below(3) {
            0 => {
                let link = &self.plan.links[pick_index(draws, self.plan.links.len())];
                Table::from_iter([("link".to_owned(), link.name.as_str().into())])
            }
            _ => {
                let (name, count) = self.linked(draws);
                let mut words = named(name);
                if draws.below(2) == 0 {
                    words.insert("member".to_owned(), integer(draws.below(count.into())));
                }
                words
            }
        };
        words.insert("lasts".to_owned(), millis(lasts));
        words
    }

    /// A group whose members have links.
    fn linked(&self, draws: &mut Draws<'_>) -> (&'a str, u32) {
        let fleets = self.plan.fleets.iter().map(|fleet| (fleet.name.as_str(), fleet.count));
        let gateways = self.plan.gateways.iter().map(|group| (group.name.as_str(), group.count));
        let all: Vec<_> = fleets.chain(gateways).collect();
        all[pick_index(draws, all.len())]
    }

    /// Any group, and sometimes one member of it.
    fn anybody(&self, draws: &mut Draws<'_>) -> (&'a str, Option<u64>) {
        let plan = self.plan;
        let cses = plan.cses.iter().map(|cse| (cse.name.as_str(), 1));
        let gateways = plan.gateways.iter().map(|group| (group.name.as_str(), group.count));
        let fleets = plan.fleets.iter().map(|fleet| (fleet.name.as_str(), fleet.count));
        let functions = plan.functions.iter().map(|group| (group.name.as_str(), group.count));
        let all: Vec<_> = cses.chain(gateways).chain(fleets).chain(functions).collect();
        let (name, count) = all[pick_index(draws, all.len())];
        let member = (draws.below(2) == 0).then(|| draws.below(count.into()));
        (name, member)
    }

    fn fleet(&self, draws: &mut Draws<'_>) -> &'a str {
        let fleets = &self.plan.fleets;
        &fleets[pick_index(draws, fleets.len())].name
    }

    /// An attacker with a program that ends in time, and what holds all the same. Programs are those of the network
    /// and of management: against whoever opens a device on a bench no setting that is drawn here helps.
    fn attack(&self, draws: &mut Draws<'_>) -> Option<Table> {
        let (at, lasts) = self.span(draws);
        let fleet = self.fleet(draws);
        let (target, count) = self.linked(draws);
        let mut words = named(fleet);
        let verb = match draws.below(9) {
            0 => {
                words = named(target);
                words.insert("members".to_owned(), integer(1 + draws.below(count.into())));
                "eavesdrop"
            }
            1 => {
                words.insert("after".to_owned(), millis(1 + draws.below(lasts)));
                words.insert("datagrams".to_owned(), integer(1 + draws.below(8)));
                words.insert("times".to_owned(), integer(1 + draws.below(3)));
                "replay"
            }
            2 => {
                words.insert("datagrams".to_owned(), integer(1 + draws.below(8)));
                "tamper"
            }
            3 => {
                words.insert("alters".to_owned(), (draws.below(2) == 0).into());
                "relay"
            }
            4 => {
                let of = self.fleet(draws);
                if of == fleet {
                    return None;
                }
                words.insert("of".to_owned(), of.into());
                words.insert("disguised".to_owned(), (draws.below(2) == 0).into());
                words.insert("times".to_owned(), integer(1 + draws.below(4)));
                "trespass"
            }
            5 => {
                let from = self.neighbour(fleet)?;
                let datagrams = 1 + draws.below(200);
                words.insert("from".to_owned(), from.into());
                words.insert("every".to_owned(), millis((lasts / datagrams).max(1)));
                words.insert("datagrams".to_owned(), integer(datagrams));
                "flood"
            }
            6 => {
                words.insert("per_second".to_owned(), integer(1 + draws.below(50)));
                words.insert("lasts".to_owned(), millis(lasts));
                "overload"
            }
            7 => {
                let command = pick(draws, &["delete", "replace", "wipe"]);
                words.insert("command".to_owned(), command.into());
                "management"
            }
            _ => {
                words.insert("image".to_owned(), pick(draws, &["patched", "old"]).into());
                "push_software"
            }
        };
        Some(event(at, verb, words))
    }

    /// Another fleet with the same registrar: the attacker's own host.
    fn neighbour(&self, fleet: &str) -> Option<&'a str> {
        let fleets = &self.plan.fleets;
        let victim = fleets.iter().find(|one| one.name == fleet)?;
        let same = |one: &&crate::scenario::plan::Fleet| match (one.registrar, victim.registrar) {
            (Registrar::Gateway, Registrar::Gateway) => one.via == victim.via,
            (mine, theirs) => mine == theirs,
        };
        let other = fleets.iter().filter(same).find(|one| one.name != fleet)?;
        Some(&other.name)
    }
}

fn named(name: &str) -> Table {
    Table::from_iter([("target".to_owned(), name.into())])
}

fn event(at: u64, verb: &str, words: Table) -> Table {
    Table::from_iter([("at".to_owned(), millis(at)), (verb.to_owned(), words.into())])
}

fn millis(span: u64) -> Value {
    format!("{span}ms").into()
}

fn integer(number: u64) -> Value {
    Value::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}

/// So many in a hundred, as a probability.
fn percent(share: u64) -> Value {
    Value::Float(f64::from(u32::try_from(share).unwrap_or(u32::MAX)) / 100.0)
}

fn pick<'w>(draws: &mut Draws<'_>, words: &[&'w str]) -> &'w str {
    words[pick_index(draws, words.len())]
}

/// An index below `len`, which is above 0.
fn pick_index(draws: &mut Draws<'_>, len: usize) -> usize {
    usize::try_from(draws.below(len as u64)).unwrap_or(0)
}
