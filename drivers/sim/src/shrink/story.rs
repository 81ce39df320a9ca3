//! Short stories about one message: a single fault, at the worst moment and for good, or a crowd, may
//! do for certain what a thousand little things did by chance. A failure that hangs on luck loses it
//! with whatever is taken away; one that a story tells does not.

use super::hunt::Hunt;
use super::{FEW, Predicate, with_externals};
use crate::scenario::model::Loss;
use crate::scenario::{Deed, External};
use crate::time::{Span, Time};
use crate::world::Setup;

/// When a fault begins, in milliseconds before and after the message is sent.
const BEGINS_MS: [i64; 8] = [-1_000, 20, 50, 100, 200, 400, 800, 1_600];
/// How long it lasts; `None`: to the end of the run, or until all faults are over.
const LASTS: [Option<Span>; 2] = [None, Some(Span::from_secs(60))];
/// How long before the message another one has gone the same way.
const BEFORE: Span = Span::from_secs(30);
/// Bytes of a message that fills queues.
const LONG: u32 = 30_000;
/// How many neighbours of the node where it failed send one.
const CROWDS: [usize; 3] = [4, 8, 16];

/// What goes wrong.
#[derive(Clone, Copy, Debug)]
enum Fault {
    Nothing,
    /// One end of the message is gone.
    Crash(u32),
    /// One end has no path to anybody it has links to.
    Alone(u32),
    /// No packet arrives anywhere.
    Weather,
}

impl Hunt<'_> {
    /// Tries stories about the message the failure is about.
    pub(super) fn stories(&mut self) {
        let invariant = matches!(self.predicate, Predicate::Invariant(_));
        if !invariant || self.best.schedule.externals.len() <= FEW {
            return;
        }
        let base = self.best.clone();
        let about = self.outcome.wrong.first().and_then(|wrong| wrong.message);
        let send = base.schedule.externals.iter().find(
            |external| matches!(external.deed, Deed::Send { number, .. } if Some(number) == about),
        );
        let Some(send) = send else {
            return;
        };
        let place = self.outcome.wrong.first().and_then(|wrong| wrong.node);
        let stories = stories(&base, send, place);
        self.first(stories.len(), &|at| {
            Some(with_externals(&base, stories.get(at)?.clone()))
        });
    }
}

/// All stories about a message, the shortest first. `place`: the node where the run failed.
pub(super) fn stories(setup: &Setup, send: &External, place: Option<u32>) -> Vec<Vec<External>> {
    let Deed::Send { from, to, .. } = send.deed else {
        return Vec::new();
    };
    let mut stories = Vec::new();
    for messages in messages(setup, send) {
        for fault in [
            Fault::Nothing,
            Fault::Crash(to),
            Fault::Alone(from),
            Fault::Alone(to),
            Fault::Crash(from),
            Fault::Weather,
        ] {
            for lasts in LASTS {
                for begins in BEGINS_MS {
                    let at = send.at.0.saturating_add_signed(begins * 1_000_000);
                    let mut story = [messages.clone(), calm(setup)].concat();
                    story.extend(fault.deeds(setup, Time(at), lasts));
                    story.sort_by_key(|external| external.at);
                    stories.push(story);
                }
            }
        }
    }
    stories.extend(place.into_iter().flat_map(|at| crowds(setup, send, at)));
    // Of the same length, as they come; a story without a fault comes once.
    stories.sort_by_key(Vec::len);
    let mut told: Vec<Vec<External>> = Vec::new();
    for story in stories {
        if !told.contains(&story) {
            told.push(story);
        }
    }
    told
}

/// Neighbours of the node where it failed all send to the message's recipient at once.
fn crowds(setup: &Setup, send: &External, place: u32) -> Vec<Vec<External>> {
    let Deed::Send { to, .. } = send.deed else {
        return Vec::new();
    };
    let links = setup.schedule.links.iter();
    let senders = links.filter_map(|(a, b)| match (*a == place, *b == place) {
        (true, false) => Some(*b),
        (false, true) => Some(*a),
        _ => None,
    });
    let senders: Vec<u32> = senders.filter(|node| *node != to).collect();
    let next = next_number(setup);
    let crowd = |many: usize| {
        let numbered = senders.iter().take(many).zip(next..);
        let sends = numbered.map(|(sender, number)| {
            let mut long = send.clone();
            if let Deed::Send {
                number: it,
                from,
                len,
                ..
            } = &mut long.deed
            {
                (*it, *from, *len) = (number, *sender, LONG);
            }
            long
        });
        sends.chain(calm(setup)).collect()
    };
    CROWDS.into_iter().map(crowd).collect()
}

/// The end of all faults, if the run has one.
fn calm(setup: &Setup) -> Vec<External> {
    let all = setup.schedule.externals.iter();
    let calm = all.filter(|external| matches!(external.deed, Deed::Calm));
    calm.cloned().collect()
}

/// A number no message has.
fn next_number(setup: &Setup) -> u32 {
    let all = setup.schedule.externals.iter();
    let numbers = all.filter_map(|external| {
        if let Deed::Send { number, .. } = external.deed {
            Some(number)
        } else {
            None
        }
    });
    numbers.max().unwrap_or(0) + 1
}

/// The message alone, after another one between the same nodes, and as a long one.
fn messages(setup: &Setup, send: &External) -> Vec<Vec<External>> {
    let mut before = send.clone();
    before.at = Time((send.at.0 / 2).max(send.at.0.saturating_sub(BEFORE.0)));
    if let Deed::Send { number, .. } = &mut before.deed {
        *number = next_number(setup);
    }
    let mut long = send.clone();
    if let Deed::Send { len, .. } = &mut long.deed {
        *len = LONG.max(*len);
    }
    vec![vec![send.clone()], vec![before, send.clone()], vec![long]]
}

impl Fault {
    /// What happens to the run.
    fn deeds(self, setup: &Setup, at: Time, lasts: Option<Span>) -> Vec<External> {
        let links = &setup.schedule.links;
        let pairs: Vec<(Deed, Deed)> = match self {
            Self::Nothing => Vec::new(),
            Self::Crash(node) => {
                let start = Deed::Start {
                    node,
                    forget: false,
                };
                vec![(Deed::Crash { node }, start)]
            }
            Self::Alone(node) => links
                .iter()
                .filter(|(a, b)| [*a, *b].contains(&node))
                .map(|(a, b)| (broken(*a, *b), Deed::Repair { a: *a, b: *b }))
                .collect(),
            Self::Weather => {
                let loss = Loss::Bernoulli(crate::draw::Chance::ALWAYS);
                vec![(Deed::Weather(Some(loss)), Deed::Weather(None))]
            }
        };
        let mut deeds = Vec::new();
        for (begins, ends) in pairs {
            deeds.push(External { at, deed: begins });
            if let Some(lasts) = lasts {
                let at = at.plus(lasts);
                deeds.push(External { at, deed: ends });
            }
        }
        deeds
    }
}

const fn broken(a: u32, b: u32) -> Deed {
    let one_way = false;
    Deed::Break { a, b, one_way }
}
