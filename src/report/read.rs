//! A results folder, read back. Its files may be anybody's: sizes are bounded, everything is checked.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

use super::error::FolderError;
use super::folder::{STORY_PICTURE, STORY_TEXT};
use super::hgrm::{self, Curve};
use super::manifest::{self, Manifest, Status};
use super::page::Extras;
use super::series::{self, Series};
use super::summary::Summary;

/// The distributions in `latency/`.
pub(crate) const CURVES: [&str; 4] = ["handshake", "rekey", "message", KEY_AGE];
/// The one of them that folders of the first versions do not have.
const KEY_AGE: &str = "key_age";
/// Largest file of each kind that is read, in bytes.
const MAX_JSON: u64 = 16 << 20;
const MAX_SERIES: u64 = 128 << 20;
const MAX_CURVE: u64 = 4 << 20;
const MAX_STORY: u64 = 256 << 10;
/// Groups, marks and link types that are read: more than a picture or a table can show.
const MAX_PARTS: usize = 10_000;

/// A results folder, read back.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What made it.
    pub manifest: Manifest,
    /// Its data.
    pub data: Data,
    /// Files that are no longer as the manifest lists them.
    pub changed: Vec<String>,
}

/// The data of a results folder: everything that text and pictures are made from.
#[derive(Clone, Debug, PartialEq)]
pub struct Data {
    /// The figures.
    pub summary: Summary,
    /// What moved over time.
    pub series: Series,
    /// Distributions by name: `handshake`, `rekey`, `message`, `key_age`.
    pub curves: BTreeMap<String, Curve>,
}

/// Reads a finished results folder.
///
/// # Errors
/// If it is none, not finished, or not what a run writes.
pub fn read(path: &Path) -> Result<Loaded, FolderError> {
    let manifest = finished(path)?;
    let changed = manifest.changed(path);
    Ok(Loaded { manifest, data: data(path)?, changed })
}

/// How far the run in `path` came.
///
/// # Errors
/// If it is no results folder.
pub fn status(path: &Path) -> Result<Status, FolderError> {
    manifest(path).map(|m| m.status)
}

/// The manifest of a folder whose run has ended.
pub(crate) fn finished(path: &Path) -> Result<Manifest, FolderError> {
    let manifest = manifest(path)?;
    if manifest.status == Status::Running {
        return Err(FolderError::Unfinished(path.to_owned()));
    }
    if manifest.files.iter().any(|file| file.name == super::risk::DATA) {
        let what = "an assessment of risk, many runs";
        return Err(FolderError::NotARun { path: path.to_owned(), what });
    }
    Ok(manifest)
}

/// The manifest of a folder.
pub(crate) fn manifest(path: &Path) -> Result<Manifest, FolderError> {
    let bytes = match bounded(path, manifest::FILE, MAX_JSON) {
        Err(FolderError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            return Err(FolderError::Missing(path.to_owned()));
        }
        other => other?,
    };
    let manifest: Manifest =
        serde_json::from_slice(&bytes).map_err(|e| FolderError::malformed(manifest::FILE, &e))?;
    if manifest.schema > manifest::SCHEMA {
        let (found, known) = (manifest.schema, manifest::SCHEMA);
        return Err(FolderError::Newer { path: path.to_owned(), found, known });
    }
    Ok(manifest)
}

/// The data of a folder.
pub(crate) fn data(path: &Path) -> Result<Data, FolderError> {
    let summary = parse_summary(&bounded(path, "summary.json", MAX_JSON)?)?;
    let series = Series::from_csv(&bounded(path, series::FILE, MAX_SERIES)?)?;
    let mut curves = BTreeMap::new();
    for name in CURVES {
        let file = format!("latency/{name}.hgrm");
        if name == KEY_AGE && !path.join(&file).exists() {
            continue;
        }
        let curve = hgrm::read(&file, &bounded(path, &file, MAX_CURVE)?)?;
        curves.insert(name.to_owned(), curve);
    }
    Ok(Data { summary, series, curves })
}

/// What a folder holds for its page besides its data, as far as it is there.
pub(crate) fn extras(path: &Path) -> Result<Extras, FolderError> {
    let there = |name: &str, limit| match bounded(path, name, limit) {
        Err(FolderError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        other => other.map(Some),
    };
    let words = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let story = there(STORY_PICTURE, MAX_STORY)?.zip(there(STORY_TEXT, MAX_STORY)?);
    Ok(Extras {
        scenario: there("scenario.toml", MAX_JSON)?.map(words).unwrap_or_default(),
        story: story.map(|(picture, told)| (picture, words(told))),
        pictures: Vec::new(),
    })
}

/// Reads the bytes of a `summary.json`, which may be anything.
///
/// # Errors
/// If they are not one.
pub fn parse_summary(bytes: &[u8]) -> Result<Summary, FolderError> {
    const FILE: &str = "summary.json";
    let summary: Summary =
        serde_json::from_slice(bytes).map_err(|e| FolderError::malformed(FILE, &e))?;
    let setting = &summary.setting;
    let parts = [setting.groups.len(), setting.marks.len(), summary.traffic.len()];
    if parts.into_iter().any(|n| n > MAX_PARTS) {
        return Err(FolderError::malformed(FILE, &format!("more than {MAX_PARTS} of something")));
    }
    let usable = |s: f64| (0.0..=1e12).contains(&s);
    let spans = [setting.handshake_span_s, setting.rekey_span_s].into_iter().flatten();
    let buckets = [setting.buckets.track_s, setting.buckets.peak_s, setting.buckets.band_s];
    let times = setting.marks.iter().map(|m| m.at_s).chain(spans.flat_map(|(a, b)| [a, b]));
    let limits = [setting.key_lifetime_s, setting.key_hard_limit_s].into_iter().flatten();
    let times = times.chain(buckets).chain(limits);
    let mut times = times.chain([setting.duration_s, summary.simulated_s]);
    if !times.all(usable) {
        return Err(FolderError::malformed(FILE, &"a time is not usable"));
    }
    Ok(summary)
}

/// Reads `folder/name`, at most `limit` bytes of it.
pub(crate) fn bounded(folder: &Path, name: &str, limit: u64) -> Result<Vec<u8>, FolderError> {
    let path = folder.join(name);
    let failed = |e| FolderError::Io { path: path.clone(), source: e };
    let facts = fs::metadata(&path).map_err(failed)?;
    if !facts.is_file() {
        return Err(FolderError::malformed(name, &"it is not a file"));
    }
    let too_large = |size| FolderError::TooLarge { file: name.to_owned(), size, limit };
    if facts.len() > limit {
        return Err(too_large(facts.len()));
    }
    let file = File::open(&path).map_err(failed)?;
    let mut bytes = Vec::new();
    let read = file.take(limit + 1).read_to_end(&mut bytes).map_err(failed)?;
    if read as u64 > limit {
        return Err(too_large(read as u64));
    }
    Ok(bytes)
}
