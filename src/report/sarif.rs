//! SARIF 2.1.0 (OASIS): findings as code scanning reads them, each with a fingerprint that stays.

use serde_json::{Value, json};

/// How bad something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// It must be mended.
    Error,
    /// It should be.
    Warning,
    /// Good to know.
    Note,
}

impl Level {
    const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name, to which findings refer.
    pub id: String,
    /// What it says.
    pub text: String,
    /// How bad a breach of it is.
    pub level: Level,
}

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The name of the rule.
    pub rule: String,
    /// How bad it is.
    pub level: Level,
    /// What is to be said of it.
    pub text: String,
    /// The file to look into, relative to the repository or the results folder.
    pub uri: String,
    /// The same whenever the same thing is found.
    pub fingerprint: String,
    /// It was known before; `None` where there is nothing to compare with.
    pub is_known: Option<bool>,
}

/// One run of one tool. The fingerprints are named `TOOL/v1`.
#[must_use]
pub fn sarif(tool: &str, rules: &[Rule], found: &[Found]) -> Value {
    let rules: Vec<Value> = rules
        .iter()
        .map(|rule| {
            json!({
                "id": rule.id,
                "shortDescription": { "text": rule.text },
                "defaultConfiguration": { "level": rule.level.word() },
            })
        })
        .collect();
    let results: Vec<Value> = found.iter().map(|one| result(tool, one)).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": format!("keystorm {tool}"),
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "results": results,
        }],
    })
}

fn result(tool: &str, found: &Found) -> Value {
    let mut result = json!({
        "ruleId": found.rule,
        "level": found.level.word(),
        "message": { "text": found.text },
        "locations": [{ "physicalLocation": { "artifactLocation": { "uri": found.uri } } }],
        "partialFingerprints": { format!("{tool}/v1"): found.fingerprint },
    });
    if let Some(is_known) = found.is_known {
        result["baselineState"] = json!(if is_known { "unchanged" } else { "new" });
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_finding_names_a_rule_that_is_there_and_says_whether_it_is_new() {
        let rule = Rule { id: "r".to_owned(), text: "no r".to_owned(), level: Level::Warning };
        let found = |is_known| Found {
            rule: "r".to_owned(),
            level: Level::Error,
            text: "r was seen".to_owned(),
            uri: "a.rs".to_owned(),
            fingerprint: "7".to_owned(),
            is_known,
        };
        let whole = sarif("test", &[rule], &[found(None), found(Some(true)), found(Some(false))]);
        let run = &whole["runs"][0];
        assert_eq!(run["tool"]["driver"]["rules"][0]["id"], run["results"][0]["ruleId"]);
        let state = |at: usize| run["results"][at].get("baselineState").and_then(Value::as_str);
        assert_eq!([state(0), state(1), state(2)], [None, Some("unchanged"), Some("new")]);
        assert_eq!(run["results"][0]["partialFingerprints"]["test/v1"], "7");
    }
}
