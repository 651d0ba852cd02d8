//! Grids: every combination of the values that some keys take, each a scenario of its own.

use std::collections::BTreeMap;

use super::codes::Code;
use super::diagnostics::{Diagnostics, sources};
use super::preset::presets;
use super::source::{Place, Source, enumerate, nearest, quote};
use super::table::read_table;
use super::tree::{self, Entries, Value as Node};
use super::words::File;
use super::{Loaded, Plan, load_labelled, tree_of};

/// Keys that one sweep varies, at most.
pub const AXES_MAX: usize = 6;
/// Points of one sweep, at most.
pub const POINTS_MAX: usize = 4_096;

/// Tables whose members are named by the file.
const NAMED: [&str; 12] = [
    "class",
    "link",
    "cse",
    "maf",
    "mef",
    "gateway",
    "fleet",
    "backend",
    "asset",
    "treatment",
    "context",
    "countermeasure",
];

/// A key with the values that it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Axis {
    /// The dotted path, as `--set` takes it.
    pub key: String,
    /// Its values, as TOML has them.
    pub values: Vec<String>,
}

/// One combination.
#[derive(Clone)]
pub struct Point {
    /// A value of each axis, for people: strings without quotes.
    pub values: Vec<String>,
    /// As `--set` takes them.
    pub overrides: Vec<String>,
    /// What to run.
    pub plan: Plan,
    /// The same as a file.
    pub resolved: String,
}

/// All combinations, the last axis moving fastest.
#[derive(Clone)]
pub struct Grid {
    /// What is varied.
    pub axes: Vec<Axis>,
    /// The combinations.
    pub points: Vec<Point>,
    /// What may not mean what was meant, in the first point.
    pub warnings: Diagnostics,
}

/// Texts of overrides under the name of where they come from.
pub(super) fn labelled(name: &str, texts: &[String]) -> Vec<Source> {
    texts.iter().map(|text| Source::new(name, text.clone())).collect()
}

/// A value for people: a string without its quotes.
#[must_use]
pub fn shown(value: &str) -> String {
    match tree::parse_value(value, 0, 0).value {
        Node::Text(text) => text,
        _ => value.to_owned(),
    }
}

/// The grid of a scenario: that of `vary` (each `KEY=V1,V2,..`), or, if there is none, that of its `[sweep]`.
///
/// # Errors
///
/// The scenario does not load, at any point; a key is unknown, or given twice; it has no value, or one twice; two
/// points are the same scenario; there are more than [`AXES_MAX`] keys or [`POINTS_MAX`] points.
pub fn grid(
    source: &Source,
    overrides: &[String],
    vary: &[String],
    seed: Option<u64>,
) -> Result<Grid, Diagnostics> {
    let sets = labelled("--set", overrides);
    let varied = labelled("--vary", vary);
    let all: Vec<Source> = sets.iter().chain(&varied).cloned().collect();
    let mut report = Diagnostics::new(sources(source, &all));
    let axes = match tree_of(source, &sets, &mut report) {
        Some(entries) if vary.is_empty() => {
            let file: File = read_table(&entries, Place::default(), &mut report);
            if file.sweep.is_absent() {
                report
                    .add(
                        Code::Sweep,
                        Place::default(),
                        "nothing is varied: the file has no `[sweep]`",
                    )
                    .hint("name a key and its values, such as `--vary cse.in.workers=1,2,4`");
            }
            of_file(&file, &entries, &mut report)
        }
        Some(entries) => {
            let axes = varied.iter().enumerate().filter_map(|(index, text)| {
                of_words(&text.text, 1 + sets.len() + index, &entries, &mut report)
            });
            axes.collect()
        }
        None => Vec::new(),
    };
    if report.is_empty() {
        bounded(&axes, &mut report);
    }
    report.sort();
    if !report.is_empty() {
        return Err(report);
    }
    let origin = if vary.is_empty() { "[sweep]" } else { "--vary" };
    points(source, &sets, &axes, origin, seed)
}

/// The axes of the table `[sweep]`; what is wrong with them is reported.
pub(super) fn of_file(file: &File, entries: &Entries, report: &mut Diagnostics) -> Vec<Axis> {
    let mut axes = Vec::new();
    for (key, entry) in file.sweep.value().into_iter().flat_map(|table| &table.0) {
        let values = entry.value.0.iter().map(|at| (at.value.clone(), at.place)).collect();
        axes.extend(axis(key, entry.key, values, entries, report));
    }
    axes
}

/// The axis of one `--vary KEY=V1,V2,..`.
fn of_words(
    text: &str,
    source: usize,
    entries: &Entries,
    report: &mut Diagnostics,
) -> Option<Axis> {
    let Some((key, list)) = text.split_once('=') else {
        let place = Place { source, start: 0, end: text.len() };
        report
            .add(Code::Sweep, place, "a key to vary is KEY=V1,V2,.., but this has no `=`")
            .hint("for example `--vary cse.in.workers=1,2,4`");
        return None;
    };
    let place = Place { source, start: 0, end: key.len() };
    let mut values = Vec::new();
    let mut start = key.len() + 1;
    for piece in pieces(list) {
        let place = Place { source, start, end: start + piece.len() };
        start += piece.len() + 1;
        let value = tree::parse_value(piece.trim(), source, 0).value.literal();
        match value.filter(|_| !piece.trim().is_empty()) {
            Some(value) => values.push((value, place)),
            None if list.trim().is_empty() => {}
            None => {
                let message = format!("{} is no value to vary a key over", quote(piece.trim()));
                report
                    .add(Code::Sweep, place, message)
                    .hint("values are strings, numbers, true and false, with commas between them");
                return None;
            }
        }
    }
    axis(key.trim(), place, values, entries, report)
}

/// The text between commas that stand outside quotes.
fn pieces(list: &str) -> Vec<&str> {
    let (mut pieces, mut start, mut quoted) = (Vec::new(), 0, None);
    for (at, c) in list.char_indices() {
        match (c, quoted) {
            ('"' | '\'', None) => quoted = Some(c),
            (c, Some(open)) if c == open => quoted = None,
            (',', None) => {
                pieces.push(&list[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    pieces.push(&list[start..]);
    pieces
}

fn axis(
    key: &str,
    place: Place,
    values: Vec<(String, Place)>,
    entries: &Entries,
    report: &mut Diagnostics,
) -> Option<Axis> {
    if !is_reached(key, place, entries, report) {
        return None;
    }
    if values.is_empty() {
        report
            .add(Code::Sweep, place, format!("{} has no value", quote(key)))
            .hint("a grid without values has no points");
        return None;
    }
    for (index, (value, place)) in values.iter().enumerate() {
        if values[..index].iter().any(|(other, _)| other == value) {
            let message = format!("{} takes {} twice", quote(key), quote(&shown(value)));
            report.add(Code::Sweep, *place, message).label("a second time");
            return None;
        }
    }
    let values = values.into_iter().map(|(value, _)| value).collect();
    Some(Axis { key: key.to_owned(), values })
}

/// Does the path lead to something that the file names? What tables hold is checked with the values.
pub(super) fn is_reached(
    key: &str,
    place: Place,
    entries: &Entries,
    report: &mut Diagnostics,
) -> bool {
    let Some(segments) = tree::path_segments(key, place.source) else {
        report
            .add(Code::OverrideSyntax, place, format!("{} is not a dotted path", quote(key)))
            .hint("a path is names with dots between, such as `link.access.latency`");
        return false;
    };
    let names: Vec<&str> = segments.iter().map(|(name, _)| name.as_str()).collect();
    if names == ["scenario", "seed"] || names.first() == Some(&"sweep") {
        let message = format!("{} cannot be varied", quote(key));
        report.add(Code::Sweep, place, message).hint("seeds are varied by `--seeds 1..5`");
        return false;
    }
    let (Some(table), Some(name)) = (names.first(), names.get(1)) else { return true };
    if !NAMED.contains(table) {
        return true;
    }
    let own = entries.get(*table).map(|entry| &entry.node.value);
    let own: Vec<&str> = match own {
        Some(Node::Table(own)) => own.keys().map(String::as_str).collect(),
        _ => Vec::new(),
    };
    let shipped = presets();
    let shipped = shipped.iter().filter(|preset| preset.kind == *table);
    let known: Vec<&str> =
        own.iter().copied().chain(shipped.map(|preset| preset.name.as_str())).collect();
    if known.contains(name) {
        return true;
    }
    let message = format!("there is no {table} named {}", quote(name));
    report.add(Code::UnknownReference, place, message).label("not found").hint_with(
        || match nearest(name, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if own.is_empty() => format!("the file has no {table}"),
            None => format!("there are {}", enumerate(own.iter().copied())),
        },
    );
    false
}

/// Refuses grids that are too large, or that vary a key twice.
fn bounded(axes: &[Axis], report: &mut Diagnostics) {
    let mut refuse = |message: String| {
        report.add(Code::Sweep, Place::default(), message);
    };
    if axes.is_empty() {
        return refuse("nothing is varied: the grid is empty".to_owned());
    }
    if axes.len() > AXES_MAX {
        return refuse(format!("{} keys are varied; at most {AXES_MAX} can be", axes.len()));
    }
    for (index, axis) in axes.iter().enumerate() {
        if axes[..index].iter().any(|other| other.key == axis.key) {
            return refuse(format!("the key {} is varied twice", quote(&axis.key)));
        }
    }
    let points =
        axes.iter().try_fold(1usize, |product, axis| product.checked_mul(axis.values.len()));
    if points.is_none_or(|points| points > POINTS_MAX) {
        let points = points.map_or_else(|| "countless".to_owned(), |points| points.to_string());
        refuse(format!("the grid has {points} points; at most {POINTS_MAX} can be swept"));
    }
}

/// Loads every combination.
fn points(
    source: &Source,
    sets: &[Source],
    axes: &[Axis],
    origin: &str,
    seed: Option<u64>,
) -> Result<Grid, Diagnostics> {
    let count = axes.iter().map(|axis| axis.values.len()).product();
    let mut points: Vec<Point> = Vec::with_capacity(count);
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut warnings = None;
    for index in 0..count {
        let chosen = combination(axes, index);
        let overrides: Vec<String> =
            axes.iter().zip(&chosen).map(|(axis, value)| format!("{}={value}", axis.key)).collect();
        let all: Vec<Source> = sets.iter().cloned().chain(labelled(origin, &overrides)).collect();
        let Loaded { plan, resolved, warnings: of_point } = load_labelled(source, &all, seed)?;
        let values: Vec<String> = chosen.iter().map(|value| shown(value)).collect();
        if let Some(other) = seen.insert(resolved.clone(), index) {
            return Err(same(source, axes, &points[other].values, &values));
        }
        warnings.get_or_insert(of_point);
        points.push(Point { values, overrides, plan, resolved });
    }
    let warnings = warnings.unwrap_or_else(|| Diagnostics::new(sources(source, sets)));
    Ok(Grid { axes: axes.to_vec(), points, warnings })
}

/// The value of each axis at the point of this number.
fn combination(axes: &[Axis], index: usize) -> Vec<String> {
    let mut rest = index;
    let mut chosen: Vec<String> = Vec::with_capacity(axes.len());
    for axis in axes.iter().rev() {
        chosen.push(axis.values[rest % axis.values.len()].clone());
        rest /= axis.values.len();
    }
    chosen.reverse();
    chosen
}

/// Two points are one and the same scenario.
fn same(source: &Source, axes: &[Axis], one: &[String], other: &[String]) -> Diagnostics {
    let mut report = Diagnostics::new(sources(source, &[]));
    let point = |values: &[String]| {
        let words = axes.iter().zip(values).map(|(axis, value)| format!("{}={value}", axis.key));
        words.collect::<Vec<_>>().join(" ")
    };
    let message = format!("two points are the same scenario: {} and {}", point(one), point(other));
    report
        .add(Code::Sweep, Place::default(), message)
        .hint("values such as 60s and 1min are one, and a key that is overruled changes nothing");
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = include_str!("../../scenarios/quickstart.toml");

    fn swept(more: &str, vary: &[&str]) -> Result<Grid, String> {
        let source = Source::new("x.toml", format!("{TEXT}\n{more}"));
        let vary: Vec<String> = vary.iter().map(|text| (*text).to_owned()).collect();
        grid(&source, &[], &vary, None).map_err(|refused| refused.render(false))
    }

    fn refusal(more: &str, vary: &[&str]) -> String {
        swept(more, vary).err().unwrap()
    }

    #[test]
    fn every_combination_is_a_scenario_of_its_own() {
        let grid = swept("", &["cse.in.workers=1,2", "fleet.meters.start.jitter=10s,\"20s\",1min"]);
        let grid = grid.unwrap();
        assert_eq!(grid.points.len(), 6);
        assert_eq!(grid.points[4].values, ["2", "20s"]);
        assert_eq!(grid.points[4].plan.cses[0].workers, 2);
        assert_eq!(grid.points[4].overrides[1], "fleet.meters.start.jitter=\"20s\"");
        assert!(
            load_labelled(&Source::new("x", &*grid.points[4].resolved), &[], None)
                .is_ok_and(|again| again.resolved == grid.points[4].resolved)
        );
    }

    #[test]
    fn the_files_own_grid_holds_unless_another_is_given() {
        let own = "[sweep]\nfleet.meters.count = [10, 20, 30]\n\"cse.in.workers\" = [1]";
        assert_eq!(swept(own, &[]).unwrap().points.len(), 3);
        assert_eq!(swept(own, &["cse.in.workers=3,4"]).unwrap().points.len(), 2);
        let source = Source::new("x.toml", format!("{TEXT}\n{own}"));
        let set = ["sweep.fleet.meters.count=[5]".to_owned()];
        assert_eq!(grid(&source, &set, &[], None).ok().unwrap().points.len(), 1);
        assert!(crate::scenario::load(&source, &[], None).is_ok());
    }

    #[test]
    fn what_cannot_be_swept_is_named() {
        let many: Vec<String> = (1..=100).map(|n| n.to_string()).collect();
        let many = many.join(",");
        for (vary, words) in [
            (&["fleet.metres.count=1,2"][..], "did you mean `meters`?"),
            (&["fleet.meters.cuont=1,2"], "did you mean `count`?"),
            (&["fleat.meters.count=1,2"], "did you mean `fleet`?"),
            (&["fleet.meters.count="], "has no value"),
            (&["fleet.meters.count"], "has no `=`"),
            (&["fleet.meters.count=1,,2"], "is no value"),
            (&["fleet.meters.count=1,2,1"], "takes `1` twice"),
            (&["fleet.meters.count=1,many"], "takes an integer"),
            (&["fleet.meters.start.jitter=1s,2parsecs"], "is not a unit of time"),
            (&["fleet.meters.start.jitter=60s,1min"], "two points are the same scenario"),
            (&["scenario.seed=1,2"], "--seeds"),
            (&["fleet.meters.count=1", "fleet.meters.count=2"], "varied twice"),
            (&["event.7.at=1s,2s"], "is a list of 2"),
            (&["..=1"], "not a dotted path"),
            (&[], "nothing is varied"),
        ] {
            let said = refusal("", vary);
            assert!(said.contains(words), "{vary:?}: {said}");
        }
        let axes = [format!("fleet.meters.count={many}"), format!("cse.in.workers={many}")];
        let said = refusal("", &[&axes[0], &axes[1]]);
        assert!(said.contains("10000 points; at most 4096"), "{said}");
        for (file, words) in [
            ("[sweep]\nfleet.meters.count = []", "has no value"),
            ("[sweep]\nfleet.meters.count = 3", "takes a list of values"),
            ("[sweep]\nfleet.meters.count = [[1]]", "takes strings, numbers"),
            ("[sweep]", "the grid is empty"),
            ("[sweep]\nfleet.metres.count = [1]", "did you mean `meters`?"),
        ] {
            let said = refusal(file, &[]);
            assert!(said.contains(words), "{file}: {said}");
        }
    }
}
