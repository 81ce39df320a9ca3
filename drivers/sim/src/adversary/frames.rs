//! Datagrams taken apart.

use tom_core::identity::Handle;
use tom_core::wire::{Envelope, FRAME_HEAD_LEN, Frame, Frames, Kind, MAX_HOPS};

/// A frame as it stands in a datagram.
#[derive(Clone, Copy, Debug)]
pub(super) struct Raw<'a> {
    /// All its bytes, header included.
    pub(super) bytes: &'a [u8],
    /// What it says; none when it says nothing that can be read.
    pub(super) frame: Option<Frame<'a>>,
}

/// The frames of a datagram in their order; what cannot be taken apart is one frame at the end.
pub(super) fn split(datagram: &[u8]) -> impl Iterator<Item = Raw<'_>> {
    let mut frames = Frames::new(datagram);
    std::iter::from_fn(move || {
        let before = frames.rest();
        let frame = frames.next()?;
        // A frame whose header leads nowhere ends the reading: the rest is part of it.
        let len = before.len() - frames.rest().len();
        Some(Raw {
            bytes: before.get(..len).unwrap_or_default(),
            frame: frame.ok(),
        })
    })
}

impl<'a> Raw<'a> {
    /// The envelope in it.
    pub(super) fn envelope(&self) -> Option<(&'a [u8], Envelope<'a>)> {
        match self.frame? {
            Frame::Envelope { bytes, .. } => Some((bytes, Envelope::parse(bytes).ok()?)),
            Frame::Hello(_)
            | Frame::Taken(_)
            | Frame::Passed(_)
            | Frame::ReachAsk(_)
            | Frame::ReachAnswer(_)
            | Frame::Candidates(_)
            | Frame::Ping(_) => None,
        }
    }

    /// The message in it, if it is for another than `me`.
    pub(super) fn for_others(&self, me: Handle) -> Option<(&'a [u8], Envelope<'a>)> {
        self.envelope().filter(|(_, envelope)| {
            matches!(envelope.body.kind(), Kind::Seal | Kind::Data) && envelope.head.dst != me
        })
    }

    /// The message in it, if whoever sends it hands it on: its sender has all hops left.
    pub(super) fn handed_on(&self) -> Option<(&'a [u8], Envelope<'a>)> {
        self.envelope().filter(|(_, envelope)| {
            matches!(envelope.body.kind(), Kind::Seal | Kind::Data) && envelope.head.hop < MAX_HOPS
        })
    }
}

/// Writes a frame of any type with any body behind the others. One that is too long is left out.
pub(super) fn put(out: &mut Vec<u8>, ftype: u8, body: &[u8]) {
    let Ok(len) = u16::try_from(body.len()) else {
        return;
    };
    let [l0, l1] = len.to_le_bytes();
    let head: [u8; FRAME_HEAD_LEN] = [ftype, l0, l1];
    out.extend_from_slice(&head);
    out.extend_from_slice(body);
}

/// Writes a frame behind the others.
pub(super) fn put_frame(out: &mut Vec<u8>, frame: &Frame<'_>, buf: &mut [u8]) {
    if let Ok(len) = frame.emit(buf) {
        out.extend_from_slice(buf.get(..len).unwrap_or_default());
    }
}

/// Writes an envelope of other kinds of bytes as a frame, without trailers.
pub(super) fn put_envelope(out: &mut Vec<u8>, envelope: &[u8]) {
    let Ok(len) = u16::try_from(envelope.len()) else {
        return;
    };
    let mut body = len.to_le_bytes().to_vec();
    body.extend_from_slice(envelope);
    put(out, tom_core::wire::FrameType::Envelope.code(), &body);
}
