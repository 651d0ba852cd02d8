//! JUnit XML: a suite of tests as continuous integration reads it.

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

/// A test.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Case {
    /// What kind of test it is.
    pub class: String,
    /// Its name.
    pub name: String,
    /// How long it took, in seconds; `None` where nobody measured.
    pub time_s: Option<f64>,
    /// Why it failed; `None` if it held.
    pub failure: Option<Failure>,
}

/// Why a test failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failure {
    /// In one line.
    pub message: String,
    /// With all that is known.
    pub detail: String,
}

/// A suite as a file. Characters that XML 1.0 (section 2.2) cannot hold are replaced.
///
/// # Errors
/// If the writer refuses, which it does for no suite.
pub fn junit(suite: &str, time_s: f64, cases: &[Case]) -> io::Result<Vec<u8>> {
    let mut out = Writer::new_with_indent(Vec::new(), b' ', 2);
    out.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let failures = cases.iter().filter(|case| case.failure.is_some()).count().to_string();
    let (name, tests, time) = (legal(suite), cases.len().to_string(), seconds(time_s));
    let attributes = [
        ("name", name.as_str()),
        ("tests", tests.as_str()),
        ("failures", failures.as_str()),
        ("time", time.as_str()),
    ];
    out.create_element("testsuites").write_inner_content(|out| {
        let suite = out.create_element("testsuite").with_attributes(attributes);
        suite.write_inner_content(|out| cases.iter().try_for_each(|case| write(case, out)))?;
        Ok(())
    })?;
    let mut bytes = out.into_inner();
    bytes.push(b'\n');
    Ok(bytes)
}

fn write(case: &Case, out: &mut Writer<Vec<u8>>) -> io::Result<()> {
    let (class, name) = (legal(&case.class), legal(&case.name));
    let mut element = out
        .create_element("testcase")
        .with_attributes([("classname", class.as_str()), ("name", name.as_str())]);
    if let Some(time) = case.time_s {
        element = element.with_attribute(("time", seconds(time).as_str()));
    }
    let Some(Failure { message, detail }) = &case.failure else {
        element.write_empty()?;
        return Ok(());
    };
    element.write_inner_content(|out| {
        let failure =
            out.create_element("failure").with_attribute(("message", legal(message).as_str()));
        failure.write_text_content(BytesText::new(&legal(detail)))?;
        Ok(())
    })?;
    Ok(())
}

fn seconds(time_s: f64) -> String {
    format!("{time_s:.3}")
}

/// The text with U+FFFD where XML 1.0 has no way to write a character.
fn legal(text: &str) -> String {
    let is_legal = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..);
    text.chars().map(|c| if is_legal(c) { c } else { char::REPLACEMENT_CHARACTER }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "a<b>&\"c\"]]>\u{1}\u{ffff}'";

    fn elements(of: sxd_document::dom::Element<'_>) -> Vec<sxd_document::dom::Element<'_>> {
        of.children().iter().filter_map(|child| child.element()).collect()
    }

    #[test]
    fn a_suite_is_xml_that_says_what_it_was_given_whatever_is_in_it() {
        let failure = Failure { message: HOSTILE.to_owned(), detail: format!("{HOSTILE}\n2") };
        let cases = [
            Case { class: "x".to_owned(), name: "good".to_owned(), ..Case::default() },
            Case {
                class: "x".to_owned(),
                name: HOSTILE.to_owned(),
                time_s: Some(1.5),
                failure: Some(failure),
            },
        ];
        let text = String::from_utf8(junit("all", 2.0, &cases).unwrap()).unwrap();
        let package = sxd_document::parser::parse(&text).unwrap();
        let root = package.as_document().root().children()[0].element().unwrap();
        let suite = elements(root)[0];
        assert_eq!(suite.attribute_value("tests"), Some("2"));
        assert_eq!(suite.attribute_value("failures"), Some("1"));
        let bad = elements(suite)[1];
        let shown = HOSTILE.replace(['\u{1}', '\u{ffff}'], "\u{fffd}");
        assert_eq!(bad.attribute_value("name"), Some(shown.as_str()));
        assert_eq!(bad.attribute_value("time"), Some("1.500"));
        let failure = elements(bad)[0];
        assert_eq!(failure.attribute_value("message"), Some(shown.as_str()));
        let detail: String =
            failure.children().iter().filter_map(|it| Some(it.text()?.text().to_owned())).collect();
        assert_eq!(detail, format!("{shown}\n2"));
    }
}
