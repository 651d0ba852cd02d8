//! `manifest.json`: what made a results folder, how far it came, and what is in it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Component, Path};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::error::FolderError;

/// The name of the file.
pub(crate) const FILE: &str = "manifest.json";
/// Version of the folder's layout.
pub const SCHEMA: u32 = 1;
/// How deep files are looked for.
const MAX_DEPTH: usize = 8;

/// What made a results folder, how far it came, and what is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of keystorm that wrote it.
    pub keystorm: String,
    /// Version of the folder's layout.
    pub schema: u32,
    /// How far it came.
    pub status: Status,
    /// Name of the scenario.
    #[serde(default)]
    pub scenario: String,
    /// Seed of the run.
    #[serde(default)]
    pub seed: u64,
    /// Digest of the run.
    #[serde(default)]
    pub digest: String,
    /// The command line, word by word.
    #[serde(default)]
    pub command_line: Vec<String>,
    /// When it started, such as `20261122T154300Z`.
    #[serde(default)]
    pub started_utc: String,
    /// Threads that it used.
    #[serde(default)]
    pub threads: usize,
    /// Facts about the machine; nothing of them goes into the digest.
    #[serde(default)]
    pub host: BTreeMap<String, String>,
    /// Commit that keystorm was built from, if known.
    #[serde(default)]
    pub commit: Option<String>,
    /// Compiler that built it, if known.
    #[serde(default)]
    pub toolchain: Option<String>,
    /// Pictures that were left out, and why.
    #[serde(default)]
    pub omitted: BTreeMap<String, String>,
    /// Every other file of the folder, by name.
    #[serde(default)]
    pub files: Vec<FileEntry>,
}

/// How far a run came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// At work, or killed while it was.
    Running,
    /// Stopped early; the folder has what there was until then.
    Interrupted,
    /// Run to its end.
    Complete,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Its path within the folder, with `/`.
    pub name: String,
    /// Its length in bytes.
    pub size: u64,
    /// SHA-256 of its content, hexadecimal.
    pub sha256: String,
}

impl Manifest {
    /// Of a run that has only begun.
    #[must_use]
    pub fn running() -> Self {
        Self {
            keystorm: env!("CARGO_PKG_VERSION").to_owned(),
            schema: SCHEMA,
            status: Status::Running,
            scenario: String::new(),
            seed: 0,
            digest: String::new(),
            command_line: Vec::new(),
            started_utc: String::new(),
            threads: 0,
            host: BTreeMap::new(),
            commit: None,
            toolchain: None,
            omitted: BTreeMap::new(),
            files: Vec::new(),
        }
    }

    /// Files of `folder` that are not as they are listed: changed, gone, or outside the folder.
    #[must_use]
    pub fn changed(&self, folder: &Path) -> Vec<String> {
        let same = |entry: &FileEntry| {
            let inside = Path::new(&entry.name);
            let plain = inside.components().all(|c| matches!(c, Component::Normal(_)));
            let path = folder.join(inside);
            plain
                && fs::symlink_metadata(&path).is_ok_and(|m| m.is_file() && m.len() == entry.size)
                && sha256(&path).is_ok_and(|hash| hash == entry.sha256)
        };
        self.files.iter().filter(|e| !same(e)).map(|e| super::words::tame(&e.name, 200)).collect()
    }
}

/// Lists every file of `folder` except the manifest, by name.
///
/// # Errors
/// If one of them cannot be read.
pub(crate) fn list(folder: &Path) -> Result<Vec<FileEntry>, FolderError> {
    let mut entries = Vec::new();
    walk(folder, "", 0, &mut entries)?;
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(entries)
}

fn walk(
    folder: &Path,
    prefix: &str,
    depth: usize,
    entries: &mut Vec<FileEntry>,
) -> Result<(), FolderError> {
    for item in fs::read_dir(folder).map_err(|e| FolderError::io(folder, e))? {
        let item = item.map_err(|e| FolderError::io(folder, e))?;
        let path = item.path();
        let kind = item.file_type().map_err(|e| FolderError::io(&path, e))?;
        let name = format!("{prefix}{}", item.file_name().to_string_lossy());
        if kind.is_dir() && depth < MAX_DEPTH {
            walk(&path, &format!("{name}/"), depth + 1, entries)?;
        } else if kind.is_file() && name != FILE {
            let size = item.metadata().map_err(|e| FolderError::io(&path, e))?.len();
            let sha256 = sha256(&path).map_err(|e| FolderError::io(&path, e))?;
            entries.push(FileEntry { name, size, sha256 });
        }
    }
    Ok(())
}

fn sha256(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            n => hash.update(&buffer[..n]),
        }
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}
