//! The stock of values, names, paths and bodies that hostile requests are made of.

use crate::wire::value::Value;

/// Names of members that no type has.
pub(super) const NAMES: [&str; 8] =
    ["zzz", "__proto__", "$where", "", "m2m:cnt", "a.b", "'\"", "__class__"];

/// Numbers beyond or at the border of their types.
pub(super) const NUMBERS: [Value; 8] = [
    Value::Integer(-1),
    Value::Integer(i64::MIN),
    Value::Integer(i64::MAX),
    Value::Unsigned(u64::MAX),
    Value::Integer(2_147_483_648),
    Value::Float(1e308),
    Value::Float(-0.5),
    Value::Integer(0),
];

/// Names of resources with separators, with a meaning of their own, too long, or not text for people.
pub(super) const IDENTIFIERS: [&str; 14] = [
    "",
    ".",
    "..",
    "../../etc",
    "a/b",
    "/a",
    "~",
    "_",
    "la",
    "ol",
    "fopt",
    "a b",
    "a?b#c%00",
    "\u{202e}cba\u{0}",
];

/// Texts that other interpreters give a meaning to, or that are of no form that an attribute has.
pub(super) const TEXTS: [&str; 16] = [
    "",
    " ",
    "' OR '1'='1",
    "\"; DROP TABLE x; --",
    "{{7*7}}${7*7}",
    "%s%n%x",
    "$(id)`id`;id",
    "<script>alert(1)</script>",
    "../../../etc/passwd",
    "99999999T999999",
    "20260230T250000",
    "* * * * *",
    "300.1.2.3/99",
    "\u{feff}\u{200b}\u{0}x",
    "\u{1f600}\u{0301}\u{202e}",
    "(a+)+$",
];

/// Parameters and values that they should not have.
pub(super) const PARAMETERS: [(&str, &str); 32] = [
    ("fr", ""),
    ("fr", "Cnobody"),
    ("fr", "/"),
    ("fr", "//sp/x/y/z"),
    ("fr", "C*"),
    ("rqi", ""),
    ("rqi", "a b\tc"),
    ("rqi", "\u{1f600}"),
    ("rvi", "0"),
    ("rvi", "99"),
    ("rvi", "4x"),
    ("rcn", "99"),
    ("rcn", "-1"),
    ("rcn", "x"),
    ("rcn", "7"),
    ("rt", "9"),
    ("rt", "1"),
    ("rt", "5"),
    ("rp", "x"),
    ("ec", "70000"),
    ("drt", "3"),
    ("ot", "yesterday"),
    ("rqet", "20000101T000000"),
    ("rqet", "-1"),
    ("rset", "x"),
    ("oet", "99999999999999999999"),
    ("gid", "x"),
    ("sqi", "maybe"),
    ("tkns", "x"),
    ("da", "2"),
    ("vsi", "\\"),
    ("zzz", "1"),
];

/// Filter criteria without sense, or that cost much.
pub(super) const FILTERS: [(&str, &str); 26] = [
    ("lim", "-1"),
    ("lim", "99999999999999999999"),
    ("lim", "x"),
    ("lvl", "-1"),
    ("lvl", "4294967296"),
    ("ofst", "-5"),
    ("ofst", "18446744073709551615"),
    ("ty", "99999"),
    ("ty", "x"),
    ("ty", ""),
    ("fo", "9"),
    ("fo", "x"),
    ("fu", "0"),
    ("fu", "99"),
    ("crb", "x"),
    ("cra", "99999999T999999"),
    ("sza", "-1"),
    ("szb", "x"),
    ("lbl", "*"),
    ("lbl", "' OR 1=1 --"),
    ("rn", "*****************************x"),
    ("lbq", "((((((((((((((((a=b"),
    ("cty", "(a+)+$"),
    ("smf", "SELECT * WHERE {"),
    ("arp", "../../.."),
    ("ops", "999"),
];

/// Paths, percent-encoded.
pub(super) const PATHS: [&str; 16] = [
    "..",
    "../..",
    "%2e%2e/%2e%2e/etc/passwd",
    "..%2f..%2fetc",
    "%00",
    "%ff%fe",
    "~",
    "~/x/y",
    "_/x/y/z",
    "//",
    "la",
    "ol",
    "fopt",
    "fopt/fopt/fopt",
    "%",
    "%7Bx%7D",
];

/// Media types that a JSON body is not of, and their Content-Formats.
pub(super) const MEDIA: [(&str, u32); 6] = [
    ("application/cbor", 60),
    ("application/xml", 41),
    ("text/html", 65_000),
    ("application/vnd.onem2m-preq+json", 10_007),
    ("application/vnd.onem2m-ntfy+json", 10_003),
    ("", 0),
];

/// Pieces of text that are no Unicode, or no text.
pub(super) const BAD_UNICODE: [&[u8]; 5] =
    [b"\xff\xfe", b"\xc0\x80", b"\\ud800", b"\x00", b"\xf4\x90\x80\x80"];

/// Bodies that hold no object.
pub(super) const NO_OBJECTS: [&[u8]; 12] = [
    b"",
    b"[]",
    b"null",
    b"7",
    b"\"x\"",
    b"{}",
    b"{\"a\":1,\"b\":2}",
    b"\xef\xbb\xbf{}",
    b"{\"m2m:cnt\":NaN}",
    b"{\"m2m:cnt\":null}",
    b"{\"m2m:cnt\":[]}",
    b"{\"m2m:cnt\":{\"mni\":1e999}}",
];

/// `{"root":{"lbl":[[[..]]]}}`
pub(super) fn nested(root: &str, depth: usize, open: u8, close: u8) -> Vec<u8> {
    let mut body = format!("{{\"{root}\":{{\"lbl\":").into_bytes();
    body.extend(std::iter::repeat_n(open, depth));
    body.extend(std::iter::repeat_n(close, depth));
    body.extend_from_slice(b"}}");
    body
}

/// `{"root":{"a":{"a":..}}}`
pub(super) fn nested_objects(root: &str, depth: usize) -> Vec<u8> {
    let open = "{\"a\":".repeat(depth);
    format!("{{\"{root}\":{open}1{}}}", "}".repeat(depth)).into_bytes()
}

/// A body whose first member stands there twice; `None` if it has none.
pub(super) fn doubled(body: &[u8]) -> Option<Vec<u8>> {
    let text = str::from_utf8(body).ok()?;
    let at = text.find(":{")? + 2;
    let inside = text.get(at..)?;
    let (head, tail) = (text.get(..at)?, inside);
    Some(format!("{head}\"rn\":\"y\",\"lbl\":[\"a\"],\"lbl\":[\"b\"],{tail}").into_bytes())
}

/// A label with these bytes in it.
pub(super) fn around(root: &str, bytes: &[u8]) -> Vec<u8> {
    let head = format!("{{\"{root}\":{{\"lbl\":[\"a");
    [head.as_bytes(), bytes, b"\"]}}"].concat()
}
