//! Envelopes into plaintext. Spec: session, "Opening".
//!
//! The order is: cheap checks, authentication, the commitment, and only then any state.

use core::ops::Range;

use super::keys::{Located, Unusable};
use super::{Contact, ContactRef, Me, Tables};
use crate::config::Config;
use crate::crypto::noise::{NoiseError, PAYLOAD1_AT, Read1};
use crate::crypto::{self, Suite, TAG_LEN};
use crate::error::Drop;
use crate::identity::{Keys, PublicKey};
use crate::time::Instant;
use crate::wire::{
    Commit, Head, Kind, Reference, SealPayload, Secret, Sid, data_sealed_at, seal_noise_at,
};

/// A one-shot that was opened.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) contact: ContactRef,
    /// Where the content stands in the envelope's bytes.
    pub(crate) content: Range<usize>,
    pub(crate) secret: Secret,
    /// The session made for it; its answer leaves with the ACK.
    pub(crate) answer: Option<Sid>,
}

/// A session message that was opened, or recognised as one that was opened before.
#[derive(Debug)]
pub(crate) struct OpenedData {
    pub(crate) contact: ContactRef,
    pub(crate) content: Range<usize>,
    pub(crate) secret: Option<Secret>,
    pub(crate) sid: Sid,
    pub(crate) n: u32,
    /// This message showed that the peer has our answer.
    pub(crate) confirmed: bool,
}

/// Why a session message gave no plaintext.
#[derive(Debug)]
pub(crate) enum DataRefused {
    Drop(Drop),
    /// The counter was used before; the proof may be given again.
    Again {
        contact: ContactRef,
        secret: Option<Secret>,
    },
}

impl From<Drop> for DataRefused {
    fn from(reason: Drop) -> Self {
        Self::Drop(reason)
    }
}

impl Tables<'_> {
    /// Opens a one-shot in place and, when it offers a session and one may be made, makes it.
    /// Spec ENV-10, ENV-20, SES-3, SES-10.
    ///
    /// On any drop the tables are as before, but for a contact entry used to cache an agreement.
    #[expect(
        clippy::too_many_arguments,
        reason = "an envelope's parts, parsed once by the caller"
    )]
    pub(crate) fn open_seal<K: Keys, C: Suite>(
        &mut self,
        now: Instant,
        config: &Config,
        me: &Me<'_, K>,
        bytes: &mut [u8],
        head: &Head,
        reference: Reference,
        evicted: &mut Option<Contact>,
    ) -> Result<Opened, Drop> {
        let noise_at = seal_noise_at(head.flags);
        let kid = *bytes.get(15).ok_or(Drop::Truncated)?;
        if kid != 0 {
            return Err(Drop::UnknownKid);
        }
        let commit = seal_commit(bytes, head);
        let prologue = crypto::seal_prologue(
            Kind::Seal.vt(),
            head.flags.byte(),
            head.expiry,
            kid,
            me.public,
        );
        let buf = bytes.get_mut(noise_at..).ok_or(Drop::Truncated)?;
        let first = Read1::start::<C>(me.keys, me.x, &prologue, buf).map_err(noise_drop)?;
        let sender_x = *first.sender_x();
        // One curve operation for all that follows. No key: refused once the tag says whose fault.
        let claimed = PublicKey::from_x(&sender_x, false).ok();
        let known = claimed.and_then(|key| self.contact_of_either_sign(key));
        let ss = match known
            .and_then(|at| self.contacts.get(at))
            .and_then(|c| c.ss.clone())
        {
            Some(ss) => ss,
            None => me.keys.agree(&sender_x).map_err(|_| Drop::WeakKey)?,
        };
        let responder = first.finish::<C>(&ss, buf).map_err(noise_drop)?;
        let secret = crypto::ack_secret_seal::<C>(responder.ck());
        if let Some(Commit(commit)) = commit
            && !crypto::verify_proof::<C>(&commit, head.expiry, &me.handle, &secret)
        {
            return Err(Drop::BadCommit);
        }

        let payload_at = noise_at + PAYLOAD1_AT;
        let end = bytes.len().checked_sub(TAG_LEN).ok_or(Drop::Truncated)?;
        let inner = bytes.get(payload_at..end).ok_or(Drop::BadContent)?;
        let payload = SealPayload::parse(inner)?;
        let (sign, offered, terms) = (payload.sign, payload.sid, payload.terms);
        let content_at = payload_at + payload.head_len();
        let sender = claimed.ok_or(Drop::WeakKey)?.with_sign(sign);
        if sender == *me.public {
            return Err(Drop::BadContent);
        }
        let contact = self
            .contacts
            .obtain(&sender, Some(sender_x), false, evicted)
            .map_err(|_| Drop::ContactsFull)?;
        if let Some(entry) = self.contacts.get_mut(contact) {
            entry.ss.get_or_insert(ss);
        }
        let answer = match offered {
            Some(sid) => self.answer::<C>(
                me.public,
                now,
                config,
                contact,
                &responder,
                super::handshake::Offer {
                    sid,
                    peer: terms,
                    reference,
                    expiry: head.expiry,
                },
            ),
            None => None,
        };
        Ok(Opened {
            contact,
            content: content_at..end,
            secret: Secret(secret),
            answer,
        })
    }

    /// The known contact with this key's X25519 form: the key under either sign.
    fn contact_of_either_sign(&self, key: PublicKey) -> Option<ContactRef> {
        [false, true]
            .into_iter()
            .find_map(|sign| self.contacts.find(&key.with_sign(sign)))
    }

    /// Opens a session message in place. Spec ENV-20, SES-26.
    #[expect(
        clippy::too_many_arguments,
        reason = "an envelope's parts, parsed once by the caller"
    )]
    pub(crate) fn open_data<K: Keys, C: Suite>(
        &mut self,
        now: Instant,
        me: &Me<'_, K>,
        bytes: &mut [u8],
        head: &Head,
        sid: Sid,
        n16: u16,
        commit: Option<Commit>,
        room: bool,
    ) -> Result<OpenedData, DataRefused> {
        let idx = self.sessions.find(&sid.0).ok_or(Drop::UnknownSession)?;
        let session = self.sessions.get_mut(idx).ok_or(Drop::UnknownSession)?;
        let dir = session.dir_in();
        let root = session.ack_root.as_bytes();
        // Whether it is of this session: its sender may have answered our one-shot twice, with a restart
        // in between, and mean the session of the other answer. Spec SES-31.
        let proven = |secret: &[u8; 16]| {
            commit.is_some_and(|Commit(commit)| {
                crypto::verify_proof::<C>(&commit, head.expiry, &me.handle, secret)
            })
        };
        let (n, key) = match session.rx.locate::<C>(n16) {
            Ok(Located { n, key }) => (n, key),
            Err(Unusable::Replay(n)) => {
                let secret = crypto::ack_secret_data::<C>(root, dir, n);
                let proven = proven(&secret);
                if commit.is_some() && !proven {
                    return Err(Drop::UnknownSession.into());
                }
                let mute = session.mute || session.refused.contains(&n);
                let secret = (proven && !mute).then_some(Secret(secret));
                return Err(DataRefused::Again {
                    contact: session.contact,
                    secret,
                });
            }
            Err(unusable) => return Err(unusable.reason().into()),
        };
        if !room {
            return Err(Drop::InboxFull.into());
        }
        let at = data_sealed_at(head.flags);
        let end = bytes.len().checked_sub(TAG_LEN).ok_or(Drop::Truncated)?;
        let aad = crypto::data_aad(
            Kind::Data.vt(),
            head.flags.byte(),
            head.expiry,
            me.public,
            &sid.0,
            n,
            commit.as_ref().map(|commit| &commit.0),
        );
        let (front, tag) = bytes.split_at_mut_checked(end).ok_or(Drop::Truncated)?;
        let tag: &[u8; TAG_LEN] = (&*tag).try_into().map_err(|_| Drop::Truncated)?;
        let body = front.get_mut(at..).ok_or(Drop::Truncated)?;
        let value = crypto::ack_secret_data::<C>(root, dir, n);
        let foreign = commit.is_some() && !proven(&value);
        let unused = session.rx.highest().is_none();
        C::aead_open(key.as_bytes(), u64::from(n), aad.as_bytes(), body, tag).map_err(|_| {
            if unused || foreign {
                Drop::UnknownSession
            } else {
                Drop::BadTag
            }
        })?;
        if foreign {
            return Err(Drop::BadCommit.into());
        }
        let secret = commit.map(|_| Secret(value));
        if !session.rx.commit::<C>(n, now) {
            return Err(Drop::Replay.into());
        }
        let confirmed = !session.confirmed;
        session.confirmed = true;
        session.resp = super::CachedResp::NONE;
        Ok(OpenedData {
            contact: session.contact,
            content: at..end,
            secret,
            sid,
            n,
            confirmed,
        })
    }
}

fn seal_commit(bytes: &[u8], head: &Head) -> Option<Commit> {
    let commit = bytes.get(16..24)?.try_into().ok()?;
    head.flags.has_commit().then_some(Commit(commit))
}

fn noise_drop(error: NoiseError) -> Drop {
    match error {
        NoiseError::Short => Drop::Truncated,
        NoiseError::WeakKey => Drop::WeakKey,
        NoiseError::BadTag => Drop::BadSeal,
    }
}
