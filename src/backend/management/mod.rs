//! The management port of a CSE: HTTP requests of its operator in, responses out (TR-0008 T19 and CM25).
//!
//! It has what such ports have: a console with accounts, a page for debugging, files to fetch, and an interface that
//! reads the readings of old devices with a parser in native code. Nothing here decides whether an attack succeeds.
//! What a part can open is given by the handles that it holds ([`component`]), and what is on by the configuration that
//! the linter has read ([`linter`]).

pub mod component;
mod files;
pub mod linter;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

pub use component::{Architecture, Inside, Part};
pub use files::Version;
pub use linter::{DEFAULT_ACCOUNTS, Finding, Linter, Surroundings, lint};

use super::native::{Called, Check, Parser};
use super::{Canary, Fault, Refusal};
use crate::wire::binding::http;

/// Header fields of a request.
const FIELDS_MAX: usize = 16;
/// Bytes that the log keeps; what comes later is left out.
const LOG_BYTES_MAX: usize = 16 * 1024;
/// The refusal of whatever the linter has closed.
const LINTER: &str = "start_linter";
/// The refusal of a part that holds no handle.
const CAPABILITY: &str = "capability";

/// The configuration of a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The account that the product was shipped with is there.
    pub has_default_account: bool,
    /// The page for debugging is there.
    pub has_debug_page: bool,
    /// Folders show what is in them.
    pub lists_folders: bool,
    /// Which software it is.
    pub version: Version,
    /// How the CSE is put together.
    pub architecture: Architecture,
    /// Who reads all this at the start.
    pub linter: Linter,
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            has_default_account: false,
            has_debug_page: false,
            lists_folders: false,
            version: Version::New,
            architecture: Architecture::Components,
            linter: Linter::Refuse,
        }
    }
}

/// What came of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Served {
    /// The response; nothing if nobody listens.
    pub bytes: Vec<u8>,
    /// The parts whose files were opened for it.
    pub opened: Vec<Part>,
    /// What was refused, and by what.
    pub refusals: Vec<Refusal>,
}

/// A port that was started.
#[derive(Debug)]
pub struct Port {
    setting: Setting,
    findings: Vec<Finding>,
    parser: Parser,
    /// Code of somebody else runs in the interface.
    is_breached: bool,
    readings: Vec<u8>,
    log: Vec<u8>,
}

/// A request, as far as the port reads it.
struct Call<'a> {
    method: &'a str,
    target: &'a str,
    account: Option<(String, String)>,
    body: &'a [u8],
}

impl Port {
    /// Starts the port after the linter has looked; `key` is what the memory of the parser holds.
    ///
    /// # Errors
    /// The parser cannot be set up: a defect of this program.
    pub fn start(
        setting: Setting,
        around: &Surroundings,
        accounts: &crate::credential::at_rest::PasswordTable,
        key: Canary,
    ) -> Result<Self, Fault> {
        let findings = match setting.linter {
            Linter::None => Vec::new(),
            Linter::Close | Linter::Refuse => {
                lint(&setting, around, &|user, password| accounts.verify(user, password))
            }
        };
        let check = if setting.version == Version::New { Check::Validating } else { Check::None };
        let parser = Parser::new(check, key)?;
        let mut log = Vec::new();
        for finding in &findings {
            log.extend_from_slice(format!("linter: {}\n", finding.name()).as_bytes());
        }
        Ok(Self { setting, findings, parser, is_breached: false, readings: Vec::new(), log })
    }

    /// What the linter found.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Serves the bytes of one request, whatever they are.
    pub fn serve(&mut self, request: &[u8], inside: &Inside<'_>) -> Served {
        let mut served = Served::default();
        if let Some(finding) = self.keeps_closed() {
            served.refuse(LINTER, finding.name());
            return served;
        }
        let (status, body) = match read(request) {
            Some(call) => self.answer(&call, inside, &mut served),
            None => (400, Vec::new()),
        };
        served.bytes = response(status, &body);
        served
    }

    /// The finding for which nothing was started.
    fn keeps_closed(&self) -> Option<Finding> {
        let is_final =
            |finding: &&Finding| self.setting.linter == Linter::Refuse || !finding.can_close();
        self.findings.iter().find(is_final).copied()
    }

    /// The linter has closed this.
    fn is_closed(&self, finding: Finding, served: &mut Served) -> bool {
        let is_found = self.findings.contains(&finding);
        if is_found {
            served.refuse(LINTER, finding.name());
        }
        is_found
    }

    fn answer(&mut self, call: &Call<'_>, inside: &Inside<'_>, served: &mut Served) -> Answer {
        self.note(call);
        if let Some(path) = call.target.strip_prefix("/files/") {
            return self.file(path, inside, served);
        }
        if let Some(path) = call.target.strip_prefix("/service/") {
            return self.service(path, inside, served);
        }
        match (call.method, call.target) {
            ("GET", "/") => (200, files::INDEX.as_bytes().to_vec()),
            ("GET", "/debug") => self.debug(inside, served),
            ("POST", "/readings") => self.reading(call.body, served),
            ("GET", target) => match target.strip_prefix("/console/") {
                Some(folder) => self.console(call.account.as_ref(), folder, inside, served),
                None => (404, Vec::new()),
            },
            _ => (405, Vec::new()),
        }
    }

    /// Everything that the console can open, for whoever hunts a fault.
    fn debug(&self, inside: &Inside<'_>, served: &mut Served) -> Answer {
        if self.is_closed(Finding::DebugPage, served) || !self.setting.has_debug_page {
            return (404, Vec::new());
        }
        let mut dump = Vec::new();
        for part in self.setting.architecture.handles(Part::Console) {
            dump.extend(self.open(Part::Console, *part, inside, served).unwrap_or_default());
        }
        (200, dump)
    }

    /// A page of the console on a part, for users who have an account.
    fn console(
        &self,
        account: Option<&(String, String)>,
        folder: &str,
        inside: &Inside<'_>,
        served: &mut Served,
    ) -> Answer {
        let Some((user, password)) = account else { return (401, Vec::new()) };
        let is_default = DEFAULT_ACCOUNTS.contains(&(user, password));
        if is_default && self.is_closed(Finding::DefaultAccount, served) {
            return (401, Vec::new());
        }
        if !inside.accounts.verify(user, password) {
            served.refuse("password_check", "wrong_password");
            return (401, Vec::new());
        }
        let Some(part) = Part::of_folder(folder) else { return (404, Vec::new()) };
        self.page(Part::Console, part, inside, served)
    }

    /// A file for everybody, from below the console's public folder.
    fn file(&self, path: &str, inside: &Inside<'_>, served: &mut Served) -> Answer {
        if self.is_closed(Finding::KnownFlaw, served) {
            return (404, Vec::new());
        }
        let place = match self.setting.version.resolve(path) {
            Ok(place) => place,
            Err(refusal) => {
                served.refusals.push(refusal);
                return (400, Vec::new());
            }
        };
        let names: Vec<&str> = place.iter().map(String::as_str).collect();
        match names.as_slice() {
            ["console", "public"] => self.list("index.html\n", served),
            ["console", "public", "index.html"] => (200, files::INDEX.as_bytes().to_vec()),
            [] => {
                let handles = self.setting.architecture.handles(Part::Console).iter();
                let names: String = handles.map(|part| format!("{}/\n", part.folder())).collect();
                self.list(&names, served)
            }
            [folder, file] => match Part::of_folder(folder).filter(|part| part.file() == *file) {
                Some(part) => self.page(Part::Console, part, inside, served),
                None => (404, Vec::new()),
            },
            _ => (404, Vec::new()),
        }
    }

    fn list(&self, names: &str, served: &mut Served) -> Answer {
        let is_closed = self.is_closed(Finding::DirectoryListing, served);
        if is_closed || !self.setting.lists_folders {
            return (403, Vec::new());
        }
        (200, names.as_bytes().to_vec())
    }

    /// A reading of an old device, for the parser in native code.
    fn reading(&mut self, body: &[u8], served: &mut Served) -> Answer {
        if self.is_closed(Finding::KnownFlaw, served) {
            return (503, Vec::new());
        }
        let Ok(handled) = self.parser.handle(body) else { return (500, Vec::new()) };
        if let Some(refusal) = handled.refusal {
            served.refusals.push(refusal);
            return (400, Vec::new());
        }
        // The message chose which function runs: from now on the interface does what its sender says.
        self.is_breached |= handled.called.contains(&Called::Unlock);
        self.readings = body.to_vec();
        (200, handled.answer)
    }

    /// Code in the interface opens a file for its sender.
    fn service(&self, path: &str, inside: &Inside<'_>, served: &mut Served) -> Answer {
        let part = path
            .split_once('/')
            .and_then(|(folder, file)| Part::of_folder(folder).filter(|part| part.file() == file));
        match part.filter(|_| self.is_breached) {
            Some(part) => self.page(Part::Interface, part, inside, served),
            None => (404, Vec::new()),
        }
    }

    fn page(&self, by: Part, of: Part, inside: &Inside<'_>, served: &mut Served) -> Answer {
        match self.open(by, of, inside, served) {
            Some(bytes) => (200, bytes),
            None => (403, Vec::new()),
        }
    }

    /// The part `by` opens the file of the part `of`, if it holds a handle on its folder.
    fn open(
        &self,
        by: Part,
        of: Part,
        inside: &Inside<'_>,
        served: &mut Served,
    ) -> Option<Vec<u8>> {
        if !self.setting.architecture.handles(by).contains(&of) {
            served.refuse(CAPABILITY, of.folder());
            return None;
        }
        served.opened.push(of);
        Some(match of {
            Part::Interface => self.readings.clone(),
            Part::Access => inside.policy.to_vec(),
            Part::Keys => inside.keys.to_vec(),
            Part::Accounts => inside.accounts.storage_image(),
            Part::Tree => inside.tree.to_vec(),
            Part::Log => self.log.clone(),
            Part::Console => format!("{:?}\n", self.setting).into_bytes(),
        })
    }

    /// What is asked for is written down, as long as there is room.
    fn note(&mut self, call: &Call<'_>) {
        let line = format!("{} {}\n", call.method, call.target);
        if self.log.len() + line.len() <= LOG_BYTES_MAX {
            self.log.extend_from_slice(line.as_bytes());
        }
    }
}

/// A status and a body.
type Answer = (u16, Vec<u8>);

impl Served {
    fn refuse(&mut self, mechanism: &'static str, reason: &'static str) {
        self.refusals.push(Refusal { mechanism, reason });
    }
}

/// Reads one whole request; `None` if it is none.
fn read(bytes: &[u8]) -> Option<Call<'_>> {
    // The binding's reader knows where a message ends, and its limits hold here, too.
    if http::length(bytes).ok()?? != bytes.len() {
        return None;
    }
    let mut fields = [httparse::EMPTY_HEADER; FIELDS_MAX];
    let mut request = httparse::Request::new(&mut fields);
    let httparse::Status::Complete(head) = request.parse(bytes).ok()? else { return None };
    let named = |field: &&httparse::Header<'_>| field.name.eq_ignore_ascii_case("authorization");
    let account = request.headers.iter().find(named).and_then(|field| basic(field.value));
    Some(Call { method: request.method?, target: request.path?, account, body: bytes.get(head..)? })
}

/// User and password of the scheme Basic (RFC 7617).
fn basic(value: &[u8]) -> Option<(String, String)> {
    let coded = str::from_utf8(value).ok()?.strip_prefix("Basic ")?;
    let text = String::from_utf8(STANDARD.decode(coded).ok()?).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

fn response(status: u16, body: &[u8]) -> Vec<u8> {
    let mut bytes =
        format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes();
    bytes.extend_from_slice(body);
    bytes
}
