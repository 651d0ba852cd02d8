//! What can be wrong with bytes that should be a value, and with a value that should be bytes.

use std::fmt;

/// Why bytes are refused. The serialisations share the reasons wherever the reason is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum Fault {
    /// Longer than [`MAX_INPUT`](crate::wire::limits::MAX_INPUT).
    #[error("the input is longer than the limit")]
    TooLong,
    /// Not the syntax of the serialisation.
    #[error("the syntax is wrong")]
    Syntax,
    /// The input ends too soon.
    #[error("the input is cut short")]
    Truncated,
    /// Something follows the end.
    #[error("something follows the end")]
    Trailing,
    /// Text that is not UTF-8.
    #[error("text is not UTF-8")]
    Utf8,
    /// The outermost value is no object.
    #[error("the outermost value is not an object")]
    NotAnObject,
    /// Nested deeper than [`MAX_DEPTH`](crate::wire::limits::MAX_DEPTH).
    #[error("nested deeper than the limit")]
    Depth,
    /// A list of more than [`MAX_ITEMS`](crate::wire::limits::MAX_ITEMS) elements.
    #[error("a list is longer than the limit")]
    ListTooLong,
    /// An object of more than [`MAX_MEMBERS`](crate::wire::limits::MAX_MEMBERS) members.
    #[error("an object has more members than the limit")]
    TooManyMembers,
    /// A name longer than [`MAX_NAME`](crate::wire::limits::MAX_NAME).
    #[error("a name is longer than the limit")]
    NameTooLong,
    /// A member stands there twice.
    #[error("a member is repeated")]
    Repeated,
    /// An integer below -2^63 or above 2^64 - 1, or a float beyond the range of a double.
    #[error("a number is out of range")]
    NumberRange,
    /// Infinity or not a number.
    #[error("a number is not finite")]
    NotFinite,
    /// CBOR: a name that is not text.
    #[error("a name is not text")]
    NameNotText,
    /// CBOR: an indefinite length (RFC 8949 section 3.2). No profile of oneM2M needs it.
    #[error("a length is indefinite")]
    IndefiniteLength,
    /// CBOR: a length beyond what the input can hold.
    #[error("a length is larger than the input")]
    LengthBomb,
    /// CBOR: a tag (RFC 8949 section 3.4).
    #[error("a value has a tag")]
    Tag,
    /// CBOR: a byte string, `undefined` or another simple value, which the other serialisations lack.
    #[error("a value is of a type without a meaning here")]
    Type,
    /// XML: a document type declaration.
    #[error("there is a document type declaration")]
    Doctype,
    /// XML: an entity beyond the five predefined ones.
    #[error("there is an entity that is not predefined")]
    Entity,
    /// XML: a processing instruction.
    #[error("there is a processing instruction")]
    Instruction,
    /// XML: a version other than 1.0 or an encoding other than UTF-8.
    #[error("the XML declaration is not for 1.0 in UTF-8")]
    Declaration,
    /// XML: a character that XML 1.0 does not have.
    #[error("there is a character that XML does not have")]
    Character,
    /// XML: a prefix that is not declared, a default namespace, or `m2m` for another namespace.
    #[error("a namespace is missing or wrong")]
    Namespace,
    /// XML: an attribute without a meaning here.
    #[error("an XML attribute has no meaning here")]
    XmlAttribute,
    /// XML: text beside elements.
    #[error("text and elements are mixed")]
    Mixed,
    /// XML: text that is no value of the attribute's type.
    #[error("text is not a value of the type")]
    Lexical,
    /// XML: an element's name with characters that no oneM2M name has.
    #[error("an element has no oneM2M name")]
    Name,
}

impl Fault {
    /// The name in `message.rejected.NAME`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TooLong => "value_too_long",
            Self::Syntax => "value_syntax",
            Self::Truncated => "value_truncated",
            Self::Trailing => "value_trailing",
            Self::Utf8 => "value_utf8",
            Self::NotAnObject => "value_not_an_object",
            Self::Depth => "value_depth",
            Self::ListTooLong => "value_list_too_long",
            Self::TooManyMembers => "value_too_many_members",
            Self::NameTooLong => "value_name_too_long",
            Self::Repeated => "value_repeated",
            Self::NumberRange => "value_number_range",
            Self::NotFinite => "value_not_finite",
            Self::NameNotText => "cbor_name_not_text",
            Self::IndefiniteLength => "cbor_indefinite_length",
            Self::LengthBomb => "cbor_length_bomb",
            Self::Tag => "cbor_tag",
            Self::Type => "cbor_type",
            Self::Doctype => "xml_doctype",
            Self::Entity => "xml_entity",
            Self::Instruction => "xml_instruction",
            Self::Declaration => "xml_declaration",
            Self::Character => "xml_character",
            Self::Namespace => "xml_namespace",
            Self::XmlAttribute => "xml_attribute",
            Self::Mixed => "xml_mixed",
            Self::Lexical => "xml_lexical",
            Self::Name => "xml_name",
        }
    }
}

/// A fault and its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Malformed {
    /// What is wrong.
    pub fault: Fault,
    /// Bytes before the place where it was noticed.
    pub at: usize,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (byte {})", self.fault, self.at)
    }
}

impl std::error::Error for Malformed {}

/// Why a value cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unwritable {
    /// Nested deeper than [`MAX_DEPTH`](crate::wire::limits::MAX_DEPTH).
    #[error("nested deeper than the limit")]
    Depth,
    /// XML has no form for the member with this name: a character, a list or a name that it cannot carry.
    #[error("`{0}` has no form in XML")]
    NoXmlForm(String),
    /// XML has one root element, whose name has a prefix.
    #[error("not one root with a prefix")]
    Root,
}
