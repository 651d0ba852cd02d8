//! The rows of the tables.

use super::Kind;

/// One attribute of resources, or one member of a complex type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Its short name.
    pub short: &'static str,
    /// Its name in full.
    pub long: &'static str,
    /// The name of its type.
    pub type_name: &'static str,
    /// The name of its elements' type if it is a list, else `-`.
    pub of: &'static str,
    /// Its enumeration, or `-`.
    pub enumeration: &'static str,
    /// What its values are.
    pub kind: Kind,
    /// It has to be there.
    pub mandatory: bool,
    /// Whether a CREATE has it.
    pub create: Presence,
    /// Whether an UPDATE has it.
    pub update: Presence,
    /// Whether an announcement has it.
    pub announced: Annotation,
    /// The resource types that carry it (`ALL` is all of them), or the complex type that has it.
    pub carriers: Vec<&'static str>,
}

/// What a request has to do with an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// M: it must carry it.
    Mandatory,
    /// O: it may.
    Optional,
    /// NP: it must not.
    NotPermitted,
    /// The tables do not say.
    Open,
}

/// What an announcement has to do with an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Annotation {
    /// MA: it carries it.
    Mandatory,
    /// OA: it does if asked.
    Optional,
    /// NA: never.
    Never,
    /// The tables do not say.
    Open,
}

/// One resource type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// The name that the tables have for it, such as `CIN`.
    pub name: &'static str,
    /// The name of its root member, such as `m2m:cin`.
    pub root: &'static str,
    /// Its name in full.
    pub long: &'static str,
    /// Its number.
    pub number: u16,
    /// Its mgmtDefinition, if it is a management object.
    pub definition: Option<u16>,
}

/// A line that is not of its table's form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the table: {what}")]
pub struct Flawed {
    /// Its number, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: &'static str,
}

/// The rows of a table: fields between tabs, `#` begins a comment.
pub(super) fn read<R>(
    text: &'static str,
    row: impl Fn(&[&'static str]) -> Result<R, &'static str>,
) -> Result<Vec<R>, Flawed> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.starts_with('#'));
    lines
        .map(|(index, line)| {
            let fields: Vec<&str> = line.split('\t').collect();
            row(&fields).map_err(|what| Flawed { line: index + 1, what })
        })
        .collect()
}

impl Attribute {
    pub(super) fn from_fields(fields: &[&'static str]) -> Result<Self, &'static str> {
        let &[short, long, type_name, of, enumeration, card, create, update, annc, carriers] =
            fields
        else {
            return Err("not ten fields");
        };
        if short.is_empty() || long.is_empty() || carriers.is_empty() {
            return Err("a field is empty");
        }
        Ok(Self {
            short,
            long,
            type_name,
            of,
            enumeration,
            kind: Kind::of(type_name, of).ok_or("the type is not known")?,
            mandatory: match card {
                "1" | "1L" | "1LN" | "1N" => true,
                "01" | "01L" | "-" => false,
                _ => return Err("the cardinality is not known"),
            },
            create: presence(create)?,
            update: presence(update)?,
            announced: match annc {
                "MA" => Annotation::Mandatory,
                "OA" => Annotation::Optional,
                "NA" => Annotation::Never,
                "-" => Annotation::Open,
                _ => return Err("the announcement is not known"),
            },
            carriers: carriers.split(',').collect(),
        })
    }
}

fn presence(word: &str) -> Result<Presence, &'static str> {
    match word {
        "M" => Ok(Presence::Mandatory),
        "O" => Ok(Presence::Optional),
        "NP" => Ok(Presence::NotPermitted),
        "-" => Ok(Presence::Open),
        _ => Err("the presence is not known"),
    }
}

impl Resource {
    pub(super) fn from_fields(fields: &[&'static str]) -> Result<Self, &'static str> {
        let &[name, root, long, number, definition] = fields else {
            return Err("not five fields");
        };
        let definition = match definition {
            "-" => None,
            text => Some(text.parse().map_err(|_| "the definition is no number")?),
        };
        let number = number.parse().map_err(|_| "the type is no number")?;
        Ok(Self { name, root, long, number, definition })
    }
}
