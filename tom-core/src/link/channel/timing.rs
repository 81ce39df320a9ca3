//! What happens by itself: repetitions, renewal, keepalives, the end; and what waits to go out.

use zeroize::Zeroizing;

use super::{Dialling, LinkOutput, NoiseLink};
use crate::crypto::Suite;
use crate::identity::Keys;
use crate::link::dial::{Dial, Fresh};
use crate::link::packet::POLL_MAX;
use crate::link::rules;
use crate::link::timers::sooner;
use crate::time::{Instant, Span};

impl<C: Suite> NoiseLink<C> {
    /// Does what is due at `now`. Bounded: at most one handshake is begun and a fixed number of
    /// stamps tried.
    pub fn tick<K: Keys>(&mut self, now: Instant, keys: &K) {
        let now = self.pass_time(now);
        self.end_sessions(now);
        self.look_ahead(now);
        self.advance_dial(now, keys);
        self.confirm(now);
    }

    /// When the next tick is due; `None` while nothing is.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let (idle, dial) = match &self.dialling {
            Dialling::Idle => (true, None),
            Dialling::Waiting(at) => (false, Some(*at)),
            Dialling::Flying(dial) if dial.searching().is_some() => {
                (false, Some(self.now.plus(rules::WORK_PAUSE)))
            }
            Dialling::Flying(dial) => (false, Some(dial.next)),
        };
        let current = self
            .current
            .as_ref()
            .and_then(|session| session.deadline(idle));
        let previous = self
            .previous
            .as_ref()
            .map(|s| s.heard.plus(rules::PREVIOUS_LIFE));
        let answered = self
            .answered
            .as_ref()
            .map(|a| a.since.plus(rules::ANSWERED_LIFE));
        sooner(sooner(dial, current), sooner(previous, answered))
    }

    /// The next thing the driver must do; `None` when there is nothing. Call until then after every
    /// packet and tick.
    pub fn poll<'b>(&mut self, buf: &'b mut [u8; POLL_MAX]) -> Option<LinkOutput<'b>> {
        let peer = self.current.as_ref().map(|session| session.peer);
        if peer != self.reported {
            // With another peer the link goes down first; the next poll says who it is now.
            self.reported = if self.reported.is_none() { peer } else { None };
            return Some(self.reported.map_or(LinkOutput::Down, LinkOutput::Up));
        }
        let len = self.emit(buf)?;
        buf.get(..len).map(LinkOutput::Send)
    }

    fn emit(&mut self, buf: &mut [u8; POLL_MAX]) -> Option<usize> {
        if core::mem::take(&mut self.send_resp)
            && let Some(answered) = &self.answered
            && let Some(place) = buf.first_chunk_mut()
        {
            *place = answered.resp;
            return Some(answered.resp.len());
        }
        if core::mem::take(&mut self.send_init)
            && let Dialling::Flying(dial) = &self.dialling
            && let Some(len) = dial.emit(buf)
        {
            return Some(len);
        }
        if core::mem::take(&mut self.send_empty)
            && let Some(session) = &mut self.current
        {
            return session.seal::<C>(self.now, buf, 0).ok();
        }
        None
    }

    /// The link's own time: never backwards.
    pub(super) fn pass_time(&mut self, now: Instant) -> Instant {
        self.now = self.now.max(now);
        self.now
    }

    /// Begins a handshake at `at` unless one is under way.
    pub(super) fn want_dial(&mut self, at: Instant) {
        if matches!(self.dialling, Dialling::Idle) && self.remote.is_some() {
            self.dialling = Dialling::Waiting(at);
        }
    }

    /// NLK-18, NLK-22: the next session is made before this one ends, or when nobody answers.
    pub(super) fn look_ahead(&mut self, now: Instant) {
        if self
            .current
            .as_ref()
            .is_some_and(|session| session.wants_next(now))
        {
            self.want_dial(now);
        }
    }

    /// NLK-12, NLK-22: an empty DATA when the session asks for one.
    pub(super) fn confirm(&mut self, now: Instant) {
        if let Some(session) = &mut self.current {
            self.send_empty |= session.wants_empty(now);
        }
    }

    fn end_sessions(&mut self, now: Instant) {
        if self
            .current
            .as_ref()
            .is_some_and(|s| s.is_over(now) || s.is_dead(now))
        {
            self.drop_sessions();
            if self.keep {
                self.want_dial(now);
            } else {
                self.dialling = Dialling::Idle;
            }
        }
        let stale = |heard: Instant| now >= heard.plus(rules::PREVIOUS_LIFE);
        if self
            .previous
            .as_ref()
            .is_some_and(|s| stale(s.heard) || s.is_over(now))
        {
            self.previous = None;
        }
        let late = |since: Instant| now >= since.plus(rules::ANSWERED_LIFE);
        if self
            .answered
            .as_ref()
            .is_some_and(|answered| late(answered.since))
        {
            self.answered = None;
        }
    }

    fn advance_dial<K: Keys>(&mut self, now: Instant, keys: &K) {
        let begin = match &self.dialling {
            Dialling::Idle => false,
            Dialling::Waiting(at) => now >= *at,
            Dialling::Flying(dial) => match dial.searching() {
                // A cookie older than its secret is worth nothing.
                Some(since) => now >= since.plus(rules::COOKIE_SECRET_LIFE),
                None => now >= dial.next && dial.sends >= rules::SENDS_PER_HANDSHAKE,
            },
        };
        if begin {
            self.begin(now, keys);
        }
        self.work(now);
        if let Dialling::Flying(dial) = &self.dialling
            && dial.searching().is_none()
            && now >= dial.next
        {
            self.send(now);
        }
    }

    /// Looks for a stamp; once it is there the handshake goes out again.
    pub(super) fn work(&mut self, now: Instant) {
        if let Dialling::Flying(dial) = &mut self.dialling
            && dial.work::<C>()
        {
            self.send(now);
        }
    }

    /// Sends the handshake and sets when it is sent again. Spec NLK-19.
    fn send(&mut self, now: Instant) {
        let pause = self.pause();
        if let Dialling::Flying(dial) = &mut self.dialling {
            dial.sends = dial.sends.saturating_add(1);
            dial.next = now.plus(pause);
            self.send_init = true;
            self.sends = self.sends.saturating_add(1);
        }
    }

    /// Doubles from one second to 32, plus up to an eighth so that many nodes do not fall in step.
    fn pause(&mut self) -> Span {
        let factor = 1u64.checked_shl(self.sends.min(16)).unwrap_or(u64::MAX);
        let pause = rules::RETRY_FIRST
            .times(factor)
            .min(rules::RETRY_LAST)
            .as_millis();
        let [random] = self.drbg.array();
        Span::from_millis(pause + pause * u64::from(random) / 2_048)
    }

    /// Writes a new handshake: two key agreements, a third the first time. Spec NLK-3, NLK-19.
    fn begin<K: Keys>(&mut self, now: Instant, keys: &K) {
        let ours = self.draw_sid();
        let e = Zeroizing::new(self.drbg.array());
        // NLK-4: every second attempt carries no time, in case our clock went back.
        let t_ms = match self.clock {
            Some((at, unix_ms)) if self.handshakes.is_multiple_of(2) => {
                unix_ms.saturating_add(now.since(at).as_millis())
            }
            _ => 0,
        };
        self.handshakes = self.handshakes.wrapping_add(1);
        let Some(remote) = &mut self.remote else {
            self.dialling = Dialling::Idle;
            return;
        };
        let ss = match &remote.ss {
            Some(ss) => Ok(ss.clone()),
            None => keys.agree(&remote.x),
        };
        let dial = ss.ok().and_then(|ss| {
            let fresh = Fresh {
                own: &self.own,
                own_x: &self.own_x,
                ss: &ss,
                ours,
                e: &e,
                t_ms,
            };
            let dial = Dial::new::<C>(remote, &fresh, now).ok();
            remote.ss = Some(ss);
            dial
        });
        // A peer key that no agreement works with was refused when it was made a `PublicKey`; should
        // the key store refuse nevertheless, the next try is not at once.
        self.dialling = dial.map_or(
            Dialling::Waiting(now.plus(rules::RETRY_LAST)),
            Dialling::Flying,
        );
    }
}
