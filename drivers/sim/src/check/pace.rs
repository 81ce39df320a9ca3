//! No node is busy without time passing, and no tick leaves a deadline where it was.

use crate::time::{Span, Time};

/// Inputs one node may need at one moment: several neighbours' full bundles at once.
const AT_ONCE: u32 = 20_000;
/// Inputs one node may handle in one second.
const PER_SECOND: u32 = 200_000;
/// Ticks in a row at one moment: ceil(entries / 64) + 1 with the largest tables there are.
const TICKS: u32 = 16_000;

/// How busy each node is.
#[derive(Clone, Debug)]
pub(crate) struct Pace(Vec<Busy>);

#[derive(Clone, Copy, Debug, Default)]
struct Busy {
    moment: Time,
    at_once: u32,
    ticks: u32,
    this_second: u32,
}

impl Pace {
    pub(crate) fn new(nodes: u32) -> Self {
        Self(vec![Busy::default(); nodes as usize])
    }

    /// One more input; says what is wrong when there were too many.
    pub(crate) fn input(&mut self, node: u32, now: Time) -> Option<String> {
        let busy = self.0.get_mut(node as usize)?;
        if busy.moment != now {
            if busy.moment.as_secs() != now.as_secs() {
                busy.this_second = 0;
            }
            (busy.moment, busy.at_once, busy.ticks) = (now, 0, 0);
        }
        busy.at_once += 1;
        busy.this_second += 1;
        if busy.at_once > AT_ONCE {
            return Some(format!("{AT_ONCE} inputs at one moment"));
        }
        if busy.this_second > PER_SECOND {
            return Some(format!("{PER_SECOND} inputs in one second"));
        }
        None
    }

    /// One more tick whose deadline had come.
    pub(crate) fn tick(&mut self, node: u32, now: Time) -> Option<String> {
        let busy = self.0.get_mut(node as usize)?;
        if busy.moment != now {
            busy.ticks = 0;
        }
        busy.ticks += 1;
        (busy.ticks > TICKS).then(|| format!("{TICKS} ticks bring its deadline no further"))
    }
}

/// How often the checks look at everything.
pub(crate) const EVERY: Span = Span::from_secs(1);
