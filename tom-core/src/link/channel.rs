//! The channel to one peer.

mod opening;
mod timing;

use core::marker::PhantomData;

use super::cipher::TxError;
use super::dial::{Dial, Remote};
use super::gate::Admitted;
use super::packet::{LinkSid, Mac1, Packet, RESP_LEN};
use super::reject::Reject;
use super::rules;
use super::session::{Opened, Session};
use crate::crypto::{Suite, Tom1};
use crate::entropy::{Drbg, Seed};
use crate::identity::{Keys, PublicKey, XPublic};
use crate::time::Instant;

/// Whose handshakes a link answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accept {
    /// Nobody's: the link only dials.
    Nobody,
    /// This peer's.
    Only(PublicKey),
    /// Anybody's: whoever completes a handshake last has the link.
    Anybody,
}

/// What a packet led to. Spec LNK-1.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard<'b> {
    /// A step of a handshake, or a packet that only says that the peer is there.
    Nothing,
    /// A datagram of the peer: link frames for the core, decrypted in place.
    Datagram(&'b mut [u8]),
}

/// What the driver must do next.
#[derive(Debug, PartialEq, Eq)]
pub enum LinkOutput<'b> {
    /// Send this packet to the peer.
    Send(&'b [u8]),
    /// The link can carry datagrams, to this authenticated peer.
    Up(PublicKey),
    /// It no longer can.
    Down,
}

/// Why a datagram was not sealed; nothing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SealError {
    /// There is no session. Wait for [`LinkOutput::Up`].
    Down,
    /// The session's counters are used up and the next one is not there yet.
    Spent,
    /// The buffer does not hold the datagram and the 25 bytes added to it.
    Short,
}

/// Where the outgoing handshake stands.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "one per link, and there is no heap to move it to"
)]
enum Dialling {
    Idle,
    /// It begins at this time.
    Waiting(Instant),
    Flying(Dial),
}

/// A handshake answered and not yet confirmed by a first DATA. Spec NLK-12.
#[derive(Debug)]
struct Answered {
    session: Session,
    resp: [u8; RESP_LEN],
    since: Instant,
}

/// The channel to one peer: handshakes both ways, the session in use and the one before. Spec NLK-24.
///
/// The identity's secret half is an argument of the calls that need it, so that it can be shared
/// with the node and live where it likes.
#[derive(Debug)]
pub struct NoiseLink<C: Suite = Tom1> {
    own: PublicKey,
    own_x: XPublic,
    accept: Accept,
    /// Whom this end dials: the peer it was told to, or the last one that had a session. Of a peer
    /// known beforehand the static-static agreement is computed once.
    remote: Option<Remote>,
    /// Whether it dials whenever the link is down.
    keep: bool,
    drbg: Drbg,
    /// Wall time in milliseconds at a moment.
    clock: Option<(Instant, u64)>,
    now: Instant,
    dialling: Dialling,
    /// INITs sent since the last success; sets the pause between them.
    sends: u32,
    /// Handshakes begun since the last success.
    handshakes: u32,
    answered: Option<Answered>,
    current: Option<Session>,
    previous: Option<Session>,
    /// The newest handshake time seen, and whose it was. Spec NLK-11.
    newest: Option<(PublicKey, u64)>,
    /// The peer the driver was told is up.
    reported: Option<PublicKey>,
    send_resp: bool,
    send_init: bool,
    send_empty: bool,
    suite: PhantomData<C>,
}

impl<C: Suite> NoiseLink<C> {
    /// A link of the identity `own`, down. The seed's label is "link"; every link needs a seed of
    /// its own, since two with the same one would draw the same ephemeral keys.
    #[must_use]
    pub fn new(own: &PublicKey, accept: Accept, seed: &Seed, now: Instant) -> Self {
        Self {
            own: *own,
            own_x: own.to_x(),
            accept,
            remote: match accept {
                Accept::Only(peer) => Some(Remote::new(peer)),
                Accept::Nobody | Accept::Anybody => None,
            },
            keep: false,
            drbg: Drbg::new(seed, "link"),
            clock: None,
            now,
            dialling: Dialling::Idle,
            sends: 0,
            handshakes: 0,
            answered: None,
            current: None,
            previous: None,
            newest: None,
            reported: None,
            send_resp: false,
            send_init: false,
            send_empty: false,
            suite: PhantomData,
        }
    }

    /// Keeps the link up towards `peer` from now on: the next tick begins a handshake. A session
    /// with another peer ends.
    pub fn dial(&mut self, now: Instant, peer: &PublicKey) {
        self.pass_time(now);
        self.keep = true;
        if self
            .current
            .as_ref()
            .is_some_and(|session| session.peer != *peer)
        {
            self.drop_sessions();
        }
        if self
            .remote
            .as_ref()
            .is_none_or(|remote| remote.public != *peer)
        {
            self.remote = Some(Remote::new(*peer));
            self.dialling = Dialling::Idle;
        }
        if self.current.is_none() {
            self.want_dial(now);
        }
    }

    /// Ends everything: no session, no handshake, no dialling. The peer notices by silence.
    pub fn hang_up(&mut self) {
        self.keep = false;
        self.dialling = Dialling::Idle;
        self.answered = None;
        self.drop_sessions();
    }

    /// Tells the link the wall time in milliseconds, which protects its handshakes from being
    /// replayed. Without it the link works all the same.
    pub fn clock(&mut self, now: Instant, unix_ms: u64) {
        self.clock = Some((now, unix_ms));
    }

    /// Mixes fresh entropy into the link's stream.
    pub fn reseed(&mut self, seed: &Seed) {
        self.drbg.reseed(seed);
    }

    /// The peer, while the link is up.
    #[must_use]
    pub fn peer(&self) -> Option<&PublicKey> {
        self.current.as_ref().map(|session| &session.peer)
    }

    /// What both ends of the session in use have in common and no other session has.
    #[cfg(test)]
    pub(super) fn session_id(&self) -> Option<[u8; 32]> {
        self.current.as_ref().map(Session::id)
    }

    /// Whether a packet to this name may be for this link.
    #[must_use]
    pub fn owns(&self, sid: LinkSid) -> bool {
        let sessions = [
            self.current.as_ref(),
            self.previous.as_ref(),
            self.answered.as_ref().map(|answered| &answered.session),
        ];
        let flying = matches!(&self.dialling, Dialling::Flying(dial) if dial.ours == sid);
        flying
            || sessions
                .into_iter()
                .flatten()
                .any(|session| session.ours == sid)
    }

    /// Takes a packet that passed the [`Gate`](super::Gate). On an error nothing has changed.
    ///
    /// # Errors
    /// [`Reject`]: why the packet was not used.
    pub fn handle<'b, K: Keys>(
        &mut self,
        now: Instant,
        keys: &K,
        admitted: Admitted<'b>,
    ) -> Result<Heard<'b>, Reject> {
        let now = self.pass_time(now);
        let Admitted { packet, bytes } = admitted;
        match packet {
            Packet::Init { from, mac1 } | Packet::Init2 { from, mac1, .. } => {
                self.on_init(now, keys, from, mac1, bytes)?;
            }
            Packet::Resp { from, to, .. } => self.on_resp(now, keys, from, to, bytes)?,
            Packet::Cookie {
                to,
                cookie,
                difficulty,
            } => {
                self.on_cookie(now, to, cookie, difficulty)?;
            }
            Packet::Data { to, n } => {
                let datagram = self.on_data(now, to, n, bytes)?;
                if !datagram.is_empty() {
                    return Ok(Heard::Datagram(datagram));
                }
            }
        }
        Ok(Heard::Nothing)
    }

    /// Makes a DATA packet of the `len` bytes at `buf[DATA_HEAD..]`, in place; returns its length.
    /// `buf` must hold [`DATA_OVERHEAD`](super::packet::DATA_OVERHEAD) bytes more than `len`.
    ///
    /// # Errors
    /// [`SealError`]; nothing changed.
    pub fn seal(&mut self, now: Instant, buf: &mut [u8], len: usize) -> Result<usize, SealError> {
        let now = self.pass_time(now);
        let session = self.current.as_mut().ok_or(SealError::Down)?;
        let whole = session
            .seal::<C>(now, buf, len)
            .map_err(|error| match error {
                TxError::Spent => SealError::Spent,
                TxError::Short => SealError::Short,
            })?;
        self.look_ahead(now);
        Ok(whole)
    }

    fn on_data<'b>(
        &mut self,
        now: Instant,
        to: LinkSid,
        n: u32,
        bytes: &'b mut [u8],
    ) -> Result<&'b mut [u8], Reject> {
        let is = |session: &&mut Session| session.ours == to;
        let Opened { datagram, answer } = if let Some(session) = self.current.as_mut().filter(is) {
            session.open::<C>(now, n, bytes)?
        } else if let Some(session) = self.previous.as_mut().filter(is) {
            session.open::<C>(now, n, bytes)?
        } else if let Some(answered) = &mut self.answered
            && answered.session.ours == to
        {
            let opened = answered.session.open::<C>(now, n, bytes)?;
            // NLK-12: only now is it certain that the peer is there and has the session.
            if let Some(answered) = self.answered.take() {
                self.send_resp = false;
                self.install(now, answered.session);
            }
            opened
        } else {
            return Err(Reject::UnknownSid);
        };
        self.send_empty |= answer;
        self.look_ahead(now);
        Ok(datagram)
    }

    /// Makes a session the one in use, or the one before if it crossed with a better one.
    fn install(&mut self, now: Instant, mut session: Session) {
        session.born = now;
        let same = self
            .current
            .as_ref()
            .is_some_and(|current| current.peer == session.peer);
        if !same {
            self.drop_sessions();
        }
        if self
            .remote
            .as_ref()
            .is_none_or(|remote| remote.public != session.peer)
        {
            self.remote = Some(Remote::new(session.peer));
        }
        self.dialling = Dialling::Idle;
        self.send_init = false;
        self.sends = 0;
        self.handshakes = 0;

        let Some(current) = self.current.take() else {
            self.current = Some(session);
            return;
        };
        // NLK-21: both ends see the same two sessions and choose alike.
        let crossed = current.role != session.role && now.since(current.born) <= rules::CROSSED;
        let (used, kept) = if crossed && current.before(&session) {
            (current, session)
        } else {
            (session, current)
        };
        self.current = Some(used);
        self.previous = Some(kept);
    }

    fn drop_sessions(&mut self) {
        self.current = None;
        self.previous = None;
        self.send_empty = false;
    }

    /// A name no other session or handshake of this link has.
    fn draw_sid(&mut self) -> LinkSid {
        let mut sid = LinkSid(self.drbg.array());
        // At most four are in use.
        for _ in 0..4 {
            if !self.owns(sid) {
                break;
            }
            sid = LinkSid(u32::from_le_bytes(sid.0).wrapping_add(1).to_le_bytes());
        }
        sid
    }

    fn is_copy(&self, init: Mac1) -> bool {
        [&self.current, &self.previous]
            .into_iter()
            .flatten()
            .any(|session| session.init == init)
    }
}
