//! Where text goes.

use std::io::{self, Write as _};

/// Prints a result on stdout. A reader that went away is no error.
pub(super) fn result(text: &str) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    let newline = if text.ends_with('\n') { "" } else { "\n" };
    match write!(stdout, "{text}{newline}").and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Prints one JSON object on stdout.
pub(super) fn json(value: &impl serde::Serialize) -> anyhow::Result<()> {
    result(&serde_json::to_string_pretty(value)?)
}

/// Says something on stderr; nothing can be done if nobody listens.
pub(super) fn talk(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}
