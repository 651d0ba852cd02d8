//! How the value of one parameter is read and written, and the macro that makes structs of parameters.

use super::{Refusal, Unknown};
use crate::wire::limits::{MAX_ENTRIES, MAX_PARAMETER};
use crate::wire::value::{Map, Value};

/// What is wrong with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Its type.
    Type,
    /// Its value.
    Range,
    /// Its length.
    Length,
    /// Something inside it.
    Inner(Refusal),
}

impl Flaw {
    /// The refusal of the parameter with this name.
    #[must_use]
    pub const fn of(self, name: &'static str) -> Refusal {
        match self {
            Self::Type => Refusal::WrongType(name),
            Self::Range => Refusal::OutOfRange(name),
            Self::Length => Refusal::TooLong(name),
            Self::Inner(refusal) => refusal,
        }
    }
}

/// The value of a parameter.
pub trait Parameter: Sized {
    /// Reads it.
    ///
    /// # Errors
    /// Says what is wrong with the value.
    fn read(value: Value, unknown: Unknown) -> Result<Self, Flaw>;

    /// Writes it; `None` if it is not there.
    fn write(&self) -> Option<Value>;

    /// What stands for a parameter that is not there; `None` if it is mandatory.
    #[must_use]
    fn absent() -> Option<Self> {
        None
    }
}

impl<T: Parameter> Parameter for Option<T> {
    fn read(value: Value, unknown: Unknown) -> Result<Self, Flaw> {
        T::read(value, unknown).map(Some)
    }

    fn write(&self) -> Option<Value> {
        self.as_ref().and_then(T::write)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl<T: Parameter> Parameter for Vec<T> {
    fn read(value: Value, unknown: Unknown) -> Result<Self, Flaw> {
        match value {
            Value::List(items) if items.len() > MAX_ENTRIES => Err(Flaw::Length),
            Value::List(items) => items.into_iter().map(|item| T::read(item, unknown)).collect(),
            _ => Err(Flaw::Type),
        }
    }

    fn write(&self) -> Option<Value> {
        Some(Value::List(self.iter().filter_map(T::write).collect()))
    }
}

/// Control characters are in it; most texts are ASCII.
fn has_controls(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_control())
        || !text.is_ascii() && text.chars().any(char::is_control)
}

impl Parameter for String {
    /// Text without control characters, which no identifier, expression or token has.
    fn read(value: Value, _: Unknown) -> Result<Self, Flaw> {
        match value {
            Value::Text(text) if text.len() > MAX_PARAMETER => Err(Flaw::Length),
            Value::Text(text) if has_controls(&text) => Err(Flaw::Range),
            Value::Text(text) => Ok(text),
            _ => Err(Flaw::Type),
        }
    }

    fn write(&self) -> Option<Value> {
        Some(Value::Text(self.clone()))
    }
}

impl Parameter for bool {
    fn read(value: Value, _: Unknown) -> Result<Self, Flaw> {
        if let Value::Bool(value) = value { Ok(value) } else { Err(Flaw::Type) }
    }

    fn write(&self) -> Option<Value> {
        Some(Value::Bool(*self))
    }
}

impl Parameter for u64 {
    fn read(value: Value, _: Unknown) -> Result<Self, Flaw> {
        number(&value)
    }

    fn write(&self) -> Option<Value> {
        Some(Value::from(*self))
    }
}

impl Parameter for Value {
    fn read(value: Value, _: Unknown) -> Result<Self, Flaw> {
        Ok(value)
    }

    fn write(&self) -> Option<Value> {
        Some(self.clone())
    }
}

impl Parameter for Map {
    fn read(value: Value, _: Unknown) -> Result<Self, Flaw> {
        if let Value::Map(map) = value { Ok(map) } else { Err(Flaw::Type) }
    }

    fn write(&self) -> Option<Value> {
        Some(Value::Map(self.clone()))
    }
}

/// An integer of 0 or more.
pub(super) fn number(value: &Value) -> Result<u64, Flaw> {
    match value {
        Value::Integer(number) => u64::try_from(*number).map_err(|_| Flaw::Range),
        Value::Unsigned(number) => Ok(*number),
        _ => Err(Flaw::Type),
    }
}

/// A struct of parameters from one line for each: field, type, short name. `Option` says that it may be
/// absent.
macro_rules! parameters {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $( $(#[$note:meta])* $field:ident: $type:ty = $short:literal, )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct $name {
            $( $(#[$note])* pub $field: $type, )*
            /// Parameters that the model does not know.
            pub others: $crate::wire::value::Map,
        }

        impl $name {
            /// The short names of all parameters, in the order in which they are written.
            pub const NAMES: &'static [&'static str] = &[$($short),*];

            /// Reads the parameters out of an object.
            ///
            /// # Errors
            /// Names the parameter that is wrong, missing or not known.
            pub fn from_map(
                map: $crate::wire::value::Map,
                unknown: $crate::wire::primitive::Unknown,
            ) -> Result<Self, $crate::wire::primitive::Refusal> {
                use $crate::wire::primitive::{Parameter, Refusal, Unknown};
                $( let mut $field: Option<$type> = None; )*
                let mut others = $crate::wire::value::Map::new();
                for (name, value) in map {
                    match name.as_ref() {
                        $( $short => {
                            let read = <$type as Parameter>::read(value, unknown);
                            $field = Some(read.map_err(|flaw| flaw.of($short))?);
                        } )*
                        _ if unknown == Unknown::Keep => {
                            others.insert(name, value);
                        }
                        _ => return Err(Refusal::Unknown),
                    }
                }
                Ok(Self {
                    $( $field: $field
                        .or_else(<$type as Parameter>::absent)
                        .ok_or(Refusal::Missing($short))?, )*
                    others,
                })
            }

            /// The parameters that are there, as an object.
            #[must_use]
            pub fn to_map(&self) -> $crate::wire::value::Map {
                self.to_map_without(&[])
            }

            /// The same without these, which are not written at all.
            #[must_use]
            pub fn to_map_without(&self, elsewhere: &[&str]) -> $crate::wire::value::Map {
                use $crate::wire::primitive::Parameter;
                let mut map = $crate::wire::value::Map::new();
                $( if !elsewhere.contains(&$short) && let Some(value) = self.$field.write() {
                    map.insert($short, value);
                } )*
                for (name, value) in self.others.iter() {
                    map.insert(name.to_owned(), value.clone());
                }
                map
            }
        }

        impl $crate::wire::primitive::Parameter for $name {
            fn read(
                value: $crate::wire::value::Value,
                unknown: $crate::wire::primitive::Unknown,
            ) -> Result<Self, $crate::wire::primitive::Flaw> {
                use $crate::wire::primitive::Flaw;
                let map = <$crate::wire::value::Map as $crate::wire::primitive::Parameter>::read(
                    value, unknown,
                )?;
                Self::from_map(map, unknown).map_err(Flaw::Inner)
            }

            fn write(&self) -> Option<$crate::wire::value::Value> {
                Some($crate::wire::value::Value::Map(self.to_map()))
            }
        }
    };
}

pub(super) use parameters;
