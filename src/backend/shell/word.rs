//! The words of a command line: what they expand to, and the shape of a line without its words' texts.

use brush_parser::ast::{
    AndOr, Command, CommandPrefixOrSuffixItem, CompoundCommand, CompoundList, IoRedirect, Program,
    SeparatorOperator, SimpleCommand,
};
use brush_parser::word::{Parameter, ParameterExpr, WordPiece, parse};

use super::options;
use super::run::Run;

/// A list of fields that grows at its end.
#[derive(Default)]
struct Fields {
    done: Vec<String>,
    open: Option<String>,
    is_pattern: bool,
}

impl Fields {
    fn append(&mut self, text: &str) {
        self.open.get_or_insert_default().push_str(text);
    }

    /// Text from an expansion outside quotation marks is split into fields.
    fn split(&mut self, text: &str) {
        for (index, part) in text.split([' ', '\t', '\n']).enumerate() {
            if index > 0 {
                self.done.extend(self.open.take());
            }
            if !part.is_empty() {
                self.append(part);
            }
        }
    }
}

/// What a word expands to: fields, after substitution, splitting and file-name patterns. None if it cannot
/// be read.
pub(super) fn expand(run: &mut Run<'_>, word: &str) -> Option<Vec<String>> {
    let pieces = parse(word, &options()).ok()?;
    let mut fields = Fields::default();
    for piece in pieces {
        piece_of(run, piece.piece, false, &mut fields)?;
    }
    fields.done.extend(fields.open.take());
    if !fields.is_pattern {
        return Some(fields.done);
    }
    let expanded = fields.done.into_iter().flat_map(|field| {
        let found = run.files_like(&field);
        if found.is_empty() { vec![field] } else { found }
    });
    Some(expanded.collect())
}

fn piece_of(run: &mut Run<'_>, piece: WordPiece, is_quoted: bool, into: &mut Fields) -> Option<()> {
    match piece {
        WordPiece::Text(text) => {
            into.is_pattern |= !is_quoted && text.contains(['*', '?']);
            into.append(&text);
        }
        WordPiece::SingleQuotedText(text) | WordPiece::AnsiCQuotedText(text) => into.append(&text),
        WordPiece::EscapeSequence(text) => {
            into.append(text.strip_prefix('\\').unwrap_or(&text));
        }
        WordPiece::DoubleQuotedSequence(pieces)
        | WordPiece::GettextDoubleQuotedSequence(pieces) => {
            into.append("");
            for piece in pieces {
                piece_of(run, piece.piece, true, into)?;
            }
        }
        WordPiece::CommandSubstitution(text) | WordPiece::BackquotedCommandSubstitution(text) => {
            let output = run.substitute(&text)?;
            if is_quoted { into.append(&output) } else { into.split(&output) }
        }
        WordPiece::ParameterExpansion(expression) => {
            let value = parameter(run, &expression)?;
            if is_quoted { into.append(&value) } else { into.split(&value) }
        }
        WordPiece::TildeExpansion(_) => into.append("/home/application"),
        WordPiece::ArithmeticExpression(_) => return None,
    }
    Some(())
}

fn parameter(run: &Run<'_>, expression: &ParameterExpr) -> Option<String> {
    match expression {
        ParameterExpr::Parameter { parameter: Parameter::Named(name), .. } => {
            Some(run.variable(name))
        }
        ParameterExpr::UseDefaultValues {
            parameter: Parameter::Named(name),
            default_value,
            ..
        } => {
            let value = run.variable(name);
            let default = || default_value.clone().unwrap_or_default();
            Some(if value.is_empty() { default() } else { value })
        }
        ParameterExpr::Parameter { .. } => Some(String::new()),
        _ => None,
    }
}

/// The shape of a line: its operators, commands, redirections, and of each word the kinds of its pieces.
pub(super) fn skeleton(program: &Program) -> Vec<String> {
    let mut shape = Vec::new();
    program.complete_commands.iter().for_each(|list| list_shape(list, &mut shape));
    shape
}

fn list_shape(list: &CompoundList, shape: &mut Vec<String>) {
    for item in &list.0 {
        let mut pipeline = |seq: &[Command], before: &str| {
            shape.push(before.to_owned());
            seq.iter().for_each(|command| command_shape(command, shape));
        };
        pipeline(&item.0.first.seq, "list");
        for more in &item.0.additional {
            match more {
                AndOr::And(next) => pipeline(&next.seq, "and"),
                AndOr::Or(next) => pipeline(&next.seq, "or"),
            }
        }
        if matches!(item.1, SeparatorOperator::Async) {
            shape.push("background".to_owned());
        }
    }
}

fn command_shape(command: &Command, shape: &mut Vec<String>) {
    match command {
        Command::Simple(simple) => simple_shape(simple, shape),
        Command::Compound(CompoundCommand::BraceGroup(group), _) => list_shape(&group.list, shape),
        Command::Compound(CompoundCommand::Subshell(shell), _) => {
            shape.push("subshell".to_owned());
            list_shape(&shell.list, shape);
        }
        _ => shape.push("compound".to_owned()),
    }
}

fn simple_shape(simple: &SimpleCommand, shape: &mut Vec<String>) {
    shape.push("command".to_owned());
    let prefix = simple.prefix.iter().flat_map(|prefix| &prefix.0);
    let suffix = simple.suffix.iter().flat_map(|suffix| &suffix.0);
    for item in prefix.chain(suffix) {
        shape.push(match item {
            CommandPrefixOrSuffixItem::Word(word) => format!("word {}", kinds(&word.value)),
            CommandPrefixOrSuffixItem::IoRedirect(IoRedirect::File(_, kind, _)) => {
                format!("redirection {kind}")
            }
            CommandPrefixOrSuffixItem::IoRedirect(_) => "redirection".to_owned(),
            CommandPrefixOrSuffixItem::AssignmentWord(..) => "word literal".to_owned(),
            CommandPrefixOrSuffixItem::ProcessSubstitution(..) => "process".to_owned(),
        });
    }
}

/// The kinds of the pieces of a word. All that stands for itself is one kind.
fn kinds(word: &str) -> String {
    let Ok(pieces) = parse(word, &options()) else { return "unreadable".to_owned() };
    let mut kinds: Vec<&str> = pieces.iter().map(|piece| kind(&piece.piece)).collect();
    kinds.dedup();
    kinds.join("+")
}

fn kind(piece: &WordPiece) -> &'static str {
    match piece {
        WordPiece::Text(text) if text.contains(['*', '?']) => "pattern",
        WordPiece::Text(_)
        | WordPiece::SingleQuotedText(_)
        | WordPiece::AnsiCQuotedText(_)
        | WordPiece::EscapeSequence(_) => "literal",
        WordPiece::DoubleQuotedSequence(pieces)
        | WordPiece::GettextDoubleQuotedSequence(pieces) => {
            let other =
                pieces.iter().map(|piece| kind(&piece.piece)).find(|kind| *kind != "literal");
            other.unwrap_or("literal")
        }
        WordPiece::TildeExpansion(_) => "tilde",
        WordPiece::ParameterExpansion(_) => "parameter",
        WordPiece::CommandSubstitution(_) | WordPiece::BackquotedCommandSubstitution(_) => {
            "command"
        }
        WordPiece::ArithmeticExpression(_) => "arithmetic",
    }
}
