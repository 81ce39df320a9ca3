//! Network addresses where a node may be reached. Spec: content, "CANDIDATES".

#[cfg(test)]
mod tests;

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use heapless::Vec;

use super::bytes::{Reader, TooShort, Writer};
use crate::error::Drop;

/// The most entries a list has.
pub const MAX_CANDIDATES: usize = 8;

pub(super) const KIND_V4: u8 = 4;
pub(super) const KIND_V6: u8 = 6;
const LEN_V4: u8 = 6;
const LEN_V6: u8 = 18;

/// One network address. Scope and flow label of IPv6 do not travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Candidate {
    /// An IPv4 address and port.
    V4 {
        /// The address in network order.
        address: [u8; 4],
        /// The port.
        port: u16,
    },
    /// An IPv6 address and port.
    V6 {
        /// The address in network order.
        address: [u8; 16],
        /// The port.
        port: u16,
    },
}

impl From<SocketAddr> for Candidate {
    fn from(socket: SocketAddr) -> Self {
        let port = socket.port();
        match socket.ip() {
            IpAddr::V4(ip) => Self::V4 {
                address: ip.octets(),
                port,
            },
            IpAddr::V6(ip) => Self::V6 {
                address: ip.octets(),
                port,
            },
        }
    }
}

impl From<Candidate> for SocketAddr {
    fn from(candidate: Candidate) -> Self {
        match candidate {
            Candidate::V4 { address, port } => (Ipv4Addr::from(address), port).into(),
            Candidate::V6 { address, port } => (Ipv6Addr::from(address), port).into(),
        }
    }
}

/// A checked list as it was received. Iterates over the kinds known here and skips the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidates<'a> {
    entries: Reader<'a>,
}

impl<'a> Candidates<'a> {
    /// Checks a list: count, lengths, and nothing behind it. Spec LNK-26.
    ///
    /// # Errors
    /// `Truncated` when an entry's head is cut off, `BadCount` over 8, `BadLength` when an entry's
    /// length leaves the list or is not its kind's, or when bytes trail.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Drop> {
        let mut reader = Reader::new(bytes);
        let count = reader.u8()?;
        if usize::from(count) > MAX_CANDIDATES {
            return Err(Drop::BadCount);
        }
        let entries = reader;
        for _ in 0..count {
            entry(&mut reader)?;
        }
        reader.end()?;
        Ok(Self { entries })
    }

    /// The entries of known kinds as a list of its own. What that writes is the received bytes
    /// without the entries of unknown kinds.
    #[must_use]
    pub fn to_list(self) -> CandidateList {
        let mut list = CandidateList::new();
        for candidate in self {
            // Cannot fail: `parse` bounds the count by the list's capacity.
            let _ = list.push(candidate);
        }
        list
    }
}

impl Iterator for Candidates<'_> {
    type Item = Candidate;

    fn next(&mut self) -> Option<Candidate> {
        while !self.entries.is_empty() {
            if let Some(candidate) = entry(&mut self.entries).ok()? {
                return Some(candidate);
            }
        }
        None
    }
}

/// Reads one entry; `None` for a kind that is not known. Spec LNK-27.
fn entry(reader: &mut Reader<'_>) -> Result<Option<Candidate>, Drop> {
    let kind = reader.u8()?;
    let len = reader.u8()?;
    let mut value = Reader::new(reader.announced(usize::from(len))?);
    match (kind, len) {
        (KIND_V4, LEN_V4) => Ok(Some(Candidate::V4 {
            address: value.array()?,
            port: value.u16()?,
        })),
        (KIND_V6, LEN_V6) => Ok(Some(Candidate::V6 {
            address: value.array()?,
            port: value.u16()?,
        })),
        (KIND_V4 | KIND_V6, _) => Err(Drop::BadLength),
        (_, _) => Ok(None),
    }
}

/// Up to eight candidates, best first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CandidateList {
    entries: Vec<Candidate, MAX_CANDIDATES>,
}

impl CandidateList {
    /// An empty list: "none known".
    #[must_use]
    pub const fn new() -> Self {
        Self {
            entries: Vec::new(),
        }
    }

    /// Adds a candidate at the end; `false` when the list is full.
    #[must_use]
    pub fn push(&mut self, candidate: Candidate) -> bool {
        self.entries.push(candidate).is_ok()
    }

    /// The candidates, best first.
    #[must_use]
    pub fn as_slice(&self) -> &[Candidate] {
        &self.entries
    }

    /// Writes the list and returns its length.
    ///
    /// # Errors
    /// [`TooShort`] when `out` does not hold it.
    pub fn emit(&self, out: &mut [u8]) -> Result<usize, TooShort> {
        let mut w = Writer::new(out);
        emit(&mut w, self.entries.iter().copied())?;
        Ok(w.len())
    }
}

/// Writes the count and the entries.
pub(super) fn emit(
    w: &mut Writer<'_>,
    entries: impl Iterator<Item = Candidate>,
) -> Result<(), TooShort> {
    let count_at = w.len();
    w.u8(0)?;
    let mut count = 0_u8;
    for candidate in entries.take(MAX_CANDIDATES) {
        count += 1;
        match candidate {
            Candidate::V4 { address, port } => {
                w.put(&[KIND_V4, LEN_V4])?;
                w.put(&address)?;
                w.u16(port)?;
            }
            Candidate::V6 { address, port } => {
                w.put(&[KIND_V6, LEN_V6])?;
                w.put(&address)?;
                w.u16(port)?;
            }
        }
    }
    w.patch(count_at, &[count])
}
