//! A whole matrix by hand: every form says the same, and no words stand on each other.

use std::collections::BTreeMap;

use super::heat::draw;
use super::*;
use crate::attack::catalogue::THREATS;
use crate::report::drawing::collision;
use crate::run::matrix as campaign;

fn cell(countermeasures: &[u8], is_stated: bool, verdict: Verdict, count: u64) -> Cell {
    let share = Proportion { count, of: 30 };
    let mut verdicts = BTreeMap::from([(verdict, share)]);
    if count < 30 {
        verdicts.insert(Verdict::Succeeded, Proportion { count: 30 - count, of: 30 });
    }
    let bytes = Paired { mean: 12.4, interval: Some((11.9, 12.9)), worst: (4, 16.0) };
    let energy = Paired { mean: 0.000_31, interval: Some((0.000_2, 0.000_4)), worst: (9, 0.000_6) };
    let noise = Paired { mean: 0.001, interval: Some((-0.004, 0.006)), worst: (2, 0.05) };
    let mut costs = BTreeMap::from([("message_ms".to_owned(), noise)]);
    if !countermeasures.is_empty() {
        costs.insert(
            "handshake_ms".to_owned(),
            Paired { mean: 3.2, interval: Some((3.0, 3.4)), worst: (1, 4.0) },
        );
        costs.insert("link_bytes".to_owned(), bytes);
        costs.insert("energy_j".to_owned(), energy);
    }
    let on: Vec<String> = countermeasures.iter().map(|n| format!("CM{n}")).collect();
    Cell {
        scenario: "scenarios/threats/t.toml".to_owned(),
        countermeasures: countermeasures.to_vec(),
        is_stated,
        verdict,
        share,
        verdicts,
        alarm_latency_s: (verdict == Verdict::Detected).then_some(1.25),
        loss: (verdict == Verdict::Mitigated)
            .then(|| Loss { metric: "s3.exposed_bytes".to_owned(), median: 5_120.0 }),
        false_alarms: Some(Proportion { count: 0, of: 30 }),
        costs,
        replay: format!("keystorm matrix --threat T9 --on {} --seeds 30", on.join(",")),
        fault: None,
    }
}

/// All threats, with verdicts of every kind.
fn whole() -> Matrix {
    let verdict = |threat: u8, cm: u8| match (threat + cm) % 7 {
        0 => (Verdict::Detected, 28),
        3 => (Verdict::Mitigated, 29),
        5 if threat == 7 => (Verdict::Succeeded, 30),
        _ => (Verdict::Prevented, 30),
    };
    let rows = THREATS.iter().map(|threat| {
        let own: Vec<(u8, bool)> = threat.countermeasures().map(|(cm, s)| (cm.number, s)).collect();
        let numbers: Vec<u8> = own.iter().map(|(n, _)| *n).collect();
        let cells = own.iter().map(|(cm, is_stated)| {
            let (verdict, count) = verdict(threat.number, *cm);
            cell(&[*cm], *is_stated, verdict, count)
        });
        let is_stated = own.iter().all(|(_, is_stated)| *is_stated);
        let last = if threat.number == 7 { Verdict::Succeeded } else { Verdict::Prevented };
        Row {
            threat: threat.number,
            title: threat.title.to_owned(),
            fault: None,
            off: vec![cell(&[], true, Verdict::Succeeded, 30)],
            cells: cells.collect(),
            all: (own.len() > 1).then(|| cell(&numbers, is_stated, last, 30)).into_iter().collect(),
        }
    });
    let mut matrix =
        Matrix { keystorm: "0.1.0".to_owned(), seeds: 30, rows: rows.collect(), is_partial: false };
    let fault = "seed 4: with the countermeasure off the attack is PREVENTED, not SUCCEEDED";
    matrix.rows[16].cells[0].fault = Some(fault.to_owned());
    matrix
}

/// What is there after the run was killed.
fn half() -> Matrix {
    let mut matrix = whole();
    matrix.is_partial = true;
    matrix.rows[9].all.clear();
    matrix.rows[9].cells.pop();
    matrix.rows[10] =
        Row { threat: 11, title: "System interdependencies".to_owned(), ..Row::default() };
    matrix.rows[11] = Row {
        threat: 12,
        title: "Security context awareness".to_owned(),
        fault: Some("no scenario file shows it".to_owned()),
        ..Row::default()
    };
    matrix
}

#[test]
fn words_stand_apart() {
    for matrix in [whole(), half(), Matrix::default()] {
        let (canvas, size) = draw(&matrix);
        assert_eq!(collision(&canvas, size), None);
    }
}

#[test]
fn the_answer_comes_first() {
    let text = text(&whole());
    let first = text.lines().next().unwrap();
    assert!(first.starts_with("With its countermeasures on, of 22 threats: "), "{first}");
    assert!(
        first.contains("1 not stopped (T7)")
            && first.contains("1 without a valid experiment (T17)")
    );
    assert!(first.ends_with("; 30 seeds a cell."), "{first}");
    assert!(headline(&half()).starts_with("Partial: "));
    let few = Matrix { seeds: 3, ..whole() };
    assert!(headline(&few).contains("fewer than the 30"), "{}", headline(&few));
    assert!(headline(&Matrix::default()).starts_with("No experiment has a verdict yet"));
}

/// The attack must succeed with everything off, and be stopped with everything on, in 95 % of the seeds.
#[test]
fn a_cell_of_which_the_seeds_do_not_agree_is_named() {
    let short = |off: u64, on: u64| {
        let row = Row {
            threat: 9,
            off: vec![cell(&[], true, Verdict::Succeeded, off)],
            cells: vec![cell(&[10], true, Verdict::Prevented, on)],
            ..Row::default()
        };
        Matrix { rows: vec![row], ..Matrix::default() }
    };
    assert_eq!(short(30, 29).shortfalls(), []);
    let (name, what) = short(30, 28).shortfalls().remove(0);
    assert_eq!(
        (name.as_str(), what.as_str()),
        ("T9/CM10", "the attack was stopped in 28 of 30 runs only")
    );
    let mut missed = short(30, 30);
    missed.rows[0].off[0].verdicts =
        BTreeMap::from([(Verdict::Succeeded, Proportion { count: 28, of: 30 })]);
    let (name, what) = missed.shortfalls().remove(0);
    assert_eq!(
        (name.as_str(), what.as_str()),
        ("T9/off", "the attack succeeded in 28 of 30 runs only")
    );
    let mut nervous = short(30, 30);
    nervous.rows[0].cells[0].false_alarms = Some(Proportion { count: 1, of: 30 });
    assert_eq!(nervous.shortfalls().len(), 1);
    assert!(text(&short(30, 28)).contains("T9/CM10  the attack was stopped"));
}

#[test]
fn each_line_of_text_begins_with_the_name_of_its_cell() {
    let text = text(&whole());
    for name in ["T9/off", "T9/CM10", "T7/+CM7", "T8/all", "T17/CM23"] {
        let lines = text.lines().filter(|line| line.split_whitespace().next() == Some(name));
        assert!(lines.count() >= 2, "{name}\n{text}");
    }
    let line = text.lines().find(|line| line.starts_with("T9/CM10 ")).unwrap();
    assert!(line.contains("30/30") && line.contains("89 % to 100 %"), "{line}");
    assert!(line.contains("energy_j +310 µJ, handshake_ms +3.2 ms"), "{line}");
    // A difference that may be nothing is no cost.
    assert!(!line.contains("message_ms"), "{line}");
    assert!(text.contains("T17/CM23  seed 4: with the countermeasure off"), "{text}");
}

#[test]
fn programs_get_the_keys_of_the_contract() {
    let json = serde_json::to_value(entries(&whole())).unwrap();
    let cells = json.as_array().unwrap();
    let of = |threat: &str, on: &[&str]| {
        cells
            .iter()
            .find(|c| c["threat"] == threat && c["countermeasures"] == serde_json::json!(on))
            .unwrap()
    };
    let one = of("T9", &["CM10"]);
    for key in
        ["threat", "countermeasures", "attack", "verdict", "share", "interval", "cost", "replay"]
    {
        assert!(one.get(key).is_some(), "{key}");
    }
    assert_eq!(one["cost"]["link_bytes"]["mean"], 12.4);
    assert_eq!(of("T9", &[])["verdict"], "SUCCEEDED");
    assert_eq!(of("T17", &["CM23"])["verdict"], "INVALID");
    assert_eq!(of("T7", &["CM7"])["stated"], false);
}

#[test]
fn csv_has_a_line_for_each_cell_and_a_column_for_each_cost() {
    let text = csv(&whole()).unwrap();
    let mut reader = ::csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    let column = |name: &str| header.iter().position(|h| h == name).unwrap();
    let lines: Vec<::csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(lines.len(), entries(&whole()).len());
    let line = lines.iter().find(|l| &l[0] == "T9" && &l[1] == "CM10").unwrap();
    assert_eq!(&line[column("cost.link_bytes.low")], "11.9");
    assert_eq!(&line[column("verdict")], "PREVENTED");
}

#[test]
fn the_page_stands_alone_and_keeps_hostile_words_harmless() {
    let mut matrix = whole();
    let bad = "\"><script>alert(1)</script>";
    matrix.rows[8].title = bad.to_owned();
    matrix.rows[8].cells[0].replay = bad.to_owned();
    matrix.rows[8].cells[0].fault = Some(bad.to_owned());
    matrix.rows[8].cells[0]
        .costs
        .insert(bad.to_owned(), Paired { mean: 1.0, interval: None, worst: (1, 1.0) });
    let page = page(&matrix, &[]).unwrap();
    assert!(!page.contains("<script") && page.contains("&lt;script"));
    for outside in ["src=", "href=", "@import", "url("] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert!(page.contains("id=\"T9-CM10\"") && page.contains("<svg"), "no picture");
    assert!(!svg(&matrix).contains("<script"));
}

#[test]
fn scenarios_of_one_threat_share_a_row_and_the_worst_is_shown() {
    let mut matrix = whole();
    let row = &mut matrix.rows[7];
    let of = |scenario: &str, cell: Cell| Cell { scenario: scenario.to_owned(), ..cell };
    let (one, two) = ("scenarios/threats/t08-alteration.toml", "scenarios/threats/t08-middle.toml");
    let off = || cell(&[], true, Verdict::Succeeded, 30);
    row.off = vec![of(one, off()), of(two, off())];
    row.cells = vec![
        of(one, cell(&[7], true, Verdict::Prevented, 30)),
        of(two, cell(&[7], true, Verdict::Succeeded, 30)),
        of(two, cell(&[8], true, Verdict::Prevented, 30)),
    ];
    row.all = vec![of(two, cell(&[7, 8], true, Verdict::Detected, 30))];
    let names: Vec<String> = row.every().map(|cell| row.name(cell)).collect();
    let expected = [
        "T8.alteration/off",
        "T8.alteration/CM7",
        "T8.middle/off",
        "T8.middle/CM7",
        "T8.middle/CM8",
        "T8.middle/all",
    ];
    assert_eq!(names, expected);
    assert_eq!(row.alone(7).unwrap().verdict, Verdict::Succeeded);
    assert_eq!(row.together().unwrap().verdict, Verdict::Detected);
    row.off[1].fault = Some("without effect".to_owned());
    assert_eq!(row.bare().unwrap().shown(), Verdict::Invalid);
    assert!(matrix.has_fault());
}

/// The runs of one scenario at two seeds.
fn runs() -> Vec<campaign::Row> {
    let file = campaign::FILES.iter().find(|file| file.threat == 9).unwrap();
    campaign::run(&[*file], 2, 1, &|_| None, &|_| true).unwrap()
}

#[test]
fn runs_become_a_matrix_and_what_is_missing_makes_it_partial() {
    let rows = runs();
    let full = Matrix::of(&rows, 2);
    let cell = full.rows[0].together().unwrap();
    assert_eq!((cell.verdict, cell.share), (Verdict::Prevented, Proportion { count: 2, of: 2 }));
    assert_eq!(full.rows[0].bare().unwrap().verdict, Verdict::Succeeded);
    assert!(!full.is_partial && !full.has_fault());
    assert_eq!(full.clone().with_all_threats().rows.len(), 22);
    assert!(headline(&full.with_all_threats()).contains("21 not run"));

    // One run of seed 2 is missing: its experiment has one seed.
    let mut short = rows.clone();
    short[0].notes.retain(|note| note.seed == 1 || note.is_attacked || !note.on.is_empty());
    let short = Matrix::of(&short, 2);
    assert!(short.is_partial && headline(&short).starts_with("Partial: "));
    assert_eq!(short.rows[0].together().unwrap().share, Proportion { count: 1, of: 1 });

    // Nothing ran in peace: there is no experiment.
    let mut none = rows;
    none[0].notes.retain(|note| note.is_attacked);
    assert!(Matrix::of(&none, 2).rows[0].every().next().is_none());
}

#[test]
fn an_attack_without_effect_and_alarms_in_peace_are_faults() {
    let mut rows = runs();
    let exposed = rows[0].notes.iter_mut().find(|note| note.is_attacked && note.on.is_empty());
    exposed.unwrap().judgement.as_mut().unwrap().verdict = Verdict::Detected;
    let matrix = Matrix::of(&rows, 2);
    for cell in matrix.rows[0].every() {
        let fault = cell.fault.as_deref().unwrap_or_default();
        assert!(fault.contains("is DETECTED, not SUCCEEDED"), "{fault}");
        assert_eq!(cell.shown(), Verdict::Invalid);
    }
    let mut rows = runs();
    let plain = rows[0].notes.iter_mut().find(|note| !note.is_attacked && note.on.is_empty());
    plain.unwrap().alarms = 1;
    let matrix = Matrix::of(&rows, 2);
    let fault = matrix.rows[0].together().unwrap().fault.clone().unwrap();
    assert!(fault.contains("1 of 2 runs in peace raise an alarm"), "{fault}");
}

#[test]
fn a_share_below_the_whole_never_says_so() {
    let mut matrix = whole();
    matrix.rows.truncate(1);
    matrix.rows[0].cells[0].share = Proportion { count: 9_999, of: 10_000 };
    let picture = svg(&matrix);
    assert!(picture.contains(">99</text>"), "{picture}");
}
