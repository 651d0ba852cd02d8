//! The command line: one file a verb. Results go to stdout, talk and progress to stderr.

mod args;
mod build;
mod check;
mod compare;
mod exit;
mod explain;
mod fuzz;
mod host;
mod hunt;
mod live;
mod load;
mod matrix;
mod memory;
mod output;
mod probe;
mod progress;
mod replay;
mod report;
mod risk;
mod run;
mod schema;
mod solve;
mod sweep;
mod time;
mod validate;

use std::process::ExitCode;

use clap::Parser as _;

use args::{Arguments, Verb};
use exit::Exit;

/// Runs the program; every way out is one of the documented exit codes.
pub(crate) fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let format = arguments.format;
    let result = std::panic::catch_unwind(|| match arguments.verb {
        Verb::Run(verb) => run::run(verb, format),
        Verb::Sweep(verb) => sweep::sweep(&verb, format),
        Verb::Solve(verb) => solve::solve(&verb, format),
        Verb::Compare(verb) => compare::compare(&verb, format),
        Verb::Matrix(verb) => matrix::matrix(&verb, format),
        Verb::Validate(verb) => validate::validate(&verb, format),
        Verb::Hunt(verb) => hunt::hunt(&verb, format),
        Verb::Check(verb) => check::check(&verb, format),
        Verb::Live(verb) => live::live(&verb, format),
        Verb::Probe(verb) => probe::probe(&verb, format),
        Verb::Fuzz(verb) => fuzz::fuzz(verb, format),
        Verb::Replay(verb) => replay::replay(&verb, format),
        Verb::Risk(verb) => risk::risk(&verb, format),
        Verb::Report(verb) => report::report(&verb, format),
        Verb::Schema(verb) => schema::schema(&verb),
        Verb::Explain(verb) => explain::explain(&verb, format),
    });
    match result {
        Ok(Ok(exit)) => exit.into(),
        Ok(Err(error)) => {
            output::talk(&format!("error: {error:#}"));
            Exit::Usage.into()
        }
        Err(_) => {
            output::talk(
                "internal error: this is a defect of keystorm; please report it with the command line",
            );
            Exit::Internal.into()
        }
    }
}
