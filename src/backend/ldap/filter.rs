//! Search filters of LDAP: their string form (RFC 4515), read strictly and written, and what they match.

use super::Entry;

/// Filters inside each other.
const DEPTH_MAX: usize = 32;
/// Parts of a filter.
const PARTS_MAX: usize = 256;

/// A search filter (RFC 4511 section 4.5.1.7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// All of them hold.
    And(Vec<Self>),
    /// One of them holds.
    Or(Vec<Self>),
    /// It does not hold.
    Not(Box<Self>),
    /// The entry has the attribute.
    Present(String),
    /// The attribute has this value. `~=` is taken as this too, as RFC 4511 permits.
    Equal(String, Vec<u8>),
    /// The attribute has a value that is not smaller.
    AtLeast(String, Vec<u8>),
    /// The attribute has a value that is not greater.
    AtMost(String, Vec<u8>),
    /// The attribute has a value with these pieces in this order; the first begins it, the last ends it.
    Pieces(String, Vec<Vec<u8>>),
}

/// Why a text is no filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// A parenthesis is missing, or stands where none may.
    #[error("unbalanced parentheses")]
    Parentheses,
    /// Something stands behind the filter.
    #[error("text behind the filter")]
    Trailing,
    /// A name of an attribute is none.
    #[error("no name of an attribute")]
    Attribute,
    /// There is no comparison that this server knows; extensible matches are not.
    #[error("no comparison")]
    Comparison,
    /// A value holds a sign that has to be escaped, or an escape that is none.
    #[error("value not encoded")]
    Value,
    /// It nests too deeply, or has too many parts.
    #[error("filter too large")]
    TooLarge,
}

impl Filter {
    /// Reads the string form.
    ///
    /// # Errors
    /// It is not one of RFC 4515, holds an extensible match, nests more than 32 deep or has more than 256 parts.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let mut reader = Reader { rest: text.as_bytes(), parts: 0 };
        let filter = reader.filter(0)?;
        if reader.rest.is_empty() { Ok(filter) } else { Err(Malformed::Trailing) }
    }

    /// The string form: every octet that could be taken for syntax, and all beyond ASCII, is escaped.
    #[must_use]
    pub fn text(&self) -> String {
        let list = |sign: char, all: &[Self]| {
            let inner: String = all.iter().map(Self::text).collect();
            format!("({sign}{inner})")
        };
        match self {
            Self::And(all) => list('&', all),
            Self::Or(all) => list('|', all),
            Self::Not(inner) => format!("(!{})", inner.text()),
            Self::Present(name) => format!("({name}=*)"),
            Self::Equal(name, value) => format!("({name}={})", encoded(value)),
            Self::AtLeast(name, value) => format!("({name}>={})", encoded(value)),
            Self::AtMost(name, value) => format!("({name}<={})", encoded(value)),
            Self::Pieces(name, pieces) => {
                let pieces: Vec<String> = pieces.iter().map(|piece| encoded(piece)).collect();
                format!("({name}={})", pieces.join("*"))
            }
        }
    }

    /// It holds for the entry. Texts are compared without regard to the case of ASCII letters.
    #[must_use]
    pub fn matches(&self, entry: &Entry) -> bool {
        let any = |name: &str, holds: &dyn Fn(&[u8]) -> bool| {
            entry.values(name).any(|value| holds(&value.to_ascii_lowercase().into_bytes()))
        };
        match self {
            Self::And(all) => all.iter().all(|one| one.matches(entry)),
            Self::Or(all) => all.iter().any(|one| one.matches(entry)),
            Self::Not(inner) => !inner.matches(entry),
            Self::Present(name) => any(name, &|_| true),
            Self::Equal(name, it) => any(name, &|value| value == it.to_ascii_lowercase()),
            Self::AtLeast(name, it) => any(name, &|value| *value >= *it.to_ascii_lowercase()),
            Self::AtMost(name, it) => any(name, &|value| *value <= *it.to_ascii_lowercase()),
            Self::Pieces(name, pieces) => any(name, &|value| has_pieces(value, pieces)),
        }
    }

    /// How many comparisons it is made of, itself included.
    #[must_use]
    pub fn parts(&self) -> usize {
        match self {
            Self::And(all) | Self::Or(all) => 1 + all.iter().map(Self::parts).sum::<usize>(),
            Self::Not(inner) => 1 + inner.parts(),
            _ => 1,
        }
    }
}

/// `value` begins with the first piece, ends with the last, and has the others between them in order.
fn has_pieces(value: &[u8], pieces: &[Vec<u8>]) -> bool {
    let [first, between @ .., last] = pieces else { return false };
    let Some(mut rest) = value.strip_prefix(&first.to_ascii_lowercase()[..]) else { return false };
    for piece in between.iter().filter(|piece| !piece.is_empty()) {
        let piece = piece.to_ascii_lowercase();
        let Some(at) = rest.windows(piece.len()).position(|window| window == piece) else {
            return false;
        };
        rest = rest.get(at + piece.len()..).unwrap_or_default();
    }
    rest.ends_with(&last.to_ascii_lowercase())
}

fn encoded(value: &[u8]) -> String {
    let mut text = String::with_capacity(value.len());
    for &octet in value {
        match octet {
            0 | b'(' | b')' | b'*' | b'\\' | 0x80.. => text.push_str(&format!("\\{octet:02x}")),
            _ => text.push(char::from(octet)),
        }
    }
    text
}

struct Reader<'a> {
    rest: &'a [u8],
    parts: usize,
}

impl Reader<'_> {
    fn take(&mut self, sign: u8) -> Result<(), Malformed> {
        self.rest = self.rest.strip_prefix(&[sign]).ok_or(Malformed::Parentheses)?;
        Ok(())
    }

    fn filter(&mut self, depth: usize) -> Result<Filter, Malformed> {
        self.parts += 1;
        if depth == DEPTH_MAX || self.parts > PARTS_MAX {
            return Err(Malformed::TooLarge);
        }
        self.take(b'(')?;
        let filter = match self.rest.split_first() {
            Some((b'&', rest)) => {
                self.rest = rest;
                Filter::And(self.list(depth)?)
            }
            Some((b'|', rest)) => {
                self.rest = rest;
                Filter::Or(self.list(depth)?)
            }
            Some((b'!', rest)) => {
                self.rest = rest;
                Filter::Not(Box::new(self.filter(depth + 1)?))
            }
            _ => self.item()?,
        };
        self.take(b')')?;
        Ok(filter)
    }

    /// One filter or more: the empty lists of RFC 4526 are an extension.
    fn list(&mut self, depth: usize) -> Result<Vec<Filter>, Malformed> {
        let mut all = vec![self.filter(depth + 1)?];
        while self.rest.first() == Some(&b'(') {
            all.push(self.filter(depth + 1)?);
        }
        Ok(all)
    }

    fn item(&mut self) -> Result<Filter, Malformed> {
        let is_end = |octet: &u8| matches!(octet, b'(' | b')');
        let end = self.rest.iter().position(is_end).ok_or(Malformed::Parentheses)?;
        let (item, rest) = self.rest.split_at(end);
        self.rest = rest;
        let at = item.iter().position(|octet| *octet == b'=').ok_or(Malformed::Comparison)?;
        let (left, value) = (&item[..at], &item[at + 1..]);
        let (name, sign) = match left.split_last() {
            Some((sign @ (b'>' | b'<' | b'~'), name)) => (attribute(name)?, *sign),
            Some((b':', _)) => return Err(Malformed::Comparison),
            _ => (attribute(left)?, b'='),
        };
        Ok(match sign {
            b'>' => Filter::AtLeast(name, decoded(value)?),
            b'<' => Filter::AtMost(name, decoded(value)?),
            b'~' => Filter::Equal(name, decoded(value)?),
            _ if value == b"*" => Filter::Present(name),
            _ => {
                let pieces = value.split(|octet| *octet == b'*').map(decoded);
                let mut pieces = pieces.collect::<Result<Vec<_>, _>>()?;
                match (pieces.len(), pieces.pop()) {
                    (1, Some(value)) => Filter::Equal(name, value),
                    (_, last) => {
                        pieces.extend(last);
                        Filter::Pieces(name, pieces)
                    }
                }
            }
        })
    }
}

/// The name of an attribute (RFC 4512 section 1.4): a descriptor or the digits of an object identifier.
fn attribute(name: &[u8]) -> Result<String, Malformed> {
    let is_descriptor = name.first().is_some_and(u8::is_ascii_alphabetic)
        && name.iter().all(|octet| octet.is_ascii_alphanumeric() || *octet == b'-');
    let is_oid = name.first().is_some_and(u8::is_ascii_digit)
        && name
            .split(|octet| *octet == b'.')
            .all(|arc| !arc.is_empty() && arc.iter().all(u8::is_ascii_digit));
    if !is_descriptor && !is_oid {
        return Err(Malformed::Attribute);
    }
    Ok(name.iter().map(|octet| char::from(*octet)).collect())
}

/// A value without its escapes: `\` and two hexadecimal digits for an octet.
fn decoded(mut text: &[u8]) -> Result<Vec<u8>, Malformed> {
    let digit = |octet: u8| char::from(octet).to_digit(16).and_then(|it| u8::try_from(it).ok());
    let mut value = Vec::with_capacity(text.len());
    while let Some((octet, rest)) = text.split_first() {
        text = rest;
        match octet {
            0 | b'*' => return Err(Malformed::Value),
            b'\\' => {
                let [high, low, rest @ ..] = text else { return Err(Malformed::Value) };
                let (Some(high), Some(low)) = (digit(*high), digit(*low)) else {
                    return Err(Malformed::Value);
                };
                value.push(high << 4 | low);
                text = rest;
            }
            other => value.push(*other),
        }
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_examples_of_rfc_4515_are_read() {
        let equal = |name: &str, value: &[u8]| Filter::Equal(name.to_owned(), value.to_vec());
        let read = |text| Filter::parse(text).unwrap();
        assert_eq!(read("(cn=Babs Jensen)"), equal("cn", b"Babs Jensen"));
        assert_eq!(read("(!(cn=Tim Howes))"), Filter::Not(Box::new(equal("cn", b"Tim Howes"))));
        let [univ, of, mich] = [b"univ".to_vec(), b"of".to_vec(), b"mich".to_vec()];
        let pieces = vec![univ, of, mich, Vec::new()];
        assert_eq!(read("(o=univ*of*mich*)"), Filter::Pieces("o".to_owned(), pieces));
        assert_eq!(read("(seeAlso=)"), equal("seeAlso", b""));
        let value = b"Parens R Us (for all your parenthetical needs)";
        let text = r"(o=Parens R Us \28for all your parenthetical needs\29)";
        assert_eq!(read(text), equal("o", value));
        assert_eq!(read(r"(bin=\00\00\00\04)"), equal("bin", &[0, 0, 0, 4]));
        assert_eq!(read(r"(sn=Lu\c4\8di\c4\87)"), equal("sn", "Lučić".as_bytes()));
        let (name, asterisk) = ("cn".to_owned(), vec![Vec::new(), b"*".to_vec(), Vec::new()]);
        assert_eq!(read(r"(cn=*\2A*)"), Filter::Pieces(name, asterisk));
    }

    #[test]
    fn what_is_no_filter_is_refused_by_name() {
        for (text, why) in [
            ("", Malformed::Parentheses),
            ("(cn=a", Malformed::Parentheses),
            ("(&)", Malformed::Parentheses),
            ("(cn=a)(cn=b)", Malformed::Trailing),
            ("(cn=a)\0", Malformed::Trailing),
            ("(=a)", Malformed::Attribute),
            ("(c n=a)", Malformed::Attribute),
            ("(1..2=a)", Malformed::Attribute),
            ("(cn)", Malformed::Comparison),
            ("(cn:dn:2.4.6:=a)", Malformed::Comparison),
            (r"(cn=\zz)", Malformed::Value),
            (r"(cn=\2)", Malformed::Value),
            ("(cn>=a*)", Malformed::Value),
            ("(cn=a\0)", Malformed::Value),
        ] {
            assert_eq!(Filter::parse(text), Err(why), "{text}");
        }
        let deep = format!("{}(cn=a){}", "(!".repeat(DEPTH_MAX), ")".repeat(DEPTH_MAX));
        assert_eq!(Filter::parse(&deep), Err(Malformed::TooLarge));
        let wide = format!("(|{})", "(cn=a)".repeat(PARTS_MAX));
        assert_eq!(Filter::parse(&wide), Err(Malformed::TooLarge));
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(value in prop::collection::vec(any::<u8>(), 0..40)) {
            let filter = Filter::Or(vec![
                Filter::Equal("cn".to_owned(), value.clone()),
                Filter::Not(Box::new(Filter::AtLeast("sn".to_owned(), value))),
            ]);
            prop_assert_eq!(Filter::parse(&filter.text()), Ok(filter));
        }

        #[test]
        fn any_text_is_read_or_refused(text in r"([()&|!=*\\<>~:a-z0-9]|.){0,60}") {
            if let Ok(filter) = Filter::parse(&text) {
                prop_assert_eq!(Filter::parse(&filter.text()), Ok(filter));
            }
        }
    }
}
