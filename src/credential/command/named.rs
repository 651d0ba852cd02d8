//! Commands that are believed: whoever writes an administrator's name into one is that administrator.

use std::collections::BTreeMap;

use super::{Action, Authority, Refusal, Role, RoleTable, check_bounds};

/// A command with the name of its originator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedCommand {
    /// Who is said to have sent it.
    pub originator: String,
    /// What is to be done.
    pub action: Action,
}

/// Believes originators.
#[derive(Clone, Debug, Default)]
pub struct NamedAuthority {
    /// The roles of each originator.
    pub originators: BTreeMap<String, Vec<Role>>,
    /// Who may do what.
    pub roles: RoleTable,
}

impl Authority for NamedAuthority {
    type Command = NamedCommand;

    fn authorise<'c>(&mut self, command: &'c NamedCommand) -> Result<&'c Action, Refusal> {
        check_bounds(&command.action, &command.originator)?;
        let roles = self.originators.get(&command.originator);
        let roles = roles.ok_or(Refusal::UnknownOriginator)?;
        let verb = command.action.verb();
        let may = roles.iter().any(|&role| self.roles.of(role).allow(verb));
        if may { Ok(&command.action) } else { Err(Refusal::NotPermitted) }
    }
}
