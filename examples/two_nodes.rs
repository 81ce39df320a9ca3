//! Two nodes and nothing else: no sockets, no clock, no threads. Each node says what to send, this
//! program carries it to the other, and time is a number it counts up.
//!
//! `cargo run -p tom-core --example two_nodes`
//!
//! Exits with 0 only if the message arrived and its recipient's proof came back.

use std::process::ExitCode;

use tom_core::entropy::Seed;
use tom_core::identity::{Keys, PublicKey, SoftKeys};
use tom_core::input::{LinkId, Send};
use tom_core::output::{Event, Output, State};
use tom_core::storage::{Heap, Limits};
use tom_core::time::{Instant, Span, UnixTime};
use tom_core::{Config, Node};

/// Each node's number for the link between them.
const LINK: LinkId = LinkId(1);

fn main() -> ExitCode {
    let mut now = Instant::ZERO;
    let (alice_key, mut alice) = node(1);
    let (bob_key, mut bob) = node(2);
    link_up(&mut alice, bob_key);
    link_up(&mut bob, alice_key);

    let id = match alice.send(now, Send::new(bob_key, b"hello, Bob")) {
        Ok(id) => id,
        Err(refusal) => {
            eprintln!("refused: {refusal:?}");
            return ExitCode::FAILURE;
        }
    };

    let (mut received, mut delivered) = (false, false);
    for _ in 0..10 {
        let from_alice = drain("alice", &mut alice, now, |output| {
            delivered |= matches!(output, Output::Notify(Event::Message { id: of, state })
                if *of == id && *state == State::Delivered);
        });
        let from_bob = drain("bob", &mut bob, now, |output| {
            received |= matches!(output, Output::Deliver(delivery)
                if delivery.from == alice_key && delivery.payload == b"hello, Bob");
        });
        now = now.plus(Span::from_millis(10)); // the link's delay
        carry(from_alice, &mut bob, now);
        carry(from_bob, &mut alice, now);
    }
    println!("received: {received}, proven: {delivered}");
    if received && delivered {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// A node whose secrets are all `n`. A real program draws seeds from its platform's generator.
fn node(n: u8) -> (PublicKey, Node<Heap>) {
    let keys = SoftKeys::from_seed([n; 32]);
    let key = *keys.public();
    let (tables, seed) = (Heap::new(Limits::desktop()), Seed::new([n + 100; 32]));
    let mut node = Node::new(tables, keys, Config::default(), seed, Instant::ZERO)
        .expect("the default settings are valid");
    node.clock(Instant::ZERO, UnixTime::from_secs(1_800_000_000));
    (key, node)
}

/// Both ends of a link must know for certain who is at the other.
fn link_up(node: &mut Node<Heap>, peer: PublicKey) {
    node.link_up(Instant::ZERO, LINK, peer, true)
        .expect("the first link finds room");
}

/// Does all a node asks for; returns the datagrams for the other one.
fn drain(
    name: &str,
    node: &mut Node<Heap>,
    now: Instant,
    mut see: impl FnMut(&Output<'_>),
) -> Vec<Vec<u8>> {
    let mut buf = vec![0; node.max_output()];
    let mut datagrams = Vec::new();
    while let Some(output) = node.poll(&mut buf).expect("the buffer is long enough") {
        see(&output);
        match output {
            Output::Transmit(transmit) => {
                println!("{name}: sends {} bytes", transmit.bytes.len());
                datagrams.push(transmit.bytes.to_vec());
            }
            Output::Deliver(delivery) => {
                println!(
                    "{name}: received {:?}",
                    String::from_utf8_lossy(delivery.payload)
                );
                let id = delivery.id;
                // Only now may the message be acknowledged.
                node.taken(now, id).expect("the message waits");
            }
            Output::Notify(event) => println!("{name}: {event:?}"),
            // These nodes keep nothing across restarts and have the one link they need.
            Output::Dial { .. } | Output::Close(_) | Output::Persist(_) | Output::Forget(_) => {}
        }
    }
    datagrams
}

fn carry(datagrams: Vec<Vec<u8>>, to: &mut Node<Heap>, now: Instant) {
    for mut bytes in datagrams {
        to.datagram(now, LINK, &mut bytes);
    }
}
