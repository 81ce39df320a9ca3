//! The bounded way from the links to the engine.
//!
//! Links push whole bursts under one lock and one wake-up. Room is counted in bytes; a link that
//! finds none waits its turn (first come, first served, so that no link starves another) and does
//! not read QUIC meanwhile.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use tokio::sync::{Notify, Semaphore};

use crate::event::Event;

/// What an event costs beside the bytes it carries.
const OVERHEAD: usize = 64;

/// Nobody reads events any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Abandoned;

#[derive(Debug)]
pub(crate) struct Inbox {
    state: Mutex<State>,
    ready: Notify,
    room: Semaphore,
    capacity: usize,
}

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<Event>,
    ended: bool,
}

impl Inbox {
    /// An inbox with room for `capacity` bytes, at most 2^28.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            state: Mutex::default(),
            ready: Notify::new(),
            room: Semaphore::new(capacity),
            capacity,
        }
    }

    /// Waits for room and appends one event.
    pub(crate) async fn push(&self, event: Event) -> Result<(), Abandoned> {
        let cost = self.cost(&event);
        self.wait_for(cost).await?;
        self.lock().queue.push_back(event);
        self.ready.notify_one();
        Ok(())
    }

    /// Waits for room and appends all of `burst`, which is left empty.
    pub(crate) async fn push_all(&self, burst: &mut Vec<Event>) -> Result<(), Abandoned> {
        // Each event's cost is returned when it is taken, so the burst pays exactly their sum; a
        // burst over the whole capacity would wait for ever and goes in pieces.
        while !burst.is_empty() {
            let (mut count, mut cost) = (0, 0);
            for event in burst.iter() {
                let next = cost + self.cost(event);
                if count > 0 && next > self.capacity {
                    break;
                }
                (count, cost) = (count + 1, next);
            }
            self.wait_for(cost).await?;
            self.lock().queue.extend(burst.drain(..count));
            self.ready.notify_one();
        }
        Ok(())
    }

    pub(crate) async fn recv_many(&self, into: &mut Vec<Event>, max: usize) -> usize {
        loop {
            let taken = self.try_recv_many(into, max);
            if taken > 0 || max == 0 {
                return taken;
            }
            // Ended is set after the last push: look once more before believing it.
            if self.lock().ended {
                return self.try_recv_many(into, max);
            }
            self.ready.notified().await;
        }
    }

    pub(crate) fn try_recv_many(&self, into: &mut Vec<Event>, max: usize) -> usize {
        let before = into.len();
        {
            let mut state = self.lock();
            let count = state.queue.len().min(max);
            into.extend(state.queue.drain(..count));
        }
        let taken = into.iter().skip(before);
        self.room
            .add_permits(taken.map(|event| self.cost(event)).sum());
        into.len() - before
    }

    pub(crate) fn try_recv(&self) -> Option<Event> {
        let event = self.lock().queue.pop_front()?;
        self.room.add_permits(self.cost(&event));
        Some(event)
    }

    /// No more events will come: the reader gets what waits and then the end.
    pub(crate) fn end(&self) {
        self.lock().ended = true;
        self.ready.notify_one();
    }

    /// Nobody will read: everyone who waits for room is told.
    pub(crate) fn abandon(&self) {
        self.room.close();
        self.lock().queue.clear();
    }

    async fn wait_for(&self, cost: usize) -> Result<(), Abandoned> {
        let cost = u32::try_from(cost).unwrap_or(u32::MAX);
        let permit = self.room.acquire_many(cost).await.map_err(|_| Abandoned)?;
        permit.forget();
        Ok(())
    }

    fn cost(&self, event: &Event) -> usize {
        let bytes = match event {
            Event::Received { bytes, .. } => bytes.len(),
            Event::Up { .. }
            | Event::Down { .. }
            | Event::Mtu { .. }
            | Event::Writable { .. }
            | Event::DialFailed { .. } => 0,
        };
        (bytes + OVERHEAD).min(self.capacity)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use futures_util::FutureExt;

    use super::*;
    use crate::event::LinkId;

    fn received(len: usize) -> Event {
        Event::Received {
            link: LinkId(1),
            bytes: Bytes::from(vec![7; len]),
        }
    }

    #[test]
    fn a_full_inbox_makes_links_wait_until_the_engine_reads() {
        let inbox = Inbox::new(1000);
        assert_eq!(inbox.push(received(900)).now_or_never(), Some(Ok(())));
        let mut burst = vec![received(10), received(20)];
        {
            let mut waiting = Box::pin(inbox.push_all(&mut burst));
            assert_eq!(waiting.as_mut().now_or_never(), None);
            assert_eq!(inbox.try_recv(), Some(received(900)));
            assert_eq!(waiting.as_mut().now_or_never(), Some(Ok(())));
        }
        let mut out = Vec::new();
        assert_eq!(inbox.try_recv_many(&mut out, 10), 2);
        assert_eq!(out, [received(10), received(20)]);
        assert_eq!(inbox.room.available_permits(), 1000);
    }

    #[test]
    fn an_event_or_burst_over_the_capacity_passes_alone() {
        let inbox = Inbox::new(1000);
        assert_eq!(inbox.push(received(5000)).now_or_never(), Some(Ok(())));
        assert_eq!(inbox.try_recv(), Some(received(5000)));
        assert_eq!(inbox.room.available_permits(), 1000);
    }

    #[test]
    fn the_end_comes_after_what_waits() {
        let inbox = Inbox::new(1000);
        assert_eq!(inbox.push(received(1)).now_or_never(), Some(Ok(())));
        inbox.end();
        let mut out = Vec::new();
        assert_eq!(inbox.recv_many(&mut out, 10).now_or_never(), Some(1));
        assert_eq!(inbox.recv_many(&mut out, 10).now_or_never(), Some(0));
    }

    #[test]
    fn an_abandoned_inbox_refuses_at_once() {
        let inbox = Inbox::new(1000);
        inbox.abandon();
        assert_eq!(inbox.push(received(1)).now_or_never(), Some(Err(Abandoned)));
    }
}
