//! Results of any kind as figures by point and seed.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::Side;
use crate::report::error::FolderError;
use crate::report::manifest::Manifest;
use crate::report::summary::Summary;
use crate::report::sweep;
use crate::report::{parse_summary, read};
use crate::run::sweep::{GRID_SEED, items, main_figures};
use crate::scenario::Source;
use crate::scenario::sweep::grid;

/// Folders of seeds that are read, at most.
const SEEDS_MAX: usize = 10_000;
/// Bytes of a file that are read, at most.
const BYTES_MAX: u64 = 16 << 20;

/// The results in `path`.
pub(super) fn side(path: &Path) -> Result<Side, FolderError> {
    match sweep::request(path) {
        Ok(request) => of_sweep(path, &request),
        Err(FolderError::NoSweep(_)) => of_runs(path),
        Err(other) => Err(other),
    }
}

/// A run, or a folder of runs with several seeds.
fn of_runs(path: &Path) -> Result<Side, FolderError> {
    let mut side = Side { name: path.display().to_string(), ..Side::default() };
    let folders = match read::finished(path) {
        Err(missing @ FolderError::Missing(_)) => {
            let folders = seeds(path);
            if folders.is_empty() {
                return Err(missing);
            }
            folders
        }
        other => other.map(|_| vec![path.to_owned()])?,
    };
    for folder in folders {
        let manifest: Manifest = read::finished(&folder)?;
        let summary: Summary = parse_summary(&bounded(&folder.join("summary.json"))?)?;
        let commit = manifest.commit.map_or_else(String::new, |commit| format!(" ({commit})"));
        side.version = format!("{}{commit}", summary.keystorm);
        side.scenario.clone_from(&summary.scenario);
        side.seeds.push(summary.seed);
        let figures = main_figures(&summary.metrics, &summary.expectations);
        side.points.entry(String::new()).or_default().insert(summary.seed, figures);
        let text = bounded(&folder.join("scenario.toml"))?;
        side.setting = flat(&String::from_utf8_lossy(&text))?;
    }
    side.setting.remove("scenario.seed");
    Ok(side)
}

/// The folders `seed-N` below `path`, in the order of their seeds.
fn seeds(path: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    let mut seeds: Vec<(u64, PathBuf)> = entries
        .filter_map(|entry| {
            let name = entry.file_name();
            let seed = name.to_str()?.strip_prefix("seed-")?.parse().ok()?;
            Some((seed, entry.path()))
        })
        .take(SEEDS_MAX)
        .collect();
    seeds.sort();
    seeds.into_iter().map(|(_, path)| path).collect()
}

fn of_sweep(path: &Path, request: &sweep::Request) -> Result<Side, FolderError> {
    let (_, notes) = sweep::collect(&[path.to_owned()])?;
    let source = Source::new(request.name.clone(), request.text.clone());
    let grid = grid(&source, &request.overrides, &request.vary, Some(GRID_SEED));
    let grid = grid.map_err(|refused| FolderError::malformed("sweep.json", &refused))?;
    let by_address: BTreeMap<&str, _> =
        notes.iter().map(|note| (note.address.as_str(), note)).collect();
    let mut side = Side {
        name: path.display().to_string(),
        scenario: grid.points[0].plan.name.clone(),
        version: request.build.clone(),
        seeds: (request.seeds.0..=request.seeds.1).take(SEEDS_MAX).collect(),
        ..Side::default()
    };
    for item in items(&grid, request.seeds, &request.build) {
        let Some(note) = by_address.get(item.address.as_str()) else { continue };
        let values = grid.axes.iter().zip(&grid.points[item.point].values);
        let point: Vec<String> =
            values.map(|(axis, value)| format!("{}={value}", axis.key)).collect();
        let figures = main_figures(&note.metrics, &note.expectations);
        side.points.entry(point.join(" ")).or_default().insert(item.seed, figures);
    }
    // What the points have in common; the keys that are varied are the points' names.
    side.setting = flat(&grid.points[0].resolved)?;
    for axis in &grid.axes {
        side.setting.remove(&axis.key);
    }
    side.setting.remove("scenario.seed");
    Ok(side)
}

/// A resolved scenario by dotted path.
fn flat(text: &str) -> Result<BTreeMap<String, String>, FolderError> {
    let table: toml::Table =
        text.parse().map_err(|e| FolderError::malformed("scenario.toml", &e))?;
    let mut all = BTreeMap::new();
    walk("", &toml::Value::Table(table), &mut all);
    Ok(all)
}

fn walk(path: &str, value: &toml::Value, all: &mut BTreeMap<String, String>) {
    let below =
        |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        toml::Value::Table(table) => {
            table.iter().for_each(|(name, value)| walk(&below(name), value, all));
        }
        toml::Value::Array(list) if list.iter().all(toml::Value::is_table) => {
            list.iter()
                .enumerate()
                .for_each(|(at, value)| walk(&below(&at.to_string()), value, all));
        }
        toml::Value::String(text) => {
            all.insert(path.to_owned(), text.clone());
        }
        scalar => {
            all.insert(path.to_owned(), scalar.to_string());
        }
    }
}

fn bounded(path: &Path) -> Result<Vec<u8>, FolderError> {
    let mut bytes = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(BYTES_MAX).read_to_end(&mut bytes));
    read.map_err(|e| FolderError::io(path, e))?;
    Ok(bytes)
}
