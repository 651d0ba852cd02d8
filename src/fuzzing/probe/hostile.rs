//! Hostile requests: a valid one, and one thing wrong with it.

use super::case::{Case, Expect};
use super::dice::Dice;
use super::oracle::Owed;
use super::shot::{Binding, Shot};
use super::stage::{Stage, Type, attributes_of, entity};
use super::{framing, text};
use crate::wire::primitive::{Operation, Request};
use crate::wire::schema::{Attribute, Base, Presence};
use crate::wire::value::{Map, Serialisation, Value};

/// The operations that are made hostile.
pub(super) const OPERATIONS: [(Operation, &str); 4] = [
    (Operation::Create, "create"),
    (Operation::Retrieve, "retrieve"),
    (Operation::Update, "update"),
    (Operation::Delete, "delete"),
];

/// A hostile request about a type.
pub(super) fn hostile(stage: &Stage, of: Type, dice: &mut Dice) -> Option<Case> {
    let &(operation, name) = dice.pick(&OPERATIONS)?;
    let mut draft = Draft { stage, of, operation: name, owed: Owed::Answer };
    match dice.below(10) {
        0..=4 if matches!(operation, Operation::Create | Operation::Update) => {
            draft.content(operation, dice)
        }
        5..=6 if matches!(operation, Operation::Create | Operation::Update) => {
            draft.body(operation, dice)
        }
        0..=2 if operation == Operation::Retrieve => draft.filter(dice),
        7 => draft.target(operation, dice),
        8 => draft.framing(operation, dice),
        _ => draft.parameter(operation, dice),
    }
}

/// The same primitive for another binding means the same only for these classes.
pub(super) fn is_of_the_primitive(class: &str) -> bool {
    ["wrong_type", "missing", "unknown", "not_permitted", "range", "text", "name"].contains(&class)
}

struct Draft<'s> {
    stage: &'s Stage,
    of: Type,
    operation: &'static str,
    owed: Owed,
}

impl Draft<'_> {
    fn case(&self, class: &'static str, about: impl Into<String>, mut shot: Shot) -> Option<Case> {
        shot.brief = self.owed == Owed::Nothing;
        let look =
            self.stage.shot(&self.stage.request(Operation::Retrieve, &self.stage.place(self.of)));
        let (shots, focus, expect) = match (look, self.owed) {
            (Some(look), Owed::Answer) if self.operation != "delete" => {
                (vec![look.clone(), shot, look], 1, Expect::Unchanged)
            }
            _ => (vec![shot], 0, Expect::Sound),
        };
        Some(Case {
            class,
            operation: self.operation,
            of: self.of,
            about: about.into(),
            setup: stray(self.stage).into_iter().chain(self.stage.build(self.of)).collect(),
            shots,
            focus,
            owed: self.owed,
            expect,
        })
    }

    /// The valid request that is spoilt.
    fn valid(&self, operation: Operation, dice: &mut Dice) -> Request {
        match operation {
            Operation::Create => {
                let mut attributes = self.stage.example(self.of, false);
                let number = dice.below(1_000_000);
                attributes.insert("rn", Value::Text(format!("x{number}")));
                let mut request =
                    self.stage.create(&self.stage.parent(self.of), self.of, attributes);
                if self.of.number == 2 {
                    request.from = Some(format!("{}x", self.stage.owner));
                }
                request
            }
            Operation::Update => {
                let label = Value::List(vec![Value::from("probe")]);
                self.stage.update(self.of, Map::of("lbl", label))
            }
            other => self.stage.request(other, &self.stage.place(self.of)),
        }
    }

    /// One attribute is not as it should be.
    fn content(&self, operation: Operation, dice: &mut Dice) -> Option<Case> {
        let mut request = self.valid(operation, dice);
        let content = request.content.as_mut()?;
        let Value::Map(map) = &mut content.value else { return None };
        let of = self.of;
        let all: Vec<&Attribute> = attributes_of(of).collect();
        let attribute = **dice.pick(&all.iter().collect::<Vec<_>>())?;
        let about = class_of(attribute);
        let (class, about) = match dice.below(9) {
            0 | 1 => {
                map.insert(attribute.short, wrong(attribute, dice));
                ("wrong_type", about)
            }
            2 => {
                let names: Vec<String> = map.iter().map(|(name, _)| name.to_owned()).collect();
                map.remove(dice.pick(&names)?);
                ("missing", "mandatory")
            }
            3 => {
                map.insert(*dice.pick(&text::NAMES)?, Value::from(1));
                ("unknown", "member")
            }
            4 => {
                let rule = |found: &&&Attribute| match operation {
                    Operation::Create => found.create == Presence::NotPermitted,
                    _ => found.update == Presence::NotPermitted,
                };
                let fixed: Vec<_> = all.iter().filter(rule).collect();
                let attribute = **dice.pick(&fixed)?;
                map.insert(attribute.short, self.stage.value(of, attribute));
                ("not_permitted", class_of(attribute))
            }
            5 => {
                let integers: Vec<_> =
                    all.iter().filter(|found| found.kind.base == Base::Integer).collect();
                let number = dice.pick(&text::NUMBERS)?.clone();
                map.insert(dice.pick(&integers)?.short, number);
                ("range", "integer")
            }
            6 => {
                map.insert("rn", Value::from(*dice.pick(&text::IDENTIFIERS)?));
                ("name", "rn")
            }
            7 => {
                let len = *dice.pick(&[300, 5_000, 60_000])?;
                map.insert(attribute.short, long(attribute, len));
                ("oversize", about)
            }
            _ => {
                let value = Value::from(*dice.pick(&text::TEXTS)?);
                let list = attribute.kind.list;
                map.insert(attribute.short, if list { Value::List(vec![value]) } else { value });
                ("text", about)
            }
        };
        let shot = self.stage.shot(&request)?;
        self.case(class, about, shot)
    }

    /// The body is not what it says to be.
    fn body(&mut self, operation: Operation, dice: &mut Dice) -> Option<Case> {
        let request = self.valid(operation, dice);
        let mut shot = self.stage.shot(&request)?;
        let root = request.content.as_ref()?.root.clone();
        let (class, about, body) = match dice.below(8) {
            0 => ("nesting", "list", text::nested(&root, *dice.pick(&[60, 200, 400])?, b'[', b']')),
            1 => ("nesting", "object", text::nested_objects(&root, *dice.pick(&[60, 100, 150])?)),
            2 => ("duplicate", "member", text::doubled(&shot.body)?),
            3 => {
                let bad = dice.pick(&text::BAD_UNICODE)?;
                ("unicode", "text", text::around(&root, bad))
            }
            4 => {
                let len = dice.below(shot.body.len());
                ("truncated", "body", shot.body.get(..len)?.to_vec())
            }
            5 => ("trailing", "body", [shot.body.as_slice(), b"}x{"].concat()),
            6 => ("no_object", "body", dice.pick(&text::NO_OBJECTS)?.to_vec()),
            _ => {
                let &(name, number) = dice.pick(&text::MEDIA)?;
                shot.set_media(name, number);
                self.owed = Owed::Nothing;
                ("media_lie", name, shot.body.clone())
            }
        };
        // An empty or a cut body may be a whole one in CBOR.
        if self.stage.form != Serialisation::Json && class != "media_lie" {
            return None;
        }
        shot.set_body(body);
        self.case(class, about, shot)
    }

    /// Filter criteria without sense.
    fn filter(&self, dice: &mut Dice) -> Option<Case> {
        let request = self.valid(Operation::Retrieve, dice);
        let mut shot = self.stage.shot(&request)?;
        shot.set("fu", "1");
        let &(name, value) = dice.pick(&text::FILTERS)?;
        shot.add(name, value);
        if dice.once_in(2) {
            let &(name, value) = dice.pick(&text::FILTERS)?;
            shot.add(name, value);
        }
        self.case("filter", name, shot)
    }

    /// A parameter of the primitive is missing, repeated, or has a value without sense.
    fn parameter(&mut self, operation: Operation, dice: &mut Dice) -> Option<Case> {
        let mut shot = self.stage.shot(&self.valid(operation, dice))?;
        let &(name, value) = dice.pick(&text::PARAMETERS)?;
        let class = match dice.below(6) {
            0 => {
                shot.remove(name);
                "parameter_missing"
            }
            1 => {
                shot.add(name, value);
                "parameter_repeated"
            }
            _ => {
                shot.set(name, value);
                "parameter"
            }
        };
        shot.own_id = name == "rqi";
        // A relative time that is over, or an answer that is not wanted: none may come.
        if matches!(name, "rqet" | "rset" | "oet" | "rt" | "ec" | "rqi" | "fr" | "rvi")
            || class != "parameter"
        {
            self.owed = Owed::Nothing;
        }
        self.case(class, name, shot)
    }

    /// The target is an address of another form, or of nothing.
    fn target(&mut self, operation: Operation, dice: &mut Dice) -> Option<Case> {
        let mut shot = self.stage.shot(&self.valid(operation, dice))?;
        let tail = *dice.pick(&text::PATHS)?;
        match shot.binding {
            Binding::Http => match dice.below(2) {
                0 => shot.path = format!("{}/{tail}", shot.path),
                _ => shot.path = format!("/{tail}"),
            },
            Binding::Coap => {
                let decoded = percent_encoding::percent_decode_str(tail).collect::<Vec<u8>>();
                shot.options.push((11, decoded));
            }
        }
        self.owed = Owed::Nothing;
        self.case("target", "path", shot)
    }

    /// The message is no proper message of its transport.
    fn framing(&mut self, operation: Operation, dice: &mut Dice) -> Option<Case> {
        let mut shot = self.stage.shot(&self.valid(operation, dice))?;
        let about = framing::spoil(&mut shot, dice)?;
        self.owed = Owed::Nothing;
        self.case("framing", about, shot)
    }
}

/// What values an attribute has, as a class.
fn class_of(attribute: &Attribute) -> &'static str {
    match (attribute.kind.list, attribute.kind.base) {
        (true, _) => "list",
        (_, Base::Text) if attribute.type_name == "timestamp" => "timestamp",
        (_, Base::Text) => "text",
        (_, Base::Bool) => "boolean",
        (_, Base::Integer) => "integer",
        (_, Base::Float) => "float",
        (_, Base::Moment) => "moment",
        (_, Base::Object) => "object",
        (_, Base::Any) => "any",
    }
}

/// A value of another type than the attribute's.
fn wrong(attribute: &Attribute, dice: &mut Dice) -> Value {
    let candidates = [
        Value::Null,
        Value::Bool(true),
        Value::from(7),
        Value::Integer(-1),
        Value::Float(1.5),
        Value::from("probe"),
        Value::List(Vec::new()),
        Value::List(vec![Value::Null, Value::from(1), Value::Map(Map::new())]),
        Value::Map(Map::of("a", Value::List(vec![Value::Null]))),
    ];
    let fits = |value: &&Value| {
        let base = attribute.kind.base;
        match value {
            Value::Null => false,
            Value::List(_) => attribute.kind.list,
            _ if attribute.kind.list => false,
            Value::Bool(_) => base == Base::Bool,
            Value::Integer(_) => matches!(base, Base::Integer | Base::Float | Base::Moment),
            Value::Float(_) => base == Base::Float,
            Value::Text(_) => matches!(base, Base::Text | Base::Moment),
            _ => base == Base::Object,
        }
    };
    let others: Vec<&Value> = candidates.iter().filter(|value| !fits(value)).collect();
    dice.pick(&others).map_or(Value::Null, |value| (*value).clone())
}

fn long(attribute: &Attribute, len: usize) -> Value {
    if attribute.kind.list {
        Value::List(vec![Value::from("x"); len / 5])
    } else {
        Value::Text("x".repeat(len))
    }
}

/// The AE that a hostile CREATE of an AE may have made.
pub(super) fn stray(stage: &Stage) -> Option<Shot> {
    let who = format!("{}x", stage.owner);
    let mut request = stage.request(Operation::Delete, &format!("{}/{who}", stage.base));
    request.from = Some(who);
    debug_assert_eq!(entity().number, 2, "the first type is the AE");
    stage.shot(&request)
}
