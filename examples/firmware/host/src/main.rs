//! Runs a firmware image in QEMU and is the peer it talks to. Usage: `tom-firmware-host IMAGE`
//!
//! Checks each step: the leaf's one-shot arrives, ours in session is taken, the leaf's second
//! message arrives in session, and each is acknowledged. Prints what the firmware reports about
//! itself, one `name value` per line.

#![expect(
    clippy::disallowed_methods,
    reason = "the host is a driver, and a driver reads the clock"
)]

mod board;
mod peer;

use std::error::Error;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use board::Board;
use peer::{Peer, Seen};

/// How long the exchange may take; emulated cryptography takes its time.
const PATIENCE: Duration = Duration::from_secs(90);

fn main() -> ExitCode {
    match run() {
        Ok(report) => {
            print!("{report}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<String, Box<dyn Error>> {
    let image = std::env::args_os()
        .nth(1)
        .ok_or("the path of a firmware image is missing")?;
    let mut peer = Peer::new()?;
    let mut board = Board::start(&image, peer.public().as_bytes())?;
    // Line noise first, then a frame that is cut off, then one longer than the firmware accepts.
    board.send_raw(&[3, 0xA3, 0, 5, 1, 0])?;
    board.send(&[7; 1_500])?;

    let expected = [
        Seen::Received {
            payload: b"a one-shot from a leaf".to_vec(),
            in_session: false,
        },
        Seen::Delivered,
        Seen::Received {
            payload: b"and one in session".to_vec(),
            in_session: true,
        },
    ];
    let start = Instant::now();
    let mut seen = Vec::new();
    while seen.len() < expected.len() {
        if start.elapsed() > PATIENCE {
            return Err(format!("only this was seen in time: {seen:?}\n{}", board.kill()).into());
        }
        let packets = match board.receive(Duration::from_millis(1)) {
            Ok(packets) => packets,
            Err(error) => return Err(format!("{error} after {seen:?}\n{}", board.kill()).into()),
        };
        for packet in packets {
            peer.receive(packet)?;
        }
        peer.tick();
        while let Some(news) = peer.drain(&mut board)? {
            if matches!(
                news,
                Seen::Received {
                    in_session: false,
                    ..
                }
            ) {
                peer.answer(b"opened, here is one in session")?;
            }
            seen.push(news);
        }
    }
    for step in &expected {
        if !seen.contains(step) {
            return Err(format!("{step:?} is missing in {seen:?}").into());
        }
    }
    let output = board.finish(PATIENCE)?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        Ok(printed)
    } else {
        let errors = String::from_utf8_lossy(&output.stderr);
        Err(format!(
            "the emulator ended with {}:\n{printed}{errors}",
            output.status
        )
        .into())
    }
}
