//! How results look: the results folder with its manifest, figures for programs and for people, series,
//! percentiles and pictures; and all of it made again from the folder's data alone.
//!
//! Nothing here reads a clock: times are arguments.

mod capture;
mod checks;
pub mod compare;
mod drawing;
mod error;
mod evidence;
mod finding;
mod folder;
mod hgrm;
pub mod hunt;
pub mod junit;
mod lines;
mod manifest;
pub mod matrix;
mod page;
mod plots;
mod read;
mod risk;
pub mod sarif;
pub mod sequence;
mod series;
mod summary;
pub mod sweep;
mod table;
mod text;
pub mod validation;
mod words;

pub use capture::{cut_note, exchange_capture};
pub use error::FolderError;
pub use evidence::{AttackFigures, PropertyFigures, ViolationFigures};
pub use finding::{first_failure, headline};
pub use folder::{Context, Folder, rebuild};
pub use hgrm::{Curve, read as read_hgrm, write as write_hgrm};
pub use manifest::{FileEntry, Manifest, SCHEMA, Status};
pub use page::{drawing, page};
pub use read::{Data, Loaded, parse_summary, read, status};
pub use risk::risk_text;
pub use series::{Line, Series};
pub use summary::{Buckets, GroupFacts, Mark, Setting, Summary, Traffic, summary, summary_schema};
pub use text::text;
pub use words::{bytes, count, energy, of_metric, percent, shell_word, time};
