//! Asking neighbours who reaches a destination, and answering. Spec: routing, "Asking".

use super::{Source, Tables};
use crate::bounded::{Entry, Idx};
use crate::egress::{Egress, Job, LinkRef, Queue};
use crate::entropy::Draw;
use crate::input::LinkId;
use crate::time::{Instant, Span};
use crate::wire::{Handle, MAX_REACH_TTL, REACH_UNKNOWN};

/// Questions taken from one neighbour per minute. Spec LNK-24.
pub(crate) const ASKS_PER_MINUTE: u32 = 8;
/// After nobody knew, nobody is asked again for this long.
pub(crate) const QUIET: Span = Span::from_secs(30);
/// Neighbours asked at once.
const FAN_OUT: usize = 16;
/// A next hop proven longer ago than this is no longer vouched for to others.
const VOUCH: Span = Span::from_secs(600);

/// A question under way.
#[derive(Debug)]
#[cfg_attr(feature = "sim-suites", derive(Clone))]
pub(crate) struct Ask {
    pub(crate) handle: Handle,
    /// What our questions carry.
    pub(crate) nonce: u32,
    /// Who wants to know.
    pub(crate) asker: Asker,
    /// The links whose answers are still expected.
    pub(crate) open: heapless::Vec<LinkId, FAN_OUT>,
}

/// Who wants to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asker {
    /// This node, for envelopes that wait.
    Here,
    /// A neighbour, whose question carried this nonce.
    Neighbour(LinkRef, u32),
}

impl Entry for Ask {
    type Key = u32;
    fn key(&self) -> u32 {
        self.nonce
    }
}

/// How a question ended, or that it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Answers are still awaited.
    Open,
    /// Somebody reaches the destination; envelopes waiting here may go.
    Found(Handle),
    /// No answer is awaited any more; envelopes waiting here go by what is known or must walk.
    Ended(Handle),
}

impl Tables<'_> {
    /// Asks all neighbours but `asker`. False: nobody could be asked, or no entry was free.
    /// Spec RTE-15.
    pub(crate) fn ask(
        &mut self,
        out: &mut Egress<'_>,
        now: Instant,
        handle: Handle,
        asker: Asker,
        ttl: u8,
        deadline: Instant,
    ) -> bool {
        if asker == Asker::Here && self.asking(handle) {
            return true;
        }
        if self.asks.is_full() {
            return false;
        }
        let mut nonce = [0; 4];
        self.state.rng.draw(Draw::Nonce, &mut nonce);
        let nonce = u32::from_le_bytes(nonce);
        let not = match asker {
            Asker::Here => None,
            Asker::Neighbour(link, _) => Some(link.id),
        };
        let mut open = heapless::Vec::new();
        let total = out.links.len();
        let mut next = out.links.oldest();
        // With more neighbours than are asked at once, another part of them each time.
        if total as usize > FAN_OUT {
            for _ in 0..nonce % total {
                next = next.and_then(|idx| out.links.after(idx));
            }
        }
        for _ in 0..total {
            let Some(idx) = next.or_else(|| out.links.oldest()) else {
                break;
            };
            next = out.links.after(idx);
            let Some(link) = out.links.get_mut(idx) else {
                continue;
            };
            let at = LinkRef { idx, id: link.id };
            if Some(link.id) == not || !link.relays || link.blocked || open.is_full() {
                continue;
            }
            // What the neighbour would not answer anyway is not asked.
            if link.questions.take(now, ASKS_PER_MINUTE)
                && out.push(at, Queue::Control, Job::Ask { handle, nonce, ttl })
            {
                let _bounded = open.push(at.id);
            }
        }
        if open.is_empty() {
            return false;
        }
        match self.asks.insert(Ask {
            handle,
            nonce,
            asker,
            open,
        }) {
            Ok(idx) => {
                self.ask_timers.set(idx, deadline);
                true
            }
            Err(_) => false,
        }
    }

    /// Whether this node is asking for the destination already. Spec RTE-19.
    pub(crate) fn asking(&self, handle: Handle) -> bool {
        self.asks
            .iter()
            .any(|(_, ask)| ask.handle == handle && ask.asker == Asker::Here)
    }

    /// A neighbour asks. `me`: this node's own handle. Spec RTE-16.
    pub(crate) fn on_ask(
        &mut self,
        out: &mut Egress<'_>,
        now: Instant,
        wait: Span,
        me: Handle,
        from: LinkRef,
        (handle, nonce, ttl): (Handle, u32, u8),
    ) {
        let distance = if handle == me {
            0
        } else {
            self.distance(out, now, handle, from.id)
        };
        let relay_on = distance == REACH_UNKNOWN
            && ttl > 1
            && self.ask(
                out,
                now,
                handle,
                Asker::Neighbour(from, nonce),
                (ttl - 1).min(MAX_REACH_TTL),
                now.plus(wait),
            );
        if !relay_on {
            out.push(
                from,
                Queue::Control,
                Job::Answer {
                    handle,
                    nonce,
                    distance,
                },
            );
        }
    }

    /// How far the destination is by a next hop we vouch for.
    fn distance(&self, out: &Egress<'_>, now: Instant, dst: Handle, not: LinkId) -> u8 {
        let Some(route) = self.route(dst) else {
            return REACH_UNKNOWN;
        };
        if route
            .direct
            .is_some_and(|at| at.id != not && out.link(at).is_some())
        {
            return 1;
        }
        route
            .vias
            .iter()
            .filter(|via| {
                via.link.id != not
                    && via.source == Source::Proof
                    && now.since(via.at) <= VOUCH
                    && out.link(via.link).is_some()
            })
            .map(|via| via.distance.max(1).saturating_add(1))
            .min()
            .unwrap_or(REACH_UNKNOWN)
    }

    /// A neighbour answers. `None`: it answers nothing of ours. Spec LNK-25, RTE-16.
    pub(crate) fn on_answer(
        &mut self,
        out: &mut Egress<'_>,
        now: Instant,
        from: LinkRef,
        (handle, nonce, distance): (Handle, u32, u8),
    ) -> Option<Outcome> {
        let idx = self.asks.find(&nonce)?;
        let ask = self.asks.get_mut(idx).filter(|ask| ask.handle == handle)?;
        // Each neighbour asked answers once: one that talks more does not end the question.
        let place = ask.open.iter().position(|link| *link == from.id)?;
        ask.open.swap_remove(place);
        let last = ask.open.is_empty();
        if distance == REACH_UNKNOWN {
            return Some(if last {
                self.end(out, now, idx)
            } else {
                Outcome::Open
            });
        }
        let further = distance.saturating_add(1).min(REACH_UNKNOWN - 1);
        self.answered(handle, from, further, now);
        // Our own question stays open for further answers, each of which adds an alternative; a
        // neighbour's is answered once.
        let asker = self.asks.get(idx)?.asker;
        if last || asker != Asker::Here {
            self.ask_timers.clear(idx);
            self.asks.remove(idx);
        }
        Some(match asker {
            Asker::Here => Outcome::Found(handle),
            Asker::Neighbour(link, theirs) => {
                out.push(
                    link,
                    Queue::Control,
                    Job::Answer {
                        handle,
                        nonce: theirs,
                        distance: further,
                    },
                );
                Outcome::Open
            }
        })
    }

    /// A question's time is over.
    pub(crate) fn end(&mut self, out: &mut Egress<'_>, now: Instant, idx: Idx) -> Outcome {
        self.ask_timers.clear(idx);
        let Some(ask) = self.asks.remove(idx) else {
            return Outcome::Open;
        };
        let known = self
            .route(ask.handle)
            .is_some_and(|route| route.direct.is_some() || !route.vias.is_empty());
        match ask.asker {
            Asker::Here => {
                if !known {
                    self.nobody(ask.handle, now.plus(QUIET));
                }
                Outcome::Ended(ask.handle)
            }
            Asker::Neighbour(link, nonce) => {
                let job = Job::Answer {
                    handle: ask.handle,
                    nonce,
                    distance: self.distance(out, now, ask.handle, link.id),
                };
                out.push(link, Queue::Control, job);
                Outcome::Open
            }
        }
    }
}
