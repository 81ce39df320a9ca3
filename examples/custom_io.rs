//! Two nodes over two pipes, with threads and no async runtime: what a driver for any medium does.
//! `cargo run -p tom-core --example custom_io`; exits with 0 only if both messages were proven.
#![expect(clippy::disallowed_methods, reason = "a driver reads the clock")]
#![expect(clippy::wildcard_enum_match_arm, reason = "it needs no other output")]

use std::io::{PipeReader, PipeWriter, Read, Write, pipe};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, UNIX_EPOCH};
use tom_core::identity::{Keys, PublicKey, SoftKeys};
use tom_core::output::{Event, Output, State};
use tom_core::time::{Instant, UnixTime};
use tom_core::{Config, Node, entropy, input, storage};
type Failure = Box<dyn std::error::Error + std::marker::Send + Sync>;

/// Datagrams off a pipe, each behind its length in two bytes, until the other side closes.
fn listen(mut line: PipeReader) -> Receiver<Vec<u8>> {
    let (tx, rx) = channel();
    std::thread::spawn(move || -> Option<()> {
        let mut len = [0; 2];
        loop {
            line.read_exact(&mut len).ok()?;
            let mut bytes = vec![0; usize::from(u16::from_le_bytes(len))];
            line.read_exact(&mut bytes).ok()?;
            tx.send(bytes).ok()?;
        }
    });
    rx
}

/// Runs a node until it received a message and its own is proven delivered.
fn run(me: u8, to: PublicKey, line: PipeReader, mut out: PipeWriter) -> Result<(), Failure> {
    let (link, inbox, start) = (input::LinkId(1), listen(line), std::time::Instant::now());
    let now = || Instant::from_millis(start.elapsed().as_millis() as u64);
    let keys = SoftKeys::from_seed([me; 32]); // for an example only: draw yours at random
    let seed = entropy::Seed::new([me + 9; 32]);
    let tables = storage::Heap::new(storage::Limits::desktop());
    let mut node = Node::new(tables, keys, Config::default(), seed, now())?;
    node.clock(now(), UnixTime::from_secs(UNIX_EPOCH.elapsed()?.as_secs()));
    // Nobody else can hold the pipe: that proves who is at its other end.
    node.link_up(now(), link, to, me == 1)?;
    node.send(now(), input::Send::new(to, b"hello"))?;
    let (mut buf, mut received, mut proven) = (vec![0; node.max_output()], false, false);
    let mut wait = 0;
    while !(received && proven) {
        match inbox.recv_timeout(Duration::from_millis(wait)) {
            Ok(mut bytes) => drop(node.datagram(now(), link, &mut bytes)),
            Err(RecvTimeoutError::Timeout) => node.tick(now()),
            Err(error) => return Err(error.into()),
        }
        while let Some(output) = node.poll(&mut buf)? {
            match output {
                Output::Transmit(transmit) => {
                    out.write_all(&(transmit.bytes.len() as u16).to_le_bytes())?;
                    out.write_all(transmit.bytes)?;
                }
                Output::Deliver(delivery) => {
                    let (id, text) = (delivery.id, String::from_utf8_lossy(delivery.payload));
                    println!("{me} received: {text}");
                    received = true;
                    node.taken(now(), id)?;
                }
                Output::Notify(Event::Message { state, .. }) => proven |= state == State::Delivered,
                _ => {}
            }
        }
        let due = node.deadline().map(|due| due.at.since(now()).as_millis());
        wait = due.unwrap_or(60_000);
    }
    Ok(())
}

pub(crate) fn main() -> Result<(), Failure> {
    let ((a_in, b_out), (b_in, a_out)) = (pipe()?, pipe()?);
    let [a, b] = [1, 2].map(|n| *SoftKeys::from_seed([n; 32]).public());
    let other = std::thread::spawn(move || run(2, a, b_in, b_out));
    run(1, b, a_in, a_out)?;
    other.join().map_err(|_| "the other thread panicked")??;
    println!("both messages are proven delivered");
    Ok(())
}
