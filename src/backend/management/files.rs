//! Paths of files that a port serves to everybody, and how three versions of its software resolve them.

use percent_encoding::percent_decode_str;

use crate::backend::Refusal;

/// The page that everybody may see.
pub(super) const INDEX: &str = "<!doctype html><title>CSE</title><p>This is a CSE.\n";
/// Decodings after which a path that still changes is refused.
const DECODINGS_MAX: usize = 4;
/// What holds a path that leads out of the public folder.
const OUTSIDE: Refusal = Refusal { mechanism: "path_check", reason: "outside" };

/// A version of the software.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// 2.3 looks for `..` before it decodes. Its vendor has said so.
    Old,
    /// 2.4 decodes once before it looks, and its file layer decodes once more. Nobody knows yet.
    Present,
    /// 2.5 decodes to the end before it looks, and checks messages before it parses them.
    New,
}

impl Version {
    /// The name in a scenario.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Old => "2.3",
            Self::Present => "2.4",
            Self::New => "2.5",
        }
    }

    /// The names from the root to the file that a path below the public folder leads to.
    ///
    /// # Errors
    /// The path is refused.
    pub(super) fn resolve(self, path: &str) -> Result<Vec<String>, Refusal> {
        let decoded = |path: &str| percent_decode_str(path).decode_utf8_lossy().into_owned();
        let looked_at = match self {
            Self::Old => path.to_owned(),
            Self::Present => decoded(path),
            Self::New => to_the_end(path)?,
        };
        if looked_at.split('/').any(|name| name == "..") {
            return Err(OUTSIDE);
        }
        let opened = if self == Self::New { looked_at } else { decoded(&looked_at) };
        let mut place = vec!["console".to_owned(), "public".to_owned()];
        for name in opened.split('/') {
            match name {
                "" | "." => {}
                ".." => {
                    place.pop();
                }
                name => place.push(name.to_owned()),
            }
        }
        Ok(place)
    }
}

/// Decodes until nothing changes.
fn to_the_end(path: &str) -> Result<String, Refusal> {
    let mut path = path.to_owned();
    for _ in 0..DECODINGS_MAX {
        let next = percent_decode_str(&path).decode_utf8_lossy().into_owned();
        if next == path {
            return Ok(path);
        }
        path = next;
    }
    Err(OUTSIDE)
}
