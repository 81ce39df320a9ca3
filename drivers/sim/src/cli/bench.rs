//! `tom-sim bench`.

use anyhow::bail;

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
}

pub(super) fn run(args: &Args) -> anyhow::Result<u8> {
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
    let mut sizes = vec![(Size::SimFull, 10_000), (Size::SimLight, 10_000)];
    if args.quick {
        sizes = vec![(Size::SimFull, 500), (Size::SimLight, 500)];
    } else {
        sizes.push((Size::SimLight, 100_000));
    }
    if args.full {
        sizes.push((Size::SimLight, 1_000_000));
    }
    for (size, nodes) in sizes {
        say::line(&idle(size, nodes)?.to_string());
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

/// What others publish of themselves or was measured of them, beside ours: other machines, other
/// work per event, so orders of magnitude only.
const PUBLISHED: &str = "
Others, for orders of magnitude (other machines, other work per event):
| simulator | figure | source |
|---|---|---|
| madsim 0.2.34 | 0.19-0.57 M deliveries/s; 10,000 nodes at 99x real time; 4.8 kB a node | measured on the same kind of machine |
| turmoil 0.7.2 | 166 deliveries/s at 100 hosts; 11.9 us per node and tick | the same |
| Shadow 3 | 1,000 nodes of a messaging relay took a 256 GB machine | the relay's authors |
| iroh-gossip's simulator | up to thousands of nodes in round-based runs; no rate is published | its documentation |
";
