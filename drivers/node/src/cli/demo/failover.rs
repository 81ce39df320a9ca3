//! Step `failover`: in mid-conversation the relay that carries it dies, freezes, then lies.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::anyhow;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tom::Address;

use super::child::{Child, Sent, send_over};
use super::report::{Shown, ms_text};
use super::{PATIENCE, Stage, Step, must, shown, until};
use crate::cli::control::{Conversation, Request};

/// One message of the conversation begins this often.
const PACE: Duration = Duration::from_millis(40);
/// The first delivery after each loss must come within this.
const BOUND: Duration = Duration::from_secs(3);
/// How long a message of the conversation may take in the end.
const LONGEST: Duration = Duration::from_secs(12);

/// What is known of one message.
#[derive(Clone, Debug)]
struct Line {
    begun: Instant,
    ended: Option<(Instant, Sent)>,
}

type Lines = Arc<Mutex<BTreeMap<u32, Line>>>;

pub(crate) async fn play(stage: &Stage) -> anyhow::Result<Shown> {
    let mut relays: Vec<Option<Child>> = Vec::new();
    let mut args = vec!["--advertise".to_owned(), "none".to_owned()];
    for n in 0..4 {
        let relay = Child::start(
            stage,
            &format!("fail-{n}"),
            &["--advertise", "none", "--adversary"],
        )
        .await?;
        args.extend(["--peer".to_owned(), relay.peer.clone()]);
        relays.push(Some(relay));
    }
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let a = Child::start(stage, "fail-a", &args).await?;
    let b = Child::start(stage, "fail-b", &args).await?;
    a.linked(4).await?;
    b.linked(4).await?;
    let hears = b.ears().await?;

    let lines = Lines::default();
    let talk = Talk::begin(&a, b.address, lines.clone()).await?;
    talk.delivered_since(Instant::now()).await?;

    let mut gaps = Vec::new();
    let mut stopped = None;
    for loss in ["killed", "stopped", "swallowing"] {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let at = carrier(&a, &lines, &relays).await?;
        let begin = Instant::now();
        let victim = relays.get_mut(at).ok_or_else(|| anyhow!("no such relay"))?;
        match loss {
            "killed" => {
                if let Some(mut child) = victim.take() {
                    child.kill().await?;
                }
                if stage.breaks(Step::Failover) {
                    relays.iter_mut().for_each(|relay| *relay = None);
                }
            }
            "stopped" => {
                let child = victim.take().ok_or_else(|| anyhow!("it is gone already"))?;
                child.stop()?;
                stopped = Some(child);
            }
            _ => {
                let child = victim
                    .as_ref()
                    .ok_or_else(|| anyhow!("it is gone already"))?;
                child
                    .ask(&Request::Misbehave {
                        how: "swallow".into(),
                    })
                    .await?;
            }
        }
        let gap = talk.delivered_since(begin).await.map_err(|_| {
            anyhow!(
                "nothing was delivered within {} s after a relay was {loss}",
                BOUND.as_secs()
            )
        })?;
        must(gap <= BOUND, || {
            format!("{loss}: the first delivery took {}", ms_text(gap))
        })?;
        gaps.push((loss, gap));
    }
    // The one that was stopped wakes up and lets go of what it held.
    if let Some(child) = &stopped {
        child.go_on()?;
    }
    let ended = talk.end().await?;
    let ids = check(&ended, &b, &hears).await?;
    let worst = gaps.iter().map(|(_, gap)| *gap).max().unwrap_or_default();
    let told: Vec<String> = gaps
        .iter()
        .map(|(loss, gap)| format!("{loss} {}", ms_text(*gap)))
        .collect();
    let facts: serde_json::Map<String, Value> = gaps
        .iter()
        .map(|(loss, gap)| {
            (
                (*loss).to_owned(),
                json!(u64::try_from(gap.as_millis()).unwrap_or(0)),
            )
        })
        .collect();
    Ok(shown(worst, ids)
        .line(format!(
            "three of four relays lost in mid-conversation: {}",
            told.join(", ")
        ))
        .line(format!("{} messages: none lost, none twice", ended.len()))
        .fact("first_delivery_ms", facts)
        .fact("messages", ended.len()))
}

/// Nothing was lost, and nothing came twice.
async fn check(
    ended: &BTreeMap<u32, Line>,
    b: &Child,
    hears: &super::ears::Ears,
) -> anyhow::Result<Vec<String>> {
    let mut ids = Vec::new();
    for (number, line) in ended {
        let sent = line.ended.as_ref().map(|(_, sent)| sent);
        let sent = sent.ok_or_else(|| anyhow!("message {number} has no end"))?;
        must(sent.delivered, || {
            format!("message {number} is {} and not proven", sent.state)
        })?;
        ids.push(sent.id.clone());
    }
    until("all messages at B's application", || async {
        Ok((hears.all().len() >= ended.len()).then_some(()))
    })
    .await?;
    // Copies that are late would come now.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for heard in hears.all() {
        *seen.entry(heard.text).or_default() += 1;
    }
    let twice = seen.values().filter(|count| **count != 1).count();
    must(twice == 0, || {
        format!("{twice} messages came more than once")
    })?;
    must(seen.len() == ended.len(), || {
        format!(
            "{} messages were sent and {} arrived at {}",
            ended.len(),
            seen.len(),
            b.name
        )
    })?;
    Ok(ids)
}

/// The relay that carried the message delivered last.
async fn carrier(a: &Child, lines: &Lines, relays: &[Option<Child>]) -> anyhow::Result<usize> {
    until(
        "finding the relay that carries the conversation",
        || async {
            let last = {
                let lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
                let ended = lines.values().filter_map(|line| line.ended.as_ref());
                ended
                    .max_by_key(|(at, _)| *at)
                    .map(|(_, sent)| sent.id.clone())
            };
            let Some(id) = last else { return Ok(None) };
            let path = a.ask(&Request::Path { id }).await?;
            let attempts = path
                .get("attempts")
                .and_then(Value::as_array)
                .cloned()
                .unwrap_or_default();
            let handle = attempts
                .last()
                .and_then(|attempt| attempt.get("neighbour")?.as_str());
            Ok(relays.iter().position(|relay| {
                relay.as_ref().is_some_and(|relay| {
                    handle == Some(relay.address.handle().to_string().as_str())
                })
            }))
        },
    )
    .await
}

/// A conversation that goes on by itself.
struct Talk {
    lines: Lines,
    task: tokio::task::JoinHandle<anyhow::Result<()>>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
}

impl Drop for Talk {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Talk {
    async fn begin(a: &Child, to: Address, lines: Lines) -> anyhow::Result<Self> {
        let (stop, mut stopped) = tokio::sync::oneshot::channel();
        let dir = a.dir.clone();
        let into = lines.clone();
        let task = tokio::spawn(async move {
            let mut open = JoinSet::new();
            let mut pace = tokio::time::interval(PACE);
            for number in 0_u32.. {
                tokio::select! {
                    _ = pace.tick() => {}
                    _ = &mut stopped => break,
                }
                let begun = Instant::now();
                let line = Line { begun, ended: None };
                into.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .insert(number, line);
                let (dir, into) = (dir.clone(), into.clone());
                open.spawn(async move {
                    let mut conversation = Conversation::open(&dir)
                        .await
                        .ok_or_else(|| anyhow!("A is gone"))?;
                    let text = format!("line {number}");
                    let sent = send_over(&mut conversation, to, &text, LONGEST).await?;
                    let mut lines = into.lock().unwrap_or_else(PoisonError::into_inner);
                    if let Some(line) = lines.get_mut(&number) {
                        line.ended = Some((Instant::now(), sent));
                    }
                    anyhow::Ok(())
                });
            }
            while let Some(ended) = open.join_next().await {
                ended.map_err(|error| anyhow!("a sender failed: {error}"))??;
            }
            Ok(())
        });
        Ok(Self {
            lines,
            task,
            stop: Some(stop),
        })
    }

    /// Waits for the first message begun after `since` to be proven; says how long after.
    async fn delivered_since(&self, since: Instant) -> anyhow::Result<Duration> {
        until("a delivery", || async {
            let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
            let ends = lines
                .values()
                .filter(|line| line.begun >= since)
                .filter_map(|line| {
                    line.ended
                        .as_ref()
                        .filter(|(_, sent)| sent.delivered)
                        .map(|(at, _)| *at)
                });
            Ok(ends.min().map(|at| at - since))
        })
        .await
    }

    /// Stops talking and waits until every message has come to its end.
    async fn end(mut self) -> anyhow::Result<BTreeMap<u32, Line>> {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        tokio::time::timeout(LONGEST + PATIENCE, &mut self.task)
            .await
            .map_err(|_| anyhow!("the conversation does not end"))?
            .map_err(|error| anyhow!("the conversation failed: {error}"))??;
        Ok(self
            .lines
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone())
    }
}
