//! Tapes: a node's run as data. A tape is the list of its inputs with their times; played on a fresh
//! node of the same storage and seed it gives the same outputs, byte for byte.
#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "a test looks at what it is about"
)]
#![allow(dead_code, reason = "each test binary uses its own part")]

pub mod forger;
pub mod op;
pub mod world;

use tom_core::Node;
use tom_core::input::Input;
use tom_core::output::Output;
use tom_core::storage::Storage;
use tom_core::time::Instant;

pub use tom_core::tape::Owned;

/// The inputs of one node.
pub type Tape = Vec<(Instant, Owned)>;

/// What a node put out, and when.
pub type Transcript = Vec<(Instant, Vec<u8>)>;

/// An output as bytes that say all of it.
pub fn render(output: &Output<'_>) -> Vec<u8> {
    match output {
        Output::Transmit(transmit) => {
            let mut bytes = vec![b'T'];
            bytes.extend(transmit.link.0.to_le_bytes());
            bytes.extend(transmit.ticket.number.to_le_bytes());
            bytes.extend(transmit.bytes);
            bytes
        }
        other => format!("{other:?}").into_bytes(),
    }
}

/// Takes out everything that waits; says how many outputs there were.
pub fn drain<S: Storage>(node: &mut Node<S>, now: Instant, into: &mut Transcript) -> usize {
    let mut buf = vec![0; node.max_output()];
    let before = into.len();
    while let Some(output) = node.poll(&mut buf).expect("a buffer of max_output bytes") {
        into.push((now, render(&output)));
    }
    into.len() - before
}

/// Feeds each input at its time and drains after each.
pub fn play<S: Storage>(node: &mut Node<S>, tape: &[(Instant, Owned)]) -> Transcript {
    let mut transcript = Transcript::new();
    for (now, input) in tape {
        input.feed(node, *now);
        drain(node, *now, &mut transcript);
    }
    transcript
}

/// Ticks a node until it has nothing more to do at `now`; panics when that takes more rounds than
/// the contract allows.
pub fn tick_off<S: Storage>(node: &mut Node<S>, now: Instant, into: &mut Transcript) {
    let entries: u32 = node.tables().map(|table| table.capacity).sum();
    for _ in 0..=entries / 64 + 1 {
        if node.deadline().is_none_or(|deadline| deadline.at > now) {
            return;
        }
        node.handle(now, Input::Tick);
        drain(node, now, into);
    }
    panic!("ticks bring no progress: {:?} at {now:?}", node.deadline());
}

/// No table holds more than it can, and each remembers its worst.
pub fn check_tables<S: Storage>(node: &Node<S>) {
    for table in node.tables() {
        assert!(table.len <= table.high_water, "{table:?}");
        assert!(table.high_water <= table.capacity, "{table:?}");
    }
    assert_eq!(node.stats().bugs, 0, "an internal rule did not hold");
}

/// Two transcripts are the same; shows where they part.
pub fn assert_same(left: &Transcript, right: &Transcript) {
    let show = |entry: Option<&(Instant, Vec<u8>)>| {
        entry.map(|(at, bytes)| {
            let text = if bytes.first() == Some(&b'T') {
                let hex: String = bytes[1..]
                    .iter()
                    .map(|byte| format!("{byte:02x}"))
                    .collect();
                format!("transmit {hex}")
            } else {
                String::from_utf8_lossy(bytes).into_owned()
            };
            format!("{} ms: {text}", at.as_millis())
        })
    };
    for place in 0..left.len().max(right.len()) {
        let (a, b) = (left.get(place), right.get(place));
        assert_eq!(show(a), show(b), "output {place}");
    }
}
