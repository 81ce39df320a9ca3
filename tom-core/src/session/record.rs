//! Sessions on durable storage. Spec: driver, "Records".

use super::keys::{RxChain, TxChain};
use super::{ContactRef, PARKED, RESERVE, Session, Tables};
use crate::crypto::{Key, Suite};
use crate::identity::PublicKey;
use crate::record::{RecordReader, RecordWriter};
use crate::time::{Instant, Span, UnixTime};
use crate::wire::{RespPayload, Sid, TooShort};

/// The longest a session record gets, in bytes.
pub(crate) const SESSION_RECORD: usize = 160 + TxChain::EXPORT_LEN + RxChain::<PARKED>::EXPORT_MAX;

/// A session read back, before it has a contact.
pub(crate) struct Restored {
    pub(crate) peer: PublicKey,
    pub(crate) session: Session,
}

impl Tables<'_> {
    /// Writes a session's record, with the next block of counters reserved in it.
    pub(crate) fn write_session(
        &mut self,
        now: Instant,
        unix: u64,
        sid: Sid,
        out: &mut [u8],
    ) -> Option<(usize, u32)> {
        let idx = self.sessions.find(&sid.0)?;
        let session = self.sessions.get_mut(idx)?;
        session.persist_queued = false;
        session.version = session.version.wrapping_add(1);
        session.floor_stored = session.floor;
        session.reserving = session.tx.peek().saturating_add(RESERVE);
        let version = session.version;
        let peer = self.contacts.get(session.contact)?.key;
        let created = unix.saturating_sub(session.age(now).as_secs());
        let len = write(self.sessions.get(idx)?, &peer, created, now, out).ok()?;
        Some((len, version))
    }

    /// A session's record is durable: the counters reserved in it may be used.
    pub(crate) fn session_persisted(&mut self, sid: Sid, version: u32) {
        if let Some(session) = self
            .sessions
            .find(&sid.0)
            .and_then(|i| self.sessions.get_mut(i))
            && session.version == version
        {
            session.reserved = session.reserving;
        }
    }

    /// Puts a restored session back in its place.
    pub(crate) fn restore_session(
        &mut self,
        at: ContactRef,
        mut session: Session,
        version: u32,
    ) -> bool {
        session.contact = at;
        session.version = version;
        let (sid, age) = (session.sid, session.aged);
        let sending = self.contacts.get(at).and_then(|contact| contact.send);
        let sending = sending.and_then(|sid| self.sessions.get(self.sessions.find(&sid.0)?));
        let younger = sending.is_none_or(|other| age < other.aged);
        if self.sessions.find(&sid.0).is_some() || self.sessions.insert(session).is_err() {
            return false;
        }
        if let Some(contact) = self.contacts.get_mut(at) {
            contact.sessions += 1;
            if younger {
                contact.send = Some(sid);
            }
        }
        true
    }
}

fn write(
    session: &Session,
    peer: &PublicKey,
    created: u64,
    now: Instant,
    out: &mut [u8],
) -> Result<usize, TooShort> {
    let mut w = RecordWriter::new(out)?;
    let bits = u8::from(session.initiator) | u8::from(session.confirmed) << 1;
    let terms = RespPayload {
        sid: session.peer_sid,
        terms: session.peer,
    }
    .bytes();
    w.put(&session.sid.0)?
        .put(peer.as_bytes())?
        .put(&[bits])?
        .put(&terms)?;
    w.put(session.ack_root.as_bytes())?
        .put(&session.h)?
        .put(&created.to_le_bytes())?;
    w.put(&session.reserving.to_le_bytes())?
        .put(&session.floor.to_le_bytes())?;
    let space = w.space(TxChain::EXPORT_LEN)?;
    session.tx.export(space.as_mut_array().ok_or(TooShort)?);
    let len = session.rx.export(now, w.remaining()).ok_or(TooShort)?;
    w.space(len)?;
    Ok(w.finish())
}

/// Reads a session record. The counters go on at the end of the reserved block.
pub(crate) fn read<C: Suite>(bytes: &[u8], now: Instant, unix: u64) -> Option<Restored> {
    let mut r = RecordReader::new(bytes)?;
    let sid = Sid(r.array()?);
    let peer = PublicKey::from_bytes(r.array()?).ok()?;
    let bits = r.u8()?;
    let RespPayload {
        sid: peer_sid,
        terms,
    } = RespPayload::parse(&r.array::<5>()?).ok()?;
    let (ack_root, h) = (Key::new(r.array()?), r.array()?);
    let created = UnixTime::from_secs(u64::from_le_bytes(r.array()?));
    let (reserved, floor) = (r.u32()?, r.u32()?);
    let mut tx = TxChain::import(&r.array()?);
    if !tx.skip_to::<C>(reserved) {
        return None;
    }
    let rx = RxChain::import(r.rest(), now)?;
    let age = Span::from_secs(unix.saturating_sub(created.as_secs()));
    let session = Session {
        sid,
        peer_sid,
        contact: ContactRef {
            idx: crate::bounded::Idx::NONE,
            handle: peer.handle(),
        },
        initiator: bits & 1 != 0,
        confirmed: bits & 2 != 0,
        created: now,
        aged: age,
        tx,
        rx,
        ack_root,
        h,
        unacked: 0,
        floor,
        floor_stored: floor,
        refused: heapless::Vec::new(),
        // What its window did not get to write down cannot be told from what was refused.
        mute: true,
        peer: terms,
        resp: super::CachedResp::NONE,
        reserved: 0,
        reserving: 0,
        version: 0,
        persist_queued: false,
    };
    Some(Restored { peer, session })
}
