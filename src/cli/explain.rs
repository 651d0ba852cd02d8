//! `keystorm explain`: error codes, levels of assurance, threats, countermeasures, properties, strategies.

mod catalogue;
mod strategy;

use keystorm::credential::assurance::{Loa, PRESETS};
use keystorm::scenario::{Code, Explanation, explain as explain_code};

use super::args::{ExplainArguments, Format};
use super::exit::Exit;
use super::output;

pub(super) fn explain(arguments: &ExplainArguments, format: Format) -> anyhow::Result<Exit> {
    let Some(code) = &arguments.code else { return list(format) };
    if let Some(level) = Loa::from_code(code) {
        let preset = level.preset();
        match format {
            Format::Json => output::json(&serde_json::json!({
                "code": preset.code, "title": preset.title, "meaning": preset.explanation,
            }))?,
            Format::Text => output::result(&format!(
                "{}  {}\n\n{}\n",
                preset.code, preset.title, preset.explanation
            ))?,
        }
        return Ok(Exit::Held);
    }
    if let Some(entry) = catalogue::find(code) {
        match format {
            Format::Json => output::json(&entry)?,
            Format::Text => output::result(&catalogue::page(&entry))?,
        }
        return Ok(Exit::Held);
    }
    if let Some(found) = strategy::find(code) {
        match format {
            Format::Json => output::json(found)?,
            Format::Text => output::result(&page(&Explanation {
                code: found.name,
                title: found.title,
                meaning: found.meaning,
                example: found.example,
            }))?,
        }
        return Ok(Exit::Held);
    }
    let Some(explanation) = explain_code(code) else {
        output::talk(&format!(
            "error: there is no code {code:?}\n  hint: `keystorm explain` alone lists all codes"
        ));
        return Ok(Exit::Usage);
    };
    match format {
        Format::Json => output::json(&explanation)?,
        Format::Text => output::result(&page(&explanation))?,
    }
    Ok(Exit::Held)
}

fn page(explanation: &Explanation) -> String {
    let Explanation { code, title, meaning, example } = explanation;
    let example = example.lines().map(|line| format!("    {line}\n")).collect::<String>();
    format!("{code}  {title}\n\n{meaning}\n\nExample:\n\n{example}")
}

fn list(format: Format) -> anyhow::Result<Exit> {
    let all: Vec<Explanation> = Code::ALL.iter().map(|code| code.explanation()).collect();
    match format {
        Format::Json => output::json(&all)?,
        Format::Text => {
            let codes = all.iter().map(|e| (e.code, e.title));
            let levels = PRESETS.iter().map(|preset| (preset.code, preset.title));
            let lines = codes.chain(levels).map(|(code, title)| format!("{code:<6}  {title}\n"));
            let entries = catalogue::all();
            let entries = entries.iter().map(|e| format!("{:<6}  {}\n", e.code, e.title));
            output::result(&lines.chain(entries).collect::<String>())?;
        }
    }
    Ok(Exit::Held)
}
