//! `tom demo`: what the protocol promises, shown with separate processes on this machine.
//!
//! Each step builds its own little network of `tom` processes that talk UDP over loopback, does
//! something, and checks from outside what became of it. `--break STEP` takes away what the step
//! needs: a demo that could not fail would show nothing.
//!
//! | file | subject |
//! |---|---|
//! | `mod.rs` | the order of the steps |
//! | `child.rs` | one process: started, spoken to, stopped, ended by its id |
//! | `ears.rs` | what a child's application and its events tell |
//! | `memory.rs` | the search for plaintext in another process |
//! | `cable.rs` | a wire that can be cut |
//! | `report.rs` | what is printed |
//! | `relayed.rs`, `hops.rs`, `failover.rs`, `direct.rs`, `tamper.rs` | the steps |

pub(crate) mod cable;
mod child;
mod direct;
mod ears;
mod failover;
mod hops;
mod memory;
mod relayed;
mod report;
mod tamper;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, anyhow};
use clap::{Args, ValueEnum};
use tokio::time::Instant;

use super::{COULD_NOT, Common, DONE};
use report::{Report, Shown};

/// The whole demo may take this long, whatever goes wrong.
const WATCHDOG: Duration = Duration::from_secs(110);
/// How long a single thing may take that normally takes milliseconds.
pub(crate) const PATIENCE: Duration = Duration::from_secs(4);

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Sabotage this step: it must fail, and the exit code say so
    #[arg(long = "break", value_name = "STEP", value_enum)]
    broken: Option<Step>,
}

/// The steps, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum Step {
    #[value(alias = "relay")]
    Relayed,
    Acked,
    Read,
    Replied,
    Hops,
    Failover,
    Direct,
    TamperRefused,
}

impl Step {
    /// All of them.
    pub(crate) const ALL: [Self; 8] = [
        Self::Relayed,
        Self::Acked,
        Self::Read,
        Self::Replied,
        Self::Hops,
        Self::Failover,
        Self::Direct,
        Self::TamperRefused,
    ];

    /// Its name in the report.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Relayed => "relayed",
            Self::Acked => "acked",
            Self::Read => "read",
            Self::Replied => "replied",
            Self::Hops => "hops",
            Self::Failover => "failover",
            Self::Direct => "direct",
            Self::TamperRefused => "tamper_refused",
        }
    }
}

/// Where the demo runs, and what it is to break.
#[derive(Debug)]
pub(crate) struct Stage {
    /// Its own directory, removed at the end.
    pub(crate) root: PathBuf,
    /// This program.
    pub(crate) exe: PathBuf,
    broken: Option<Step>,
}

impl Stage {
    fn new(broken: Option<Step>) -> anyhow::Result<Self> {
        let exe = std::env::current_exe().context("cannot find this program's own file")?;
        let name = format!("tom-demo-{}-{:08x}", std::process::id(), random()? as u32);
        let root = std::env::temp_dir().join(name);
        tom::private_dir(&root).with_context(|| format!("cannot make {}", root.display()))?;
        Ok(Self { root, exe, broken })
    }

    /// Whether `step` is to be sabotaged.
    pub(crate) fn breaks(&self, step: Step) -> bool {
        self.broken == Some(step)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.root);
    }
}

/// A random number.
pub(crate) fn random() -> anyhow::Result<u64> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|error| anyhow!("no random bytes: {error}"))?;
    Ok(u64::from_le_bytes(bytes))
}

/// Puts the items into a random order.
pub(crate) fn shuffle<T>(items: &mut [T]) -> anyhow::Result<()> {
    for at in (1..items.len()).rev() {
        let with = random()? % (at as u64 + 1);
        items.swap(at, usize::try_from(with).unwrap_or(0));
    }
    Ok(())
}

pub(crate) async fn run(common: &Common, args: DemoArgs) -> anyhow::Result<u8> {
    let stage = Stage::new(args.broken)?;
    let mut report = Report::new(common.json);
    report.begin(args.broken);
    let begin = Instant::now();
    let result = tokio::select! {
        result = play(&stage, &mut report) => result,
        () = tokio::time::sleep(WATCHDOG) => {
            Err(anyhow!("the demo took longer than {} s", WATCHDOG.as_secs()))
        }
        _ = tokio::signal::ctrl_c() => Err(anyhow!("interrupted")),
    };
    report.end(begin.elapsed(), result.err());
    Ok(if report.all_ok() { DONE } else { COULD_NOT })
}

/// Plays the steps; the first that fails ends it. Children end when their world is dropped.
async fn play(stage: &Stage, report: &mut Report) -> anyhow::Result<()> {
    {
        report.start(Step::Relayed);
        let mut world = relayed::World::build(stage).await?;
        report.show(Step::Relayed, world.relayed(stage).await?);
        report.start(Step::Acked);
        report.show(Step::Acked, world.acked(stage).await?);
        report.start(Step::Read);
        report.show(Step::Read, world.read(stage).await?);
        report.start(Step::Replied);
        report.show(Step::Replied, world.replied(stage).await?);
    }
    report.start(Step::Hops);
    report.show(Step::Hops, hops::play(stage).await?);
    report.start(Step::Failover);
    report.show(Step::Failover, failover::play(stage).await?);
    report.start(Step::Direct);
    report.show(Step::Direct, direct::play(stage).await?);
    report.start(Step::TamperRefused);
    report.show(Step::TamperRefused, tamper::play(stage).await?);
    Ok(())
}

/// Checks a promise of a step.
pub(crate) fn must(holds: bool, what: impl FnOnce() -> String) -> anyhow::Result<()> {
    if holds { Ok(()) } else { Err(anyhow!(what())) }
}

/// Waits until `look` finds what it looks for, or the demo's patience is over.
pub(crate) async fn until<T, F>(what: &str, mut look: impl FnMut() -> F) -> anyhow::Result<T>
where
    F: Future<Output = anyhow::Result<Option<T>>>,
{
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look().await? {
            return Ok(found);
        }
        if Instant::now() > end {
            return Err(anyhow!(
                "{what} did not happen within {} s",
                PATIENCE.as_secs()
            ));
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A step's result without more to say.
pub(crate) fn shown(took: Duration, ids: Vec<String>) -> Shown {
    Shown {
        took,
        ids,
        lines: Vec::new(),
        facts: serde_json::Map::new(),
    }
}
