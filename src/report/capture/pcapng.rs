//! The blocks of the capture (draft-ietf-opsawg-pcapng).

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::Write;
use std::time::Duration;

use pcap_file::pcapng::blocks::enhanced_packet::{EnhancedPacketBlock, EnhancedPacketOption};
use pcap_file::pcapng::blocks::interface_description::{
    InterfaceDescriptionBlock, InterfaceDescriptionOption,
};
use pcap_file::pcapng::blocks::name_resolution::{Ipv6Record, NameResolutionBlock, Record};
use pcap_file::pcapng::blocks::section_header::{SectionHeaderBlock, SectionHeaderOption};
use pcap_file::pcapng::blocks::unknown::UnknownBlock;
use pcap_file::pcapng::{PcapNgBlock as _, PcapNgWriter};
use pcap_file::{DataLink, Endianness, PcapResult};

use super::address;
use super::keys::Keys;
use crate::measure::{Fate, Frame, Item, Seen, Tape};
use crate::run::Outcome;

/// Decryption Secrets Block, which the library does not know.
const SECRETS_BLOCK: u32 = 10;
/// Its secrets are a key log: "TLSK".
const TLS_KEY_LOG: u32 = 0x544c_534b;
/// Analysers refuse blocks of more than some megabytes: secrets in one block, bytes, about.
const SECRETS_MAX: usize = 1 << 20;
/// Names in one block.
const NAMES_MAX: usize = 10_000;
/// Times are in units of 10^-9 s.
const NANOSECONDS: u8 = 9;
/// The name of the interface that shows what is inside.
const INSIDE: &str = "inside";

pub(super) fn write(
    outcome: &Outcome,
    tape: &Tape,
    keys: &Keys,
    out: &mut dyn Write,
) -> PcapResult<()> {
    let mut writer = PcapNgWriter::with_section_header(out, section(outcome))?;
    let links = &outcome.recorder.link_names;
    for link in links {
        let about = format!("Datagrams on links of type {link}, hop by hop");
        writer.write_block(&interface(DataLink::ETHERNET, link, about).into_block())?;
    }
    let about = "CoAP messages as endpoints give them to their associations".to_owned();
    writer.write_block(&interface(DataLink::RAW, INSIDE, about).into_block())?;
    for block in names(outcome, tape) {
        writer.write_block(&block.into_block())?;
    }
    for piece in keys.pieces(SECRETS_MAX) {
        let body = secrets(&piece);
        writer.write_block(&UnknownBlock::new(SECRETS_BLOCK, 0, &body).into_block())?;
    }
    let mut frames = frames(tape).peekable();
    while let Some((time, frame)) = frames.next() {
        let end = if frames.peek().is_none() { super::cut_note(outcome) } else { None };
        writer.write_block(&packet(time, frame, links.len(), end).into_block())?;
    }
    Ok(())
}

fn frames(tape: &Tape) -> impl Iterator<Item = (Duration, &Frame)> {
    tape.items().filter_map(|(time, item)| match item {
        Item::Frame(frame) => Some((Duration::from_nanos(time.0), frame)),
        _ => None,
    })
}

fn section(outcome: &Outcome) -> SectionHeaderBlock<'static> {
    let mut about = format!(
        "Scenario {}, seed {}, digest {}. Times are virtual, from the start of the run.",
        outcome.plan.name, outcome.plan.seed, outcome.digest
    );
    if let Some(note) = super::cut_note(outcome) {
        about.push_str(&format!(" Not the whole run: {note}."));
    }
    let program = concat!("keystorm ", env!("CARGO_PKG_VERSION"));
    SectionHeaderBlock {
        // The same file on every machine.
        endianness: Endianness::Little,
        options: vec![
            SectionHeaderOption::Comment(about.into()),
            SectionHeaderOption::UserApplication(program.into()),
        ],
        ..SectionHeaderBlock::default()
    }
}

fn interface(link: DataLink, name: &str, about: String) -> InterfaceDescriptionBlock<'static> {
    InterfaceDescriptionBlock {
        linktype: link,
        snaplen: 0,
        options: vec![
            InterfaceDescriptionOption::IfName(name.to_owned().into()),
            InterfaceDescriptionOption::IfDescription(about.into()),
            InterfaceDescriptionOption::IfTsResol(NANOSECONDS),
        ],
    }
}

/// The names of all endpoints that occur.
fn names(outcome: &Outcome, tape: &Tape) -> Vec<NameResolutionBlock<'static>> {
    let nodes: BTreeSet<u32> = frames(tape).flat_map(|(_, frame)| [frame.from, frame.to]).collect();
    let records: Vec<_> = nodes
        .into_iter()
        .filter_map(|node| {
            let name = address::name(&outcome.recorder.groups, node)?;
            let ip_addr = Cow::Owned(address::ipv6(node).octets().to_vec());
            Some(Record::Ipv6(Ipv6Record { ip_addr, names: vec![name.into()] }))
        })
        .collect();
    let blocks = records.chunks(NAMES_MAX);
    blocks.map(|some| NameResolutionBlock { records: some.to_vec(), options: Vec::new() }).collect()
}

/// The body of a Decryption Secrets Block.
fn secrets(key_log: &str) -> Vec<u8> {
    let len = u32::try_from(key_log.len()).unwrap_or(u32::MAX);
    let mut body = TLS_KEY_LOG.to_le_bytes().to_vec();
    body.extend_from_slice(&len.to_le_bytes());
    body.extend_from_slice(key_log.as_bytes());
    body
}

fn packet(
    timestamp: Duration,
    frame: &Frame,
    inside: usize,
    end: Option<String>,
) -> EnhancedPacketBlock<'static> {
    let (interface, fate) = match frame.seen {
        Seen::Link { link, fate: Fate::Arrives, .. } => (link, None),
        Seen::Link { link, fate: Fate::Twice, .. } => (link, Some("arrives twice".to_owned())),
        Seen::Link { link, fate: Fate::Lost(why), .. } => (link, Some(format!("lost: {why}"))),
        Seen::Inside => (inside, None),
    };
    let (bytes, uncut) = address::bytes(frame);
    EnhancedPacketBlock {
        interface_id: u32::try_from(interface).unwrap_or(u32::MAX),
        timestamp,
        original_len: u32::try_from(uncut).unwrap_or(u32::MAX),
        data: bytes.into(),
        options: [fate, end]
            .into_iter()
            .flatten()
            .map(|comment| EnhancedPacketOption::Comment(comment.into()))
            .collect(),
    }
}
