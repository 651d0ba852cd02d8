//! The `keystorm` program; see `keystorm --help`.

mod cli;

/// Counts memory, for the oracle of `keystorm fuzz`.
#[cfg(feature = "meter")]
#[global_allocator]
static MEMORY: peak_alloc::PeakAlloc = peak_alloc::PeakAlloc;

fn main() -> std::process::ExitCode {
    cli::main()
}
