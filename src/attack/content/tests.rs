//! Each payload does what it is for where nothing holds it, and nothing where something does.

use super::*;
use crate::backend::header::Downloads;
use crate::backend::ldap::Directory;
use crate::backend::native::{Check, Parser};
use crate::backend::page::{Dashboard, Escaping, Slot, Validation};
use crate::backend::shell::Notifier;
use crate::backend::sql::{Inventory, Query};
use crate::backend::tenants::{Handles, Tenants, Validation as Types};
use crate::backend::xpath::Registry;
use crate::backend::{Canary, Coding};
use crate::ledger::Level;
use crate::sim::Seed;

const CANARY: Canary = Canary([0x42; 16]);
const HOST: &str = "collector.example";
const DRAWS: u64 = 12;

fn each(mut test: impl FnMut(&mut Draws<'_>)) {
    for seed in 0..DRAWS {
        test(&mut Seed(seed).streams("attacker").draws(0, 0, &mut 0));
    }
}

/// The level of a value in the sink that it is made for.
fn level(kind: Injection, coding: Coding, value: &str) -> Level {
    let sql =
        |query| Inventory::new(CANARY).unwrap().use_value(query, coding, value).unwrap().level;
    match kind {
        Injection::SqlUnion => sql(Query::Name).min(sql(Query::Report)),
        Injection::SqlStacked | Injection::SqlAlways => sql(Query::Name),
        Injection::SqlNumber => sql(Query::Number),
        Injection::XpathUnion | Injection::XpathAlways => {
            Registry::new(CANARY).use_value(coding, value).unwrap().level
        }
        Injection::LdapAlways | Injection::LdapWildcard => {
            Directory::new(CANARY).use_value(coding, value).level
        }
        Injection::HeaderSplit | Injection::HeaderField => {
            Downloads::new(CANARY).use_value(coding, value).level
        }
        _ => Notifier::new(CANARY).use_value(coding, value).level,
    }
}

const LISTS: [Injection; 3] = [Injection::ListReads, Injection::ListChanges, Injection::ListBusy];

#[test]
fn every_injection_leaves_its_slot_pasted_and_none_bound() {
    for kind in Injection::ALL.into_iter().filter(|kind| !LISTS.contains(kind)) {
        each(|draws| {
            let value = injection(kind, HOST, draws);
            assert!(level(kind, Coding::Concatenated, &value) >= Level::Effect, "{kind:?} {value}");
            assert_eq!(level(kind, Coding::Bound, &value), Level::Equal, "{kind:?} {value}");
        });
    }
}

#[test]
fn unions_and_commands_reach_their_goal() {
    use Injection::{
        HeaderSplit, LdapAlways, Option, ShellSeparator, ShellSubstitution, SqlUnion, XpathUnion,
    };
    let kinds =
        [SqlUnion, XpathUnion, LdapAlways, HeaderSplit, ShellSeparator, ShellSubstitution, Option];
    for kind in kinds {
        each(|draws| {
            let value = injection(kind, HOST, draws);
            assert_eq!(level(kind, Coding::Concatenated, &value), Level::Goal, "{kind:?} {value}");
        });
    }
}

#[test]
fn every_list_does_harm_with_a_handle_that_may_do_everything() {
    for kind in LISTS {
        each(|draws| {
            let content = injection(kind, HOST, draws);
            let mut all = Tenants::new(Handles::AllPowerful, Types::None, CANARY).unwrap();
            let harm = all.handle(&content).unwrap();
            assert!(harm.read.len() + harm.changed.len() > 0 || harm.is_exhausted, "{content}");
            let mut role = Tenants::new(Handles::PerRole, Types::None, CANARY).unwrap();
            let held = role.handle(&content).unwrap();
            let is_own = |row: &String| row.starts_with("north-");
            assert!(held.read.iter().all(is_own) && held.changed.is_empty(), "{content}");
            let mut typed = Tenants::new(Handles::AllPowerful, Types::Typed, CANARY).unwrap();
            assert!(typed.handle(&content).unwrap().refusal.is_some(), "{content}");
        });
    }
}

#[test]
fn all_markup_steals_the_session_and_is_held() {
    let places = [
        (Place::Element, Slot::Content),
        (Place::Attribute, Slot::Name),
        (Place::Link, Slot::Link),
        (Place::Written, Slot::Fragment),
    ];
    for (place, slot) in places {
        each(|draws| {
            let value = markup(place, HOST, draws);
            let show = |escaping, validation| {
                Dashboard::new(escaping, validation, CANARY).show(slot, &value).unwrap()
            };
            let raw = show(Escaping::None, Validation::None);
            assert_eq!(raw.level, Level::Goal, "{value}");
            let session = CANARY.text().into_bytes();
            let is_mine = |sent: &crate::backend::Sent| {
                sent.host == HOST && sent.bytes.windows(32).any(|window| window == session)
            };
            assert!(raw.sent.iter().any(is_mine), "{value}");
            for held in [
                show(Escaping::Contextual, Validation::None),
                show(Escaping::None, Validation::Whitelist),
            ] {
                assert!(held.level == Level::Equal && held.refusal.is_some(), "{value}");
            }
        });
    }
}

#[test]
fn every_overrun_breaks_a_bound_or_leaks_and_is_refused() {
    for kind in Overrun::ALL {
        each(|draws| {
            let message = bytes(kind, draws);
            let broken = Parser::new(Check::None, CANARY).unwrap().handle(&message).unwrap();
            assert!(broken.exceeded.is_some() || broken.leaks, "{kind:?}");
            let held = Parser::new(Check::Validating, CANARY).unwrap().handle(&message).unwrap();
            assert!(held.refusal.is_some() && held.exceeded.is_none(), "{kind:?}");
        });
    }
}
