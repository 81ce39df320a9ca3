//! Messages that arrived, and the shelf they wait on until the application takes them.
//!
//! A message is acknowledged to its sender when the application takes it, not when it arrived: what
//! was never taken was never delivered. What waits is bounded by the engine's inbox, which refuses
//! more while it is full.

use std::collections::VecDeque;
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, mpsc, oneshot};
use tom_core::identity::PublicKey;
use tom_core::output::DeliveryId;
use tom_core::wire::Class;

use crate::error::Error;
use crate::pump::Command;

/// A message from somebody, opened and proven to be theirs.
pub struct Message {
    /// Its stable id: the sender's handle and the reference the sender knows it by.
    pub id: DeliveryId,
    /// Who sealed it, proven.
    pub from: PublicKey,
    /// What they wrote.
    pub bytes: Vec<u8>,
    /// False: it came as a one-shot, which an attacker who later steals this node's identity could
    /// open, and which may come again after a restart of this node.
    pub in_session: bool,
    /// Its priority.
    pub class: Class,
    /// The neighbour it came from: the sender itself, or a relay.
    pub neighbour: PublicKey,
    pub(crate) commands: mpsc::WeakSender<Command>,
}

impl Message {
    /// The bytes as text, with a mark in place of what is not UTF-8.
    #[must_use]
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.bytes)
    }

    /// Tells the sender that the message was read. The receipt is a message of its own: it is
    /// sealed, retried, and crosses relays like any other.
    ///
    /// # Errors
    /// The node has no room for the receipt now, or was shut down.
    pub async fn read(&self) -> Result<(), Error> {
        let commands = self.commands.upgrade().ok_or(Error::Stopped)?;
        let (reply, answer) = oneshot::channel();
        let read = Command::Read {
            from: self.from,
            id: self.id,
            reply,
        };
        commands.send(read).await.map_err(|_| Error::Stopped)?;
        answer
            .await
            .map_err(|_| Error::Stopped)?
            .map_err(Error::Refused)
    }
}

impl fmt::Debug for Message {
    /// Shows who and how long, never what.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("id", &self.id)
            .field("from", &self.from)
            .field("len", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

/// Where messages wait between the engine and the application.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    inner: Mutex<Inner>,
    arrived: Notify,
    pub(crate) taken: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    waiting: VecDeque<Message>,
    taken: Vec<DeliveryId>,
    closed: bool,
}

impl Shelf {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn put(&self, message: Message) {
        self.lock().waiting.push_back(message);
        self.arrived.notify_waiters();
    }

    /// The messages taken since the last call.
    pub(crate) fn drain_taken(&self, into: &mut Vec<DeliveryId>) {
        into.append(&mut self.lock().taken);
    }

    pub(crate) fn waiting(&self) -> usize {
        self.lock().waiting.len()
    }

    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_waiters();
    }

    fn take(&self, id: DeliveryId) {
        self.lock().taken.push(id);
        self.taken.notify_one();
    }

    fn put_back(&self, message: Message) {
        self.lock().waiting.push_front(message);
        self.arrived.notify_waiters();
    }
}

/// The messages that arrive at a node. Several streams of one node share them: each message goes to
/// one of them.
#[derive(Clone, Debug)]
pub struct Messages {
    pub(crate) shelf: Arc<Shelf>,
}

impl Messages {
    /// The next message, taken: from here its sender is told that it was delivered. `None` when
    /// the node has been shut down and nothing waits. Safe to cancel.
    pub async fn next(&mut self) -> Option<Message> {
        self.next_held().await.map(Held::take)
    }

    /// The next message, not taken yet: store it, then [`Held::take`] it, and a crash in between
    /// costs a repetition instead of a message. Safe to cancel.
    pub async fn next_held(&mut self) -> Option<Held> {
        loop {
            let arrived = self.shelf.arrived.notified();
            tokio::pin!(arrived);
            // Registered before the look, so that no arrival falls between.
            arrived.as_mut().enable();
            {
                let mut inner = self.shelf.lock();
                if let Some(message) = inner.waiting.pop_front() {
                    return Some(Held {
                        message: Some(message),
                        shelf: self.shelf.clone(),
                    });
                }
                if inner.closed {
                    return None;
                }
            }
            arrived.await;
        }
    }
}

/// A message that was looked at and not taken yet. Dropped as it is, it goes back to the front.
#[derive(Debug)]
pub struct Held {
    /// `None` only while being dropped.
    message: Option<Message>,
    shelf: Arc<Shelf>,
}

impl Held {
    /// The application has it safely: its sender is told that it was delivered. Spec DRV-12.
    #[must_use]
    #[expect(
        clippy::missing_panics_doc,
        reason = "there is a message until this call"
    )]
    #[expect(clippy::expect_used, reason = "there is a message until this call")]
    pub fn take(mut self) -> Message {
        let message = self.message.take().expect("a held message");
        self.shelf.take(message.id);
        message
    }
}

impl Deref for Held {
    type Target = Message;

    #[expect(
        clippy::expect_used,
        reason = "there is a message until `take` consumes this"
    )]
    fn deref(&self) -> &Message {
        self.message.as_ref().expect("a held message")
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(message) = self.message.take() {
            self.shelf.put_back(message);
        }
    }
}
