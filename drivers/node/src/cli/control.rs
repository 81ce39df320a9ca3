//! Talking to the running node over the socket in its data directory: one JSON object per line,
//! a request, then answers. Only the owner of the directory can reach it.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

/// What can be asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub(crate) enum Request {
    /// How is the node?
    Status,
    /// Send these bytes; answers with the id, then when it is delivered or the wait is over.
    Send {
        to: String,
        hex: String,
        wait_ms: u64,
    },
    /// Messages from now on, and those that wait, each taken once it was written to the socket.
    Listen,
    /// Events from now on.
    Events,
    /// Tell the sender that a message was read.
    Read { from: String, id: String },
    /// The way of a message.
    Path { id: String },
    /// Stay connected with a peer from now on.
    Keep { peer: String },
    /// From now on the relay misbehaves like this; only one that was started to.
    Misbehave { how: String },
}

/// Where the socket of a data directory is.
pub(crate) fn socket(dir: &Path) -> PathBuf {
    dir.join("control")
}

/// A conversation with a running node.
#[derive(Debug)]
pub(crate) struct Conversation {
    lines: Lines<BufReader<OwnedReadHalf>>,
    write: OwnedWriteHalf,
}

impl Conversation {
    /// Reaches the node that runs with the files in `dir`; `None` when none does.
    pub(crate) async fn open(dir: &Path) -> Option<Self> {
        let stream = UnixStream::connect(socket(dir)).await.ok()?;
        let (read, write) = stream.into_split();
        Some(Self {
            lines: BufReader::new(read).lines(),
            write,
        })
    }

    /// Puts a request.
    pub(crate) async fn put(&mut self, request: &Request) -> anyhow::Result<()> {
        let mut line = serde_json::to_vec(request).context("cannot write the request")?;
        line.push(b'\n');
        self.write
            .write_all(&line)
            .await
            .context("the running node does not take the request")
    }

    /// The next answer; `None` when there are no more.
    pub(crate) async fn answer(&mut self) -> anyhow::Result<Option<Value>> {
        let line = self
            .lines
            .next_line()
            .await
            .context("the running node hung up")?;
        let Some(line) = line else { return Ok(None) };
        let value: Value = serde_json::from_str(&line)
            .context("the running node does not speak this version; restart it")?;
        if let Some(error) = value.get("error").and_then(Value::as_str) {
            if value.get("input").and_then(Value::as_bool) == Some(true) {
                return Err(super::WrongInput(error.to_owned()).into());
            }
            bail!("{error}");
        }
        Ok(Some(value))
    }

    /// Puts a request and takes its one answer.
    pub(crate) async fn ask(&mut self, request: &Request) -> anyhow::Result<Value> {
        self.put(request).await?;
        self.answer()
            .await?
            .ok_or_else(|| anyhow!("the running node hung up without an answer"))
    }
}
