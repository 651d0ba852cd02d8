//! Runs one input under the oracles that hold for every target: no panic, bounded memory, bounded time.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use super::{Oracle, Target, Trail, Violation};

/// Memory for each byte of input.
const MEMORY_PER_BYTE: usize = 64;
/// An input that takes longer is measured again, by the time that its thread was on a processor.
const SUSPICIOUS: Duration = Duration::from_millis(40);
/// Processor time that one input of the longest length may take. A backstop: whoever can count steps does.
const PROCESSOR: Duration = Duration::from_millis(100);
/// How often an input is measured again; the least counts.
const REPEATS: usize = 2;

/// What the engine needs to know of the machine; all of it may be unknown.
pub trait Host {
    /// Time since some moment.
    fn elapsed(&self) -> Duration;
    /// The time that the calling thread was on a processor.
    fn processor(&self) -> Option<Duration>;
    /// Forgets the peak of memory.
    fn forget_peak(&self);
    /// Memory above what was there when the peak was forgotten, at its most.
    fn peak(&self) -> Option<usize>;
}

/// A machine that tells nothing: for who watches time and memory by other means, or need not.
#[derive(Debug)]
pub struct Silent;

impl Host for Silent {
    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
    fn processor(&self) -> Option<Duration> {
        None
    }
    fn forget_peak(&self) {}
    fn peak(&self) -> Option<usize> {
        None
    }
}

thread_local! {
    /// Where the last panic of this thread was, and what it said.
    static LAST: RefCell<Option<(String, String)>> = const { RefCell::new(None) };
}

/// From now on panics of this process are written down in place of being printed.
pub fn watch_panics() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map_or_else(String::new, |at| at.file().to_owned());
        let text = info.payload_as_str().unwrap_or("no text").to_owned();
        let line = info.location().map_or(0, std::panic::Location::line);
        LAST.set(Some((place, format!("line {line}: {text}"))));
    }));
}

/// Runs one input; all that it did is in the trail.
pub fn execute(
    target: &Target,
    input: &[u8],
    host: &dyn Host,
    trail: &mut Trail,
) -> Option<Violation> {
    host.forget_peak();
    let began = host.elapsed();
    let violation = attempt(target, input, trail);
    let (took, peak) = (host.elapsed().saturating_sub(began), host.peak());
    violation.or_else(|| memory(target, input, peak)).or_else(|| {
        let is_slow = took > SUSPICIOUS && is_slow(target, input, host);
        is_slow.then(|| {
            let detail = format!("{} bytes took {} ms or more", input.len(), PROCESSOR.as_millis());
            Violation::new(Oracle::Fuel, "processor time", detail)
        })
    })
}

fn attempt(target: &Target, input: &[u8], trail: &mut Trail) -> Option<Violation> {
    trail.clear();
    match catch_unwind(AssertUnwindSafe(|| (target.run)(input, trail))) {
        Ok(result) => result.err(),
        Err(_) => {
            let (place, text) = LAST.take().unwrap_or_default();
            let place = format!("{} {}", source(&place), shape(&text));
            Some(Violation::new(Oracle::Panic, place, text))
        }
    }
}

/// A path of a source file from `src` or from its crate on: the same on every machine.
fn source(path: &str) -> &str {
    let crates = path.rfind("/src/").map_or(0, |at| path[..at].rfind('/').map_or(0, |at| at + 1));
    if path.starts_with("src/") { path } else { &path[crates..] }
}

/// A message without its numbers, and without what follows a colon: what two panics of one cause share.
fn shape(text: &str) -> String {
    const CHARS_MAX: usize = 60;
    let text = text.split_once(": ").map_or(text, |(_, message)| message);
    let text = text.split([':', '`', '"']).next().unwrap_or_default();
    text.chars().filter(|c| !c.is_ascii_digit() && !c.is_control()).take(CHARS_MAX).collect()
}

fn memory(target: &Target, input: &[u8], peak: Option<usize>) -> Option<Violation> {
    let allowed = target.memory + MEMORY_PER_BYTE * input.len();
    let peak = peak.filter(|peak| *peak > allowed)?;
    let detail = format!("{peak} bytes for an input of {}, more than {allowed}", input.len());
    Some(Violation::new(Oracle::Memory, "heap", detail))
}

fn is_slow(target: &Target, input: &[u8], host: &dyn Host) -> bool {
    let mut trail = Trail::default();
    (0..REPEATS).all(|_| {
        let Some(before) = host.processor() else { return false };
        attempt(target, input, &mut trail);
        host.processor().is_some_and(|after| after.saturating_sub(before) > PROCESSOR)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_the_same_on_every_machine() {
        assert_eq!(
            source("/home/x/.cargo/registry/src/index-1/foo-1.2/src/a/b.rs"),
            "foo-1.2/src/a/b.rs"
        );
        assert_eq!(source("src/wire/a.rs"), "src/wire/a.rs");
        assert_eq!(shape("line 7: index 12 out of 9: more"), "index  out of ");
    }
}
