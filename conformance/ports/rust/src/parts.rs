//! What of a datagram stands for itself: a datagram of which anything was used counts as used. Spec:
//! conformance, "step".

use tom_core::error::Drop;
use tom_core::output::Verdict;
use tom_core::wire::{Body, Envelope, Frame, Frames};

/// Frames, an ACK counted by its pairs and a TAKEN by its references. What is cut is one, with all behind it.
pub(crate) fn parts(datagram: &[u8]) -> usize {
    let frames = Frames::new(datagram);
    let parts = frames.map(|frame| match frame {
        Ok(Frame::Envelope { bytes, .. }) => match Envelope::parse(bytes).map(|read| read.body) {
            Ok(Body::Ack(pairs)) => pairs.count(),
            _ => 1,
        },
        Ok(Frame::Taken(references)) => references.count(),
        _ => 1,
    });
    parts.sum()
}

/// The core tells the first drop of a datagram; here it is one only when nothing of it was used.
pub(crate) fn judged(verdict: Verdict, parts: usize, dropped: u64) -> Verdict {
    let some = u64::try_from(parts).is_ok_and(|all| dropped < all);
    match verdict {
        Verdict::Dropped(reason) if some && reason != Drop::UnknownLink => Verdict::Accepted(None),
        Verdict::Accepted(_) | Verdict::Refused(_) | Verdict::Dropped(_) => verdict,
    }
}

#[cfg(test)]
mod tests;
