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
use crate::association::window::Window;
use crate::association::{Operation, Operations, Rejection, Suite12};
use crate::wire::dtls::{self, Content12, HEADER_LEN_12, Record12};

type Aes128Ccm8 = Ccm<Aes128, U8, U12>;

/// The explicit part of the nonce (RFC 5288 section 3, RFC 6655 section 3).
const EXPLICIT_LEN: usize = 8;
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

    /// Bytes of a protected record around its content.
    pub(super) const fn overhead(self) -> usize {
        HEADER_LEN_12 + EXPLICIT_LEN + self.tag_len()
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
        count_cipher(Operation::Seal, additional.len() + content.len(), operations);
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
        count_cipher(Operation::Open, additional.len() + body.ciphertext.len(), operations);
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

fn count_cipher(operation: Operation, bytes: usize, operations: &mut Operations) {
    operations.count(operation, 1);
    operations.count(Operation::AesKey, 1);
    operations.count(Operation::AeadByte, bytes as u64);
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

/// The additional data of a record (RFC 5246 section 6.2.3.3, RFC 6347 section 4.1.2.1).
fn additional(record: &Record12<'_>, length: usize) -> Vec<u8> {
    let length = u16::try_from(length).expect("records are bounded by `MAX_RECORD`");
    let mut out = Vec::with_capacity(13);
    out.extend_from_slice(&number(record.epoch, record.sequence));
    out.push(record.content_type as u8);
    out.extend_from_slice(&record.version.to_be_bytes());
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
        }
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
        let record = Record12 {
            content_type,
            version: dtls::VERSION_DTLS12,
            epoch,
            sequence,
            connection_id: &[],
            body: &[],
        };
        let additional = additional(&record, content.len());
        let explicit = number(epoch, sequence);
        let mut body = content.to_vec();
        keys.seal(self.suite, &explicit, &additional, &mut body, operations);
        let length = explicit.len() + body.len();
        dtls::emit_header_12(content_type, epoch, sequence, &[], length, out);
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
