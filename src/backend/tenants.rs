//! Storage of several tenants, and what an error of a handler lets through with the handle that it holds.
//!
//! The handler looks readings up by their label. Where the label is no text it falls into a path that was
//! made for filters, and a list becomes a condition as it stands. What that statement then reads and changes is
//! bounded by nothing but the handle.

use rusqlite::types::Value as Cell;

use super::database::{Database, Policy, Trace, cell, lines};
use super::{Canary, Fault, Refusal, TOO_LONG, VALUE_BYTES_MAX, contains};
use crate::ledger::ContentDigest;
use crate::wire::value::{Map, Serialisation, Value, read};

/// The tenants. Messages come from the first.
pub const TENANTS: [&str; 3] = ["north", "south", "west"];
/// Readings of each tenant.
const READINGS: usize = 8;
/// Bytes of a label.
const LABEL_BYTES_MAX: usize = 64;
const SCHEMA: &str = "
    CREATE TABLE reading (tenant TEXT, label TEXT, value INTEGER);
    CREATE TABLE account (tenant TEXT, token TEXT, balance INTEGER);
";
/// What the role that ingests readings needs.
const INGEST: Policy = Policy::Role { reads: &["reading"], inserts: &["reading"] };

/// The handles that handlers hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Handles {
    /// One that may do everything, on one database for all tenants.
    AllPowerful,
    /// One for each role, on a database for each tenant: readings may be read and added, nothing else.
    PerRole,
}

/// What is looked at before a handler begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Validation {
    /// Nothing.
    None,
    /// Types, lengths and ranges of all members.
    Typed,
}

/// What came of one content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Handled {
    /// The mechanism that held it.
    pub refusal: Option<Refusal>,
    /// Rows in the answer that the sender did not ask for by their label, by the text that each begins with.
    pub read: Vec<String>,
    /// Such rows that are no longer as they were.
    pub changed: Vec<String>,
    /// Accesses that the authoriser denied: an alarm listens to these.
    pub denied: u64,
    /// What the sender is answered.
    pub answer: Vec<u8>,
    /// Instructions of SQLite's machine.
    pub steps: u64,
    /// It was stopped for taking too many.
    pub is_exhausted: bool,
    /// The handler came upon an error.
    pub is_failed: bool,
}

/// The storage and its handler.
#[derive(Debug)]
pub struct Tenants {
    handles: Handles,
    validation: Validation,
    canary: Canary,
    databases: Vec<Database>,
}

impl Tenants {
    /// Storage with rows for each tenant.
    ///
    /// # Errors
    /// SQLite cannot be set up.
    pub fn new(handles: Handles, validation: Validation, canary: Canary) -> Result<Self, Fault> {
        let apart: Vec<Vec<&str>> = match handles {
            Handles::AllPowerful => vec![TENANTS.to_vec()],
            Handles::PerRole => TENANTS.iter().map(|tenant| vec![*tenant]).collect(),
        };
        let policy = match handles {
            Handles::AllPowerful => Policy::All,
            Handles::PerRole => INGEST,
        };
        let fill = |tenants: &Vec<&str>| {
            let database = Database::new(policy, SCHEMA)?;
            for tenant in tenants {
                fill(&database, tenant, canary)?;
            }
            Ok(database)
        };
        let databases = apart.iter().map(fill).collect::<Result<_, Fault>>()?;
        Ok(Self { handles, validation, canary, databases })
    }

    /// The token of a tenant's account, which no handler of messages reads: a canary.
    #[must_use]
    pub fn token(canary: Canary, tenant: &str) -> String {
        ContentDigest::of(&[&canary.0, tenant.as_bytes()]).to_string()
    }

    /// Handles a content of the first tenant: `{"label": "pump", "value": 3}`.
    ///
    /// # Errors
    /// SQLite cannot be set up for the comparison.
    pub fn handle(&mut self, content: &str) -> Result<Handled, Fault> {
        if content.len() > VALUE_BYTES_MAX {
            return Ok(Handled { refusal: Some(TOO_LONG), ..Handled::default() });
        }
        if let Err(refusal) = self.admit(content) {
            return Ok(Handled { refusal: Some(refusal), ..Handled::default() });
        }
        let Ok(parsed) = read(content.as_bytes(), Serialisation::Json) else {
            return Ok(Handled { is_failed: true, ..Handled::default() });
        };
        let before = self.foreign(&parsed);
        let Some(database) = self.databases.first() else { return Ok(Handled::default()) };
        let trace = look_up(database, &parsed);
        let mut handled = self.damage(&parsed, &before, &trace);
        handled.refusal = match self.handles {
            Handles::AllPowerful => None,
            Handles::PerRole if handled.denied > 0 => {
                Some(Refusal { mechanism: "storage_authoriser", reason: "access is not granted" })
            }
            Handles::PerRole if self.would_harm_more(&parsed, &handled)? => {
                Some(Refusal { mechanism: "tenant_handle", reason: "rows of one tenant only" })
            }
            Handles::PerRole => None,
        };
        Ok(handled)
    }

    /// What is looked at before a handler begins.
    ///
    /// # Errors
    /// What is wrong with the content.
    pub fn admit(&self, content: &str) -> Result<(), Refusal> {
        if self.validation == Validation::None {
            return Ok(());
        }
        let refuse = |reason| Refusal { mechanism: "type_check", reason };
        let parsed =
            read(content.as_bytes(), Serialisation::Json).map_err(|_| refuse("not JSON"))?;
        validate(&parsed).map_err(refuse)
    }

    /// Readings of the first tenant that are still there.
    #[must_use]
    pub fn own_readings(&self) -> usize {
        let text = "SELECT 1 FROM reading WHERE tenant = 'north'";
        self.databases.first().map_or(0, |database| database.inspect(text).len())
    }

    /// Would the same content have done more harm with a handle that may do everything?
    fn would_harm_more(&self, parsed: &Map, done: &Handled) -> Result<bool, Fault> {
        let other = Self::new(Handles::AllPowerful, Validation::None, self.canary)?;
        let before = other.foreign(parsed);
        let Some(database) = other.databases.first() else { return Ok(false) };
        let damage = other.damage(parsed, &before, &look_up(database, parsed));
        Ok(damage.read.len() + damage.changed.len() > done.read.len() + done.changed.len())
    }

    /// All rows but the readings that the content may ask for: those of the first tenant with its label.
    fn foreign(&self, parsed: &Map) -> Vec<Vec<Cell>> {
        let asked = parsed.get("label").and_then(Value::as_text);
        let mut rows = Vec::new();
        for database in &self.databases {
            rows.extend(database.inspect("SELECT label, value FROM reading"));
            rows.extend(database.inspect("SELECT token, balance FROM account"));
        }
        rows.retain(|row| name(row).as_deref() != asked);
        rows
    }

    fn damage(&self, parsed: &Map, before: &[Vec<Cell>], trace: &Trace) -> Handled {
        let answer = lines(&trace.rows);
        let is_read = |name: &String| contains(&answer, name.as_bytes());
        let after = self.foreign(parsed);
        Handled {
            refusal: None,
            read: before.iter().filter_map(|row| name(row)).filter(is_read).collect(),
            changed: before
                .iter()
                .filter(|row| !after.contains(row))
                .filter_map(|row| name(row))
                .collect(),
            denied: trace.denied,
            steps: trace.steps,
            is_exhausted: trace.is_exhausted,
            is_failed: trace.failure.is_some(),
            answer,
        }
    }
}

/// The first column of a row, which is unique in the world.
fn name(row: &[Cell]) -> Option<String> {
    row.first().map(cell)
}

fn fill(database: &Database, tenant: &str, canary: Canary) -> Result<(), Fault> {
    for number in 0..READINGS {
        let label = format!("{tenant}-{number}");
        let value = (number * 7).to_string();
        let text = "INSERT INTO reading VALUES (?1, ?2, ?3)";
        database.provision(text, &[tenant, &label, &value])?;
    }
    let token = Tenants::token(canary, tenant);
    database.provision("INSERT INTO account VALUES (?1, ?2, 100)", &[tenant, &token])
}

/// The handler.
fn look_up(database: &Database, content: &Map) -> Trace {
    match content.get("label") {
        Some(Value::List(items)) => {
            let condition: Vec<&str> = items.iter().filter_map(Value::as_text).collect();
            let condition = condition.join(" ");
            database.execute(&format!("SELECT label, value FROM reading WHERE {condition}"), &[])
        }
        label => {
            let label = label.and_then(Value::as_text).unwrap_or_default();
            let text = "SELECT label, value FROM reading WHERE tenant = 'north' AND label = ?1";
            database.execute(text, &[label])
        }
    }
}

fn validate(content: &Map) -> Result<(), &'static str> {
    let label = content.get("label").ok_or("label is missing")?;
    let label = label.as_text().ok_or("label is no text")?;
    if label.is_empty() || label.len() > LABEL_BYTES_MAX {
        return Err("label is too long or empty");
    }
    let value = content.get("value").map(|value| value.as_u64().ok_or("value is no number"));
    if value.transpose()?.is_some_and(|value| value > 1_000_000) {
        return Err("value is out of range");
    }
    let is_known = |name: &str| ["label", "value"].contains(&name);
    if content.iter().any(|(name, _)| !is_known(name)) {
        return Err("member is unknown");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CANARY: Canary = Canary([9; 16]);

    fn handled(handles: Handles, validation: Validation, content: &str) -> Handled {
        Tenants::new(handles, validation, CANARY).unwrap().handle(content).unwrap()
    }

    const EVERYTHING: &str = r#"{"label": ["1 = 1"]}"#;
    const TOKENS: &str = r#"{"label": ["1 = 0 UNION SELECT token, balance FROM account"]}"#;
    const ERASE: &str = r#"{"label": ["1 = 0; DELETE FROM account; DELETE FROM reading"]}"#;

    #[test]
    fn an_honest_content_finds_its_reading() {
        for handles in [Handles::AllPowerful, Handles::PerRole] {
            for validation in [Validation::None, Validation::Typed] {
                let content = r#"{"label": "north-3", "value": 5}"#;
                let handled = handled(handles, validation, content);
                assert_eq!(handled.answer, b"north-3\t21\n");
                assert_eq!((handled.refusal, handled.denied, handled.read.len()), (None, 0, 0));
            }
        }
    }

    #[test]
    fn the_handle_decides_how_far_a_statement_reaches() {
        let all = |content| handled(Handles::AllPowerful, Validation::None, content);
        assert_eq!(all(EVERYTHING).read.len(), 3 * READINGS);
        assert_eq!(all(TOKENS).read.len(), 3);
        assert!(contains(&all(TOKENS).answer, Tenants::token(CANARY, "south").as_bytes()));
        assert_eq!(all(ERASE).changed.len(), 3 * READINGS + 3);
        let role = |content| handled(Handles::PerRole, Validation::None, content);
        for content in [EVERYTHING, TOKENS, ERASE] {
            let held = role(content);
            let is_own = |row: &String| row.starts_with("north-");
            assert!(held.read.iter().all(is_own) && held.changed.is_empty(), "{content}");
            assert!(held.refusal.is_some(), "{content}");
        }
        assert_eq!(role(EVERYTHING).read.len(), READINGS, "its own tenant's, no more");
        assert!(role(TOKENS).denied > 0 && role(ERASE).denied > 0);
        assert_eq!(role(EVERYTHING).refusal.unwrap().mechanism, "tenant_handle");
    }

    #[test]
    fn what_a_role_may_the_attacker_may_too() {
        let own = handled(Handles::PerRole, Validation::None, EVERYTHING);
        assert_eq!(own.answer.split(|byte| *byte == b'\n').count(), READINGS + 1);
        let insert = r#"{"label": ["1 = 0; INSERT INTO reading VALUES ('north', 'x', 1)"]}"#;
        let mut tenants = Tenants::new(Handles::PerRole, Validation::None, CANARY).unwrap();
        tenants.handle(insert).unwrap();
        assert_eq!(tenants.own_readings(), READINGS + 1);
        let busy = r#"{"label": ["1 = (SELECT count(*) FROM reading a, reading b, reading c, reading d, reading e, reading f)"]}"#;
        assert!(handled(Handles::PerRole, Validation::None, busy).is_exhausted);
    }

    #[test]
    fn types_are_refused_before_any_effect() {
        let reason = |content| {
            let handled = handled(Handles::AllPowerful, Validation::Typed, content);
            assert!(handled.read.is_empty() && handled.changed.is_empty() && handled.steps == 0);
            handled.refusal.unwrap().reason
        };
        assert_eq!(reason(EVERYTHING), "label is no text");
        assert_eq!(reason("{"), "not JSON");
        assert_eq!(reason("{}"), "label is missing");
        assert_eq!(reason(r#"{"label": ""}"#), "label is too long or empty");
        assert_eq!(reason(r#"{"label": "a", "value": "x"}"#), "value is no number");
        assert_eq!(reason(r#"{"label": "a", "value": 9999999}"#), "value is out of range");
        assert_eq!(reason(r#"{"label": "a", "other": 1}"#), "member is unknown");
    }
}
