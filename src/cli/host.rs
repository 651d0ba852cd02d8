//! `keystorm live --cse`.

use std::net::SocketAddr;

use keystorm::live::LiveError;
use keystorm::live::host::{Address, CseSetting, Listening, Scheme, host as serve};
use keystorm::onem2m::cse::Config;
use serde_json::json;

use super::args::{Format, HostArguments};
use super::exit::Exit;
use super::{output, progress};

/// cst of an IN-CSE, and of an MN-CSE: one that has a registrar.
const KINDS: [u8; 2] = [1, 2];

pub(super) fn host(
    arguments: &HostArguments,
    allow_remote: bool,
    format: Format,
) -> anyhow::Result<Exit> {
    let at = |port| SocketAddr::from((arguments.bind, port));
    let beyond = arguments.registrar.as_ref().map(|registrar| registrar.address.socket);
    let own = [Some(at(arguments.http)), beyond];
    if let Some(remote) = own.into_iter().flatten().find(|socket| !socket.ip().is_loopback())
        && !allow_remote
    {
        return Err(LiveError::Remote(remote).into());
    }
    progress::listen_saying("stopping (once more to stop at once)")?;
    let kind = KINDS[usize::from(arguments.registrar.is_some())];
    let setting = CseSetting {
        config: Config {
            kind,
            administrator: Some(arguments.admin.clone()),
            remotes: arguments.remote.clone(),
            ..Config::infrastructure(&arguments.domain, &arguments.cse_id, &arguments.cse_name)
        },
        http: at(arguments.http),
        coap: at(arguments.coap),
        database: arguments.db.clone(),
        registrar: arguments.registrar.clone(),
        console: arguments.console,
        rate: arguments.rate,
        allow_remote,
        seconds: arguments.seconds,
        stopped: progress::is_stopped,
    };
    serve(setting, &mut |listening| say(arguments, listening, format))?;
    Ok(Exit::Held)
}

/// Says where it listens. A reader that went away is no reason not to serve.
fn say(arguments: &HostArguments, listening: &Listening, format: Format) {
    let url = |scheme, socket| Address { scheme, socket, to: "/".to_owned() }.to_string();
    let (http, coap) = (url(Scheme::Http, listening.http), url(Scheme::Coap, listening.coap));
    let HostArguments { cse_id, cse_name, admin, .. } = arguments;
    let _ = match format {
        Format::Text => {
            let mut line = format!("CSE {cse_id} ({cse_name}) at {http} and {coap}");
            match (&arguments.registrar, listening.registered) {
                (Some(registrar), Some(0)) => {
                    line.push_str(&format!(", no answer of {}", registrar.cse_id));
                }
                (Some(registrar), Some(status)) => {
                    line.push_str(&format!(", registered at {}: {status}", registrar.cse_id));
                }
                _ => {}
            }
            if let Some(token) = &listening.token {
                line.push_str(&format!(
                    ", console {http}/console (user {admin}, password {token})"
                ));
            }
            output::result(&line)
        }
        Format::Json => output::json(&json!({
            "cse_id": cse_id,
            "http": http,
            "coap": coap,
            "registered": listening.registered,
            "console_password": listening.token,
        })),
    };
}
