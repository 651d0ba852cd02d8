//! The CoAP binding (TS-0008).
//!
//! Uri-Path names the target, options of oneM2M's own and Uri-Query the parameters, the payload is the
//! content or, in release 5, the whole primitive. The numbers of the options depend on the
//! [profile](crate::wire::primitive::CoapOptions): the generations overlap with other meanings.

pub mod block;
pub mod option;

mod request;
mod response;

pub use request::{read_request, read_request_of, write_request};
pub use response::{read_response, read_response_of, response_message, write_response};

use super::{Media, Refusal};
use crate::wire::coap::{self, Code, Kind, Token, Writer};
use crate::wire::limits::MAX_IDENTIFIER;

/// What a CoAP message needs beside the primitive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// The message's type.
    pub kind: Kind,
    /// Its message ID.
    pub mid: u16,
    /// Its token.
    pub token: Token,
}

/// A primitive as CoAP sends it: everything but the exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    code: Code,
    /// In order of number.
    options: Vec<(u16, Vec<u8>)>,
    payload: Vec<u8>,
}

impl Outgoing {
    /// The code of the message.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.code
    }

    /// The body.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// One message with everything in it.
    #[must_use]
    pub fn message(&self, exchange: Exchange) -> Vec<u8> {
        self.write(exchange, None, &self.payload)
    }

    /// One block of the body: with Block1 in a request, with Block2 in a response. `None` if the body
    /// ends before it.
    #[must_use]
    pub fn block(&self, exchange: Exchange, number: u32, exponent: u8) -> Option<Vec<u8>> {
        let (block, part) = block::slice(&self.payload, number, exponent)?;
        let option = if self.code.is_request() { block::BLOCK1 } else { block::BLOCK2 };
        Some(self.write(exchange, Some((option, block.value())), part))
    }

    /// The request for a further block of the answer's body (RFC 7959 section 2.4): the same without a body.
    #[must_use]
    pub fn further(&self, exchange: Exchange, number: u32, exponent: u8) -> Vec<u8> {
        let block = block::Block { number, more: false, exponent };
        self.write(exchange, Some((block::BLOCK2, block.value())), &[])
    }

    /// Adds an option with an unsigned integer, such as Block1 in the answer to the last block of a body.
    pub fn add(&mut self, option: u16, value: u32) {
        let at = self.options.partition_point(|(number, _)| *number <= option);
        self.options.insert(at, (option, uint(value)));
    }

    fn write(&self, exchange: Exchange, block: Option<(u16, u32)>, payload: &[u8]) -> Vec<u8> {
        let mut writer = Writer::new(exchange.kind, self.code, exchange.mid, exchange.token);
        let mut block = block;
        for (number, value) in &self.options {
            if let Some((option, bits)) = block.take_if(|(option, _)| *option < *number) {
                writer.uint(option, bits);
            }
            writer.option(*number, value);
        }
        if let Some((option, bits)) = block {
            writer.uint(option, bits);
        }
        writer.finish(payload)
    }
}

/// The media type in an option.
fn media(value: &[u8]) -> Option<Media> {
    Media::from_number(coap::read_uint(value)?)
}

/// Text of 1 to [`MAX_IDENTIFIER`] bytes.
fn text(value: &[u8]) -> Result<&str, Refusal> {
    if !(1..=MAX_IDENTIFIER).contains(&value.len()) {
        return Err(Refusal::OptionValue);
    }
    str::from_utf8(value).map_err(|_| Refusal::OptionValue)
}

/// The shortest form of an unsigned integer (RFC 7252 section 3.2).
fn uint(number: u32) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    bytes.into_iter().skip_while(|byte| *byte == 0).collect()
}
