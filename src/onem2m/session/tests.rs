//! Each rule of sessions: held where it is in force, and what happens without it.

use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng as _;

use super::message::{
    Ask, Call, Carriage, Malformed, Reply, address, is_for_console, read, read_reply, tokens_in,
    write, write_reply,
};
use super::{Alarm, Channel, LockOut, Policy, Refusal, Sessions, Tokens, UNKNOWN_MAX};
use crate::credential::at_rest::{Hashing, PasswordTable};
use crate::sim::time::{Duration, Time};
use crate::wire::coap::Message;
use crate::wire::primitive::{Request, Rsc};

const ANN: Channel<'static> = Channel { subject: "ann's terminal", binding: Some([1; 32]) };
const EVE: Channel<'static> = Channel { subject: "eve's terminal", binding: Some([2; 32]) };
const RIGHT: (&str, &str) = ("ann", "Summer2024");
const WRONG: (&str, &str) = ("ann", "winter");
const START: Time = Time::ZERO;

/// What a system without session management does.
const NOTHING: Policy = Policy {
    tokens: Tokens::Sequential,
    carriage: Carriage::Address,
    is_bound: false,
    rotates: false,
    idle: None,
    absolute: None,
    revokes: false,
    lock_out: None,
    alarms: false,
};

struct Desk {
    sessions: Sessions,
    rng: ChaCha8Rng,
}

impl Desk {
    fn new(policy: Policy) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut passwords = PasswordTable::new(Hashing::Argon2id { memory_kib: 8, passes: 1 });
        passwords.set(RIGHT.0, RIGHT.1, &mut rng).unwrap();
        Self { sessions: Sessions::new(policy, passwords), rng }
    }

    fn login(
        &mut self,
        at: Time,
        from: &Channel<'_>,
        credentials: (&str, &str),
        presented: Option<&str>,
    ) -> Result<String, Refusal> {
        self.sessions.login(at, from, credentials, presented, &mut self.rng)
    }

    fn ann(&mut self) -> String {
        self.login(START, &ANN, RIGHT, None).unwrap()
    }
}

fn after(seconds: u64) -> Time {
    START + Duration::from_secs(seconds)
}

#[test]
fn a_token_is_good_for_the_account_that_it_was_given_to() {
    let mut desk = Desk::new(Policy::default());
    let token = desk.ann();
    assert_eq!(desk.sessions.resume(after(1), &ANN, &token), Ok("ann".to_owned()));
    assert_eq!(desk.login(START, &ANN, ("bob", "Summer2024"), None), Err(Refusal::Password));
    let first = desk.sessions.visit(START, &ANN, &mut desk.rng).unwrap();
    assert_eq!(desk.sessions.resume(START, &ANN, &first), Err(Refusal::NotLoggedIn));
    assert_eq!(desk.sessions.len(), 2);
}

#[test]
fn random_tokens_have_128_bits_and_counted_ones_tell_the_next() {
    let mut random = Desk::new(Policy::default());
    let tokens: Vec<u128> =
        (0..64).map(|_| u128::from_str_radix(&random.ann(), 16).unwrap()).collect();
    // Every bit is seen in both states.
    assert_eq!(tokens.iter().fold(0, |seen, token| seen | token), u128::MAX);
    assert_eq!(tokens.iter().fold(u128::MAX, |seen, token| seen & token), 0);
    let mut counted = Desk::new(NOTHING);
    let [one, two] = [counted.ann(), counted.ann()];
    let number = |token: &str| u64::from_str_radix(token, 16).unwrap();
    assert_eq!(number(&two), number(&one) + 1);
}

#[test]
fn no_token_is_kept_as_it_is() {
    let mut desk = Desk::new(Policy::default());
    let token = desk.ann();
    assert!(!format!("{:?}", desk.sessions).contains(&token));
}

#[test]
fn a_token_is_worth_nothing_in_another_association() {
    let mut desk = Desk::new(Policy::default());
    let token = desk.ann();
    assert_eq!(desk.sessions.resume(after(1), &EVE, &token), Err(Refusal::Elsewhere));
    assert_eq!(desk.sessions.take_alarms(), [Alarm::ConcurrentUse]);
    // The owner in a new association logs in again, and nobody is alarmed.
    let new = Channel { binding: Some([3; 32]), ..ANN };
    assert_eq!(desk.sessions.resume(after(1), &new, &token), Err(Refusal::Elsewhere));
    assert_eq!(desk.sessions.take_alarms(), []);
    assert!(desk.sessions.resume(after(2), &ANN, &token).is_ok(), "the session goes on");
    assert_eq!(desk.sessions.logout(after(2), &EVE, &token), Err(Refusal::Elsewhere));

    let mut open = Desk::new(Policy { is_bound: false, ..Policy::default() });
    let token = open.ann();
    assert!(open.sessions.resume(after(1), &EVE, &token).is_ok());
}

#[test]
fn one_bit_of_the_binding_makes_another() {
    let mut desk = Desk::new(Policy::default());
    let token = desk.ann();
    for bit in 0..256 {
        let mut binding = [1; 32];
        binding[bit / 8] ^= 1 << (bit % 8);
        let other = Channel { binding: Some(binding), ..ANN };
        assert_eq!(desk.sessions.resume(after(1), &other, &token), Err(Refusal::Elsewhere));
    }
}

#[test]
fn without_an_association_nothing_can_be_bound() {
    let plain = Channel { binding: None, ..ANN };
    let mut desk = Desk::new(Policy::default());
    assert_eq!(desk.login(START, &plain, RIGHT, None), Err(Refusal::Unbindable));
    assert!(desk.sessions.is_empty());
    assert!(Desk::new(NOTHING).login(START, &plain, RIGHT, None).is_ok());
}

#[test]
fn sessions_end_when_unused_and_at_a_certain_age() {
    let (idle, absolute) = (Duration::from_secs(10), Duration::from_secs(25));
    let policy = Policy { idle: Some(idle), absolute: Some(absolute), ..Policy::default() };
    let mut desk = Desk::new(policy);
    let token = desk.ann();
    let just_before = START + Duration(idle.0 - 1);
    assert!(desk.sessions.resume(just_before, &ANN, &token).is_ok());
    assert_eq!(desk.sessions.resume(just_before + idle, &ANN, &token), Err(Refusal::Idle));
    assert_eq!(desk.sessions.resume(just_before, &ANN, &token), Err(Refusal::Unknown));

    let token = desk.ann();
    for seconds in [8, 16, 24] {
        assert!(desk.sessions.resume(after(seconds), &ANN, &token).is_ok());
    }
    assert_eq!(desk.sessions.resume(after(25), &ANN, &token), Err(Refusal::TooOld));

    let mut open = Desk::new(NOTHING);
    let token = open.ann();
    assert!(open.sessions.resume(after(1 << 30), &ANN, &token).is_ok());
}

#[test]
fn a_login_gives_a_new_token_whatever_came_with_it() {
    let unbound = Policy { is_bound: false, ..Policy::default() };
    let mut desk = Desk::new(unbound);
    let planted = desk.sessions.visit(START, &EVE, &mut desk.rng).unwrap();
    let token = desk.login(START, &ANN, RIGHT, Some(&planted)).unwrap();
    assert_ne!(token, planted);
    assert_eq!(desk.sessions.resume(after(1), &EVE, &planted), Err(Refusal::Unknown));
    // What was never given out is not taken over either, rotation or not.
    for policy in [unbound, Policy { rotates: false, ..unbound }] {
        let mut desk = Desk::new(policy);
        assert_ne!(desk.login(START, &ANN, RIGHT, Some("0000")).unwrap(), "0000");
    }

    let mut open = Desk::new(Policy { rotates: false, ..unbound });
    let planted = open.sessions.visit(START, &EVE, &mut open.rng).unwrap();
    assert_eq!(open.login(START, &ANN, RIGHT, Some(&planted)).unwrap(), planted);
    assert_eq!(open.sessions.resume(after(1), &EVE, &planted), Ok("ann".to_owned()));
}

#[test]
fn after_a_logout_there_is_no_session() {
    let mut desk = Desk::new(Policy::default());
    let token = desk.ann();
    assert_eq!(desk.sessions.logout(after(1), &ANN, &token), Ok(()));
    assert_eq!(desk.sessions.resume(after(2), &ANN, &token), Err(Refusal::Unknown));
    assert!(desk.sessions.is_empty());

    let mut open = Desk::new(Policy { revokes: false, ..Policy::default() });
    let token = open.ann();
    assert_eq!(open.sessions.logout(after(1), &ANN, &token), Ok(()));
    assert!(open.sessions.resume(after(2), &ANN, &token).is_ok());
}

#[test]
fn wrong_passwords_lock_strangers_out_and_not_the_owner() {
    let rule = LockOut { after: 3, lasts: Duration::from_secs(60) };
    let mut desk = Desk::new(Policy { lock_out: Some(rule), ..Policy::default() });
    desk.ann();
    for _ in 0..3 {
        assert_eq!(desk.login(after(1), &EVE, WRONG, None), Err(Refusal::Password));
    }
    assert_eq!(desk.sessions.take_alarms(), [Alarm::LockOut]);
    // Neither the right password nor another stranger helps.
    let third = Channel { subject: "third", ..EVE };
    for stranger in [&EVE, &third] {
        assert_eq!(desk.login(after(2), stranger, RIGHT, None), Err(Refusal::Locked));
    }
    assert!(desk.login(after(2), &ANN, RIGHT, None).is_ok(), "a false lock-out");
    assert!(desk.login(after(61), &EVE, RIGHT, None).is_ok(), "it ends");
    assert_eq!(desk.sessions.take_alarms(), []);
}

#[test]
fn wrong_passwords_count_in_a_row_only_and_for_accounts_that_there_are() {
    let rule = LockOut { after: 2, lasts: Duration::from_secs(60) };
    let mut desk = Desk::new(Policy { lock_out: Some(rule), ..Policy::default() });
    for _ in 0..8 {
        assert_eq!(desk.login(START, &ANN, WRONG, None), Err(Refusal::Password));
        desk.ann();
        assert_eq!(desk.login(START, &ANN, ("nobody", "x"), None), Err(Refusal::Password));
    }
    assert_eq!(desk.sessions.take_alarms(), []);

    let mut open = Desk::new(NOTHING);
    for _ in 0..64 {
        assert_eq!(open.login(START, &EVE, WRONG, None), Err(Refusal::Password));
    }
    assert!(open.login(START, &EVE, RIGHT, None).is_ok());
}

#[test]
fn tokens_that_do_not_exist_are_noticed_once() {
    let mut desk = Desk::new(Policy::default());
    for _ in 0..3 * UNKNOWN_MAX {
        assert_eq!(desk.sessions.resume(START, &EVE, "1234"), Err(Refusal::Unknown));
    }
    assert_eq!(desk.sessions.take_alarms(), [Alarm::TokenGuessing]);
}

#[test]
fn a_restart_loses_the_sessions_and_keeps_the_accounts() {
    let mut desk = Desk::new(Policy::default());
    let token = desk.ann();
    desk.sessions.restart();
    assert_eq!(desk.sessions.resume(after(1), &ANN, &token), Err(Refusal::Unknown));
    desk.ann();
}

fn calls() -> Vec<Call> {
    let login = Ask::Login { account: "ann".to_owned(), password: "a\"b".to_owned() };
    let request = Ask::Request(Box::new(Request::retrieve("cse/Cann/data", "Cann", "7")));
    let asks = [Ask::Visit, login, Ask::Logout, request, Ask::Log];
    let tokens = [None, Some("00ff".to_owned())];
    let of =
        |token: Option<String>| asks.clone().map(move |ask| Call { token: token.clone(), ask });
    tokens.into_iter().flat_map(of).collect()
}

#[test]
fn calls_and_replies_read_back() {
    for carriage in [Carriage::Header, Carriage::Address] {
        for call in calls() {
            let bytes = write(&call, carriage, 9).unwrap();
            assert!(is_for_console(&bytes));
            let message = Message::parse(&bytes).unwrap();
            assert_eq!(read(&message, carriage), Ok(call.clone()));
            let is_shown = address(&message).contains("00ff");
            assert_eq!(is_shown, call.token.is_some() && carriage == Carriage::Address);
            let refused = Reply::Refused("session_unknown".to_owned());
            let log = Reply::Log("/console/log".to_owned());
            for reply in [Reply::Done, Reply::Status(Rsc::OK), refused, log] {
                let answer = write_reply(&reply, &message);
                assert_eq!(read_reply(&answer), Some((9, reply)));
            }
        }
    }
    assert_eq!(tokens_in("/a?session=12\n/b?x=1&session=ab\n").collect::<Vec<_>>(), ["12", "ab"]);
}

#[test]
fn a_token_in_the_wrong_place_or_twice_is_refused() {
    let call = Call { token: Some("00ff".to_owned()), ask: Ask::Logout };
    for (written, looked_for) in
        [(Carriage::Header, Carriage::Address), (Carriage::Address, Carriage::Header)]
    {
        let bytes = write(&call, written, 1).unwrap();
        let message = Message::parse(&bytes).unwrap();
        assert_eq!(read(&message, looked_for), Err(Malformed::Option));
    }
    let long = Call { token: Some("0".repeat(129)), ask: Ask::Logout };
    let bytes = write(&long, Carriage::Header, 1).unwrap();
    assert_eq!(read(&Message::parse(&bytes).unwrap(), Carriage::Header), Err(Malformed::Token));
}

#[test]
fn damaged_calls_and_replies_never_panic() {
    for call in calls() {
        let bytes = write(&call, Carriage::Header, 1).unwrap();
        for place in 0..bytes.len() {
            for flip in [1, 0x80, 0xff] {
                let mut other = bytes.clone();
                other[place] ^= flip;
                let _ = is_for_console(&other);
                let _ = read_reply(&other);
                if let Ok(message) = Message::parse(&other) {
                    let _ = (read(&message, Carriage::Header), address(&message));
                }
            }
        }
    }
}
