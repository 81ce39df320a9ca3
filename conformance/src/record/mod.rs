//! Where transcripts come from: the reference in every seat of a small network, and one seat's course
//! written down.
//!
//! | file | subject |
//! |---|---|
//! | `village.rs` | nodes, links, time |
//! | `courses.rs` | the behaviours that are recorded |
//! | `wander.rs` | courses at random |

mod courses;
mod village;
mod wander;

use std::path::Path;

use anyhow::Context;

use crate::transcript::{Transcript, text};

pub use wander::wander;

/// All transcripts, by file name.
///
/// # Errors
/// A course does not come to what it is about.
pub fn all() -> anyhow::Result<Vec<(String, Transcript)>> {
    courses::all()
}

/// Compares the transcripts of a directory with what would be recorded, and with `bless` writes them.
/// Says how many differ.
///
/// # Errors
/// A course does not come to what it is about, or a file cannot be written.
pub fn record(directory: &Path, bless: bool) -> anyhow::Result<usize> {
    let mut different = 0;
    for (name, transcript) in all()? {
        let path = directory.join(format!("{name}.json"));
        let text = text(&transcript)?;
        if std::fs::read_to_string(&path).is_ok_and(|known| known == text) {
            continue;
        }
        different += 1;
        if bless {
            std::fs::write(&path, text).with_context(|| path.display().to_string())?;
        }
    }
    Ok(different)
}
