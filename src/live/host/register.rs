//! Registration of a CSE at another one (TS-0001 clause 10.2.2.7): a `<remoteCSE>` there.

use super::{Address, Network};
use crate::onem2m::cse::Config;
use crate::wire::primitive::{
    Content, Operation, Request, ResourceType, Response, ResultContent, Rsc,
};
use crate::wire::value::{Map, Value};

/// rsc ORIGINATOR_HAS_ALREADY_REGISTERED.
const REGISTERED: Rsc = Rsc(4_117);

/// The CSE to register with.
#[derive(Clone, Debug)]
pub struct Registrar {
    /// Where it is reached.
    pub address: Address,
    /// Its CSE-ID, such as `/id-in`.
    pub cse_id: String,
    /// The SP-relative address of its CSEBase, such as `/id-in/cse-in`.
    pub base: String,
}

impl Registrar {
    /// Reads `http://127.0.0.1:8080/~/id-in/cse-in`: where the registrar is, and its CSEBase. `None` for
    /// anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let address = Address::parse(text)?;
        let base = address.to.clone();
        let (cse, name) = base.strip_prefix('/')?.split_once('/')?;
        if cse.is_empty() || name.contains('/') {
            return None;
        }
        Some(Self { cse_id: format!("/{cse}"), address, base })
    }

    /// Registers the CSE of `config`; one that is registered already tells its new address.
    pub(super) async fn register(&self, network: &Network, config: &Config) -> Option<Response> {
        let name = config.cse_id.trim_start_matches('/');
        let addresses = || {
            let all = config.addresses.iter().map(|text| Value::from(text.as_str())).collect();
            Map::of("poa", Value::List(all))
        };
        let mut about = addresses();
        about.insert("rn", Value::from(name));
        about.insert("cb", Value::Text(format!("{}/{}", config.cse_id, config.name)));
        about.insert("csi", Value::from(config.cse_id.as_str()));
        about.insert("rr", Value::Bool(true));
        about.insert("cst", Value::from(u64::from(config.kind)));
        let releases = Config::RELEASES.map(|release| Value::from(release.text()));
        about.insert("srv", Value::List(releases.to_vec()));
        let create = Request {
            result_content: Some(ResultContent::Attributes),
            ..Request::create(
                &self.base,
                &config.cse_id,
                "register",
                ResourceType(16),
                Content::new("m2m:csr", Value::Map(about)),
            )
        };
        let response = network.ask(&self.address, &create).await?;
        if !matches!(response.status, Rsc::CONFLICT | REGISTERED) {
            return Some(response);
        }
        let update = Request {
            operation: Operation::Update,
            content: Some(Content::new("m2m:csr", Value::Map(addresses()))),
            ..Request::retrieve(&format!("{}/{name}", self.base), &config.cse_id, "register-again")
        };
        network.ask(&self.address, &update).await
    }

    /// Ends the registration.
    pub(super) async fn deregister(&self, network: &Network, config: &Config) -> Option<Response> {
        let name = config.cse_id.trim_start_matches('/');
        let delete = Request {
            operation: Operation::Delete,
            ..Request::retrieve(&format!("{}/{name}", self.base), &config.cse_id, "deregister")
        };
        network.ask(&self.address, &delete).await
    }
}
