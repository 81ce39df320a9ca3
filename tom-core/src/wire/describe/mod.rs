//! Bytes told field by field, for tools: `tom decode`, traces, error reports.
//!
//! The fields are walked in the order of the bytes up to the first bad one. Which drop that is says
//! the codec itself, so that a tool and a node never disagree.

mod content;
mod envelope;
mod frame;
#[cfg(test)]
mod tests;
mod walk;

use core::ops::Range;

use crate::error::Drop;
use walk::Walk;

use super::content::Content;
use super::envelope::Envelope;

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// Nothing of its own: a heading over the fields that follow in its range.
    Part,
    /// A number.
    Int(u64),
    /// Bytes as they are.
    Bytes(&'a [u8]),
    /// The first bad place, and the drop that whoever receives these bytes counts. The range is
    /// empty when bytes are missing there.
    Bad(Drop),
}

/// Who is told: the field's name, where it stands, what it holds.
pub type Visit<'v> = dyn FnMut(&'static str, Range<usize>, Value<'_>) + 'v;

/// Tells the fields of an envelope.
pub fn describe_envelope(bytes: &[u8], visit: &mut Visit<'_>) {
    let mut walk = Walk::new(bytes, visit);
    let noticed = envelope::walk(&mut walk);
    report(&mut walk, Envelope::parse(bytes).err(), noticed);
}

/// Tells the fields of the frames of a datagram. A bad frame does not end it.
pub fn describe_datagram(bytes: &[u8], visit: &mut Visit<'_>) {
    frame::walk_all(&mut Walk::new(bytes, visit));
}

/// Tells the fields of the plaintext of a SEAL or DATA envelope.
pub fn describe_content(bytes: &[u8], visit: &mut Visit<'_>) {
    let mut walk = Walk::new(bytes, visit);
    let noticed = content::walk(&mut walk);
    report(&mut walk, Content::parse(bytes).err(), noticed);
}

/// Tells the drop the codec gave, at the place the walk noticed.
fn report(walk: &mut Walk<'_, '_>, drop: Option<Drop>, noticed: walk::Walked) {
    if let Some(drop) = drop {
        // The walk stops wherever the codec refuses; the whole range is only a safeguard.
        let place = noticed.err().unwrap_or(walk.all());
        walk.tell("bad", place, Value::Bad(drop));
    }
}
