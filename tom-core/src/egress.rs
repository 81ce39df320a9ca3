//! What waits to leave the node: per-link queues of small jobs, and one queue for the application.
//!
//! A job is a word about what to send; it is encoded when `poll` gives a buffer, so a datagram is
//! filled with whatever is due to that link by then. All jobs live in one slab of fixed size. Jobs
//! that an entry owns (a message, a forward, a delivery) always find room, since the slab is sized
//! for one of each; control jobs beyond their share are refused and counted.

use crate::bounded::{Entry, Idx, List, Pool, Slab, Table};
use crate::config::CARRIED_BY_ALL;
use crate::identity::PublicKey;
use crate::input::LinkId;
use crate::output::{DeliveryId, Event, RecordKey, Ticket};
use crate::policy::Bucket;
use crate::session::ContactRef;
use crate::time::{Instant, Span};
use crate::wire::{Handle, Reference, Secret, Sid};

/// The longest frame every node takes: an envelope all relays carry, framed and traced.
/// Spec LNK-9, LNK-11.
pub(crate) const FRAME_FLOOR: u32 = CARRIED_BY_ALL + crate::node::FRAME_EXTRA as u32;

/// A link to a neighbour, and what waits for it.
#[derive(Debug)]
#[cfg_attr(feature = "sim-suites", derive(Clone))]
pub(crate) struct Link {
    pub(crate) id: LinkId,
    pub(crate) peer: PublicKey,
    pub(crate) handle: Handle,
    pub(crate) mtu: u32,
    /// The largest frame both ends carry.
    pub(crate) max_frame: u32,
    pub(crate) dialed: bool,
    pub(crate) greeted: bool,
    /// The peer forwards for others.
    pub(crate) relays: bool,
    pub(crate) blocked: bool,
    /// Queued on the list of links with work.
    ready: bool,
    queues: [List; 3],
    queued: u32,
    /// Copies of its envelopes that this node holds.
    pub(crate) holding: u32,
    /// Smoothed time from an envelope to its TAKEN.
    pub(crate) rtt: Option<Span>,
    pub(crate) asks: Bucket,
    /// Questions this node may ask the peer.
    pub(crate) questions: Bucket,
    /// NACKs about unknown keys it gets.
    pub(crate) nacks: Bucket,
    pub(crate) seals: Bucket,
    pub(crate) pings: Bucket,
    /// The address the peer is seen at, for its own use (a candidate list).
    pub(crate) observed: heapless::Vec<u8, 24>,
}

impl Entry for Link {
    type Key = u32;
    fn key(&self) -> u32 {
        self.id.0
    }
}

impl Link {
    pub(crate) fn new(id: LinkId, peer: PublicKey, mtu: u32, max_frame: u32, dialed: bool) -> Self {
        Self {
            id,
            handle: peer.handle(),
            peer,
            mtu,
            max_frame,
            dialed,
            greeted: false,
            relays: true,
            blocked: false,
            ready: false,
            queues: [List::new(), List::new(), List::new()],
            queued: 0,
            holding: 0,
            rtt: None,
            asks: Bucket::full(8),
            questions: Bucket::full(8),
            nacks: Bucket::full(8),
            seals: Bucket::full(64),
            pings: Bucket::full(8),
            observed: heapless::Vec::new(),
        }
    }

    /// Whether the link carries a frame of this length. Before the peer has said what it takes, only
    /// what everybody takes. Spec LNK-6.
    pub(crate) fn carries(&self, frame: usize) -> bool {
        let limit = if self.greeted {
            self.max_frame
        } else {
            self.max_frame.min(FRAME_FLOOR)
        };
        frame <= limit as usize
    }

    /// Learns from one more round trip.
    pub(crate) fn saw_rtt(&mut self, sample: Span) {
        self.rtt = Some(crate::policy::smooth(self.rtt, sample));
    }
}

/// A link named so that a later link in the same slot is not mistaken for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LinkRef {
    pub(crate) idx: Idx,
    pub(crate) id: LinkId,
}

/// One thing to put out.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Job {
    /// A link has work: only on the list of ready links.
    Ready(LinkRef),
    Hello,
    Observed,
    Taken(Reference),
    Passed(Reference),
    Ask {
        handle: Handle,
        nonce: u32,
        ttl: u8,
    },
    Answer {
        handle: Handle,
        nonce: u32,
        distance: u8,
    },
    Pong {
        nonce: u32,
    },
    Ack {
        reference: Reference,
        secret: Secret,
        expiry: u32,
    },
    Nack {
        reference: Reference,
        code: u8,
        arg: u32,
        expiry: u32,
    },
    /// The answer to a handshake, kept in the session with this local id.
    Resp {
        sid: Sid,
    },
    Forward {
        idx: Idx,
        serial: u32,
    },
    Own {
        idx: Idx,
        reference: Reference,
    },
    Dial(ContactRef),
    Close(LinkId),
    Deliver {
        idx: Idx,
        id: DeliveryId,
    },
    State {
        idx: Idx,
        id: Reference,
    },
    Notify(Event),
    PersistSession(Sid),
    PersistOutbox {
        idx: Idx,
        id: Reference,
    },
    PersistInbox {
        idx: Idx,
        id: DeliveryId,
    },
    PersistOpened {
        idx: Idx,
        id: Reference,
    },
    Forget(RecordKey),
}

/// Which of a link's queues: lower numbers leave first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Queue {
    Control = 0,
    Normal = 1,
    Bulk = 2,
}

/// The small state beside the tables.
#[derive(Debug)]
#[cfg_attr(feature = "sim-suites", derive(Clone))]
pub(crate) struct EgressState {
    ready: List,
    local: List,
    next_ticket: u32,
}

impl EgressState {
    /// Nothing waits.
    pub(crate) const fn new() -> Self {
        Self {
            ready: List::new(),
            local: List::new(),
            next_ticket: 0,
        }
    }
}

/// Links, queues and payload blocks: what every concern may use.
pub(crate) struct Egress<'a> {
    pub(crate) links: Table<'a, Link>,
    pub(crate) jobs: Slab<'a, Job>,
    pub(crate) pool: Pool<'a>,
    pub(crate) state: &'a mut EgressState,
}

/// Jobs one input may need beside those its entries own: room for these is checked first.
pub(crate) const JOBS_PER_INPUT: u32 = 8;
/// Jobs never taken by links that take nothing: room for an input after all else was drained.
const KEPT_FREE: u32 = 2 * JOBS_PER_INPUT;

impl Egress<'_> {
    /// Whether the outputs of one more input are sure to fit. Spec MEM-6.
    pub(crate) fn has_room(&self) -> bool {
        self.jobs.free() >= JOBS_PER_INPUT
    }

    /// Whether a driver has something to take out, or nearly: a link's turn may come to nothing.
    #[cfg(feature = "driver-check")]
    pub(crate) const fn waits(&self) -> bool {
        !(self.state.local.is_empty() && self.state.ready.is_empty())
    }

    /// The link behind a reference, unless it is gone.
    pub(crate) fn link(&self, at: LinkRef) -> Option<&Link> {
        self.links.get(at.idx).filter(|link| link.id == at.id)
    }

    /// The link behind a reference, to change it.
    pub(crate) fn link_mut(&mut self, at: LinkRef) -> Option<&mut Link> {
        self.links.get_mut(at.idx).filter(|link| link.id == at.id)
    }

    /// The link the driver calls `id`.
    pub(crate) fn find(&self, id: LinkId) -> Option<LinkRef> {
        self.links.find(&id.0).map(|idx| LinkRef { idx, id })
    }

    /// Queues a job for a link. False: the link is gone or over its share, nothing was queued.
    /// Spec MEM-3.
    pub(crate) fn push(&mut self, at: LinkRef, queue: Queue, job: Job) -> bool {
        let (free, capacity) = (self.jobs.free(), self.jobs.capacity());
        let links = self.links.capacity().max(1);
        let Some(link) = self.links.get_mut(at.idx).filter(|link| link.id == at.id) else {
            return false;
        };
        // What waits for a link that takes nothing stays: all such links together must leave room
        // for the next input, and enough for the others. Entries bound their own jobs.
        let scarce = free < capacity / 4 * 3;
        let share = match (link.blocked, queue) {
            (true, Queue::Control) if scarce => (capacity / (4 * links)).max(2),
            (true, Queue::Control | Queue::Normal | Queue::Bulk) | (false, _) => {
                (capacity / 2).max(16)
            }
        };
        let kept = if link.blocked { KEPT_FREE } else { 2 };
        if link.queued >= share || free < kept {
            return false;
        }
        self.append(at, queue, job)
    }

    fn append(&mut self, at: LinkRef, queue: Queue, job: Job) -> bool {
        let Some(link) = self.links.get_mut(at.idx).filter(|link| link.id == at.id) else {
            return false;
        };
        let Some(list) = link.queues.get_mut(queue as usize) else {
            return false;
        };
        if self.jobs.push_back(list, job).is_err() {
            return false;
        }
        link.queued += 1;
        if !link.ready && !link.blocked {
            link.ready = self
                .jobs
                .push_back(&mut self.state.ready, Job::Ready(at))
                .is_ok();
        }
        true
    }

    /// The link takes nothing for now. Receipts that would crowd out everybody else are given up:
    /// losing them costs time only.
    pub(crate) fn block(&mut self, at: LinkRef) {
        let Some(link) = self.link_mut(at) else {
            return;
        };
        link.blocked = true;
        for _ in 0..link.queued {
            if self.jobs.free() >= KEPT_FREE {
                return;
            }
            match self.front(at) {
                Some((Queue::Control, job @ (Job::Hello | Job::Observed))) => {
                    self.pop(at, Queue::Control);
                    self.append(at, Queue::Control, job);
                }
                Some((Queue::Control, _)) => {
                    self.pop(at, Queue::Control);
                }
                Some((Queue::Normal | Queue::Bulk, _)) | None => return,
            }
        }
    }

    /// Queues a job for the application side. False: no room.
    pub(crate) fn push_local(&mut self, job: Job) -> bool {
        self.jobs.push_back(&mut self.state.local, job).is_ok()
    }

    /// Takes one of our own messages off the queues of a link that it no longer waits for.
    pub(crate) fn withdraw(&mut self, at: LinkRef, reference: Reference) {
        let Some(link) = self.links.get_mut(at.idx).filter(|link| link.id == at.id) else {
            return;
        };
        let before = self.jobs.free();
        for list in &mut link.queues {
            self.jobs.retain(
                list,
                |job| !matches!(job, Job::Own { reference: of, .. } if *of == reference),
            );
        }
        let gone = self.jobs.free().saturating_sub(before);
        link.queued = link.queued.saturating_sub(gone);
    }

    /// Tells the application a fact, if there is room to.
    pub(crate) fn notify(&mut self, event: Event) {
        self.push_local(Job::Notify(event));
    }

    /// The next job for the application side.
    pub(crate) fn pop_local(&mut self) -> Option<Job> {
        self.jobs.pop_front(&mut self.state.local)
    }

    /// The next link with work that may send, taken off the list.
    pub(crate) fn pop_ready(&mut self) -> Option<LinkRef> {
        while let Some(job) = self.jobs.pop_front(&mut self.state.ready) {
            let Job::Ready(at) = job else { continue };
            let Some(link) = self.link_mut(at) else {
                continue;
            };
            link.ready = false;
            if !link.blocked && link.queued > 0 {
                return Some(at);
            }
        }
        None
    }

    /// Puts a link back on the list when work is left.
    pub(crate) fn requeue(&mut self, at: LinkRef) {
        let Some(link) = self.links.get_mut(at.idx).filter(|link| link.id == at.id) else {
            return;
        };
        if !link.ready && !link.blocked && link.queued > 0 {
            link.ready = self
                .jobs
                .push_back(&mut self.state.ready, Job::Ready(at))
                .is_ok();
        }
    }

    /// The first job due to a link and the queue it stands in.
    pub(crate) fn front(&self, at: LinkRef) -> Option<(Queue, Job)> {
        let link = self.link(at)?;
        for queue in [Queue::Control, Queue::Normal, Queue::Bulk] {
            let job = link
                .queues
                .get(queue as usize)
                .and_then(|list| self.jobs.peek_front(list));
            if let Some(job) = job {
                return Some((queue, *job));
            }
        }
        None
    }

    /// Takes the first job off one of a link's queues.
    pub(crate) fn pop(&mut self, at: LinkRef, queue: Queue) -> Option<Job> {
        let link = self.links.get_mut(at.idx).filter(|link| link.id == at.id)?;
        let list = link.queues.get_mut(queue as usize)?;
        let job = self.jobs.pop_front(list)?;
        link.queued = link.queued.saturating_sub(1);
        Some(job)
    }

    /// A fresh ticket for a transmission over link `at`.
    pub(crate) fn ticket(&mut self, at: LinkRef) -> Ticket {
        self.state.next_ticket = self.state.next_ticket.wrapping_add(1);
        Ticket {
            link: at.id,
            number: self.state.next_ticket,
        }
    }

    /// Learns a round trip of a link.
    pub(crate) fn saw_rtt(&mut self, at: LinkRef, sent: Instant, now: Instant) {
        if let Some(link) = self.link_mut(at) {
            link.saw_rtt(now.since(sent));
        }
    }
}
