//! The port as a subprocess: one line in, one line out, in time. Spec CNF-1.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::time::Duration;

use jsonschema::Validator;
use serde_json::{Map, Value};

/// The longest line a port may write, in bytes.
const LONGEST: u64 = 4 << 20;
/// Lines that may wait to be read: one more than any port should ever have written.
const WAITING: usize = 16;

/// What a port did wrong beside what it answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It could not be started.
    #[error("the port does not start: {0}")]
    Start(String),
    /// No answer in time.
    #[error("the port did not answer within {} ms", .0.as_millis())]
    Hang(Duration),
    /// It is gone.
    #[error("the port ended ({0})")]
    Crash(String),
    /// It wrote what nobody asked for, or a line without end.
    #[error("the port writes without being asked, or a line of over {LONGEST} bytes")]
    Flood,
    /// What it wrote is no answer.
    #[error("the port wrote no answer: {0}")]
    Rubbish(String),
}

/// A running port.
#[derive(Debug)]
pub struct Process {
    child: Child,
    /// Written by a thread of its own: a port that does not read must not keep the runner waiting.
    requests: Option<SyncSender<String>>,
    lines: Receiver<Vec<u8>>,
    schema: Validator,
    patience: Duration,
    next: u64,
}

/// The schema of replies.
const REPLY: &str = include_str!("../schema/reply.json");

impl Process {
    /// Starts a port. `command` is split into words as a shell would.
    ///
    /// # Errors
    /// It does not start.
    pub fn start(command: &str, patience: Duration) -> Result<Self, Fault> {
        let fault = |error: &dyn std::fmt::Display| Fault::Start(error.to_string());
        let words = shell_words::split(command).map_err(|error| fault(&error))?;
        let (program, arguments) = words
            .split_first()
            .ok_or_else(|| Fault::Start("the command is empty".to_owned()))?;
        let schema: Value = serde_json::from_str(REPLY).map_err(|error| fault(&error))?;
        let schema = jsonschema::validator_for(&schema).map_err(|error| fault(&error))?;
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| fault(&format!("{program}: {error}")))?;
        let stdout = child.stdout.take();
        let requests = child.stdin.take().map(|mut stdin| {
            let (requests, waiting) = sync_channel::<String>(1);
            std::thread::spawn(move || {
                for line in waiting {
                    if stdin.write_all(line.as_bytes()).is_err() || stdin.flush().is_err() {
                        break;
                    }
                }
            });
            requests
        });
        let (sender, lines) = sync_channel(WAITING);
        std::thread::spawn(move || {
            let Some(stdout) = stdout else {
                return;
            };
            let mut stdout = BufReader::new(stdout);
            loop {
                let mut line = Vec::new();
                let read = (&mut stdout).take(LONGEST + 1).read_until(b'\n', &mut line);
                if !matches!(read, Ok(1..)) || sender.send(line).is_err() {
                    break;
                }
            }
        });
        Ok(Self {
            child,
            requests,
            lines,
            schema,
            patience,
            next: 1,
        })
    }

    /// Asks one thing. After a fault the port is of no use any more.
    ///
    /// # Errors
    /// No answer, or none that is an answer.
    pub fn ask(&mut self, request: &Map<String, Value>) -> Result<Value, Fault> {
        match self.lines.try_recv() {
            Ok(_) => return Err(Fault::Flood),
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Disconnected) => return Err(self.ended()),
        }
        let id = self.next;
        self.next += 1;
        let mut request = request.clone();
        request.insert("id".to_owned(), id.into());
        let mut line = Value::Object(request).to_string();
        line.push('\n');
        let given = self
            .requests
            .as_ref()
            .map(|requests| requests.try_send(line));
        if !matches!(given, Some(Ok(()))) {
            return Err(self.ended());
        }
        let line = match self.lines.recv_timeout(self.patience) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => return Err(Fault::Hang(self.patience)),
            Err(RecvTimeoutError::Disconnected) => return Err(self.ended()),
        };
        if line.len() as u64 > LONGEST {
            return Err(Fault::Flood);
        }
        let reply: Value = serde_json::from_slice(&line).map_err(|error| {
            let shown: String = String::from_utf8_lossy(&line).chars().take(80).collect();
            Fault::Rubbish(format!("{error}: `{}`", shown.trim_end()))
        })?;
        if let Err(error) = self.schema.validate(&reply) {
            return Err(Fault::Rubbish(error.to_string()));
        }
        if reply["id"] != id {
            return Err(Fault::Rubbish(format!("`id` is {}, not {id}", reply["id"])));
        }
        Ok(reply)
    }

    fn ended(&mut self) -> Fault {
        // Its output has ended: give it a moment to end itself, so that its status is known.
        for _ in 0..50 {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Fault::Crash(status.to_string());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Fault::Crash("it closed its output and runs on".to_owned())
    }
}

impl crate::transcript::Seat for Process {
    type Fault = Fault;

    fn ask(&mut self, request: &Map<String, Value>) -> Result<Value, Fault> {
        Self::ask(self, request)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.requests.take());
        for _ in 0..20 {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let _gone = self.child.kill();
        let _status = self.child.wait();
    }
}
