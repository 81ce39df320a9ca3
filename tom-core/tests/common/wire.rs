//! Looking into datagrams.

use tom_core::wire::{Body, Envelope, Frame, Frames, Kind, Reference, message_id};

/// The envelopes in a datagram.
pub fn envelopes(datagram: &[u8]) -> Vec<Vec<u8>> {
    Frames::new(datagram)
        .filter_map(|frame| match frame {
            Ok(Frame::Envelope { bytes, .. }) => Some(bytes.to_vec()),
            _ => None,
        })
        .collect()
}

/// An envelope's kind.
pub fn kind(envelope: &[u8]) -> Kind {
    Envelope::parse(envelope).expect("an envelope").body.kind()
}

/// A SEAL or DATA, which carries content.
pub fn carries(envelope: &[u8]) -> bool {
    matches!(kind(envelope), Kind::Seal | Kind::Data)
}

/// The reference of an envelope that carries content.
pub fn reference(envelope: &[u8]) -> Reference {
    message_id(envelope).expect("an envelope").reference()
}

/// The references an ACK envelope answers.
pub fn acked(envelope: &[u8]) -> Vec<Reference> {
    match Envelope::parse(envelope).expect("an envelope").body {
        Body::Ack(acks) => acks.map(|proof| proof.reference).collect(),
        _ => Vec::new(),
    }
}

/// Keeps the frames that `keep` says so of.
pub fn keep_frames(datagram: &mut Vec<u8>, mut keep: impl FnMut(&Frame<'_>) -> bool) {
    let mut kept = Vec::new();
    let mut rest = datagram.as_slice();
    while !rest.is_empty() {
        let mut frames = Frames::new(rest);
        let Some(frame) = frames.next() else { break };
        let after = frames.rest();
        if frame.as_ref().map_or(true, &mut keep) {
            kept.extend_from_slice(&rest[..rest.len() - after.len()]);
        }
        rest = after;
    }
    *datagram = kept;
}

/// Keeps all but the envelopes that `lose` says so of.
pub fn lose_envelopes(datagram: &mut Vec<u8>, mut lose: impl FnMut(&[u8]) -> bool) {
    keep_frames(datagram, |frame| match frame {
        Frame::Envelope { bytes, .. } => !lose(bytes),
        _ => true,
    });
}

/// Wraps an envelope as a datagram.
pub fn framed(envelope: &[u8]) -> Vec<u8> {
    let mut datagram = vec![2];
    let elen = envelope.len() as u16;
    datagram.extend_from_slice(&(elen + 2).to_le_bytes());
    datagram.extend_from_slice(&elen.to_le_bytes());
    datagram.extend_from_slice(envelope);
    datagram
}
