//! An operator's dashboard: a page with what devices say, opened in a browser that holds a session.
//!
//! The page is rendered by the template language that the product's own pages use. The browser has no window: it
//! reads HTML as browsers do, finds what a browser would execute, and executes of it what a few lines of
//! script can say.

mod browser;
mod script;
mod whitelist;

use std::sync::OnceLock;

use minijinja::{AutoEscape, Environment, context};

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::{Canary, Fault, Interpretation, Refusal, TOO_LONG, VALUE_BYTES_MAX};
use crate::ledger::{Level, Sink};
use crate::planted::{self, Defect};
use browser::{Browser, Dom};

/// A harmless text.
const BENIGN: &str = "plain";
const ESCAPED: Refusal = Refusal { mechanism: "contextual_escaping", reason: "kept as text" };
const FILTERED: Refusal = Refusal { mechanism: "tag_filter", reason: "tag was removed" };
const SCHEME: Refusal = Refusal { mechanism: "contextual_escaping", reason: "scheme of a link" };
/// What stands in a link that was refused.
const NOWHERE: &str = "#";
/// The device's own page, and the element of it that its script writes to.
const DEVICE: &str = "/devices/pump";
const HEADING: &str = "h1";

/// Where on the page a value stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Slot {
    /// The name of a device: in an element and in an attribute.
    Name,
    /// The content of a device.
    Content,
    /// The address of the device's own page: a link.
    Link,
    /// What was searched for, reflected from the request for the page.
    Search,
    /// The fragment of the link to the device's own page. No server sees it: a script of that page takes it out
    /// of its address and writes it into a heading.
    Fragment,
}

/// How values are put into the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Escaping {
    /// As they are.
    None,
    /// Without the tag of scripts in lower case: a blacklist of one.
    OneTag,
    /// With the signs of markup escaped, wherever they stand.
    Markup,
    /// With the signs of markup escaped, in links only schemes that load, and by scripts as text.
    Contextual,
}

/// What is looked at before a value is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Validation {
    /// Nothing.
    None,
    /// Decoded until nothing more decodes, then length, characters and grammar of its attribute.
    Whitelist,
}

/// The dashboard, and the session of the operator who looks at it.
#[derive(Clone, Debug)]
pub struct Dashboard {
    escaping: Escaping,
    validation: Validation,
    session: Canary,
}

impl Dashboard {
    /// A dashboard that an operator with this session looks at.
    #[must_use]
    pub const fn new(escaping: Escaping, validation: Validation, session: Canary) -> Self {
        Self { escaping, validation, session }
    }

    /// A device wrote `value`, and the operator opens the page that shows it.
    ///
    /// # Errors
    /// The template does not fit: a defect of this program.
    pub fn show(&self, slot: Slot, value: &str) -> Result<Interpretation, Fault> {
        if value.len() > VALUE_BYTES_MAX {
            return Ok(Interpretation::refused(Sink::Dom, TOO_LONG));
        }
        if self.validation == Validation::Whitelist
            && let Err(refusal) = whitelist::check(slot, value)
        {
            return Ok(Interpretation::refused(Sink::Dom, refusal));
        }
        let (level, html, browser) = self.judge(self.escaping, slot, value)?;
        let refusal = match self.escaping {
            Escaping::None => None,
            _ if level > Level::Equal => None,
            Escaping::Contextual if !is_loadable(slot, value) => Some(SCHEME),
            _ if self.judge(Escaping::None, slot, value)?.0 == Level::Equal => None,
            Escaping::OneTag => Some(FILTERED),
            Escaping::Markup | Escaping::Contextual => Some(ESCAPED),
        };
        Ok(Interpretation {
            level,
            refusal,
            steps: html.len() as u64 + browser.steps,
            answer: html.into_bytes(),
            is_exhausted: browser.is_exhausted,
            sent: browser.sent,
            ..Interpretation::refused(Sink::Dom, ESCAPED)
        })
    }

    /// The twin rule: the same page with a harmless value in the slot.
    fn judge(
        &self,
        escaping: Escaping,
        slot: Slot,
        value: &str,
    ) -> Result<(Level, String, Browser), Fault> {
        let html = render(escaping, slot, value)?;
        let dom = opened(escaping, slot, &html);
        let harmless = opened(escaping, slot, &render(escaping, slot, BENIGN)?);
        let mut browser = Browser::new(&self.session.text());
        browser.open(&dom);
        let shown = match escaping {
            Escaping::Contextual if !is_loadable(slot, value) => NOWHERE.to_owned(),
            Escaping::Contextual if slot == Slot::Fragment => value.to_owned(),
            _ => value.replace("\r\n", "\n").replace('\r', "\n"),
        };
        let level = if browser.has_executed {
            Level::Goal
        } else if dom.active.len() > harmless.active.len() {
            Level::Effect
        } else if dom.skeleton != harmless.skeleton || !says(&dom, &harmless, &shown) {
            Level::Structure
        } else {
            Level::Equal
        };
        Ok((level, html, browser))
    }
}

/// A browser opens a page of this text, with the session.
pub(super) fn visit(html: &str, session: Canary) -> Browser {
    let mut browser = Browser::new(&session.text());
    browser.open(&Dom::read(html));
    browser
}

/// What the operator looks at in the end: the page, or the device's own page, to which its link leads.
fn opened(escaping: Escaping, slot: Slot, html: &str) -> Dom {
    let page = Dom::read(html);
    if slot != Slot::Fragment {
        return page;
    }
    let fragment = page.text.iter().find_map(|text| text.strip_prefix(DEVICE)?.strip_prefix('#'));
    let text = percent_decode_str(fragment.unwrap_or_default()).decode_utf8_lossy();
    let mut dom = Dom::read(include_str!("device.html"));
    match escaping {
        // What the server escapes is another page's text: percent signs hide the fragment from it.
        Escaping::None | Escaping::OneTag | Escaping::Markup => dom.write(HEADING, &text),
        Escaping::Contextual => dom.text.push(text.into_owned()),
    }
    dom
}

/// The text of a page is that of the harmless one with this value in its slot. NUL is dropped or replaced by
/// browsers, depending on where it stands.
fn says(dom: &Dom, harmless: &Dom, value: &str) -> bool {
    let plain = |text: &str| text.replace(['\0', '\u{fffd}'], "");
    let found = dom.text.iter().map(|text| plain(text)).filter(|text| !text.is_empty());
    let meant = harmless.text.iter().map(|text| plain(&text.replace(BENIGN, value)));
    found.eq(meant.filter(|text| !text.is_empty()))
}

/// The value stands in no link, or the link leads to a page.
fn is_loadable(slot: Slot, value: &str) -> bool {
    slot != Slot::Link
        || planted::is(Defect::LinkScheme)
        || browser::scheme(value).is_none_or(|it| it == "http" || it == "https")
}

fn render(escaping: Escaping, slot: Slot, value: &str) -> Result<String, Fault> {
    static RAW: OnceLock<Option<Environment<'static>>> = OnceLock::new();
    static SAFE: OnceLock<Option<Environment<'static>>> = OnceLock::new();
    let value = match escaping {
        Escaping::OneTag => value.replace("<script>", "").replace("</script>", ""),
        Escaping::Contextual if !is_loadable(slot, value) => NOWHERE.to_owned(),
        _ => value.to_owned(),
    };
    let environment = match escaping {
        Escaping::None | Escaping::OneTag => RAW.get_or_init(|| pages(AutoEscape::None)),
        Escaping::Markup | Escaping::Contextual => SAFE.get_or_init(|| pages(AutoEscape::Html)),
    };
    let in_slot =
        |at, otherwise: &str| if at == slot { value.clone() } else { otherwise.to_owned() };
    let row = context! {
        name => in_slot(Slot::Name, "pump"),
        content => in_slot(Slot::Content, "21"),
        link => match slot {
            Slot::Fragment => format!("{DEVICE}#{}", utf8_percent_encode(&value, NON_ALPHANUMERIC)),
            _ => in_slot(Slot::Link, DEVICE),
        },
    };
    let page = context! { search => in_slot(Slot::Search, "pump"), rows => vec![row] };
    let fault = Fault::of("page");
    let environment = environment.as_ref().ok_or_else(|| fault("no template".to_owned()))?;
    let template = environment.get_template("dashboard").map_err(|e| fault(e.to_string()))?;
    template.render(page).map_err(|error| fault(error.to_string()))
}

fn pages(escape: AutoEscape) -> Option<Environment<'static>> {
    let mut pages = Environment::new();
    pages.set_auto_escape_callback(move |_| escape.clone());
    pages.add_template("dashboard", include_str!("dashboard.html")).ok()?;
    Some(pages)
}

#[cfg(test)]
mod tests;
