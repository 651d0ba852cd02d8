//! Captures: what is in them is what the run sent, they change no digest, and an analyser reads them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use aes::Aes128;
use aes::cipher::BlockCipherEncrypt as _;
use aes_gcm::aead::{AeadInOut as _, KeyInit as _};
use aes_gcm::{Aes128Gcm, Tag};
use etherparse::{NetSlice, SlicedPacket, TransportSlice};
use hkdf::Hkdf;
use keystorm::measure::{Fate, Frame, Item, Seen, Tape};
use keystorm::report::{Context, Folder};
use keystorm::run::{Outcome, Selection, execute, execute_captured, lookup};
use keystorm::scenario::{Plan, Source, load};
use keystorm::sim::Key;
use keystorm::sim::time::{Duration, Time};
use keystorm::wire::dtls::{Record, Records};
use pcap_file::DataLink;
use pcap_file::pcapng::blocks::enhanced_packet::EnhancedPacketOption;
use pcap_file::pcapng::blocks::interface_description::InterfaceDescriptionOption;
use pcap_file::pcapng::blocks::name_resolution::Record as Name;
use pcap_file::pcapng::blocks::section_header::SectionHeaderOption;
use pcap_file::pcapng::{Block, PcapNgReader};
use sha2::Sha256;

/// A folder of its own for each test, removed at the end.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("capture-{name}"));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, outcome: &Outcome) -> PathBuf {
        let path = self.0.join("results");
        let mut folder = Folder::create(&path, true).unwrap();
        folder.write(outcome, &Context::default()).unwrap();
        path
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn shipped(scenario: &str, overrides: &[&str]) -> Plan {
    let path = format!("{}/scenarios/{scenario}.toml", env!("CARGO_MANIFEST_DIR"));
    plan(&Source::new(path.clone(), fs::read_to_string(path).unwrap()), overrides)
}

fn plan(source: &Source, overrides: &[&str]) -> Plan {
    let overrides: Vec<String> = overrides.iter().map(ToString::to_string).collect();
    load(source, &overrides, None)
        .unwrap_or_else(|refused| panic!("{}", refused.render(false)))
        .plan
}

fn captured(plan: Plan, threads: usize, node: &str) -> Outcome {
    let selection = Selection::find(&plan, node).unwrap();
    execute_captured(plan, threads, Some(&selection), &|_| true)
}

fn figure(outcome: &Outcome, name: &str) -> f64 {
    lookup(&outcome.metrics, name).unwrap_or_else(|| panic!("no metric {name}"))
}

/// One device straight at its CSE.
fn one_device(profile: &str, link: &str, event: &str) -> Source {
    let text = format!(
        "[scenario]\nname = \"one\"\nduration = \"3min\"\n[link.wire]\npreset = \"ethernet\"\n{link}\n\
         [cse.in]\nclass = \"x86_core\"\n[fleet.meter]\ncount = 1\nclass = \"m4_64mhz_asm\"\n\
         link = \"wire\"\nregistrar = \"in\"\ntelemetry = {{ interval = \"10s\", size = \"64B\" }}\n\
         [security]\nprofile = \"{profile}\"\nretry = \"10s\"\n{event}"
    );
    Source::new("one.toml".to_owned(), text)
}

// ------------------------------------------------------------------ what a reader finds

/// A packet of a capture, taken apart by libraries alone.
struct Packet {
    interface: usize,
    nanos: u128,
    comments: Vec<String>,
    hop: Option<[[u8; 6]; 2]>,
    from: std::net::Ipv6Addr,
    to: std::net::Ipv6Addr,
    ports: (u16, u16),
    payload: Vec<u8>,
}

#[derive(Default)]
struct Capture {
    comment: String,
    interfaces: Vec<(String, DataLink)>,
    names: BTreeMap<std::net::Ipv6Addr, String>,
    secrets: String,
    packets: Vec<Packet>,
}

fn read(folder: &Path) -> Capture {
    let file = fs::File::open(folder.join("capture.pcapng")).unwrap();
    let mut reader = PcapNgReader::new(file).unwrap();
    let mut capture = Capture::default();
    for option in &reader.section().options {
        if let SectionHeaderOption::Comment(comment) = option {
            capture.comment = comment.to_string();
        }
    }
    while let Some(block) = reader.next_block() {
        match block.unwrap() {
            Block::InterfaceDescription(block) => {
                assert!(block.options.contains(&InterfaceDescriptionOption::IfTsResol(9)));
                let name = block.options.iter().find_map(|option| match option {
                    InterfaceDescriptionOption::IfName(name) => Some(name.to_string()),
                    _ => None,
                });
                capture.interfaces.push((name.unwrap(), block.linktype));
            }
            Block::NameResolution(block) => {
                for record in &block.records {
                    let Name::Ipv6(record) = record else { panic!("{record:?}") };
                    let address: [u8; 16] = record.ip_addr[..].try_into().unwrap();
                    capture.names.insert(address.into(), record.names[0].to_string());
                }
            }
            Block::Unknown(block) if block.type_ == 10 => {
                let field =
                    |at: usize| u32::from_le_bytes(block.value[at..at + 4].try_into().unwrap());
                assert_eq!(field(0), 0x544c_534b);
                let text = &block.value[8..8 + field(4) as usize];
                capture.secrets.push_str(std::str::from_utf8(text).unwrap());
            }
            Block::EnhancedPacket(block) => {
                let interface = block.interface_id as usize;
                let comments = block.options.iter().map(|option| match option {
                    EnhancedPacketOption::Comment(comment) => comment.to_string(),
                    other => panic!("{other:?}"),
                });
                let comments = comments.collect();
                let ethernet = capture.interfaces[interface].1 == DataLink::ETHERNET;
                let packet = packet(interface, block.timestamp.as_nanos(), &block.data, ethernet);
                assert_eq!(block.original_len as usize, block.data.len());
                capture.packets.push(Packet { comments, ..packet });
            }
            other => panic!("{other:?}"),
        }
    }
    capture
}

fn packet(interface: usize, nanos: u128, data: &[u8], ethernet: bool) -> Packet {
    let sliced =
        if ethernet { SlicedPacket::from_ethernet(data) } else { SlicedPacket::from_ip(data) };
    let sliced = sliced.unwrap();
    let (Some(NetSlice::Ipv6(ip)), Some(TransportSlice::Udp(udp))) = (sliced.net, sliced.transport)
    else {
        panic!("no UDP over IPv6")
    };
    let header = ip.header();
    let (from, to) = (header.source_addr(), header.destination_addr());
    let sum = udp.to_header().calc_checksum_ipv6(&header.to_header(), udp.payload()).unwrap();
    assert_eq!(udp.checksum(), sum);
    let hop = ethernet.then(|| [&data[6..12], &data[..6]].map(|mac| mac.try_into().unwrap()));
    let ports = (udp.source_port(), udp.destination_port());
    let payload = udp.payload().to_vec();
    Packet { interface, nanos, comments: Vec::new(), hop, from, to, ports, payload }
}

impl Capture {
    fn on(&self, interface: &str) -> impl Iterator<Item = &Packet> {
        let index = self.interfaces.iter().position(|(name, _)| name == interface).unwrap();
        self.packets.iter().filter(move |packet| packet.interface == index)
    }

    fn name(&self, packet: &Packet) -> (&str, &str) {
        (&self.names[&packet.from], &self.names[&packet.to])
    }
}

// ------------------------------------------------------------------ by libraries alone

#[test]
fn every_datagram_of_every_link_is_there_and_no_digest_changes() {
    // The access link loses and duplicates; gateways forward.
    let small = [
        "fleet.meters.count=60",
        "gateway.concentrators.count=4",
        "link.access.loss=0.05",
        "link.access.duplicate=0.02",
        "fleet.meters.start.jitter=20s",
        "scenario.duration=15min",
    ];
    let plan = shipped("mass-rekey", &small);
    let place = Place::new("all");
    let alone = captured(plan.clone(), 1, "all");
    let together = captured(plan.clone(), 3, "all");
    assert_eq!(alone.digest, execute(plan.clone(), 2, &|_| true).digest);
    assert_eq!(alone.digest, together.digest);
    let folder = place.write(&alone);
    let file = fs::read(folder.join("capture.pcapng")).unwrap();
    let keys = fs::read(folder.join("keys.log")).unwrap();
    let capture = read(&folder);
    place.write(&together);
    assert!(file == fs::read(folder.join("capture.pcapng")).unwrap(), "threads change the file");
    assert!(keys == fs::read(folder.join("keys.log")).unwrap(), "threads change the key log");

    assert!(capture.packets.is_sorted_by_key(|packet| packet.nanos));
    assert_eq!(capture.names.len(), 1 + 60, "forwarders are no endpoints");
    for link in &plan.links {
        let mine: Vec<_> = capture.on(&link.name).collect();
        let bytes: usize = mine.iter().map(|p| p.payload.len() + usize::from(link.header)).sum();
        let lost =
            mine.iter().filter(|p| p.comments.iter().any(|c| c.starts_with("lost: "))).count();
        let metric = |what: &str| figure(&alone, &format!("link.{}.{what}", link.name));
        assert_eq!(mine.len() as f64, metric("datagrams"), "{}", link.name);
        assert_eq!(bytes as f64, metric("bytes"), "{}", link.name);
        assert_eq!(lost as f64, metric("lost"), "{}", link.name);
        assert!(mine.iter().all(|p| matches!(p.ports, (49_152, 5_684) | (5_684, 49_152))));
    }
    let twice = capture.on("access").filter(|p| p.comments == ["arrives twice"]).count();
    assert!(twice > 0);
    assert!(figure(&alone, "link.access.lost") > 0.0);
    // A datagram goes two hops, by the hardware addresses, between the same two endpoints.
    let first = capture.on("access").find(|p| p.comments.is_empty()).unwrap();
    let next = capture.on("backhaul").find(|p| p.payload == first.payload).unwrap();
    assert_eq!(first.hop.unwrap()[1], next.hop.unwrap()[0]);
    assert_eq!((first.from, first.to), (next.from, next.to));
}

#[test]
fn a_node_is_heard_on_its_own_links_alone_and_a_group_on_those_of_all() {
    let place = Place::new("node");
    let plan = shipped("quickstart", &["fleet.meters.count=12", "fleet.meters.start.jitter=5s"]);
    let whole = read(&place.write(&captured(plan.clone(), 2, "all")));
    let about = |names: (&str, &str), name: &str| names.0 == name || names.1 == name;
    let meter = read(&place.write(&captured(plan.clone(), 2, "meters-7")));
    for interface in ["access", "inside"] {
        let expected = whole.on(interface).filter(|p| about(whole.name(p), "meters-7")).count();
        assert_eq!(meter.on(interface).count(), expected, "{interface}");
        assert!(meter.on(interface).all(|p| about(meter.name(p), "meters-7")));
    }
    assert_eq!(meter.on("ethernet").count(), 0, "the backhaul is not the meter's");
    // Two handshakes with four secrets each, and one key update each way.
    assert_eq!(meter.secrets.lines().count(), 10, "{}", meter.secrets);

    // A gateway forwards every fourth meter, on both its links.
    let gateway = read(&place.write(&captured(plan.clone(), 2, "concentrators-3")));
    let mine =
        |p: &&Packet| ["meters-3", "meters-7", "meters-11"].iter().any(|m| about(whole.name(p), m));
    for interface in ["access", "ethernet", "inside"] {
        assert_eq!(gateway.on(interface).count(), whole.on(interface).filter(mine).count());
    }
    assert_eq!(gateway.secrets.lines().count(), 30);
    let meters = read(&place.write(&captured(plan, 2, "meters")));
    assert_eq!(meters.on("access").count(), whole.on("access").count());
    assert_eq!(meters.on("ethernet").count(), 0);
}

#[test]
fn what_lies_beyond_the_limit_is_left_out_and_the_file_says_so_twice() {
    let place = Place::new("cut");
    let mut outcome = execute(plan(&one_device("dtls13", "", ""), &[]), 1, &|_| true);
    let mut tape = Tape::new(0..2, 3_000, Duration::from_secs(1));
    for serial in 0..100 {
        let seen = Seen::Link { link: 0, sender: 1, receiver: 0, fate: Fate::Arrives };
        let bytes = vec![0; 172];
        tape.begin(Key { time: Time(serial), origin: 1, serial });
        tape.write(Item::Frame(Frame { seen, from: 1, to: 0, by_client: true, bytes }));
    }
    tape.wind_up();
    outcome.recorder.tape = Some(Box::new(tape));
    let capture = read(&place.write(&outcome));
    assert_eq!(capture.packets.len(), 10);
    let note = "cut at 64 MiB: 90 later frames are left out";
    assert_eq!(capture.packets[9].comments, [note]);
    assert!(capture.packets[..9].iter().all(|packet| packet.comments.is_empty()));
    assert!(capture.comment.contains(note), "{}", capture.comment);
}

// ------------------------------------------------------------------ DTLS 1.3, with bare primitives

fn expand<const N: usize>(secret: &[u8], label: &str) -> [u8; N] {
    // RFC 8446 section 7.1 with the prefix of RFC 9147 section 5.9.
    let label = format!("dtls13{label}");
    let mut info = vec![0, u8::try_from(N).unwrap(), u8::try_from(label.len()).unwrap()];
    info.extend_from_slice(label.as_bytes());
    info.push(0);
    let mut out = [0; N];
    Hkdf::<Sha256>::from_prk(secret).unwrap().expand(&info, &mut out).unwrap();
    out
}

/// The content of a record and its type (RFC 9147 sections 4 and 4.2.3).
fn open(secret: &[u8], header: &[u8], ciphertext: &[u8], sequence_len: usize) -> (Vec<u8>, u8) {
    let mut block = aes::Block::try_from(&ciphertext[..16]).unwrap();
    Aes128::new(&expand::<16>(secret, "sn").into()).encrypt_block(&mut block);
    let mut header = header.to_vec();
    let mut sequence = 0;
    for (byte, mask) in header[1..=sequence_len].iter_mut().zip(block) {
        *byte ^= mask;
        sequence = sequence << 8 | u64::from(*byte);
    }
    let mut nonce: [u8; 12] = expand(secret, "iv");
    for (byte, number) in nonce[4..].iter_mut().zip(sequence.to_be_bytes()) {
        *byte ^= number;
    }
    let (body, tag) = ciphertext.split_at(ciphertext.len() - 16);
    let mut content = body.to_vec();
    Aes128Gcm::new(&expand::<16>(secret, "key").into())
        .decrypt_inout_detached(
            &nonce.into(),
            &header,
            content.as_mut_slice().into(),
            &Tag::try_from(tag).unwrap(),
        )
        .expect("a secret of the key log opens it");
    let kind = content.pop().unwrap();
    (content, kind)
}

#[test]
fn the_key_log_opens_every_record_of_dtls_13_also_after_a_key_update() {
    let place = Place::new("dtls13");
    let update =
        "[[event]]\nat = \"1min\"\nrekey = { target = \"meter\", with = \"key_update\" }\n";
    let outcome = captured(plan(&one_device("dtls13", "", update), &[]), 1, "all");
    let folder = place.write(&outcome);
    let capture = read(&folder);
    let key_log = fs::read_to_string(folder.join("keys.log")).unwrap();
    let secrets: BTreeMap<String, Vec<u8>> = key_log
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let mut words = line.split(' ');
            let (label, value) = (words.next().unwrap(), words.nth(1).unwrap());
            let byte = |at| u8::from_str_radix(&value[at..at + 2], 16).unwrap();
            (label.to_owned(), (0..value.len()).step_by(2).map(byte).collect())
        })
        .collect();
    let mut data = Vec::new();
    let mut kinds = BTreeMap::new();
    for packet in capture.on("wire") {
        let end = if packet.ports.1 == 5_684 { "CLIENT" } else { "SERVER" };
        for record in Records::new(&packet.payload) {
            let Ok(Record::Protected(record)) = record else { continue };
            // Epochs 2, 3 and 4.
            let label = match record.epoch_bits {
                2 => "HANDSHAKE_TRAFFIC_SECRET",
                3 => "TRAFFIC_SECRET_0",
                _ => "TRAFFIC_SECRET_1",
            };
            let secret = &secrets[&format!("{end}_{label}")];
            let (content, kind) =
                open(secret, record.header, record.ciphertext, record.sequence_len);
            *kinds.entry((record.epoch_bits, kind)).or_insert(0) += 1;
            if kind == 23 {
                data.push(content);
            }
        }
    }
    let inside: Vec<_> = capture.on("inside").map(|packet| packet.payload.clone()).collect();
    assert_eq!(data, inside);
    assert_eq!(data.len() as f64, 2.0 * figure(&outcome, "message.sent"));
    assert!(kinds[&(3, 23)] > 0 && kinds[&(0, 23)] > 0 && kinds[&(2, 22)] > 0, "{kinds:?}");
}

// ------------------------------------------------------------------ by tshark

/// Runs a tool of Wireshark; it may say nothing but that it runs as root. `None` if it is absent.
fn tool(name: &str, arguments: &[&str]) -> Option<String> {
    let Output { status, stdout, stderr } = match Command::new(name).args(arguments).output() {
        Ok(output) => output,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        Err(error) => panic!("{name}: {error}"),
    };
    let complaints = String::from_utf8_lossy(&stderr);
    let complaints: Vec<_> = complaints
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with("Running as user"))
        .collect();
    assert!(status.success() && complaints.is_empty(), "{name} {arguments:?}: {complaints:?}");
    Some(String::from_utf8(stdout).unwrap())
}

/// How many packets tshark shows through a display filter.
fn count(file: &str, options: &[&str], filter: &str) -> usize {
    let arguments = [&["-r", file, "-Y", filter], options].concat();
    tool("tshark", &arguments).unwrap().lines().count()
}

#[test]
fn tshark_decrypts_every_record_of_dtls_12_by_the_psk_by_the_key_log_and_by_itself() {
    if tool("tshark", &["--version"]).is_none() || tool("editcap", &["--version"]).is_none() {
        eprintln!("skipped: tshark is absent");
        return;
    }
    for profile in ["dtls12_ccm8", "dtls12_gcm"] {
        for link in ["", "loss = 0.1\nduplicate = 0.1\n"] {
            let place = Place::new(&format!("tshark-{profile}-{}", link.len()));
            let rekey =
                "[[event]]\nat = \"1min\"\nrekey = { target = \"meter\", with = \"full\" }\n";
            let outcome = captured(plan(&one_device(profile, link, rekey), &[]), 1, "all");
            let folder = place.write(&outcome);
            let inside = read(&folder).on("inside").count();
            if link.is_empty() {
                assert_eq!(inside as f64, 2.0 * figure(&outcome, "message.sent"));
            }
            assert!(inside > 20);
            let path = |name: &str| folder.join(name).display().to_string();
            let (file, bare) = (path("capture.pcapng"), path("bare.pcapng"));
            tool("editcap", &["--discard-all-secrets", &file, &bare]);
            let keys = fs::read_to_string(path("keys.log")).unwrap();
            let psk = keys.lines().find_map(|line| line.split_once("-o dtls.psk:")).unwrap().1;
            let by_psk = ["-o", &format!("dtls.psk:{psk}")];
            let by_log = ["-o", &format!("tls.keylog_file:{}", path("keys.log"))];
            let coap = "coap && frame.interface_name == \"wire\"";
            assert_eq!(count(&bare, &[], coap), 0, "without a key there is nothing to see");
            // Over repeated flights tshark 4.0 loses its transcript, from which it derives the extended
            // master secret: "Dissector bug".
            if link.is_empty() {
                assert_eq!(count(&bare, &by_psk, coap), inside, "{profile} by the PSK");
            }
            assert_eq!(count(&bare, &by_log, coap), inside, "{profile} by the key log");
            assert_eq!(count(&file, &[], coap), inside, "{profile} by the secrets in the file");
            assert_eq!(count(&file, &[], "dtls.record.content_type == 23"), inside);
            assert_eq!(count(&file, &[], "coap && frame.interface_name == \"inside\""), inside);
            // It does not know the options of oneM2M (TS-0008), and says so by a lesser warning.
            let wrong = "_ws.expert.severity == error || udp.checksum.status == Bad";
            assert_eq!(count(&file, &[], wrong), 0);
            let facts = tool("capinfos", &[&file]).unwrap();
            assert!(facts.contains("Strict time order:   True"), "{facts}");
            assert!(facts.contains("Number of resolved IPv6 addresses in file: 2"), "{facts}");
        }
    }
}
