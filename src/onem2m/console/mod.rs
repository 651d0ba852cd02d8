//! The operator's console: one page for each resource of a CSE.
//!
//! What a page shows was written by devices, so this is where a name, a label or a content could become
//! markup. The template language escapes whatever it puts into a page; nothing here is exempt but the
//! style sheet. [`page`] is a pure function of a [`View`], and a view is made of nothing but answers of the
//! CSE, so the operator sees what its privileges let it see.

use std::sync::OnceLock;

use minijinja::Environment;
use serde::Serialize;

use crate::onem2m::tree::{Types, ty};
use crate::wire::binding::http::write_path;
use crate::wire::primitive::{FilterCriteria, Request, Response, ResultContent, Rsc};
use crate::wire::value::{Map, Serialisation, Value, write};

/// Where the pages of resources begin.
pub const PREFIX: &str = "/console";
/// The style sheet inside each page.
pub const STYLE: &str = include_str!("page.css");
/// Children on one page.
const CHILDREN_MAX: u64 = 200;
/// Characters of one text on a page.
const TEXT_MAX: usize = 4_096;

/// What a page shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct View {
    /// The resources from the CSEBase down to this one.
    pub path: Vec<Link>,
    /// Its name.
    pub name: String,
    /// The name of its type, such as `CNT`.
    pub kind: String,
    /// ty
    pub number: u64,
    /// lbl
    pub labels: Vec<String>,
    /// All other attributes.
    pub attributes: Vec<Row>,
    /// The newest content, if it is a container that has one.
    pub latest: Vec<Row>,
    /// The resources below it.
    pub children: Vec<Link>,
    /// There are more of them.
    pub more: bool,
}

/// A way to another page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Link {
    /// What it says.
    pub name: String,
    /// The name of the type, if it is a child.
    pub kind: String,
    /// The path of the resource, from its first slash on. Links lead below [`PREFIX`] whatever it is.
    pub path: String,
}

/// A line of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The attribute.
    pub name: String,
    /// Its value: text as it is, all else in JSON.
    pub text: String,
}

/// The page.
///
/// # Errors
/// The template does not fit the view: a defect of this program.
pub fn page(view: &View) -> Result<String, minijinja::Error> {
    static PAGES: OnceLock<Result<Environment<'static>, minijinja::Error>> = OnceLock::new();
    let pages = PAGES.get_or_init(|| {
        let mut pages = Environment::new();
        // The ending `.html` is what switches the escaping on.
        pages.add_template("page.html", include_str!("page.html"))?;
        Ok(pages)
    });
    let pages = pages.as_ref().map_err(|error| {
        minijinja::Error::new(minijinja::ErrorKind::InvalidOperation, error.to_string())
    })?;
    let style = minijinja::Value::from_safe_string(STYLE.to_owned());
    let view = minijinja::Value::from(minijinja::value::Serde(view));
    pages.get_template("page.html")?.render(minijinja::context! { view, style, prefix => PREFIX })
}

impl View {
    /// Makes a view of the resource at a CSE-relative address by asking the CSE as `originator`.
    ///
    /// # Errors
    /// The status with which the CSE refuses.
    pub fn gather(
        address: &str,
        originator: &str,
        ask: &mut dyn FnMut(Request) -> Option<Response>,
    ) -> Result<Self, Rsc> {
        let mut retrieve = |to: &str, result_content, filter| {
            let request =
                Request { result_content, filter, ..Request::retrieve(to, originator, "console") };
            let response = ask(request).ok_or(Rsc::INTERNAL_SERVER_ERROR)?;
            if response.status == Rsc::OK { Ok(response) } else { Err(response.status) }
        };
        let below = FilterCriteria {
            level: Some(1),
            limit: Some(CHILDREN_MAX),
            ..FilterCriteria::default()
        };
        let shown = ResultContent::AttributesAndChildReferences;
        let response = retrieve(address, Some(shown), Some(below))?;
        let more = response.content_offset.is_some();
        let mut attributes = members(response);
        let children = attributes.remove("ch");
        let labels = attributes.remove("lbl");
        let number = attributes.get("ty").and_then(Value::as_u64).unwrap_or_default();
        let latest = match u16::try_from(number) {
            Ok(ty::CNT) => retrieve(&format!("{address}/la"), None, None).map(members).ok(),
            _ => None,
        };
        let text = |value: &Value| value.as_text().map(shorten);
        let list = |value: Option<Value>| match value {
            Some(Value::List(items)) => items,
            _ => Vec::new(),
        };
        Ok(Self {
            path: steps(address),
            name: attributes.get("rn").and_then(text).unwrap_or_default(),
            kind: kind(number),
            number,
            labels: list(labels).iter().filter_map(text).collect(),
            attributes: rows(&attributes),
            latest: latest.as_ref().map(rows).unwrap_or_default(),
            children: list(children).iter().filter_map(child).collect(),
            more,
        })
    }
}

/// The attributes in an answer.
fn members(response: Response) -> Map {
    match response.content.map(|content| content.value) {
        Some(Value::Map(map)) => map,
        _ => Map::new(),
    }
}

fn rows(attributes: &Map) -> Vec<Row> {
    attributes
        .iter()
        .map(|(name, value)| Row { name: name.to_owned(), text: text(value) })
        .collect()
}

/// Text as it is, all else in JSON.
fn text(value: &Value) -> String {
    if let Some(text) = value.as_text() {
        return shorten(text);
    }
    let whole = write(&Map::of("", value.clone()), Serialisation::Json).unwrap_or_default();
    let whole = String::from_utf8_lossy(&whole);
    let inner = whole.strip_prefix("{\"\":").and_then(|rest| rest.strip_suffix('}'));
    shorten(inner.unwrap_or_default())
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(TEXT_MAX) {
        Some((at, _)) => format!("{}...", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// The name of a type.
fn kind(number: u64) -> String {
    let known = u16::try_from(number).ok().and_then(|number| Types::shipped().numbered(number));
    known.map_or_else(|| "resource".to_owned(), |kind| kind.name.to_owned())
}

fn child(reference: &Value) -> Option<Link> {
    let reference = reference.as_map()?;
    let name = shorten(reference.get("nm")?.as_text()?);
    let path = write_path(reference.get("val")?.as_text()?).ok()?;
    Some(Link { name, kind: kind(reference.get("typ")?.as_u64()?), path })
}

fn steps(address: &str) -> Vec<Link> {
    let ends = address.match_indices('/').map(|(at, _)| at).chain([address.len()]);
    let links = ends.filter_map(|end| {
        let above = address.get(..end)?;
        let name = above.rsplit('/').next().unwrap_or_default().to_owned();
        Some(Link { name, kind: String::new(), path: write_path(above).ok()? })
    });
    links.collect()
}
