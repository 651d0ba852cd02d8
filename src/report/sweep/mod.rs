//! What a sweep leaves behind: what was asked, a journal of its runs, a table of its points, and a picture.

mod csv;
mod export;
mod figures;
mod folder;
mod json;
mod text;

pub use csv::csv;
pub use export::{Scheduler, job_script};
pub use figures::{headline, load_figure, main_figure, short};
pub use folder::{Request, Sweep, collect, request, write};
pub use json::json;
pub(super) use text::points as table_of;
pub use text::text;
