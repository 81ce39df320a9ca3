//! Where transcripts come from: the reference in every seat of a small network, and one seat's course
//! written down.
//!
//! | file | subject |
//! |---|---|
//! | `village/` | nodes, links, time |
//! | `courses/` | the behaviours that are recorded |
//! | `made.rs` | bytes of frames and envelopes |
//! | `script.rs`, `craft.rs` | one node, and what neighbours made by hand send |
//! | `rules.rs`, `rules_*.rs` | stories of one node, each about a rule; of those in `rules_open.rs` only the last reply counts |
//! | `wander.rs`, `truth.rs` | courses at random, and what has to be true of all of them |
//! | `player.rs` | who sits in a seat |

mod courses;
mod craft;
mod made;
mod player;
mod rules;
mod rules_delivery;
mod rules_link;
pub(crate) mod rules_open;
mod rules_relay;
mod rules_routing;
mod rules_session;
mod script;
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
    Ok([courses::all()?, rules::all()?].concat())
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
