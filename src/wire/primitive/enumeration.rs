//! The enumerations of TS-0004 clause 6.3.4 that parameters have.

use super::parameter::number;
use super::{Flaw, Parameter, Refusal, Unknown};
use crate::wire::value::Value;

macro_rules! enumeration {
    (
        $(#[$meta:meta])*
        pub enum $name:ident { $( $(#[$note:meta])* $variant:ident = $number:literal, )* }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum $name { $( $(#[$note])* $variant = $number, )* }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The one with this number.
            #[must_use]
            pub const fn from_number(number: u64) -> Option<Self> {
                match number {
                    $( $number => Some(Self::$variant), )*
                    _ => None,
                }
            }

            /// Its number.
            #[must_use]
            pub const fn number(self) -> u8 {
                self as u8
            }
        }

        impl Parameter for $name {
            fn read(value: Value, _: Unknown) -> Result<Self, Flaw> {
                Self::from_number(number(&value)?).ok_or(Flaw::Range)
            }

            fn write(&self) -> Option<Value> {
                Some(Value::from(u64::from(self.number())))
            }
        }
    };
}

enumeration! {
    /// What is asked for (m2m:operation).
    #[derive(Default)]
    pub enum Operation {
        /// A new resource.
        Create = 1,
        /// The representation of a resource.
        #[default]
        Retrieve = 2,
        /// New values of attributes.
        Update = 3,
        /// The end of a resource.
        Delete = 4,
        /// Something for the target to take note of.
        Notify = 5,
    }
}

enumeration! {
    /// What an answer contains (m2m:resultContent).
    pub enum ResultContent {
        /// Nothing.
        Nothing = 0,
        /// The attributes.
        Attributes = 1,
        /// The structured address.
        HierarchicalAddress = 2,
        /// The structured address and the attributes.
        HierarchicalAddressAndAttributes = 3,
        /// The attributes and the children.
        AttributesAndChildResources = 4,
        /// The attributes and references to the children.
        AttributesAndChildReferences = 5,
        /// References to the children.
        ChildReferences = 6,
        /// The original of an announced resource.
        OriginalResource = 7,
        /// The children.
        ChildResources = 8,
        /// The attributes that the request changed.
        ModifiedAttributes = 9,
        /// Semantic content.
        SemanticContent = 10,
        /// Semantic content and the children.
        SemanticContentAndChildResources = 11,
        /// What the originator may do.
        Permissions = 12,
    }
}

enumeration! {
    /// What filter criteria are for (m2m:filterUsage).
    pub enum FilterUsage {
        /// Discovery.
        Discovery = 1,
        /// A condition.
        Conditional = 2,
        /// Discovery by an interworking proxy.
        IpeOnDemand = 3,
    }
}

enumeration! {
    /// How criteria combine (m2m:filterOperation).
    pub enum FilterOperation {
        /// All of them.
        And = 1,
        /// Any of them.
        Or = 2,
        /// One of them.
        Xor = 3,
    }
}

enumeration! {
    /// How resources are named in an answer (m2m:desIdResType).
    pub enum DesiredIdType {
        /// By structured addresses.
        Structured = 1,
        /// By resource identifiers.
        Unstructured = 2,
    }
}

enumeration! {
    /// Whether the originator waits (m2m:responseType).
    pub enum ResponseTypeValue {
        /// It asks for the result later.
        NonBlockingSync = 1,
        /// It is notified of the result.
        NonBlockingAsync = 2,
        /// It waits.
        Blocking = 3,
        /// As the receiver likes.
        FlexBlocking = 4,
        /// It wants no answer.
        NoResponse = 5,
    }
}

enumeration! {
    /// Whether a content is all there is (m2m:contentStatus).
    pub enum ContentStatus {
        /// A part.
        Partial = 1,
        /// All of it.
        Full = 2,
    }
}

enumeration! {
    /// The language of a content filter (m2m:contentFilterSyntax).
    pub enum ContentFilterSyntax {
        /// JSONPath.
        JsonPath = 1,
    }
}

/// How urgent a request is (m2m:eventCat): 2 immediate, 3 best effort, 4 latest, 100 to 999 as the user
/// defines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventCategory(u16);

impl EventCategory {
    /// The category with this number.
    #[must_use]
    pub fn new(number: u64) -> Option<Self> {
        let number = u16::try_from(number).ok()?;
        matches!(number, 2..=4 | 100..=999).then_some(Self(number))
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0
    }
}

impl Parameter for EventCategory {
    fn read(value: Value, _: Unknown) -> Result<Self, Flaw> {
        Self::new(number(&value)?).ok_or(Flaw::Range)
    }

    fn write(&self) -> Option<Value> {
        Some(Value::from(u64::from(self.0)))
    }
}

/// A resource type by its number, 1 or more (m2m:resourceType). Those of later releases and announced ones
/// (10,000 more) are numbers like others here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceType(pub u16);

impl ResourceType {
    /// `<accessControlPolicy>`
    pub const ACCESS_CONTROL_POLICY: Self = Self(1);
    /// `<AE>`
    pub const AE: Self = Self(2);
    /// `<container>`
    pub const CONTAINER: Self = Self(3);
    /// `<contentInstance>`
    pub const CONTENT_INSTANCE: Self = Self(4);
    /// `<CSEBase>`
    pub const CSE_BASE: Self = Self(5);
    /// `<group>`
    pub const GROUP: Self = Self(9);
    /// `<remoteCSE>`
    pub const REMOTE_CSE: Self = Self(16);
    /// `<subscription>`
    pub const SUBSCRIPTION: Self = Self(23);
}

impl Parameter for ResourceType {
    fn read(value: Value, _: Unknown) -> Result<Self, Flaw> {
        match u16::try_from(number(&value)?) {
            Ok(0) | Err(_) => Err(Flaw::Range),
            Ok(number) => Ok(Self(number)),
        }
    }

    fn write(&self) -> Option<Value> {
        Some(Value::from(u64::from(self.0)))
    }
}

/// The release whose rules the message follows (rvi). An absent rvi counts as release 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Release {
    /// `1`
    R1,
    /// `2`
    R2,
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
    /// All of them.
    pub const ALL: [Self; 6] = [Self::R1, Self::R2, Self::R2a, Self::R3, Self::R4, Self::R5];

    /// The release that `text` names.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|release| release.text() == text)
    }

    /// As it stands in a message.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::R1 => "1",
            Self::R2 => "2",
            Self::R2a => "2a",
            Self::R3 => "3",
            Self::R4 => "4",
            Self::R5 => "5",
        }
    }
}

impl Parameter for Release {
    fn read(value: Value, _: Unknown) -> Result<Self, Flaw> {
        let text = value.as_text().ok_or(Flaw::Type)?;
        Self::from_text(text).ok_or(Flaw::Inner(Refusal::Release))
    }

    fn write(&self) -> Option<Value> {
        Some(Value::from(self.text()))
    }
}
