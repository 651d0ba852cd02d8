//! oneM2M primitives (TS-0004): requests, responses, their content, and the CoAP binding (TS-0008).
//!
//! A first slice: blocking requests with the parameters op, to, fr, rqi, rvi, ty, rcn and pc; responses
//! with rsc, rqi, rvi and pc; content in JSON; the content of a contentInstance is `con` alone. What a
//! message asks for beyond that is refused by name, never ignored.

mod binding;
mod content;
mod refusal;
mod status;

pub use binding::{AnswerFault, Exchange, Unsendable, option};
pub use content::{ContentFault, ContentInstance};
pub use refusal::Refusal;
pub use status::Rsc;

use std::borrow::Cow;

/// Bytes of an identifier in a parameter: fr, rqi, and each segment of to (TS-0008 gives 255).
pub const MAX_IDENTIFIER: usize = 255;
/// Bytes of a target, all segments together.
pub const MAX_TARGET: usize = 512;
/// Bytes of a content (`pc`) in its serialisation.
pub const MAX_BODY: usize = 1_024;

/// What is asked for (TS-0004 m2m:operation).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Operation {
    /// A new resource.
    Create = 1,
    /// The representation of a resource.
    Retrieve = 2,
    /// New values of attributes.
    Update = 3,
    /// The end of a resource.
    Delete = 4,
    /// Something for the target to take note of.
    Notify = 5,
}

/// The release whose rules the message follows (rvi). An absent rvi counts as release 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Release {
    /// `2a`
    R2a,
    /// `3`
    R3,
    /// `4`
    R4,
    /// `5`
    R5,
}

impl Release {
    /// The release that `text` names.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        [Self::R2a, Self::R3, Self::R4, Self::R5].into_iter().find(|r| r.text() == text)
    }

    /// As it stands in a message.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::R2a => "2a",
            Self::R3 => "3",
            Self::R4 => "4",
            Self::R5 => "5",
        }
    }
}

/// A resource type by its number (TS-0004 m2m:resourceType).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ResourceType(pub u16);

impl ResourceType {
    /// `<AE>`
    pub const AE: Self = Self(2);
    /// `<container>`
    pub const CONTAINER: Self = Self(3);
    /// `<contentInstance>`
    pub const CONTENT_INSTANCE: Self = Self(4);
    /// `<CSEBase>`
    pub const CSE_BASE: Self = Self(5);
    /// `<remoteCSE>`
    pub const REMOTE_CSE: Self = Self(16);
}

/// How a content is serialised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JSON with short names (TS-0004 clause 8.4).
    Json,
}

/// A content (`pc`), not yet read: who may not ask for something costs no parsing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body<'a> {
    /// Its serialisation.
    pub format: Format,
    /// Its bytes, at most [`MAX_BODY`].
    pub bytes: Cow<'a, [u8]>,
}

impl Body<'_> {
    /// Reads the content of a contentInstance.
    ///
    /// # Errors
    /// Names what is wrong with the content.
    pub fn content_instance(&self) -> Result<ContentInstance<'_>, ContentFault> {
        match self.format {
            Format::Json => ContentInstance::from_json(&self.bytes),
        }
    }
}

/// A request primitive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// op
    pub operation: Operation,
    /// to: the target's address as TS-0004 writes it, such as `cse-in/Cmeter7/data`.
    pub to: Cow<'a, str>,
    /// fr: who says to be asking.
    pub from: &'a str,
    /// rqi: the request identifier, echoed in the response.
    pub request_id: &'a str,
    /// rvi
    pub release: Release,
    /// ty: what a CREATE creates, and only that.
    pub resource_type: Option<ResourceType>,
    /// rcn, by its number: 0 nothing, 1 attributes, up to 12.
    pub result_content: Option<u8>,
    /// pc
    pub content: Option<Body<'a>>,
}

impl<'a> Request<'a> {
    /// A CREATE of a contentInstance that asks for no content in return.
    #[must_use]
    pub const fn create_instance(
        to: &'a str,
        from: &'a str,
        request_id: &'a str,
        content: Body<'a>,
    ) -> Self {
        Self {
            operation: Operation::Create,
            to: Cow::Borrowed(to),
            from,
            request_id,
            release: Release::R4,
            resource_type: Some(ResourceType::CONTENT_INSTANCE),
            result_content: Some(0),
            content: Some(content),
        }
    }

    /// A RETRIEVE.
    #[must_use]
    pub const fn retrieve(to: &'a str, from: &'a str, request_id: &'a str) -> Self {
        Self {
            operation: Operation::Retrieve,
            to: Cow::Borrowed(to),
            from,
            request_id,
            release: Release::R4,
            resource_type: None,
            result_content: None,
            content: None,
        }
    }
}

/// A response primitive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response<'a> {
    /// rsc
    pub status: Rsc,
    /// rqi, that of the request; `None` if the request had none.
    pub request_id: Option<&'a str>,
    /// rvi
    pub release: Option<Release>,
    /// pc
    pub content: Option<Body<'a>>,
}

#[cfg(test)]
mod tests;
