//! How fast the engine is: the wheel beside the heap, each with the same result or no figure at all.

use std::fmt;
use std::time::Duration;

use super::toy::{Event, Outcome, Toy};
use super::{Heap, Key, Queue, Wheel};
use crate::draw::{Purpose, draw, mix};
use crate::time::{Span, Time};

/// How much is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Size {
    /// A second or so: whether it works at all.
    Quick,
    /// A minute or two: up to a million nodes.
    Usual,
    /// Also ten million pending events.
    Full,
}

/// All that was measured.
#[derive(Clone, Debug, Default)]
pub struct Bench {
    /// Queues by themselves.
    pub holds: Vec<HoldRow>,
    /// A network of toy nodes.
    pub toys: Vec<ToyRow>,
}

/// A queue that always holds as many events: one is taken out, one is put in later.
#[derive(Clone, Copy, Debug)]
pub struct HoldRow {
    /// How many events are pending.
    pub pending: u32,
    /// Nanoseconds per event in the heap; none where CPU time cannot be read.
    pub heap_ns: Option<f64>,
    /// The same in the wheel.
    pub wheel_ns: Option<f64>,
}

/// A network of toy nodes.
#[derive(Clone, Copy, Debug)]
pub struct ToyRow {
    /// What goes on.
    pub toy: Toy,
    /// Simulated time that was measured.
    pub simulated: Span,
    /// How many events that was.
    pub events: u64,
    /// Events a second of CPU time with the heap; none where CPU time cannot be read.
    pub heap_rate: Option<f64>,
    /// The same with the wheel.
    pub wheel_rate: Option<f64>,
    /// Simulated seconds in a second of CPU time with the wheel.
    pub speed: Option<f64>,
    /// Resident memory in bytes that came with the network in the wheel, per node.
    pub node_bytes: Option<u64>,
}

/// The two queues had events happen in different orders.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{what}: the wheel and the heap came to different results")]
pub struct Disagree {
    /// Where.
    pub what: String,
}

/// Measures; every result is checked before its speed counts.
///
/// # Errors
///
/// When the two queues do not come to the same.
pub fn bench(size: Size) -> Result<Bench, Disagree> {
    let mut bench = Bench::default();
    let (most, events) = match size {
        Size::Quick => (10_000, 50_000),
        Size::Usual => (1_000_000, 2_000_000),
        Size::Full => (10_000_000, 5_000_000),
    };
    for pending in [1_000, 10_000, 100_000, 1_000_000, 10_000_000] {
        if pending <= most {
            bench.holds.push(hold(pending, events)?);
        }
    }
    for (nodes, ping, flood, simulated) in toys(size) {
        let toy = Toy {
            nodes,
            ping: Span::from_secs(ping),
            flood: flood.map(Span::from_secs),
            seed: 1,
        };
        bench.toys.push(measure(toy, Span::from_secs(simulated))?);
    }
    Ok(bench)
}

/// Nodes, seconds between pings, between messages, seconds simulated.
fn toys(size: Size) -> Vec<(u32, u64, Option<u64>, u64)> {
    match size {
        Size::Quick => vec![(1_000, 10, Some(1), 20), (10_000, 10, Some(1), 3)],
        Size::Usual | Size::Full => vec![
            (1_000, 10, Some(1), 2_000),
            (10_000, 10, Some(1), 200),
            (100_000, 10, Some(1), 15),
            (100_000, 30, None, 600),
            (1_000_000, 30, Some(5), 12),
            (1_000_000, 30, None, 60),
        ],
    }
}

/// One network in both queues.
fn measure(toy: Toy, simulated: Span) -> Result<ToyRow, Disagree> {
    let before = resident();
    let (wheel, wheel_time, after) = time_toy::<Wheel<Event>>(toy, simulated);
    let (heap, heap_time, _) = time_toy::<Heap<Event>>(toy, simulated);
    if wheel != heap {
        return Err(Disagree {
            what: format!("{} toy nodes", toy.nodes),
        });
    }
    let rate = |time: Option<Duration>| time.map(|time| wheel.events as f64 / time.as_secs_f64());
    let grown = before
        .zip(after)
        .map(|(before, after)| after.saturating_sub(before));
    Ok(ToyRow {
        toy,
        simulated,
        events: wheel.events,
        heap_rate: rate(heap_time),
        wheel_rate: rate(wheel_time),
        speed: wheel_time.map(|time| simulated.0 as f64 / 1e9 / time.as_secs_f64()),
        node_bytes: grown.map(|bytes| bytes / u64::from(toy.nodes.max(1))),
    })
}

fn time_toy<Q: Queue<Event>>(
    toy: Toy,
    simulated: Span,
) -> (Outcome, Option<Duration>, Option<u64>) {
    let mut running = toy.start::<Q>();
    let start = cpu_time();
    running.go_on(Time::ZERO.plus(simulated));
    let time = since(start);
    (running.outcome(), time, resident())
}

/// One hold in both queues.
fn hold(pending: u32, events: u32) -> Result<HoldRow, Disagree> {
    let (wheel, wheel_time) = time_hold::<Wheel<Held>>(pending, events);
    let (heap, heap_time) = time_hold::<Heap<Held>>(pending, events);
    if wheel != heap {
        return Err(Disagree {
            what: format!("{pending} pending events"),
        });
    }
    let each = |time: Option<Duration>| time.map(|time| time.as_nanos() as f64 / f64::from(events));
    Ok(HoldRow {
        pending,
        heap_ns: each(heap_time),
        wheel_ns: each(wheel_time),
    })
}

/// What a held event carries: with its key 64 bytes.
type Held = [u64; 6];

/// The hash of the order in which events come out, and how long that took.
fn time_hold<Q: Queue<Held>>(pending: u32, events: u32) -> (u64, Option<Duration>) {
    let mut queue = Q::default();
    for n in 0..pending {
        queue.push(Key::new(Time::ZERO.plus(later(n)), n, 0), [n.into(); 6]);
    }
    // One round first: so is the queue as it is in the middle of a run.
    turn(&mut queue, pending);
    let start = cpu_time();
    let hash = turn(&mut queue, events);
    (hash, since(start))
}

fn turn<Q: Queue<Held>>(queue: &mut Q, events: u32) -> u64 {
    let mut hash = 0;
    for n in 0..events {
        let Some((key, item)) = queue.pop() else {
            return hash;
        };
        hash = mix(hash ^ key.time.0 ^ item[5]);
        let time = key.time.plus(later(hash as u32 ^ n));
        queue.push(Key::new(time, key.source, key.sequence + 1), item);
    }
    hash
}

/// How much later an event causes another: mostly a link away, sometimes a timer.
fn later(n: u32) -> Span {
    let drawn = draw(1, n, 0, 0, Purpose::Jitter);
    let (least, most) = if drawn % 100 < 85 {
        (5, 300)
    } else {
        (1_000, 60_000)
    };
    let (least, most) = (Span::from_millis(least), Span::from_millis(most));
    Span(least.0 + mix(drawn) % (most.0 - least.0))
}

/// The CPU time this thread has taken: other work on the machine does not count.
#[cfg(unix)]
fn cpu_time() -> Option<Duration> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.try_into().ok()
}

/// CPU time is not read here.
#[cfg(not(unix))]
fn cpu_time() -> Option<Duration> {
    None
}

fn since(start: Option<Duration>) -> Option<Duration> {
    cpu_time()?.checked_sub(start?)
}

/// Resident memory in bytes, where the system has a file that says so.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

impl fmt::Display for Bench {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ns = |ns: Option<f64>| ns.map_or("-".into(), |ns| format!("{ns:.1}"));
        writeln!(f, "| pending | heap, ns/event | wheel, ns/event |")?;
        writeln!(f, "|--------:|---------------:|----------------:|")?;
        for row in &self.holds {
            let (heap, wheel) = (ns(row.heap_ns), ns(row.wheel_ns));
            writeln!(f, "| {:7} | {heap:>14} | {wheel:>15} |", row.pending)?;
        }
        writeln!(f)?;
        writeln!(
            f,
            "|   nodes | ping, s | flood, s |     events | heap, M/s | wheel, M/s | sim-s/CPU-s | B/node |"
        )?;
        writeln!(
            f,
            "|--------:|--------:|---------:|-----------:|----------:|-----------:|------------:|-------:|"
        )?;
        for row in &self.toys {
            let rate = |rate: Option<f64>| rate.map_or("-".into(), |n| format!("{:.2}", n / 1e6));
            let (heap, wheel) = (rate(row.heap_rate), rate(row.wheel_rate));
            let flood = row
                .toy
                .flood
                .map_or("-".into(), |span| span.as_secs().to_string());
            let bytes = row.node_bytes.map_or("-".into(), |bytes| bytes.to_string());
            writeln!(
                f,
                "| {:7} | {:7} | {flood:>8} | {:10} | {heap:>9} | {wheel:>10} | {:>11} | {bytes:>6} |",
                row.toy.nodes,
                row.toy.ping.as_secs(),
                row.events,
                ns(row.speed),
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
