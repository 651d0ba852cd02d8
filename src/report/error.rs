//! What may be wrong with a results folder.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// What may be wrong with a results folder.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FolderError {
    /// A finished run is already there.
    #[error("{} already holds a finished run", .0.display())]
    Finished(PathBuf),
    /// Files are there that no run wrote.
    #[error("{} is not empty and is no results folder", .0.display())]
    Foreign(PathBuf),
    /// A file stands where the folder, or one above it, should be.
    #[error("{} is not a folder", .0.display())]
    NotAFolder(PathBuf),
    /// The user may not write there.
    #[error("{} is not writable", .0.display())]
    NotWritable(PathBuf),
    /// There is no results folder.
    #[error("{} is no results folder: it has no manifest.json", .0.display())]
    Missing(PathBuf),
    /// The run that made the folder did not come to its end, or is still at work.
    #[error("{} holds a run that has not finished", .0.display())]
    Unfinished(PathBuf),
    /// The folder holds what another verb wrote.
    #[error("{} holds {what}, not a single run", .path.display())]
    NotARun {
        /// The folder.
        path: PathBuf,
        /// What it holds instead.
        what: &'static str,
    },
    /// The folder was made by a later version.
    #[error("{} has schema version {found}; this keystorm reads up to {known}", .path.display())]
    Newer {
        /// The folder.
        path: PathBuf,
        /// The schema version of its manifest.
        found: u32,
        /// The newest schema version that this program reads.
        known: u32,
    },
    /// There is no sweep.
    #[error("{} is no folder of a sweep: it has no sweep.json", .0.display())]
    NoSweep(PathBuf),
    /// The runs of the folder were made by another program.
    #[error("{} holds runs of keystorm {found}; this is keystorm {ours}", .path.display())]
    OtherBuild {
        /// The folder.
        path: PathBuf,
        /// Version and digest of the program that made them.
        found: String,
        /// Those of this one.
        ours: String,
    },
    /// The folder belongs to another sweep.
    #[error("{} is of another sweep: scenario, keys, values or seeds differ", .0.display())]
    OtherSweep(PathBuf),
    /// Two results cannot be compared.
    #[error("{0} and {1} have no point in common")]
    NothingInCommon(String, String),
    /// A file is larger than any that a run writes.
    #[error("{file} has {size} bytes; at most {limit} are read")]
    TooLarge {
        /// The file.
        file: String,
        /// Its size.
        size: u64,
        /// The largest that is read.
        limit: u64,
    },
    /// A file does not hold what its name says.
    #[error("{file} cannot be read: {why}")]
    Malformed {
        /// The file.
        file: String,
        /// What is wrong with it.
        why: String,
    },
    /// A picture could not be drawn.
    #[error("the picture {name} cannot be drawn: {why}")]
    Picture {
        /// The picture.
        name: String,
        /// What the plotting library says.
        why: String,
    },
    /// The system refused something else.
    #[error("{}: {source}", .path.display())]
    Io {
        /// What was touched.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl FolderError {
    /// What to do about it, if there is something to say.
    #[must_use]
    pub const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Finished(_) => {
                Some("choose another folder with --out, or overwrite it with --force")
            }
            Self::Foreign(_) => Some("choose an empty or new folder with --out"),
            Self::NotAFolder(_) => Some("choose another folder with --out"),
            Self::NotWritable(_) => Some("check its permissions, or choose another with --out"),
            Self::Missing(_) => Some("a results folder is what `keystorm run` wrote"),
            Self::Unfinished(_) => Some("run the scenario again into the same folder"),
            Self::NoSweep(_) => Some("such a folder is what `keystorm sweep` wrote"),
            Self::OtherBuild { .. } => Some(
                "choose another folder with --out, run everything again with --force, or use the keystorm that wrote it",
            ),
            Self::NothingInCommon(..) => {
                Some("compare two runs, two folders of seeds, or two sweeps over the same keys")
            }
            Self::OtherSweep(_) => Some("collect the shards of one sweep at a time"),
            Self::NotARun { .. } => {
                Some("its text says how each figure is made; `keystorm run` makes single runs")
            }
            Self::Newer { .. } => Some("use the keystorm that wrote it, or a later one"),
            _ => None,
        }
    }

    pub(crate) fn malformed(file: &str, why: &dyn fmt::Display) -> Self {
        Self::Malformed { file: file.to_owned(), why: super::words::tame(&why.to_string(), 300) }
    }

    /// What `source` means for `path`.
    pub(crate) fn io(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::NotWritable(path)
            }
            io::ErrorKind::NotADirectory => Self::NotAFolder(path),
            _ => Self::Io { path, source },
        }
    }
}
