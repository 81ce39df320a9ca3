//! Steps `relayed`, `acked`, `read`, `replied`: a message crosses a relay and comes to an answer.

use anyhow::anyhow;
use serde_json::json;
use tokio::time::Instant;

use super::child::Child;
use super::ears::Ears;
use super::report::{Shown, ms_text};
use super::{PATIENCE, Stage, Step, memory, must, random, shown, shuffle};
use crate::cli::control::Request;
use crate::cli::say;

/// A with four neighbours, one of which reaches B.
pub(crate) struct World {
    a: Child,
    b: Child,
    /// A's neighbours; C is one of them.
    relays: Vec<Child>,
    c: usize,
    b_hears: Option<Ears>,
    a_hears: Ears,
    /// The message of `acked`, which `read` is about.
    second: String,
}

impl World {
    pub(crate) async fn build(stage: &Stage) -> anyhow::Result<Self> {
        let c = usize::try_from(random()? % 4).unwrap_or(0);
        let mut relays = Vec::new();
        for n in 0..4 {
            relays
                .push(Child::start(stage, &format!("relay-{n}"), &["--advertise", "none"]).await?);
        }
        let reaches_b = relays.get(c).ok_or_else(|| anyhow!("no C"))?.peer.clone();
        let mut b_args = vec!["--advertise", "none"];
        if !stage.breaks(Step::Relayed) {
            b_args.extend(["--peer", &reaches_b]);
        }
        let b = Child::start(stage, "b", &b_args).await?;
        let mut peers: Vec<String> = relays.iter().map(|relay| relay.peer.clone()).collect();
        shuffle(&mut peers)?;
        let mut a_args = vec!["--advertise", "none"];
        for peer in &peers {
            a_args.extend(["--peer", peer]);
        }
        let a = Child::start(stage, "a", &a_args).await?;
        a.linked(4).await?;
        if !stage.breaks(Step::Relayed) {
            b.linked(1).await?;
        }
        let (b_hears, a_hears) = (Some(b.ears().await?), a.ears().await?);
        Ok(Self {
            a,
            b,
            relays,
            c,
            b_hears,
            a_hears,
            second: String::new(),
        })
    }

    fn c(&self) -> anyhow::Result<&Child> {
        self.relays.get(self.c).ok_or_else(|| anyhow!("no C"))
    }

    fn b_hears(&self) -> anyhow::Result<&Ears> {
        self.b_hears
            .as_ref()
            .ok_or_else(|| anyhow!("nobody listens at B"))
    }

    /// A to B over a relay A was not told about, which learns nothing of what it carries.
    pub(crate) async fn relayed(&mut self, _stage: &Stage) -> anyhow::Result<Shown> {
        let canary = format!("canary-{:016x}{:016x}", random()?, random()?);
        let begin = Instant::now();
        let (sent, heard) = tokio::join!(
            self.a.send(self.b.address, &canary, PATIENCE),
            self.b_hears()?.hear(&canary),
        );
        let (sent, (at, heard)) = (sent?, heard?);
        let c = self.c()?;
        must(heard.from == self.a.address.to_string(), || {
            "B saw another sender than A".into()
        })?;
        must(sent.id.starts_with(&heard.reference), || {
            "A and B name the message differently".into()
        })?;
        must(heard.neighbour == c.address.to_string(), || {
            format!("the message came over {} and not over C", heard.neighbour)
        })?;

        let plain = vec![
            canary.as_bytes().to_vec(),
            say::hex(canary.as_bytes()).into_bytes(),
        ];
        // C's own key is in its memory for certain: a search that misses it would prove nothing.
        let own = vec![c.address.as_bytes().to_vec()];
        c.stop()?;
        let searched = memory::search_memory(c.pid(), &plain)
            .and_then(|plain| Ok((plain, memory::search_memory(c.pid(), &own)?)));
        c.go_on()?;
        let (in_memory, control) = searched?;
        let in_files = memory::search_files(&c.dir, &plain)?;
        let log = std::fs::metadata(c.dir.join("log")).map_or(0, |about| about.len());
        must(in_memory.found == 0 && in_files.found == 0, || {
            format!(
                "the plaintext was found in C: {} times in memory, {} in files",
                in_memory.found, in_files.found
            )
        })?;
        must(!memory::MEMORY || control.found > 0, || {
            "the search of memory does not work".into()
        })?;
        must(log > 0, || {
            "C has written no log, though it was told to".into()
        })?;
        let forwarded = c.number("/counters/forwarded").await?;
        must(forwarded > 0, || "C says that it handed nothing on".into())?;

        let memory_text = if memory::MEMORY {
            format!("{} kB of memory", in_memory.bytes / 1024)
        } else {
            "memory (not searched on this system)".into()
        };
        Ok(shown(at - begin, vec![sent.id.clone()])
            .line("A to B over C, one of A's four neighbours; nobody told A which")
            .line(format!(
                "plaintext in C: none in {memory_text}, {} files, {log} B of log",
                in_files.places
            ))
            .fact("via", c.address.to_string())
            .fact("neighbours", self.relays.len())
            .fact(
                "searched",
                json!({
                    "memory": memory::MEMORY,
                    "memory_bytes": in_memory.bytes,
                    "regions": in_memory.places,
                    "files": in_files.places,
                    "file_bytes": in_files.bytes,
                    "log_bytes": log,
                    "own_key_found": control.found,
                    "canary_found": in_memory.found + in_files.found,
                }),
            ))
    }

    /// The sender is told the truth: delivered when, and only when, B's application has it.
    pub(crate) async fn acked(&mut self, stage: &Stage) -> anyhow::Result<Shown> {
        if stage.breaks(Step::Acked) {
            // Nobody takes messages at B any more.
            self.b_hears = None;
        }
        let states = self.a.states().await?;
        let text = "is it there?";
        let sent = self.a.send(self.b.address, text, PATIENCE).await?;
        let claimed = Instant::now();
        must(sent.delivered, || {
            format!("no proof came; the message is {}", sent.state)
        })?;
        let (taken, _) = self.b_hears()?.hear(text).await?;
        states.reach(&sent.id, "delivered").await?;
        let went = states.of(&sent.id);
        // States that are reached together are told as one, the furthest: two of them are certain.
        must(went.first().is_some_and(|first| first == "sent"), || {
            format!("states {went:?}")
        })?;
        must(went.last().is_some_and(|last| last == "delivered"), || {
            format!("states {went:?}")
        })?;
        must(
            taken <= claimed + std::time::Duration::from_millis(50),
            || "A claimed delivery before B's application had the message".into(),
        )?;
        self.second = sent.id.clone();
        Ok(shown(sent.took, vec![sent.id])
            .line(format!("A was told: {}", went.join(", ")))
            .fact("states", went))
    }

    /// B says that it has read the message.
    pub(crate) async fn read(&mut self, stage: &Stage) -> anyhow::Result<Shown> {
        let states = self.a.states().await?;
        let begin = Instant::now();
        if !stage.breaks(Step::Read) {
            let id = self.second.get(..16).unwrap_or_default().to_owned();
            self.b
                .ask(&Request::Read {
                    from: self.a.address.to_string(),
                    id,
                })
                .await?;
        }
        let at = states.reach(&self.second, "read").await?;
        Ok(shown(at - begin, vec![self.second.clone()]).line("B's receipt reached A"))
    }

    /// B answers, in the session that A's first message began.
    pub(crate) async fn replied(&mut self, stage: &Stage) -> anyhow::Result<Shown> {
        if stage.breaks(Step::Replied) {
            self.c()?.stop()?;
        }
        let text = "yes, and back";
        let begin = Instant::now();
        let (sent, heard) = tokio::join!(
            self.b.send(self.a.address, text, PATIENCE),
            self.a_hears.hear(text),
        );
        let (sent, (at, heard)) = (sent?, heard?);
        must(heard.from == self.b.address.to_string(), || {
            "A saw another sender than B".into()
        })?;
        must(sent.delivered, || {
            format!("no proof came; the answer is {}", sent.state)
        })?;
        Ok(shown(at - begin, vec![sent.id])
            .line(format!("B to A; proven to B after {}", ms_text(sent.took))))
    }
}
