//! The console shows what devices wrote: whatever that is, a browser sees the same elements as without it.

#![allow(clippy::unwrap_used, reason = "a test program")]

use html5ever::tendril::TendrilSink as _;
use keystorm::onem2m::console::{Link, PREFIX, Row, View, page};
use keystorm::onem2m::cse::{Config, Cse, Hop, Incoming, Output};
use keystorm::sim::time::Time;
use keystorm::wire::primitive::{Content, Request, ResourceType, Response, Rsc};
use keystorm::wire::value::{Map, Value};
use markup5ever_rcdom::{Handle, NodeData, RcDom};
use proptest::prelude::*;

const HOSTILE: [&str; 14] = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"><svg onload=alert(1)>",
    "' onmouseover='alert(1)",
    "\" autofocus onfocus=alert(1) x=\"",
    "javascript:alert(1)",
    "</style><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "<!--",
    "-->]]><iframe srcdoc='<script>alert(1)</script>'>",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;script&gt;",
    "</td></tr></table><form action=//example.com><input name=x>",
];

/// The elements with their attributes, values of links left out, and all text, as a browser reads them.
fn read(html: &str) -> (Vec<String>, Vec<String>, Vec<String>) {
    let dom = html5ever::parse_document(RcDom::default(), html5ever::ParseOpts::default())
        .one(html.to_owned());
    let mut found = (Vec::new(), Vec::new(), Vec::new());
    walk(&dom.document, 0, &mut found);
    found
}

fn walk(node: &Handle, depth: usize, found: &mut (Vec<String>, Vec<String>, Vec<String>)) {
    match &node.data {
        NodeData::Element { name, attrs, .. } => {
            let mut line = format!("{depth} {}", name.local);
            for attribute in attrs.borrow().iter() {
                if &*attribute.name.local == "href" {
                    line.push_str(" href");
                    found.2.push(attribute.value.to_string());
                } else {
                    line.push_str(&format!(" {}={}", attribute.name.local, attribute.value));
                }
            }
            found.0.push(line);
        }
        NodeData::Text { contents } => found.1.push(contents.borrow().to_string()),
        NodeData::Comment { .. } => found.0.push(format!("{depth} a comment")),
        _ => {}
    }
    for child in node.children.borrow().iter() {
        walk(child, depth + 1, found);
    }
}

/// A page with the same text in all places that a device can write to.
fn view(text: &str) -> View {
    let link = || Link { name: text.to_owned(), kind: "CNT".to_owned(), path: format!("/{text}") };
    let row = || Row { name: text.to_owned(), text: text.to_owned() };
    View {
        path: vec![link(), link()],
        name: text.to_owned(),
        kind: text.to_owned(),
        number: 3,
        labels: vec![text.to_owned(); 2],
        attributes: vec![row(), row()],
        latest: vec![row()],
        children: vec![link(), link()],
        more: true,
    }
}

fn is_inert(text: &str) {
    let (elements, texts, links) = read(&page(&view(text)).unwrap());
    let (plain, ..) = read(&page(&view("plain")).unwrap());
    assert_eq!(elements, plain, "{text:?} changes the page");
    assert!(links.iter().all(|link| link.starts_with(PREFIX)), "{links:?}");
    // A browser reads line ends and NUL in a way of its own.
    if !text.contains(['\r', '\n', '\0']) && !text.trim().is_empty() {
        assert!(texts.iter().any(|found| found == text), "{text:?} is not shown as it is");
        assert!(links.contains(&format!("{PREFIX}/{text}")), "{links:?}");
    }
}

#[test]
fn hostile_text_stays_text() {
    for text in HOSTILE {
        is_inert(text);
    }
}

proptest! {
    #[test]
    fn any_text_stays_text(text in r#"(.|[<>"'&/=`{}%\-!]|script|onload=|--|style|title|\]\]>){0,24}"#) {
        is_inert(&text);
    }
}

/// A CSE with an AE whose container has these labels and this content.
fn cse(text: &str) -> Cse {
    let config = Config {
        administrator: Some("CAdmin".to_owned()),
        ..Config::infrastructure("//sp.example", "/id-in", "cse-in")
    };
    let mut cse = Cse::new(config).unwrap();
    cse.provision("Cmeter", "data", 5).unwrap();
    let labelled = Map::of("lbl", Value::List(vec![Value::from(text)]));
    let container = Content::new("m2m:cnt", Value::Map(labelled));
    let create = |to, ty, content| Request::create(to, "Cmeter", "r", ResourceType(ty), content);
    for request in [
        create("cse-in/Cmeter", 3, container),
        create("cse-in/Cmeter/data", 4, Content::instance(text)),
    ] {
        assert_eq!(ask(&mut cse, request).unwrap().status, Rsc::CREATED);
    }
    cse
}

fn ask(cse: &mut Cse, request: Request) -> Option<Response> {
    let mut out = Vec::new();
    let from = request.from.clone().unwrap();
    cse.handle(Time(1), &Hop::of(&from), Incoming(1), request, &mut out);
    out.into_iter().find_map(|output| match output {
        Output::Answer { response, .. } => Some(*response),
        _ => None,
    })
}

#[test]
fn pages_of_a_cse_show_what_it_holds() {
    for text in HOSTILE {
        let mut cse = cse(text);
        let mut show =
            |to: &str| View::gather(to, "CAdmin", &mut |request| ask(&mut cse, request)).unwrap();
        let above = show("cse-in/Cmeter");
        assert_eq!(above.children.len(), 2);
        let labelled = above.children.iter().find(|child| child.name != "data").unwrap();
        let labelled = show(labelled.path.trim_start_matches('/'));
        assert_eq!(labelled.labels, [text]);
        let data = show("cse-in/Cmeter/data");
        assert!(data.latest.iter().any(|row| row.name == "con" && row.text == text));
        for view in [above, labelled, data] {
            let (elements, ..) = read(&page(&view).unwrap());
            let alien = ["script", "img", "svg", "iframe", "form", "input", "comment"];
            assert!(!elements.iter().any(|line| alien.iter().any(|name| line.contains(name))));
        }
    }
}

#[test]
fn who_has_no_privilege_sees_nothing() {
    let mut cse = cse("x");
    let mut ask = |request| ask(&mut cse, request);
    let refused = View::gather("cse-in/Cmeter/data", "Cother", &mut ask);
    assert_eq!(refused, Err(Rsc::ORIGINATOR_HAS_NO_PRIVILEGE));
    assert_eq!(View::gather("cse-in/none", "CAdmin", &mut ask), Err(Rsc::NOT_FOUND));
}
