//! What a run's tape looks like to a protocol analyser: `capture.pcapng` and the key log `keys.log`.
//!
//! Each link type of the scenario is an interface, and each hop of a datagram a frame of it: Ethernet
//! from node to next node, IPv6 and UDP from end to end. One more interface shows the CoAP messages
//! inside, as they leave an endpoint. Times are virtual, in nanoseconds since the start of the run.

mod address;
mod keys;
mod pcapng;
mod spoken;

use std::io::{self, Write};

pub(super) use keys::Keys;
pub use spoken::exchange_capture;

use crate::measure::Tape;
use crate::run::{CAPTURE_BYTES_MAX, Outcome};

/// The name of the capture in a results folder.
pub(super) const CAPTURE: &str = "capture.pcapng";
/// The name of the key log in a results folder.
pub(super) const KEYS: &str = "keys.log";

/// Writes the capture, with the secrets in it.
pub(super) fn write(
    outcome: &Outcome,
    tape: &Tape,
    keys: &Keys,
    out: &mut dyn Write,
) -> io::Result<()> {
    pcapng::write(outcome, tape, keys, out).map_err(|error| match error {
        pcap_file::PcapError::IoError(error) => error,
        other => io::Error::other(other),
    })
}

/// In words that the capture was cut; `None` if it holds everything.
#[must_use]
pub fn cut_note(outcome: &Outcome) -> Option<String> {
    let left_out = outcome.recorder.tape.as_ref()?.left_out();
    let limit = CAPTURE_BYTES_MAX >> 20;
    (left_out > 0).then(|| {
        format!("cut at {limit} MiB: {} later frames are left out", super::count(left_out))
    })
}
