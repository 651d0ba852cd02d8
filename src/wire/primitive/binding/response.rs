//! Responses in CoAP.

use std::borrow::Cow;

use super::{AnswerFault, Exchange, option, short};
use crate::wire::coap::{self, Message, Writer};
use crate::wire::primitive::{Body, Format, MAX_BODY, Release, Response, Rsc};

impl<'a> Response<'a> {
    /// Reads the response out of a CoAP response.
    ///
    /// # Errors
    /// Names why the message is no response primitive.
    pub fn from_coap(message: &Message<'a>) -> Result<Self, AnswerFault> {
        if message.options().any(|(number, _)| is_strange(number)) {
            return Err(AnswerFault::CriticalOption);
        }
        let status = message.option(option::RSC).ok_or(AnswerFault::NoStatus)?;
        let status = Rsc(short(status).ok_or(AnswerFault::Status)?);
        if status.coap() != message.code {
            return Err(AnswerFault::Mismatch);
        }
        let text = |number| message.option(number).map(str::from_utf8).transpose();
        let request_id = text(option::RQI).map_err(|_| AnswerFault::OptionValue)?;
        let release = match text(option::RVI).map_err(|_| AnswerFault::OptionValue)? {
            Some(text) => Some(Release::from_text(text).ok_or(AnswerFault::OptionValue)?),
            None => None,
        };
        let content = match (message.payload, message.option(coap::option::CONTENT_FORMAT)) {
            ([], _) => None,
            (bytes, Some(number)) if bytes.len() <= MAX_BODY => {
                let format = Format::from_number(number).ok_or(AnswerFault::Content)?;
                Some(Body { format, bytes: Cow::Borrowed(bytes) })
            }
            _ => return Err(AnswerFault::Content),
        };
        Ok(Self { status, request_id, release, content })
    }

    /// Writes the response as a CoAP response.
    #[must_use]
    pub fn to_coap(&self, exchange: Exchange) -> Vec<u8> {
        let mut writer =
            Writer::new(exchange.kind, self.status.coap(), exchange.mid, exchange.token);
        if let Some(body) = &self.content {
            writer.uint(coap::option::CONTENT_FORMAT, body.format.number());
        }
        if let Some(release) = self.release {
            writer.option(option::RVI, release.text().as_bytes());
        }
        if let Some(id) = self.request_id {
            writer.option(option::RQI, id.as_bytes());
        }
        writer.uint(option::RSC, self.status.0.into());
        writer.finish(self.content.as_ref().map_or(&[], |body| &body.bytes))
    }
}

/// A critical option that a response of a CSE has no reason to carry.
const fn is_strange(number: u16) -> bool {
    coap::option::is_critical(number) && !option::is_onem2m(number)
}
