//! The HTTP binding (TS-0009) over HTTP/1.1 (RFC 9112).
//!
//! `httparse` reads lines; what they mean, and all limits, are decided here. A message is given as a
//! whole: [`length`] says when it is one. Bodies have a Content-Length; a Transfer-Encoding is refused,
//! so that no two readers can disagree on where a message ends.

mod head;
mod header;
mod request;
mod response;

pub use head::length;
pub use request::{Envelope, read_call, read_path, read_request, write_path, write_request};
pub use response::{read_response, write_response};
