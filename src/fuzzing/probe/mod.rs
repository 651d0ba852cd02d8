//! `keystorm probe`: structure-aware hostile requests to a live CSE over HTTP and CoAP, judged from outside.
//!
//! ```text
//! stage ─> hostile, scene ─> case ─> engine ─> exchange ─> target
//!  what is there  what is sent           │ paces, repeats, minimises
//!                               oracle <─┘─> finding ─> results
//! ```
//!
//! A campaign begins with a survey and some requests that every CSE should serve ([`Setting::warm_up`]). Then come cases:
//! a stage is made from nothing, one thing goes wrong, the rules of [`Oracle`] look at what came back. What they
//! say is repeated from nothing before it is a finding, and then made smaller while it stays.

mod answer;
mod case;
mod dice;
mod engine;
mod exchange;
mod finding;
mod framing;
mod hostile;
mod oracle;
mod race;
mod reproduce;
mod results;
mod scene;
mod setting;
mod shot;
mod smaller;
mod stage;
mod survey;
mod text;
mod watch;

pub use answer::Answer;
pub use case::{Case, Expect};
pub use engine::probe;
pub use exchange::{Heard, Reply};
pub use finding::{Ended, Finding, Outcome, Signature};
pub use oracle::{Oracle, Owed, Severity, Verdict};
pub use reproduce::Script;
pub use results::{summary_text, write};
pub use setting::{ProbeError, Progress, Setting, Target};
pub use shot::{Binding, Shot};
pub use stage::Type;
pub use watch::{Usage, Watch};
