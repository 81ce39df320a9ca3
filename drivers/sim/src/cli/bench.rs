//! `tom-sim bench`.

use anyhow::{Context, bail};

use super::say;
use crate::engine::bench::{Size as Effort, bench as engine};
use crate::scenario::model::Size;
use crate::world::bench::{idle, runs};
use crate::world::size::limits;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Small sizes: whether it works at all
    #[arg(long, conflicts_with = "full")]
    quick: bool,
    /// Also a million nodes: up to 12 GB and a quarter of an hour
    #[arg(long)]
    full: bool,
    /// One row of idle nodes, in a process of its own: memory is that of nothing else
    #[arg(long, hide = true, value_names = ["light|full", "NODES"], num_args = 2)]
    idle: Option<Vec<String>>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<u8> {
    if let Some([size, nodes]) = args.idle.as_deref() {
        let size = if size == "light" {
            Size::SimLight
        } else {
            Size::SimFull
        };
        say::line(&idle(size, nodes.parse()?)?.to_string());
        return Ok(0);
    }
    let effort = match (args.quick, args.full) {
        (true, _) => Effort::Quick,
        (false, true) => Effort::Full,
        (false, false) => Effort::Usual,
    };
    say::line("Processor time of one core; every result was checked before its speed counts.\n");
    say::line("# The engine, under toy nodes\n");
    say::line(&engine(effort)?.to_string());
    say::line("# The suites: nanoseconds per operation\n");
    say::line("| suite | what | ns |\n|---|---|---:|");
    for row in crate::suite::bench() {
        say::line(&format!(
            "| {:?} | {} | {:.0} |",
            row.suite, row.what, row.ns
        ));
    }
    say::line("\n# Whole nodes\n");
    say::line("| suite     |   nodes |    events | checked/s  |     bare/s | sim-s/s | ev/n/s |");
    say::line("|-----------|--------:|----------:|-----------:|-----------:|--------:|-------:|");
    for row in runs(args.quick)? {
        say::line(&row.to_string());
    }
    say::line("\n# Idle nodes\n");
    say::line("| size      |   nodes | bytes a node | resident MB | sim-s/s   |");
    say::line("|-----------|--------:|-------------:|------------:|----------:|");
    let mut sizes = vec![("full", 10_000), ("light", 10_000)];
    if args.quick {
        sizes = vec![("full", 500), ("light", 500)];
    } else {
        sizes.push(("light", 100_000));
    }
    if args.full {
        sizes.push(("light", 1_000_000));
    }
    for (size, nodes) in sizes {
        say::line(&idle_alone(size, nodes)?);
    }
    say::line("");
    for size in [Size::SimFull, Size::SimLight] {
        say::line(&format!("tables of {size:?}: {:?}", limits(size)));
    }
    say::line(PUBLISHED);
    if !cfg!(unix) {
        bail!("processor time can be read on Unix only");
    }
    Ok(0)
}

/// One row of idle nodes, measured by a process that does nothing else.
fn idle_alone(size: &str, nodes: u32) -> anyhow::Result<String> {
    let program = std::env::current_exe().context("this program's own file is gone")?;
    let output = std::process::Command::new(program)
        .args(["bench", "--idle", size, &nodes.to_string()])
        .output()
        .context("cannot start a process to measure memory in")?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout)
        .trim_end()
        .to_owned())
}

/// What others publish of themselves or was measured of them, beside ours: other machines, other
/// work per event, so orders of magnitude only.
const PUBLISHED: &str = "
Others, for orders of magnitude (other machines, other work per event):
| simulator | figure | source |
|---|---|---|
| iroh-gossip 0.101's own | 1,000 nodes: 0.12 M messages in 0.50 CPU-s, 41 kB a node; 20,000 nodes: 44 simulated s in 22.8 CPU-s; no cryptography, no storage | measured on the same kind of machine |
| madsim 0.2.34 | 0.19-0.57 M deliveries/s; 10,000 nodes at 99x real time; 4.8 kB a node | the same |
| turmoil 0.7.2 | 166 deliveries/s at 100 hosts; 11.9 us per node and tick | the same |
| Shadow 3 | 1,000 nodes of a messaging relay took a 256 GB machine | the relay's authors |
";
