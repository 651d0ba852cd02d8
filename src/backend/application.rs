//! An application behind a CSE, whichever its sink: a content in, what came of it out.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::header::Downloads;
use super::ldap::Directory;
use super::native::{self, Called};
use super::page::{self, Dashboard};
use super::shell::Notifier;
use super::sql::{Inventory, Query};
use super::tenants::{self, Tenants};
use super::xpath::Registry;
use super::{Canary, Coding, Fault, Interpretation, Refusal, Sent};
use crate::ledger::{Bound, Level, Sink};

/// The price at which the parser was provisioned.
const PRICE: u32 = 25;

/// What an application is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// It looks something up in SQLite, or stores it there.
    Sql {
        /// What it does.
        query: Query,
        /// How the content becomes part of that.
        coding: Coding,
    },
    /// It looks something up in a document.
    Xpath {
        /// How the content becomes part of the expression.
        coding: Coding,
    },
    /// It looks something up in a directory.
    Ldap {
        /// How the content becomes part of the filter.
        coding: Coding,
    },
    /// It names the device in a header field of its answers.
    Header {
        /// How the content becomes part of the field.
        coding: Coding,
    },
    /// It runs a command that tells an operator.
    Shell {
        /// How the content becomes part of the command.
        coding: Coding,
    },
    /// It shows the content on a page.
    Page {
        /// Where.
        slot: page::Slot,
        /// How it is put there.
        escaping: page::Escaping,
        /// What is looked at before.
        validation: page::Validation,
    },
    /// It reads the content with a parser whose memory is not checked.
    Native {
        /// What stands before the parser.
        check: native::Check,
    },
    /// It looks readings up in the storage of several tenants.
    Tenants {
        /// The handles that it holds.
        handles: tenants::Handles,
        /// What is looked at before.
        validation: tenants::Validation,
    },
}

/// What devices of an application write when nobody attacks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// Digits.
    #[default]
    Digits,
    /// A label and a value in JSON.
    Json,
    /// Elements of type, length and value, in base64.
    Elements,
}

impl Setting {
    /// What it expects its devices to write.
    #[must_use]
    pub const fn form(&self) -> Form {
        match self {
            Self::Tenants { .. } => Form::Json,
            Self::Native { .. } => Form::Elements,
            _ => Form::Digits,
        }
    }

    /// The secrets that an application of this kind and canary holds, as they would be found.
    #[must_use]
    pub fn secrets(&self, canary: Canary) -> Vec<Vec<u8>> {
        match self {
            Self::Native { .. } => vec![canary.0.to_vec()],
            Self::Tenants { .. } => {
                let token = |tenant: &&str| Tenants::token(canary, tenant).into_bytes();
                tenants::TENANTS.iter().map(token).collect()
            }
            _ => vec![canary.text().into_bytes()],
        }
    }
}

impl Form {
    /// An honest content: the `count`-th of the device with this number.
    #[must_use]
    pub fn content(self, device: u32, count: u64) -> Option<String> {
        match self {
            Self::Digits => None,
            Self::Json => {
                Some(format!(r#"{{"label":"north-{}","value":{}}}"#, device % 8, count % 1_000))
            }
            Self::Elements => {
                let name = format!("meter {}", device % 100);
                let length = u8::try_from(name.len()).ok()?;
                Some(STANDARD.encode([&[1, length], name.as_bytes(), &[3, length]].concat()))
            }
        }
    }
}

/// Something of the application that a content reached though none may.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Touch {
    /// What.
    pub what: String,
    /// It was changed; otherwise it was read.
    pub is_changed: bool,
}

/// What came of a content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// How far it came in an interpreter.
    pub interpreted: Option<(Sink, Level)>,
    /// The bound that it broke.
    pub exceeded: Option<Bound>,
    /// The mechanism that held it.
    pub refusal: Option<Refusal>,
    /// What it reached for the first time.
    pub touched: Vec<Touch>,
    /// The function that ran though no content leads to it.
    pub wrong_code: Option<&'static str>,
    /// Accesses that the authoriser of the storage denied.
    pub denied: u64,
    /// What left for other hosts.
    pub sent: Vec<Sent>,
    /// Steps of the interpreter.
    pub steps: u64,
}

/// An application.
#[derive(Debug)]
pub struct Application {
    kind: Kind,
    /// What was reached before.
    reached: BTreeSet<Touch>,
}

#[derive(Debug)]
enum Kind {
    Sql(Inventory, Query, Coding),
    Xpath(Registry, Coding),
    Ldap(Directory, Coding),
    Header(Downloads, Coding),
    Shell(Notifier, Coding),
    Page(Dashboard, page::Slot),
    Native(Box<native::Parser>),
    Tenants(Tenants),
}

impl Application {
    /// An application that was just started.
    ///
    /// # Errors
    /// Its interpreter cannot be set up.
    pub fn new(setting: Setting, canary: Canary) -> Result<Self, Fault> {
        let kind = match setting {
            Setting::Sql { query, coding } => Kind::Sql(Inventory::new(canary)?, query, coding),
            Setting::Xpath { coding } => Kind::Xpath(Registry::new(canary), coding),
            Setting::Ldap { coding } => Kind::Ldap(Directory::new(canary), coding),
            Setting::Header { coding } => Kind::Header(Downloads::new(canary), coding),
            Setting::Shell { coding } => Kind::Shell(Notifier::new(canary), coding),
            Setting::Page { slot, escaping, validation } => {
                Kind::Page(Dashboard::new(escaping, validation, canary), slot)
            }
            Setting::Native { check } => {
                Kind::Native(Box::new(native::Parser::new(check, canary)?))
            }
            Setting::Tenants { handles, validation } => {
                Kind::Tenants(Tenants::new(handles, validation, canary)?)
            }
        };
        Ok(Self { kind, reached: BTreeSet::new() })
    }

    /// Looks at a content before it is stored: the check that stands before a parser or a handler.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn admit(&self, content: &str) -> Result<(), Refusal> {
        match &self.kind {
            Kind::Native(parser) => match STANDARD.decode(content) {
                Ok(message) => parser.admit(&message),
                // The decoder stands before the parser in any case.
                Err(_) => Ok(()),
            },
            Kind::Tenants(tenants) => tenants.admit(content),
            _ => Ok(()),
        }
    }

    /// Takes a content that a device wrote.
    ///
    /// # Errors
    /// Its interpreter cannot be set up for the comparison.
    pub fn take(&mut self, content: &str) -> Result<Outcome, Fault> {
        let mut outcome = match &mut self.kind {
            Kind::Sql(inventory, query, coding) => {
                interpreted(inventory.use_value(*query, *coding, content)?)
            }
            Kind::Xpath(registry, coding) => interpreted(registry.use_value(*coding, content)?),
            Kind::Ldap(directory, coding) => interpreted(directory.use_value(*coding, content)),
            Kind::Header(downloads, coding) => interpreted(downloads.use_value(*coding, content)),
            Kind::Shell(notifier, coding) => interpreted(notifier.use_value(*coding, content)),
            Kind::Page(dashboard, slot) => interpreted(dashboard.show(*slot, content)?),
            Kind::Native(parser) => parsed(parser, content)?,
            Kind::Tenants(tenants) => looked_up(tenants.handle(content)?),
        };
        outcome.touched.retain(|touch| self.reached.insert(touch.clone()));
        Ok(outcome)
    }
}

fn interpreted(it: Interpretation) -> Outcome {
    let touched = match it.level {
        Level::Goal => Some(Touch { what: "credential".to_owned(), is_changed: it.is_changed }),
        Level::Effect if it.is_changed => {
            Some(Touch { what: "state".to_owned(), is_changed: true })
        }
        _ => None,
    };
    Outcome {
        interpreted: Some((it.sink, it.level)),
        exceeded: it.is_exhausted.then_some(Bound::Steps),
        refusal: it.refusal,
        touched: touched.into_iter().collect(),
        sent: it.sent,
        steps: it.steps,
        ..Outcome::default()
    }
}

fn parsed(parser: &mut native::Parser, content: &str) -> Result<Outcome, Fault> {
    let Ok(message) = STANDARD.decode(content) else {
        let refusal = Refusal { mechanism: "decoder", reason: "not base64" };
        return Ok(Outcome { refusal: Some(refusal), ..Outcome::default() });
    };
    let handled = parser.handle(&message)?;
    let mut touched = Vec::new();
    let mut touch = |what: &str, is_changed| {
        touched.push(Touch { what: what.to_owned(), is_changed });
    };
    if handled.leaks {
        touch("key", false);
    }
    let is_wrong = |called: &Called| matches!(called, Called::Record { price } if *price != PRICE);
    if handled.called.iter().any(is_wrong) {
        touch("price", true);
    }
    Ok(Outcome {
        exceeded: handled.exceeded,
        refusal: handled.refusal,
        touched,
        wrong_code: handled.called.contains(&Called::Unlock).then_some("unlock"),
        steps: handled.steps,
        ..Outcome::default()
    })
}

fn looked_up(handled: tenants::Handled) -> Outcome {
    let touch = |is_changed| move |what: String| Touch { what, is_changed };
    let read = handled.read.into_iter().map(touch(false));
    let changed = handled.changed.into_iter().map(touch(true));
    Outcome {
        exceeded: handled.is_exhausted.then_some(Bound::Steps),
        refusal: handled.refusal,
        touched: read.chain(changed).collect(),
        denied: handled.denied,
        steps: handled.steps,
        ..Outcome::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CANARY: Canary = Canary([8; 16]);

    fn settings() -> [Setting; 8] {
        use {native::Check, page::Escaping, page::Slot, tenants::Handles};
        let coding = Coding::Concatenated;
        [
            Setting::Sql { query: Query::Name, coding },
            Setting::Xpath { coding },
            Setting::Ldap { coding },
            Setting::Header { coding },
            Setting::Shell { coding },
            Setting::Page {
                slot: Slot::Content,
                escaping: Escaping::None,
                validation: page::Validation::None,
            },
            Setting::Native { check: Check::None },
            Setting::Tenants {
                handles: Handles::AllPowerful,
                validation: tenants::Validation::None,
            },
        ]
    }

    #[test]
    fn honest_contents_touch_nothing_even_where_nothing_holds_them() {
        for setting in settings() {
            let mut application = Application::new(setting, CANARY).unwrap();
            for count in 0..10 {
                let honest = setting.form().content(3, count);
                let outcome = application.take(honest.as_deref().unwrap_or("000000012")).unwrap();
                let level = outcome.interpreted.map_or(Level::Equal, |(_, level)| level);
                assert_eq!((level, outcome.exceeded), (Level::Equal, None), "{setting:?}");
                assert_eq!((outcome.refusal, outcome.wrong_code, outcome.denied), (None, None, 0));
                assert!(outcome.touched.is_empty() && outcome.sent.is_empty(), "{outcome:?}");
            }
        }
    }

    #[test]
    fn what_is_reached_again_is_told_once() {
        let [.., last] = settings();
        let mut application = Application::new(last, CANARY).unwrap();
        let content = r#"{"label": ["1 = 1"]}"#;
        assert_eq!(application.take(content).unwrap().touched.len(), 24);
        assert_eq!(application.take(content).unwrap().touched.len(), 0);
    }
}
