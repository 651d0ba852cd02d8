//! A browser without a window: it reads a page, finds what a browser would execute, and executes it.
//!
//! What it is: html5ever's tree, and of that tree every slot that browsers execute: script elements, event
//! handlers, `javascript:` addresses, documents inside the page. What it is not: a layout, a network, a
//! policy (no CSP, no HttpOnly), an engine for the page's own scripts: what such a script writes into the page is
//! given to [`Dom::write`]. Its operator touches everything on the page, so a
//! handler that waits for a pointer runs too: the worst case.

use html5ever::tendril::TendrilSink as _;
use html5ever::{LocalName, ParseOpts, QualName, ns, parse_document, parse_fragment};
use markup5ever_rcdom::{Handle, NodeData, RcDom};

use super::script;
use crate::backend::Sent;

/// Bytes of a page.
const PAGE_BYTES_MAX: usize = 65_536;
/// Documents inside each other.
const DEPTH_MAX: u32 = 2;
/// Steps of all scripts of a page.
const STEPS_MAX: u64 = 10_000;
/// Attributes that hold the address of something that the page loads or leads to.
const ADDRESSES: [&str; 6] = ["href", "src", "action", "formaction", "data", "to"];

/// What a browser would execute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Active {
    /// A script: its text.
    Script(String),
    /// A document in the page: its text.
    Document(String),
    /// Something that is loaded from elsewhere and becomes a part of the page or replaces it.
    Load(String),
}

/// A page as a browser reads it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Dom {
    /// Elements with their depth and the names of their attributes, and comments.
    pub(super) skeleton: Vec<String>,
    /// Texts and values of attributes, in order.
    pub(super) text: Vec<String>,
    /// What is executed, in order.
    pub(super) active: Vec<Active>,
}

impl Dom {
    /// Reads a page.
    pub(super) fn read(html: &str) -> Self {
        let mut end = html.len().min(PAGE_BYTES_MAX);
        while !html.is_char_boundary(end) {
            end -= 1;
        }
        let html = html.get(..end).unwrap_or_default().to_owned();
        let tree = parse_document(RcDom::default(), ParseOpts::default()).one(html);
        let mut dom = Self::default();
        dom.walk(tree.document, true);
        dom
    }

    /// A script of the page writes a text into an element of it as markup, as an assignment to its `innerHTML`
    /// does. Script elements that come so do not run (HTML standard, "fragment parsing"); all else does.
    pub(super) fn write(&mut self, element: &str, text: &str) {
        let context = QualName::new(None, ns!(html), LocalName::from(element));
        let options = ParseOpts::default();
        let parser = parse_fragment(RcDom::default(), options, context, Vec::new(), true);
        self.walk(parser.one(text).document, false);
    }

    /// Takes in a tree.
    fn walk(&mut self, root: Handle, scripts_run: bool) {
        // A node that is dropped empties all that are below it: the root lives until the end.
        let mut waiting = vec![(0u32, root.clone())];
        while let Some((depth, node)) = waiting.pop() {
            self.node(depth, &node, scripts_run);
            let children = node.children.borrow();
            waiting.extend(children.iter().rev().map(|child| (depth + 1, child.clone())));
        }
        drop(root);
    }

    fn node(&mut self, depth: u32, node: &Handle, scripts_run: bool) {
        match &node.data {
            NodeData::Text { contents } => self.text.push(contents.borrow().to_string()),
            NodeData::Comment { .. } => self.skeleton.push(format!("{depth} a comment")),
            NodeData::Element { name, attrs, .. } => {
                let attributes: Vec<(String, String)> = attrs
                    .borrow()
                    .iter()
                    .map(|one| (one.name.local.to_string(), one.value.to_string()))
                    .collect();
                let names: Vec<&str> = attributes.iter().map(|(name, _)| name.as_str()).collect();
                let element = name.local.to_string();
                self.skeleton.push(format!("{depth} {}{element} {}", name.ns, names.join(" ")));
                if element == "script" && scripts_run {
                    self.script(&attributes, node);
                }
                self.active_in(&element, &attributes);
                self.text.extend(attributes.into_iter().map(|(_, value)| value));
            }
            _ => {}
        }
    }

    fn script(&mut self, attributes: &[(String, String)], node: &Handle) {
        if value(attributes, "type").is_none_or(is_script) {
            self.active.push(match value(attributes, "src") {
                Some(address) => Active::Load(address.to_owned()),
                None => Active::Script(text_below(node)),
            });
        }
    }

    fn active_in(&mut self, element: &str, attributes: &[(String, String)]) {
        let get = |name: &str| value(attributes, name);
        for (name, value) in attributes {
            if name.starts_with("on") {
                self.active.push(Active::Script(value.clone()));
            } else if ADDRESSES.contains(&name.as_str())
                && scheme(value).as_deref() == Some("javascript")
            {
                let code = clean(value).split_once(':').map(|(_, code)| code.to_owned());
                self.active.push(Active::Script(code.unwrap_or_default()));
            }
        }
        match element {
            "iframe" | "frame" | "object" | "embed" => {
                if let Some(document) = get("srcdoc") {
                    self.active.push(Active::Document(document.to_owned()));
                } else if let Some(address) = get("src").or_else(|| get("data")) {
                    self.active.push(Active::Load(address.to_owned()));
                }
            }
            "form" => self.active.extend(get("action").map(|to| Active::Load(to.to_owned()))),
            "base" => self.active.extend(get("href").map(|to| Active::Load(to.to_owned()))),
            "meta" if get("http-equiv").is_some_and(|it| it.eq_ignore_ascii_case("refresh")) => {
                self.active.push(Active::Load(get("content").unwrap_or_default().to_owned()));
            }
            _ => {}
        }
    }
}

fn value<'a>(attributes: &'a [(String, String)], name: &str) -> Option<&'a str> {
    attributes.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
}

/// Media types of scripts; the empty one is the default.
fn is_script(kind: &str) -> bool {
    ["", "module", "text/javascript", "application/javascript", "text/ecmascript"]
        .contains(&kind.trim().to_ascii_lowercase().as_str())
}

fn text_below(node: &Handle) -> String {
    let mut text = String::new();
    for child in node.children.borrow().iter() {
        if let NodeData::Text { contents } = &child.data {
            text.push_str(&contents.borrow());
        }
    }
    text
}

/// An address without what browsers drop from it: controls and spaces around it, tabs and line ends in it
/// (WHATWG URL, basic parser).
fn clean(address: &str) -> String {
    let address = address.trim_matches(|sign: char| sign <= ' ');
    address.chars().filter(|sign| !matches!(sign, '\t' | '\n' | '\r')).collect()
}

/// The scheme of an address, in lower case, if it has one.
pub(super) fn scheme(address: &str) -> Option<String> {
    let address = clean(address);
    let (scheme, _) = address.split_once(':')?;
    let is_scheme = scheme.starts_with(|sign: char| sign.is_ascii_alphabetic())
        && scheme.chars().all(|sign| sign.is_ascii_alphanumeric() || "+-.".contains(sign));
    is_scheme.then(|| scheme.to_ascii_lowercase())
}

/// A browser with a page open.
#[derive(Clone, Debug, Default)]
pub(in crate::backend) struct Browser {
    cookie: String,
    depth: u32,
    /// What scripts sent.
    pub(in crate::backend) sent: Vec<Sent>,
    /// A script did something.
    pub(in crate::backend) has_executed: bool,
    /// Steps of scripts.
    pub(in crate::backend) steps: u64,
    /// Scripts were stopped.
    pub(in crate::backend) is_exhausted: bool,
}

impl Browser {
    /// A browser that holds the cookie of this session.
    pub(super) fn new(session: &str) -> Self {
        Self { cookie: format!("session={session}"), ..Self::default() }
    }

    /// Opens a page, and touches everything on it.
    pub(super) fn open(&mut self, dom: &Dom) {
        for active in &dom.active {
            match active {
                Active::Script(text) => {
                    let left = STEPS_MAX.saturating_sub(self.steps);
                    let ran = script::run(text, &self.cookie, left);
                    self.has_executed |= ran.has_acted;
                    self.steps += ran.steps;
                    self.is_exhausted |= self.steps >= STEPS_MAX;
                    self.sent.extend(ran.sent);
                }
                Active::Document(text) if self.depth < DEPTH_MAX => {
                    self.depth += 1;
                    self.open(&Dom::read(text));
                    self.depth -= 1;
                }
                Active::Document(_) | Active::Load(_) => {}
            }
        }
    }
}
