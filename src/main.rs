//! The `keystorm` program; see `keystorm --help`.

mod cli;

fn main() -> std::process::ExitCode {
    cli::main()
}
