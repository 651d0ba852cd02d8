//! Pages and files for continuous integration, as the program writes them: each stands alone, says the verdict, and
//! keeps the words of a scenario harmless.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod program;

use html5ever::tendril::TendrilSink as _;
use markup5ever_rcdom::{Handle, NodeData, RcDom};
use program::{Place, code, json, scenario, stderr, stdout};
use serde_json::Value;

/// What a page may weigh, in bytes.
const PAGE_MAX: usize = 2_000_000;
/// A question that would like to be part of the page.
const HOSTILE: &str =
    "</title><script>alert(1)</script>\"><img src=x onerror=alert(1)>{{ 7 * 7 }}</h1>?";

/// The elements of a page with the names of their attributes, and all its text.
fn read(page: &str) -> (Vec<String>, String) {
    let dom = html5ever::parse_document(RcDom::default(), html5ever::ParseOpts::default())
        .one(page.to_owned());
    let mut found = (Vec::new(), String::new());
    walk(&dom.document, &mut found);
    found
}

fn walk(node: &Handle, found: &mut (Vec<String>, String)) {
    match &node.data {
        NodeData::Element { name, attrs, .. } => {
            let attributes = attrs.borrow();
            let names = attributes.iter().map(|it| it.name.local.to_string());
            found.0.push(format!("{} {}", name.local, names.collect::<Vec<_>>().join(" ")));
        }
        NodeData::Text { contents } => found.1.push_str(&contents.borrow()),
        NodeData::Comment { .. } => found.0.push("a comment".to_owned()),
        _ => {}
    }
    for child in node.children.borrow().iter() {
        walk(child, found);
    }
}

/// Loads nothing, runs nothing, is of a size that can be sent, and knows light, dark and paper.
fn stands_alone(page: &str) {
    assert!(page.starts_with("<!DOCTYPE html>") && page.len() < PAGE_MAX, "{}", page.len());
    for outside in ["http://", "https://", "url(", "@import", "<link", "<script", "<iframe", " on"]
    {
        let in_tags = page.split('<').filter_map(|part| part.split('>').next());
        let hit = in_tags.map(|tag| format!("<{tag}")).find(|tag| tag.contains(outside));
        assert!(hit.is_none(), "{outside}: {hit:?}");
    }
    assert!(!page.contains("src=\"http") && page.contains("default-src 'none'"));
    assert!(page.contains("prefers-color-scheme: dark") && page.contains("@media print"));
}

/// The quickstart with another question and other expectations.
fn small(place: &Place, name: &str, question: &str, expect: &str) -> String {
    let text = std::fs::read_to_string(scenario("quickstart")).unwrap();
    let (head, _) = text.split_once("[expect]").unwrap();
    let lines = head.lines().map(|line| match line.starts_with("# Question:") {
        true => format!("# Question: {question}"),
        false => line.replace("count = 200", "count = 20"),
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    place.file(name, format!("{text}\n[expect]\n{expect}\n").as_bytes())
}

#[test]
fn a_run_that_holds_says_so_on_a_page_and_to_continuous_integration() {
    let place = Place::new("pages-run");
    let file = small(&place, "a.toml", "what?", "\"rekey.time_s.max\" = \"< 2min\"");
    let run = place.keystorm(&["run", &file, "--out", "r"]);
    assert_eq!(code(&run), 0, "{}", stderr(&run));
    let page = place.read("r/report.html");
    stands_alone(&page);
    let (elements, text) = read(&page);
    let verdict = stdout(&run).lines().next().unwrap().to_owned();
    assert!(verdict.starts_with("Held: ") && text.contains(&verdict), "{verdict}");
    let drawings = elements.iter().filter(|it| it.starts_with("svg ")).count();
    assert!(drawings >= 6, "{drawings} drawings");
    for words in ["rekey.time_s.max", "< 2min", "keystorm replay .", "verified", "x86_core"] {
        assert!(text.contains(words), "{words}");
    }
    assert!(place.read("r/junit.xml").contains("tests=\"2\" failures=\"0\""));
    let sarif: Value = serde_json::from_str(&place.read("r/findings.sarif")).unwrap();
    assert_eq!(sarif["runs"][0]["results"].as_array().map(Vec::len), Some(0));
    assert!(!stderr(&run).contains("failed:"), "{}", stderr(&run));
    // From the data alone the same files again.
    let before = [place.read("r/report.html"), place.read("r/junit.xml")];
    assert_eq!(code(&place.keystorm(&["report", "r"])), 0);
    assert!(before == [place.read("r/report.html"), place.read("r/junit.xml")]);
}

#[test]
fn a_run_that_fails_names_the_first_expectation_and_the_replay_and_hostile_words_stay_words() {
    let place = Place::new("pages-failed");
    let expect = "\"rekey.time_s.max\" = \"< 1s\"\n\"rekey.failed\" = \"= 0\"";
    let [plain, hostile] = [("plain", "what?"), ("hostile", HOSTILE)].map(|(name, question)| {
        let file = small(&place, &format!("{name}.toml"), question, expect);
        let run = place.keystorm(&["run", &file, "--out", name, "--quiet"]);
        assert_eq!(code(&run), 1, "{}", stderr(&run));
        let said = stderr(&run);
        let line = said.lines().find(|line| line.starts_with("failed: ")).unwrap();
        assert!(line.starts_with("failed: rekey.time_s.max is "), "{line}");
        assert!(line.ends_with(&format!("expected < 1s; again: keystorm replay {name}")), "{line}");
        place.read(&format!("{name}/report.html"))
    });
    stands_alone(&hostile);
    let ((elements, _), (with_words, text)) = (read(&plain), read(&hostile));
    assert_eq!(elements, with_words, "the question is part of the page");
    assert!(text.contains(HOSTILE) && text.contains("✗ failed"), "the question is not shown");
    let junit = place.read("hostile/junit.xml");
    assert!(junit.contains("tests=\"3\" failures=\"1\""), "{junit}");
    assert!(junit.contains("keystorm run ") && junit.contains("keystorm replay ."), "{junit}");
    let sarif: Value = serde_json::from_str(&place.read("hostile/findings.sarif")).unwrap();
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "expectation");
    assert!(result["message"]["text"].as_str().unwrap().contains("rekey.time_s.max is "));
    assert_eq!(code(&place.keystorm(&["replay", "hostile", "--quiet"])), 0);
}

#[test]
fn an_attack_has_its_verdict_and_its_story_on_the_page() {
    let place = Place::new("pages-attack");
    let file = scenario("threats/t09-replay");
    let run = place.keystorm(&["run", &file, "--out", "r", "--quiet"]);
    assert_eq!(code(&run), 0, "{}", stderr(&run));
    let page = place.read("r/report.html");
    stands_alone(&page);
    let text = read(&page).1;
    assert!(text.contains("PREVENTED: ") && text.contains("The story in words"));
    // A slash may be written as a character reference.
    let page = page.replace("&#x2f;", "/");
    assert!(page.contains("src=\"data:image/svg+xml;base64,"), "no story");
}

#[test]
fn a_sweep_has_a_page_with_its_frontier_and_what_is_unbeaten() {
    let place = Place::new("pages-sweep");
    let [plain, hostile] = [("plain", "what?"), ("hostile", HOSTILE)].map(|(name, question)| {
        let expect =
            "\"rekey.time_s.p99\" = \"< 40s\"\n\"load.cse.utilisation_peak_1s\" = \"< 0.5\"";
        let file = small(&place, &format!("{name}.toml"), question, expect);
        let run = place.keystorm(&[
            "sweep",
            &file,
            "--out",
            name,
            "--vary",
            "fleet.meters.count=10,20,40",
            "--vary",
            "fleet.meters.start.jitter=1s,10s,1min",
            "--format",
            "json",
        ]);
        let verdict = json(&run)["verdict"].clone();
        let expected = if code(&run) == 0 { "held" } else { "failed" };
        assert_eq!(verdict, expected, "{}", stderr(&run));
        place.read(&format!("{name}/report.html"))
    });
    stands_alone(&hostile);
    let ((elements, _), (with_words, text)) = (read(&plain), read(&hostile));
    assert_eq!(elements, with_words, "the question is part of the page");
    assert!(text.contains(HOSTILE) && text.contains("keystorm sweep "), "{text}");
    for name in ["sweep", "frontier", "pareto"] {
        let picture = place.read(&format!("plain/plots/{name}.svg"));
        assert!(picture.ends_with("</svg>\n") && !picture.contains("NaN"), "{name}");
    }
    let drawings = elements.iter().filter(|it| it.starts_with("svg ")).count();
    assert_eq!(drawings, 3);
}
