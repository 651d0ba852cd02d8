//! What travels between a terminal and a console: CoAP requests below `/console`, and their answers.
//!
//! | path | brings | yields |
//! |---|---|---|
//! | `visit` | nothing | the token of a session in which nobody is logged in |
//! | `login` | account and password in JSON | the token of a session |
//! | `logout` | a token | nothing |
//! | `request` | a token, a oneM2M request in JSON | the response status |
//! | `log` | a token | the latest addresses that were asked for |
//!
//! A token stands in an option of its own, or in the address as `?session=TOKEN`.

use serde::{Deserialize, Serialize};

use crate::wire::coap::{Code, Kind, Message, Token, Writer, option};
use crate::wire::primitive::{
    Profile, Request, Rsc, Serialisation, Unwritable, read_request, write_request,
};

/// The first segment of the path.
pub const PATH: &str = "console";
/// The longest account, password or token that is read, in bytes.
pub const TEXT_MAX: usize = 128;
/// The option that carries a token: critical, of the range for experiments (RFC 7252 section 12.2).
const SESSION: u16 = 65_001;
/// The argument that carries it in an address.
const ARGUMENT: &str = "session=";

/// Where tokens stand in a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Carriage {
    /// In an option of their own.
    #[default]
    Header,
    /// In the address.
    Address,
}

/// What is asked of a console.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// The token of a first visit.
    Visit,
    /// To be let in.
    Login {
        /// Who.
        account: String,
        /// The password.
        password: String,
    },
    /// To be let out.
    Logout,
    /// To carry out a request in the name of the account.
    Request(Box<Request>),
    /// To see what was asked for lately.
    Log,
}

/// A request to a console.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The token that came with it.
    pub token: Option<String>,
    /// What.
    pub ask: Ask,
}

/// What a console answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// A token.
    Token(String),
    /// It was done.
    Done,
    /// The CSE answered the request with this status.
    Status(Rsc),
    /// What was asked for lately, a line each.
    Log(String),
    /// Refused, by the name of the reason.
    Refused(String),
}

/// Why a message to a console cannot be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// No CoAP message that is a confirmable POST.
    #[error("not a confirmable POST")]
    Message,
    /// A path that there is not.
    #[error("there is no such page")]
    Page,
    /// A critical option that is not known.
    #[error("a critical option that is not known")]
    Option,
    /// A token that is no text, too long or given twice.
    #[error("the token is no text, too long or given twice")]
    Token,
    /// A content that is not what the page takes.
    #[error("the content is not what the page takes")]
    Content,
}

impl Malformed {
    /// Its name in metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Message => "console_message",
            Self::Page => "console_page",
            Self::Option => "console_option",
            Self::Token => "console_token",
            Self::Content => "console_content",
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Login {
    account: String,
    password: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
enum Said {
    Token(String),
    Status(u16),
    Log(String),
    Refused(String),
}

/// Whether a message is for the console rather than the CSE.
#[must_use]
pub fn is_for_console(bytes: &[u8]) -> bool {
    let message = Message::parse(bytes).ok().filter(|message| message.code.is_request());
    message.is_some_and(|message| message.option(option::URI_PATH) == Some(PATH.as_bytes()))
}

/// A call in a confirmable message, with its message ID as token.
///
/// # Errors
/// Names the member of a request that JSON cannot carry.
pub fn write(call: &Call, carriage: Carriage, mid: u16) -> Result<Vec<u8>, Unwritable> {
    let (page, payload) = match &call.ask {
        Ask::Visit => ("visit", Vec::new()),
        Ask::Login { account, password } => {
            let login = Login { account: account.clone(), password: password.clone() };
            ("login", serde_json::to_vec(&login).unwrap_or_default())
        }
        Ask::Logout => ("logout", Vec::new()),
        Ask::Request(request) => {
            ("request", write_request(request, Serialisation::Json, &Profile::STRICT)?)
        }
        Ask::Log => ("log", Vec::new()),
    };
    let token = Token::new(&mid.to_be_bytes()).unwrap_or_default();
    let mut writer = Writer::new(Kind::Confirmable, Code::POST, mid, token);
    writer.option(option::URI_PATH, PATH.as_bytes()).option(option::URI_PATH, page.as_bytes());
    match (&call.token, carriage) {
        (Some(token), Carriage::Address) => {
            writer.option(option::URI_QUERY, format!("{ARGUMENT}{token}").as_bytes());
        }
        (Some(token), Carriage::Header) => {
            writer.option(SESSION, token.as_bytes());
        }
        (None, _) => {}
    }
    Ok(writer.finish(&payload))
}

/// Reads a call, with its token where this console looks for it.
///
/// # Errors
/// Why it is none.
pub fn read(message: &Message<'_>, carriage: Carriage) -> Result<Call, Malformed> {
    if message.kind != Kind::Confirmable || message.code != Code::POST {
        return Err(Malformed::Message);
    }
    let mut path = Vec::new();
    let (mut token, mut tokens) = (None, 0);
    for (number, value) in message.options() {
        let found = match number {
            option::URI_PATH => {
                path.push(value);
                continue;
            }
            SESSION if carriage == Carriage::Header => value,
            option::URI_QUERY if carriage == Carriage::Address => {
                value.strip_prefix(ARGUMENT.as_bytes()).ok_or(Malformed::Option)?
            }
            option::URI_HOST | option::URI_PORT => continue,
            number if option::is_critical(number) => return Err(Malformed::Option),
            _ => continue,
        };
        tokens += 1;
        token = Some(text(found)?);
    }
    if tokens > 1 {
        return Err(Malformed::Token);
    }
    let [first, page] = path[..] else { return Err(Malformed::Page) };
    if first != PATH.as_bytes() {
        return Err(Malformed::Page);
    }
    Ok(Call { token, ask: ask(page, message.payload)? })
}

fn ask(page: &[u8], payload: &[u8]) -> Result<Ask, Malformed> {
    let bare = |ask| if payload.is_empty() { Ok(ask) } else { Err(Malformed::Content) };
    match page {
        b"visit" => bare(Ask::Visit),
        b"logout" => bare(Ask::Logout),
        b"log" => bare(Ask::Log),
        b"login" => {
            let Login { account, password } =
                serde_json::from_slice(payload).map_err(|_| Malformed::Content)?;
            if account.len().max(password.len()) > TEXT_MAX {
                return Err(Malformed::Content);
            }
            Ok(Ask::Login { account, password })
        }
        b"request" => {
            let request = read_request(payload, Serialisation::Json, &Profile::STRICT);
            request.map(Box::new).map(Ask::Request).map_err(|_| Malformed::Content)
        }
        _ => Err(Malformed::Page),
    }
}

fn text(bytes: &[u8]) -> Result<String, Malformed> {
    let text = str::from_utf8(bytes).ok().filter(|text| (1..=TEXT_MAX).contains(&text.len()));
    text.map(str::to_owned).ok_or(Malformed::Token)
}

/// The address that a message asks for, as a log has it.
#[must_use]
pub fn address(message: &Message<'_>) -> String {
    let mut address = String::new();
    let mut joint = '?';
    for (number, value) in message.options() {
        let value = String::from_utf8_lossy(value);
        match number {
            option::URI_PATH => {
                address.push('/');
                address.push_str(&value);
            }
            option::URI_QUERY => {
                address.push(joint);
                address.push_str(&value);
                joint = '&';
            }
            _ => {}
        }
    }
    address
}

/// The tokens in a log of addresses, in order: what anybody reads who gets to see it.
pub fn tokens_in(log: &str) -> impl Iterator<Item = &str> {
    let ends = |c: char| !c.is_ascii_alphanumeric();
    log.split(ARGUMENT).skip(1).map(move |rest| rest.split(ends).next().unwrap_or_default())
}

/// The answer to a message, piggybacked on its acknowledgement.
#[must_use]
pub fn write_reply(reply: &Reply, to: &Message<'_>) -> Vec<u8> {
    let (code, said) = match reply {
        Reply::Done => (Code::CHANGED, None),
        Reply::Token(token) => (Code::CHANGED, Some(Said::Token(token.clone()))),
        Reply::Status(status) => (Code::CHANGED, Some(Said::Status(status.0))),
        Reply::Log(log) => (Code::CONTENT, Some(Said::Log(log.clone()))),
        Reply::Refused(why) => (Code::new(4, 1), Some(Said::Refused(why.clone()))),
    };
    let payload = said.and_then(|said| serde_json::to_vec(&said).ok()).unwrap_or_default();
    Writer::new(Kind::Acknowledgement, code, to.mid, to.token).finish(&payload)
}

/// Reads an answer: the message ID of the call, and what it says. `None` if it is none of a console.
#[must_use]
pub fn read_reply(bytes: &[u8]) -> Option<(u16, Reply)> {
    let message = Message::parse(bytes).ok()?;
    if message.kind != Kind::Acknowledgement || !message.code.is_response() {
        return None;
    }
    if message.payload.is_empty() {
        return (message.code == Code::CHANGED).then_some((message.mid, Reply::Done));
    }
    let reply = match serde_json::from_slice(message.payload).ok()? {
        Said::Token(token) => Reply::Token(token),
        Said::Status(status) => Reply::Status(Rsc(status)),
        Said::Log(log) => Reply::Log(log),
        Said::Refused(why) => Reply::Refused(why),
    };
    Some((message.mid, reply))
}
