//! The handle of a running node.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::time::Instant;
use tom_core::identity::PublicKey;
use tom_core::output::DeliveryId;
use tom_core::report::PathReport;
use tom_core::time::Span;
use tom_core::wire::{Class, MessageId};

use crate::builder::Builder;
use crate::error::Error;
use crate::event::{Event, Events};
use crate::message::{Messages, Shelf};
use crate::peer::Peer;
use crate::pump::{Command, Post};
use crate::sending::{Delivery, Sending};
use crate::status::Status;

/// A running node. Clones are handles of the same node; it ends with the last of them.
///
/// ```no_run
/// # async fn example(address: tom::Address) -> Result<(), tom::Error> {
/// let node = tom::Client::start().await?;
/// node.send(address, b"hi").await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Client {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) address: PublicKey,
    pub(crate) local: SocketAddr,
    pub(crate) patience: Duration,
    pub(crate) posts: mpsc::Sender<Post>,
    pub(crate) commands: mpsc::Sender<Command>,
    pub(crate) shelf: Arc<Shelf>,
    pub(crate) facts: broadcast::WeakSender<Event>,
}

/// A message to be sent, with more to say about it than the recipient and the bytes.
#[derive(Clone, Debug)]
pub struct Outgoing {
    to: PublicKey,
    bytes: Vec<u8>,
    lifetime: Option<Duration>,
    class: Class,
}

impl Outgoing {
    /// A message of normal priority that lives as long as a message can, nearly 24 hours.
    pub fn new(to: PublicKey, bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            to,
            bytes: bytes.into(),
            lifetime: None,
            class: Class::Normal,
        }
    }

    /// How long it may live, 1 s to 23 h 55 min: nobody holds it for longer.
    #[must_use]
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = Some(lifetime);
        self
    }

    /// Its priority, here and at relays.
    #[must_use]
    pub fn class(mut self, class: Class) -> Self {
        self.class = class;
        self
    }
}

impl Client {
    /// Starts a node with the identity of this user (made on the first start) and no peers. Must be
    /// called inside a tokio runtime.
    ///
    /// # Errors
    /// The identity file cannot be used, or no socket be opened.
    pub async fn start() -> Result<Self, Error> {
        Self::builder().start().await
    }

    /// A node with other settings.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// This node's address, to be given to others.
    #[must_use]
    pub fn address(&self) -> PublicKey {
        self.inner.address
    }

    /// Where its socket is bound.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.inner.local
    }

    /// Sends and waits until the recipient has proven that it has the message, or the node's
    /// patience (10 s unless set) is over; then says how far it came, while the node goes on trying.
    ///
    /// # Errors
    /// The message was not accepted: too long, to itself, or the node was shut down.
    pub async fn send(&self, to: PublicKey, bytes: impl AsRef<[u8]>) -> Result<Delivery, Error> {
        let mut sending = self.submit(Outgoing::new(to, bytes.as_ref())).await?;
        Ok(sending.wait(self.inner.patience).await)
    }

    /// Hands a message to the node and returns when the node has accepted it; while the node's
    /// outbox is full, waits for room.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub async fn submit(&self, message: Outgoing) -> Result<Sending, Error> {
        let since = Instant::now();
        let (reply, answer) = oneshot::channel();
        let lifetime = message
            .lifetime
            .map(|life| Span::from_millis(u64::try_from(life.as_millis()).unwrap_or(u64::MAX)));
        let Outgoing {
            to, bytes, class, ..
        } = message;
        let post = Post {
            to,
            bytes,
            lifetime,
            class,
            reply,
        };
        self.inner
            .posts
            .send(post)
            .await
            .map_err(|_| Error::Stopped)?;
        let posted = answer
            .await
            .map_err(|_| Error::Stopped)?
            .map_err(Error::Refused)?;
        Ok(Sending {
            id: posted.id,
            since,
            state: posted.state,
        })
    }

    /// The messages that arrive. Streams of one node share them.
    #[must_use]
    pub fn messages(&self) -> Messages {
        Messages {
            shelf: self.inner.shelf.clone(),
        }
    }

    /// What happens from now on. Each stream gets every event.
    #[must_use]
    pub fn events(&self) -> Events {
        let from = match self.inner.facts.upgrade() {
            Some(facts) => facts.subscribe(),
            // The node has ended: a stream that has too.
            None => broadcast::channel(1).1,
        };
        Events { from }
    }

    /// Tells the sender of a message that it was read, as [`Message::read`](crate::Message::read)
    /// does.
    ///
    /// # Errors
    /// The node has no room for the receipt now, or was shut down.
    pub async fn read(&self, from: PublicKey, id: DeliveryId) -> Result<(), Error> {
        self.ask(|reply| Command::Read { from, id, reply })
            .await?
            .map_err(Error::Refused)
    }

    /// What is known about the way of one of this node's messages; `None` when it is forgotten.
    ///
    /// # Errors
    /// The node was shut down.
    pub async fn path(&self, id: MessageId) -> Result<Option<PathReport>, Error> {
        self.ask(|reply| Command::Path { id, reply }).await
    }

    /// The node as it is now.
    ///
    /// # Errors
    /// The node was shut down.
    pub async fn status(&self) -> Result<Status, Error> {
        self.ask(|reply| Command::Status { reply }).await
    }

    /// Stays connected with a peer from now on: dials it now and whenever it is lost.
    ///
    /// # Errors
    /// Too many are kept, or the node was shut down.
    pub async fn keep(&self, peer: &Peer) -> Result<(), Error> {
        let addrs = peer.resolve().await;
        let kept = self
            .ask(|reply| Command::Keep {
                peer: peer.address,
                addrs,
                reply: Some(reply),
            })
            .await?;
        if kept {
            Ok(())
        } else {
            Err(Error::TooManyPeers)
        }
    }

    /// Ends the node and tells its neighbours. What is not delivered by then is given up.
    pub async fn shutdown(self) {
        let _ended_already = self.ask(|reply| Command::Shutdown { reply }).await;
    }

    async fn ask<T>(&self, make: impl FnOnce(oneshot::Sender<T>) -> Command) -> Result<T, Error> {
        let (reply, answer) = oneshot::channel();
        self.inner
            .commands
            .send(make(reply))
            .await
            .map_err(|_| Error::Stopped)?;
        answer.await.map_err(|_| Error::Stopped)
    }
}
