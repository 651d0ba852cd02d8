//! Pages for people: one frame and one style for all of them, no network, no script.

mod basis;
mod run;
mod sweep;

use minijinja::{Environment, Value, context};

use super::error::FolderError;

pub(super) use run::{Extras, run};
pub(super) use sweep::sweep;

/// Bytes of pictures that one page carries; the others stay in their files, and the page says so.
const PICTURES_MAX: usize = 1_200_000;
/// Width and more of every page; colours for a light and for a dark screen, and for paper.
const STYLE: &str = include_str!("style.css");
const FRAME: &str = include_str!("frame.html");
/// What a result rests on, for the pages of runs and sweeps.
const BASIS: &str = include_str!("basis.html");
/// How a drawing names its language; a page says that once for all of them.
const NAMESPACE: &str = " xmlns=\"http://www.w3.org/2000/svg\"";

/// A page: `template` fills the blocks of the frame with `view`, and every value is escaped unless it came
/// from [`drawing`].
///
/// # Errors
/// If the template does not fit its view; `file` is the name that the error gives.
pub fn page(file: &str, template: &'static str, view: Value) -> Result<String, FolderError> {
    let malformed = |e: minijinja::Error| FolderError::malformed(file, &e);
    let mut pages = Environment::new();
    // The ending `.html` is what switches the escaping on.
    pages.add_template("frame.html", FRAME).map_err(malformed)?;
    pages.add_template("basis.html", BASIS).map_err(malformed)?;
    pages.add_template("page.html", template).map_err(malformed)?;
    let view = context! { style => Value::from_safe_string(STYLE.to_owned()), ..view };
    pages.get_template("page.html").and_then(|page| page.render(view)).map_err(malformed)
}

/// The pictures that fit a page, and the names of the others.
fn fitting(pictures: &[(&'static str, String)]) -> (Vec<Value>, Vec<&'static str>) {
    let (mut fit, mut others, mut size) = (Vec::new(), Vec::new(), 0);
    for (name, svg) in pictures {
        size += svg.len();
        if size <= PICTURES_MAX {
            fit.push(drawing(svg));
        } else {
            others.push(*name);
        }
    }
    (fit, others)
}

/// A drawing that this program made, to stand in a page as it is. Drawings escape their words themselves.
#[must_use]
pub fn drawing(svg: &str) -> Value {
    Value::from_safe_string(svg.replacen(NAMESPACE, "", 1))
}
