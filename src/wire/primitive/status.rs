//! Response status codes, their names, and the codes of CoAP and HTTP that go with them.

use std::fmt;

use super::parameter::number;
use super::{Flaw, Parameter, Unknown};
use crate::wire::coap::Code;
use crate::wire::value::Value;

/// A response status code (TS-0004 m2m:responseStatusCode): four digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rsc(pub u16);

impl Rsc {
    /// ACCEPTED
    pub const ACCEPTED: Self = Self(1_000);
    /// OK
    pub const OK: Self = Self(2_000);
    /// CREATED
    pub const CREATED: Self = Self(2_001);
    /// DELETED
    pub const DELETED: Self = Self(2_002);
    /// UPDATED
    pub const UPDATED: Self = Self(2_004);
    /// BAD_REQUEST
    pub const BAD_REQUEST: Self = Self(4_000);
    /// RELEASE_VERSION_NOT_SUPPORTED
    pub const RELEASE_VERSION_NOT_SUPPORTED: Self = Self(4_001);
    /// NOT_FOUND
    pub const NOT_FOUND: Self = Self(4_004);
    /// OPERATION_NOT_ALLOWED
    pub const OPERATION_NOT_ALLOWED: Self = Self(4_005);
    /// UNSUPPORTED_MEDIA_TYPE
    pub const UNSUPPORTED_MEDIA_TYPE: Self = Self(4_015);
    /// ORIGINATOR_HAS_NO_PRIVILEGE
    pub const ORIGINATOR_HAS_NO_PRIVILEGE: Self = Self(4_103);
    /// CONFLICT
    pub const CONFLICT: Self = Self(4_105);
    /// INVALID_CHILD_RESOURCE_TYPE
    pub const INVALID_CHILD_RESOURCE_TYPE: Self = Self(4_108);
    /// ORIGINATOR_HAS_ALREADY_REGISTERED
    pub const ALREADY_REGISTERED: Self = Self(4_117);
    /// INTERNAL_SERVER_ERROR
    pub const INTERNAL_SERVER_ERROR: Self = Self(5_000);
    /// NOT_IMPLEMENTED
    pub const NOT_IMPLEMENTED: Self = Self(5_001);
    /// TARGET_NOT_REACHABLE
    pub const NOT_REACHABLE: Self = Self(5_103);
    /// NOT_ACCEPTABLE: among others, a content longer than its container takes.
    pub const NOT_ACCEPTABLE: Self = Self(5_207);

    /// 2000 to 2999: the request was carried out.
    #[must_use]
    pub const fn is_success(self) -> bool {
        matches!(self.0, 2_000..=2_999)
    }

    /// The CoAP code that goes with it (TS-0008). Codes without an own entry fall back to the general
    /// code of their thousand.
    #[must_use]
    pub const fn coap(self) -> Code {
        match self.0 {
            1_000 => Code::VALID,
            1_001 | 1_002 | 2_001 => Code::CREATED,
            2_002 => Code::DELETED,
            2_004 => Code::CHANGED,
            2_000..=2_999 => Code::CONTENT,
            4_102 | 5_207 => Code::NOT_ACCEPTABLE,
            4_101 | 4_103 | 4_105 | 4_107 | 4_108 | 4_117 | 4_126..=4_128 => Code::FORBIDDEN,
            5_105 | 5_203 | 5_205 => Code::FORBIDDEN,
            4_004 | 5_103 | 5_107 => Code::NOT_FOUND,
            4_005 => Code::METHOD_NOT_ALLOWED,
            4_008 => Code::GATEWAY_TIMEOUT,
            4_015 => Code::UNSUPPORTED_FORMAT,
            4_001 | 5_001 => Code::NOT_IMPLEMENTED,
            5_220 => Code::UNAVAILABLE,
            5_106 | 4_000..=4_999 | 6_010 | 6_023 | 6_024 => Code::BAD_REQUEST,
            _ => Code::INTERNAL_ERROR,
        }
    }

    /// The HTTP status that goes with it (TS-0009). Codes without an own entry fall back to the general
    /// status of their thousand.
    #[must_use]
    pub const fn http(self) -> u16 {
        match self.0 {
            1_000..=1_999 => 202,
            2_001 => 201,
            2_000..=2_999 => 200,
            4_101 | 4_103 | 4_107 | 4_108 | 4_117 | 4_126..=4_128 => 403,
            5_105 | 5_203 | 5_205 => 403,
            4_004 | 5_103 | 5_107 => 404,
            4_005 => 405,
            5_207 => 406,
            4_105 | 5_106 | 5_220 => 409,
            4_015 => 415,
            4_008 => 504,
            4_001 | 5_001 => 501,
            4_000..=4_999 | 6_010 | 6_023 | 6_024 => 400,
            _ => 500,
        }
    }

    /// Its name; `None` for a number that TS-0004 does not define. 4130 and 4137 have the same one.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        let at = NAMES.binary_search_by_key(&self.0, |(number, _)| *number).ok()?;
        NAMES.get(at).map(|(_, name)| *name)
    }
}

impl Default for Rsc {
    fn default() -> Self {
        Self::OK
    }
}

impl Parameter for Rsc {
    fn read(value: Value, _: Unknown) -> Result<Self, Flaw> {
        match u16::try_from(number(&value)?) {
            Ok(number @ 1_000..=9_999) => Ok(Self(number)),
            _ => Err(Flaw::Range),
        }
    }

    fn write(&self) -> Option<Value> {
        Some(Value::from(u64::from(self.0)))
    }
}

impl fmt::Display for Rsc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Rsc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The codes that TS-0004 defines, in order.
const NAMES: [(u16, &str); 98] = [
    (1_000, "ACCEPTED"),
    (1_001, "ACCEPTED_NON_BLOCKING_REQUEST_SYNC"),
    (1_002, "ACCEPTED_NON_BLOCKING_REQUEST_ASYNC"),
    (2_000, "OK"),
    (2_001, "CREATED"),
    (2_002, "DELETED"),
    (2_004, "UPDATED"),
    (4_000, "BAD_REQUEST"),
    (4_001, "RELEASE_VERSION_NOT_SUPPORTED"),
    (4_004, "NOT_FOUND"),
    (4_005, "OPERATION_NOT_ALLOWED"),
    (4_008, "REQUEST_TIMEOUT"),
    (4_015, "UNSUPPORTED_MEDIA_TYPE"),
    (4_101, "SUBSCRIPTION_CREATOR_HAS_NO_PRIVILEGE"),
    (4_102, "CONTENTS_UNACCEPTABLE"),
    (4_103, "ORIGINATOR_HAS_NO_PRIVILEGE"),
    (4_104, "GROUP_REQUEST_IDENTIFIER_EXISTS"),
    (4_105, "CONFLICT"),
    (4_106, "ORIGINATOR_HAS_NOT_REGISTERED"),
    (4_107, "SECURITY_ASSOCIATION_REQUIRED"),
    (4_108, "INVALID_CHILD_RESOURCE_TYPE"),
    (4_109, "NO_MEMBERS"),
    (4_110, "GROUP_MEMBER_TYPE_INCONSISTENT"),
    (4_111, "ESPRIM_UNSUPPORTED_OPTION"),
    (4_112, "ESPRIM_UNKNOWN_KEY_ID"),
    (4_113, "ESPRIM_UNKNOWN_ORIG_RAND_ID"),
    (4_114, "ESPRIM_UNKNOWN_RECV_RAND_ID"),
    (4_115, "ESPRIM_BAD_MAC"),
    (4_116, "ESPRIM_IMPERSONATION_ERROR"),
    (4_117, "ORIGINATOR_HAS_ALREADY_REGISTERED"),
    (4_118, "ONTOLOGY_NOT_AVAILABLE"),
    (4_119, "LINKED_SEMANTICS_NOT_AVAILABLE"),
    (4_120, "INVALID_SEMANTICS"),
    (4_121, "MASHUP_MEMBER_NOT_FOUND"),
    (4_122, "INVALID_TRIGGER_PURPOSE"),
    (4_123, "ILLEGAL_TRANSACTION_STATE_TRANSITION_ATTEMPTED"),
    (4_124, "BLOCKING_SUBSCRIPTION_ALREADY_EXISTS"),
    (4_125, "SPECIALIZATION_SCHEMA_NOT_FOUND"),
    (4_126, "APP_RULE_VALIDATION_FAILED"),
    (4_127, "OPERATION_DENIED_BY_REMOTE_ENTITY"),
    (4_128, "SERVICE_SUBSCRIPTION_NOT_ESTABLISHED"),
    (4_130, "DISCOVERY_LIMIT_EXCEEDED"),
    (4_131, "ONTOLOGY_MAPPING_ALGORITHM_NOT_AVAILABLE"),
    (4_132, "ONTOLOGY_MAPPING_POLICY_NOT_MATCHED"),
    (4_133, "ONTOLOGY_MAPPING_NOT_AVAILABLE"),
    (4_135, "BAD_FACT_INPUTS_FOR_REASONING"),
    (4_136, "BAD_RULE_INPUTS_FOR_REASONING"),
    (4_137, "DISCOVERY_LIMIT_EXCEEDED"),
    (4_138, "PRIMITIVE_PROFILE_NOT_ACCESSIBLE"),
    (4_139, "PRIMITIVE_PROFILE_BAD_REQUEST"),
    (4_140, "UNAUTHORIZED_USER"),
    (4_141, "SERVICE_SUBSCRIPTION_LIMITS_EXCEEDED"),
    (4_142, "INVALID_PROCESS_CONFIGURATION"),
    (4_143, "INVALID_SPARQL_QUERY"),
    (5_000, "INTERNAL_SERVER_ERROR"),
    (5_001, "NOT_IMPLEMENTED"),
    (5_103, "TARGET_NOT_REACHABLE"),
    (5_105, "RECEIVER_HAS_NO_PRIVILEGE"),
    (5_106, "ALREADY_EXISTS"),
    (5_107, "REMOTE_ENTITY_NOT_REACHABLE"),
    (5_203, "TARGET_NOT_SUBSCRIBABLE"),
    (5_204, "SUBSCRIPTION_VERIFICATION_INITIATION_FAILED"),
    (5_205, "SUBSCRIPTION_HOST_HAS_NO_PRIVILEGE"),
    (5_206, "NON_BLOCKING_SYNCH_REQUEST_NOT_SUPPORTED"),
    (5_207, "NOT_ACCEPTABLE"),
    (5_208, "DISCOVERY_DENIED_BY_IPE"),
    (5_209, "GROUP_MEMBERS_NOT_RESPONDED"),
    (5_210, "ESPRIM_DECRYPTION_ERROR"),
    (5_211, "ESPRIM_ENCRYPTION_ERROR"),
    (5_212, "SPARQL_UPDATE_ERROR"),
    (5_214, "TARGET_HAS_NO_SESSION_CAPABILITY"),
    (5_215, "SESSION_IS_ONLINE"),
    (5_216, "JOIN_MULTICAST_GROUP_FAILED"),
    (5_217, "LEAVE_MULTICAST_GROUP_FAILED"),
    (5_218, "TRIGGERING_DISABLED_FOR_RECIPIENT"),
    (5_219, "UNABLE_TO_REPLACE_REQUEST"),
    (5_220, "UNABLE_TO_RECALL_REQUEST"),
    (5_221, "CROSS_RESOURCE_OPERATION_FAILURE"),
    (5_222, "TRANSACTION_PROCESSING_IS_INCOMPLETE"),
    (5_230, "ONTOLOGY_MAPPING_ALGORITHM_FAILED"),
    (5_231, "ONTOLOGY_CONVERSION_FAILED"),
    (5_232, "REASONING_PROCESSING_FAILED"),
    (6_003, "EXTERNAL_OBJECT_NOT_REACHABLE"),
    (6_005, "EXTERNAL_OBJECT_NOT_FOUND"),
    (6_010, "MAX_NUMBER_OF_MEMBER_EXCEEDED"),
    (6_020, "MGMT_SESSION_CANNOT_BE_ESTABLISHED"),
    (6_021, "MGMT_SESSION_ESTABLISHMENT_TIMEOUT"),
    (6_022, "INVALID_CMDTYPE"),
    (6_023, "INVALID_ARGUMENTS"),
    (6_024, "INSUFFICIENT_ARGUMENTS"),
    (6_025, "MGMT_CONVERSION_ERROR"),
    (6_026, "MGMT_CANCELLATION_FAILED"),
    (6_028, "ALREADY_COMPLETE"),
    (6_029, "MGMT_COMMAND_NOT_CANCELLABLE"),
    (6_030, "EXTERNAL_OBJECT_NOT_REACHABLE_BEFORE_RQET_TIMEOUT"),
    (6_031, "EXTERNAL_OBJECT_NOT_REACHABLE_BEFORE_OET_TIMEOUT"),
    (6_033, "NETWORK_QOS_CONFIGURATION_ERROR"),
    (6_034, "REQUESTED_ACTIVITY_PATTERN_NOT_PERMITTED"),
];
