//! A document of tenants and credentials, asked in XPath 1.0 with a value that a device wrote.

use sxd_document::parser;
use sxd_xpath::nodeset::Node;
use sxd_xpath::{Context, Factory, Value};

use super::{Canary, Coding, Fault, Interpretation, Refusal, TOO_LONG, contains};
use crate::ledger::{Level, Sink};

/// Bytes of a value: the engine recurses, so what it is given is short.
pub const VALUE_BYTES_MAX: usize = 512;
/// Characters that open a nesting or chain a step.
const NESTING_MAX: usize = 32;
const BENIGN: &str = "plain";
const VARIABLE: &str = "name";
const HELD: Refusal = Refusal { mechanism: "bound_variable", reason: "kept as data" };
const ESCAPED: Refusal = Refusal { mechanism: "xpath_escaping", reason: "kept as data" };
const NESTED: Refusal = Refusal { mechanism: "nesting_limit", reason: "value nests too deeply" };

/// The document.
#[derive(Debug)]
pub struct Registry {
    xml: String,
    canary: String,
}

/// What an expression gives: the places of its nodes in the document, and their text.
#[derive(Debug, Default, PartialEq)]
struct Found {
    failure: Option<String>,
    nodes: Vec<usize>,
    text: Vec<u8>,
    shape: String,
    steps: u64,
}

impl Registry {
    /// A document with two tenants and a credential.
    #[must_use]
    pub fn new(canary: Canary) -> Self {
        let canary = canary.text();
        let xml = format!(
            "<registry><tenant id=\"north\"><device name=\"pump\">4</device>\
             <device name=\"valve\">9</device></tenant><tenant id=\"south\">\
             <device name=\"boiler\">1</device></tenant>\
             <credentials><key>{canary}</key></credentials></registry>"
        );
        Self { xml, canary }
    }

    /// Looks up the device of that name.
    ///
    /// # Errors
    /// The document is not read: a defect of this program.
    pub fn use_value(&self, coding: Coding, value: &str) -> Result<Interpretation, Fault> {
        if value.len() > VALUE_BYTES_MAX {
            return Ok(Interpretation::refused(Sink::Xpath, TOO_LONG));
        }
        if value.matches(['(', '[', '/', '|', '-']).count() > NESTING_MAX {
            return Ok(Interpretation::refused(Sink::Xpath, NESTED));
        }
        let found = self.find(coding, value)?;
        let level = self.judge(coding, value, &found)?;
        let would_leave = || -> Result<bool, Fault> {
            let pasted = self.find(Coding::Concatenated, value)?;
            Ok(self.judge(Coding::Concatenated, value, &pasted)? > Level::Equal)
        };
        let refusal = match coding {
            Coding::Concatenated => None,
            _ if level > Level::Equal || !would_leave()? => None,
            Coding::Escaped => Some(ESCAPED),
            Coding::Bound => Some(HELD),
        };
        Ok(Interpretation {
            level,
            refusal,
            answer: found.text,
            steps: found.steps,
            is_failed: found.failure.is_some(),
            ..Interpretation::refused(Sink::Xpath, HELD)
        })
    }

    fn judge(&self, coding: Coding, value: &str, actual: &Found) -> Result<Level, Fault> {
        let twin = self.evaluate(&format!("${VARIABLE}"), value)?;
        if contains(&actual.text, self.canary.as_bytes()) {
            return Ok(Level::Goal);
        }
        if actual.failure.is_some() && twin.failure.is_none() {
            return Ok(Level::Syntax);
        }
        if actual.nodes != twin.nodes || actual.text != twin.text {
            return Ok(Level::Effect);
        }
        // The tree of the expression for a harmless value, with this value as its literal.
        let harmless = self.find(coding, BENIGN)?.shape;
        let meant = harmless.replace(&format!("{BENIGN:?}"), &format!("{value:?}"));
        Ok(if actual.shape == meant { Level::Equal } else { Level::Structure })
    }

    fn find(&self, coding: Coding, value: &str) -> Result<Found, Fault> {
        let slot = match coding {
            Coding::Bound => format!("${VARIABLE}"),
            // What people do who know SQL. XPath 1.0 has no escape in a literal: two literals side by side
            // are no expression.
            Coding::Escaped => format!("'{}'", value.replace('\'', "''")),
            Coding::Concatenated => format!("'{value}'"),
        };
        self.evaluate(&slot, value)
    }

    /// Evaluates the expression with this in its slot, and with the value in its variable.
    fn evaluate(&self, slot: &str, value: &str) -> Result<Found, Fault> {
        let expression = format!("/registry/tenant[@id='north']/device[@name={slot}]");
        let package =
            parser::parse(&self.xml).map_err(|error| Fault::of("XPath")(error.to_string()))?;
        let document = package.as_document();
        let mut context = Context::new();
        context.set_variable(VARIABLE, value);
        let mut found = Found::default();
        let path = match Factory::new().build(&expression) {
            Ok(Some(path)) => path,
            Ok(None) => return Ok(Found { failure: Some("nothing".to_owned()), ..found }),
            Err(error) => return Ok(Found { failure: Some(error.to_string()), ..found }),
        };
        found.shape = format!("{path:?}");
        let all = nodes(document.root().into());
        found.steps = (all.len() * found.shape.len()) as u64;
        match path.evaluate(&context, document.root()) {
            Err(error) => found.failure = Some(error.to_string()),
            Ok(Value::Nodeset(set)) => {
                for node in set.document_order() {
                    found.nodes.extend(all.iter().position(|other| *other == node));
                    found.text.extend(node.string_value().into_bytes());
                    found.text.push(b'\n');
                }
            }
            Ok(other) => found.text = other.string().into_bytes(),
        }
        Ok(found)
    }
}

/// All nodes in document order, attributes after their element.
fn nodes(root: Node<'_>) -> Vec<Node<'_>> {
    let mut all = Vec::new();
    let mut waiting = vec![root];
    while let Some(node) = waiting.pop() {
        all.push(node);
        if let Some(element) = node.element() {
            let mut attributes: Vec<_> = element.attributes();
            attributes.sort_by_key(|attribute| attribute.name().local_part());
            all.extend(attributes.into_iter().map(Node::Attribute));
        }
        waiting.extend(node.children().into_iter().rev());
    }
    all
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn used(coding: Coding, value: &str) -> Interpretation {
        Registry::new(Canary([3; 16])).use_value(coding, value).unwrap()
    }

    const UNION: &str = "x'] | //key | //device[@name='x";

    #[test]
    fn levels_are_told_apart() {
        let pasted = |value| used(Coding::Concatenated, value).level;
        assert_eq!(pasted("pump"), Level::Equal);
        assert_eq!(pasted("O'Brien"), Level::Syntax);
        assert_eq!(pasted("x' and 'a'='b"), Level::Structure);
        assert_eq!(pasted("x' or '1'='1"), Level::Effect);
        assert_eq!(pasted(UNION), Level::Goal);
    }

    #[test]
    fn a_variable_is_data_whatever_it_holds() {
        for value in ["pump", "O'Brien", UNION, "x' or '1'='1", "\"'", "plain"] {
            assert_eq!(used(Coding::Bound, value).level, Level::Equal, "{value}");
        }
        assert_eq!(used(Coding::Bound, UNION).refusal, Some(HELD));
        assert_eq!(used(Coding::Bound, "pump").refusal, None);
        assert_eq!(used(Coding::Bound, "pump").answer, b"4\n");
    }

    #[test]
    fn doubled_quotation_marks_are_no_escape_here() {
        assert_eq!(used(Coding::Escaped, "pump").level, Level::Equal);
        assert_eq!(used(Coding::Escaped, "O'Brien").level, Level::Syntax);
    }

    #[test]
    fn the_canary_really_comes_out() {
        let canary = Canary([3; 16]).text();
        assert!(contains(&used(Coding::Concatenated, UNION).answer, canary.as_bytes()));
        assert!(!contains(&used(Coding::Bound, UNION).answer, canary.as_bytes()));
    }

    #[test]
    fn what_would_exhaust_the_engine_is_refused() {
        assert_eq!(used(Coding::Concatenated, &"(".repeat(33)).refusal, Some(NESTED));
        assert_eq!(used(Coding::Concatenated, &"'".repeat(513)).refusal, Some(TOO_LONG));
    }

    proptest! {
        #[test]
        fn any_value_is_data_in_a_variable(
            value in r#"(.|['"/\[\]()|@*$:,.=-]|or|and|text\(\)|//|::|[0-9]){0,24}"#
        ) {
            prop_assert_eq!(used(Coding::Bound, &value).level, Level::Equal);
            let _ = used(Coding::Concatenated, &value);
        }
    }
}
