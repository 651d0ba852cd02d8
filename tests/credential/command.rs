//! Management commands: believed ones, signed ones, and what the place of the key has to say.

use std::collections::BTreeMap;

use keystorm::credential::Level;
use keystorm::credential::command::{
    Action, Administrator, Answer, Done, Message, NONCES_MAX, NamedAuthority, NamedCommand, Port,
    Quorum, Refusal, Role, RoleTable, Served, SignedAuthority, SignedCommand, TARGETS_MAX, handle,
};
use keystorm::credential::store::{HsmProfile, Store, StoreError, Work};
use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;

use super::{entry, key, name, stores};

fn filled(mut store: Store) -> Store {
    for n in 0..10 {
        let entry = entry(&format!("k{n}"), Level::Kpsa);
        store.keys_mut().write(entry, key(n), &mut Work::default()).unwrap();
    }
    store
}

fn flash() -> Store {
    filled(stores().into_iter().next().unwrap())
}

fn hsm() -> Store {
    assert_eq!(HsmProfile::ATECC608.slots_max, 16);
    filled(stores().into_iter().nth(2).unwrap())
}

fn read(target: &str) -> Action {
    Action::Read(name(target))
}

fn replace(target: &str, byte: u8) -> Action {
    Action::Replace { entry: entry(target, Level::Kpsa), key: key(byte) }
}

fn delete(targets: std::ops::Range<u8>) -> Action {
    Action::Delete(targets.map(|n| name(&format!("k{n}"))).collect())
}

fn names_believed() -> NamedAuthority {
    let all = vec![Role::Auditor, Role::Operator, Role::Custodian];
    NamedAuthority {
        originators: BTreeMap::from([("/manager".to_owned(), all)]),
        roles: RoleTable::default(),
    }
}

fn named(originator: &str, action: Action) -> NamedCommand {
    NamedCommand { originator: originator.to_owned(), action }
}

/// A store, its authority, and three administrators: alice holds all roles, bob is custodian, carol
/// auditor.
struct Scene {
    store: Store,
    authority: SignedAuthority,
    rng: ChaCha8Rng,
    alice: Administrator,
    bob: Administrator,
    carol: Administrator,
}

impl Scene {
    fn new(store: Store, quorum: Option<Quorum>) -> Self {
        let [alice, bob, carol] = [("alice", 0xa1), ("bob", 0xb0), ("carol", 0xca)]
            .map(|(name, byte)| Administrator::new(name, &key(byte)));
        let mut authority = SignedAuthority::new(RoleTable::default(), quorum);
        authority.admit(&alice, &[Role::Auditor, Role::Operator, Role::Custodian]);
        authority.admit(&bob, &[Role::Custodian]);
        authority.admit(&carol, &[Role::Auditor]);
        Self { store, authority, rng: ChaCha8Rng::seed_from_u64(1), alice, bob, carol }
    }

    fn nonce(&mut self) -> [u8; 16] {
        self.authority.issue(&mut self.rng)
    }

    fn by_alice(&mut self, role: Role, action: Action) -> SignedCommand {
        let nonce = self.nonce();
        self.alice.command(role, nonce, action)
    }

    fn send(&mut self, command: &SignedCommand) -> Result<Done, Refusal> {
        handle(command, &mut self.authority, &mut self.store, &mut Work::default())
    }

    fn has(&self, target: &str) -> bool {
        self.store.keys().attributes(target.as_bytes()).is_some()
    }
}

#[test]
fn whoever_knows_a_managers_name_can_delete_its_keys() {
    let (mut store, mut authority) = (flash(), names_believed());
    let mut send = |command| handle(&command, &mut authority, &mut store, &mut Work::default());
    assert_eq!(send(named("/manager", delete(0..10))), Ok(Done::Deleted(10)));
    assert_eq!(send(named("/stranger", read("k0"))), Err(Refusal::UnknownOriginator));
}

#[test]
fn a_believed_command_reads_flash_but_no_hsm() {
    for (mut store, done) in [(flash(), Ok(Done::Read(key(3)))), (hsm(), Err(Refusal::NotReadable))]
    {
        let command = named("/manager", read("k3"));
        let result = handle(&command, &mut names_believed(), &mut store, &mut Work::default());
        assert_eq!(result, done);
    }
}

#[test]
fn names_have_roles_too() {
    let mut authority = names_believed();
    authority.originators.insert("/auditor".to_owned(), vec![Role::Auditor]);
    let (mut store, work) = (flash(), &mut Work::default());
    let mut send = |action| handle(&named("/auditor", action), &mut authority, &mut store, work);
    assert_eq!(send(read("k0")), Ok(Done::Read(key(0))));
    assert_eq!(send(replace("k0", 9)), Err(Refusal::NotPermitted));
    assert_eq!(send(delete(0..1)), Err(Refusal::NotPermitted));
}

#[test]
fn a_signed_command_does_what_its_role_may() {
    let mut scene = Scene::new(flash(), None);
    let command = scene.by_alice(Role::Auditor, read("k3"));
    assert_eq!(scene.send(&command), Ok(Done::Read(key(3))));
    let command = scene.by_alice(Role::Operator, replace("k3", 0x33));
    assert_eq!(scene.send(&command), Ok(Done::Replaced));
    let command = scene.by_alice(Role::Auditor, read("k3"));
    assert_eq!(scene.send(&command), Ok(Done::Read(key(0x33))));
    let command = scene.by_alice(Role::Custodian, delete(3..5));
    assert_eq!(scene.send(&command), Ok(Done::Deleted(2)));
    assert!(!scene.has("k3") && scene.has("k5"));
}

#[test]
fn a_role_may_no_more_than_the_table_says_and_is_held_or_not() {
    let mut scene = Scene::new(flash(), None);
    for (role, action) in [
        (Role::Auditor, delete(0..1)),
        (Role::Auditor, replace("k0", 1)),
        (Role::Operator, read("k0")),
        (Role::Operator, delete(0..1)),
        (Role::Custodian, read("k0")),
    ] {
        let command = scene.by_alice(role, action);
        assert_eq!(scene.send(&command), Err(Refusal::NotPermitted), "{role:?}");
    }
    let nonce = scene.nonce();
    let command = scene.carol.command(Role::Custodian, nonce, delete(0..1));
    assert_eq!(scene.send(&command), Err(Refusal::RoleNotHeld));
}

#[test]
fn a_replayed_command_is_refused() {
    let mut scene = Scene::new(flash(), None);
    let command = scene.by_alice(Role::Operator, replace("k0", 7));
    assert_eq!(scene.send(&command), Ok(Done::Replaced));
    assert_eq!(scene.send(&command), Err(Refusal::Replayed));
}

#[test]
fn a_nonce_that_was_not_issued_or_was_forgotten_is_refused() {
    let mut scene = Scene::new(flash(), None);
    let command = scene.alice.command(Role::Auditor, [0; 16], read("k0"));
    assert_eq!(scene.send(&command), Err(Refusal::NonceUnknown));
    let old = scene.by_alice(Role::Auditor, read("k0"));
    for _ in 0..NONCES_MAX {
        scene.nonce();
    }
    assert_eq!(scene.send(&old), Err(Refusal::NonceUnknown));
}

#[test]
fn nothing_in_a_signed_command_can_be_altered() {
    let mut scene = Scene::new(flash(), None);
    let command = scene.by_alice(Role::Operator, replace("k0", 7));
    let spare = scene.nonce();
    let alterations: [fn(&mut SignedCommand, [u8; 16]); 7] = [
        |command, _| command.administrator = "bob".to_owned(),
        |command, _| command.role = Role::Custodian,
        |command, spare| command.nonce = spare,
        |command, _| command.action = replace("k1", 7),
        |command, _| command.action = replace("k0", 8),
        |command, _| command.action = delete(0..1),
        |command, _| command.signature[31] ^= 1,
    ];
    for alter in alterations {
        let mut altered = command.clone();
        alter(&mut altered, spare);
        assert_eq!(scene.send(&altered), Err(Refusal::Signature));
    }
    let mut validity = command.clone();
    if let Action::Replace { entry, .. } = &mut validity.action {
        entry.validity.not_after.0 -= 1;
    }
    assert_eq!(scene.send(&validity), Err(Refusal::Signature));
    assert_eq!(scene.send(&command), Ok(Done::Replaced), "no forgery has spent the nonce");
}

#[test]
fn strangers_sign_in_vain() {
    let mut scene = Scene::new(flash(), None);
    let mallory = Administrator::new("mallory", &key(0x66));
    let nonce = scene.nonce();
    let command = mallory.command(Role::Custodian, nonce, delete(0..10));
    assert_eq!(scene.send(&command), Err(Refusal::UnknownOriginator));
    let as_alice = Administrator::new("alice", &key(0x66));
    let command = as_alice.command(Role::Custodian, nonce, delete(0..10));
    assert_eq!(scene.send(&command), Err(Refusal::Signature));
}

#[test]
fn no_signature_reads_a_key_out_of_an_hsm() {
    let mut scene = Scene::new(hsm(), None);
    let command = scene.by_alice(Role::Auditor, read("k0"));
    assert_eq!(scene.send(&command), Err(Refusal::NotReadable));
}

#[test]
fn replacing_needs_a_key_of_the_same_level_in_its_place() {
    let mut scene = Scene::new(flash(), None);
    let command = scene.by_alice(Role::Operator, replace("new", 7));
    assert_eq!(scene.send(&command), Err(Refusal::Store(StoreError::Unknown)));
    let other = Action::Replace { entry: entry("k0", Level::Ke), key: key(7) };
    let command = scene.by_alice(Role::Operator, other);
    assert_eq!(scene.send(&command), Err(Refusal::OtherLevel));
}

#[test]
fn a_deletion_is_done_as_a_whole_or_not_at_all() {
    let mut scene = Scene::new(flash(), None);
    let command = scene.by_alice(Role::Custodian, delete(8..11));
    assert_eq!(scene.send(&command), Err(Refusal::Store(StoreError::Unknown)));
    assert!(scene.has("k8") && scene.has("k9"));
    let twice = Action::Delete(vec![name("k8"), name("k8")]);
    let command = scene.by_alice(Role::Custodian, twice);
    assert_eq!(scene.send(&command), Ok(Done::Deleted(1)));
}

#[test]
fn commands_are_bounded() {
    let mut scene = Scene::new(flash(), None);
    for targets in [0, TARGETS_MAX + 1] {
        let command = scene.by_alice(Role::Custodian, Action::Delete(vec![name("k0"); targets]));
        assert_eq!(scene.send(&command), Err(Refusal::Bounds));
    }
}

fn two_of_three() -> Option<Quorum> {
    Some(Quorum { from_targets: 3, administrators: 2, single_deletions: 2 })
}

#[test]
fn a_deletion_in_bulk_needs_a_second_custodian() {
    let mut scene = Scene::new(flash(), two_of_three());
    let mut command = scene.by_alice(Role::Custodian, delete(0..5));
    assert_eq!(scene.send(&command), Err(Refusal::Quorum));
    let own = scene.alice.approve(&command);
    command.approvals = vec![own];
    assert_eq!(scene.send(&command), Err(Refusal::Quorum), "one's own approval is no second");
    let auditors = scene.carol.approve(&command);
    command.approvals = vec![auditors];
    assert_eq!(scene.send(&command), Err(Refusal::Quorum), "an auditor cannot agree to that");
    let bobs = scene.bob.approve(&command);
    command.approvals = vec![bobs];
    assert_eq!(scene.send(&command), Ok(Done::Deleted(5)));
}

#[test]
fn an_approval_is_for_one_command_only() {
    let mut scene = Scene::new(flash(), two_of_three());
    let first = scene.by_alice(Role::Custodian, delete(0..3));
    let approval = scene.bob.approve(&first);
    let mut second = scene.by_alice(Role::Custodian, delete(3..6));
    second.approvals = vec![approval];
    assert_eq!(scene.send(&second), Err(Refusal::Signature));
    // Nor is a signed command of bob's an approval of alice's.
    let bobs = scene.bob.command(Role::Custodian, second.nonce, second.action.clone());
    second.approvals[0].signature = bobs.signature;
    assert_eq!(scene.send(&second), Err(Refusal::Signature));
}

#[test]
fn an_approval_of_one_custodians_command_is_none_of_anothers() {
    let mut scene = Scene::new(flash(), two_of_three());
    let dave = Administrator::new("dave", &key(0xda));
    scene.authority.admit(&dave, &[Role::Custodian]);
    let alices = scene.by_alice(Role::Custodian, delete(0..5));
    let mut daves = dave.command(Role::Custodian, alices.nonce, alices.action.clone());
    daves.approvals = vec![scene.bob.approve(&alices)];
    assert_eq!(scene.send(&daves), Err(Refusal::Signature));
}

#[test]
fn many_small_deletions_are_a_deletion_in_bulk() {
    let mut scene = Scene::new(flash(), two_of_three());
    for n in 0..2 {
        let command = scene.by_alice(Role::Custodian, delete(n..n + 1));
        assert_eq!(scene.send(&command), Ok(Done::Deleted(1)));
    }
    let mut third = scene.by_alice(Role::Custodian, delete(2..3));
    assert_eq!(scene.send(&third), Err(Refusal::Quorum));
    let approval = scene.bob.approve(&third);
    third.approvals.push(approval);
    assert_eq!(scene.send(&third), Ok(Done::Deleted(1)));
    let fourth = scene.by_alice(Role::Custodian, delete(3..4));
    assert_eq!(scene.send(&fourth), Ok(Done::Deleted(1)), "the count begins again");
}

#[test]
fn refusals_have_names_of_their_own() {
    let refusals = [
        Refusal::UnknownOriginator,
        Refusal::RoleNotHeld,
        Refusal::NotPermitted,
        Refusal::Signature,
        Refusal::NonceUnknown,
        Refusal::Replayed,
        Refusal::Quorum,
        Refusal::Bounds,
        Refusal::NotReadable,
        Refusal::OtherLevel,
        Refusal::Store(StoreError::Unknown),
    ];
    let mut names: Vec<&str> = refusals.iter().map(|refusal| refusal.name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), refusals.len());
}

proptest! {
    #[test]
    fn actions_that_differ_sign_differently(
        a in prop::collection::vec("[a-c]{1,3}", 1..4),
        b in prop::collection::vec("[a-c]{1,3}", 1..4),
    ) {
        let action = |names: &[String]| Action::Delete(names.iter().map(|n| name(n)).collect());
        prop_assert_eq!(a == b, action(&a).canonical() == action(&b).canonical());
    }
}

/// A management port and what stands behind it, spoken to in bytes.
struct Bench {
    port: Port,
    store: Store,
    rng: ChaCha8Rng,
}

impl Bench {
    fn send(&mut self, bytes: &[u8]) -> Served {
        self.port.serve(bytes, &mut self.store, &mut self.rng, &mut Work::default())
    }

    fn named(store: Store) -> Self {
        Self { port: Port::Named(names_believed()), store, rng: ChaCha8Rng::seed_from_u64(2) }
    }

    fn signed(scene: Scene) -> Self {
        let Scene { store, authority, rng, .. } = scene;
        Self { port: Port::Signed(Box::new(authority)), store, rng }
    }
}

#[test]
fn a_forged_message_deletes_where_names_are_believed_and_not_where_proof_is_asked_for() {
    let forged = Message::Named(named("/manager", delete(0..10))).encode();
    let mut believing = Bench::named(flash());
    let served = believing.send(&forged);
    assert_eq!(served.answer, Answer::Done(Done::Deleted(10)));
    assert_eq!(served.asked.map(|(_, names)| names.len()), Some(10));
    assert!(believing.store.keys().entries().is_empty());

    let mut proving = Bench::signed(Scene::new(flash(), None));
    let served = proving.send(&forged);
    assert_eq!((served.answer, served.refusal), (Answer::Refused, Some(Refusal::OtherKind)));
    assert_eq!(proving.store.keys().entries().len(), 10);
}

#[test]
fn an_administrator_asks_for_a_nonce_signs_and_is_obeyed_once() {
    let mut scene = Scene::new(flash(), two_of_three());
    let (alice, bob) = (scene.alice.clone(), scene.bob.clone());
    scene.authority.admit(&alice, &[Role::Custodian]);
    let mut bench = Bench::signed(scene);
    let answer = bench.send(&Message::Nonce.encode()).answer;
    let Answer::Nonce(nonce) = Answer::decode(&answer.encode()).unwrap() else { panic!() };
    let mut command = alice.command(Role::Custodian, nonce, delete(0..5));
    command.approvals = vec![bob.approve(&command)];
    let bytes = Message::Signed(command).encode();
    assert_eq!(bench.send(&bytes).answer, Answer::Done(Done::Deleted(5)));
    assert_eq!(bench.send(&bytes).refusal, Some(Refusal::Replayed));
}

#[test]
fn a_key_that_is_read_travels_as_its_bytes() {
    let mut bench = Bench::named(flash());
    let answer = bench.send(&Message::Named(named("/manager", read("k3"))).encode()).answer;
    assert_eq!(answer.encode()[1..], [3; 32]);
    assert_eq!(Answer::decode(&answer.encode()), Ok(Answer::Done(Done::Read(key(3)))));
    let mut safe = Bench::named(hsm());
    let served = safe.send(&Message::Named(named("/manager", read("k3"))).encode());
    assert_eq!(served.refusal, Some(Refusal::NotReadable));
}

fn any_action() -> impl Strategy<Value = Action> {
    prop_oneof![
        "[a-z]{1,9}".prop_map(|n| read(&n)),
        ("[a-z]{1,9}", any::<u8>()).prop_map(|(n, byte)| replace(&n, byte)),
        prop::collection::vec("[a-z]{1,9}", 0..9)
            .prop_map(|names| Action::Delete(names.iter().map(|n| name(n)).collect())),
    ]
}

proptest! {
    #[test]
    fn what_is_written_reads_back(action in any_action(), who in "[a-z/]{0,20}", nonce: [u8; 16]) {
        let [alice, bob] = [("alice", 1), ("bob", 2)].map(|(n, b)| Administrator::new(n, &key(b)));
        let mut command = alice.command(Role::Operator, nonce, action.clone());
        command.approvals = vec![bob.approve(&command)];
        for message in [Message::Nonce, Message::Named(named(&who, action)), Message::Signed(command)] {
            prop_assert_eq!(Message::decode(&message.encode()), Ok(message));
        }
    }

    #[test]
    fn any_bytes_are_a_message_or_refused(mut bytes in prop::collection::vec(any::<u8>(), 0..80), kind in 0..3usize) {
        if let Some(first) = bytes.first_mut() {
            *first = b"?ns"[kind];
        }
        let mut bench = Bench::named(flash());
        bench.send(&bytes);
        let _ = Answer::decode(&bytes);
        prop_assert_eq!(bench.store.keys().entries().len(), 10);
    }
}
