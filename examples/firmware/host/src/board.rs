//! An emulated board: QEMU as a child process, its serial port as a Unix socket.

use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tom_framing::{Deframer, Step, encoded};

/// The longest frame read from the board, in bytes.
const MAX_FRAME: usize = 2_048;

/// A running board.
pub(crate) struct Board {
    qemu: Option<Child>,
    line: UnixStream,
    socket: PathBuf,
    deframer: Deframer,
    buf: [u8; MAX_FRAME],
}

impl Board {
    /// Starts the image; the processor waits until the serial port is connected. The board finds
    /// `peer` on its command line.
    pub(crate) fn start(image: &OsStr, peer: &[u8; 32]) -> io::Result<Self> {
        let socket = std::env::temp_dir().join(format!("tom-board-{}.sock", std::process::id()));
        let hex: String = peer.iter().map(|byte| format!("{byte:02x}")).collect();
        let semihosting = format!("enable=on,target=native,arg=firmware,arg={hex}");
        let serial = format!("unix:{},server=on,wait=on", socket.display());
        let qemu = Command::new("qemu-system-arm")
            .args(["-M", "mps2-an386", "-display", "none", "-monitor", "none"])
            // Time in the emulator counts instructions: every run is the same.
            .args(["-icount", "shift=0"])
            .args(["-semihosting-config", &semihosting])
            .args(["-serial", &serial])
            .arg("-kernel")
            .arg(image)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut qemu = Some(qemu);
        let line = match connect(&socket) {
            Ok(line) => line,
            Err(error) => {
                end(&mut qemu);
                return Err(error);
            }
        };
        Ok(Self {
            qemu,
            line,
            socket,
            deframer: Deframer::new(),
            buf: [0; MAX_FRAME],
        })
    }

    /// Sends one frame.
    pub(crate) fn send(&mut self, frame: &[u8]) -> io::Result<()> {
        self.send_raw(&encoded(frame).collect::<Vec<_>>())
    }

    /// Sends bytes as they are.
    pub(crate) fn send_raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.line.write_all(bytes)
    }

    /// The whole frames that arrived, waiting at most this long for a first byte; broken ones are
    /// skipped.
    pub(crate) fn receive(&mut self, wait: Duration) -> io::Result<Vec<Vec<u8>>> {
        self.line.set_read_timeout(Some(wait))?;
        let mut bytes = [0; 512];
        let len = match self.line.read(&mut bytes) {
            Ok(len) => len,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
            Err(error) => return Err(error),
        };
        let mut frames = Vec::new();
        for byte in bytes.into_iter().take(len) {
            if let Step::Frame(frame) = self.deframer.feed(byte, &mut self.buf) {
                frames.push(frame.to_vec());
            }
        }
        Ok(frames)
    }

    /// Waits for the emulator's end: its exit status and what the firmware printed.
    pub(crate) fn finish(mut self, patience: Duration) -> io::Result<Output> {
        let start = Instant::now();
        while let Some(qemu) = &mut self.qemu {
            if qemu.try_wait()?.is_some() {
                break;
            }
            if start.elapsed() > patience {
                return Err(io::Error::other("the emulator does not end"));
            }
            // Nobody reads the line any more: what the board still sends must not block it.
            self.receive(Duration::from_millis(10))?;
        }
        match self.qemu.take() {
            Some(qemu) => qemu.wait_with_output(),
            None => Err(io::Error::other("the emulator is gone")),
        }
    }

    /// Ends the emulator at once; what the firmware printed.
    pub(crate) fn kill(mut self) -> String {
        let Some(mut qemu) = self.qemu.take() else {
            return String::new();
        };
        let _ = qemu.kill();
        qemu.wait_with_output().map_or_else(
            |error| error.to_string(),
            |output| {
                [output.stdout, output.stderr]
                    .map(|text| String::from_utf8_lossy(&text).into_owned())
                    .concat()
            },
        )
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        end(&mut self.qemu);
        let _ = std::fs::remove_file(&self.socket);
    }
}

fn end(qemu: &mut Option<Child>) {
    if let Some(mut qemu) = qemu.take() {
        let _ = qemu.kill();
        let _ = qemu.wait();
    }
}

/// The socket appears a moment after the emulator starts.
fn connect(socket: &PathBuf) -> io::Result<UnixStream> {
    let mut last = io::Error::other("never tried");
    for _ in 0..200 {
        match UnixStream::connect(socket) {
            Ok(line) => return Ok(line),
            Err(error) => last = error,
        }
        sleep(Duration::from_millis(50));
    }
    Err(last)
}
