//! What follows from an attestation: a pure state machine for each node.
//!
//! One answer that does not fit may be an accident of the network, so that a node is first asked again;
//! software that is not expected is none, and shuts the node out at once.

use super::attest::AttestationFault;

/// How a node stands with its operator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// It may do what it is meant to.
    #[default]
    Trusted,
    /// So many answers in a row were missing or not believed.
    Doubted(u8),
    /// It may do nothing but be repaired.
    Quarantined,
}

/// What the operator's side does about a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Asks again, at once.
    AskAgain,
    /// Takes its rights away: access decisions and credentials.
    Quarantine,
    /// Sends it the software that it should run.
    Repair,
    /// Gives its rights back.
    Release,
    /// Writes it down, and nothing else.
    Log,
}

/// What was learned about a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Incident {
    /// It runs what it should.
    Sound,
    /// It did not answer in time.
    Silent,
    /// Its answer is not believed, or says that it runs something else.
    Fault(AttestationFault),
}

/// What is done about incidents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// They are written down, for somebody to read.
    LogOnly,
    /// Nodes are shut out and repaired.
    Act {
        /// Answers in a row that may be missing or not believed: 1 to 255.
        doubts_max: u8,
    },
}

impl Policy {
    /// How the node stands now, and what is to be done.
    #[must_use]
    pub fn step(self, standing: Standing, incident: Incident) -> (Standing, &'static [Action]) {
        let Self::Act { doubts_max } = self else {
            let actions: &[Action] = if incident == Incident::Sound { &[] } else { &[Action::Log] };
            return (Standing::Trusted, actions);
        };
        match (standing, incident) {
            (Standing::Quarantined, Incident::Sound) => (Standing::Trusted, &[Action::Release]),
            (_, Incident::Sound) => (Standing::Trusted, &[]),
            (Standing::Quarantined, _) => (Standing::Quarantined, &[Action::Repair]),
            (_, Incident::Fault(AttestationFault::Mismatch)) => Self::SHUT_OUT,
            (standing, _) => {
                let before = if let Standing::Doubted(count) = standing { count } else { 0 };
                let doubts = before.saturating_add(1);
                if doubts > doubts_max {
                    Self::SHUT_OUT
                } else {
                    (Standing::Doubted(doubts), &[Action::Log, Action::AskAgain])
                }
            }
        }
    }

    const SHUT_OUT: (Standing, &'static [Action]) =
        (Standing::Quarantined, &[Action::Log, Action::Quarantine, Action::Repair]);
}
