//! `keystorm explain`.

use keystorm::scenario::{Code, Explanation, explain as explain_code};

use super::args::{ExplainArguments, Format};
use super::exit::Exit;
use super::output;

pub(super) fn explain(arguments: &ExplainArguments, format: Format) -> anyhow::Result<Exit> {
    let Some(code) = &arguments.code else { return list(format) };
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
            let lines = all.iter().map(|e| format!("{}  {}\n", e.code, e.title));
            output::result(&lines.collect::<String>())?;
        }
    }
    Ok(Exit::Held)
}
