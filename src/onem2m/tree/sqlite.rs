//! Resources in SQLite. Every value is bound, none is part of a statement's text.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _, Params, Row, params};
use siphasher::sip::SipHasher13;

use super::record::Head;
use super::store::{Entry, Family, Id, Node, Store, StoreFault};
use super::types::{Types, ty};

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS about (names INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS resource (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        parent INTEGER REFERENCES resource (id),
        ty INTEGER NOT NULL,
        instance INTEGER NOT NULL,
        name TEXT,
        alias TEXT UNIQUE,
        body BLOB NOT NULL,
        UNIQUE (parent, name)
    );
    CREATE INDEX IF NOT EXISTS resource_children ON resource (parent, instance, id);
    CREATE INDEX IF NOT EXISTS resource_subscriptions ON resource (parent) WHERE ty = 23;
";

/// The store.
#[derive(Debug)]
pub struct Sqlite {
    connection: Connection,
}

impl From<rusqlite::Error> for StoreFault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error.to_string())
    }
}

impl Sqlite {
    /// A store in memory, gone when it is dropped.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn in_memory() -> Result<Self, StoreFault> {
        Self::prepare(Connection::open_in_memory()?)
    }

    /// The store in a file, which is made if it is not there.
    ///
    /// # Errors
    /// What SQLite says; [`StoreFault::Damaged`] for a file that another version of the attribute tables
    /// has written.
    pub fn open(path: &Path) -> Result<Self, StoreFault> {
        Self::prepare(Connection::open(path)?)
    }

    fn prepare(connection: Connection) -> Result<Self, StoreFault> {
        connection.execute_batch("PRAGMA foreign_keys = ON; PRAGMA journal_mode = WAL;")?;
        connection.execute_batch(SCHEMA)?;
        let known = connection.query_row("SELECT names FROM about", params![], |row| row.get(0));
        match known.optional()? {
            None => {
                connection.execute("INSERT INTO about (names) VALUES (?1)", params![names()])?;
            }
            Some(found) if found == names() => {}
            Some::<i64>(_) => return Err(StoreFault::Damaged),
        }
        Ok(Self { connection })
    }

    /// The identifier in the first column of the first row.
    fn id(&self, statement: &str, params: impl Params) -> Result<Option<Id>, StoreFault> {
        let mut statement = self.connection.prepare_cached(statement)?;
        Ok(statement.query_row(params, id_of).optional()?)
    }

    /// Carries out a statement that changes one row.
    fn change(&self, statement: &str, params: impl Params) -> Result<(), StoreFault> {
        match self.connection.prepare_cached(statement)?.execute(params)? {
            1 => Ok(()),
            _ => Err(StoreFault::Absent),
        }
    }
}

/// A fingerprint of the names whose places stand for them in records.
fn names() -> i64 {
    let all = Types::shipped().names().join(" ");
    SipHasher13::new_with_keys(0, 0).hash(all.as_bytes()).cast_signed()
}

fn id_of(row: &Row<'_>) -> rusqlite::Result<Id> {
    row.get::<_, i64>(0).map(|id| Id(id.cast_unsigned()))
}

const fn key(id: Id) -> i64 {
    id.0.cast_signed()
}

const fn is_instance(family: Family) -> bool {
    matches!(family, Family::Instances)
}

impl Store for Sqlite {
    fn root(&self) -> Result<Option<Id>, StoreFault> {
        self.id("SELECT id FROM resource WHERE parent IS NULL", params![])
    }

    fn node(&self, id: Id) -> Result<Option<Node<'_>>, StoreFault> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT parent, ty, body FROM resource WHERE id = ?1")?;
        let node = statement.query_row(params![key(id)], |row| {
            let parent: Option<i64> = row.get(0)?;
            Ok(Node {
                parent: parent.map(|id| Id(id.cast_unsigned())),
                ty: row.get(1)?,
                body: row.get::<_, Vec<u8>>(2)?.into(),
            })
        });
        Ok(node.optional()?)
    }

    fn insert(&mut self, entry: Entry<'_>) -> Result<Id, StoreFault> {
        let head = Head::read(entry.body).ok_or(StoreFault::Damaged)?;
        let mut statement = self.connection.prepare_cached(
            "INSERT INTO resource (parent, ty, instance, name, alias, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?;
        let instance = is_instance(Family::of(entry.ty));
        let parent = entry.parent.map(key);
        statement
            .execute(params![parent, entry.ty, instance, head.name, head.alias, entry.body])?;
        Ok(Id(self.connection.last_insert_rowid().cast_unsigned()))
    }

    fn replace(&mut self, id: Id, body: &[u8]) -> Result<(), StoreFault> {
        self.change("UPDATE resource SET body = ?2 WHERE id = ?1", params![key(id), body])
    }

    fn patch(&mut self, id: Id, change: impl FnOnce(&mut [u8])) -> Result<(), StoreFault> {
        let node = self.node(id)?.ok_or(StoreFault::Absent)?;
        let mut body = node.body.into_owned();
        change(&mut body);
        self.replace(id, &body)
    }

    fn remove(&mut self, id: Id) -> Result<(), StoreFault> {
        self.change("DELETE FROM resource WHERE id = ?1", params![key(id)])
    }

    fn named(&self, parent: Id, name: &str) -> Result<Option<Id>, StoreFault> {
        let statement = "SELECT id FROM resource WHERE parent = ?1 AND name = ?2";
        self.id(statement, params![key(parent), name])
    }

    fn aliased(&self, alias: &str) -> Result<Option<Id>, StoreFault> {
        self.id("SELECT id FROM resource WHERE alias = ?1", params![alias])
    }

    fn first(&self, parent: Id, family: Family) -> Result<Option<Id>, StoreFault> {
        let statement =
            "SELECT id FROM resource WHERE parent = ?1 AND instance = ?2 ORDER BY id LIMIT 1";
        self.id(statement, params![key(parent), is_instance(family)])
    }

    fn last(&self, parent: Id, family: Family) -> Result<Option<Id>, StoreFault> {
        let statement =
            "SELECT id FROM resource WHERE parent = ?1 AND instance = ?2 ORDER BY id DESC LIMIT 1";
        self.id(statement, params![key(parent), is_instance(family)])
    }

    fn next(&self, id: Id) -> Result<Option<Id>, StoreFault> {
        let statement = "SELECT next.id FROM resource this JOIN resource next
             ON next.parent = this.parent AND next.instance = this.instance AND next.id > this.id
             WHERE this.id = ?1 ORDER BY next.id LIMIT 1";
        self.id(statement, params![key(id)])
    }

    fn subscriptions(&self, parent: Id) -> Result<Vec<Id>, StoreFault> {
        const { assert!(ty::SUB == 23) };
        let mut statement = self
            .connection
            .prepare_cached("SELECT id FROM resource WHERE parent = ?1 AND ty = 23 ORDER BY id")?;
        let rows = statement.query_map(params![key(parent)], id_of)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    fn count(&self) -> Result<u64, StoreFault> {
        let mut statement = self.connection.prepare_cached("SELECT count(*) FROM resource")?;
        Ok(statement.query_row(params![], |row| row.get::<_, i64>(0))?.cast_unsigned())
    }

    fn begin(&mut self) -> Result<(), StoreFault> {
        Ok(self.connection.execute_batch("BEGIN")?)
    }

    fn commit(&mut self) -> Result<(), StoreFault> {
        Ok(self.connection.execute_batch("COMMIT")?)
    }

    fn rollback(&mut self) -> Result<(), StoreFault> {
        Ok(self.connection.execute_batch("ROLLBACK")?)
    }
}
