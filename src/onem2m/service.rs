//! Requests in, responses out.

use std::collections::BTreeMap;

use super::container::Handled;
use super::{Container, RejectReason};
use crate::wire::binding::coap::{Exchange, option, read_request, write_response};
use crate::wire::binding::{Refusal, Unsendable};
use crate::wire::coap::{Code, Kind, Message, Writer};
use crate::wire::limits::MAX_IDENTIFIER;
use crate::wire::primitive::{
    Content, Operation, Profile, Release, Request, ResourceType, Response, ResponseType,
    ResponseTypeValue, ResultContent, Rsc, Serialisation,
};
use crate::wire::value::Value;

/// Bytes of one content that a container takes.
pub const MAX_CONTENT: usize = 1_000;

/// The name of the container that each originator has below its own name.
pub(super) const CONTAINER: &str = "data";
/// The virtual child that stands for the latest contentInstance (TS-0004).
const LATEST: &str = "la";

/// The service layer of one CSE.
#[derive(Clone, Debug)]
pub struct Service {
    /// The resource name of its CSEBase, such as `cse-in`.
    name: Box<str>,
    containers: BTreeMap<Box<str>, Container>,
    /// The message ID of the next message that this end numbers itself: the answer to a NON.
    next_mid: u16,
}

/// What a request is aimed at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    /// The container itself.
    Container,
    /// Its latest contentInstance.
    Latest,
}

impl Service {
    /// A CSE whose CSEBase has this name, holding nothing.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self { name: name.into(), containers: BTreeMap::new(), next_mid: 0 }
    }

    /// Gives `originator` its container, empty; one that it already has stays as it is.
    pub fn provision(&mut self, originator: &str) {
        if !self.containers.contains_key(originator) {
            self.containers.insert(originator.into(), Container::default());
        }
    }

    /// The container of `originator`.
    #[must_use]
    pub fn container(&self, originator: &str) -> Option<&Container> {
        self.containers.get(originator)
    }

    /// A new association of `originator`: message IDs count within one association (RFC 7252 section
    /// 9.1.1), so what was handled before cannot be repeated in it.
    pub fn associated(&mut self, originator: &str) {
        if let Some(container) = self.containers.get_mut(originator) {
            container.remember(None);
        }
    }

    /// Carries out a request of `originator`, the identity that its association authenticated.
    ///
    /// A CREATE is answered without content whatever its rcn, as long as that is 0 or 1.
    pub fn handle(&mut self, originator: &str, request: &Request) -> Response {
        let mut response = Response {
            status: Rsc::OK,
            request_id: Some(request.request_id.clone()),
            release: request.release,
            ..Response::default()
        };
        match self.execute(originator, request) {
            Ok(None) => response.status = Rsc::CREATED,
            Ok(Some(latest)) => response.content = Some(latest),
            Err(status) => response.status = status,
        }
        response
    }

    /// Reads, carries out and answers a CoAP request of `originator`, the identity that its association
    /// authenticated. A duplicate of its last request with an effect gets the same answer again and is
    /// not carried out (RFC 7252 section 4.2); a duplicate RETRIEVE simply is another RETRIEVE.
    ///
    /// # Errors
    /// Names why the bytes have neither effect nor answer.
    pub fn handle_coap(&mut self, originator: &str, bytes: &[u8]) -> Result<Vec<u8>, RejectReason> {
        let message = Message::parse(bytes)?;
        if message.kind == Kind::Confirmable && message.code == Code::EMPTY {
            // A CoAP ping (section 4.3).
            return Ok(Writer::empty(Kind::Reset, message.mid));
        }
        if !message.code.is_request() {
            return Err(RejectReason::NotARequest);
        }
        let effect = message.code != Code::GET;
        let known = self.containers.get(originator).and_then(|c| c.answered(message.mid));
        if effect && let Some(status) = known {
            if message.kind == Kind::NonConfirmable {
                return Err(RejectReason::DuplicateNonConfirmable);
            }
            return Ok(send(&plain(&message, status), self.exchange(&message)));
        }
        let exchange = self.exchange(&message);
        let request = match read_request(&message, &Profile::STRICT) {
            Ok(request) => request,
            Err(refusal) => return Ok(refuse(&message, refusal, exchange)),
        };
        let response = self.handle(originator, &request);
        if effect && let Some(container) = self.containers.get_mut(originator) {
            let status = response.status;
            container.remember(Some(Handled { mid: message.mid, status }));
        }
        Ok(send(&response, exchange))
    }

    /// The answer's place: piggybacked on the acknowledgement of a CON, a NON of its own for a NON.
    const fn exchange(&mut self, message: &Message<'_>) -> Exchange {
        if matches!(message.kind, Kind::NonConfirmable) {
            let mid = self.next_mid;
            self.next_mid = mid.wrapping_add(1);
            Exchange { kind: Kind::NonConfirmable, mid, token: message.token }
        } else {
            Exchange { kind: Kind::Acknowledgement, mid: message.mid, token: message.token }
        }
    }

    /// `Some` is what was retrieved, `None` that something was created.
    fn execute(&mut self, originator: &str, request: &Request) -> Result<Option<Content>, Rsc> {
        if !matches!(request.release, Some(Release::R2a | Release::R3 | Release::R4 | Release::R5))
        {
            return Err(Rsc::RELEASE_VERSION_NOT_SUPPORTED);
        }
        let from = request.from.as_deref().ok_or(Rsc::BAD_REQUEST)?;
        // TS-0003 clause 7.2: who asks must be whom the association authenticated. Its status code,
        // ORIGINATOR_NOT_AUTHENTICATED, has no number in the enumeration.
        if from != originator {
            return Err(Rsc::ORIGINATOR_HAS_NO_PRIVILEGE);
        }
        if !is_served(request) {
            return Err(Rsc::NOT_IMPLEMENTED);
        }
        let (owner, target) = self.resolve(&request.to).ok_or(Rsc::NOT_FOUND)?;
        let container = self.containers.get_mut(owner).ok_or(Rsc::NOT_FOUND)?;
        if owner != originator {
            return Err(Rsc::ORIGINATOR_HAS_NO_PRIVILEGE);
        }
        match (request.operation, target) {
            (Operation::Create, Target::Container) => {
                create(container, request)?;
                Ok(None)
            }
            (Operation::Retrieve, Target::Latest) => retrieve(container, request).map(Some),
            (Operation::Create | Operation::Update, Target::Latest) | (Operation::Notify, _) => {
                Err(Rsc::OPERATION_NOT_ALLOWED)
            }
            _ => Err(Rsc::NOT_IMPLEMENTED),
        }
    }

    /// The owner and the kind of what `to` names; only CSE-relative structured addresses so far.
    fn resolve<'t>(&self, to: &'t str) -> Option<(&'t str, Target)> {
        let mut segments = to.strip_prefix(&*self.name)?.strip_prefix('/')?.split('/');
        let owner = segments.next()?;
        if segments.next() != Some(CONTAINER) {
            return None;
        }
        let target = match segments.next() {
            None => Target::Container,
            Some(LATEST) => Target::Latest,
            Some(_) => return None,
        };
        if segments.next().is_some() { None } else { Some((owner, target)) }
    }
}

/// The request asks for nothing beyond what [`Service`] does: whatever it does not know how to honour is
/// refused, never ignored.
fn is_served(request: &Request) -> bool {
    let blocking = match &request.response_type {
        None => true,
        Some(ResponseType { value, notification_uris, others }) => {
            matches!(value, None | Some(ResponseTypeValue::Blocking))
                && notification_uris.is_none()
                && others.is_empty()
        }
    };
    let plain = matches!(
        request,
        Request {
            role_ids: None,
            tokens: None,
            token_ids: None,
            local_token_ids: None,
            token_request: None,
            request_expires: None,
            result_expires: None,
            execution_time: None,
            result_persistence: None,
            event_category: None,
            aggregation: None,
            group_request_id: None,
            filter: None,
            desired_id_type: None,
            semantic_query: None,
            group_members: None,
            group_somecast: None,
            author_sign: None,
            author_signatures: None,
            author_relation: None,
            ontology_mappings: None,
            primitive_profile: None,
            service_user: None,
            ..
        }
    );
    blocking && plain && request.others.is_empty()
}

/// A new contentInstance.
fn create(container: &mut Container, request: &Request) -> Result<(), Rsc> {
    match request.resource_type {
        Some(ResourceType::CONTENT_INSTANCE) => {}
        // These have their place under a CSEBase only.
        Some(ResourceType::AE | ResourceType::CSE_BASE | ResourceType::REMOTE_CSE) => {
            return Err(Rsc::INVALID_CHILD_RESOURCE_TYPE);
        }
        Some(_) => return Err(Rsc::NOT_IMPLEMENTED),
        None => return Err(Rsc::BAD_REQUEST),
    }
    if !matches!(
        request.result_content,
        None | Some(ResultContent::Nothing | ResultContent::Attributes)
    ) {
        return Err(Rsc::NOT_IMPLEMENTED);
    }
    let content = request.content.as_ref().and_then(instance).ok_or(Rsc::BAD_REQUEST)?;
    if content.len() > MAX_CONTENT {
        return Err(Rsc::NOT_ACCEPTABLE);
    }
    container.add(content);
    Ok(())
}

/// The text of a contentInstance that has nothing but its `con`.
fn instance(content: &Content) -> Option<&str> {
    let attributes = content.value.as_map().filter(|_| content.root == "m2m:cin")?;
    let (_, value) = attributes.single().filter(|(name, _)| *name == "con")?;
    Value::as_text(value)
}

/// The latest contentInstance.
fn retrieve(container: &Container, request: &Request) -> Result<Content, Rsc> {
    match request.result_content {
        None | Some(ResultContent::Attributes) => {}
        Some(ResultContent::Nothing) => return Err(Rsc::BAD_REQUEST),
        Some(_) => return Err(Rsc::NOT_IMPLEMENTED),
    }
    container.latest().map(Content::instance).ok_or(Rsc::NOT_FOUND)
}

/// A response without content to whatever can be read of the request.
fn plain(message: &Message<'_>, status: Rsc) -> Response {
    let text = |number| {
        let text = message.option(number).and_then(|value| str::from_utf8(value).ok());
        text.filter(|text| (1..=MAX_IDENTIFIER).contains(&text.len()))
    };
    Response {
        status,
        request_id: text(option::RQI).map(str::to_owned),
        release: text(option::RVI).and_then(Release::from_text),
        ..Response::default()
    }
}

/// The response in its place. One that CoAP cannot carry becomes an error of the server.
fn send(response: &Response, exchange: Exchange) -> Vec<u8> {
    match write_response(response, Serialisation::Json, &Profile::STRICT) {
        Ok(outgoing) => outgoing.message(exchange),
        Err(Unsendable::Target | Unsendable::Parameter(_) | Unsendable::Content(_)) => {
            bare(Code::INTERNAL_ERROR, exchange)
        }
    }
}

/// The answer to a message that is no request primitive.
fn refuse(message: &Message<'_>, refusal: Refusal, exchange: Exchange) -> Vec<u8> {
    match refusal.rsc() {
        Some(status) => send(&plain(message, status), exchange),
        None => bare(refusal.coap(), exchange),
    }
}

/// An answer of CoAP alone.
fn bare(code: Code, exchange: Exchange) -> Vec<u8> {
    Writer::new(exchange.kind, code, exchange.mid, exchange.token).finish(&[])
}
