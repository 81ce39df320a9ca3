//! One process of the demo.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, anyhow};
use rustix::process::{Pid, Signal};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child as Process, Command};
use tom::Address;

use super::ears::{Ears, States};
use super::{PATIENCE, Stage};
use crate::cli::control::{Conversation, Request};
use crate::cli::say;

/// A running `tom node`. Dropping it kills the process, by its id.
#[derive(Debug)]
pub(crate) struct Child {
    pub(crate) name: String,
    pub(crate) dir: PathBuf,
    pub(crate) address: Address,
    /// `ADDRESS@HOST:PORT` for others.
    pub(crate) peer: String,
    process: Process,
}

/// What became of a message that a child was told to send.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) id: String,
    pub(crate) state: String,
    pub(crate) delivered: bool,
    /// By the sender's own clock.
    pub(crate) took: Duration,
}

impl Child {
    /// Starts a node with these arguments and waits until it says that it is ready.
    pub(crate) async fn start(stage: &Stage, name: &str, args: &[&str]) -> anyhow::Result<Self> {
        let dir = stage.root.join(name);
        tom::private_dir(&dir)?;
        let log = std::fs::File::create(dir.join("log"))?;
        let mut process = Command::new(&stage.exe)
            .arg("--data")
            .arg(&dir)
            .args(["--json", "--log", "trace", "node", "--with-parent"])
            .args(["--listen", "127.0.0.1:0"])
            .args(args)
            .env_remove("TOM_DATA")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .context("cannot start a process")?;
        let out = process
            .stdout
            .take()
            .ok_or_else(|| anyhow!("a child has no stdout"))?;
        let line = first_line(out, name).await?;
        let ready: Value = serde_json::from_str(&line)?;
        let field = |name: &str| {
            ready
                .pointer(&format!("/ready/{name}"))
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let address = field("address")
            .parse()
            .map_err(|_| anyhow!("{name} printed no address"))?;
        let peer = field("peer").to_owned();
        Ok(Self {
            name: name.into(),
            dir,
            address,
            peer,
            process,
        })
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.process.id().unwrap_or(0)
    }

    /// Where it listens, as `HOST:PORT`.
    pub(crate) fn place(&self) -> &str {
        self.peer.split_once('@').map_or("", |(_, place)| place)
    }

    /// Opens a conversation with it.
    pub(crate) async fn open(&self) -> anyhow::Result<Conversation> {
        Conversation::open(&self.dir)
            .await
            .ok_or_else(|| anyhow!("{} does not answer on its control socket", self.name))
    }

    /// Asks it one thing.
    pub(crate) async fn ask(&self, request: &Request) -> anyhow::Result<Value> {
        let mut conversation = self.open().await?;
        tokio::time::timeout(PATIENCE, conversation.ask(request))
            .await
            .map_err(|_| anyhow!("{} does not answer", self.name))?
    }

    /// Has it send a text, and waits for the proof for at most `wait`.
    pub(crate) async fn send(
        &self,
        to: Address,
        text: &str,
        wait: Duration,
    ) -> anyhow::Result<Sent> {
        let mut conversation = self.open().await?;
        send_over(&mut conversation, to, text, wait).await
    }

    /// Starts to take the messages that arrive at it.
    pub(crate) async fn ears(&self) -> anyhow::Result<Ears> {
        Ears::open(self.open().await?).await
    }

    /// Starts to note the states of its messages.
    pub(crate) async fn states(&self) -> anyhow::Result<States> {
        States::open(self.open().await?).await
    }

    /// A number from its status, for example `/counters/forwarded`.
    pub(crate) async fn number(&self, pointer: &str) -> anyhow::Result<u64> {
        let status = self.ask(&Request::Status).await?;
        status
            .pointer(pointer)
            .and_then(Value::as_u64)
            .ok_or_else(|| anyhow!("the status has no {pointer}"))
    }

    /// How often it has counted the drop with this number.
    pub(crate) async fn drops(&self, number: u8) -> anyhow::Result<u64> {
        let status = self.ask(&Request::Status).await?;
        let drops = status
            .get("drops")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        let count = drops
            .iter()
            .find(|drop| drop.get("number").and_then(Value::as_u64) == Some(number.into()))
            .and_then(|drop| drop.get("count").and_then(Value::as_u64));
        Ok(count.unwrap_or(0))
    }

    /// The addresses it has links with now.
    pub(crate) async fn neighbours(&self) -> anyhow::Result<Vec<String>> {
        let status = self.ask(&Request::Status).await?;
        let links = status
            .get("links")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        Ok(links
            .iter()
            .filter_map(|link| link.get("peer").and_then(Value::as_str).map(str::to_owned))
            .collect())
    }

    /// Waits until it has links with `count` others.
    pub(crate) async fn linked(&self, count: usize) -> anyhow::Result<()> {
        let what = format!("{} getting {count} links", self.name);
        super::until(&what, || async {
            let mut peers = self.neighbours().await?;
            peers.sort();
            peers.dedup();
            Ok((peers.len() >= count).then_some(()))
        })
        .await
    }

    /// Stops it, as it stands.
    pub(crate) fn stop(&self) -> anyhow::Result<()> {
        self.signal(Signal::STOP)
    }

    /// Lets it go on.
    pub(crate) fn go_on(&self) -> anyhow::Result<()> {
        self.signal(Signal::CONT)
    }

    /// Kills it without a word to anybody.
    pub(crate) async fn kill(&mut self) -> anyhow::Result<()> {
        self.process
            .kill()
            .await
            .with_context(|| format!("cannot kill {}", self.name))
    }

    fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        let pid = i32::try_from(self.pid()).ok().and_then(Pid::from_raw);
        let pid = pid.ok_or_else(|| anyhow!("{} has ended", self.name))?;
        rustix::process::kill_process(pid, signal)
            .with_context(|| format!("cannot signal {}", self.name))
    }
}

/// Has the node behind a conversation send a text.
pub(crate) async fn send_over(
    conversation: &mut Conversation,
    to: Address,
    text: &str,
    wait: Duration,
) -> anyhow::Result<Sent> {
    let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
    let request = Request::Send {
        to: to.to_string(),
        hex: say::hex(text.as_bytes()),
        wait_ms,
    };
    conversation.put(&request).await?;
    let mut last = Value::Null;
    for _ in 0..2 {
        let answer = tokio::time::timeout(wait + PATIENCE, conversation.answer()).await;
        let answer = answer.map_err(|_| anyhow!("the sender does not answer"))??;
        last = answer.ok_or_else(|| anyhow!("the sender hung up"))?;
    }
    let text = |name: &str| {
        last.get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let delivered = last
        .get("delivered")
        .and_then(Value::as_bool)
        .unwrap_or(false);
    let us = last.get("us").and_then(Value::as_u64).unwrap_or(0);
    Ok(Sent {
        id: text("id"),
        state: text("state"),
        delivered,
        took: Duration::from_micros(us),
    })
}

/// The first line a child prints.
pub(crate) async fn first_line(
    out: tokio::process::ChildStdout,
    name: &str,
) -> anyhow::Result<String> {
    let mut lines = BufReader::new(out).lines();
    let line = tokio::time::timeout(PATIENCE, lines.next_line())
        .await
        .map_err(|_| anyhow!("{name} does not get ready"))??;
    line.ok_or_else(|| anyhow!("{name} ended instead of getting ready"))
}
