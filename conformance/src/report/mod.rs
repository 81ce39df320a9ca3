//! Results, drawn: `results.json` is the source, everything else is made of it.
//!
//! | file | what |
//! |---|---|
//! | `text.rs` | for a terminal, and Markdown |
//! | `junit.rs` | for build servers |
//! | `page.rs` | one static page: ports by areas, down to the first difference |

mod junit;
mod page;
mod text;

use std::collections::BTreeMap;

use crate::judge::Status;
use crate::run::Results;

pub use junit::junit;
pub use page::page;
pub use text::{failures, markdown};

/// How the cases of one area came out.
pub(crate) type Row = BTreeMap<Status, usize>;

/// The areas of a run, each with its counts.
pub(crate) fn by_area(results: &Results) -> BTreeMap<&str, Row> {
    let mut areas: BTreeMap<&str, Row> = BTreeMap::new();
    for case in &results.cases {
        let row = areas.entry(case.area.as_str()).or_default();
        *row.entry(case.status).or_default() += 1;
    }
    areas
}
