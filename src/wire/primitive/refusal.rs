//! Why bytes or parameters are no primitive.

use super::Rsc;
use crate::wire::value::Malformed;

/// Why something is not a primitive. Parameters are named by their short names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum Refusal {
    /// The bytes are not what their serialisation asks for.
    #[error("{0}")]
    Malformed(#[from] Malformed),
    /// The root member holds no object, or XML has another root.
    #[error("the root is not that of the primitive")]
    Root,
    /// A mandatory parameter is absent.
    #[error("`{0}` is absent")]
    Missing(&'static str),
    /// A parameter is of another type.
    #[error("`{0}` is of another type")]
    WrongType(&'static str),
    /// A parameter's value has no meaning.
    #[error("`{0}` is out of its range")]
    OutOfRange(&'static str),
    /// A parameter is longer than its limit.
    #[error("`{0}` is longer than the limit")]
    TooLong(&'static str),
    /// A parameter that the model does not know, in a profile that refuses such.
    #[error("a parameter is not known")]
    Unknown,
    /// A name in full and its short name, or two names for one parameter.
    #[error("a parameter is there twice")]
    Repeated,
    /// rvi names no release.
    #[error("the release is not known")]
    Release,
    /// ty in a request that is no CREATE, or none in one that is.
    #[error("`ty` and `op` do not fit")]
    TypeAndOperation,
}

impl Refusal {
    /// The name in `message.rejected.NAME`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Malformed(malformed) => malformed.fault.name(),
            Self::Root => "primitive_root",
            Self::Missing(_) => "primitive_missing",
            Self::WrongType(_) => "primitive_wrong_type",
            Self::OutOfRange(_) => "primitive_out_of_range",
            Self::TooLong(_) => "primitive_too_long",
            Self::Unknown => "primitive_unknown",
            Self::Repeated => "primitive_repeated",
            Self::Release => "primitive_release",
            Self::TypeAndOperation => "primitive_type_and_operation",
        }
    }

    /// The response status code with which a receiver answers.
    #[must_use]
    pub const fn rsc(self) -> Rsc {
        match self {
            Self::Release => Rsc::RELEASE_VERSION_NOT_SUPPORTED,
            _ => Rsc::BAD_REQUEST,
        }
    }
}
