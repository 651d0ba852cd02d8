//! Management commands and their answers as bytes: what travels between an administrator and the place of
//! the keys.

use zeroize::Zeroizing;

use super::{
    Action, Approval, Done, NamedCommand, Nonce, Refusal, Role, SignedCommand, TARGETS_MAX, Verb,
    WHO_MAX, put_text,
};
use crate::credential::KeyBytes;
use crate::credential::Level;
use crate::credential::lifetime::Validity;
use crate::credential::store::{Entry, KeyName, Reader, StoreError};

/// The longest message, in bytes.
pub const MESSAGE_MAX: usize = 1 << 20;
/// Approvals that one message may carry.
const APPROVALS_MAX: usize = 16;

/// What goes to the place of the keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A nonce is wanted, for a command to be signed.
    Nonce,
    /// A command with a name on it.
    Named(NamedCommand),
    /// A command that proves itself.
    Signed(SignedCommand),
}

/// What comes back. Why a command was refused is not told to strangers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A nonce, good for one command.
    Nonce(Nonce),
    /// What was done.
    Done(Done),
    /// Nothing was done.
    Refused,
}

impl Message {
    /// The message as bytes.
    #[must_use]
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::new());
        match self {
            Self::Nonce => bytes.push(b'?'),
            Self::Named(NamedCommand { originator, action }) => {
                bytes.push(b'n');
                put_text(originator, &mut bytes);
                bytes.extend(action.canonical().iter());
            }
            Self::Signed(command) => {
                bytes.push(b's');
                put_text(&command.administrator, &mut bytes);
                bytes.push(command.role as u8);
                bytes.extend(command.nonce);
                bytes.extend(command.action.canonical().iter());
                bytes.extend(command.signature);
                bytes.push(u8::try_from(command.approvals.len()).unwrap_or(u8::MAX));
                for Approval { administrator, signature } in &command.approvals {
                    put_text(administrator, &mut bytes);
                    bytes.extend(signature);
                }
            }
        }
        bytes
    }

    /// Reads a message.
    ///
    /// # Errors
    /// [`Refusal::Malformed`] for bytes that are none.
    pub fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
        if bytes.len() > MESSAGE_MAX {
            return Err(Refusal::Malformed);
        }
        let mut reader = Reader::new(bytes);
        let message = read_message(&mut reader).map_err(|_| Refusal::Malformed)?;
        if reader.is_empty() { Ok(message) } else { Err(Refusal::Malformed) }
    }
}

fn read_message(reader: &mut Reader<'_>) -> Result<Message, StoreError> {
    match reader.byte()? {
        b'?' => Ok(Message::Nonce),
        b'n' => {
            let (originator, action) = (text(reader, WHO_MAX)?, action(reader)?);
            Ok(Message::Named(NamedCommand { originator, action }))
        }
        b's' => {
            let administrator = text(reader, WHO_MAX)?;
            let role = match reader.byte()? {
                0 => Role::Auditor,
                1 => Role::Operator,
                2 => Role::Custodian,
                _ => return Err(StoreError::Image),
            };
            let (nonce, action) = (reader.array()?, action(reader)?);
            let (signature, approvals) = (reader.array()?, approvals(reader)?);
            let command =
                SignedCommand { administrator, role, nonce, action, signature, approvals };
            Ok(Message::Signed(command))
        }
        _ => Err(StoreError::Image),
    }
}

fn approvals(reader: &mut Reader<'_>) -> Result<Vec<Approval>, StoreError> {
    let count = usize::from(reader.byte()?);
    if count > APPROVALS_MAX {
        return Err(StoreError::Image);
    }
    let mut approval =
        || Ok(Approval { administrator: text(reader, WHO_MAX)?, signature: reader.array()? });
    (0..count).map(|_| approval()).collect()
}

fn text(reader: &mut Reader<'_>, max: usize) -> Result<String, StoreError> {
    let len = usize::try_from(reader.u32()?).map_err(|_| StoreError::Image)?;
    if len > max {
        return Err(StoreError::Image);
    }
    let text = str::from_utf8(reader.take(len)?).map_err(|_| StoreError::Image)?;
    Ok(text.to_owned())
}

/// The inverse of [`Action::canonical`].
fn action(reader: &mut Reader<'_>) -> Result<Action, StoreError> {
    let verb = match reader.byte()? {
        0 => Verb::Read,
        1 => Verb::Replace,
        2 => Verb::Delete,
        _ => return Err(StoreError::Image),
    };
    let count = usize::try_from(reader.u32()?).map_err(|_| StoreError::Image)?;
    if count > TARGETS_MAX || (verb != Verb::Delete && count != 1) {
        return Err(StoreError::Image);
    }
    let name =
        |reader: &mut Reader<'_>| KeyName::new(&text(reader, crate::credential::store::NAME_MAX)?);
    match verb {
        Verb::Read => Ok(Action::Read(name(reader)?)),
        Verb::Delete => {
            let names = (0..count).map(|_| name(reader)).collect::<Result<_, _>>()?;
            Ok(Action::Delete(names))
        }
        Verb::Replace => {
            let name = name(reader)?;
            let level = Level::from_code(reader.byte()?).ok_or(StoreError::Image)?;
            let validity = Validity { not_before: reader.time()?, not_after: reader.time()? };
            let key = KeyBytes::new(reader.array()?);
            Ok(Action::Replace { entry: Entry { name, level, validity }, key })
        }
    }
}

impl Answer {
    /// The answer as bytes: of a key that was read, these are the key.
    #[must_use]
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::new());
        match self {
            Self::Nonce(nonce) => {
                bytes.push(b'!');
                bytes.extend(nonce);
            }
            Self::Done(Done::Read(key)) => {
                bytes.push(b'k');
                bytes.extend(key.expose());
            }
            Self::Done(Done::Replaced) => bytes.push(b'r'),
            Self::Done(Done::Deleted(count)) => {
                bytes.push(b'd');
                bytes.extend(u32::try_from(*count).unwrap_or(u32::MAX).to_be_bytes());
            }
            Self::Refused => bytes.push(b'-'),
        }
        bytes
    }

    /// Reads an answer.
    ///
    /// # Errors
    /// [`Refusal::Malformed`] for bytes that are none.
    pub fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
        let mut reader = Reader::new(bytes);
        let mut read = || {
            Ok(match reader.byte()? {
                b'!' => Self::Nonce(reader.array()?),
                b'k' => Self::Done(Done::Read(KeyBytes::new(reader.array()?))),
                b'r' => Self::Done(Done::Replaced),
                b'd' => Self::Done(Done::Deleted(reader.u32()? as usize)),
                b'-' => Self::Refused,
                _ => return Err(StoreError::Image),
            })
        };
        let answer = read().map_err(|_| Refusal::Malformed)?;
        if reader.is_empty() { Ok(answer) } else { Err(Refusal::Malformed) }
    }
}
