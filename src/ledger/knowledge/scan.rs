//! Looks for many secrets at once in streams of bytes, in every form and across all borders of chunks.

use aho_corasick::automaton::Automaton as _;
use aho_corasick::nfa::contiguous::NFA;
use aho_corasick::{Anchored, MatchKind, PatternID};

use super::encoding::forms;
use super::view::{Reading, View};

/// Secrets of fewer bytes (128 bits) are not looked for: they might stand there by chance.
pub const SCANNED_LEN_MIN: usize = 16;
/// Of a longer secret only the first so many bytes are looked for.
pub const SCANNED_LEN_MAX: usize = 256;
/// Bytes of all forms that one scanner looks for: about 40,000 keys of 256 bits. The automaton takes
/// about sixteen times this, 260 MB.
pub const FORMS_BYTES_MAX: usize = 16 << 20;

/// The forms of many secrets, ready to be looked for.
#[derive(Debug)]
pub struct Scanner {
    automaton: Option<NFA>,
    /// The secret of each pattern.
    owners: Vec<usize>,
    complete: bool,
}

/// A place in a stream: all that a scanner needs to go on with its next chunk.
#[derive(Debug)]
pub struct Stream {
    views: Vec<(View, aho_corasick::automaton::StateID)>,
}

impl Scanner {
    /// A scanner for `secrets`; those that are too short are passed over.
    #[must_use]
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a [u8]>) -> Self {
        Self::within(FORMS_BYTES_MAX, secrets)
    }

    fn within<'a>(limit: usize, secrets: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let (mut owners, mut patterns, mut bytes) = (Vec::new(), Vec::new(), 0);
        let mut complete = true;
        for (index, secret) in secrets.into_iter().enumerate() {
            if secret.len() < SCANNED_LEN_MIN {
                continue;
            }
            let forms = forms(&secret[..secret.len().min(SCANNED_LEN_MAX)]);
            bytes += forms.iter().map(Vec::len).sum::<usize>();
            if bytes > limit {
                complete = false;
                break;
            }
            owners.extend(forms.iter().map(|_| index));
            patterns.extend(forms);
        }
        let mut builder = NFA::builder();
        builder.match_kind(MatchKind::Standard).prefilter(false);
        let automaton = builder.build(&patterns).ok().filter(|_| !patterns.is_empty());
        complete &= automaton.is_some() != patterns.is_empty();
        Self { automaton, owners, complete }
    }

    /// Every secret that is long enough is looked for.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.complete
    }

    /// The beginning of a stream.
    #[must_use]
    pub fn stream(&self) -> Stream {
        let start =
            self.automaton.as_ref().and_then(|automaton| automaton.start_state(Anchored::No).ok());
        let views = start.map(|state| Reading::ALL.map(|reading| (View::new(reading), state)));
        Stream { views: views.into_iter().flatten().collect() }
    }

    /// Reads the next chunk of a stream of this scanner; `found` is told the index of each secret that
    /// ends in it, perhaps more than once.
    pub fn read(&self, stream: &mut Stream, chunk: &[u8], mut found: impl FnMut(usize)) {
        let Some(automaton) = &self.automaton else { return };
        for (view, state) in &mut stream.views {
            let mut step = |byte| {
                *state = automaton.next_state(Anchored::No, *state, byte);
                if automaton.is_special(*state) && automaton.is_match(*state) {
                    for index in 0..automaton.match_len(*state) {
                        found(self.owner(automaton.match_pattern(*state, index)));
                    }
                }
            };
            chunk.iter().for_each(|byte| view.read(*byte, &mut step));
        }
    }

    fn owner(&self, pattern: PatternID) -> usize {
        self.owners[pattern.as_usize()]
    }

    /// Memory of the automaton, in bytes.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        self.automaton.as_ref().map_or(0, |automaton| automaton.memory_usage())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
    use proptest::prelude::*;
    use sha2::Digest as _;

    /// What is found in `text`, cut into chunks of `cut` bytes.
    fn find(secrets: &[&[u8]], text: &[u8], cut: usize) -> Vec<usize> {
        find_with(&Scanner::new(secrets.iter().copied()), text, cut)
    }

    fn find_with(scanner: &Scanner, text: &[u8], cut: usize) -> Vec<usize> {
        let mut stream = scanner.stream();
        let mut all = Vec::new();
        for chunk in text.chunks(cut) {
            scanner.read(&mut stream, chunk, |index| all.push(index));
        }
        all.sort_unstable();
        all.dedup();
        all
    }

    /// `bytes` in the forms that programs write, by other code than ours where there is some.
    fn written(bytes: &[u8]) -> Vec<Vec<u8>> {
        let each = |form: &dyn Fn(&u8) -> String| -> Vec<u8> {
            bytes.iter().map(form).collect::<String>().into_bytes()
        };
        let latin1: String = bytes.iter().map(|byte| char::from(*byte)).collect();
        let json = serde_json::to_string(&latin1).unwrap();
        let unreserved = |byte: &u8| match *byte {
            byte if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => {
                char::from(byte).to_string()
            }
            byte => format!("%{byte:02X}"),
        };
        let standard = STANDARD.encode(bytes);
        vec![
            bytes.to_vec(),
            each(&|byte| format!("{byte:02x}")),
            each(&|byte| format!("{byte:02X}")),
            STANDARD_NO_PAD.encode(bytes).into_bytes(),
            URL_SAFE.encode(bytes).into_bytes(),
            URL_SAFE_NO_PAD.encode(bytes).into_bytes(),
            standard.replace('/', "%2F").replace('+', "%2B").replace('=', "%3D").into_bytes(),
            standard.replace('/', "\\/").into_bytes(),
            standard.into_bytes(),
            each(&unreserved),
            each(&|byte| format!("%{byte:02x}")),
            each(&|byte| format!("\\u{byte:04x}")),
            json.into_bytes(),
        ]
    }

    proptest! {
        #[test]
        fn a_secret_is_found_in_every_form_wherever_it_stands_and_absent_ones_never(
            secret in prop::collection::vec(any::<u8>(), 16..48),
            absent in prop::collection::vec(any::<u8>(), 16..48),
            before in prop::collection::vec(any::<u8>(), 0..40),
            after in prop::collection::vec(any::<u8>(), 0..40),
            cut in 1usize..90,
        ) {
            // The secret amid other data that is encoded together with it.
            let amid = [&before[..], &secret, &after].concat();
            for (form, text) in written(&amid).into_iter().enumerate() {
                prop_assert_eq!(find(&[&absent, &secret], &text, cut), [1], "form {}", form);
            }
            // The secret encoded alone, and quoted among letters.
            for (form, text) in written(&secret).into_iter().enumerate() {
                let text = [b"key: ", &text[..], b"; next"].concat();
                prop_assert_eq!(find(&[&secret, &absent], &text, cut), [0], "form {}", form);
            }
            // Anything that is not the secret: one bit of it is another. It stands between spaces, since a
            // neighbour may complete it: C3 93 is D3 where text is read as UTF-8.
            let scanner = Scanner::new([&secret[..]]);
            for index in 0..secret.len() {
                let mut other = secret.clone();
                other[index] ^= 0x10;
                let text = [&before[..], b" ", &other, b" ", &after].concat();
                prop_assert!(find_with(&scanner, &text, cut).is_empty());
            }
        }

        #[test]
        fn text_in_json_is_found_by_its_utf_8(
            secret in "[\\PC\"\\\\\n]{16,24}", cut in 1usize..20,
        ) {
            let json = serde_json::to_string(&secret).unwrap();
            let ascii: String = secret
                .encode_utf16()
                .map(|unit| format!("\\u{unit:04x}"))
                .collect();
            prop_assert_eq!(find(&[secret.as_bytes()], json.as_bytes(), cut), [0]);
            prop_assert_eq!(find(&[secret.as_bytes()], ascii.as_bytes(), cut), [0]);
        }
    }

    #[test]
    fn short_secrets_are_not_looked_for() {
        assert_eq!(find(&[b"0123456789abcde", b"0123456789abcdef"], b"0123456789abcdef", 3), [1]);
        assert!(find(&[], b"anything", 3).is_empty());
    }

    #[test]
    fn there_is_an_end_to_what_is_looked_for() {
        const LIMIT: usize = 1 << 20;
        let secrets: Vec<[u8; 32]> =
            (0..4_000u32).map(|index| sha2::Sha256::digest(index.to_be_bytes()).into()).collect();
        let scanner =
            |count| Scanner::within(LIMIT, secrets.iter().take(count).map(|key| &key[..]));
        let few = scanner(2_400);
        assert!(few.is_complete());
        assert!(!scanner(4_000).is_complete());
        assert!(few.memory_bytes() < 18 * LIMIT, "{}", few.memory_bytes());
    }
}
