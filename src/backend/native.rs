//! A parser whose memory can really be overrun: WebAssembly in an interpreter.
//!
//! An over-long length overwrites the neighbours of its buffer in linear memory: a price, a privilege, the
//! number of the function that is called next. The corruption is real, deterministic, and stays inside: the
//! interpreter bounds memory, stack and steps, and the host lends the module two functions that only count.

use wasmi::{
    Caller, Config, Engine, Instance, Linker, Memory, Module, Store, TrapCode, errors::ErrorKind,
};

use super::{Canary, Fault, Refusal, contains};
use crate::ledger::{Bound, ContentDigest};

/// Bytes of a message.
pub const MESSAGE_BYTES_MAX: usize = 1_024;
/// Bytes of a message that the validating parser lets pass.
const CHECKED_BYTES_MAX: usize = 256;
/// Bytes of a name.
const NAME_BYTES_MAX: usize = 32;
/// Bytes of a note.
const NOTE_BYTES_MAX: usize = 64;
/// Groups inside each other.
const DEPTH_MAX: usize = 4;
/// Elements of a message.
const ELEMENTS_MAX: usize = 32;
/// Instructions for one message.
const FUEL_MAX: u64 = 50_000;
/// Calls inside each other.
const RECURSION_MAX: usize = 64;
/// The module.
const TEXT: &str = include_str!("native.wat");
const MESSAGE_AT: usize = 4_096;
const ANSWER_LENGTH_AT: usize = 8_068;
const KEY_AT: usize = 8_236;
const ANSWER_AT: usize = 12_288;
const ANSWER_BYTES_MAX: usize = 256;
/// What a message may change: itself, lengths, name, note, the head of the list, answer.
const WRITABLE: [(usize, usize); 6] = [
    (MESSAGE_AT, MESSAGE_BYTES_MAX),
    (8_064, 8),
    (8_192, NAME_BYTES_MAX),
    (8_448, NOTE_BYTES_MAX),
    (8_516, 4),
    (ANSWER_AT, ANSWER_BYTES_MAX),
];

/// What stands before the parser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    /// Nothing.
    None,
    /// A parser that validates the whole message first: types, lengths, nesting, text.
    Validating,
}

/// A function of the host that the module called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Called {
    /// A reading was recorded at this price.
    Record {
        /// In the smallest unit of money.
        price: u32,
    },
    /// The device was unlocked, which no message may do.
    Unlock,
}

/// What came of one message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Handled {
    /// The mechanism that held it.
    pub refusal: Option<Refusal>,
    /// The first bound that was broken.
    pub exceeded: Option<Bound>,
    /// Bytes outside all buffers that differ from before.
    pub changed: usize,
    /// The functions of the host that were called.
    pub called: Vec<Called>,
    /// What the sender is answered.
    pub answer: Vec<u8>,
    /// The answer holds the key that stands behind the buffers.
    pub leaks: bool,
    /// Instructions taken.
    pub steps: u64,
    /// It ended in a trap and was started again.
    pub is_crashed: bool,
}

/// The parser.
#[derive(Debug)]
pub struct Parser {
    check: Check,
    key: Canary,
    module: Module,
    store: Store<Vec<Called>>,
    instance: Instance,
    memory: Memory,
}

impl Parser {
    /// A parser that was just started.
    ///
    /// # Errors
    /// The module is not valid: a defect of this program.
    pub fn new(check: Check, key: Canary) -> Result<Self, Fault> {
        let mut config = Config::default();
        config.consume_fuel(true).set_max_recursion_depth(RECURSION_MAX);
        let engine = Engine::new(&config);
        let module = Module::new(&engine, TEXT).map_err(fault)?;
        let (store, instance, memory) = start(&module, key)?;
        Ok(Self { check, key, module, store, instance, memory })
    }

    /// Handles a message.
    ///
    /// # Errors
    /// The module does not start again after a trap: a defect of this program.
    pub fn handle(&mut self, message: &[u8]) -> Result<Handled, Fault> {
        if message.len() > MESSAGE_BYTES_MAX {
            let refusal = Refusal { mechanism: "length_limit", reason: "message is too long" };
            return Ok(Handled { refusal: Some(refusal), ..Handled::default() });
        }
        if let Err(refusal) = self.admit(message) {
            return Ok(Handled { refusal: Some(refusal), ..Handled::default() });
        }
        let before = self.memory.data(&self.store).to_vec();
        self.memory.write(&mut self.store, MESSAGE_AT, message).map_err(fault)?;
        self.store.set_fuel(FUEL_MAX).map_err(fault)?;
        self.store.data_mut().clear();
        let handle = self.instance.get_typed_func::<i32, ()>(&self.store, "handle");
        let length = i32::try_from(message.len()).unwrap_or_default();
        let trap = handle.map_err(fault)?.call(&mut self.store, length).err();
        let handled = self.judge(&before, trap.as_ref());
        if handled.is_crashed {
            (self.store, self.instance, self.memory) = start(&self.module, self.key)?;
        }
        Ok(handled)
    }

    /// What stands before the parser.
    ///
    /// # Errors
    /// What is wrong with the message.
    pub fn admit(&self, message: &[u8]) -> Result<(), Refusal> {
        if self.check == Check::None {
            return Ok(());
        }
        validate(message).map_err(|reason| Refusal { mechanism: "validating_parser", reason })
    }

    /// The digest of the memory outside all buffers.
    #[must_use]
    pub fn digest(&self) -> ContentDigest {
        let outside = |(at, byte): (usize, &u8)| (!is_writable(at)).then_some(*byte);
        let memory = self.memory.data(&self.store).iter().enumerate();
        ContentDigest::of(&[&memory.filter_map(outside).collect::<Vec<u8>>()])
    }

    fn judge(&self, before: &[u8], trap: Option<&wasmi::Error>) -> Handled {
        let memory = self.memory.data(&self.store);
        let pairs = before.iter().zip(memory).enumerate();
        let changed = pairs.filter(|(at, (old, new))| old != new && !is_writable(*at)).count();
        let called = self.store.data().clone();
        let length = memory.get(ANSWER_LENGTH_AT..ANSWER_LENGTH_AT + 4).and_then(word);
        let end = ANSWER_AT + length.map_or(0, |length| length.min(ANSWER_BYTES_MAX));
        let answer = match trap {
            None => memory.get(ANSWER_AT..end).unwrap_or_default().to_vec(),
            Some(_) => Vec::new(),
        };
        Handled {
            refusal: None,
            // What is overwritten counts before how it ends.
            exceeded: if changed > 0 { Some(Bound::Outside) } else { trap.map(bound) },
            changed,
            called,
            leaks: contains(&answer, &self.key.0),
            answer,
            steps: FUEL_MAX - self.store.get_fuel().unwrap_or_default().min(FUEL_MAX),
            is_crashed: trap.is_some(),
        }
    }
}

fn start(module: &Module, key: Canary) -> Result<(Store<Vec<Called>>, Instance, Memory), Fault> {
    let engine = module.engine();
    let mut store = Store::new(engine, Vec::new());
    store.set_fuel(FUEL_MAX).map_err(fault)?;
    let mut linker = Linker::<Vec<Called>>::new(engine);
    let record = |mut caller: Caller<'_, Vec<Called>>, price: i32| {
        caller.data_mut().push(Called::Record { price: price.cast_unsigned() });
    };
    let unlock = |mut caller: Caller<'_, Vec<Called>>| caller.data_mut().push(Called::Unlock);
    linker.func_wrap("host", "record", record).map_err(fault)?;
    linker.func_wrap("host", "unlock", unlock).map_err(fault)?;
    let instance = linker.instantiate_and_start(&mut store, module).map_err(fault)?;
    let memory = instance.get_memory(&store, "memory");
    let memory = memory.ok_or_else(|| Fault::of("WebAssembly")("no memory".to_owned()))?;
    memory.write(&mut store, KEY_AT, &key.0).map_err(fault)?;
    Ok((store, instance, memory))
}

fn fault(error: impl ToString) -> Fault {
    Fault::of("WebAssembly")(error.to_string())
}

fn bound(error: &wasmi::Error) -> Bound {
    match (error.as_trap_code(), error.kind()) {
        (Some(TrapCode::OutOfFuel), _) | (_, ErrorKind::Fuel(_)) => Bound::Steps,
        (Some(TrapCode::StackOverflow), _) => Bound::Stack,
        _ => Bound::Panic,
    }
}

fn word(bytes: &[u8]) -> Option<usize> {
    let bytes: [u8; 4] = bytes.try_into().ok()?;
    usize::try_from(u32::from_le_bytes(bytes)).ok()
}

fn is_writable(at: usize) -> bool {
    WRITABLE.iter().any(|(from, bytes)| (*from..from + bytes).contains(&at))
}

/// Looks at a whole message before anything of it is used.
fn validate(message: &[u8]) -> Result<(), &'static str> {
    if message.len() > CHECKED_BYTES_MAX {
        return Err("message is too long");
    }
    let mut rest = message;
    let (mut depth, mut elements, mut name) = (0, 0, 0);
    while let Some((kind, after)) = rest.split_first() {
        elements += 1;
        if elements > ELEMENTS_MAX {
            return Err("too many elements");
        }
        rest = match kind {
            1 => {
                let (length, after) = after.split_first().ok_or("element is cut off")?;
                name = usize::from(*length);
                text(after, name, NAME_BYTES_MAX)?
            }
            2 => {
                let (length, after) = after.split_first_chunk().ok_or("element is cut off")?;
                text(after, usize::from(u16::from_be_bytes(*length)), NOTE_BYTES_MAX)?
            }
            3 => {
                let (count, after) = after.split_first().ok_or("element is cut off")?;
                if usize::from(*count) > name {
                    return Err("echo of more than the name");
                }
                after
            }
            4 => {
                depth += 1;
                if depth > DEPTH_MAX {
                    return Err("groups nest too deeply");
                }
                after.split_first().ok_or("element is cut off")?.1
            }
            _ => return Err("type is unknown"),
        };
    }
    Ok(())
}

/// What follows a text of this length.
fn text(bytes: &[u8], length: usize, most: usize) -> Result<&[u8], &'static str> {
    if length > most {
        return Err("length is over its limit");
    }
    let (text, rest) = bytes.split_at_checked(length).ok_or("length is beyond the message")?;
    std::str::from_utf8(text).map_err(|_| "text is not UTF-8")?;
    Ok(rest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEY: Canary = Canary([0xA5; 16]);

    fn parser(check: Check) -> Parser {
        Parser::new(check, KEY).unwrap()
    }

    fn handled(check: Check, message: &[u8]) -> Handled {
        parser(check).handle(message).unwrap()
    }

    /// A name that ends in what it puts behind its buffer.
    fn overlong(behind: &[u8]) -> Vec<u8> {
        let length = u8::try_from(NAME_BYTES_MAX + behind.len()).unwrap();
        [&[1, length], &[b'x'; NAME_BYTES_MAX][..], behind].concat()
    }

    const RECORDED: Called = Called::Record { price: 25 };

    #[test]
    fn an_honest_message_is_the_same_for_both() {
        let honest = [&[1, 4][..], b"pump", &[2, 0, 3], b"new", &[3, 4]].concat();
        for check in [Check::None, Check::Validating] {
            let handled = handled(check, &honest);
            assert_eq!((handled.exceeded, handled.refusal, handled.changed), (None, None, 0));
            assert_eq!((handled.answer.as_slice(), handled.called), (&b"pump"[..], vec![RECORDED]));
        }
    }

    #[test]
    fn an_overlong_name_overwrites_its_neighbours() {
        let price = handled(Check::None, &overlong(&[1, 0, 0, 0]));
        assert_eq!(price.called, [Called::Record { price: 1 }]);
        assert_eq!((price.exceeded, price.changed), (Some(Bound::Outside), 1));
        let admin = handled(Check::None, &overlong(&[25, 0, 0, 0, 1]));
        assert!(admin.leaks && admin.answer == KEY.0);
        let code = handled(Check::None, &overlong(&[25, 0, 0, 0, 0, 0, 0, 0, 1]));
        assert_eq!((code.called, code.exceeded), (vec![Called::Unlock], Some(Bound::Outside)));
    }

    #[test]
    fn a_length_that_wraps_writes_where_it_is_told() {
        // The link behind the note leads to is_admin, and the length of the note is written there.
        let mut note = vec![2, 1, 0];
        note.extend([b'x'; NOTE_BYTES_MAX]);
        note.extend(8_228u32.to_le_bytes());
        note.extend([0; 256 - NOTE_BYTES_MAX - 4]);
        let wrapped = handled(Check::None, &note);
        assert!(wrapped.leaks && wrapped.exceeded == Some(Bound::Outside), "{wrapped:?}");
        let honest_limit = [&[2, 0, 65][..], &[b'x'; 65]].concat();
        assert_eq!(handled(Check::None, &honest_limit).changed, 0, "the check does check");
    }

    #[test]
    fn an_echo_longer_than_the_name_reads_what_stands_behind() {
        let read = handled(Check::None, &[1, 1, b'x', 3, 60]);
        assert!(read.leaks && read.changed == 0 && read.exceeded.is_none());
    }

    #[test]
    fn nesting_loops_and_wild_addresses_end_in_bounds() {
        let nested = [4, 0].repeat(512);
        assert_eq!(handled(Check::None, &nested).exceeded, Some(Bound::Stack));
        assert_eq!(handled(Check::None, &[5, 0]).exceeded, Some(Bound::Steps));
        let wild = handled(Check::None, &[6, 0xFF, 0xFF, 0xFF, 0x7F]);
        assert_eq!((wild.exceeded, wild.is_crashed), (Some(Bound::Panic), true));
        let mut parser = parser(Check::None);
        parser.handle(&[6, 0xFF, 0xFF, 0xFF, 0x7F]).unwrap();
        assert_eq!(parser.handle(&[1, 1, b'x']).unwrap().called, [RECORDED], "it starts again");
    }

    #[test]
    fn corruption_stays_until_a_restart() {
        let mut parser = parser(Check::None);
        let before = parser.digest();
        parser.handle(&overlong(&[1, 0, 0, 0])).unwrap();
        assert_ne!(parser.digest(), before);
        let later = parser.handle(&[1, 1, b'x']).unwrap();
        assert_eq!((later.called, later.changed), (vec![Called::Record { price: 1 }], 0));
    }

    #[test]
    fn the_validating_parser_refuses_each_with_its_reason() {
        let reason = |message: &[u8]| {
            let handled = handled(Check::Validating, message);
            assert!(handled.called.is_empty() && handled.exceeded.is_none());
            handled.refusal.unwrap().reason
        };
        assert_eq!(reason(&overlong(&[1])), "length is over its limit");
        assert_eq!(reason(&[1, 9, b'x']), "length is beyond the message");
        assert_eq!(reason(&[2, 1, 0, b'x']), "length is over its limit");
        assert_eq!(reason(&[1, 1, b'x', 3, 2]), "echo of more than the name");
        assert_eq!(reason(&[4, 0].repeat(9)), "groups nest too deeply");
        assert_eq!(reason(&[5, 0]), "type is unknown");
        assert_eq!(reason(&[1, 1, 0xFF]), "text is not UTF-8");
        assert_eq!(reason(&[4]), "element is cut off");
        assert_eq!(reason(&[b'x'; 257]), "message is too long");
        assert_eq!(reason(&[1, 0].repeat(33)), "too many elements");
    }

    proptest! {
        #[test]
        fn what_passes_the_validating_parser_harms_nothing(
            message in proptest::collection::vec(prop_oneof![1u8..7, 0u8..40, any::<u8>()], 0..80)
        ) {
            let mut parser = parser(Check::Validating);
            let before = parser.digest();
            let handled = parser.handle(&message).unwrap();
            prop_assert_eq!(handled.exceeded, None);
            prop_assert_eq!(parser.digest(), before);
            prop_assert!(!handled.leaks && !handled.called.contains(&Called::Unlock));
        }
    }
}
