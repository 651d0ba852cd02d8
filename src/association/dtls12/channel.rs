//! The record layer of DTLS 1.2: AES-128-CCM with an 8-byte tag (RFC 6655) and AES-128-GCM (RFC 5288).
//!
//! Only raw keys are kept, as in the profile of DTLS 1.3; AES is expanded for every record. There are
//! two epochs: 0 in plaintext, and 1.

use aes::Aes128;
use aes_gcm::aead::consts::{U8, U12};
use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::{Aes128Gcm, Tag};
use ccm::Ccm;
use zeroize::{Zeroize, Zeroizing};

use super::prf::Prf;
use crate::association::connection_ids::ConnectionIds;
use crate::association::window::Window;
use crate::association::{Newest, Operation, Operations, Rejection, Suite12};
use crate::wire::dtls::{self, Content12, HEADER_LEN_12, Record12};

type Aes128Ccm8 = Ccm<Aes128, U8, U12>;

/// The explicit part of the nonce (RFC 5288 section 3, RFC 6655 section 3).
const EXPLICIT_LEN: usize = 8;
/// What stands where the additional data of RFC 5246 has the number, so that no record without a connection
/// ID can have the same (RFC 9146 section 5.3).
const SEQUENCE_PLACEHOLDER: [u8; 8] = [0xff; 8];
/// The longest that one key may face forgeries. For GCM that is the limit of RFC 9147 section 4.5.3;
/// with the 64-bit tag of CCM_8 so many succeed with a probability of 2^-28.
const FORGERY_LIMIT: u64 = 1 << 36;

impl Suite12 {
    /// The number of the suite.
    pub(super) const fn number(self) -> u16 {
        match self {
            Self::PskAes128Ccm8 => dtls::TLS_PSK_WITH_AES_128_CCM_8,
            Self::PskAes128Gcm => dtls::TLS_PSK_WITH_AES_128_GCM_SHA256,
        }
    }

    const fn tag_len(self) -> usize {
        match self {
            Self::PskAes128Ccm8 => 8,
            Self::PskAes128Gcm => 16,
        }
    }

    /// Records that one key may protect (RFC 9147 section 4.5.3: 2^23.5 for CCM, 2^24.5 for GCM).
    pub(super) const fn seal_limit(self) -> u64 {
        match self {
            Self::PskAes128Ccm8 => 1 << 23,
            Self::PskAes128Gcm => 1 << 24,
        }
    }

    /// Counts one sealing or opening.
    fn count(self, seals: bool, bytes: usize, operations: &mut Operations) {
        let (seal, open, byte) = match self {
            Self::PskAes128Ccm8 => (Operation::CcmSeal, Operation::CcmOpen, Operation::CcmByte),
            Self::PskAes128Gcm => (Operation::Seal, Operation::Open, Operation::AeadByte),
        };
        operations.count(if seals { seal } else { open }, 1);
        operations.count(byte, bytes as u64);
        operations.count(Operation::AesKey, 1);
    }

    /// Bytes of a protected record around its content, with a connection ID of so many bytes: it takes
    /// one more for the true type (RFC 9146 section 4).
    pub(super) const fn overhead(self, connection_id_len: usize) -> usize {
        let id = if connection_id_len > 0 { connection_id_len + 1 } else { 0 };
        HEADER_LEN_12 + id + EXPLICIT_LEN + self.tag_len()
    }
}

/// The keys of one direction (RFC 5246 section 6.3).
#[derive(Clone, Default)]
struct Keys {
    key: [u8; 16],
    salt: [u8; 4],
}

impl Drop for Keys {
    fn drop(&mut self) {
        self.key.zeroize();
        self.salt.zeroize();
    }
}

impl Keys {
    fn nonce(&self, explicit: &[u8]) -> [u8; 12] {
        let mut nonce = [0; 12];
        nonce[..4].copy_from_slice(&self.salt);
        nonce[4..].copy_from_slice(explicit);
        nonce
    }

    /// Encrypts in place and appends the tag.
    fn seal(
        &self,
        suite: Suite12,
        explicit: &[u8],
        additional: &[u8],
        content: &mut Vec<u8>,
        operations: &mut Operations,
    ) {
        const FITS: &str = "records are far shorter than the limit of the cipher";
        suite.count(true, additional.len() + content.len(), operations);
        let nonce = self.nonce(explicit).into();
        let buffer = content.as_mut_slice().into();
        match suite {
            Suite12::PskAes128Ccm8 => {
                let cipher = Aes128Ccm8::new(&self.key.into());
                let tag = cipher.encrypt_inout_detached(&nonce, additional, buffer).expect(FITS);
                content.extend_from_slice(&tag);
            }
            Suite12::PskAes128Gcm => {
                let cipher = Aes128Gcm::new(&self.key.into());
                let tag = cipher.encrypt_inout_detached(&nonce, additional, buffer).expect(FITS);
                content.extend_from_slice(&tag);
            }
        }
    }

    /// The plaintext of a body that is authentic.
    fn open(
        &self,
        suite: Suite12,
        additional: &[u8],
        body: &Body<'_>,
        operations: &mut Operations,
    ) -> Option<Vec<u8>> {
        suite.count(false, additional.len() + body.ciphertext.len(), operations);
        let mut plaintext = body.ciphertext.to_vec();
        let nonce = self.nonce(body.explicit).into();
        let buffer = plaintext.as_mut_slice().into();
        match suite {
            Suite12::PskAes128Ccm8 => {
                let cipher = Aes128Ccm8::new(&self.key.into());
                let tag = ccm::Tag::try_from(body.tag).ok()?;
                cipher.decrypt_inout_detached(&nonce, additional, buffer, &tag).ok()?;
            }
            Suite12::PskAes128Gcm => {
                let cipher = Aes128Gcm::new(&self.key.into());
                let tag = Tag::try_from(body.tag).ok()?;
                cipher.decrypt_inout_detached(&nonce, additional, buffer, &tag).ok()?;
            }
        }
        Some(plaintext)
    }
}

/// The body of a protected record, in its parts.
struct Body<'a> {
    explicit: &'a [u8],
    ciphertext: &'a [u8],
    tag: &'a [u8],
}

impl<'a> Body<'a> {
    fn split(suite: Suite12, body: &'a [u8]) -> Option<Self> {
        let (explicit, rest) = body.split_at_checked(EXPLICIT_LEN)?;
        let (ciphertext, tag) = rest.split_at_checked(rest.len().checked_sub(suite.tag_len())?)?;
        Some(Self { explicit, ciphertext, tag })
    }
}

/// Epoch and sequence number as the additional data and the nonce have them.
fn number(epoch: u16, sequence: u64) -> [u8; 8] {
    (u64::from(epoch) << 48 | sequence).to_be_bytes()
}

/// The additional data of a record whose plaintext has so many bytes (RFC 5246 section 6.2.3.3, RFC 6347
/// section 4.1.2.1; with a connection ID RFC 9146 section 5.3).
fn additional(record: &Record12<'_>, length: usize) -> Vec<u8> {
    let length = u16::try_from(length).expect("records are bounded by `MAX_RECORD`");
    let id = record.connection_id;
    let mut out = Vec::with_capacity(13 + 10 + id.len());
    if record.content_type == Content12::WithConnectionId {
        let id_len = u8::try_from(id.len()).expect("connection IDs are bounded");
        out.extend_from_slice(&SEQUENCE_PLACEHOLDER);
        out.extend_from_slice(&[Content12::WithConnectionId as u8, id_len]);
        out.push(Content12::WithConnectionId as u8);
        out.extend_from_slice(&record.version.to_be_bytes());
        out.extend_from_slice(&number(record.epoch, record.sequence));
        out.extend_from_slice(id);
    } else {
        out.extend_from_slice(&number(record.epoch, record.sequence));
        out.push(record.content_type as u8);
        out.extend_from_slice(&record.version.to_be_bytes());
    }
    out.extend_from_slice(&length.to_be_bytes());
    out
}

/// Both directions of an association.
pub(super) struct Channel {
    suite: Suite12,
    ours: Option<Keys>,
    theirs: Option<Keys>,
    /// The peer said that it changes to them.
    changed: bool,
    /// Plaintext records sent.
    plaintext: u64,
    /// Protected records sent. It goes on if the keys are derived again, so that no nonce returns.
    sealed: u64,
    window: Window,
    /// Records that failed to authenticate.
    forged: u64,
    /// Connection IDs of both directions, if there are any.
    ids: Option<Box<ConnectionIds>>,
}

impl Channel {
    pub(super) fn new(suite: Suite12) -> Self {
        Self {
            suite,
            ours: None,
            theirs: None,
            changed: false,
            plaintext: 0,
            sealed: 0,
            window: Window::default(),
            forged: 0,
            ids: None,
        }
    }

    /// The connection IDs of both directions.
    pub(super) fn ids(&self) -> &ConnectionIds {
        self.ids.as_deref().unwrap_or(&ConnectionIds::NONE)
    }

    /// These connection IDs are used with the keys.
    pub(super) fn use_ids(&mut self, ids: ConnectionIds) {
        self.ids = (!ids.is_none()).then(|| Box::new(ids));
    }

    /// The newest record received.
    pub(super) const fn newest(&self) -> Newest {
        Newest { epoch: 1, next: self.window.expected() }
    }

    /// Bytes that a record adds to its content.
    pub(super) fn overhead(&self, epoch: u16) -> usize {
        if epoch == 0 { HEADER_LEN_12 } else { self.suite.overhead(self.ids().theirs.len()) }
    }

    /// Its keys as they lie in memory.
    pub(super) fn memory_image(&self, out: &mut Vec<u8>) {
        for keys in self.ours.iter().chain(&self.theirs) {
            out.extend(keys.key);
            out.extend(keys.salt);
        }
    }

    pub(super) const fn suite(&self) -> Suite12 {
        self.suite
    }

    /// The epoch of new records: 0 while there are no keys.
    pub(super) const fn send_epoch(&self) -> u16 {
        self.ours.is_some() as u16
    }

    /// The latest epoch that is understood.
    pub(super) const fn receive_epoch(&self) -> u16 {
        self.theirs.is_some() as u16
    }

    pub(super) const fn sealed(&self) -> u64 {
        self.sealed
    }

    /// The present keys faced more forgeries than they may.
    pub(super) const fn is_exhausted(&self) -> bool {
        self.forged > FORGERY_LIMIT
    }

    /// Plaintext records begin at `sequence`.
    pub(super) const fn skip_plaintext(&mut self, sequence: u64) {
        self.plaintext = sequence;
    }

    /// The keys of epoch 1 from the master secret (RFC 5246 section 6.3).
    pub(super) fn install(
        &mut self,
        server: bool,
        master: &Prf,
        [client_random, server_random]: [&[u8; 32]; 2],
        operations: &mut Operations,
    ) {
        let mut block = Zeroizing::new([0; 2 * (16 + 4)]);
        let seed: [&[u8]; 2] = [server_random, client_random];
        master.fill(b"key expansion", &seed, &mut *block, operations);
        let (mut client, mut other) = (Keys::default(), Keys::default());
        client.key.copy_from_slice(&block[..16]);
        other.key.copy_from_slice(&block[16..32]);
        client.salt.copy_from_slice(&block[32..36]);
        other.salt.copy_from_slice(&block[36..]);
        let (ours, theirs) = if server { (other, client) } else { (client, other) };
        self.ours = Some(ours);
        self.theirs = Some(theirs);
        self.changed = false;
    }

    /// ChangeCipherSpec came. Before there are keys it means nothing.
    pub(super) const fn change(&mut self) {
        self.changed = self.theirs.is_some();
    }

    /// As if as many records were sealed as may be.
    #[cfg(test)]
    pub(super) const fn exhaust(&mut self) {
        self.sealed = self.suite.seal_limit();
    }

    /// Drops all keys.
    pub(super) fn clear(&mut self) {
        self.ours = None;
        self.theirs = None;
    }

    /// Appends a record to `out`; in plaintext if `epoch` is 0.
    pub(super) fn record(
        &mut self,
        epoch: u16,
        content_type: Content12,
        content: &[u8],
        out: &mut Vec<u8>,
        operations: &mut Operations,
    ) {
        operations.count(Operation::Record, 1);
        let Some(keys) = self.ours.as_ref().filter(|_| epoch > 0) else {
            dtls::emit_header_12(content_type, 0, self.plaintext, &[], content.len(), out);
            out.extend_from_slice(content);
            self.plaintext += 1;
            return;
        };
        let sequence = self.sealed;
        let connection_id = self.ids.as_ref().map_or(&[][..], |ids| ids.theirs.as_bytes());
        let mut body = content.to_vec();
        let outer = if connection_id.is_empty() {
            content_type
        } else {
            body.push(content_type as u8);
            Content12::WithConnectionId
        };
        let record = Record12 {
            content_type: outer,
            version: dtls::VERSION_DTLS12,
            epoch,
            sequence,
            connection_id,
            body: &[],
        };
        let additional = additional(&record, body.len());
        let explicit = number(epoch, sequence);
        keys.seal(self.suite, &explicit, &additional, &mut body, operations);
        let length = explicit.len() + body.len();
        dtls::emit_header_12(outer, epoch, sequence, connection_id, length, out);
        out.extend_from_slice(&explicit);
        out.extend_from_slice(&body);
        self.sealed += 1;
    }

    /// The plaintext of a protected record that is authentic and new.
    pub(super) fn open(
        &mut self,
        record: &Record12<'_>,
        window: u8,
        operations: &mut Operations,
    ) -> Result<Vec<u8>, Rejection> {
        // RFC 5246 section 7.4.9: no Finished without ChangeCipherSpec before it.
        let keys = self.theirs.as_ref().filter(|_| record.epoch == 1 && self.changed);
        let keys = keys.ok_or(Rejection::UnknownEpoch)?;
        let id =
            (record.content_type == Content12::WithConnectionId).then_some(record.connection_id);
        self.ids().check(id, true)?;
        // RFC 6347 section 4.1.2.6: what was received before is not decrypted again, and the window
        // moves only for records that are authentic.
        if !self.window.takes(record.sequence, window) {
            return Err(Rejection::Replayed);
        }
        let body = Body::split(self.suite, record.body).ok_or(Rejection::Malformed)?;
        let additional = additional(record, body.ciphertext.len());
        let Some(plaintext) = keys.open(self.suite, &additional, &body, operations) else {
            self.forged += 1;
            return Err(Rejection::BadRecord);
        };
        self.window.accept(record.sequence, window);
        Ok(plaintext)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::association::ConnectionId;

    /// RFC 9146 sections 4 and 5.3, written out once more with the bare primitives.
    #[test]
    fn a_record_with_a_connection_id_is_what_the_rfc_says() {
        let operations = &mut Operations::default();
        let mut channel = Channel::new(Suite12::PskAes128Gcm);
        channel.ours = Some(Keys { key: [1; 16], salt: [2; 4] });
        channel.sealed = 0x0102;
        let id = |id: &[u8]| ConnectionId::new(id).unwrap();
        channel.use_ids(ConnectionIds { ours: id(b"server"), theirs: id(b"cid") });
        let mut record = Vec::new();
        channel.record(1, Content12::ApplicationData, b"hello", &mut record, operations);

        let number = [0, 1, 0, 0, 0, 0, 1, 2];
        let mut additional = vec![0xff; 8]; // seq_num_placeholder
        additional.extend_from_slice(&[25, 3]); // tls12_cid, cid_length
        additional.extend_from_slice(&[25, 0xfe, 0xfd]); // tls12_cid, version
        additional.extend_from_slice(&number); // epoch, sequence_number
        additional.extend_from_slice(b"cid");
        additional.extend_from_slice(&[0, 6]); // length_of_DTLSInnerPlaintext
        let mut body = *b"hello\x17";
        let nonce = [2, 2, 2, 2, 0, 1, 0, 0, 0, 0, 1, 2];
        let tag = Aes128Gcm::new(&[1; 16].into())
            .encrypt_inout_detached(&nonce.into(), &additional, body.as_mut_slice().into())
            .unwrap();
        let header = [&[25, 0xfe, 0xfd][..], &number, b"cid", &[0, 8 + 6 + 16], &number].concat();
        assert_eq!(record, [&header[..], &body, &tag].concat());
    }
}
