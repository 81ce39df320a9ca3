//! From a relay to a direct link. Spec: routing, "Introduction".

use super::{Step, World};
use crate::crypto::Suite;
use crate::delivery::Purpose;
use crate::egress::Job;
use crate::error::{Misuse, Refusal};
use crate::identity::{Keys, PublicKey};
use crate::session::ContactRef;
use crate::time::Span;
use crate::wire::{Candidates, Class, ContentKind};

/// Our candidates are told at most this often.
const TELL_EVERY: Span = Span::from_secs(60);
/// First and longest wait before a failed dial is tried again.
const DIAL_FIRST: Span = Span::from_secs(10);
const DIAL_MAX: Span = Span::from_secs(600);

impl<K: Keys, C: Suite> World<'_, K, C> {
    pub(super) fn set_candidates(&mut self, list: &[u8]) -> Step {
        let bad = Refusal::Misuse(Misuse::Candidates);
        let parsed = Candidates::parse(list).map_err(|_| bad)?;
        self.own.set_candidates(parsed);
        Ok(None)
    }

    /// A proof came over a relay: the two ends can do without it from now on.
    pub(super) fn introduce(&mut self, at: ContactRef) {
        self.tell_candidates(at);
        self.dial(at);
    }

    /// Sends our addresses to a contact, in session and not too often. Spec CNT-9.
    fn tell_candidates(&mut self, at: ContactRef) {
        let now = self.now;
        let mut list = [0; crate::node::CANDIDATES_LEN];
        let Some(len) = self.own.candidates(&mut list) else {
            return;
        };
        let Some(contact) = self.session.contacts.get(at) else {
            return;
        };
        let told = contact
            .intro
            .told
            .is_some_and(|last| now.since(last) < TELL_EVERY);
        let to = contact.key;
        // Addresses go inside a session only: a one-shot's first flight is too weak for them.
        let in_session = self.session.sending(now, self.config, at).is_some();
        if told || !in_session || self.linked(at) {
            return;
        }
        let Some(body) = list.get(..len) else { return };
        let post = super::send::Post {
            to,
            kind: ContentKind::Candidates,
            body,
            class: Class::Control,
            trace: false,
            lifetime: TELL_EVERY,
            purpose: Purpose::Protocol,
        };
        if self.post(post).is_ok()
            && let Some(contact) = self.session.contacts.get_mut(at)
        {
            contact.intro.told = Some(now);
        }
    }

    /// The other end told us where it can be dialled. Spec RTE-27, RTE-30, RTE-31.
    pub(super) fn on_candidates(&mut self, at: ContactRef, list: &[u8]) {
        let now = self.now;
        let Some(contact) = self.session.contacts.get_mut(at) else {
            return;
        };
        // One list a minute, and a failed dial's wait stands: nobody makes us dial at will.
        let heard = contact.intro.heard;
        if heard.is_some_and(|last| now.since(last) < TELL_EVERY) {
            return;
        }
        contact.intro.heard = Some(now);
        if let Some(old) = contact.intro.theirs.take() {
            self.out.pool.free(old);
        }
        // Addresses are a convenience: they never take the room messages need.
        let spare = self.out.pool.free_blocks() > self.out.pool.capacity() / 2;
        contact.intro.theirs = if spare {
            self.out.pool.store(&[list])
        } else {
            None
        };
        self.tell_candidates(at);
        self.dial(at);
    }

    fn dial(&mut self, at: ContactRef) {
        if self.linked(at) {
            return;
        }
        let now = self.now;
        let Some(contact) = self.session.contacts.get_mut(at) else {
            return;
        };
        let due = contact.intro.next_dial.is_none_or(|next| next <= now);
        if contact.intro.dialing || contact.intro.theirs.is_none() || !due {
            return;
        }
        contact.intro.dialing = self.out.push_local(Job::Dial(at));
    }

    fn linked(&self, at: ContactRef) -> bool {
        self.routing
            .route(at.handle)
            .is_some_and(|route| route.direct.is_some())
    }

    pub(super) fn dial_failed(&mut self, peer: &PublicKey) {
        let now = self.now;
        let Some(at) = self.session.contacts.find(peer) else {
            return;
        };
        let Some(contact) = self.session.contacts.get_mut(at) else {
            return;
        };
        let intro = &mut contact.intro;
        intro.dialing = false;
        intro.wait = intro.wait.times(2).max(DIAL_FIRST).min(DIAL_MAX);
        intro.next_dial = Some(now.plus(intro.wait));
    }
}
