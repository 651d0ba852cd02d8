//! CBOR (RFC 8949): `minicbor` for the tokens, our own walk over them.
//!
//! Definite lengths only, text as names, no tags, no byte strings: what JSON and XML lack has no meaning
//! in a primitive. A length is believed only as far as the input can hold it, all lengths together.

use std::convert::Infallible;

use minicbor::data::Type;
use minicbor::{Decoder, Encoder, decode, encode};

use super::{Fault, Malformed, Map, Unwritable, Value};
use crate::planted::{self, Defect};
use crate::wire::limits::{MAX_DEPTH, MAX_ITEMS, MAX_MEMBERS, MAX_NAME};

/// Reads an object that fills `bytes` exactly.
///
/// # Errors
/// Names what is wrong, and where.
pub fn read(bytes: &[u8]) -> Result<Map, Malformed> {
    let mut reader = Reader { decoder: Decoder::new(bytes), claims: bytes.len() };
    let value = reader.value(0)?;
    if reader.decoder.position() != bytes.len() {
        return Err(reader.malformed(Fault::Trailing));
    }
    match value {
        Value::Map(map) => Ok(map),
        _ => Err(Malformed { fault: Fault::NotAnObject, at: 0 }),
    }
}

struct Reader<'b> {
    decoder: Decoder<'b>,
    /// How many more values the input can hold. Each takes a byte at least, so a length beyond it is a
    /// lie; and room is made for no more values than the input has bytes.
    claims: usize,
}

impl Reader<'_> {
    fn malformed(&self, fault: Fault) -> Malformed {
        Malformed { fault, at: self.decoder.position() }
    }

    fn token<T>(&self, token: Result<T, decode::Error>) -> Result<T, Malformed> {
        token.map_err(|error| {
            let source = std::error::Error::source(&error);
            let fault = if error.is_end_of_input() {
                Fault::Truncated
            } else if source.is_some_and(|source| source.is::<std::str::Utf8Error>()) {
                Fault::Utf8
            } else {
                Fault::Syntax
            };
            Malformed { fault, at: error.position().unwrap_or_else(|| self.decoder.position()) }
        })
    }

    fn value(&mut self, depth: usize) -> Result<Value, Malformed> {
        let kind = self.decoder.datatype();
        match self.token(kind)? {
            Type::Null => {
                let token = self.decoder.null();
                self.token(token).map(|()| Value::Null)
            }
            Type::Bool => {
                let token = self.decoder.bool();
                self.token(token).map(Value::Bool)
            }
            Type::U8 | Type::U16 | Type::U32 | Type::U64 => {
                let token = self.decoder.u64();
                self.token(token).map(Value::from)
            }
            Type::I8 | Type::I16 | Type::I32 | Type::I64 => {
                let token = self.decoder.i64();
                self.token(token).map(Value::Integer)
            }
            Type::Int => Err(self.malformed(Fault::NumberRange)),
            Type::F16 | Type::F32 | Type::F64 => self.float(),
            Type::String => Ok(Value::Text(self.text()?.to_owned())),
            Type::Array => self.list(depth),
            Type::Map => self.map(depth).map(Value::Map),
            Type::ArrayIndef | Type::MapIndef | Type::StringIndef | Type::BytesIndef => {
                Err(self.malformed(Fault::IndefiniteLength))
            }
            Type::Tag => Err(self.malformed(Fault::Tag)),
            Type::Bytes | Type::Undefined | Type::Simple => Err(self.malformed(Fault::Type)),
            _ => Err(self.malformed(Fault::Syntax)),
        }
    }

    fn float(&mut self) -> Result<Value, Malformed> {
        let at = self.decoder.position();
        let token = self.decoder.f64();
        Value::float(self.token(token)?).ok_or(Malformed { fault: Fault::NotFinite, at })
    }

    fn text(&mut self) -> Result<&str, Malformed> {
        let token = self.decoder.str();
        self.token(token)
    }

    /// A length that the input can hold, `width` values for each.
    fn length(
        &mut self,
        claim: Option<u64>,
        limit: usize,
        over: Fault,
    ) -> Result<usize, Malformed> {
        let claim = claim.ok_or_else(|| self.malformed(Fault::IndefiniteLength))?;
        let len = usize::try_from(claim).unwrap_or(usize::MAX);
        if planted::is(Defect::CborClaimBelieved) {
            return Ok(len.min(1 << 20));
        }
        self.claims =
            self.claims.checked_sub(len).ok_or_else(|| self.malformed(Fault::LengthBomb))?;
        if len > limit { Err(self.malformed(over)) } else { Ok(len) }
    }

    fn list(&mut self, depth: usize) -> Result<Value, Malformed> {
        if depth == MAX_DEPTH && !planted::is(Defect::CborDepthUnbounded) {
            return Err(self.malformed(Fault::Depth));
        }
        let token = self.decoder.array();
        let claim = self.token(token)?;
        let len = self.length(claim, MAX_ITEMS, Fault::ListTooLong)?;
        let mut items = Vec::with_capacity(len);
        for _ in 0..len {
            items.push(self.value(depth + 1)?);
        }
        Ok(Value::List(items))
    }

    fn map(&mut self, depth: usize) -> Result<Map, Malformed> {
        if depth == MAX_DEPTH {
            return Err(self.malformed(Fault::Depth));
        }
        let token = self.decoder.map();
        let claim = self.token(token)?.map(|len| len.saturating_mul(2));
        let len = self.length(claim, 2 * MAX_MEMBERS, Fault::TooManyMembers)? / 2;
        let mut members = Vec::with_capacity(len);
        for _ in 0..len {
            let kind = self.decoder.datatype();
            match self.token(kind)? {
                Type::String => {}
                Type::StringIndef => return Err(self.malformed(Fault::IndefiniteLength)),
                Type::Tag => return Err(self.malformed(Fault::Tag)),
                _ => return Err(self.malformed(Fault::NameNotText)),
            }
            let name = self.text()?;
            let too_long = name.len() > MAX_NAME;
            let name = name.to_owned();
            if too_long {
                return Err(self.malformed(Fault::NameTooLong));
            }
            let value = self.value(depth + 1)?;
            members.push((name.into(), value));
        }
        Map::from_members(members).map_err(|_| self.malformed(Fault::Repeated))
    }
}

/// Writes an object; integers and lengths in their shortest form, floats as doubles.
///
/// # Errors
/// None: the signature is that of the other serialisations.
pub fn write(map: &Map) -> Result<Vec<u8>, Unwritable> {
    let mut encoder = Encoder::new(Vec::new());
    write_map(&mut encoder, map).map_err(|_| Unwritable::Root)?;
    Ok(encoder.into_writer())
}

type Output = Encoder<Vec<u8>>;

fn write_map(output: &mut Output, map: &Map) -> Result<(), encode::Error<Infallible>> {
    output.map(map.len() as u64)?;
    for (name, value) in map.iter() {
        output.str(name)?;
        write_value(output, value)?;
    }
    Ok(())
}

fn write_value(output: &mut Output, value: &Value) -> Result<(), encode::Error<Infallible>> {
    match value {
        Value::Null => output.null()?,
        Value::Bool(value) => output.bool(*value)?,
        Value::Integer(value) => output.i64(*value)?,
        Value::Unsigned(value) => output.u64(*value)?,
        Value::Float(value) if planted::is(Defect::CborFloatShort) => {
            output.f64(f64::from_bits(value.to_bits() >> 32 << 32))?
        }
        Value::Float(value) => output.f64(*value)?,
        Value::Text(text) => output.str(text)?,
        Value::List(items) => {
            output.array(items.len() as u64)?;
            return items.iter().try_for_each(|item| write_value(output, item));
        }
        Value::Map(map) => return write_map(output, map),
    };
    Ok(())
}
