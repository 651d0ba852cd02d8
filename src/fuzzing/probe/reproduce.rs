//! The script that repeats a finding: `curl` and `coap-client` where they can say it, else the bytes themselves.

use std::fmt::Write as _;
use std::net::SocketAddr;

use super::shot::{Binding, Shot};
use crate::report::shell_word;
use crate::wire::coap::Token;

/// A script and the files that it needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// For `sh` with `bash` beside it.
    pub text: String,
    /// Names and contents of files.
    pub files: Vec<(String, Vec<u8>)>,
}

impl Script {
    /// Repeats these requests in order; with `together` the last of them at the same time.
    #[must_use]
    pub fn of(title: &str, shots: &[(SocketAddr, Shot)], together: usize) -> Self {
        let mut script = Self::default();
        let _ = writeln!(
            script.text,
            "#!/usr/bin/env bash\n# {title}\n# Each answer is printed. Requests 1 to {} make the stage.\ncd \"$(dirname \"$0\")\" || exit 2",
            shots.len().saturating_sub(1)
        );
        let parallel = shots.len().saturating_sub(together);
        for (number, (at, shot)) in shots.iter().enumerate() {
            let command = script.command(*at, shot, number + 1);
            let end = if together > 0 && number >= parallel { " &" } else { "" };
            let _ = writeln!(script.text, "\necho '--- {}'\n{command}{end}", number + 1);
        }
        if together > 0 {
            script.text.push_str("wait\n");
        }
        script
    }

    fn command(&mut self, at: SocketAddr, shot: &Shot, number: usize) -> String {
        // Files are at hand in any case: what a tool leaves out or adds is no part of them.
        let token = Token::new(&number.to_be_bytes()).unwrap_or_default();
        let mid = u16::try_from(number).unwrap_or(1);
        let name = format!("{number:02}.bin");
        self.files.push((name.clone(), shot.bytes(mid, token)));
        let said = match shot.binding {
            Binding::Http => self.curl(at, shot, number),
            Binding::Coap => self.coap_client(at, shot, number),
        };
        said.unwrap_or_else(|| raw(at, shot.binding, &name))
    }

    /// The body on the command line, or in a file if it is no plain text.
    fn data(&mut self, shot: &Shot, number: usize) -> String {
        match str::from_utf8(&shot.body) {
            Ok(text)
                if text.len() < 2_000
                    && !text.starts_with('@')
                    && !text.contains(char::is_control) =>
            {
                shell_word(text)
            }
            _ => {
                let name = format!("{number:02}-body.bin");
                self.files.push((name.clone(), shot.body.clone()));
                format!("@{name}")
            }
        }
    }

    fn curl(&mut self, at: SocketAddr, shot: &Shot, number: usize) -> Option<String> {
        let own = |name: &str| {
            ["host", "content-length", "transfer-encoding"]
                .iter()
                .any(|own| name.eq_ignore_ascii_case(own))
        };
        let texts =
            shot.fields.iter().map(|(name, value)| Some((name, str::from_utf8(value).ok()?)));
        let texts: Vec<_> = texts.collect::<Option<_>>()?;
        let length = shot.body.len().to_string();
        let plain = texts.iter().all(|(name, value)| {
            let expected = !name.eq_ignore_ascii_case("content-length") || *value == length;
            let once =
                texts.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name)).count() == 1;
            expected
                && (once || !own(name))
                && !name.eq_ignore_ascii_case("transfer-encoding")
                && !(value.is_empty() || value.contains(char::is_control))
        });
        let target = if shot.query.is_empty() {
            shot.path.clone()
        } else {
            format!("{}?{}", shot.path, shot.query.join("&"))
        };
        let spoken = target.starts_with('/') && target.bytes().all(|byte| byte.is_ascii_graphic());
        if !(plain && spoken && shot.is_framed()) || target.contains('#') || target.len() > 60_000 {
            return None;
        }
        let url = shell_word(&format!("http://{at}{target}"));
        let mut line =
            format!("curl -sS -i -g -m 15 --path-as-is -X {} {url}", shell_word(&shot.method));
        for (name, value) in texts.iter().filter(|(name, _)| !own(name)) {
            let _ = write!(line, " \\\n  -H {}", shell_word(&format!("{name}: {value}")));
        }
        // What curl would add by itself.
        for own in ["User-Agent", "Accept", "Content-Type"] {
            if !texts.iter().any(|(name, _)| name.eq_ignore_ascii_case(own)) {
                let _ = write!(line, " -H '{own}:'");
            }
        }
        if !shot.body.is_empty() {
            let _ = write!(line, " \\\n  --data-binary {}", self.data(shot, number));
        }
        Some(format!("{line}; echo"))
    }

    fn coap_client(&mut self, at: SocketAddr, shot: &Shot, number: usize) -> Option<String> {
        let method = match shot.code {
            1 => "get",
            2 => "post",
            3 => "put",
            4 => "delete",
            _ => return None,
        };
        let mut path = String::new();
        let mut query = Vec::new();
        let mut options = String::new();
        for (option, value) in &shot.options {
            match option {
                11 | 15 => {
                    let text = str::from_utf8(value).ok()?;
                    let sound =
                        |byte: u8| byte.is_ascii_alphanumeric() || b"-._~=*+,:".contains(&byte);
                    if text.is_empty() || !text.bytes().all(sound) || matches!(text, "." | "..") {
                        return None;
                    }
                    if *option == 11 {
                        path.push_str(&format!("/{text}"))
                    } else {
                        query.push(text)
                    }
                }
                _ if value.len() > 200 => return None,
                _ => {
                    let hex: String = value.iter().map(|byte| format!("{byte:02x}")).collect();
                    let _ = write!(options, " -O {option},0x{hex}");
                }
            }
        }
        // An option without a value cannot be said so.
        if !shot.is_framed() || shot.options.iter().any(|(_, value)| value.is_empty()) {
            return None;
        }
        let mark = if query.is_empty() { "" } else { "?" };
        let url = shell_word(&format!("coap://{at}{path}{mark}{}", query.join("&")));
        let payload = if shot.body.is_empty() {
            String::new()
        } else {
            let data = self.data(shot, number);
            data.strip_prefix('@')
                .map_or_else(|| format!(" -e {data}"), |file| format!(" -f {file}"))
        };
        Some(format!(
            "${{COAP_CLIENT:-coap-client-notls}} -v 7 -B 5 -m {method}{options}{payload} {url}"
        ))
    }
}

/// The bytes themselves, with nothing but the shell.
fn raw(at: SocketAddr, binding: Binding, name: &str) -> String {
    let (host, port) = (at.ip(), at.port());
    match binding {
        Binding::Http => {
            format!(
                "bash -c 'exec 3<>/dev/tcp/{host}/{port}; cat {name} >&3; timeout 15 cat <&3'; echo"
            )
        }
        Binding::Coap => format!(
            "bash -c 'exec 3<>/dev/udp/{host}/{port}; cat {name} >&3; timeout 5 head -c 1 <&3 | od -c'"
        ),
    }
}
