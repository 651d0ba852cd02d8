//! An inventory in SQLite, asked with a value that a device wrote.

use std::cell::RefCell;
use std::collections::BTreeMap;

use rusqlite::types::Value;

use super::database::{Database, Policy, Trace, lines};
use super::{Canary, Coding, Fault, Interpretation, Refusal, TOO_LONG, VALUE_BYTES_MAX, contains};
use crate::ledger::{ContentDigest, Level, Sink};
use crate::planted::{self, Defect};

const SETUP: &str = "
    CREATE TABLE item (id INTEGER PRIMARY KEY, tenant TEXT, name TEXT, quantity INTEGER);
    CREATE TABLE reading (id INTEGER PRIMARY KEY, tenant TEXT, label TEXT);
    CREATE TABLE credential (name TEXT, value TEXT);
    INSERT INTO item (tenant, name, quantity) VALUES
        ('north', 'pump', 4), ('north', 'valve', 9), ('north', 'meter', 120),
        ('south', 'pump', 2), ('south', 'boiler', 1), ('south', 'meter', 75);
";
/// A harmless text: what a slot's structure is compared with.
const BENIGN: &str = "plain";
/// A harmless number.
const BENIGN_NUMBER: &str = "1";
const HELD: Refusal = Refusal { mechanism: "bound_parameter", reason: "kept as data" };
const ESCAPED: Refusal = Refusal { mechanism: "sql_escaping", reason: "kept as data" };

/// What the application does with the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Query {
    /// Looks an item up by its name: a text slot.
    Name,
    /// Looks an item up by its number: a slot without quotation marks.
    Number,
    /// Stores it as the label of a reading.
    Store,
    /// Stores it well, and pastes it into a report later: second order.
    Report,
}

impl Query {
    fn text(self, slot: &str) -> String {
        match self {
            Self::Name => {
                format!("SELECT name, quantity FROM item WHERE name = {slot} AND tenant = 'north'")
            }
            Self::Number => {
                format!("SELECT name, quantity FROM item WHERE tenant = 'north' AND id = {slot}")
            }
            Self::Store => format!("INSERT INTO reading (label, tenant) VALUES ({slot}, 'north')"),
            Self::Report => {
                format!(
                    "SELECT label, tenant FROM reading WHERE label = {slot} AND tenant = 'north'"
                )
            }
        }
    }

    const fn benign(self) -> &'static str {
        match self {
            Self::Number => BENIGN_NUMBER,
            Self::Name | Self::Store | Self::Report => BENIGN,
        }
    }

    /// What the value means: the twin, apart from all that is under test.
    fn meant(self, database: &Database, value: &str) -> Trace {
        database.execute(&self.text("?1"), &[value])
    }

    fn run(self, database: &Database, value: &str, coding: Coding) -> Trace {
        let quote = if matches!(self, Self::Number) { "" } else { "'" };
        let is_pasted = planted::is(Defect::SqlConcatenated) && self == Self::Report;
        match coding {
            Coding::Bound if is_pasted => self.run(database, value, Coding::Concatenated),
            Coding::Bound => database.execute(&self.text("?1"), &[value]),
            Coding::Escaped => {
                let escaped = value.replace('\'', "''");
                database.execute(&self.text(&format!("{quote}{escaped}{quote}")), &[])
            }
            Coding::Concatenated => {
                database.execute(&self.text(&format!("{quote}{value}{quote}")), &[])
            }
        }
    }
}

/// The operations of each statement of a text.
type Shape = Vec<Vec<String>>;

/// The inventory. Besides items and readings it holds a credential that no query of the application reads.
#[derive(Debug)]
pub struct Inventory {
    database: Database,
    canary: String,
    shapes: RefCell<BTreeMap<(Query, Coding), Shape>>,
}

impl Inventory {
    /// An inventory with two tenants.
    ///
    /// # Errors
    /// SQLite cannot be set up.
    pub fn new(canary: Canary) -> Result<Self, Fault> {
        let database = Database::new(Policy::All, SETUP)?;
        let canary = canary.text();
        database.provision("INSERT INTO credential VALUES ('gateway', ?1)", &[&canary])?;
        Ok(Self { database, canary, shapes: RefCell::default() })
    }

    /// Uses a value, and says how far it came.
    ///
    /// # Errors
    /// SQLite cannot make the copies on which the value is judged.
    pub fn use_value(
        &mut self,
        query: Query,
        coding: Coding,
        value: &str,
    ) -> Result<Interpretation, Fault> {
        if value.len() > VALUE_BYTES_MAX {
            return Ok(Interpretation::refused(Sink::Sql, TOO_LONG));
        }
        if query == Query::Report {
            // The first order is bound, whatever the coding of the second.
            Query::Store.run(&self.database, value, Coding::Bound);
        }
        let level = self.judge(query, coding, value)?;
        let refusal = match coding {
            Coding::Concatenated => None,
            _ if level > Level::Equal => None,
            _ if self.judge(query, Coding::Concatenated, value)? == Level::Equal => None,
            Coding::Escaped => Some(ESCAPED),
            Coding::Bound => Some(HELD),
        };
        let before = self.database.digest();
        let trace = query.run(&self.database, value, coding);
        Ok(Interpretation {
            sink: Sink::Sql,
            level,
            refusal,
            answer: lines(&trace.rows),
            sent: Vec::new(),
            is_changed: self.database.digest() != before,
            steps: trace.steps,
            is_exhausted: trace.is_exhausted,
            is_failed: trace.failure.is_some(),
        })
    }

    /// The digest of everything stored.
    #[must_use]
    pub fn digest(&self) -> ContentDigest {
        self.database.digest()
    }

    /// The twin rule on copies: the same value in the coding under test and bound. A probe row with the
    /// very value as its key is there, so that an empty answer on both sides does not hide a difference.
    fn judge(&self, query: Query, coding: Coding, value: &str) -> Result<Level, Fault> {
        let (tested, twin) = (self.probed(value)?, self.probed(value)?);
        let actual = query.run(&tested, value, coding);
        let meant = query.meant(&twin, value);
        let is_canary = |rows: &[Vec<Value>]| contains(&lines(rows), self.canary.as_bytes());
        let credentials = |database: &Database| database.inspect("SELECT * FROM credential");
        if is_canary(&actual.rows) && !is_canary(&meant.rows)
            || credentials(&tested) != credentials(&twin)
        {
            return Ok(Level::Goal);
        }
        let has_failed = actual.failure.is_some() && meant.failure.is_none();
        let differs = tested.digest() != twin.digest() || actual.rows != meant.rows;
        if has_failed {
            let is_more =
                actual.skeleton.len() > 1 && tested.digest() != self.probed(value)?.digest();
            return Ok(if is_more { Level::Effect } else { Level::Syntax });
        }
        if differs || actual.log != meant.log {
            return Ok(Level::Effect);
        }
        let is_alike = meant.failure.is_some() || self.shape(query, coding)? == actual.skeleton;
        Ok(if is_alike { Level::Equal } else { Level::Structure })
    }

    /// What a statement with a harmless value compiles to.
    fn shape(&self, query: Query, coding: Coding) -> Result<Shape, Fault> {
        let mut shapes = self.shapes.borrow_mut();
        if let Some(shape) = shapes.get(&(query, coding)) {
            return Ok(shape.clone());
        }
        let copy = self.probed(query.benign())?;
        let shape = query.run(&copy, query.benign(), coding).skeleton;
        shapes.insert((query, coding), shape.clone());
        Ok(shape)
    }

    fn probed(&self, value: &str) -> Result<Database, Fault> {
        let copy = self.database.copy()?;
        // A statement that came earlier may have dropped a table: then there is nothing to hide in it.
        let _ = copy.provision("INSERT INTO item VALUES (NULL, 'north', ?1, 0)", &[value]);
        let _ = copy.provision("INSERT INTO reading VALUES (NULL, 'north', ?1)", &[value]);
        Ok(copy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(query: Query, coding: Coding, value: &str) -> Interpretation {
        Inventory::new(Canary([7; 16])).unwrap().use_value(query, coding, value).unwrap()
    }

    fn level(query: Query, coding: Coding, value: &str) -> Level {
        used(query, coding, value).level
    }

    const UNION: &str = "x' UNION SELECT value, 1 FROM credential --";

    #[test]
    fn levels_are_told_apart() {
        let pasted = |value| level(Query::Name, Coding::Concatenated, value);
        assert_eq!(pasted("pump"), Level::Equal);
        assert_eq!(pasted("O'Brien"), Level::Syntax);
        assert_eq!(pasted("x' || '"), Level::Effect);
        assert_eq!(pasted("pump' AND '1'='1"), Level::Effect);
        assert_eq!(pasted("x' OR '1'='1"), Level::Effect);
        assert_eq!(pasted("x'; DROP TABLE reading; --"), Level::Effect);
        assert_eq!(pasted("x'; UPDATE credential SET value = 'mine'; --"), Level::Goal);
        assert_eq!(pasted(UNION), Level::Goal);
    }

    #[test]
    fn a_bound_value_is_data_whatever_it_is() {
        for query in [Query::Name, Query::Number, Query::Store, Query::Report] {
            for value in ["pump", "O'Brien", UNION, "1 OR 1=1", "x'; DROP TABLE item; --", "\0'"] {
                assert_eq!(level(query, Coding::Bound, value), Level::Equal, "{query:?} {value}");
            }
        }
        assert_eq!(used(Query::Name, Coding::Bound, UNION).refusal, Some(HELD));
        assert_eq!(used(Query::Name, Coding::Bound, "pump").refusal, None);
        assert_eq!(used(Query::Name, Coding::Bound, "pump").answer, b"pump\t4\n");
    }

    #[test]
    fn escaping_quotation_marks_helps_only_between_them() {
        assert_eq!(level(Query::Name, Coding::Escaped, UNION), Level::Equal);
        assert_eq!(used(Query::Name, Coding::Escaped, UNION).refusal, Some(ESCAPED));
        let number = "0 UNION SELECT value, 1 FROM credential";
        assert_eq!(level(Query::Number, Coding::Escaped, number), Level::Goal);
        assert_eq!(level(Query::Number, Coding::Escaped, "3"), Level::Equal);
    }

    #[test]
    fn the_canary_really_comes_out() {
        let canary = Canary([7; 16]).text();
        let pasted = used(Query::Name, Coding::Concatenated, UNION);
        assert!(contains(&pasted.answer, canary.as_bytes()));
        let second = used(Query::Report, Coding::Concatenated, UNION);
        assert!(contains(&second.answer, canary.as_bytes()) && second.level == Level::Goal);
        let bound = used(Query::Report, Coding::Bound, UNION);
        assert!(!contains(&bound.answer, canary.as_bytes()));
    }

    #[test]
    fn what_a_statement_destroys_stays_destroyed() {
        let mut inventory = Inventory::new(Canary([1; 16])).unwrap();
        let drop = "x'; DROP TABLE item; --";
        let used = inventory.use_value(Query::Name, Coding::Concatenated, drop).unwrap();
        assert!(used.is_changed && used.level == Level::Effect);
        assert_eq!(inventory.database.inspect("SELECT * FROM item").len(), 0);
        let later = inventory.use_value(Query::Name, Coding::Bound, "pump").unwrap();
        assert!(later.is_failed && later.level == Level::Equal);
    }

    #[test]
    fn long_values_are_refused() {
        let long = used(Query::Name, Coding::Concatenated, &"'".repeat(VALUE_BYTES_MAX + 1));
        assert_eq!((long.level, long.refusal), (Level::Equal, Some(TOO_LONG)));
    }
}
