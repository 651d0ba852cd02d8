//! `journal.jsonl` of a hunt: one line for each seed, written when it was run, so that a hunt that was stopped goes on
//! where it was. A line holds for the base and the build that made it.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::report::error::FolderError;
use crate::run::hunt::Note;

/// The name of the file.
const FILE: &str = "journal.jsonl";
/// Bytes of it that are read at most.
const BYTES_MAX: u64 = 256 << 20;

/// The seeds that are known, and the file where others are added.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: Mutex<File>,
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
        let path = folder.join(FILE);
        let file = OpenOptions::new().create(true).append(true).read(true).open(&path);
        let file = file.map_err(|e| FolderError::io(&path, e))?;
        let reader = File::open(&path).map_err(|e| FolderError::io(&path, e))?;
        let made_by = made_by(build, text, overrides);
        let mut known = BTreeMap::new();
        let mut ends = true;
        let mut reader = BufReader::new(reader.take(BYTES_MAX));
        loop {
            let mut line = Vec::new();
            let read = reader.read_until(b'\n', &mut line);
            if read.map_err(|e| FolderError::io(&path, e))? == 0 {
                break;
            }
            ends = line.ends_with(b"\n");
            // Lines of others, and what a run that was killed left of one, are passed over.
            if let Ok(line) = serde_json::from_slice::<Line>(&line)
                && line.made_by == made_by
            {
                known.insert(line.note.seed, line.note);
            }
        }
        let journal = Self { path, file: Mutex::new(file), made_by, known };
        if !ends {
            journal.put(b"\n")?;
        }
        Ok(journal)
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
        let line = Line { made_by: self.made_by.clone(), note: note.clone() };
        let mut line = serde_json::to_vec(&line).map_err(|e| FolderError::malformed(FILE, &e))?;
        line.push(b'\n');
        self.put(&line)
    }

    fn put(&self, bytes: &[u8]) -> Result<(), FolderError> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(bytes).map_err(|e| FolderError::io(&self.path, e))
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
