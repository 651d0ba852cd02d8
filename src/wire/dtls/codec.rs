//! Reading and writing of the RFC 8446 section 3 presentation language.

/// Why bytes do not parse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseError {
    /// They end too early.
    Truncated,
    /// Something follows where nothing may.
    Trailing,
    /// A field holds a value that is not allowed there.
    IllegalValue,
    /// A length or count exceeds its limit.
    TooLong,
    /// An extension appears twice (RFC 8446 section 4.2).
    DuplicateExtension,
    /// An extension that was not asked for, or out of its place.
    UnexpectedExtension,
    /// A record of another version of DTLS.
    WrongVersion,
    /// A record carries a connection ID where its receiver expects none.
    ConnectionId,
}

/// A cursor over bytes.
#[derive(Clone, Debug)]
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn take(&mut self, n: usize) -> Result<&'a [u8], ParseError> {
        let (head, tail) = self.0.split_at_checked(n).ok_or(ParseError::Truncated)?;
        self.0 = tail;
        Ok(head)
    }

    pub(super) fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], ParseError> {
        let (head, tail) = self.0.split_first_chunk().ok_or(ParseError::Truncated)?;
        self.0 = tail;
        Ok(*head)
    }

    pub(super) fn u8(&mut self) -> Result<u8, ParseError> {
        Ok(self.array::<1>()?[0])
    }

    pub(super) fn u16(&mut self) -> Result<u16, ParseError> {
        self.array().map(u16::from_be_bytes)
    }

    pub(super) fn u24(&mut self) -> Result<usize, ParseError> {
        let [a, b, c] = self.array()?;
        Ok(usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c))
    }

    pub(super) fn u32(&mut self) -> Result<u32, ParseError> {
        self.array().map(u32::from_be_bytes)
    }

    pub(super) fn u48(&mut self) -> Result<u64, ParseError> {
        let [a, b, c, d, e, f] = self.array()?;
        Ok(u64::from_be_bytes([0, 0, a, b, c, d, e, f]))
    }

    pub(super) fn u64(&mut self) -> Result<u64, ParseError> {
        self.array().map(u64::from_be_bytes)
    }

    /// A vector with a one-byte length.
    pub(super) fn vector8(&mut self) -> Result<Self, ParseError> {
        let len = self.u8()?;
        self.take(len.into()).map(Self)
    }

    /// A vector with a two-byte length.
    pub(super) fn vector16(&mut self) -> Result<Self, ParseError> {
        let len = self.u16()?;
        self.take(len.into()).map(Self)
    }

    /// Nothing may be left.
    pub(super) const fn end(&self) -> Result<(), ParseError> {
        if self.is_empty() { Ok(()) } else { Err(ParseError::Trailing) }
    }
}

pub(super) fn put_u16(out: &mut Vec<u8>, value: u16) {
    out.extend_from_slice(&value.to_be_bytes());
}

pub(super) fn put_u24(out: &mut Vec<u8>, value: usize) {
    let value = u32::try_from(value).expect("lengths are bounded by `limits`");
    out.extend_from_slice(&value.to_be_bytes()[1..]);
}

/// Writes a vector with a one-byte length; `body` writes its content.
pub(super) fn vector8(out: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    out.push(0);
    body(out);
    out[at] = u8::try_from(out.len() - at - 1).expect("vectors are bounded by `limits`");
}

/// Writes a vector with a two-byte length; `body` writes its content.
pub(super) fn vector16(out: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    put_u16(out, 0);
    body(out);
    let len = u16::try_from(out.len() - at - 2).expect("vectors are bounded by `limits`");
    out[at..at + 2].copy_from_slice(&len.to_be_bytes());
}
