//! The packets on the medium, fixed layouts, little endian. Spec NLK-1, NLK-2.
//!
//! ```text
//! INIT   0xA1 | sid_i 4 | noise message 1: 96 + flags 1, t_ms 7 | mac1 8       117 B
//! RESP   0xA2 | sid_r 4 | sid_i 4 | noise message 2: 48         | mac1 8        65 B
//! DATA   0xA3 | sid of the receiver 4 | n 4 | ciphertext | tag 16               25 B and the datagram
//! COOKIE 0xA4 | sid_i 4 | cookie 16 | difficulty 1                              22 B
//! INIT2  0xA5 | INIT without its first byte | cookie 16 | stamp 8              141 B
//! ```

use super::reject::Reject;

/// First byte of INIT.
pub const INIT: u8 = 0xA1;
/// First byte of RESP.
pub const RESP: u8 = 0xA2;
/// First byte of DATA.
pub const DATA: u8 = 0xA3;
/// First byte of COOKIE.
pub const COOKIE: u8 = 0xA4;
/// First byte of INIT2.
pub const INIT2: u8 = 0xA5;

/// The payload of Noise message 1: `flags 1 | t_ms 7`.
pub const PAYLOAD_LEN: usize = 8;
/// The length of INIT in bytes.
pub const INIT_LEN: usize = 1 + 4 + 96 + PAYLOAD_LEN + MAC_LEN;
/// The length of RESP in bytes.
pub const RESP_LEN: usize = 1 + 4 + 4 + 48 + MAC_LEN;
/// The length of COOKIE in bytes.
pub const COOKIE_LEN: usize = 1 + 4 + 16 + 1;
/// The length of INIT2 in bytes.
pub const INIT2_LEN: usize = INIT_LEN + 16 + 8;
/// Bytes of DATA in front of its ciphertext.
pub const DATA_HEAD: usize = 1 + 4 + 4;
/// Bytes DATA adds to a datagram.
pub const DATA_OVERHEAD: usize = DATA_HEAD + 16;
/// The length of the first MAC in bytes.
pub const MAC_LEN: usize = 8;
/// The longest packet the link itself makes, DATA with content excepted: what `poll` needs.
pub const POLL_MAX: usize = INIT2_LEN;

/// Where Noise message 1 stands in INIT and INIT2.
pub(super) const NOISE1_AT: usize = 5;
/// Where Noise message 2 stands in RESP.
pub(super) const NOISE2_AT: usize = 9;

/// The name an end gives to its side of a session or handshake. Not the `sid` of an end-to-end
/// session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkSid(pub [u8; 4]);

/// The first MAC of an INIT: names this very packet to the end that received it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mac1(pub [u8; MAC_LEN]);

/// What stands in the clear in a packet of correct length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Packet {
    /// A handshake begins.
    Init {
        /// The initiator's name for it.
        from: LinkSid,
        /// The packet's first MAC.
        mac1: Mac1,
    },
    /// A handshake is answered.
    Resp {
        /// The responder's name for the session.
        from: LinkSid,
        /// The initiator's name for it.
        to: LinkSid,
        /// The packet's first MAC.
        mac1: Mac1,
    },
    /// A datagram in a session.
    Data {
        /// The receiver's name for the session.
        to: LinkSid,
        /// The packet's counter.
        n: u32,
    },
    /// The responder is busy: come back with this.
    Cookie {
        /// The initiator's name for its handshake.
        to: LinkSid,
        /// What to show.
        cookie: [u8; 16],
        /// Leading zero bits of the stamp asked for.
        difficulty: u8,
    },
    /// A handshake begins again, with what the COOKIE asked for.
    Init2 {
        /// The initiator's name for it.
        from: LinkSid,
        /// The first MAC of the INIT inside.
        mac1: Mac1,
        /// The cookie shown.
        cookie: [u8; 16],
        /// The work shown.
        stamp: [u8; 8],
    },
}

/// Reads fields of known length one after another.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Reject> {
        let (field, rest) = self.0.split_first_chunk::<N>().ok_or(Reject::BadLength)?;
        self.0 = rest;
        Ok(*field)
    }

    fn skip(&mut self, n: usize) -> Result<&mut Self, Reject> {
        self.0 = self.0.get(n..).ok_or(Reject::BadLength)?;
        Ok(self)
    }
}

impl Packet {
    /// Reads the clear parts.
    ///
    /// # Errors
    /// [`Reject::UnknownPacket`] or [`Reject::BadLength`]; every other packet is one of the five.
    pub fn parse(bytes: &[u8]) -> Result<Self, Reject> {
        let (kind, rest) = bytes.split_first().ok_or(Reject::BadLength)?;
        let mut fields = Fields(rest);
        let exactly = |len| {
            if bytes.len() == len {
                Ok(())
            } else {
                Err(Reject::BadLength)
            }
        };
        match *kind {
            INIT => {
                exactly(INIT_LEN)?;
                let from = LinkSid(fields.take()?);
                let mac1 = Mac1(fields.skip(96 + PAYLOAD_LEN)?.take()?);
                Ok(Self::Init { from, mac1 })
            }
            RESP => {
                exactly(RESP_LEN)?;
                let (from, to) = (LinkSid(fields.take()?), LinkSid(fields.take()?));
                let mac1 = Mac1(fields.skip(48)?.take()?);
                Ok(Self::Resp { from, to, mac1 })
            }
            DATA => {
                if bytes.len() < DATA_OVERHEAD {
                    return Err(Reject::BadLength);
                }
                let to = LinkSid(fields.take()?);
                let n = u32::from_le_bytes(fields.take()?);
                Ok(Self::Data { to, n })
            }
            COOKIE => {
                exactly(COOKIE_LEN)?;
                let to = LinkSid(fields.take()?);
                let cookie = fields.take()?;
                let [difficulty] = fields.take()?;
                Ok(Self::Cookie {
                    to,
                    cookie,
                    difficulty,
                })
            }
            INIT2 => {
                exactly(INIT2_LEN)?;
                let from = LinkSid(fields.take()?);
                let mac1 = Mac1(fields.skip(96 + PAYLOAD_LEN)?.take()?);
                let cookie = fields.take()?;
                let stamp = fields.take()?;
                Ok(Self::Init2 {
                    from,
                    mac1,
                    cookie,
                    stamp,
                })
            }
            _ => Err(Reject::UnknownPacket),
        }
    }

    /// The receiver's name for the session or handshake a packet belongs to; `None` for a packet
    /// that begins one.
    #[must_use]
    pub const fn to(&self) -> Option<LinkSid> {
        match self {
            Self::Init { .. } | Self::Init2 { .. } => None,
            Self::Resp { to, .. } | Self::Data { to, .. } | Self::Cookie { to, .. } => Some(*to),
        }
    }
}

/// Writes a COOKIE.
#[must_use]
pub(super) fn cookie(to: LinkSid, cookie: &[u8; 16], difficulty: u8) -> [u8; COOKIE_LEN] {
    let mut out = [0; COOKIE_LEN];
    put(&mut out, &[&[COOKIE], &to.0, cookie, &[difficulty]]);
    out
}

/// Writes `parts` one after another over the start of `out`; what does not fit is left out.
pub(super) fn put(out: &mut [u8], parts: &[&[u8]]) {
    let bytes = parts.iter().flat_map(|part| part.iter());
    out.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
}
