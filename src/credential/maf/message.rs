//! Messages between clients and a MAF, as data with the fields of TS-0003 clauses 8.8.2.3 to 8.8.2.10,
//! and in JSON for the time being. Times are nanoseconds of virtual time.

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use crate::credential::hierarchy::RelativeId;
use crate::credential::identifier::KEY_ID_MAX;
use crate::credential::{HexCase, KeyBytes, Suid, text};

/// The largest message in bytes.
pub const MESSAGE_MAX: usize = 64 * 1_024;
/// Texts in a list: labels or targets.
pub const TEXTS_MAX: usize = 256;
/// Bytes of one text: a name, a label, a target.
pub const TEXT_LEN_MAX: usize = 255;

/// Why bytes are not a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// More than [`MESSAGE_MAX`] bytes.
    #[error("a message of more than {MESSAGE_MAX} bytes")]
    TooLong,
    /// Not JSON, or not with exactly the fields of this message.
    #[error("not a message of this kind")]
    Malformed,
}

impl MessageError {
    /// The name in metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TooLong => "maf_message_too_long",
            Self::Malformed => "maf_message_malformed",
        }
    }
}

/// Reads a message: bounded, every field known, none twice.
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, MessageError> {
    if bytes.len() > MESSAGE_MAX {
        return Err(MessageError::TooLong);
    }
    serde_json::from_slice(bytes).map_err(|_| MessageError::Malformed)
}

/// Writes a message. It may hold a key, so it is erased when it is dropped.
pub fn write<T: Serialize>(message: &T) -> Result<Zeroizing<Vec<u8>>, MessageError> {
    let bytes = serde_json::to_vec(message).map(Zeroizing::new);
    bytes.ok().filter(|bytes| bytes.len() <= MESSAGE_MAX).ok_or(MessageError::TooLong)
}

/// A key on its way in a message: hexBinary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyValue(pub KeyBytes);

impl Serialize for KeyValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let hex = Zeroizing::new(text::hex(self.0.expose(), HexCase::Upper));
        serializer.serialize_str(&hex)
    }
}

impl<'de> Deserialize<'de> for KeyValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let hex = Zeroizing::new(String::deserialize(deserializer)?);
        let bytes = text::unhex(&hex, HexCase::Upper).map(Zeroizing::new);
        let key = bytes.and_then(|bytes| KeyBytes::from_slice(&bytes));
        key.map(Self).ok_or_else(|| D::Error::custom("not a key"))
    }
}

/// A RelativeKeyID in a message: 32 upper-case digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RelativeKeyIdText(pub RelativeId);

impl Serialize for RelativeKeyIdText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&text::hex(&self.0.0, HexCase::Upper))
    }
}

impl<'de> Deserialize<'de> for RelativeKeyIdText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let hex = String::deserialize(deserializer)?;
        let bytes = text::unhex(&hex, HexCase::Upper).and_then(|bytes| bytes.try_into().ok());
        bytes.map(|id| Self(RelativeId(id))).ok_or_else(|| D::Error::custom("not a RelativeKeyID"))
    }
}

impl Serialize for Suid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.code())
    }
}

impl<'de> Deserialize<'de> for Suid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_code(u8::deserialize(deserializer)?).ok_or_else(|| D::Error::custom("no SUID"))
    }
}

fn text_field<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    let is_bounded = (1..=TEXT_LEN_MAX).contains(&text.len());
    if is_bounded { Ok(text) } else { Err(D::Error::custom("an empty or long text")) }
}

fn optional_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    text_field(deserializer).map(Some)
}

fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    let is_bounded = |text: &String| (1..=TEXT_LEN_MAX).contains(&text.len());
    if texts.len() <= TEXTS_MAX && texts.iter().all(is_bounded) {
        Ok(texts)
    } else {
        Err(D::Error::custom("too many or too long texts"))
    }
}

fn optional_texts<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<String>>, D::Error> {
    texts(deserializer).map(Some)
}

fn key_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = text_field(deserializer)?;
    if text.len() <= KEY_ID_MAX {
        Ok(Some(text))
    } else {
        Err(D::Error::custom("a long identifier"))
    }
}

macro_rules! messages {
    ($(
        $(#[$doc:meta])*
        $name:ident {
            $($(#[$field_doc:meta])* $field:ident = $wire:literal: $kind:ty $(, $with:literal)?;)*
        }
    )*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $(
                $(#[$field_doc])*
                #[serde(rename = $wire $(, deserialize_with = $with)?)]
                pub $field: $kind,
            )*
        }
    )*};
}

messages! {
    /// Asks the MAF to know the sender (clause 8.8.2.3).
    ClientRegistration {
        /// The MAF that it is meant for.
        maf_fqdn = "mafFQDN": String, "text_field";
        /// Until when, in nanoseconds of virtual time.
        expiration_time = "expirationTime": u64;
        /// Free labels.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        labels = "labels": Vec<String>, "texts";
        /// Who administers this client.
        admin_fqdn = "adminFQDN": String, "text_field";
    }

    /// The MAF knows the client (clause 8.8.2.3).
    ClientRegistered {
        /// Names this registration in later requests.
        maf_client_reg_id = "mafClientRegID": u64;
        /// Until when: what was asked for, or less.
        expiration_time = "expirationTime": u64;
        /// The client, as the association says.
        client_id = "clientID": String, "text_field";
        /// As in the request.
        admin_fqdn = "adminFQDN": String, "text_field";
        /// As in the request.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        labels = "labels": Vec<String>, "texts";
        /// The KmID that the client is to use from now on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        assigned_symm_key_id = "assignedSymmKeyID": Option<String>, "key_id";
    }

    /// Changes a registration (clause 8.8.2.5); what is absent stays.
    ClientUpdate {
        /// The registration.
        maf_client_reg_id = "mafClientRegID": u64;
        /// Until when.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expiration_time = "expirationTime": Option<u64>;
        /// Free labels.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        labels = "labels": Option<Vec<String>>, "optional_texts";
        /// Who administers this client.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        admin_fqdn = "adminFQDN": Option<String>, "optional_text";
    }

    /// Hands a key to the MAF for others to fetch (clause 8.8.2.7).
    KeyRegistration {
        /// The MAF that it is meant for.
        maf_fqdn = "mafFQDN": String, "text_field";
        /// Until when, in nanoseconds of virtual time.
        expiration_time = "expirationTime": u64;
        /// Free labels.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        labels = "labels": Vec<String>, "texts";
        /// Who administers this key.
        admin_fqdn = "adminFQDN": String, "text_field";
        /// What the key is for.
        suid = "SUID": Suid;
        /// Who may fetch it; exactly one for a security association or ESPrim.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        target_ids = "targetIDs": Vec<String>, "texts";
        /// The key; without it both sides export it from their association.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key_value = "keyValue": Option<KeyValue>;
    }

    /// The MAF has the key (clause 8.8.2.7).
    KeyRegistered {
        /// Names the key at this MAF.
        relative_key_id = "relativeKeyID": RelativeKeyIdText;
        /// Until when: what was asked for, or less.
        expiration_time = "expirationTime": u64;
        /// Who registered it, as the association says.
        source_id = "sourceID": String, "text_field";
        /// As in the request.
        admin_fqdn = "adminFQDN": String, "text_field";
        /// As in the request.
        suid = "SUID": Suid;
        /// As in the request.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        target_ids = "targetIDs": Vec<String>, "texts";
        /// As in the request.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        labels = "labels": Vec<String>, "texts";
    }

    /// A key for one of its targets (clause 8.8.2.8).
    KeyRetrieved {
        /// Until when it is good.
        expiration_time = "expirationTime": u64;
        /// Who registered it.
        source_id = "sourceID": String, "text_field";
        /// Who administers it.
        admin_fqdn = "adminFQDN": String, "text_field";
        /// What it is for.
        suid = "SUID": Suid;
        /// The key.
        key_value = "keyValue": KeyValue;
        /// Free labels.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        labels = "labels": Vec<String>, "texts";
    }

    /// Changes the registration of a key (clause 8.8.2.9); what is absent stays.
    KeyUpdate {
        /// The key.
        relative_key_id = "relativeKeyID": RelativeKeyIdText;
        /// Until when.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expiration_time = "expirationTime": Option<u64>;
        /// Free labels.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        labels = "labels": Option<Vec<String>>, "optional_texts";
        /// Who administers it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        admin_fqdn = "adminFQDN": Option<String>, "optional_text";
        /// Who may fetch it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        target_ids = "targetIDs": Option<Vec<String>>, "optional_texts";
    }
}
