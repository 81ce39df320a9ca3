//! The pump: one task that owns the engine, the socket and the time.
//!
//! Each round it waits for anything to happen, feeds *all* that has happened, and only then takes
//! out what is to be done: frames that become due to one neighbour in the same round leave in one
//! datagram. It never waits for the application: messages wait on the shelf (bounded by the
//! engine's inbox, since what the application has not taken is not acknowledged), events that
//! nobody reads are overwritten, and senders wait at their own end of a bounded channel.
//!
//! | file | subject |
//! |---|---|
//! | `mod.rs` | the loop |
//! | `feed.rs` | transport events and commands become inputs |
//! | `drain.rs` | outputs become sends, dials and deliveries |
//! | `links.rs` | live links, and the addresses to tell contacts |

mod drain;
mod feed;
mod links;

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::time::{Instant as Moment, MissedTickBehavior, Sleep};
use tom_core::Node;
use tom_core::error::Refusal;
use tom_core::identity::PublicKey;
use tom_core::input::Input;
use tom_core::output::{DeliveryId, State};
use tom_core::report::PathReport;
use tom_core::storage::Heap;
use tom_core::time::{Instant, Span};
use tom_core::wire::{Class, MessageId};
use tom_quinn::Transport;

use crate::adversary::Adversary;
use crate::clock;
use crate::event::Event;
use crate::identity::Identity;
use crate::message::Shelf;
use crate::status::Status;

pub(crate) use links::{Advertise, Links};

/// Transport events fed in one round at most; beyond, outputs are drained in between.
const BATCH: usize = 64;
/// Commands fed in one round at most.
const COMMANDS: usize = 64;
/// How often wall time, names and addresses are looked at again.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// A message to send.
#[derive(Debug)]
pub(crate) struct Post {
    pub(crate) to: PublicKey,
    pub(crate) bytes: Vec<u8>,
    pub(crate) lifetime: Option<Span>,
    pub(crate) class: Class,
    pub(crate) reply: oneshot::Sender<Result<Posted, Refusal>>,
}

/// A message the engine has accepted.
#[derive(Debug)]
pub(crate) struct Posted {
    pub(crate) id: MessageId,
    pub(crate) state: watch::Receiver<State>,
}

/// What the application wants beside sending.
#[derive(Debug)]
pub(crate) enum Command {
    Read {
        from: PublicKey,
        id: DeliveryId,
        reply: oneshot::Sender<Result<(), Refusal>>,
    },
    Path {
        id: MessageId,
        reply: oneshot::Sender<Option<PathReport>>,
    },
    Status {
        reply: oneshot::Sender<Status>,
    },
    Keep {
        peer: PublicKey,
        addrs: Vec<SocketAddr>,
        reply: Option<oneshot::Sender<bool>>,
    },
    Shutdown {
        reply: oneshot::Sender<()>,
    },
}

pub(crate) struct Pump {
    pub(crate) node: Node<Heap, Identity>,
    pub(crate) transport: Transport,
    pub(crate) shelf: Arc<Shelf>,
    pub(crate) facts: broadcast::Sender<Event>,
    pub(crate) commands_back: mpsc::WeakSender<Command>,
    pub(crate) links: Links,
    pub(crate) adversary: Option<Adversary>,
    pub(crate) tape: Option<crate::tape::Taping>,
    /// A buffer that holds any output.
    pub(crate) buf: Vec<u8>,
    pub(crate) started: Instant,
    pub(crate) now: Instant,
    /// Wall time less monotonic time, in seconds, when wall time was last fed.
    pub(crate) wall: Option<i128>,
    /// Messages the engine had no room for: at most one round's, since no more are received while
    /// there are any.
    pub(crate) held_up: VecDeque<Post>,
    pub(crate) watched: BTreeMap<MessageId, watch::Sender<State>>,
    pub(crate) kept: BTreeMap<PublicKey, Vec<SocketAddr>>,
}

/// What comes into a pump.
pub(crate) struct Intake {
    pub(crate) events: tom_quinn::Events,
    pub(crate) posts: mpsc::Receiver<Post>,
    pub(crate) commands: mpsc::Receiver<Command>,
}

impl Pump {
    /// Runs until every handle of the node is gone or one asks for the end.
    pub(crate) async fn run(mut self, mut intake: Intake) {
        let mut events = Vec::with_capacity(BATCH);
        let mut posts = Vec::with_capacity(COMMANDS);
        let mut commands = Vec::with_capacity(COMMANDS);
        let mut taken = Vec::new();
        let mut again = tokio::time::interval(LOOK_AGAIN);
        again.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut alarm = Box::pin(tokio::time::sleep(LOOK_AGAIN));
        let mut end = None;
        while end.is_none() {
            let shelf = self.shelf.clone();
            let free = self.held_up.is_empty();
            tokio::select! {
                biased;
                count = intake.events.recv_many(&mut events, BATCH) => if count == 0 { break },
                count = intake.posts.recv_many(&mut posts, COMMANDS), if free => {
                    if count == 0 { break }
                }
                count = intake.commands.recv_many(&mut commands, COMMANDS) => {
                    if count == 0 { break }
                }
                () = shelf.taken.notified() => {}
                () = alarm.as_mut() => {}
                _ = again.tick() => self.look_again(),
            }
            // Whatever else is there comes along, so that its frames share datagrams.
            intake.events.try_recv_many(&mut events, BATCH);
            if self.held_up.is_empty() {
                take_waiting(&mut intake.posts, &mut posts);
            }
            take_waiting(&mut intake.commands, &mut commands);
            self.shelf.drain_taken(&mut taken);

            self.set_now();
            for event in events.drain(..) {
                self.transport_event(event);
            }
            for id in taken.drain(..) {
                self.taken(id);
            }
            for command in commands.drain(..) {
                self.command(command, &mut end);
            }
            self.held_up.extend(posts.drain(..));
            self.send_in_turn();
            self.tick_if_due();
            self.drain();
            self.arm(&mut alarm);
        }
        self.shelf.close();
        self.transport.shutdown().await;
        if let Some(reply) = end {
            let _ = reply.send(());
        }
    }

    fn set_now(&mut self) {
        self.now = clock::now();
    }

    /// Feeds the time while the engine says that it is due.
    fn tick_if_due(&mut self) {
        // Progress (DRV-3) ends this; the bound only keeps a bug from becoming a spin.
        for _ in 0..1_000 {
            let due = self
                .node
                .deadline()
                .is_some_and(|deadline| deadline.at <= self.now);
            if !due {
                return;
            }
            self.input(Input::Tick);
            self.drain();
        }
        tracing::error!("the engine's deadline does not move; please report it");
    }

    /// Sets the alarm to the engine's deadline. An alarm that is early is left: setting it costs
    /// more than waking for nothing now and then.
    fn arm(&self, alarm: &mut Pin<Box<Sleep>>) {
        let wait = match self.node.deadline() {
            // At least a millisecond, so that a deadline that does not move cannot spin.
            Some(deadline) => deadline.at.since(self.now).as_millis().max(1),
            None => u64::MAX,
        };
        let at = Moment::now() + Duration::from_millis(wait).min(LOOK_AGAIN);
        if alarm.is_elapsed() || alarm.deadline() > at {
            alarm.as_mut().reset(at);
        }
    }

    /// What is looked at every minute: the wall clock, own addresses, senders that gave up.
    fn look_again(&mut self) {
        self.set_now();
        self.feed_wall_clock();
        self.links.look_at_interfaces();
        self.tell_candidates();
        self.watched.retain(|_, state| !state.is_closed());
    }

    pub(crate) fn feed_wall_clock(&mut self) {
        let unix = clock::unix();
        let offset = i128::from(unix.as_secs()) - i128::from(self.now.as_millis() / 1_000);
        if self.wall.is_some_and(|old| offset.abs_diff(old) > 1) {
            tracing::info!("wall time was stepped");
        }
        self.wall = Some(offset);
        self.input(Input::Clock {
            unix,
            error: Span::from_secs(1),
        });
    }
}

fn take_waiting<T>(from: &mut mpsc::Receiver<T>, into: &mut Vec<T>) {
    while into.len() < COMMANDS
        && let Ok(item) = from.try_recv()
    {
        into.push(item);
    }
}
