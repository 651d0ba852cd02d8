//! `journal.jsonl` of a hunt: one line for each seed, written when it was run, so that a hunt that was stopped goes on
//! where it was. A line holds for the base and the build that made it.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::report::error::FolderError;
use crate::report::lines::Lines;
use crate::run::hunt::Note;

/// The name of the file.
const FILE: &str = "journal.jsonl";
/// Bytes of it that are read at most.
const BYTES_MAX: u64 = 256 << 20;

/// The seeds that are known, and the file where others are added.
#[derive(Debug)]
pub struct Journal {
    lines: Lines,
    made_by: String,
    known: BTreeMap<u64, Note>,
}

#[derive(Serialize, Deserialize)]
struct Line {
    /// Digest of the base and of what ran it.
    made_by: String,
    note: Note,
}

impl Journal {
    /// Opens the journal in `folder`, and reads what `build` has written of the base `text` with these overrides.
    ///
    /// # Errors
    /// If it can be neither read nor made.
    pub fn open(
        folder: &Path,
        build: &str,
        text: &str,
        overrides: &[String],
    ) -> Result<Self, FolderError> {
        let made_by = made_by(build, text, overrides);
        let mut known = BTreeMap::new();
        let (lines, _) = Lines::open(folder.join(FILE), BYTES_MAX, |line: Line| {
            if line.made_by == made_by {
                known.insert(line.note.seed, line.note);
            }
        })?;
        Ok(Self { lines, made_by, known })
    }

    /// The note of a seed, if it is known.
    #[must_use]
    pub fn known(&self, seed: u64) -> Option<Note> {
        self.known.get(&seed).cloned()
    }

    /// How many seeds are known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// No seed is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Adds a note; the line is on its way to the disk when this returns.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn add(&self, note: &Note) -> Result<(), FolderError> {
        self.lines.add(&Line { made_by: self.made_by.clone(), note: note.clone() })
    }
}

/// What a line depends on, hashed.
fn made_by(build: &str, text: &str, overrides: &[String]) -> String {
    let mut hash = Sha256::new();
    for part in [build, text].into_iter().chain(overrides.iter().map(String::as_str)) {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
