//! Where transcripts come from: the reference in every seat of a small network, and one seat's course
//! written down.
//!
//! | file | subject |
//! |---|---|
//! | `village/` | nodes, links, time |
//! | `courses/` | the behaviours that are recorded |
//! | `wander.rs`, `truth.rs` | courses at random, and what has to be true of all of them |
//! | `player.rs` | who sits in a seat |

mod courses;
mod player;
mod truth;
mod village;
mod wander;

use std::path::Path;

use crate::generate::keep;
use crate::transcript::{Transcript, text};

pub use player::Player;
pub use wander::{MOST, Wandered, wander};

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
    let courses = all()?.into_iter();
    let texts = courses.map(|(name, course)| Ok((name, text(&course)?)));
    keep(directory, bless, texts)
}
