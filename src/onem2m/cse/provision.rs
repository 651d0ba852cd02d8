//! Resources that are there before anybody asks: what an operator provisions.

use super::refusal::Refusal;
use super::{Cse, attributes};
use crate::onem2m::limits::MAX_STEM;
use crate::onem2m::tree::{Counts, Record, Store, ty};
use crate::wire::value::{Map, Value};

impl<S: Store> Cse<S> {
    /// Registers an AE whose AE-ID and resource name are `stem`, and gives it a container that keeps the
    /// latest `instances` contents. Without policies: the AE may do everything with them, and nobody else
    /// may but whom the policies of the CSEBase let. What is there already stays as it is.
    ///
    /// # Errors
    /// `stem` or `container` is no name, or the store fails.
    pub fn provision(
        &mut self,
        stem: &str,
        container: &str,
        instances: u64,
    ) -> Result<(), Refusal> {
        if !stem.starts_with(['C', 'S']) || stem.len() > MAX_STEM || !attributes::is_name(stem) {
            return Err(super::refusal::ORIGINATOR);
        }
        if !attributes::is_name(container) {
            return Err(super::refusal::NAME);
        }
        if self.store.aliased(stem)?.is_some() {
            return Ok(());
        }
        let now = self.config.epoch.unix_ms;
        let named = |name: &str, attributes| Record {
            created: now,
            modified: now,
            name: Some(name.to_owned()),
            attributes,
            ..Record::default()
        };
        let mut about = Map::of("api", Value::from("Nkeystorm"));
        about.insert("rr", Value::Bool(false));
        about.insert("srv", Value::List(vec![Value::from("4")]));
        let entity = Record { alias: Some(stem.to_owned()), ..named(stem, about) };
        let entity = self.insert(self.root, ty::AE, &entity)?;
        let keeps = Map::of("mni", Value::from(instances));
        let data = Record { counts: Some(Counts::default()), ..named(container, keeps) };
        self.insert(entity, ty::CNT, &data).map(|_| ())
    }
}
