//! What `keystorm explain` says about threats, countermeasures and properties.

use keystorm::attack::catalogue::{COUNTERMEASURES, Countermeasure, Domain, THREATS, Threat};
use keystorm::ledger::PropertyId;
use keystorm::run::matrix::{FILES, ThreatFile};
use keystorm::scenario::{Source, load, plan};

/// An entry, as people and programs read it.
#[derive(Debug, serde::Serialize)]
pub(super) struct Entry {
    pub(super) code: String,
    pub(super) title: String,
    /// What is said, by heading, in order.
    facts: Vec<Line>,
}

/// A heading and what is said under it.
#[derive(Debug, serde::Serialize)]
struct Line {
    name: &'static str,
    text: String,
}

/// The entry of a code.
pub(super) fn find(code: &str) -> Option<Entry> {
    let threat = || Threat::from_code(code).map(threat);
    let countermeasure = || Countermeasure::from_code(code).map(countermeasure);
    let property = || PropertyId::from_code(code).map(property);
    threat().or_else(countermeasure).or_else(property)
}

/// All entries.
pub(super) fn all() -> Vec<Entry> {
    let threats = THREATS.iter().map(threat);
    let countermeasures = COUNTERMEASURES.iter().map(countermeasure);
    threats.chain(countermeasures).chain(PropertyId::ALL.iter().copied().map(property)).collect()
}

/// An entry as text.
pub(super) fn page(entry: &Entry) -> String {
    let width = entry.facts.iter().map(|line| line.name.len()).max().unwrap_or(0);
    let line = |line: &Line| {
        let mut rows = line.text.lines();
        let first = format!("{:<width$}  {}\n", line.name, rows.next().unwrap_or_default());
        let more = rows.map(|row| format!("{:<width$}  {row}\n", ""));
        first + &more.collect::<String>()
    };
    let lines: String = entry.facts.iter().map(line).collect();
    format!("{}  {}\n\n{lines}", entry.code, entry.title)
}

fn threat(threat: &'static Threat) -> Entry {
    let stakeholders: Vec<&str> = threat.stakeholders.iter().map(|who| who.name()).collect();
    let countermeasures =
        threat.countermeasures().map(|(cm, stated)| link(cm.code(), cm.title, stated));
    let properties = threat.properties.iter().map(|id| {
        let property = id.property();
        format!("{}  {}: {}", property.code, property.name, property.holds_iff)
    });
    let mut facts = vec![
        Line::new("stands in", format!("TR-0008 clause {}", threat.clause)),
        Line::new("what", threat.what),
        Line::new("effect", threat.effect),
        Line::new("domains", domains(threat.domains)),
    ];
    if !stakeholders.is_empty() {
        facts.push(Line::new("affects", stakeholders.join(", ")));
    }
    facts.extend([
        Line::new("countered by", rows(countermeasures)),
        Line::new("attacker", threat.steps),
        Line::new("decided by", rows(properties)),
        Line::new("off", threat.off),
        Line::new("on", threat.on),
    ]);
    facts.extend(trials(threat));
    Entry { code: threat.code(), title: threat.title.to_owned(), facts }
}

fn countermeasure(countermeasure: &'static Countermeasure) -> Entry {
    let threats: Vec<(&Threat, bool)> = countermeasure.threats().collect();
    let mut properties: Vec<PropertyId> =
        threats.iter().flat_map(|(threat, _)| threat.properties).copied().collect();
    properties.sort_unstable();
    properties.dedup();
    let properties: Vec<&str> = properties.iter().map(|id| id.property().code).collect();
    let links = threats.iter().map(|(threat, stated)| link(threat.code(), threat.title, *stated));
    let mut facts = vec![
        Line::new("stands in", format!("TR-0008 clause {}", countermeasure.clause)),
        Line::new("domains", domains(countermeasure.domains)),
        Line::new("cost", countermeasure.cost.unwrap_or("not stated")),
        Line::new("on", countermeasure.mechanism),
        Line::new("off", countermeasure.off),
    ];
    if threats.is_empty() {
        facts.push(Line::new("counters", "no threat that TR-0008 names"));
    } else {
        facts.push(Line::new("counters", rows(links)));
        facts.push(Line::new("decided by", properties.join(" ")));
    }
    let shown = threats.iter().flat_map(|(threat, _)| without(threat, countermeasure));
    let shown = rows(shown);
    if !shown.is_empty() {
        facts.push(Line::new("try without", shown));
    }
    Entry { code: countermeasure.code(), title: countermeasure.title.to_owned(), facts }
}

/// The scenarios that show a threat, and what to type to see it.
fn trials(threat: &Threat) -> Vec<Line> {
    let files: Vec<&ThreatFile> = files(threat).collect();
    if files.is_empty() {
        return vec![Line::new("scenario", "none in this version")];
    }
    let off = |file: &&ThreatFile| {
        let off = countermeasures(file).into_iter().map(|cm| format!(" {}", switch(cm.number)));
        format!("keystorm run {}{}", file.path, off.collect::<String>())
    };
    vec![
        Line::new("try on", rows(files.iter().map(|file| format!("keystorm run {}", file.path)))),
        Line::new("try off", rows(files.iter().map(off))),
        Line::new("experiment", format!("keystorm matrix --threat {}", threat.code())),
    ]
}

/// How to run a threat's scenarios without one countermeasure, and what then stands in its place.
fn without(threat: &Threat, countermeasure: &Countermeasure) -> Vec<String> {
    let shown = files(threat).filter_map(|file| {
        let mut own = countermeasures(file).into_iter();
        let own = own.find(|cm| cm.number == countermeasure.number)?;
        let (path, switch) = (file.path, switch(own.number));
        Some(format!("keystorm run {path} {switch}\n  which sets {}", own.off.join(", ")))
    });
    shown.collect()
}

fn files(threat: &Threat) -> impl Iterator<Item = &'static ThreatFile> {
    let number = threat.number;
    FILES.iter().filter(move |file| file.threat == number)
}

fn switch(number: u8) -> String {
    format!("--set countermeasure.CM{number}.on=false")
}

fn countermeasures(file: &ThreatFile) -> Vec<plan::Countermeasure> {
    let loaded = load(&Source::new(file.path, file.text), &[], None);
    loaded.map(|loaded| loaded.plan.countermeasures).unwrap_or_default()
}

fn property(id: PropertyId) -> Entry {
    let property = id.property();
    let threats = THREATS.iter().filter(|threat| threat.properties.contains(&id));
    let threats = rows(threats.map(|threat| format!("{}  {}", threat.code(), threat.title)));
    let mut facts = vec![
        Line::new("holds iff", property.holds_iff),
        Line::new("measured", property.metric),
        Line::new("comes from", property.source),
    ];
    if !threats.is_empty() {
        facts.push(Line::new("decides", threats));
    }
    Entry { code: property.code.to_owned(), title: property.name.to_owned(), facts }
}

impl Line {
    fn new(name: &'static str, text: impl Into<String>) -> Self {
        Self { name, text: text.into() }
    }
}

/// A link to another entry; those that TR-0008 does not state have a `+`.
fn link(code: String, title: &str, is_stated: bool) -> String {
    let mark = if is_stated { "" } else { "+" };
    format!("{mark}{code}  {title}{}", if is_stated { "" } else { " (not stated in TR-0008)" })
}

fn domains(domains: &[Domain]) -> String {
    domains.iter().map(|domain| domain.name()).collect::<Vec<&str>>().join(", ")
}

fn rows(rows: impl Iterator<Item = String>) -> String {
    rows.collect::<Vec<String>>().join("\n")
}
