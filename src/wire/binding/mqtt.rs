//! The MQTT binding (TS-0010): topics, and what may stand in their payloads.

use super::Refusal;
use crate::planted::{self, Defect};
use crate::wire::limits::{MAX_IDENTIFIER, MAX_TOPIC};
use crate::wire::primitive::{
    self, Profile, Request, Response, Serialisation, Unwritable, read_request as read_bare,
};

/// What a topic is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// `req`
    Request,
    /// `resp`
    Response,
    /// `reg_req`: a request of one who has no identifier yet; a credential-ID stands in its place.
    Registration,
    /// `reg_resp`
    RegistrationResponse,
}

impl Purpose {
    const ALL: [Self; 4] =
        [Self::Request, Self::Response, Self::Registration, Self::RegistrationResponse];

    const fn word(self) -> &'static str {
        match self {
            Self::Request => "req",
            Self::Response => "resp",
            Self::Registration => "reg_req",
            Self::RegistrationResponse => "reg_resp",
        }
    }
}

/// A topic of oneM2M, `PREFIX/oneM2M/req/ORIGINATOR/RECEIVER/json`. In an answer the originator is still
/// that of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// What stands before `/oneM2M`; usually nothing.
    pub prefix: String,
    /// What it is for.
    pub purpose: Purpose,
    /// The originator of the request, as [`level`] writes it.
    pub originator: String,
    /// The receiver of the request, as [`level`] writes it.
    pub receiver: String,
    /// How payloads are serialised.
    pub serialisation: Serialisation,
}

/// An identifier as a level of a topic: without its leading `/`, every other `/` as `:`. `None` if it is
/// empty, too long, or has what a topic cannot: wildcards, control characters.
#[must_use]
pub fn level(identifier: &str) -> Option<String> {
    let level = identifier.strip_prefix('/').unwrap_or(identifier).replace('/', ":");
    is_level(&level).then_some(level)
}

fn is_level(text: &str) -> bool {
    let forbidden = |letter: char| matches!(letter, '+' | '#' | '/') || letter.is_control();
    let is_free = !text.contains(forbidden) || planted::is(Defect::MqttWildcard);
    (1..=MAX_IDENTIFIER).contains(&text.len()) && is_free
}

impl Topic {
    /// A topic between two entities; `None` if one of them has no form in a topic.
    #[must_use]
    pub fn new(
        purpose: Purpose,
        originator: &str,
        receiver: &str,
        serialisation: Serialisation,
    ) -> Option<Self> {
        Some(Self {
            prefix: String::new(),
            purpose,
            originator: level(originator)?,
            receiver: level(receiver)?,
            serialisation,
        })
    }

    /// Reads a topic.
    ///
    /// # Errors
    /// [`Refusal::Topic`].
    pub fn read(text: &str) -> Result<Self, Refusal> {
        if text.len() > MAX_TOPIC {
            return Err(Refusal::Topic);
        }
        let levels: Vec<&str> = text.rsplitn(6, '/').collect();
        let &[serialisation, receiver, originator, word, "oneM2M", prefix] = levels.as_slice()
        else {
            return Err(Refusal::Topic);
        };
        let prefix_is_sound = prefix.is_empty()
            || prefix.strip_prefix('/').unwrap_or(prefix).split('/').all(is_level);
        if !is_level(receiver) || !is_level(originator) || !prefix_is_sound {
            return Err(Refusal::Topic);
        }
        let purpose = Purpose::ALL.into_iter().find(|purpose| purpose.word() == word);
        Ok(Self {
            prefix: prefix.to_owned(),
            purpose: purpose.ok_or(Refusal::Topic)?,
            originator: originator.to_owned(),
            receiver: receiver.to_owned(),
            serialisation: Serialisation::from_word(serialisation).ok_or(Refusal::Topic)?,
        })
    }

    /// The topic's text.
    #[must_use]
    pub fn text(&self) -> String {
        let Self { prefix, purpose, originator, receiver, serialisation } = self;
        let (purpose, serialisation) = (purpose.word(), serialisation.word());
        format!("{prefix}/oneM2M/{purpose}/{originator}/{receiver}/{serialisation}")
    }

    /// The topic on which the answer to a request on this one goes; `None` if this one is for answers.
    #[must_use]
    pub fn answer(&self) -> Option<Self> {
        let purpose = match self.purpose {
            Purpose::Request => Purpose::Response,
            Purpose::Registration => Purpose::RegistrationResponse,
            Purpose::Response | Purpose::RegistrationResponse => return None,
        };
        Some(Self { purpose, ..self.clone() })
    }
}

/// The topic filters that a node subscribes to: requests to it, answers to it, and, if it registers
/// others, registrations. `None` if its identifier has no form in a topic.
#[must_use]
pub fn subscriptions(identifier: &str) -> Option<[String; 3]> {
    let me = level(identifier)?;
    Some([
        format!("/oneM2M/req/+/{me}/#"),
        format!("/oneM2M/resp/{me}/+/#"),
        format!("/oneM2M/reg_req/+/{me}/#"),
    ])
}

/// Reads the request in a payload. Where the topic names the originator, the payload names the same.
///
/// # Errors
/// Names why topic and payload are no request.
pub fn read_request(topic: &Topic, payload: &[u8], profile: &Profile) -> Result<Request, Refusal> {
    let request = read_bare(payload, topic.serialisation, profile)?;
    match topic.purpose {
        Purpose::Registration => Ok(request),
        Purpose::Request => match request.from.as_deref().map(level) {
            Some(from) if from.as_deref() != Some(&topic.originator) => {
                Err(Refusal::Disagreement("fr"))
            }
            _ => Ok(request),
        },
        Purpose::Response | Purpose::RegistrationResponse => Err(Refusal::Topic),
    }
}

/// Reads the response in a payload.
///
/// # Errors
/// Names why topic and payload are no response.
pub fn read_response(
    topic: &Topic,
    payload: &[u8],
    profile: &Profile,
) -> Result<Response, Refusal> {
    match topic.purpose {
        Purpose::Response | Purpose::RegistrationResponse => {
            Ok(primitive::read_response(payload, topic.serialisation, profile)?)
        }
        Purpose::Request | Purpose::Registration => Err(Refusal::Topic),
    }
}

/// Writes the payload of a request.
///
/// # Errors
/// Names what the serialisation cannot carry.
pub fn write_request(
    topic: &Topic,
    request: &Request,
    profile: &Profile,
) -> Result<Vec<u8>, Unwritable> {
    primitive::write_request(request, topic.serialisation, profile)
}

/// Writes the payload of a response.
///
/// # Errors
/// Names what the serialisation cannot carry.
pub fn write_response(
    topic: &Topic,
    response: &Response,
    profile: &Profile,
) -> Result<Vec<u8>, Unwritable> {
    primitive::write_response(response, topic.serialisation, profile)
}
