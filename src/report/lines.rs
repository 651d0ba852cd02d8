//! A file of lines, each written when something is done, so that work that was killed goes on where it was: what a
//! killed program left of a line is passed over, and spoils no other.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::FolderError;

/// A file to which lines are added.
#[derive(Debug)]
pub(super) struct Lines {
    path: PathBuf,
    file: Mutex<File>,
}

impl Lines {
    /// Opens or makes the file, and gives `take` every line of it that is a `T`, of at most `bytes_max` bytes in all.
    /// Answers how many were none, too.
    pub(super) fn open<T: DeserializeOwned>(
        path: PathBuf,
        bytes_max: u64,
        take: impl FnMut(T),
    ) -> Result<(Self, u64), FolderError> {
        let mut options = OpenOptions::new();
        let file = options.create(true).append(true).read(true).open(&path);
        let file = file.map_err(|e| FolderError::io(&path, e))?;
        let (passed_over, ends) = read(&path, bytes_max, take)?;
        let lines = Self { path, file: Mutex::new(file) };
        if !ends {
            lines.put(b"\n")?;
        }
        Ok((lines, passed_over))
    }

    /// Adds a line; it is on its way to the disk when this returns.
    pub(super) fn add(&self, line: &impl Serialize) -> Result<(), FolderError> {
        let name = self.path.display().to_string();
        let mut line = serde_json::to_vec(line).map_err(|e| FolderError::malformed(&name, &e))?;
        line.push(b'\n');
        self.put(&line)
    }

    fn put(&self, bytes: &[u8]) -> Result<(), FolderError> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(bytes).map_err(|e| FolderError::io(&self.path, e))
    }
}

/// Gives `take` every line of `path` that is a `T`. Answers how many were none, and whether the last has an end.
pub(super) fn read<T: DeserializeOwned>(
    path: &Path,
    bytes_max: u64,
    mut take: impl FnMut(T),
) -> Result<(u64, bool), FolderError> {
    let file = File::open(path).map_err(|e| FolderError::io(path, e))?;
    let mut reader = BufReader::new(file.take(bytes_max));
    let (mut passed_over, mut ends) = (0, true);
    loop {
        let mut line = Vec::new();
        let count = reader.read_until(b'\n', &mut line).map_err(|e| FolderError::io(path, e))?;
        if count == 0 {
            return Ok((passed_over, ends));
        }
        ends = line.ends_with(b"\n");
        match serde_json::from_slice::<T>(&line) {
            Ok(value) => take(value),
            Err(_) if line == b"\n" => {}
            Err(_) => passed_over += 1,
        }
    }
}
