//! The key log: the secrets of a tape in the format that NSS began and all analysers read
//! (draft-ietf-tls-keylogfile).

use std::collections::{BTreeMap, BTreeSet};

use crate::measure::{Item, Tape};

/// What the file says about itself.
const PREFACE: &str = "# Secrets of a keystorm capture, for: tshark -o tls.keylog_file:keys.log -r capture.pcapng\n\
     # capture.pcapng holds them, too.\n";
/// Length of the random of a ClientHello.
const RANDOM: usize = 32;

/// The lines of a key log, in the order of time, each once.
#[derive(Debug, Default)]
pub(in crate::report) struct Keys {
    lines: Vec<Line>,
}

#[derive(Debug)]
enum Line {
    Secret(String),
    Comment(String),
}

impl Keys {
    pub(in crate::report) fn of(tape: &Tape) -> Self {
        let (mut lines, mut known) = (Vec::new(), BTreeSet::new());
        let mut randoms = BTreeMap::new();
        for (_, item) in tape.items() {
            let line = match item {
                Item::Frame(_) => continue,
                Item::Psk { identity, key } => Line::Comment(format!(
                    "# The pre-shared key of {identity}: tshark -o dtls.psk:{}",
                    hex(key)
                )),
                Item::Secret { label, random, secret } => {
                    if random.len() == RANDOM {
                        randoms.insert(&random[..8], &random[..]);
                    }
                    let Some(random) = random.get(..8).and_then(|start| randoms.get(start)) else {
                        continue;
                    };
                    Line::Secret(format!("{label} {} {}", hex(random), hex(secret)))
                }
            };
            if known.insert(line.text().to_owned()) {
                lines.push(line);
            }
        }
        Self { lines }
    }

    /// The whole file.
    pub(in crate::report) fn file(&self) -> String {
        let mut file = PREFACE.to_owned();
        for line in &self.lines {
            file.push_str(line.text());
            file.push('\n');
        }
        file
    }

    /// The secrets alone, in pieces that are hardly longer than `len` bytes.
    pub(super) fn pieces(&self, len: usize) -> Vec<String> {
        let mut pieces = vec![String::new()];
        for line in &self.lines {
            let Line::Secret(text) = line else { continue };
            if let Some(last) = pieces.last_mut().filter(|piece| piece.len() < len) {
                last.push_str(text);
                last.push('\n');
            } else {
                pieces.push(format!("{text}\n"));
            }
        }
        pieces.retain(|piece| !piece.is_empty());
        pieces
    }
}

impl Line {
    fn text(&self) -> &str {
        match self {
            Self::Secret(text) | Self::Comment(text) => text,
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
