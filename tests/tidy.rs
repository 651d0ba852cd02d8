//! The rules of the house, checked over the whole source tree. All violations are reported at once.
//!
//! Each check is a function of a file's path and text, so that it is itself tested on small texts
//! below: a check that cannot fail is a defect.

#![allow(clippy::unwrap_used, reason = "a test program")]

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

/// Lines of one file.
const FILE_LINES_MAX: usize = 1_000;
/// Lines of one function, signature and closing brace included.
const FUNCTION_LINES_MAX: usize = 70;

/// The rooms and their floors, as ARCHITECTURE.md has them. A room imports from strictly lower floors
/// and from itself.
const FLOORS: [(&str, u8); 21] = [
    // Only with the feature of that name.
    ("planted", 0),
    // Test builds only.
    ("sabotage", 0),
    ("wire", 0),
    ("sim", 0),
    ("association", 1),
    ("net", 1),
    ("ledger", 1),
    ("measure", 1),
    ("credential", 2),
    ("onem2m", 3),
    ("backend", 3),
    ("node", 4),
    ("attack", 5),
    ("scenario", 6),
    ("run", 7),
    ("report", 8),
    ("live", 8),
    ("fuzzing", 9),
    ("cli", 10),
    // Not rooms, but the way in.
    ("lib", u8::MAX),
    ("main", u8::MAX),
];

/// Where a room may import only a part of a lower one: the association and the ledger are given the time
/// and know nothing else of the simulator.
const ONLY: [(&str, &str, &str); 2] = [("association", "sim", "time"), ("ledger", "sim", "time")];

/// Calls and types that have no place in `src`, why, and the paths where they have one after all.
const BANNED: [(&str, &str, &[&str]); 8] = [
    (
        concat!("Instant", "::now"),
        "time is an argument",
        &["src/cli/", "src/live/", "src/run/process.rs"],
    ),
    (concat!("SystemTime", "::now"), "time is an argument", &["src/cli/", "src/live/"]),
    (concat!("Hash", "Map"), "its order differs between runs", &[]),
    (concat!("Hash", "Set"), "its order differs between runs", &[]),
    (concat!("thread", "_rng"), "randomness comes from the seed", &[]),
    (concat!("rand::", "rng"), "randomness comes from the seed", &[]),
    (
        concat!("print", "ln!"),
        "results are returned, and printed at the door",
        &["src/cli/", "src/main.rs", "src/report/text"],
    ),
    (
        concat!("print", "!"),
        "results are returned, and printed at the door",
        &["src/cli/", "src/main.rs", "src/report/text"],
    ),
];

/// What stands nowhere, in code, comments or documents: unfinished work and one machine's paths.
const NOWHERE: [&str; 8] = [
    concat!("to", "do!"),
    concat!("unimpl", "emented!"),
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
    concat!("HA", "CK"),
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
];

/// A rule broken at a place.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Violation {
    file: String,
    line: usize,
    what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.what)
    }
}

/// A file under test.
struct Source<'a> {
    /// Its path from the root of the repository, with `/`.
    path: &'a str,
    text: &'a str,
}

impl Source<'_> {
    fn violation(&self, line: usize, what: impl Into<String>) -> Violation {
        Violation { file: self.path.to_owned(), line, what: what.into() }
    }

    /// Its lines of code with their numbers: comments left out.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate().map(|(index, line)| (index + 1, line));
        lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
    }
}

#[test]
fn the_house_is_tidy() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut violations = Vec::new();
    let mut rust = BTreeSet::new();
    for path in files(root, &["src", "tests", "benches", "fuzz", "scenarios", ".ci"]) {
        // Inputs of fuzz targets are any bytes.
        let bytes = std::fs::read(root.join(&path)).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        let source = Source { path: &path, text: &text };
        violations.extend(nowhere(&source));
        if path.ends_with(".rs") {
            violations.extend(file_length(&source));
            violations.extend(function_lengths(&source));
            violations.extend(floors(&source));
            violations.extend(banned(&source));
            rust.insert(path);
        } else if path.starts_with("scenarios/") && path.ends_with(".toml") {
            violations.extend(scenario_head(&source));
        }
    }
    let prose = |path: &&String| path.ends_with(".md") || path.ends_with(".toml");
    for path in files(root, &["."]).iter().filter(prose) {
        let text = std::fs::read_to_string(root.join(path)).unwrap();
        violations.extend(nowhere(&Source { path, text: &text }));
    }
    let map = std::fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap_or_default();
    rust.retain(|path| !path.starts_with("fuzz/"));
    violations.extend(named_in_map(&map, &rust));
    violations.sort();
    let report: Vec<String> = violations.iter().map(ToString::to_string).collect();
    assert!(report.is_empty(), "{} violations:\n{}", report.len(), report.join("\n"));
}

/// All files below these folders of `root`, as paths from `root`; `.` stands for `root` without its
/// folders.
fn files(root: &Path, folders: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    let mut open: Vec<PathBuf> = folders.iter().map(|folder| root.join(folder)).collect();
    while let Some(folder) = open.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for path in entries.map(|entry| entry.unwrap().path()) {
            let skip = ["target", "corpus", "artifacts"].iter().any(|name| path.ends_with(name));
            if path.is_dir() && folders != ["."] && !skip {
                open.push(path);
            } else if path.is_file() {
                let relative = path.strip_prefix(root).unwrap().components();
                let parts: Vec<_> =
                    relative.map(|part| part.as_os_str().to_str().unwrap()).collect();
                found.push(parts.join("/").trim_start_matches("./").to_owned());
            }
        }
    }
    found.sort();
    found
}

fn file_length(source: &Source<'_>) -> Option<Violation> {
    let lines = source.text.lines().count();
    let what = format!("the file has {lines} lines, more than {FILE_LINES_MAX}");
    (lines > FILE_LINES_MAX).then(|| source.violation(FILE_LINES_MAX + 1, what))
}

/// The end of a function is the first `}` at the indentation of its first line: rustfmt puts it there.
fn function_lengths(source: &Source<'_>) -> Vec<Violation> {
    let lines: Vec<&str> = source.text.lines().collect();
    let mut violations = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let Some(name) = function_name(line) else { continue };
        let indent = indentation(line);
        let own = |line: &&str| !line.is_empty() && indentation(line) == indent;
        let ends = |line: &&str| own(line) && (line.ends_with(';') || line.trim() == "}");
        if own(line) && (line.ends_with(';') || line.ends_with('}')) {
            continue;
        }
        let len = lines[start..].iter().position(ends).map_or(1, |last| last + 1);
        if len > FUNCTION_LINES_MAX {
            let what = format!("fn {name} has {len} lines, more than {FUNCTION_LINES_MAX}");
            violations.push(source.violation(start + 1, what));
        }
    }
    violations
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// The name of the function that begins in this line.
fn function_name(line: &str) -> Option<&str> {
    let mut words = line.split_whitespace();
    let before = ["pub", "const", "async", "unsafe", "extern", "default", "\"C\""];
    let is_before = |word: &&str| before.contains(word) || word.starts_with("pub(");
    let word = words.by_ref().find(|word| !is_before(word))?;
    if word != "fn" {
        return None;
    }
    words.next()?.split(['(', '<']).next()
}

/// Imports go down only.
fn floors(source: &Source<'_>) -> Vec<Violation> {
    let Some(inside) = source.path.strip_prefix("src/") else { return Vec::new() };
    let room = inside.split('/').next().unwrap().trim_end_matches(".rs");
    let floor_of = |room: &str| FLOORS.iter().find(|(name, _)| *name == room).map(|(_, f)| *f);
    let Some(floor) = floor_of(room) else {
        return vec![source.violation(1, format!("{room} is no room of the house"))];
    };
    let mut violations = Vec::new();
    for (line, path) in crate_paths(source) {
        let (other, rest) = path.split_once("::").unwrap_or((&path, ""));
        let only = ONLY.iter().find(|(from, to, _)| *from == room && *to == other);
        let what = match floor_of(other) {
            // Every room may ask whether a defect is planted.
            _ if other == room || other == "planted" => continue,
            None => format!("crate::{other} is no room of the house"),
            Some(below) if below >= floor => {
                format!("{room} (floor {floor}) imports {other} (floor {below})")
            }
            Some(_) => match only {
                Some((_, _, part)) if !is_within(rest, part) => {
                    format!("{room} may import only {other}::{part}")
                }
                _ => continue,
            },
        };
        violations.push(source.violation(line, what));
    }
    let depth = inside.split('/').count() - usize::from(inside.ends_with("mod.rs"));
    let climb = "super::".repeat(depth.max(1));
    let climbs = |(_, line): &(usize, &str)| floor != u8::MAX && line.contains(&climb);
    for (line, _) in source.code().filter(climbs) {
        violations.push(source.violation(line, "name other rooms from the root: crate::room"));
    }
    violations
}

/// `path` is `part` or something in it.
fn is_within(path: &str, part: &str) -> bool {
    path.strip_prefix(part).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// All paths that begin with `crate::`, without that word; groups in braces opened one level.
fn crate_paths(source: &Source<'_>) -> Vec<(usize, String)> {
    let blank = |line: &str| line.trim_start().starts_with("//");
    let code: Vec<&str> =
        source.text.lines().map(|line| if blank(line) { "" } else { line }).collect();
    let code = code.join("\n");
    let mut paths = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        if code[..at].ends_with(|before: char| before.is_alphanumeric() || "_$".contains(before)) {
            continue;
        }
        let line = code[..at].matches('\n').count() + 1;
        let rest = &code[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(group) => paths.extend(members(group).into_iter().map(|path| (line, path))),
            None => paths.extend(expand(path_at(rest)).into_iter().map(|path| (line, path))),
        }
    }
    paths
}

/// The path in front, with a group in braces behind it if there is one.
fn path_at(text: &str) -> &str {
    let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let end = text.find(|c| !is_path(c)).unwrap_or(text.len());
    if !text[end..].starts_with('{') || !text[..end].ends_with("::") {
        return text[..end].trim_end_matches(':');
    }
    let close = closing(&text[end + 1..]).map_or(text.len(), |len| end + len + 2);
    &text[..close]
}

/// `a::{b, c::d}` to `a::b`, `a::c::d`; a path without a group to itself.
fn expand(path: &str) -> Vec<String> {
    match path.split_once('{') {
        None => vec![path.to_owned()],
        Some((front, group)) => {
            members(group).into_iter().map(|member| format!("{front}{member}")).collect()
        }
    }
}

/// The paths in a group up to its closing brace, inner groups expanded.
fn members(group: &str) -> Vec<String> {
    let inside = &group[..closing(group).unwrap_or(group.len())];
    let mut depth = 0;
    let parts = inside.split(|c| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        c == ',' && depth == 0
    });
    parts.map(str::trim).filter(|part| !part.is_empty()).flat_map(expand).collect()
}

/// Where the brace closes that was opened just before `text`.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 1;
    text.find(|c| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        depth == 0
    })
}

fn banned(source: &Source<'_>) -> Vec<Violation> {
    if !source.path.starts_with("src/") {
        return Vec::new();
    }
    let mut violations = Vec::new();
    for (word, reason, allowed) in BANNED {
        if allowed.iter().any(|path| source.path.starts_with(path)) {
            continue;
        }
        for (line, _) in source.code().filter(|(_, line)| has_word(line, word)) {
            violations.push(source.violation(line, format!("{word}: {reason}")));
        }
    }
    violations
}

fn nowhere(source: &Source<'_>) -> Vec<Violation> {
    let lines = source.text.lines().enumerate();
    lines
        .flat_map(|(index, line)| {
            let words = NOWHERE.iter().filter(|word| has_word(line, word));
            words.map(move |word| source.violation(index + 1, format!("{word} stands here")))
        })
        .collect()
}

/// `word` occurs, and is not merely a part of a longer word.
fn has_word(line: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    let own_start = word.starts_with(part);
    let own_end = word.ends_with(part);
    line.match_indices(word).any(|(at, _)| {
        let continues_before = own_start && line[..at].ends_with(part);
        let continues_after = own_end && line[at + word.len()..].starts_with(part);
        !continues_before && !continues_after
    })
}

/// A scenario opens with its schema and the question that it answers.
fn scenario_head(source: &Source<'_>) -> Vec<Violation> {
    let mut lines = source.text.lines();
    let mut violations = Vec::new();
    if !lines.next().is_some_and(|line| line.starts_with("#:schema ")) {
        violations.push(source.violation(1, "the first line is not `#:schema ...`"));
    }
    let question = |line: &str| line.strip_prefix("# Question:").is_some_and(|q| q.len() > 3);
    if !lines.next().is_some_and(question) {
        violations.push(source.violation(2, "the second line is not `# Question: ...`"));
    }
    violations
}

/// Each source file has a line of its own in the map, and the map names no file that is not there. A
/// line names a file by its path between backticks and says something about it.
fn named_in_map(map: &str, rust: &BTreeSet<String>) -> Vec<Violation> {
    let mut violations = Vec::new();
    let map_at = |line, what| Violation { file: "ARCHITECTURE.md".to_owned(), line, what };
    let mut named = BTreeSet::new();
    for (index, line) in map.lines().enumerate() {
        for quoted in line.split('`').skip(1).step_by(2) {
            let ours = ["src/", "tests/", "benches/"].iter().any(|f| quoted.starts_with(f));
            if !ours || !quoted.ends_with(".rs") {
                continue;
            }
            if !rust.contains(quoted) {
                violations.push(map_at(index + 1, format!("{quoted} does not exist")));
            }
            if line.len() > quoted.len() + 10 {
                named.insert(quoted);
            }
        }
    }
    let absent = rust.iter().filter(|path| !named.contains(path.as_str()));
    violations.extend(absent.map(|path| map_at(1, format!("{path} has no line"))));
    violations
}

/// What a check says about a text, one line each.
fn said(violations: impl IntoIterator<Item = Violation>) -> Vec<String> {
    violations.into_iter().map(|violation| violation.to_string()).collect()
}

#[test]
fn long_files_are_found() {
    let check = |lines: usize| {
        file_length(&Source { path: "src/a.rs", text: &"x\n".repeat(lines) }).is_some()
    };
    assert_eq!((check(1_000), check(1_001)), (false, true));
}

#[test]
fn long_functions_are_found() {
    let check = |head: &str, lines: usize| {
        let tail = &head[..indentation(head)];
        let text = format!("trait T {{\n{head}\n{}{tail}}}\n", "\n".repeat(lines - 2));
        said(function_lengths(&Source { path: "src/a.rs", text: &text }))
    };
    assert!(check("fn short() {", 70).is_empty());
    assert_eq!(check("fn f() {", 71), ["src/a.rs:2: fn f has 71 lines, more than 70"]);
    assert_eq!(check("    pub(crate) const fn f<T>() -> T {", 80).len(), 1);
    assert_eq!(check("    async fn f(\n        a: u8,\n    ) {", 80).len(), 1);
    assert!(check("    fn declared(&self);", 80).is_empty());
    assert!(check("    fn on_one_line() {}", 80).is_empty());
    assert!(check("    let fnord = {", 80).is_empty());
}

#[test]
fn imports_upwards_are_found() {
    let check = |path: &str, text: &str| said(floors(&Source { path, text }));
    assert!(check("src/net/link.rs", "use crate::sim::time::Time;").is_empty());
    assert!(check("src/net/link.rs", "use crate::net::tap::Tap;\nuse super::tap;").is_empty());
    assert_eq!(
        check("src/net/link.rs", "\nuse crate::node::Node;"),
        ["src/net/link.rs:2: net (floor 1) imports node (floor 4)"]
    );
    assert_eq!(
        check("src/wire/coap.rs", "// crate::node\n\n    crate::sim::time::Time(1)"),
        ["src/wire/coap.rs:3: wire (floor 0) imports sim (floor 0)"]
    );
    assert_eq!(
        check("src/report/text.rs", "use crate::{\n    sim::time,\n    live::{a, b::c},\n};").len(),
        2
    );
    assert_eq!(
        check("src/net/a.rs", "pub(crate) fn f() -> crate::run::Outcome"),
        ["src/net/a.rs:1: net (floor 1) imports run (floor 7)"]
    );
    assert_eq!(check("src/attic/a.rs", ""), ["src/attic/a.rs:1: attic is no room of the house"]);
    assert_eq!(check("src/run/a.rs", "use crate::attic::A;").len(), 1);
    assert!(check("src/lib.rs", "use crate::cli::Args; pub mod wire;").is_empty());
    assert!(check("tests/a.rs", "use crate::anything;").is_empty());
}

#[test]
fn the_association_takes_only_the_time_from_the_simulator() {
    let check = |text: &str| said(floors(&Source { path: "src/association/a.rs", text }));
    let ledger = Source { path: "src/ledger/a.rs", text: "use crate::sim::queue;" };
    assert_eq!(said(floors(&ledger)), ["src/ledger/a.rs:1: ledger may import only sim::time"]);
    assert!(check("use crate::sim::time::{Duration, Time};").is_empty());
    assert!(check("use crate::wire::dtls;").is_empty());
    for text in [
        "use crate::sim::engine;",
        "use crate::sim::{time, rng};",
        "use crate::sim::timer::T;",
        "use crate::sim;",
        "use crate::{wire, sim::rng};",
    ] {
        assert_eq!(check(text), ["src/association/a.rs:1: association may import only sim::time"]);
    }
}

#[test]
fn climbing_to_the_root_is_found() {
    let check = |path: &str, text: &str| floors(&Source { path, text }).len();
    assert_eq!(check("src/wire/mod.rs", "use super::node::Node;"), 1);
    assert_eq!(check("src/wire/coap.rs", "use super::super::node::Node;"), 1);
    assert_eq!(check("src/wire/coap.rs", "use super::dtls;"), 0);
    assert_eq!(check("src/wire/coap/code.rs", "use super::super::dtls;"), 0);
}

#[test]
fn banned_calls_are_found() {
    let check = |path: &str, word: &str| {
        let text = format!("// {word}()\nlet a = {word}();");
        said(banned(&Source { path, text: &text }))
    };
    for (word, reason, allowed) in BANNED {
        assert_eq!(check("src/net/a.rs", word), [format!("src/net/a.rs:2: {word}: {reason}")]);
        assert!(check("benches/a.rs", word).is_empty());
        assert!(allowed.iter().all(|path| check(path, word).is_empty()));
    }
    assert!(check("src/net/a.rs", concat!("eprint", "ln!")).is_empty());
}

#[test]
fn unfinished_work_is_found_even_in_comments() {
    for word in NOWHERE {
        let text = format!("fine\n// {word} later\n");
        let found = said(nowhere(&Source { path: "README.md", text: &text }));
        assert_eq!(found, [format!("README.md:2: {word} stands here")]);
    }
    assert!(nowhere(&Source { path: "a.md", text: "HACKNEY, a todo" }).is_empty());
}

#[test]
fn scenarios_without_schema_or_question_are_found() {
    let check = |text: &str| scenario_head(&Source { path: "scenarios/a.toml", text }).len();
    assert_eq!(check("#:schema ./schema.json\n# Question: does it hold?\n"), 0);
    assert_eq!(check("#:schema ./schema.json\n# Question:\n"), 1);
    assert_eq!(check("# Question: does it hold?\n[scenario]\n"), 2);
    assert_eq!(check(""), 2);
}

#[test]
fn files_that_the_map_leaves_out_or_makes_up_are_found() {
    let rust = BTreeSet::from(["src/lib.rs".to_owned(), "src/a/b.rs".to_owned()]);
    let check = |map: &str| said(named_in_map(map, &rust));
    assert!(check("- `src/lib.rs`: the rooms\n- `src/a/b.rs`: what b is\n").is_empty());
    assert_eq!(
        check("- `src/lib.rs`: the rooms\n- `src/a/b.rs`\n"),
        ["ARCHITECTURE.md:1: src/a/b.rs has no line"]
    );
    assert_eq!(
        check("\n`src/lib.rs`, `src/a/b.rs`, `src/gone.rs`"),
        ["ARCHITECTURE.md:2: src/gone.rs does not exist"]
    );
    assert_eq!(check("").len(), 2);
}
