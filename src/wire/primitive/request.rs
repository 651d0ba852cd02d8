//! Request primitives and their parameters.

use super::parameter::parameters;
use super::{
    Content, DesiredIdType, EventCategory, FilterCriteria, Moment, Operation, Profile, Refusal,
    Release, ResourceType, ResponseTypeValue, ResultContent, Timestamp,
};
use crate::wire::limits::{MAX_IDENTIFIER, MAX_TARGET};
use crate::wire::value::Map;

parameters! {
    /// A request primitive (TS-0004 clause 6.4.1).
    pub struct Request {
        /// op: what is asked for.
        operation: Operation = "op",
        /// to: the target's address, such as `cse-in/Cmeter7/data`.
        to: String = "to",
        /// fr: who says to be asking. Only the registration of an AE may leave it out.
        from: Option<String> = "fr",
        /// rqi: the request identifier, echoed in the response.
        request_id: String = "rqi",
        /// rvi: the release. An absent one counts as release 1.
        release: Option<Release> = "rvi",
        /// ty: what a CREATE creates, and only that.
        resource_type: Option<ResourceType> = "ty",
        /// pc: the content.
        content: Option<Content> = "pc",
        /// rids: role identifiers.
        role_ids: Option<Vec<String>> = "rids",
        /// tkns: tokens.
        tokens: Option<Vec<String>> = "tkns",
        /// tids: token identifiers.
        token_ids: Option<Vec<String>> = "tids",
        /// ltids: local token identifiers.
        local_token_ids: Option<Vec<String>> = "ltids",
        /// tqi: the originator would ask for tokens.
        token_request: Option<bool> = "tqi",
        /// ot: when the request was made.
        originated: Option<Timestamp> = "ot",
        /// rqet: until when the request is of use.
        request_expires: Option<Moment> = "rqet",
        /// rset: until when the result is of use.
        result_expires: Option<Moment> = "rset",
        /// oet: when it is to be carried out.
        execution_time: Option<Moment> = "oet",
        /// rt: how the answer is to come.
        response_type: Option<ResponseType> = "rt",
        /// rp: how long the result of a non-blocking request is kept.
        result_persistence: Option<Moment> = "rp",
        /// rcn: what the answer contains.
        result_content: Option<ResultContent> = "rcn",
        /// ec: how urgent it is.
        event_category: Option<EventCategory> = "ec",
        /// da: several requests may travel together.
        aggregation: Option<bool> = "da",
        /// gid: the request of a group's fan-out.
        group_request_id: Option<String> = "gid",
        /// fc: which resources it is about.
        filter: Option<FilterCriteria> = "fc",
        /// drt: how resources are named in the answer.
        desired_id_type: Option<DesiredIdType> = "drt",
        /// sqi: a semantic query rather than a discovery.
        semantic_query: Option<bool> = "sqi",
        /// grtm: the members of a group that are meant.
        group_members: Option<Vec<String>> = "grtm",
        /// gstn: how many members of a group are to answer.
        group_somecast: Option<u64> = "gstn",
        /// asi: the author's signature is asked for.
        author_sign: Option<bool> = "asi",
        /// aus: signatures of authors.
        author_signatures: Option<Vec<String>> = "aus",
        /// auri: the author's relation is asked for.
        author_relation: Option<bool> = "auri",
        /// omr: resources that map ontologies.
        ontology_mappings: Option<Vec<String>> = "omr",
        /// prpi: the primitive profile to apply.
        primitive_profile: Option<String> = "prpi",
        /// msu: the M2M service user.
        service_user: Option<String> = "msu",
        /// vsi: the vendor's own information.
        vendor: Option<String> = "vsi",
    }
}

parameters! {
    /// How an answer is to come (m2m:responseTypeInfo).
    pub struct ResponseType {
        /// rtv: blocking or not.
        value: Option<ResponseTypeValue> = "rtv",
        /// nu: where results of non-blocking requests go.
        notification_uris: Option<Vec<String>> = "nu",
    }
}

impl Request {
    /// Reads a request out of an object of parameters.
    ///
    /// # Errors
    /// Names the parameter that is wrong, missing or not known.
    pub fn read(map: Map, profile: &Profile) -> Result<Self, Refusal> {
        let request = Self::from_map(map, profile.unknown)?;
        request.check()?;
        Ok(request)
    }

    /// Checks what no single parameter shows: lengths of identifiers, and ty with op.
    ///
    /// # Errors
    /// Names the parameter.
    pub fn check(&self) -> Result<(), Refusal> {
        bounded(&self.to, MAX_TARGET, "to")?;
        bounded(&self.request_id, MAX_IDENTIFIER, "rqi")?;
        if let Some(from) = &self.from {
            bounded(from, MAX_IDENTIFIER, "fr")?;
        }
        if self.resource_type.is_some() != (self.operation == Operation::Create) {
            return Err(Refusal::TypeAndOperation);
        }
        Ok(())
    }

    /// A CREATE that asks for no content in return.
    #[must_use]
    pub fn create(
        to: &str,
        from: &str,
        request_id: &str,
        ty: ResourceType,
        content: Content,
    ) -> Self {
        Self {
            operation: Operation::Create,
            resource_type: Some(ty),
            result_content: Some(ResultContent::Nothing),
            content: Some(content),
            ..Self::retrieve(to, from, request_id)
        }
    }

    /// A RETRIEVE.
    #[must_use]
    pub fn retrieve(to: &str, from: &str, request_id: &str) -> Self {
        Self {
            operation: Operation::Retrieve,
            to: to.to_owned(),
            from: Some(from.to_owned()),
            request_id: request_id.to_owned(),
            release: Some(Release::R4),
            ..Self::default()
        }
    }
}

/// Text of at least one byte and not more than the limit.
pub(super) fn bounded(text: &str, limit: usize, name: &'static str) -> Result<(), Refusal> {
    match text.len() {
        0 => Err(Refusal::OutOfRange(name)),
        len if len > limit => Err(Refusal::TooLong(name)),
        _ => Ok(()),
    }
}
