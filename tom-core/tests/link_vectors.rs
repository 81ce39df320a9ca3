//! Runs `vectors/link_noise.json`: every packet of the Noise link, byte for byte.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test that fails is a test that fails"
)]

use serde_json::Value as Json;
use tom_core::entropy::Seed;
use tom_core::identity::{Keys, SoftKeys};
use tom_core::link::packet::{COOKIE_LEN, DATA_HEAD, DATA_OVERHEAD, POLL_MAX};
use tom_core::link::{Accept, Admit, Gate, GateConfig, Heard, LinkOutput, NoiseLink};
use tom_core::time::{Instant, Span};

struct Vectors(Json);

impl Vectors {
    fn read() -> Self {
        Self(serde_json::from_str(include_str!("vectors/link_noise.json")).unwrap())
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        let text = self.0[name].as_str().unwrap();
        (0..text.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
            .collect()
    }
}

struct End {
    keys: SoftKeys,
    gate: Gate,
    link: NoiseLink,
}

const CONFIG: GateConfig = GateConfig {
    burst: 1,
    per_second: 0,
};

impl End {
    fn new(identity: u8, seed: u8, accept: Accept) -> Self {
        let keys = SoftKeys::from_seed([identity; 32]);
        let own = *keys.public();
        let seed = Seed::new([seed; 32]);
        Self {
            gate: Gate::new(&own.to_x(), CONFIG, &seed, Instant::ZERO),
            link: NoiseLink::new(&own, accept, &seed, Instant::ZERO),
            keys,
        }
    }

    /// Feeds a packet; what the gate answers by itself.
    fn feed(&mut self, source: &[u8], packet: &[u8]) -> Option<[u8; COOKIE_LEN]> {
        let mut bytes = packet.to_vec();
        match self.gate.admit(Instant::ZERO, source, &mut bytes) {
            Admit::Pass(admitted) => {
                let heard = self.link.handle(Instant::ZERO, &self.keys, admitted);
                assert_eq!(heard.unwrap(), Heard::Nothing);
                None
            }
            Admit::Reply(reply) => Some(reply),
            Admit::Drop(reject) => panic!("{reject:?}"),
        }
    }

    /// The packets that wait to go out.
    fn drain(&mut self) -> Vec<Vec<u8>> {
        let mut buf = [0; POLL_MAX];
        let mut out = Vec::new();
        while let Some(output) = self.link.poll(&mut buf) {
            if let LinkOutput::Send(packet) = output {
                out.push(packet.to_vec());
            }
        }
        out
    }

    fn seal(&mut self, datagram: &[u8]) -> Vec<u8> {
        let mut buf = vec![0; datagram.len() + DATA_OVERHEAD];
        buf[DATA_HEAD..DATA_HEAD + datagram.len()].copy_from_slice(datagram);
        self.link
            .seal(Instant::ZERO, &mut buf, datagram.len())
            .unwrap();
        buf
    }
}

fn dialled(vectors: &Vectors) -> (End, End) {
    let mut a = End::new(0x11, 0x55, Accept::Nobody);
    let b = End::new(0x22, 0x66, Accept::Anybody);
    a.link
        .clock(Instant::ZERO, vectors.0["t_ms"].as_u64().unwrap());
    a.link.dial(Instant::ZERO, b.keys.public());
    a.link.tick(Instant::ZERO, &a.keys);
    assert_eq!(a.drain(), [vectors.bytes("init")]);
    (a, b)
}

#[test]
fn a_handshake_and_its_data_are_the_vectors() {
    let vectors = Vectors::read();
    let (mut a, mut b) = dialled(&vectors);
    assert_eq!(b.feed(b"", &vectors.bytes("init")), None);
    assert_eq!(b.drain(), [vectors.bytes("resp")]);
    a.feed(b"", &vectors.bytes("resp"));
    assert_eq!(a.drain(), [vectors.bytes("data_i2r_0")]);
    b.feed(b"", &vectors.bytes("data_i2r_0"));
    assert_eq!(b.drain(), [vectors.bytes("data_r2i_0")]);
    assert_eq!(a.seal(b"hello"), vectors.bytes("data_i2r_1_hello"));
    for _ in 2..65_536 {
        a.seal(b"");
    }
    assert_eq!(a.seal(b"again"), vectors.bytes("data_i2r_65536_again"));
}

#[test]
fn cookie_and_stamp_are_the_vectors() {
    let vectors = Vectors::read();
    let (mut a, mut b) = dialled(&vectors);
    let source = vectors.bytes("source");
    // The one handshake read without a cookie is somebody's who never comes back.
    let mut other = End::new(0x33, 0x77, Accept::Nobody);
    other.link.dial(Instant::ZERO, b.keys.public());
    other.link.tick(Instant::ZERO, &other.keys);
    b.feed(b"elsewhere", &other.drain()[0]);

    let mut cookie = vectors.bytes("cookie");
    let reply = b.feed(&source, &vectors.bytes("init")).unwrap();
    // The responder asks for nothing yet; the vector asks for 12 bits.
    assert_eq!(reply[..COOKIE_LEN - 1], cookie[..COOKIE_LEN - 1]);
    assert_eq!((reply[COOKIE_LEN - 1], cookie.pop()), (0, Some(12)));
    a.feed(b"", &vectors.bytes("cookie"));
    let mut now = Instant::ZERO;
    let init2 = loop {
        if let Some(packet) = a.drain().pop() {
            break packet;
        }
        now = now.plus(Span::from_millis(1));
        assert!(now < Instant::from_millis(1_000), "no stamp found");
        a.link.tick(now, &a.keys);
    };
    assert_eq!(init2, vectors.bytes("init2"));
    assert_eq!(b.feed(&source, &init2), None);
}
