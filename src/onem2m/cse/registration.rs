//! CSEBase, and the registration of AEs and CSEs (TS-0001 clause 10.2.2).

use super::Cse;
use super::config::Config;
use super::refusal::{APP_ID, CSE_ID, ORIGINATOR, REGISTERED, REGISTRATION, Refusal};
use super::task::Task;
use crate::onem2m::limits::MAX_STEM;
use crate::onem2m::tree::{Store, Types, ty};
use crate::wire::value::{Map, Value};

fn texts<'t>(texts: impl IntoIterator<Item = &'t str>) -> Value {
    Value::List(texts.into_iter().map(Value::from).collect())
}

/// The attributes of the CSEBase.
pub(super) fn base(config: &Config) -> Map {
    let mut attributes = Map::new();
    attributes.insert("cst", Value::from(u64::from(config.kind)));
    let mut types: Vec<u64> = Types::shipped().all().map(|kind| u64::from(kind.number)).collect();
    types.sort_unstable();
    types.dedup();
    let types = types.into_iter().map(Value::from).collect();
    attributes.insert("srt", Value::List(types));
    attributes.insert("srv", texts(Config::RELEASES.map(crate::wire::primitive::Release::text)));
    attributes.insert("csz", texts(["application/json", "application/cbor", "application/xml"]));
    if !config.addresses.is_empty() {
        attributes.insert("poa", texts(config.addresses.iter().map(String::as_str)));
    }
    attributes
}

/// A policy by which one originator may do everything.
pub(super) fn policy_for(originator: &str) -> Map {
    let rule = || {
        let mut rule = Map::of("acor", texts([originator]));
        rule.insert("acop", Value::Integer(63));
        Value::Map(Map::of("acr", Value::List(vec![Value::Map(rule)])))
    };
    let mut attributes = Map::of("pv", rule());
    attributes.insert("pvs", rule());
    attributes
}

impl<S: Store> Cse<S> {
    /// The AE-ID stem of an AE that registers.
    pub(super) fn ae_id(&mut self, task: &Task, attributes: &Map) -> Result<String, Refusal> {
        let app = attributes.get("api").and_then(Value::as_text).unwrap_or_default();
        if !app.starts_with(['R', 'N']) {
            return Err(APP_ID);
        }
        let asker = &task.asker;
        let wanted = asker.short.as_deref().or(asker.proven.as_deref());
        let Some(stem) = wanted else { return self.new_stem(task) };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
        if !stem.starts_with(['C', 'S'])
            || !(2..=MAX_STEM).contains(&stem.len())
            || !stem.bytes().all(plain)
        {
            return Err(ORIGINATOR);
        }
        if self.store.aliased(stem)?.is_some() { Err(REGISTERED) } else { Ok(stem.to_owned()) }
    }

    /// An AE-ID stem that the CSE chooses; one that the service provider assigns, if asked for and we are
    /// its IN-CSE.
    fn new_stem(&mut self, task: &Task) -> Result<String, Refusal> {
        let letter = match task.request.from.as_deref() {
            Some("S") if self.config.kind == 1 => 'S',
            Some("S") => return Err(REGISTRATION),
            _ => 'C',
        };
        loop {
            let stem = format!("{letter}{}", self.count());
            if self.store.aliased(&stem)?.is_none() {
                return Ok(stem);
            }
        }
    }

    /// Checks a CSE that registers.
    pub(super) fn check_remote(&self, task: &Task, attributes: &Map) -> Result<(), Refusal> {
        let csi = attributes.get("csi").and_then(Value::as_text).ok_or(CSE_ID)?;
        let asks = task.asker.short.as_deref();
        if asks != Some(csi) || !self.is_cse(csi) || csi == self.config.cse_id {
            return Err(CSE_ID);
        }
        if self.remotes.contains_key(csi) {
            return Err(REGISTERED);
        }
        if self.config.remotes.iter().any(|allowed| allowed == csi) {
            Ok(())
        } else {
            Err(REGISTRATION)
        }
    }

    /// Whether the originator may register at all. An AE over the association of a CSE may not: that CSE
    /// is its registrar.
    pub(super) fn may_register(&self, task: &Task, kind: u16) -> Result<bool, Refusal> {
        match kind {
            ty::AE if task.asker.hop.is_some() => Err(REGISTRATION),
            ty::AE => Ok(!self.config.closed),
            _ => Ok(true),
        }
    }
}
