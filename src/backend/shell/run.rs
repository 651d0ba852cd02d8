//! Carries out a parsed command line in a [`World`].

use brush_parser::ast::{
    AndOr, Command, CommandPrefixOrSuffixItem, CompoundCommand, CompoundList, IoFileRedirectKind,
    IoFileRedirectTarget, IoRedirect, Pipeline, Program, SimpleCommand,
};

use super::word::expand;
use super::{World, parse, programs};

/// Commands that one line may run.
const STEPS_MAX: u64 = 64;
/// Substitutions and groups inside each other.
const DEPTH_MAX: u32 = 8;

/// What a command leaves: its standard output and its exit status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Output {
    pub(super) bytes: Vec<u8>,
    pub(super) status: u8,
}

impl Output {
    pub(super) const fn fine(bytes: Vec<u8>) -> Self {
        Self { bytes, status: 0 }
    }

    pub(super) fn failed(says: &str) -> Self {
        Self { bytes: says.as_bytes().to_vec(), status: 1 }
    }
}

/// A line being carried out.
pub(super) struct Run<'a> {
    world: &'a mut World,
    steps: u64,
    depth: u32,
}

/// Where the input of a command comes from and its output goes to.
#[derive(Default)]
struct Redirected {
    input: Option<Vec<u8>>,
    output: Option<(String, bool)>,
}

impl<'a> Run<'a> {
    pub(super) const fn new(world: &'a mut World) -> Self {
        Self { world, steps: 0, depth: 0 }
    }

    pub(super) const fn steps(&self) -> u64 {
        self.steps
    }

    pub(super) const fn is_exhausted(&self) -> bool {
        self.steps > STEPS_MAX
    }

    pub(super) fn line(&mut self, program: &Program) -> Output {
        let mut all = Output::fine(Vec::new());
        for list in &program.complete_commands {
            let output = self.list(list, &[]);
            all.bytes.extend(output.bytes);
            all.status = output.status;
        }
        all
    }

    fn list(&mut self, list: &CompoundList, input: &[u8]) -> Output {
        let mut all = Output::fine(Vec::new());
        for item in &list.0 {
            let first = self.pipeline(&item.0.first, input);
            all.bytes.extend(first.bytes);
            all.status = first.status;
            for more in &item.0.additional {
                let (next, is_due) = match more {
                    AndOr::And(next) => (next, all.status == 0),
                    AndOr::Or(next) => (next, all.status != 0),
                };
                if is_due {
                    let output = self.pipeline(next, input);
                    all.bytes.extend(output.bytes);
                    all.status = output.status;
                }
            }
        }
        all
    }

    fn pipeline(&mut self, pipeline: &Pipeline, input: &[u8]) -> Output {
        let mut output = Output::fine(input.to_vec());
        for command in &pipeline.seq {
            let input = std::mem::take(&mut output.bytes);
            output = self.command(command, &input);
        }
        if pipeline.bang {
            output.status = u8::from(output.status == 0);
        }
        output
    }

    fn command(&mut self, command: &Command, input: &[u8]) -> Output {
        if self.depth == DEPTH_MAX {
            return Output::failed("too deep\n");
        }
        self.depth += 1;
        let output = match command {
            Command::Simple(simple) => self.simple(simple, input),
            Command::Compound(CompoundCommand::BraceGroup(group), _) => {
                self.list(&group.list, input)
            }
            Command::Compound(CompoundCommand::Subshell(shell), _) => self.list(&shell.list, input),
            _ => Output::failed("not supported\n"),
        };
        self.depth -= 1;
        output
    }

    fn simple(&mut self, simple: &SimpleCommand, input: &[u8]) -> Output {
        let mut words = Vec::new();
        let mut redirected = Redirected::default();
        let prefix = simple.prefix.iter().flat_map(|prefix| &prefix.0);
        let suffix = simple.suffix.iter().flat_map(|suffix| &suffix.0);
        for item in prefix {
            if self.item(item, &mut Vec::new(), &mut redirected).is_none() {
                return Output::failed("cannot expand\n");
            }
        }
        if let Some(name) = &simple.word_or_name {
            match expand(self, &name.value) {
                Some(fields) => words.extend(fields),
                None => return Output::failed("cannot expand\n"),
            }
        }
        for item in suffix {
            if self.item(item, &mut words, &mut redirected).is_none() {
                return Output::failed("cannot expand\n");
            }
        }
        let input = redirected.input.as_deref().unwrap_or(input);
        let output =
            if words.is_empty() { Output::fine(Vec::new()) } else { self.program(&words, input) };
        match redirected.output {
            Some((name, is_appended)) => self.write(name, is_appended, output),
            None => output,
        }
    }

    /// Takes in a word or a redirection. None if it cannot be expanded.
    fn item(
        &mut self,
        item: &CommandPrefixOrSuffixItem,
        words: &mut Vec<String>,
        redirected: &mut Redirected,
    ) -> Option<()> {
        match item {
            CommandPrefixOrSuffixItem::Word(word)
            | CommandPrefixOrSuffixItem::AssignmentWord(_, word) => {
                words.extend(expand(self, &word.value)?);
            }
            CommandPrefixOrSuffixItem::IoRedirect(IoRedirect::File(
                _,
                kind,
                IoFileRedirectTarget::Filename(word),
            )) => {
                let name = expand(self, &word.value)?.into_iter().next()?;
                match kind {
                    IoFileRedirectKind::Read | IoFileRedirectKind::ReadAndWrite => {
                        redirected.input = Some(self.world.files.get(&name)?.clone());
                    }
                    IoFileRedirectKind::Append => redirected.output = Some((name, true)),
                    _ => redirected.output = Some((name, false)),
                }
            }
            CommandPrefixOrSuffixItem::IoRedirect(_) => {}
            CommandPrefixOrSuffixItem::ProcessSubstitution(..) => return None,
        }
        Some(())
    }

    fn write(&mut self, name: String, is_appended: bool, output: Output) -> Output {
        if !self.world.admit(output.bytes.len()) {
            return Output::failed("no room\n");
        }
        let file = self.world.files.entry(name).or_default();
        if !is_appended {
            file.clear();
        }
        file.extend(output.bytes);
        Output { bytes: Vec::new(), status: output.status }
    }

    /// Runs one program with these arguments.
    pub(super) fn program(&mut self, words: &[String], input: &[u8]) -> Output {
        self.steps += 1;
        if self.is_exhausted() {
            return Output::failed("no fuel\n");
        }
        let missing = || Output { bytes: b"not found\n".to_vec(), status: 127 };
        programs::run(self.world, words, input).unwrap_or_else(missing)
    }

    /// The output of a command in a word, without the line ends at its end.
    pub(super) fn substitute(&mut self, text: &str) -> Option<String> {
        if self.depth == DEPTH_MAX {
            return None;
        }
        let program = parse(text)?;
        self.depth += 1;
        let output = self.line(&program);
        self.depth -= 1;
        Some(String::from_utf8_lossy(&output.bytes).trim_end_matches('\n').to_owned())
    }

    pub(super) fn variable(&self, name: &str) -> String {
        self.world.variables.get(name).cloned().unwrap_or_default()
    }

    /// The files whose names a pattern matches, in order.
    pub(super) fn files_like(&self, pattern: &str) -> Vec<String> {
        let names = self.world.files.keys();
        names.filter(|name| is_like(pattern.as_bytes(), name.as_bytes())).cloned().collect()
    }
}

/// `*` is any part of a name, `?` any byte; neither crosses a slash. Linear in memory, without recursion.
fn is_like(pattern: &[u8], name: &[u8]) -> bool {
    let mut reached = vec![false; pattern.len() + 1];
    let open = |reached: &mut [bool]| {
        for at in 0..pattern.len() {
            if reached.get(at) == Some(&true) && pattern.get(at) == Some(&b'*') {
                reached[at + 1] = true;
            }
        }
    };
    reached[0] = true;
    open(&mut reached);
    for byte in name {
        let mut next = vec![false; pattern.len() + 1];
        for (at, sign) in pattern.iter().enumerate() {
            if reached.get(at) != Some(&true) {
                continue;
            }
            match sign {
                b'*' if *byte != b'/' => next[at] = true,
                b'?' if *byte != b'/' => next[at + 1] = true,
                sign if sign == byte => next[at + 1] = true,
                _ => {}
            }
        }
        reached = next;
        open(&mut reached);
    }
    reached.last() == Some(&true)
}
