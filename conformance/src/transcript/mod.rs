//! Transcripts: a node's course, input by input, with what it has to put out after each.
//!
//! | file | subject |
//! |---|---|
//! | `mod.rs` | the file |
//! | `play.rs` | one played with a port |
//! | `same.rs` | outputs against outputs, as far as the book orders them |
//! | `shrink.rs` | one that parts from the reference becomes short |

mod play;
mod same;
mod shrink;

use std::collections::BTreeSet;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::cases::Unreadable;
use crate::profile::Profile;

pub use play::{Seat, play};
pub(crate) use play::{Stepped, Stuck, ask, drawn, nothing, restart, step, until};
pub use same::{Outputs, difference};
pub use shrink::{recorded, shrink, without_idle_ticks};

/// A course.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Transcript {
    /// The behaviour, in words.
    pub name: String,
    /// Which of the nodes that took part this is.
    pub seat: String,
    /// Chapter and heading.
    pub spec_ref: String,
    /// The rules it is about.
    pub rules: Vec<String>,
    /// The least profile that has to do it.
    pub profile: Profile,
    /// The `reset` that begins it.
    pub reset: Map<String, Value>,
    /// What happens, in order.
    pub steps: Vec<Step>,
    /// `link:ref` of each envelope that TAKEN was said for, at whatever moment within 20 ms.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub taken: BTreeSet<String>,
    /// How many entries the tables named have in the end.
    pub end: Map<String, Value>,
}

/// One input, or a restart, and what comes of it.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Step {
    /// When, in milliseconds.
    pub now: u64,
    /// What may be drawn.
    pub entropy: Value,
    /// The input; none: the node restarts with what its disk holds.
    #[serde(rename = "in", skip_serializing_if = "Option::is_none")]
    pub input: Option<Value>,
    /// Wall time at a restart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unix: Option<u64>,
    /// What has to be put out.
    pub out: Outputs,
    /// The reasons counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drops: Vec<u8>,
}

/// Reads a transcript.
///
/// # Errors
/// It cannot be read, or is none.
pub fn read(path: &Path) -> Result<Transcript, Unreadable> {
    let text = std::fs::read_to_string(path).map_err(|source| Unreadable::Io {
        path: path.to_owned(),
        source,
    })?;
    serde_json::from_str(&text).map_err(|error| Unreadable::Shape {
        path: path.to_owned(),
        what: error.to_string(),
    })
}

/// Writes one: a line per step.
///
/// # Errors
/// It cannot be written as JSON.
pub fn text(transcript: &Transcript) -> serde_json::Result<String> {
    let mut head = serde_json::to_value(transcript)?;
    let steps: Vec<String> = transcript
        .steps
        .iter()
        .map(serde_json::to_string)
        .collect::<Result<_, _>>()?;
    if let Some(head) = head.as_object_mut() {
        head.remove("steps");
    }
    let mut out = String::from("{\n");
    for (name, value) in head.as_object().into_iter().flatten() {
        out.push_str(&format!("\"{name}\": {value},\n"));
    }
    out.push_str("\"steps\": [\n");
    out.push_str(&steps.join(",\n"));
    out.push_str("\n]\n}\n");
    Ok(out)
}
