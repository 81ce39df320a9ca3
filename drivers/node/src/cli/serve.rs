//! The running node's side of the control socket.

use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::OwnedWriteHalf;
use tokio::net::{UnixListener, UnixStream};
use tom::adversary::{Adversary, Mischief};
use tom::{Address, Client, DeliveryId, Event, MessageId, Outgoing, PathReport};

use super::control::{Request, socket};
use super::{WrongInput, say};

/// A request longer than this is refused.
const MAX_REQUEST: usize = 256 << 10;

/// The socket file, removed when the node ends.
#[derive(Debug)]
pub(crate) struct Control {
    path: PathBuf,
    task: tokio::task::AbortHandle,
}

impl Drop for Control {
    fn drop(&mut self) {
        self.task.abort();
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Takes the data directory for this process: fails when another node runs with it.
pub(crate) fn claim(dir: &Path) -> anyhow::Result<UnixListener> {
    tom::private_dir(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    let path = socket(dir);
    let bind = || UnixListener::bind(&path);
    let listener = match bind() {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            if std::os::unix::net::UnixStream::connect(&path).is_ok() {
                return Err(anyhow!(
                    "a node runs with the files in {} already; use it (`tom status`), end it, or \
                     give --data another directory",
                    dir.display()
                ));
            }
            // Left behind by a node that was killed.
            std::fs::remove_file(&path)?;
            bind()
        }
        other => other,
    };
    listener.with_context(|| {
        format!(
            "cannot make the control socket {}; a shorter --data may help",
            path.display()
        )
    })
}

/// Answers requests until dropped.
pub(crate) fn serve(
    listener: UnixListener,
    dir: &Path,
    client: Client,
    adversary: Option<Adversary>,
) -> Control {
    let task = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (client, adversary) = (client.clone(), adversary.clone());
            tokio::spawn(async move {
                if let Err(error) = converse(stream, &client, adversary.as_ref()).await {
                    tracing::debug!("control: {error:#}");
                }
            });
        }
    });
    Control {
        path: socket(dir),
        task: task.abort_handle(),
    }
}

async fn converse(
    stream: UnixStream,
    client: &Client,
    adversary: Option<&Adversary>,
) -> anyhow::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    while let Some(line) = lines.next_line().await? {
        if line.len() > MAX_REQUEST {
            return Ok(());
        }
        let result = match serde_json::from_str(&line) {
            Ok(Request::Listen) => listen(client, &mut lines, &mut write).await,
            Ok(Request::Events) => events(client, &mut write).await,
            Ok(request) => answer(client, adversary, request, &mut write).await,
            Err(error) => Err(WrongInput(format!("not a request: {error}")).into()),
        };
        if let Err(error) = result {
            let input = super::is_input(&error);
            put(
                &mut write,
                &json!({ "error": format!("{error:#}"), "input": input }),
            )
            .await?;
        }
    }
    Ok(())
}

async fn put(write: &mut OwnedWriteHalf, value: &Value) -> io::Result<()> {
    write.write_all(format!("{value}\n").as_bytes()).await
}

async fn answer(
    client: &Client,
    adversary: Option<&Adversary>,
    request: Request,
    write: &mut OwnedWriteHalf,
) -> anyhow::Result<()> {
    let value = match request {
        Request::Status => super::status::to_json(&client.status().await?),
        Request::Send { to, hex, wait_ms } => {
            let to = address(&to)?;
            let bytes = say::unhex(&hex).map_err(WrongInput)?;
            let mut sending = client.submit(Outgoing::new(to, bytes)).await?;
            put(write, &say::delivery(&sending.now())).await?;
            say::delivery(
                &sending
                    .wait(std::time::Duration::from_millis(wait_ms))
                    .await,
            )
        }
        Request::Read { from, id } => {
            let from = address(&from)?;
            let id = say::unhex(&id).ok().and_then(|id| id.try_into().ok());
            let reference = id.ok_or(WrongInput("not the id of a message received".into()))?;
            let id = DeliveryId {
                sender: from.handle(),
                reference: tom::Reference(reference),
            };
            client.read(from, id).await?;
            json!({ "ok": true })
        }
        Request::Path { id } => {
            let bytes = say::unhex(&id).ok().and_then(|id| id.try_into().ok());
            let id = MessageId(bytes.ok_or(WrongInput("not the id of a message sent".into()))?);
            client
                .path(id)
                .await?
                .map_or(Value::Null, |report| path(&report))
        }
        Request::Keep { peer } => {
            let peer: tom::Peer = peer
                .parse()
                .map_err(|error: tom::PeerError| WrongInput(error.to_string()))?;
            client.keep(&peer).await?;
            json!({ "ok": true })
        }
        Request::Misbehave { how } => {
            let mischief = match how.as_str() {
                "swallow" => Mischief::Swallow,
                "tamper" => Mischief::Tamper,
                "not" => Mischief::None,
                _ => return Err(WrongInput(format!("`{how}` is no way to misbehave")).into()),
            };
            adversary
                .ok_or_else(|| anyhow!("this node is honest"))?
                .set(mischief);
            json!({ "ok": true })
        }
        Request::Listen | Request::Events => return Ok(()),
    };
    put(write, &value).await?;
    Ok(())
}

/// An address somebody gave.
pub(crate) fn address(text: &str) -> anyhow::Result<Address> {
    text.parse().map_err(|error| {
        WrongInput(format!(
            "`{text}` is no address: {error}; copy all of it, as `tom id` prints it"
        ))
        .into()
    })
}

/// Hands over messages until the other side hangs up.
async fn listen(
    client: &Client,
    lines: &mut tokio::io::Lines<BufReader<tokio::net::unix::OwnedReadHalf>>,
    write: &mut OwnedWriteHalf,
) -> anyhow::Result<()> {
    let mut messages = client.messages();
    put(write, &json!({ "listening": true })).await?;
    loop {
        tokio::select! {
            held = messages.next_held() => {
                let Some(held) = held else { return Ok(()) };
                // Not written, not taken: then it goes back on the shelf.
                put(write, &say::message(&held)).await?;
                let _taken = held.take();
            }
            line = lines.next_line() => {
                line?;
                return Ok(());
            }
        }
    }
}

async fn events(client: &Client, write: &mut OwnedWriteHalf) -> anyhow::Result<()> {
    let mut events = client.events();
    put(write, &json!({ "listening": true })).await?;
    while let Some(event) = events.next().await {
        put(write, &event_json(&event)).await?;
    }
    Ok(())
}

fn event_json(event: &Event) -> Value {
    match event {
        Event::Message { id, state } => {
            json!({ "event": "message", "id": id.to_string(), "state": state.name() })
        }
        Event::Session { peer } => json!({ "event": "session", "peer": peer.to_string() }),
        Event::NeighbourUp { peer } => json!({ "event": "neighbour_up", "peer": peer.to_string() }),
        Event::NeighbourDown { peer } => {
            json!({ "event": "neighbour_down", "peer": peer.to_string() })
        }
        Event::Incompatible { peer, version } => {
            json!({ "event": "incompatible", "peer": peer.to_string(), "version": version })
        }
        Event::Missed(count) => json!({ "event": "missed", "count": count }),
        Event::Bug(_) | _ => json!({ "event": "bug" }),
    }
}

fn path(report: &PathReport) -> Value {
    let attempts = report.attempts.iter().map(|attempt| {
        json!({
            "neighbour": attempt.neighbour.to_string(),
            "direct": attempt.direct,
            "taken_ms": attempt.taken.map(|span| span.as_millis()),
            "passed_ms": attempt.passed.map(|span| span.as_millis()),
        })
    });
    json!({
        "id": report.id.to_string(),
        "state": report.state.name(),
        "age_ms": report.age.as_millis(),
        "sends": report.sends,
        "in_session": report.in_session,
        "attempts": attempts.collect::<Vec<_>>(),
        "backups": report.backups.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}
