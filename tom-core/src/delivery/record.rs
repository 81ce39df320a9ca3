//! Messages on durable storage. Spec: driver, "Records".

use super::{InboxEntry, Message, OpenedEntry, Purpose};
use crate::bounded::Pool;
use crate::crypto::Key;
use crate::crypto::noise::Reopen;
use crate::identity::PublicKey;
use crate::record::{RecordReader, RecordWriter};
use crate::session::Recover;
use crate::time::Instant;
use crate::wire::{Class, Handle, MessageId, Reference, Secret, Sid, TooShort};

/// The most a record adds to the payload it carries, in bytes.
pub(crate) const RECORD_OVERHEAD: usize = 240;

/// Writes a message of this node: everything a restarted node needs to go on proving it.
pub(crate) fn write_message(
    message: &Message,
    to: &PublicKey,
    pool: &Pool<'_>,
    out: &mut [u8],
) -> Result<usize, TooShort> {
    let mut w = RecordWriter::new(out)?;
    w.put(&message.id.0)?
        .put(&message.reference.0)?
        .put(to.as_bytes())?;
    let purpose = u8::from(message.purpose == Purpose::Protocol);
    let sid = message.session.unwrap_or(Sid([0; 4]));
    w.put(&[purpose, message.class as u8, u8::from(message.trace)])?;
    w.put(&message.expiry.to_le_bytes())?
        .put(&message.secret.0)?
        .put(&sid.0)?;
    match &message.recover {
        Recover::Seal(reopen) => {
            w.put(&[1])?;
            reopen.export(
                w.space(Reopen::EXPORT_LEN)?
                    .as_mut_array()
                    .ok_or(TooShort)?,
            );
        }
        Recover::Data { key, n } => {
            w.put(&[2])?
                .put(key.as_bytes())?
                .put(&n.to_le_bytes())?
                .put(&[0; 28])?;
        }
        Recover::Plain => {
            w.put(&[3])?;
        }
    }
    let len = pool
        .copy_out(message.envelope, w.remaining())
        .ok_or(TooShort)?;
    w.space(len)?;
    Ok(w.finish())
}

/// A message read back.
pub(crate) struct RestoredMessage<'a> {
    pub(crate) id: MessageId,
    pub(crate) reference: Reference,
    pub(crate) to: PublicKey,
    pub(crate) purpose: Purpose,
    pub(crate) class: Class,
    pub(crate) trace: bool,
    pub(crate) expiry: u32,
    pub(crate) secret: Secret,
    pub(crate) session: Option<Sid>,
    pub(crate) recover: Recover,
    pub(crate) envelope: &'a [u8],
}

/// Reads a message record.
pub(crate) fn read_message(bytes: &[u8]) -> Option<RestoredMessage<'_>> {
    let mut r = RecordReader::new(bytes)?;
    let (id, reference) = (MessageId(r.array()?), Reference(r.array()?));
    let to = PublicKey::from_bytes(r.array()?).ok()?;
    let purpose = if r.u8()? == 0 {
        Purpose::Application
    } else {
        Purpose::Protocol
    };
    let (class, trace) = (Class::from_bits(r.u8()?), r.u8()? != 0);
    let (expiry, secret, sid) = (r.u32()?, Secret(r.array()?), Sid(r.array()?));
    let recover = match r.u8()? {
        1 => Recover::Seal(Reopen::import(&r.array()?)),
        2 => {
            let (key, n) = (Key::new(r.array()?), r.u32()?);
            let _padding: [u8; 28] = r.array()?;
            Recover::Data { key, n }
        }
        3 => Recover::Plain,
        _ => return None,
    };
    let session = (sid.0 != [0; 4]).then_some(sid);
    let envelope = r.rest();
    Some(RestoredMessage {
        id,
        reference,
        to,
        purpose,
        class,
        trace,
        expiry,
        secret,
        session,
        recover,
        envelope,
    })
}

/// Writes a message that waits for the application.
pub(crate) fn write_inbox(
    entry: &InboxEntry,
    from: &PublicKey,
    pool: &Pool<'_>,
    out: &mut [u8],
) -> Result<usize, TooShort> {
    let mut w = RecordWriter::new(out)?;
    w.put(&entry.id.0)?
        .put(&entry.reference.0)?
        .put(from.as_bytes())?;
    let bits = u8::from(entry.in_session) | u8::from(entry.secret.is_some()) << 1;
    w.put(&[bits, entry.class as u8])?
        .put(&entry.expiry.to_le_bytes())?;
    w.put(&entry.secret.unwrap_or(Secret([0; 16])).0)?;
    let len = pool
        .copy_out(entry.payload, w.remaining())
        .ok_or(TooShort)?;
    w.space(len)?;
    Ok(w.finish())
}

/// A waiting message read back.
pub(crate) struct RestoredInbox<'a> {
    pub(crate) id: Reference,
    pub(crate) reference: Reference,
    pub(crate) from: PublicKey,
    pub(crate) in_session: bool,
    pub(crate) class: Class,
    pub(crate) expiry: u32,
    pub(crate) secret: Option<Secret>,
    pub(crate) payload: &'a [u8],
}

/// Reads a record of a waiting message.
pub(crate) fn read_inbox(bytes: &[u8]) -> Option<RestoredInbox<'_>> {
    let mut r = RecordReader::new(bytes)?;
    let (id, reference) = (Reference(r.array()?), Reference(r.array()?));
    let from = PublicKey::from_bytes(r.array()?).ok()?;
    let (bits, class) = (r.u8()?, Class::from_bits(r.u8()?));
    let (expiry, secret) = (r.u32()?, Secret(r.array()?));
    Some(RestoredInbox {
        id,
        reference,
        from,
        in_session: bits & 1 != 0,
        class,
        expiry,
        secret: (bits & 2 != 0).then_some(secret),
        payload: r.rest(),
    })
}

/// Writes a one-shot that was opened.
pub(crate) fn write_opened(entry: &OpenedEntry, out: &mut [u8]) -> Result<usize, TooShort> {
    let mut w = RecordWriter::new(out)?;
    w.put(&entry.reference.0)?
        .put(&entry.id.0)?
        .put(&entry.sender.0)?;
    let secret = entry.secret.unwrap_or(Secret([0; 16]));
    w.put(&[u8::from(entry.secret.is_some())])?.put(&secret.0)?;
    w.put(&entry.expiry.to_le_bytes())?;
    Ok(w.finish())
}

/// Reads a record of an opened one-shot.
pub(crate) fn read_opened(bytes: &[u8], now: Instant) -> Option<OpenedEntry> {
    let mut r = RecordReader::new(bytes)?;
    let (reference, id) = (Reference(r.array()?), Reference(r.array()?));
    let (sender, acknowledged) = (Handle(r.array()?), r.u8()? != 0);
    let secret = Secret(r.array()?);
    let entry = OpenedEntry {
        reference,
        id,
        sender,
        secret: acknowledged.then_some(secret),
        expiry: r.u32()?,
        at: now,
        answer: None,
    };
    r.rest().is_empty().then_some(entry)
}
