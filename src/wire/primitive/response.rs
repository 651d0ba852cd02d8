//! Response primitives and their parameters.

use super::parameter::parameters;
use super::request::bounded;
use super::{
    Content, ContentStatus, EventCategory, Moment, Profile, Refusal, Release, Rsc, Timestamp,
};
use crate::wire::limits::{MAX_IDENTIFIER, MAX_TARGET};
use crate::wire::value::Map;

parameters! {
    /// A response primitive (TS-0004 clause 6.4.2).
    pub struct Response {
        /// rsc: how it went.
        status: Rsc = "rsc",
        /// rqi, that of the request; `None` if the request had none.
        request_id: Option<String> = "rqi",
        /// rvi: the release.
        release: Option<Release> = "rvi",
        /// pc: the content.
        content: Option<Content> = "pc",
        /// to: who asked.
        to: Option<String> = "to",
        /// fr: who answers.
        from: Option<String> = "fr",
        /// ot: when the response was made.
        originated: Option<Timestamp> = "ot",
        /// rset: until when it is of use.
        result_expires: Option<Moment> = "rset",
        /// ec: how urgent it is.
        event_category: Option<EventCategory> = "ec",
        /// cnst: whether the content is all there is.
        content_status: Option<ContentStatus> = "cnst",
        /// cnot: where to go on.
        content_offset: Option<u64> = "cnot",
        /// ati: identifiers assigned to tokens.
        assigned_token_ids: Option<Map> = "ati",
        /// tqf: which tokens to ask for.
        token_request: Option<Map> = "tqf",
        /// asri: signatures of authors are required.
        author_sign_required: Option<bool> = "asri",
        /// vsi: the vendor's own information.
        vendor: Option<String> = "vsi",
        /// msu: the M2M service user.
        service_user: Option<String> = "msu",
    }
}

impl Response {
    /// Reads a response out of an object of parameters.
    ///
    /// # Errors
    /// Names the parameter that is wrong, missing or not known.
    pub fn read(map: Map, profile: &Profile) -> Result<Self, Refusal> {
        let response = Self::from_map(map, profile.unknown)?;
        let identifiers = [
            (&response.request_id, MAX_IDENTIFIER, "rqi"),
            (&response.to, MAX_TARGET, "to"),
            (&response.from, MAX_TARGET, "fr"),
        ];
        for (text, limit, name) in identifiers {
            if let Some(text) = text {
                bounded(text, limit, name)?;
            }
        }
        Ok(response)
    }
}
