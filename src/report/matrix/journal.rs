//! `journal.jsonl`: one line for each run of a campaign, written when it is done, so that a campaign that was
//! killed goes on where it was.
//!
//! A line holds for the scenario and the build that made it; lines of others are passed over.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::report::error::FolderError;
use crate::report::lines::Lines;
use crate::run::matrix::{FILES, Note, Set, ThreatFile, Trial};

/// The name of the file.
pub const FILE: &str = "journal.jsonl";
/// Bytes of it that are read at most.
const BYTES_MAX: u64 = 256 << 20;

/// A run by what makes it: scenario, countermeasures, attack, seed.
type Key = (String, Set, bool, u64);

/// The runs that are known, and the file where others are added.
#[derive(Debug)]
pub struct Journal {
    lines: Lines,
    build: String,
    known: BTreeMap<Key, Note>,
    passed_over: u64,
}

#[derive(Serialize, Deserialize)]
struct Line {
    /// Digest of the scenario's text.
    text: String,
    /// What ran it.
    build: String,
    note: Note,
}

impl Journal {
    /// Opens the journal in `folder`, and reads what `build` has written of the scenarios as they are now.
    ///
    /// # Errors
    /// If it can be neither read nor made.
    pub fn open(folder: &Path, build: &str) -> Result<Self, FolderError> {
        let digests: BTreeMap<&str, String> =
            FILES.iter().map(|file| (file.path, digest(file))).collect();
        let mut known = BTreeMap::new();
        // Of another build, or of another scenario.
        let mut others = 0;
        let (lines, malformed) =
            Lines::open(folder.join(FILE), BYTES_MAX, |Line { text, build: by, note }| {
                if by == build && digests.get(note.scenario.as_str()) == Some(&text) {
                    known.insert(key(&note), note);
                } else {
                    others += 1;
                }
            })?;
        Ok(Self { lines, build: build.to_owned(), known, passed_over: malformed + others })
    }

    /// The note of a run, if it is known.
    #[must_use]
    pub fn known(&self, trial: &Trial) -> Option<Note> {
        let key = (trial.file.path.to_owned(), trial.on.clone(), trial.is_attacked, trial.seed);
        self.known.get(&key).cloned()
    }

    /// How many runs are known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// No run is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Lines of another build or scenario, or without end.
    #[must_use]
    pub const fn passed_over(&self) -> u64 {
        self.passed_over
    }

    /// Adds a run, if it is new; the line is on its way to the disk when this returns.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn add(&self, file: &ThreatFile, note: &Note) -> Result<(), FolderError> {
        if self.known.contains_key(&key(note)) {
            return Ok(());
        }
        let line = Line { text: digest(file), build: self.build.clone(), note: note.clone() };
        self.lines.add(&line)
    }
}

fn key(note: &Note) -> Key {
    (note.scenario.clone(), note.on.clone(), note.is_attacked, note.seed)
}

/// SHA-256 of a scenario's text, hexadecimal.
fn digest(file: &ThreatFile) -> String {
    Sha256::digest(file.text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn note(seed: u64) -> Note {
        Note {
            threat: FILES[0].threat,
            scenario: FILES[0].path.to_owned(),
            on: Set::from([10]),
            is_attacked: true,
            seed,
            digest: "00".to_owned(),
            judgement: None,
            alarms: 0,
            costs: BTreeMap::from([("energy_j".to_owned(), 0.1 + 0.2)]),
        }
    }

    fn trial(seed: u64) -> Trial {
        Trial { file: FILES[0], on: Set::from([10]), is_attacked: true, seed }
    }

    fn folder(name: &str) -> PathBuf {
        let folder =
            std::env::temp_dir().join(format!("keystorm-journal-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn what_was_run_is_known_again_exactly() {
        let folder = folder("again");
        let journal = Journal::open(&folder, "one").unwrap();
        assert!(journal.is_empty());
        journal.add(&FILES[0], &note(7)).unwrap();
        let again = Journal::open(&folder, "one").unwrap();
        assert_eq!((again.len(), again.known(&trial(7))), (1, Some(note(7))));
        assert_eq!(again.known(&trial(8)), None);
        again.add(&FILES[0], &note(7)).unwrap();
        assert_eq!(std::fs::read_to_string(folder.join(FILE)).unwrap().lines().count(), 1);
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn other_builds_and_scenarios_do_not_count() {
        let folder = folder("others");
        Journal::open(&folder, "one").unwrap().add(&FILES[0], &note(7)).unwrap();
        let other = Journal::open(&folder, "two").unwrap();
        assert_eq!((other.len(), other.passed_over()), (0, 1));
        let changed = ThreatFile { text: "changed", ..FILES[0] };
        other.add(&changed, &note(8)).unwrap();
        assert_eq!(Journal::open(&folder, "two").unwrap().len(), 0);
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_line_without_end_and_garbage_are_passed_over() {
        let folder = folder("killed");
        Journal::open(&folder, "one").unwrap().add(&FILES[0], &note(7)).unwrap();
        let path = folder.join(FILE);
        let mut bytes = std::fs::read(&path).unwrap();
        let half = bytes[..bytes.len() / 2].to_vec();
        bytes.extend_from_slice(&[0xff, 0xfe, b'\n']);
        bytes.extend_from_slice(&half);
        std::fs::write(&path, bytes).unwrap();
        let again = Journal::open(&folder, "one").unwrap();
        assert_eq!((again.len(), again.passed_over()), (1, 2));
        again.add(&FILES[0], &note(8)).unwrap();
        assert_eq!(Journal::open(&folder, "one").unwrap().len(), 2);
        std::fs::remove_dir_all(folder).unwrap();
    }
}
