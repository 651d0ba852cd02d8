//! A command that tells an operator of a device, with a text that the device wrote.
//!
//! The line is parsed by the grammar of a real shell and carried out in a world of memory: a table of
//! programs, a table of files, a list of what was sent. Nothing runs on this machine.

mod programs;
mod run;
mod word;

use std::collections::BTreeMap;

use brush_parser::ast::{IoFd, Program};
use brush_parser::{Parser, ParserOptions, Token, tokenize_str};

use super::{Canary, Coding, Interpretation, Refusal, Sent, TOO_LONG, contains};
use crate::ledger::{Level, Sink};
use crate::planted::{self, Defect};
use run::Output;

/// Bytes of a value.
pub const VALUE_BYTES_MAX: usize = 1_024;
/// Characters of a value that open something which the grammar nests.
const NESTING_MAX: usize = 32;
/// Bytes that a world may hold in files and send.
const BYTES_MAX: usize = 65_536;
/// The file that only the application's owner may read.
pub const KEYSTORE: &str = "/etc/keystore";
const BENIGN: &str = "plain";
const ARGUMENTS: Refusal = Refusal { mechanism: "argument_vector", reason: "kept as data" };
const ESCAPED: Refusal = Refusal { mechanism: "shell_escaping", reason: "kept as data" };
const NESTED: Refusal = Refusal { mechanism: "nesting_limit", reason: "value nests too deeply" };

/// What the program that tells operators was asked to do.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Notification {
    words: Vec<String>,
    attached: Vec<u8>,
}

/// Everything that a command line can see and change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct World {
    files: BTreeMap<String, Vec<u8>>,
    variables: BTreeMap<String, String>,
    /// The programs that ran, in order.
    ran: Vec<String>,
    notifications: Vec<Notification>,
    sent: Vec<Sent>,
    /// Bytes written and sent so far.
    bytes: usize,
}

impl World {
    /// There is room for so many more bytes.
    const fn admit(&mut self, bytes: usize) -> bool {
        self.bytes = self.bytes.saturating_add(bytes);
        self.bytes <= BYTES_MAX
    }
}

/// The application that tells operators.
#[derive(Clone, Debug)]
pub struct Notifier {
    world: World,
    canary: String,
}

/// What one way of starting the program did.
struct Done {
    world: World,
    output: Vec<u8>,
    status: u8,
    steps: u64,
    is_exhausted: bool,
    skeleton: Option<Vec<String>>,
}

impl Notifier {
    /// An application with a few files, one of which holds the canary.
    #[must_use]
    pub fn new(canary: Canary) -> Self {
        let canary = canary.text();
        let mut world = World::default();
        let files = [
            (KEYSTORE, canary.clone()),
            ("/var/log/readings", "pump 4\n".to_owned()),
            ("notes", "call the plumber\n".to_owned()),
        ];
        for (name, text) in files {
            world.files.insert(name.to_owned(), text.into_bytes());
        }
        world.variables.insert("HOME".to_owned(), "/home/application".to_owned());
        world.variables.insert("IFS".to_owned(), " \t\n".to_owned());
        Self { world, canary }
    }

    /// Tells the operator what a device wrote.
    pub fn use_value(&mut self, coding: Coding, value: &str) -> Interpretation {
        if value.len() > VALUE_BYTES_MAX {
            return Interpretation::refused(Sink::Shell, TOO_LONG);
        }
        // An argument ends at its NUL, for every way of starting a program.
        let value = value.split('\0').next().unwrap_or_default();
        if value.matches(['(', '`', '{', '$', '[']).count() > NESTING_MAX {
            return Interpretation::refused(Sink::Shell, NESTED);
        }
        let done = self.perform(coding, value);
        let (sink, level) = self.judge(coding, value, &done);
        let refusal = match coding {
            Coding::Concatenated => None,
            _ if level > Level::Equal => None,
            _ if self.would_hold(value) => None,
            Coding::Escaped => Some(ESCAPED),
            Coding::Bound => Some(ARGUMENTS),
        };
        let is_changed = done.world.files != self.world.files;
        let first = self.world.sent.len();
        self.world = done.world;
        let sent = self.world.sent.split_off(first.min(self.world.sent.len()));
        // What happened is told once; only files stay.
        self.world.ran.clear();
        self.world.notifications.clear();
        self.world.bytes = 0;
        Interpretation {
            sink,
            level,
            refusal,
            answer: done.output,
            sent,
            is_changed,
            steps: done.steps,
            is_exhausted: done.is_exhausted,
            is_failed: done.status != 0,
        }
    }

    fn would_hold(&self, value: &str) -> bool {
        let pasted = self.perform(Coding::Concatenated, value);
        self.judge(Coding::Concatenated, value, &pasted).1 == Level::Equal
    }

    fn perform(&self, coding: Coding, value: &str) -> Done {
        let mut world = self.world.clone();
        let line = match coding {
            Coding::Bound if planted::is(Defect::ShellConcatenated) => format!("notify -- {value}"),
            Coding::Bound => return self.start(&["notify", "--", value]),
            Coding::Escaped => format!("notify '{}'", value.replace('\'', "'\\''")),
            Coding::Concatenated => format!("notify {value}"),
        };
        let Some(program) = parse(&line) else {
            let (output, status) = (b"syntax error\n".to_vec(), 2);
            return Done { world, output, status, steps: 1, is_exhausted: false, skeleton: None };
        };
        let skeleton = Some(word::skeleton(&program));
        let mut run = run::Run::new(&mut world);
        let output = run.line(&program);
        let (steps, is_exhausted) = (run.steps(), run.is_exhausted());
        Done { world, output: output.bytes, status: output.status, steps, is_exhausted, skeleton }
    }

    /// Starts the program with these arguments, without any shell.
    fn start(&self, words: &[&str]) -> Done {
        let mut world = self.world.clone();
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let mut run = run::Run::new(&mut world);
        let Output { bytes: output, status } = run.program(&words, &[]);
        let (steps, is_exhausted) = (run.steps(), run.is_exhausted());
        Done { world, output, status, steps, is_exhausted, skeleton: None }
    }

    /// The twin rule: the same value as one argument of the same program.
    fn judge(&self, coding: Coding, value: &str, done: &Done) -> (Sink, Level) {
        let twin = self.start(&["notify", "--", value]);
        let harmless = self.perform(coding, BENIGN);
        let is_same_shape = done.skeleton == harmless.skeleton;
        let world = &done.world;
        // The program itself takes the value for an option: no shell had a part in it.
        let is_option = self.start(&["notify", value]).world == *world;
        let sink = if is_option { Sink::Arguments } else { Sink::Shell };
        if self.shows_canary(done) || world.files.get(KEYSTORE) != twin.world.files.get(KEYSTORE) {
            return (sink, Level::Goal);
        }
        let did_something = !world.ran.is_empty();
        let differs = world.files != twin.world.files
            || world.sent != twin.world.sent
            || world.ran != twin.world.ran
            || world.notifications != twin.world.notifications;
        match () {
            () if !did_something => (sink, Level::Syntax),
            () if differs => (sink, Level::Effect),
            () if !is_same_shape => (sink, Level::Structure),
            () => (Sink::Shell, Level::Equal),
        }
    }

    fn shows_canary(&self, done: &Done) -> bool {
        let canary = self.canary.as_bytes();
        contains(&done.output, canary)
            || done.world.sent.iter().any(|sent| contains(&sent.bytes, canary))
            || done.world.notifications.iter().any(|told| {
                contains(&told.attached, canary)
                    || told.words.iter().any(|word| contains(word.as_bytes(), canary))
            })
    }
}

/// A line in the grammar of a POSIX shell.
fn parse(line: &str) -> Option<Program> {
    if names_impossible_descriptor(line) {
        return None;
    }
    Parser::new(line.as_bytes(), &options()).parse_program().ok()
}

/// A redirection of a file descriptor whose number fits no descriptor, such as `9999999999>file`: an error in a shell,
/// and a panic in the parser.
fn names_impossible_descriptor(line: &str) -> bool {
    let tokens = tokenize_str(line).unwrap_or_default();
    tokens.windows(2).any(|pair| match pair {
        [Token::Word(number, _), Token::Operator(operator, _)] => {
            operator.starts_with(['<', '>'])
                && number.chars().all(|digit| digit.is_ascii_digit())
                && number.parse::<IoFd>().is_err()
        }
        _ => false,
    })
}

fn options() -> ParserOptions {
    ParserOptions { sh_mode: true, posix_mode: true, ..ParserOptions::default() }
}

#[cfg(test)]
mod tests;
