//! Who may log in at the consoles of a plan: an account for each terminal, with a password as people choose them.

use crate::credential::at_rest::PasswordTable;
use crate::ledger::SecretClass;
use crate::node::{Chronicle, Layout, NodeId, actor};
use crate::onem2m::session::Sessions;
use crate::scenario::Plan;
use crate::sim::Seed;
use crate::sim::time::Time;

/// What people choose: words, and words with something behind them. None is among the first five that anybody tries.
const PASSWORDS: [&str; 6] = ["dragon", "sunshine", "summer", "gateway", "Dragon1", "Welcome1"];

/// The password of the user of the terminal `node`.
pub(super) fn password(layout: &Layout, node: NodeId) -> Option<String> {
    let member = layout.group(node).visits.map(|_| layout.place(node).member)?;
    Some(PASSWORDS[member as usize % PASSWORDS.len()].to_owned())
}

/// The sessions of the console of `cse`, if it has one; the terminals among `clients` have accounts there. An account
/// has the name of the AE in whose name its requests are made.
pub(super) fn sessions(
    plan: &Plan,
    layout: &Layout,
    (cse, clients): (NodeId, &[NodeId]),
    chronicle: &mut Chronicle,
) -> Option<Sessions> {
    let policy = layout.group(cse).console?;
    let mut table = PasswordTable::new(plan.custody.passwords);
    let streams = Seed(plan.seed).streams("console salts");
    let mut cursor = 0;
    let mut salts = streams.draws(cse.0, 0, &mut cursor);
    for terminal in clients {
        let Some(password) = password(layout, *terminal) else { continue };
        let kept = table.set(&layout.originator(*terminal), &password, &mut salts);
        if let (Ok(()), Some(mut facts)) = (kept, chronicle.engine(Time::ZERO)) {
            let holders = [actor(*terminal), actor(cse)];
            facts.create(SecretClass::Password, &holders, password.as_bytes());
        }
    }
    Some(Sessions::new(policy, table))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The experiments rest on it: a list of words finds each, and not before a lock-out.
    #[test]
    fn people_choose_what_can_be_guessed_online() {
        for password in PASSWORDS {
            let place = crate::attack::guess::candidates().position(|guess| guess == password);
            assert!(place.is_some_and(|place| (5..500).contains(&place)), "{password}: {place:?}");
        }
    }
}
