//! What people look at: a run as a page and as a trace of the Perfetto viewer, many runs as a report.
//!
//! | file | subject |
//! |---|---|
//! | `film.rs` | a run played with everything kept that is shown |
//! | `layout.rs` | where nodes are drawn |
//! | `words.rs` | external events, reasons and frames in words |
//! | `page.rs` | the page of one run: `page/trace.{html,css}`, the scripts beside it, and its data |
//! | `perfetto.rs` | one run in Chrome's trace event format |
//! | `outcomes.rs` | the outcomes of many runs, read back from files |
//! | `stats.rs` | means, quantiles, bootstrap intervals |
//! | `plot.rs` | plots as SVG |
//! | `sheet.rs` | the report: `page/report.{html,css}` and its tables |
//! | `compare.rs` | two commits on the same seeds |
//! | `html.rs` | templates and escapes |
//! | `markdown.rs` | the report as a comment |
//!
//! Pages are one file each, without any resource from elsewhere.

mod compare;
mod film;
mod html;
mod layout;
mod markdown;
mod outcomes;
mod page;
mod perfetto;
mod plot;
mod sheet;
mod stats;
mod words;

pub use film::{Film, FilmNode, watch};
pub use layout::{SIDE, places};
pub use markdown::markdown;
pub use outcomes::{Runs, Unread, Why, read};
pub use page::page;
pub use perfetto::perfetto;
pub use sheet::sheet;
pub use stats::{Interval, bootstrap, mean, quantile};

#[cfg(test)]
mod tests;
