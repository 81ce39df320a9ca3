//! An emulated board: QEMU as a child process, its serial port as a Unix socket.

use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

use tom_framing::{Deframer, Step, encoded};

/// The longest frame read from the board, in bytes.
const MAX_FRAME: usize = 2_048;
/// How long the board may be silent before the test fails. Emulated cryptography takes its time.
const SILENCE: Duration = Duration::from_secs(60);

/// A running board.
pub(crate) struct Board {
    qemu: Option<Child>,
    line: UnixStream,
    socket: PathBuf,
    deframer: Deframer,
    buf: [u8; MAX_FRAME],
}

impl Board {
    /// Starts the image; the processor waits until the serial port is connected.
    pub(crate) fn start(image: &OsStr) -> io::Result<Self> {
        let socket = std::env::temp_dir().join(format!("tom-board-{}.sock", std::process::id()));
        let serial = format!("unix:{},server=on,wait=on", socket.display());
        let qemu = Command::new("qemu-system-arm")
            .args(["-M", "mps2-an386", "-display", "none", "-monitor", "none"])
            // Time in the emulator counts instructions: every run is the same.
            .args(["-icount", "shift=0"])
            .args(["-semihosting-config", "enable=on,target=native"])
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
        line.set_read_timeout(Some(SILENCE))?;
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

    /// Waits for the next whole frame; broken ones are skipped.
    pub(crate) fn receive(&mut self) -> io::Result<Vec<u8>> {
        loop {
            let mut byte = [0];
            self.line.read_exact(&mut byte)?;
            let [byte] = byte;
            if let Step::Frame(frame) = self.deframer.feed(byte, &mut self.buf) {
                return Ok(frame.to_vec());
            }
        }
    }

    /// Waits for the emulator's end: its exit status and what the firmware printed.
    pub(crate) fn finish(mut self) -> io::Result<Output> {
        match self.qemu.take() {
            Some(qemu) => qemu.wait_with_output(),
            None => Err(io::Error::other("the emulator is gone")),
        }
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
