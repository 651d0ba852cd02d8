//! Identifiers of originators (TS-0001 clause 7.2): CSE-IDs and AE-IDs, absolute, SP-relative or as an
//! AE-ID stem.

use std::fmt;

/// Bytes of an identifier, or of a pattern of identifiers.
pub const MAX_ID: usize = 512;

/// The CSE that hosts the target: what relative identifiers are relative to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    domain: Box<str>,
    cse: Box<str>,
}

impl Home {
    /// From an M2M-SP-ID such as `//sp.example.com` and an SP-relative CSE-ID such as `/id-in`. `None` if
    /// they are not of these forms.
    #[must_use]
    pub fn new(domain: &str, cse: &str) -> Option<Self> {
        let domain = domain.strip_prefix("//").filter(|name| is_plain(name))?;
        let cse = cse.strip_prefix('/').filter(|name| is_plain(name))?;
        (domain.len() + cse.len() <= MAX_ID)
            .then(|| Self { domain: domain.into(), cse: cse.into() })
    }
}

/// The authenticated identity of an originator, in absolute form: two spellings of one identity are
/// equal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity {
    pub(super) domain: Box<str>,
    pub(super) first: Box<str>,
    pub(super) second: Option<Box<str>>,
}

impl Identity {
    /// Reads a CSE-ID or AE-ID as seen by `home`. `None` if it is not of such a form; only the
    /// unreserved characters of RFC 3986 section 2.3 occur, so no `*`.
    #[must_use]
    pub fn parse(text: &str, home: &Home) -> Option<Self> {
        let form = Form::split(text)?;
        if !form.segments().all(is_plain) {
            return None;
        }
        let (domain, first, second) = form.resolve(home);
        Some(Self { domain: domain.into(), first: first.into(), second: second.map(Into::into) })
    }
}

impl Identity {
    /// Domain, first and second segment of the absolute form.
    #[must_use]
    pub fn segments(&self) -> (&str, &str, Option<&str>) {
        (&self.domain, &self.first, self.second.as_deref())
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "//{}/{}", self.domain, self.first)?;
        self.second.as_ref().map_or(Ok(()), |second| write!(f, "/{second}"))
    }
}

/// The forms of an identifier, taken apart, not yet relative to anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form<'a> {
    /// `//domain/first` or `//domain/first/second`
    Absolute(&'a str, &'a str, Option<&'a str>),
    /// `/first` or `/first/second`
    SpRelative(&'a str, Option<&'a str>),
    /// `C..`: a stem that the registrar assigned.
    CseStem(&'a str),
    /// `S..`: a stem that the service provider assigned.
    SpStem(&'a str),
}

impl<'a> Form<'a> {
    /// Finds the form; what stands in the segments is not looked at.
    pub(super) fn split(text: &'a str) -> Option<Self> {
        if text.len() > MAX_ID {
            return None;
        }
        if let Some(rest) = text.strip_prefix("//") {
            let mut segments = rest.split('/');
            let (domain, first, second) = (segments.next()?, segments.next()?, segments.next());
            return segments.next().is_none().then_some(Self::Absolute(domain, first, second));
        }
        if let Some(rest) = text.strip_prefix('/') {
            let mut segments = rest.split('/');
            let (first, second) = (segments.next()?, segments.next());
            return segments.next().is_none().then_some(Self::SpRelative(first, second));
        }
        match text.as_bytes().first() {
            _ if text.contains('/') => None,
            Some(b'C') => Some(Self::CseStem(text)),
            Some(b'S') => Some(Self::SpStem(text)),
            _ => None,
        }
    }

    /// Each segment, the domain included.
    pub(super) fn segments(self) -> impl Iterator<Item = &'a str> {
        let all = match self {
            Self::Absolute(domain, first, second) => [Some(domain), Some(first), second],
            Self::SpRelative(first, second) => [None, Some(first), second],
            Self::CseStem(stem) | Self::SpStem(stem) => [None, Some(stem), None],
        };
        all.into_iter().flatten()
    }

    /// Domain, first and second segment of the absolute form.
    pub(super) fn resolve<'h>(self, home: &'h Home) -> (&'h str, &'h str, Option<&'h str>)
    where
        'a: 'h,
    {
        match self {
            Self::Absolute(domain, first, second) => (domain, first, second),
            Self::SpRelative(first, second) => (&home.domain, first, second),
            Self::CseStem(stem) => (&home.domain, &home.cse, Some(stem)),
            Self::SpStem(stem) => (&home.domain, stem, None),
        }
    }
}

/// One segment of an identifier: unreserved characters of RFC 3986, at least one.
pub(super) fn is_plain(segment: &str) -> bool {
    !segment.is_empty() && segment.bytes().all(is_unreserved)
}

pub(super) const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}
