//! The files of a matrix.

use std::path::Path;

use super::data::Matrix;
use super::{csv, entries, page, svg, text};
use crate::report::error::FolderError;
use crate::report::folder::{json, put};
use crate::report::sequence::{self, Story};

/// The picture's file.
pub const PICTURE: &str = "matrix.svg";

/// Writes `matrix.txt`, `.csv`, `.json`, `.svg` and `.html` into `folder`, and the charts of `stories` into
/// `stories/`, by the names that they have here; each belongs to the threat of this number.
///
/// # Errors
/// If a file cannot be written.
pub fn write(
    folder: &Path,
    matrix: &Matrix,
    stories: &[(u8, String, Story)],
) -> Result<(), FolderError> {
    put(folder, "matrix.txt", text(matrix).as_bytes())?;
    put(folder, "matrix.csv", csv(matrix)?.as_bytes())?;
    put(folder, "matrix.json", &json("matrix.json", &entries(matrix))?)?;
    put(folder, PICTURE, svg(matrix).as_bytes())?;
    for (_, name, story) in stories {
        put(folder, &format!("stories/{name}.svg"), sequence::svg(story).as_bytes())?;
        put(folder, &format!("stories/{name}.txt"), sequence::text(story).as_bytes())?;
    }
    let stories: Vec<(u8, Story)> =
        stories.iter().map(|(threat, _, story)| (*threat, story.clone())).collect();
    put(folder, "matrix.html", page(matrix, &stories)?.as_bytes())
}
