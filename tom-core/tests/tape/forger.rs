//! A peer made by hand from the wire formats and the cryptography: it has keys like anybody, keeps
//! its side of a session, and can send what no node would.

use tom_core::crypto::noise::{self, Initiator, Read1, Responder, Split};
use tom_core::crypto::{self, Key, Suite, TAG_LEN, Tom1};
use tom_core::identity::{Keys, PublicKey, SoftKeys, XPublic};
use tom_core::wire::{
    Body, Class, Commit, Envelope, Flags, Frame, Frames, Head, Kind, MAX_HOPS, Proof, Reference,
    RespPayload, SealPayload, Secret, Sid, Trailers, data_sealed_at, emit_data_head,
    emit_seal_head, message_id, seal_noise_at, set_commit, wrap_envelope,
};

use super::world::EPOCH;

/// When everything the forger makes ends.
pub const EXPIRY: u32 = EPOCH as u32 + 3_600;

/// How a one-shot is made.
#[derive(Clone, Copy, Debug)]
pub struct Shot<'a> {
    pub content: &'a [u8],
    pub offer: Option<Sid>,
    pub kid: u8,
    pub expiry: u32,
    /// A commitment that the keys do not give.
    pub false_commit: bool,
}

impl<'a> Shot<'a> {
    pub fn new(content: &'a [u8]) -> Self {
        Self {
            content,
            offer: None,
            kid: 0,
            expiry: EXPIRY,
            false_commit: false,
        }
    }
}

/// The hand-made peer.
pub struct Forger {
    pub keys: SoftKeys,
    pub x: XPublic,
    draws: u64,
}

/// The initiator's side of a session with a node.
pub struct Session {
    to: PublicKey,
    sid: Sid,
    split: Split,
}

impl Forger {
    pub fn new(seed: u16) -> Self {
        let mut bytes = [0xF0; 32];
        bytes[..2].copy_from_slice(&seed.to_le_bytes());
        let keys = SoftKeys::from_seed(bytes);
        Self {
            x: keys.public().to_x(),
            keys,
            draws: u64::from(seed) << 32,
        }
    }

    pub fn public(&self) -> &PublicKey {
        self.keys.public()
    }

    /// The answer to a one-shot that was opened: message 2.
    pub fn answer(&mut self, responder: &Responder) -> [u8; 53] {
        let mut out = [0; 53];
        let terms = RespPayload::parse(&[0, 0, 0, 0, 0])
            .expect("narrow terms")
            .terms;
        let payload = RespPayload {
            sid: Sid([8; 4]),
            terms,
        };
        out[noise::PAYLOAD2_AT..noise::PAYLOAD2_AT + RespPayload::LEN]
            .copy_from_slice(&payload.bytes());
        let e = self.ephemeral();
        responder.write2::<Tom1>(&e, &mut out).expect("a good key");
        out
    }

    fn ephemeral(&mut self) -> [u8; 32] {
        self.draws += 1;
        Tom1::sha256(&[b"forger", &self.draws.to_le_bytes()])
    }

    /// A one-shot, and what reads its answer.
    pub fn seal(&mut self, to: &PublicKey, shot: Shot<'_>) -> (Vec<u8>, Initiator) {
        let flags = Flags::new(Class::Normal).with_commit(true);
        let noise_at = seal_noise_at(flags);
        let payload = SealPayload {
            sign: self.keys.public().sign_bit(),
            sid: shot.offer,
            terms: RespPayload::parse(&[0, 0, 0, 0, 0])
                .expect("narrow terms")
                .terms,
            content: shot.content,
        };
        let len = noise_at + noise::OVERHEAD1 + payload.head_len() + shot.content.len();
        let mut out = vec![0; len];
        let head = Head {
            kind: Kind::Seal,
            flags,
            attempt: 0,
            hop: MAX_HOPS,
            expiry: shot.expiry,
            dst: to.handle(),
        };
        emit_seal_head(&mut out, &head, shot.kid).expect("room");
        payload
            .emit(&mut out[noise_at + noise::PAYLOAD1_AT..])
            .expect("room");
        let prologue =
            crypto::seal_prologue(Kind::Seal.vt(), flags.byte(), shot.expiry, shot.kid, to);
        let ss = self.keys.agree(&to.to_x()).expect("a good key");
        let e = self.ephemeral();
        let written = noise::write1::<Tom1>(
            &mut out[noise_at..],
            &prologue,
            &e,
            &self.x,
            &ss,
            &to.to_x(),
        )
        .expect("a good key");
        let secret = crypto::ack_secret_seal::<Tom1>(written.initiator.ck());
        let mut commit = crypto::commit::<Tom1>(shot.expiry, &to.handle(), &secret);
        commit[0] ^= u8::from(shot.false_commit);
        set_commit(&mut out, Kind::Seal, Commit(commit)).expect("room");
        (out, written.initiator)
    }

    /// Reads the answer to a one-shot that offered `sid`.
    pub fn establish(&self, to: &PublicKey, initiator: &Initiator, noise: &[u8]) -> Session {
        let mut buf = noise.to_vec();
        let split = initiator
            .read2::<Tom1>(&self.keys, &mut buf)
            .expect("an authentic answer");
        let inner = &buf[noise::PAYLOAD2_AT..noise::PAYLOAD2_AT + RespPayload::LEN];
        Session {
            to: *to,
            sid: RespPayload::parse(inner).expect("a good answer").sid,
            split,
        }
    }

    /// Opens a one-shot that was sealed to this peer: the session id offered, and what answers it.
    pub fn open(&self, envelope: &[u8]) -> (Option<Sid>, Responder) {
        let parsed = Envelope::parse(envelope).expect("an envelope");
        let head = parsed.head;
        let prologue = crypto::seal_prologue(
            head.kind.vt(),
            head.flags.byte(),
            head.expiry,
            0,
            self.keys.public(),
        );
        let mut buf = envelope[seal_noise_at(head.flags)..].to_vec();
        let first = Read1::start::<Tom1>(&self.keys, &self.x, &prologue, &buf).expect("for us");
        let ss = self.keys.agree(first.sender_x()).expect("a good key");
        let responder = first.finish::<Tom1>(&ss, &mut buf).expect("authentic");
        let end = buf.len() - TAG_LEN;
        let payload = SealPayload::parse(&buf[noise::PAYLOAD1_AT..end]).expect("a payload");
        (payload.sid, responder)
    }
}

impl Session {
    /// DATA under any counter, with any content.
    pub fn data(&self, n: u32, content: &[u8], false_commit: bool) -> Vec<u8> {
        let flags = Flags::new(Class::Normal).with_commit(true);
        let mut key: Key = self.split.k_i2r.clone();
        for _ in 0..n / 64 {
            key = key.next::<Tom1>();
        }
        let secret = crypto::ack_secret_data::<Tom1>(self.split.ack_root.as_bytes(), 0, n);
        let mut commit = crypto::commit::<Tom1>(EXPIRY, &self.to.handle(), &secret);
        commit[0] ^= u8::from(false_commit);
        let head = Head {
            kind: Kind::Data,
            flags,
            attempt: 0,
            hop: MAX_HOPS,
            expiry: EXPIRY,
            dst: self.to.handle(),
        };
        let at = data_sealed_at(flags);
        let mut out = vec![0; at + content.len()];
        let n16 = (n & 0xFFFF) as u16;
        emit_data_head(&mut out, &head, self.sid, n16, Some(Commit(commit))).expect("room");
        out[at..].copy_from_slice(content);
        let aad = crypto::data_aad(
            Kind::Data.vt(),
            flags.byte(),
            EXPIRY,
            &self.to,
            &self.sid.0,
            n,
            Some(&commit),
        );
        let tag = Tom1::aead_seal(key.as_bytes(), u64::from(n), aad.as_bytes(), &mut out[at..]);
        out.extend(tag);
        out
    }
}

/// An envelope in its frame.
pub fn framed(envelope: &[u8]) -> Vec<u8> {
    let mut out = vec![0; envelope.len() + 5];
    out[5..].copy_from_slice(envelope);
    let len = wrap_envelope(&mut out, envelope.len(), &Trailers::NONE).expect("room");
    out.truncate(len);
    out
}

/// The envelopes of a kind in a datagram.
pub fn envelopes(datagram: &[u8], kind: Kind) -> Vec<Vec<u8>> {
    let frames = Frames::new(datagram).flatten();
    let inside = frames.filter_map(|frame| match frame {
        Frame::Envelope { bytes, .. } => Some(bytes.to_vec()),
        _ => None,
    });
    inside
        .filter(|bytes| Envelope::parse(bytes).is_ok_and(|envelope| envelope.head.kind == kind))
        .collect()
}

/// What the node knows an envelope by.
pub fn reference(envelope: &[u8]) -> Reference {
    message_id(envelope).expect("an envelope").reference()
}

/// When an envelope ends.
pub fn expiry(envelope: &[u8]) -> u32 {
    Envelope::parse(envelope).expect("an envelope").head.expiry
}

/// An answer to a handshake, framed.
pub fn resp(reference: Reference, sid: Sid, noise: &[u8; 53], expiry: u32) -> Vec<u8> {
    let head = Head::answer(Kind::Resp, expiry);
    emit(Envelope {
        head,
        body: Body::Resp {
            reference,
            sid,
            noise,
        },
    })
}

/// A NACK, framed.
pub fn nack(reference: Reference, code: tom_core::wire::NackCode) -> Vec<u8> {
    let head = Head::answer(Kind::Nack, EXPIRY);
    emit(Envelope {
        head,
        body: Body::Nack {
            reference,
            code,
            arg: 0,
        },
    })
}

/// An ACK with one proof, framed.
pub fn ack(reference: Reference, secret: [u8; 16], expiry: u32) -> Vec<u8> {
    let head = Head::answer(Kind::Ack, expiry);
    let mut out = [0; 64];
    let proof = Proof {
        reference,
        secret: Secret(secret),
    };
    let acks = tom_core::wire::AckWriter::start(&mut out, &head, proof).expect("room");
    let len = acks.finish();
    framed(&out[..len])
}

fn emit(envelope: Envelope<'_>) -> Vec<u8> {
    let mut out = [0; 256];
    let len = envelope.emit(&mut out).expect("room");
    framed(&out[..len])
}

/// The proofs in an ACK envelope.
pub fn proofs(envelope: &[u8]) -> Vec<Proof> {
    match Envelope::parse(envelope).map(|envelope| envelope.body) {
        Ok(Body::Ack(acks)) => acks.collect(),
        _ => Vec::new(),
    }
}
