//! One link: a QUIC connection, its two outgoing lanes and the tasks that serve it.
//!
//! Sending needs no task while QUIC has room: the caller's thread hands datagrams straight to it.
//! The lanes and their writers only come into play under back-pressure, and for streams.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::stream::{FuturesUnordered, StreamExt};
use quinn::{Connection, ConnectionError, ReadToEndError, RecvStream, SendDatagramError, VarInt};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::MAX_MESSAGE;
use crate::error::{DownReason, code};
use crate::event::{Event, LinkId, SendOutcome};
use crate::inbox::{Abandoned, Inbox};
use crate::keys::PeerId;
use crate::lane::Lane;
use crate::stats::{Counter, LinkStats};

/// Datagrams read in one go before the engine is woken.
const BURST: usize = 64;
/// How soon after the handshake the path's MTU is looked at, and how seldom later.
const MTU_LOOK_FIRST: Duration = Duration::from_millis(50);
const MTU_LOOK_LAST: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) id: LinkId,
    pub(crate) peer: PeerId,
    dialed: bool,
    connection: Connection,
    /// The longest message that goes as a datagram; 0 if the peer takes none.
    mtu: AtomicU32,
    out: Mutex<Out>,
    datagrams_wait: Notify,
    messages_wait: Notify,
    /// Why this side ended the link, where the close alone does not tell.
    verdict: Mutex<Option<DownReason>>,
    counters: Counters,
}

#[derive(Debug)]
struct Out {
    datagrams: Lane,
    messages: Lane,
}

#[derive(Debug, Default)]
struct Counters {
    datagrams_sent: Counter,
    streams_sent: Counter,
    bytes_sent: Counter,
    datagrams_received: Counter,
    streams_received: Counter,
    bytes_received: Counter,
    blocked: Counter,
}

impl Link {
    pub(crate) fn new(
        id: LinkId,
        peer: PeerId,
        dialed: bool,
        connection: Connection,
        datagram_bytes: usize,
        message_bytes: usize,
    ) -> Self {
        Self {
            id,
            peer,
            dialed,
            mtu: AtomicU32::new(path_mtu(&connection)),
            connection,
            out: Mutex::new(Out {
                datagrams: Lane::new(datagram_bytes),
                messages: Lane::new(message_bytes),
            }),
            datagrams_wait: Notify::new(),
            messages_wait: Notify::new(),
            verdict: Mutex::new(None),
            counters: Counters::default(),
        }
    }

    pub(crate) fn up(&self) -> Event {
        let addr = self.connection.remote_address();
        Event::Up {
            link: self.id,
            peer: self.peer,
            mtu: self.mtu.load(Ordering::Relaxed),
            dialed: self.dialed,
            remote: SocketAddr::new(addr.ip().to_canonical(), addr.port()),
        }
    }

    pub(crate) fn send(&self, bytes: &[u8]) -> SendOutcome {
        if bytes.len() > MAX_MESSAGE {
            return SendOutcome::TooLong;
        }
        let mut out = self.lock();
        let outcome = if bytes.len() <= self.mtu.load(Ordering::Relaxed) as usize {
            self.send_datagram(&mut out, bytes)
        } else {
            self.send_message(&mut out, bytes)
        };
        drop(out);
        match outcome {
            SendOutcome::Queued => self.counters.bytes_sent.add(bytes.len() as u64),
            SendOutcome::Blocked => self.counters.blocked.add(1),
            SendOutcome::Gone | SendOutcome::TooLong => {}
        }
        outcome
    }

    fn send_datagram(&self, out: &mut Out, bytes: &[u8]) -> SendOutcome {
        let idle = out.datagrams.is_idle();
        if !idle && !out.datagrams.admits(bytes.len()) {
            return self.blocked_or_gone();
        }
        let data = Bytes::copy_from_slice(bytes);
        if idle {
            // The waiting send is the one that never makes QUIC discard older datagrams; asked
            // once, it either takes the datagram now or leaves it to the lane.
            match self
                .connection
                .send_datagram_wait(data.clone())
                .now_or_never()
            {
                Some(Ok(())) => {
                    self.counters.datagrams_sent.add(1);
                    return SendOutcome::Queued;
                }
                Some(Err(SendDatagramError::ConnectionLost(_))) => return SendOutcome::Gone,
                Some(Err(
                    SendDatagramError::TooLarge
                    | SendDatagramError::UnsupportedByPeer
                    | SendDatagramError::Disabled,
                )) => return self.send_message(out, bytes),
                None => {}
            }
        }
        out.datagrams.push(data);
        self.counters.datagrams_sent.add(1);
        self.datagrams_wait.notify_one();
        SendOutcome::Queued
    }

    fn send_message(&self, out: &mut Out, bytes: &[u8]) -> SendOutcome {
        if self.connection.close_reason().is_some() {
            return SendOutcome::Gone;
        }
        if !out.messages.admits(bytes.len()) {
            return SendOutcome::Blocked;
        }
        out.messages.push(Bytes::copy_from_slice(bytes));
        self.counters.streams_sent.add(1);
        self.messages_wait.notify_one();
        SendOutcome::Queued
    }

    fn blocked_or_gone(&self) -> SendOutcome {
        if self.connection.close_reason().is_some() {
            SendOutcome::Gone
        } else {
            SendOutcome::Blocked
        }
    }

    /// Whether everything taken so far has left for the socket, or never will.
    pub(crate) fn is_flushed(&self, datagram_buffer: usize) -> bool {
        if self.connection.close_reason().is_some() {
            return true;
        }
        let out = self.lock();
        let idle = out.datagrams.is_idle() && out.messages.is_idle();
        idle && self.connection.datagram_send_buffer_space() >= datagram_buffer
    }

    pub(crate) fn close(&self) {
        self.connection.close(VarInt::from_u32(code::DONE), b"");
    }

    pub(crate) fn stats(&self) -> LinkStats {
        let quic = self.connection.stats();
        let own = &self.counters;
        LinkStats {
            datagrams_sent: own.datagrams_sent.get(),
            streams_sent: own.streams_sent.get(),
            bytes_sent: own.bytes_sent.get(),
            datagrams_received: own.datagrams_received.get(),
            datagrams_arrived: quic.frame_rx.datagram,
            streams_received: own.streams_received.get(),
            bytes_received: own.bytes_received.get(),
            blocked: own.blocked.get(),
            udp_bytes_sent: quic.udp_tx.bytes,
            udp_bytes_received: quic.udp_rx.bytes,
            udp_packets_sent: quic.udp_tx.datagrams,
            udp_packets_received: quic.udp_rx.datagrams,
            packets_lost: quic.path.lost_packets,
            rtt: quic.path.rtt,
            congestion_window: quic.path.cwnd,
            path_mtu: quic.path.current_mtu,
        }
    }

    /// Serves the link from after its `Up` until it is over, and says why it ended.
    pub(crate) async fn serve(
        self: Arc<Self>,
        inbox: Arc<Inbox>,
        max_streams: usize,
    ) -> DownReason {
        let mut writers = JoinSet::new();
        writers.spawn(self.clone().write_datagrams(inbox.clone()));
        writers.spawn(self.clone().write_messages(inbox.clone()));
        let mut streams = JoinSet::new();
        streams.spawn(self.clone().read_messages(inbox.clone(), max_streams));
        let why = self.read_datagrams(&inbox).await;
        // Whole messages that arrived before the end are still handed over.
        let _ = streams.join_next().await;
        writers.shutdown().await;
        let verdict = self
            .verdict
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        verdict.unwrap_or_else(|| DownReason::from(why))
    }

    async fn read_datagrams(&self, inbox: &Inbox) -> ConnectionError {
        let mut burst = Vec::with_capacity(BURST);
        let mut pause = MTU_LOOK_FIRST;
        let look = tokio::time::sleep(pause);
        tokio::pin!(look);
        loop {
            let first = tokio::select! {
                biased;
                first = self.connection.read_datagram() => first,
                () = &mut look => {
                    pause = pause.saturating_mul(2).min(MTU_LOOK_LAST);
                    look.as_mut().reset(tokio::time::Instant::now() + pause);
                    if self.tell_mtu(inbox).await.is_err() {
                        return self.abandon();
                    }
                    continue;
                }
            };
            let mut next = Some(first);
            let mut bytes = 0;
            let mut end = None;
            while let Some(read) = next.take() {
                match read {
                    Ok(datagram) => {
                        bytes += datagram.len();
                        burst.push(Event::Received {
                            link: self.id,
                            bytes: datagram,
                        });
                    }
                    Err(error) => end = Some(error),
                }
                if end.is_none() && burst.len() < BURST && bytes < MAX_MESSAGE {
                    next = self.connection.read_datagram().now_or_never();
                }
            }
            self.counters.datagrams_received.add(burst.len() as u64);
            self.counters.bytes_received.add(bytes as u64);
            if inbox.push_all(&mut burst).await.is_err() {
                return self.abandon();
            }
            if let Some(error) = end {
                return error;
            }
        }
    }

    async fn tell_mtu(&self, inbox: &Inbox) -> Result<(), Abandoned> {
        let mtu = path_mtu(&self.connection);
        if self.mtu.swap(mtu, Ordering::Relaxed) == mtu {
            return Ok(());
        }
        inbox.push(Event::Mtu { link: self.id, mtu }).await
    }

    /// Nobody reads events any more: the link has no purpose.
    fn abandon(&self) -> ConnectionError {
        self.close();
        ConnectionError::LocallyClosed
    }

    async fn read_messages(self: Arc<Self>, inbox: Arc<Inbox>, max_streams: usize) {
        let mut reads = FuturesUnordered::new();
        let mut open = true;
        while open || !reads.is_empty() {
            tokio::select! {
                biased;
                Some(read) = reads.next(), if !reads.is_empty() => {
                    if !self.take_message(read, &inbox).await {
                        return;
                    }
                }
                stream = self.connection.accept_uni(), if open && reads.len() < max_streams => {
                    match stream {
                        Ok(stream) => reads.push(read_whole(stream)),
                        Err(_) => open = false,
                    }
                }
            }
        }
    }

    /// Hands over one message read; false when the link must not go on.
    async fn take_message(&self, read: Result<Vec<u8>, ReadToEndError>, inbox: &Inbox) -> bool {
        match read {
            Ok(message) => {
                self.counters.streams_received.add(1);
                self.counters.bytes_received.add(message.len() as u64);
                let bytes = Bytes::from(message);
                let pushed = inbox
                    .push(Event::Received {
                        link: self.id,
                        bytes,
                    })
                    .await;
                if pushed.is_err() {
                    self.close();
                }
                pushed.is_ok()
            }
            Err(ReadToEndError::TooLong) => {
                const WHAT: &str = "a message over 65600 bytes";
                *self.verdict.lock().unwrap_or_else(PoisonError::into_inner) =
                    Some(DownReason::Violation(WHAT));
                self.connection
                    .close(VarInt::from_u32(code::VIOLATION), WHAT.as_bytes());
                false
            }
            // Reset by the peer: the message is not coming, the link goes on (or is over anyway).
            Err(ReadToEndError::Read(_)) => true,
        }
    }

    async fn write_datagrams(self: Arc<Self>, inbox: Arc<Inbox>) {
        loop {
            let Some(data) = self.lock().datagrams.take() else {
                self.datagrams_wait.notified().await;
                continue;
            };
            let len = data.len();
            match self.connection.send_datagram_wait(data.clone()).await {
                Ok(()) => {}
                Err(SendDatagramError::ConnectionLost(_)) => return,
                // The path's MTU shrank while it waited: it was taken, so it goes as a stream.
                Err(
                    SendDatagramError::TooLarge
                    | SendDatagramError::UnsupportedByPeer
                    | SendDatagramError::Disabled,
                ) => {
                    self.lock().messages.push(data);
                    self.messages_wait.notify_one();
                }
            }
            let announce = self.lock().datagrams.done(len);
            if announce && inbox.push(Event::Writable { link: self.id }).await.is_err() {
                return;
            }
        }
    }

    async fn write_messages(self: Arc<Self>, inbox: Arc<Inbox>) {
        loop {
            let Some(message) = self.lock().messages.take() else {
                self.messages_wait.notified().await;
                continue;
            };
            let len = message.len();
            let Ok(mut stream) = self.connection.open_uni().await else {
                return;
            };
            // A peer that stops a stream does not want this message; only a lost connection,
            // which the next open reports, ends the writer.
            if stream.write_chunk(message).await.is_ok() {
                let _ = stream.finish();
            }
            let announce = self.lock().messages.done(len);
            if announce && inbox.push(Event::Writable { link: self.id }).await.is_err() {
                return;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Out> {
        self.out.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn read_whole(mut stream: RecvStream) -> Result<Vec<u8>, ReadToEndError> {
    stream.read_to_end(MAX_MESSAGE).await
}

fn path_mtu(connection: &Connection) -> u32 {
    let mtu = connection.max_datagram_size().unwrap_or(0).min(MAX_MESSAGE);
    u32::try_from(mtu).unwrap_or(0)
}
