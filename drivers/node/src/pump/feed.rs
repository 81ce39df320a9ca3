//! What has happened becomes inputs of the engine.

use tokio::sync::{oneshot, watch};
use tom_core::error::Refusal;
use tom_core::identity::PublicKey;
use tom_core::input::{self, Input, LinkEvent, LinkId, Send};
use tom_core::output::{DeliveryId, State, Verdict};
use tom_core::wire::{Candidate, CandidateList};
use tom_quinn::{Event, SendOutcome};

use super::links::Live;
use super::{Command, Post, Posted, Pump};
use crate::status::{LinkStatus, Status};

/// A link carries any frame the engine can make: an envelope of 65,533 bytes with its header.
const MAX_FRAME: u32 = 65_538;

impl Pump {
    pub(super) fn input(&mut self, input: Input<'_>) -> Verdict {
        let Some(tape) = &mut self.tape else {
            return self.node.handle(self.now, input);
        };
        let entry = tape.before(self.now, &input);
        let verdict = self.node.handle(self.now, input);
        tape.after(entry, verdict);
        verdict
    }

    /// A link's change must not get lost: when outputs are in the way they are drained first.
    fn link_input(&mut self, event: LinkEvent<'_>) -> Verdict {
        let verdict = self.input(Input::Link(event));
        if verdict != Verdict::Refused(Refusal::Backpressure) {
            return verdict;
        }
        self.drain();
        self.input(Input::Link(event))
    }

    /// A message taken must not be forgotten either: its sender waits for the proof. Spec DRV-22.
    pub(super) fn taken(&mut self, id: DeliveryId) {
        if self.input(Input::Taken(id)) == Verdict::Refused(Refusal::Backpressure) {
            self.drain();
            self.input(Input::Taken(id));
        }
    }

    pub(super) fn transport_event(&mut self, event: Event) {
        match event {
            Event::Received { link, bytes } => {
                if self.adversary.is_some() {
                    return self.received_by_adversary(link, &bytes);
                }
                let mut bytes = bytes::BytesMut::from(bytes);
                self.input(Input::Datagram {
                    link: LinkId(link.0),
                    bytes: &mut bytes,
                });
            }
            Event::Up {
                link,
                peer,
                mtu,
                dialed,
                remote,
            } => {
                let Ok(peer) = PublicKey::from_bytes(peer) else {
                    return self.transport.close(link);
                };
                let live = Live {
                    peer,
                    remote,
                    dialed,
                    since: self.now,
                    stuck: None,
                };
                self.link_up(link, live, mtu);
            }
            Event::Down { link, reason } => {
                if let Some(live) = self.links.remove(link) {
                    tracing::debug!(peer = %live.peer, %link, %reason, "link down");
                }
                self.link_input(LinkEvent::Down {
                    link: LinkId(link.0),
                });
                self.tell_candidates();
            }
            Event::Mtu { link, mtu } => {
                self.link_input(LinkEvent::Changed {
                    link: LinkId(link.0),
                    mtu,
                });
            }
            Event::Writable { link } => self.writable(link),
            Event::DialFailed { peer, why } => {
                let Ok(peer) = PublicKey::from_bytes(peer) else {
                    return;
                };
                tracing::info!(%peer, "{why}");
                self.link_input(LinkEvent::DialFailed { peer });
            }
        }
    }

    fn link_up(&mut self, link: tom_quinn::LinkId, live: Live, mtu: u32) {
        tracing::debug!(peer = %live.peer, %link, remote = %live.remote, dialed = live.dialed, mtu,
            "link up");
        let mut observed = [0; 24];
        let mut list = CandidateList::new();
        let _room = list.push(Candidate::from(live.remote));
        let len = list.emit(&mut observed).unwrap_or(0);
        let up = LinkEvent::Up {
            link: LinkId(link.0),
            peer: live.peer,
            mtu,
            max_frame: MAX_FRAME,
            dialed: live.dialed,
            observed: observed.get(..len).unwrap_or_default(),
        };
        let verdict = self.link_input(up);
        if !matches!(verdict, Verdict::Accepted(_)) {
            tracing::warn!(peer = %live.peer, ?verdict, "the engine has no room for this link");
            return self.transport.close(link);
        }
        self.links.insert(link, live);
        self.tell_candidates();
    }

    fn received_by_adversary(&mut self, link: tom_quinn::LinkId, bytes: &[u8]) {
        let Some(adversary) = self.adversary.clone() else {
            return;
        };
        let mut bytes = bytes.to_vec();
        let answer = adversary.incoming(self.node.public().handle(), &mut bytes);
        if !answer.is_empty() {
            let _lost_at_worst = self.transport.send(link, &answer);
        }
        if !bytes.is_empty() {
            self.input(Input::Datagram {
                link: LinkId(link.0),
                bytes: &mut bytes,
            });
        }
    }

    /// The datagram that found no room goes first; then the engine may go on.
    fn writable(&mut self, link: tom_quinn::LinkId) {
        let stuck = self.links.get_mut(link).and_then(|live| live.stuck.take());
        if let Some(bytes) = stuck {
            match self.transport.send(link, &bytes) {
                SendOutcome::Blocked => {
                    if let Some(live) = self.links.get_mut(link) {
                        live.stuck = Some(bytes);
                    }
                    return;
                }
                // A link that is gone says so itself.
                SendOutcome::Queued | SendOutcome::Gone | SendOutcome::TooLong => {}
            }
        }
        self.link_input(LinkEvent::Writable {
            link: LinkId(link.0),
        });
    }

    /// Tells the engine where this node can be dialled, if that has changed.
    pub(crate) fn tell_candidates(&mut self) {
        let local = self.transport.local_addr();
        let Some(list) = self.links.new_candidates(local) else {
            return;
        };
        let mut bytes = [0; 256];
        let mut candidates = CandidateList::new();
        for addr in list {
            if !candidates.push(Candidate::from(addr)) {
                break;
            }
        }
        let len = candidates.emit(&mut bytes).unwrap_or(0);
        let list = bytes.get(..len).unwrap_or_default();
        let verdict = self.input(Input::Command(input::Command::Candidates(list)));
        if !matches!(verdict, Verdict::Accepted(_)) {
            tracing::warn!(?verdict, "the engine did not take this node's addresses");
        }
    }

    /// Sends in order: while one waits for room, those behind it do too.
    pub(super) fn send_in_turn(&mut self) {
        while let Some(post) = self.held_up.pop_front() {
            if post.reply.is_closed() {
                continue;
            }
            if let Some(post) = self.send(post) {
                self.held_up.push_front(post);
                return;
            }
        }
    }

    /// Gives the message back when there is no room for it now.
    fn send(&mut self, post: Post) -> Option<Post> {
        let send = Send {
            to: post.to,
            payload: &post.bytes,
            lifetime: post.lifetime,
            class: post.class,
            trace: false,
        };
        let mut verdict = self.input(Input::Command(input::Command::Send(send)));
        if verdict == Verdict::Refused(Refusal::Backpressure) {
            self.drain();
            verdict = self.input(Input::Command(input::Command::Send(send)));
        }
        match verdict {
            Verdict::Accepted(Some(id)) => {
                let (state, watching) = watch::channel(State::Pending);
                self.watched.insert(id, state);
                let _ = post.reply.send(Ok(Posted {
                    id,
                    state: watching,
                }));
            }
            // Room comes when something settles; whoever sends waits as long as they like.
            Verdict::Refused(Refusal::Full(_) | Refusal::Backpressure) => return Some(post),
            Verdict::Refused(refusal) => {
                let _ = post.reply.send(Err(refusal));
            }
            Verdict::Accepted(None) | Verdict::Dropped(_) => {
                tracing::error!(?verdict, "the engine gave a send no id; please report it");
            }
        }
        None
    }

    pub(super) fn command(&mut self, command: Command, end: &mut Option<oneshot::Sender<()>>) {
        match command {
            Command::Read { from, id, reply } => {
                let read = input::Command::Read { from, id };
                let answer = match self.input(Input::Command(read)) {
                    Verdict::Refused(refusal) => Err(refusal),
                    Verdict::Accepted(_) | Verdict::Dropped(_) => Ok(()),
                };
                let _ = reply.send(answer);
            }
            Command::Path { id, reply } => {
                let _ = reply.send(self.node.path(id));
            }
            Command::Status { reply } => {
                let _ = reply.send(self.status());
            }
            Command::Keep { peer, addrs, reply } => {
                let kept = if self.kept.get(&peer) == Some(&addrs) {
                    true
                } else {
                    let kept = self.transport.keep(*peer.as_bytes(), addrs.clone());
                    if kept {
                        self.kept.insert(peer, addrs);
                    }
                    kept
                };
                if let Some(reply) = reply {
                    let _ = reply.send(kept);
                }
            }
            Command::Shutdown { reply } => *end = Some(reply),
        }
    }

    fn status(&self) -> Status {
        let links = self.links.iter().map(|(link, live)| LinkStatus {
            peer: live.peer,
            remote: live.remote,
            dialed: live.dialed,
            age: std::time::Duration::from_millis(self.now.since(live.since).as_millis()),
            rtt: self
                .transport
                .link_stats(*link)
                .map_or(Default::default(), |stats| stats.rtt),
        });
        Status {
            address: *self.node.public(),
            listen: self.transport.local_addr(),
            uptime: std::time::Duration::from_millis(self.now.since(self.started).as_millis()),
            links: links.collect(),
            candidates: self.links.candidates().to_vec(),
            waiting: self.shelf.waiting(),
            stats: self.node.stats().clone(),
            tables: self.node.tables().collect(),
        }
    }
}
