//! Runs a firmware image in QEMU and checks that it answers. Usage: `tom-firmware-host IMAGE`
//!
//! Prints what the firmware reports about itself, one `name value` per line.

mod board;

use std::error::Error;
use std::process::ExitCode;

use board::Board;

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
    let mut board = Board::start(&image)?;
    echo(&mut board)?;
    board.send(b"halt")?;
    let output = board.finish()?;
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

/// Frames of every kind come back, also after line noise.
fn echo(board: &mut Board) -> Result<(), Box<dyn Error>> {
    let frames = [
        vec![],
        vec![0],
        vec![0; 300],
        vec![255; 254],
        (0..=255).collect(),
        vec![9; 1_400],
    ];
    for frame in &frames {
        board.send(frame)?;
        let answer = board.receive()?;
        if answer != *frame {
            return Err(format!("sent {frame:02x?}, received {answer:02x?}").into());
        }
    }
    // A frame that is cut off, and one longer than the firmware accepts.
    board.send_raw(&[5, 1, 0])?;
    board.send(&[7; 1_500])?;
    board.send(b"still there")?;
    if board.receive()? != b"still there" {
        return Err("a broken frame disturbed the one after it".into());
    }
    Ok(())
}
