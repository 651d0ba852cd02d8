//! A real SQLite in memory, confined and watched: who accesses what, how much work it is, what a role may do.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::backup::Backup;
use rusqlite::fallible_iterator::FallibleIterator as _;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
use rusqlite::types::Value;
use rusqlite::{Batch, Connection, Statement, params_from_iter};

use super::Fault;
use crate::ledger::ContentDigest;

/// Bytes of a statement's text.
const TEXT_BYTES_MAX: i32 = 16_384;
/// Rows that one text may yield.
const ROWS_MAX: usize = 1_000;
/// Statements in one text.
const STATEMENTS_MAX: usize = 16;
/// Instructions of SQLite's machine between two looks at the fuel.
const STRIDE: i32 = 50;
/// Instructions that one text may take.
const STEPS_MAX: u64 = 200_000;
/// Functions whose value differs between runs or that reach beyond the database.
const FUNCTIONS_DENIED: [&str; 11] = [
    "random",
    "randomblob",
    "date",
    "time",
    "datetime",
    "julianday",
    "strftime",
    "unixepoch",
    "load_extension",
    "readfile",
    "writefile",
];

/// What a handle may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Policy {
    /// Whatever SQLite can.
    All,
    /// Read these tables, and add rows to those; nothing else.
    Role { reads: &'static [&'static str], inserts: &'static [&'static str] },
}

#[derive(Debug)]
struct Watch {
    policy: Policy,
    is_watching: bool,
    log: Vec<String>,
    denied: u64,
    steps: u64,
}

/// What became of one text.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Trace {
    /// What SQLite says if it failed.
    pub(super) failure: Option<String>,
    /// What the authoriser was asked, in order.
    pub(super) log: Vec<String>,
    /// All rows of all statements.
    pub(super) rows: Vec<Vec<Value>>,
    /// The operations that SQLite compiled the text into, one list for each statement, literals alike.
    pub(super) skeleton: Vec<Vec<String>>,
    /// Instructions taken.
    pub(super) steps: u64,
    /// It was stopped for taking too many.
    pub(super) is_exhausted: bool,
    /// Accesses that the policy denied.
    pub(super) denied: u64,
}

/// The database.
#[derive(Debug)]
pub(super) struct Database {
    connection: Connection,
    watch: Arc<Mutex<Watch>>,
}

impl Database {
    /// A database made by these statements, with a handle of this policy on it.
    pub(super) fn new(policy: Policy, setup: &str) -> Result<Self, Fault> {
        let database = Self::empty(policy)?;
        database.connection.execute_batch(setup).map_err(fault)?;
        database.watch(true);
        Ok(database)
    }

    /// A copy that shares nothing with this one.
    pub(super) fn copy(&self) -> Result<Self, Fault> {
        let policy = lock(&self.watch).policy;
        let mut copy = Self::empty(policy)?;
        let backup = Backup::new(&self.connection, &mut copy.connection).map_err(fault)?;
        backup.step(-1).map_err(fault)?;
        drop(backup);
        copy.watch(true);
        Ok(copy)
    }

    fn empty(policy: Policy) -> Result<Self, Fault> {
        let mut connection = Connection::open_in_memory().map_err(fault)?;
        let watch = Watch { policy, is_watching: false, log: Vec::new(), denied: 0, steps: 0 };
        let watch = Arc::new(Mutex::new(watch));
        connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0).map_err(fault)?;
        connection.set_limit(Limit::SQLITE_LIMIT_SQL_LENGTH, TEXT_BYTES_MAX).map_err(fault)?;
        connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, TEXT_BYTES_MAX).map_err(fault)?;
        let seen = Arc::clone(&watch);
        connection
            .authorizer(Some(move |asked: AuthContext<'_>| lock(&seen).decide(&asked.action)))
            .map_err(fault)?;
        let fuel = Arc::clone(&watch);
        connection
            .progress_handler(
                STRIDE,
                Some(move || {
                    let mut watch = lock(&fuel);
                    watch.steps += u64::from(STRIDE.unsigned_abs());
                    watch.is_watching && watch.steps > STEPS_MAX
                }),
            )
            .map_err(fault)?;
        Ok(Self { connection, watch })
    }

    /// Executes all statements in a text. Parameters are for the first statement that has any.
    pub(super) fn execute(&self, text: &str, parameters: &[&str]) -> Trace {
        {
            let mut watch = lock(&self.watch);
            (watch.denied, watch.steps) = (0, 0);
            watch.log.clear();
        }
        let mut trace = Trace::default();
        if let Err(error) = self.statements(text, parameters, &mut trace) {
            trace.failure = Some(error.to_string());
        }
        let mut watch = lock(&self.watch);
        trace.log = std::mem::take(&mut watch.log);
        trace.denied = watch.denied;
        trace.steps = watch.steps;
        trace.is_exhausted = watch.steps > STEPS_MAX;
        trace
    }

    fn statements(
        &self,
        text: &str,
        parameters: &[&str],
        trace: &mut Trace,
    ) -> rusqlite::Result<()> {
        let mut batch = Batch::new(&self.connection, text);
        while let Some(mut statement) = batch.next()? {
            if trace.skeleton.len() == STATEMENTS_MAX {
                return Err(rusqlite::Error::MultipleStatement);
            }
            trace.skeleton.push(self.explain(&statement));
            let count = statement.parameter_count().min(parameters.len());
            let columns = statement.column_count();
            let bound = params_from_iter(parameters.iter().take(count));
            let mut rows = statement.query(bound)?;
            while let Some(row) = rows.next()? {
                if trace.rows.len() < ROWS_MAX {
                    let values: Result<_, _> = (0..columns).map(|column| row.get(column)).collect();
                    trace.rows.push(values?);
                }
            }
        }
        Ok(())
    }

    /// The operations of a compiled statement. Which kind of literal an operation loads is left out, so that
    /// two values of one slot compile to the same.
    fn explain(&self, statement: &Statement<'_>) -> Vec<String> {
        let text = statement.expanded_sql().unwrap_or_default();
        let explain = || -> rusqlite::Result<Vec<String>> {
            let mut explain = self.connection.prepare(&format!("EXPLAIN {text}"))?;
            explain.query_map([], |row| row.get::<_, String>(1))?.collect()
        };
        self.watch(false);
        let operations = explain().unwrap_or_default();
        self.watch(true);
        let is_literal = |name: &str| {
            ["Integer", "Int64", "Real", "String", "String8", "Null", "Blob", "Variable"]
                .contains(&name)
        };
        let named = |name: String| if is_literal(&name) { "literal".to_owned() } else { name };
        operations.into_iter().map(named).collect()
    }

    /// Reads on behalf of the application's owner, unwatched.
    pub(super) fn inspect(&self, text: &str) -> Vec<Vec<Value>> {
        let read = || -> rusqlite::Result<Vec<Vec<Value>>> {
            let mut statement = self.connection.prepare(text)?;
            let columns = statement.column_count();
            let rows =
                statement.query_map([], |row| (0..columns).map(|at| row.get(at)).collect())?;
            rows.collect()
        };
        self.watch(false);
        let rows = read().unwrap_or_default();
        self.watch(true);
        rows
    }

    /// Writes on behalf of the application's owner, unwatched.
    pub(super) fn provision(&self, text: &str, parameters: &[&str]) -> Result<(), Fault> {
        self.watch(false);
        let done = self.connection.execute(text, params_from_iter(parameters)).map_err(fault);
        self.watch(true);
        done.map(|_| ())
    }

    /// The digest of the schema and of all rows.
    pub(super) fn digest(&self) -> ContentDigest {
        let schema = self.inspect("SELECT name, sql FROM sqlite_schema ORDER BY name");
        let mut parts = vec![format!("{schema:?}")];
        for row in &schema {
            if let Some(Value::Text(name)) = row.first() {
                let quoted = name.replace('"', "\"\"");
                parts.push(format!("{:?}", self.inspect(&format!("SELECT * FROM \"{quoted}\""))));
            }
        }
        let parts: Vec<&[u8]> = parts.iter().map(String::as_bytes).collect();
        ContentDigest::of(&parts)
    }

    fn watch(&self, is_watching: bool) {
        lock(&self.watch).is_watching = is_watching;
    }
}

impl Watch {
    fn decide(&mut self, action: &AuthAction<'_>) -> Authorization {
        if !self.is_watching {
            return Authorization::Allow;
        }
        self.log.push(format!("{action:?}"));
        if is_confined(action) {
            return Authorization::Deny;
        }
        let is_granted = match (self.policy, action) {
            (Policy::All, _) | (_, AuthAction::Select | AuthAction::Function { .. }) => true,
            (Policy::Role { reads, .. }, AuthAction::Read { table_name, .. }) => {
                reads.contains(table_name)
            }
            (Policy::Role { inserts, .. }, AuthAction::Insert { table_name }) => {
                inserts.contains(table_name)
            }
            _ => false,
        };
        self.denied += u64::from(!is_granted);
        if is_granted { Authorization::Allow } else { Authorization::Deny }
    }
}

/// What no handle may do because it would leave this database or differ between runs.
fn is_confined(action: &AuthAction<'_>) -> bool {
    match action {
        AuthAction::Attach { .. }
        | AuthAction::Detach { .. }
        | AuthAction::Pragma { .. }
        | AuthAction::Transaction { .. }
        | AuthAction::Savepoint { .. }
        | AuthAction::CreateVtable { .. } => true,
        AuthAction::Function { function_name } => FUNCTIONS_DENIED.contains(function_name),
        _ => false,
    }
}

fn lock(watch: &Mutex<Watch>) -> MutexGuard<'_, Watch> {
    watch.lock().unwrap_or_else(PoisonError::into_inner)
}

fn fault(error: rusqlite::Error) -> Fault {
    Fault::of("SQLite")(error.to_string())
}

/// The rows as lines, as an application prints them.
pub(super) fn lines(rows: &[Vec<Value>]) -> Vec<u8> {
    let mut text = String::new();
    for row in rows {
        let cells: Vec<String> = row.iter().map(cell).collect();
        text.push_str(&cells.join("\t"));
        text.push('\n');
    }
    text.into_bytes()
}

/// A value as text.
pub(super) fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Text(text) => text.clone(),
        Value::Blob(bytes) => String::from_utf8_lossy(bytes).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_leaves_the_database() {
        let database = Database::new(Policy::All, "CREATE TABLE a (x TEXT)").unwrap();
        for text in [
            "ATTACH DATABASE 'file.db' AS other",
            "VACUUM INTO 'file.db'",
            "PRAGMA journal_mode",
            "SELECT random()",
            "SELECT load_extension('x')",
            "BEGIN",
        ] {
            assert!(database.execute(text, &[]).failure.is_some(), "{text}");
        }
        assert!(database.execute("SELECT upper('a')", &[]).failure.is_none());
    }

    #[test]
    fn work_is_bounded() {
        let endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) \
                       SELECT count(*) FROM n";
        let trace = Database::new(Policy::All, "").unwrap().execute(endless, &[]);
        assert!(trace.is_exhausted && trace.failure.is_some());
        assert!(trace.steps <= STEPS_MAX + 2 * u64::from(STRIDE.unsigned_abs()));
    }

    #[test]
    fn a_copy_shares_nothing() {
        let setup = "CREATE TABLE a (x TEXT); INSERT INTO a VALUES ('1')";
        let one = Database::new(Policy::All, setup).unwrap();
        let two = one.copy().unwrap();
        assert_eq!(one.digest(), two.digest());
        assert!(two.execute("DELETE FROM a", &[]).failure.is_none());
        assert_ne!(one.digest(), two.digest());
        assert_eq!(one.inspect("SELECT x FROM a").len(), 1);
    }

    #[test]
    fn a_role_reads_and_adds_and_nothing_else() {
        let policy = Policy::Role { reads: &["a"], inserts: &["b"] };
        let setup = "CREATE TABLE a (x TEXT); CREATE TABLE b (x TEXT)";
        let database = Database::new(policy, setup).unwrap();
        let denied = |text: &str| database.execute(text, &[]).denied;
        assert_eq!(denied("SELECT x FROM a"), 0);
        assert_eq!(denied("INSERT INTO b VALUES ('1')"), 0);
        assert!(denied("SELECT x FROM b") > 0);
        assert!(denied("DELETE FROM a") > 0);
        assert!(denied("DROP TABLE a") > 0);
        assert!(denied("SELECT sql FROM sqlite_master") > 0);
    }
}
