//! What a target is, and what its oracles say.

use std::fmt;

use super::Trail;

/// What a target does with one input. It must take any bytes, and do the same with the same ones.
pub(super) type Run = fn(&[u8], &mut Trail) -> Result<(), Violation>;

/// Something that is fuzzed.
#[derive(Clone, Copy)]
pub struct Target {
    /// Its name: of its folders, of its program in `fuzz/`, and on the command line.
    pub name: &'static str,
    /// What it checks, in a sentence.
    pub about: &'static str,
    /// Which speed can be asked of it.
    pub family: Family,
    /// How its inputs are built.
    pub shape: Shape,
    /// Bytes of an input, at most.
    pub len_max: usize,
    /// Words of its language.
    pub words: &'static [&'static str],
    /// Inputs to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Runs one input.
    pub run: Run,
    /// Bytes of memory that it may take beside 64 for each byte of its input.
    pub memory: usize,
    /// Bytes of stack that it must make do with, in an optimised build.
    pub stack: usize,
    /// It fails on purpose: a campaign that finds nothing there is broken.
    pub is_canary: bool,
}

/// Memory beside 64 bytes for each byte of input, by default: 1 MiB.
pub(super) const MEMORY: usize = 1 << 20;
/// Stack by default: 256 KiB.
pub(super) const STACK: usize = 256 << 10;
/// Stack of targets that call interpreters made by others, which are oracles here and not under test.
pub(super) const STACK_OF_INTERPRETERS: usize = 8 << 20;

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Kinds of targets, by the speed that is asked of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// A small parser.
    Parser,
    /// A primitive with all its parameters.
    Primitive,
    /// Structured inputs.
    Structured,
    /// Whole associations, or a whole service layer.
    System,
}

impl Family {
    /// Its name in lists and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Parser => "parser",
            Self::Primitive => "primitive",
            Self::Structured => "structured",
            Self::System => "system",
        }
    }

    /// Executions per second of one core, with the address sanitiser, that are asked for.
    #[must_use]
    pub const fn goal(self) -> u32 {
        match self {
            Self::Parser => 25_000,
            Self::Primitive => 10_000,
            Self::Structured => 5_000,
            Self::System => 1_000,
        }
    }
}

/// How the inputs of a target are built, for those who change them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Any bytes.
    Bytes,
    /// Mostly text.
    Text,
    /// A head, and then steps of the same width.
    Steps {
        /// Bytes of the head.
        head: usize,
        /// Bytes of a step.
        width: usize,
    },
}

/// What must always be true, and was not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Oracle {
    /// No panic; in builds with checks no overflow either.
    Panic,
    /// The process lives on: no overflow of the stack, no abort.
    Death,
    /// An answer comes.
    Hang,
    /// Time is bounded by the length of the input.
    Fuel,
    /// Memory is bounded by the length of the input.
    Memory,
    /// What was read, written, and read again is the same.
    RoundTrip,
    /// Two ways to the same thing agree.
    Differential,
    /// What a rule forbids is refused.
    Strictness,
    /// What was refused leaves no trace.
    Trace,
    /// What comes out was put in by somebody who may, and once.
    Authenticity,
    /// Both ends of an association end alike, and it comes up when nothing is in its way.
    Agreement,
    /// A peer whose address was not shown gets at most three times what it sent.
    Amplification,
    /// Keys stay where they are.
    Secrecy,
    /// Only those may who may.
    Access,
    /// A value stays a value in an interpreter.
    Injection,
    /// The canary sang.
    Canary,
}

impl Oracle {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::Panic,
        Self::Death,
        Self::Hang,
        Self::Fuel,
        Self::Memory,
        Self::RoundTrip,
        Self::Differential,
        Self::Strictness,
        Self::Trace,
        Self::Authenticity,
        Self::Agreement,
        Self::Amplification,
        Self::Secrecy,
        Self::Access,
        Self::Injection,
        Self::Canary,
    ];

    /// Its name in findings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Panic => "panic",
            Self::Death => "death",
            Self::Hang => "hang",
            Self::Fuel => "fuel",
            Self::Memory => "memory",
            Self::RoundTrip => "round_trip",
            Self::Differential => "differential",
            Self::Strictness => "strictness",
            Self::Trace => "trace",
            Self::Authenticity => "authenticity",
            Self::Agreement => "agreement",
            Self::Amplification => "amplification",
            Self::Secrecy => "secrecy",
            Self::Access => "access",
            Self::Injection => "injection",
            Self::Canary => "canary",
        }
    }

    /// What it says.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Panic => "No panic; in builds with checks no overflow either.",
            Self::Death => "The process lives on: no overflow of the stack, no abort.",
            Self::Hang => "An answer comes.",
            Self::Fuel => "Time is bounded by the length of the input.",
            Self::Memory => "Memory is bounded by the length of the input.",
            Self::RoundTrip => "What was read, written, and read again is the same.",
            Self::Differential => "Two ways to the same thing agree.",
            Self::Strictness => "What a rule forbids is refused.",
            Self::Trace => "What was refused leaves no trace.",
            Self::Authenticity => "What comes out was put in by somebody who may, and once.",
            Self::Agreement => {
                "Both ends of an association end alike, and it comes up when nothing is in its way."
            }
            Self::Amplification => {
                "A peer whose address was not shown gets at most three times what it sent."
            }
            Self::Secrecy => "Keys stay where they are.",
            Self::Access => "Only those may who may.",
            Self::Injection => "A value stays a value in an interpreter.",
            Self::Canary => "The canary sang.",
        }
    }

    /// The oracle with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|oracle| oracle.name() == name)
    }
}

/// Something that must never happen has happened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {place}: {detail}", oracle.name())]
pub struct Violation {
    /// Which rule was broken.
    pub oracle: Oracle,
    /// Where: the same for all inputs that show the same defect. Part of the fingerprint.
    pub place: String,
    /// What was seen, for people; not part of the fingerprint.
    pub detail: String,
}

impl Violation {
    /// A violation.
    #[must_use]
    pub fn new(oracle: Oracle, place: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { oracle, place: place.into(), detail: detail.into() }
    }
}

/// Holds, or is a violation with this place and detail.
pub(super) fn check(
    holds: bool,
    oracle: Oracle,
    place: &str,
    detail: impl FnOnce() -> String,
) -> Result<(), Violation> {
    if holds { Ok(()) } else { Err(Violation::new(oracle, place, detail())) }
}
