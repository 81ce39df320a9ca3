//! A wire that can be cut: a process that carries UDP between whoever sends to it and one target.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::Stdio;
use std::sync::Arc;

use anyhow::{Context, anyhow};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UdpSocket;
use tokio::process::{Child as Process, ChildStdin, Command};

use super::Stage;
use super::child::first_line;
use crate::cli::{DONE, node, say};

/// A cable's process as the demo holds it. Dropping it cuts the cable.
#[derive(Debug)]
pub(crate) struct Cable {
    process: Process,
    stdin: ChildStdin,
    /// The near end.
    pub(crate) place: String,
}

impl Cable {
    /// Starts a cable whose far end is not plugged in yet.
    pub(crate) async fn start(stage: &Stage, name: &str) -> anyhow::Result<Self> {
        let mut process = Command::new(&stage.exe)
            .arg("demo-cable")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("cannot start a process")?;
        let out = process
            .stdout
            .take()
            .ok_or_else(|| anyhow!("a child has no stdout"))?;
        let stdin = process
            .stdin
            .take()
            .ok_or_else(|| anyhow!("a child has no stdin"))?;
        let place = first_line(out, name).await?;
        Ok(Self {
            process,
            stdin,
            place,
        })
    }

    /// Plugs the far end in.
    pub(crate) async fn plug(&mut self, target: &str) -> anyhow::Result<()> {
        self.stdin
            .write_all(format!("{target}\n").as_bytes())
            .await
            .context("the cable has ended")
    }

    /// Cuts it: what is sent into it is gone from now on.
    pub(crate) async fn cut(&mut self) -> anyhow::Result<()> {
        self.process.kill().await.context("cannot cut the cable")
    }
}

/// The process itself: prints its near end, reads its far end from stdin, ends with stdin.
pub(crate) async fn run() -> anyhow::Result<u8> {
    node::die_with_parent();
    let near = Arc::new(UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?);
    say::line(near.local_addr()?);
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let Some(target) = lines.next_line().await? else {
        return Ok(DONE);
    };
    let target: SocketAddr = target
        .parse()
        .context("the far end is an address and a port")?;
    tokio::select! {
        result = carry(near, target) => result?,
        _ = lines.next_line() => {}
    }
    Ok(DONE)
}

async fn carry(near: Arc<UdpSocket>, target: SocketAddr) -> anyhow::Result<()> {
    let mut ways: BTreeMap<SocketAddr, Arc<UdpSocket>> = BTreeMap::new();
    let mut buf = vec![0; 65_536];
    loop {
        let (len, from) = near.recv_from(&mut buf).await?;
        let way = match ways.get(&from) {
            Some(way) => way.clone(),
            None => {
                let way = Arc::new(UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?);
                way.connect(target).await?;
                tokio::spawn(back(way.clone(), near.clone(), from));
                ways.insert(from, way.clone());
                way
            }
        };
        // A far end that is not there loses datagrams, as wires do.
        let _ = way.send(buf.get(..len).unwrap_or_default()).await;
    }
}

async fn back(way: Arc<UdpSocket>, near: Arc<UdpSocket>, to: SocketAddr) {
    let mut buf = vec![0; 65_536];
    loop {
        match way.recv(&mut buf).await {
            Ok(len) => {
                let _ = near.send_to(buf.get(..len).unwrap_or_default(), to).await;
            }
            Err(_) => tokio::time::sleep(std::time::Duration::from_millis(10)).await,
        }
    }
}
