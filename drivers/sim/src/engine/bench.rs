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
    /// Bytes the network and the wheel hold, per node.
    pub node_bytes: u64,
    /// Resident memory of the whole program with them, in bytes, where the system tells.
    pub resident: Option<u64>,
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
    let (wheel, wheel_time) = time_toy::<Wheel<Event>>(toy, simulated);
    let (heap, heap_time) = time_toy::<Heap<Event>>(toy, simulated);
    if wheel.outcome != heap.outcome {
        return Err(Disagree {
            what: format!("{} toy nodes", toy.nodes),
        });
    }
    let events = wheel.outcome.events;
    let rate = |time: Option<Duration>| time.map(|time| events as f64 / time.as_secs_f64());
    Ok(ToyRow {
        toy,
        simulated,
        events,
        heap_rate: rate(heap_time),
        wheel_rate: rate(wheel_time),
        speed: wheel_time.map(|time| simulated.0 as f64 / 1e9 / time.as_secs_f64()),
        node_bytes: wheel.held / u64::from(toy.nodes.max(1)),
        resident: wheel.resident,
    })
}

/// What a toy network came to and what memory that took.
struct Ran {
    outcome: Outcome,
    held: u64,
    resident: Option<u64>,
}

fn time_toy<Q: Queue<Event>>(toy: Toy, simulated: Span) -> (Ran, Option<Duration>) {
    let mut running = toy.start::<Q>();
    let start = cpu_time();
    running.go_on(Time::ZERO.plus(simulated));
    let time = since(start);
    let ran = Ran {
        outcome: running.outcome(),
        held: running.memory() as u64,
        resident: resident(),
    };
    (ran, time)
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
    let spans: Vec<Span> = (0..SPANS).map(later).collect();
    let mut queue = Q::default();
    for n in 0..pending {
        let time = Time::ZERO.plus(spans[(n % SPANS) as usize]);
        queue.push(Key::new(time, n, 0), [n.into(); 6]);
    }
    // One round first: so is the queue as it is in the middle of a run.
    turn(&mut queue, pending, &spans);
    let start = cpu_time();
    let hash = turn(&mut queue, events, &spans);
    (hash, since(start))
}

fn turn<Q: Queue<Held>>(queue: &mut Q, events: u32, spans: &[Span]) -> u64 {
    let mut hash = 0u64;
    for (n, later) in (0..events).zip(spans.iter().cycle()) {
        let Some((key, item)) = queue.pop() else {
            return hash;
        };
        let order = key.time.0 ^ u64::from(key.source) << 32 ^ item[5];
        hash = (hash ^ order)
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
            .rotate_left(29);
        queue.push(Key::new(key.time.plus(*later), key.source, n), item);
    }
    hash
}

/// How many spans are drawn beforehand; no multiple of any number of pending events.
const SPANS: u32 = 65_521;

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
            "|   nodes | ping, s | flood, s |     events | heap, M/s | wheel, M/s | sim-s/CPU-s | B/node | RSS, MB |"
        )?;
        writeln!(
            f,
            "|--------:|--------:|---------:|-----------:|----------:|-----------:|------------:|-------:|--------:|"
        )?;
        for row in &self.toys {
            let rate = |rate: Option<f64>| rate.map_or("-".into(), |n| format!("{:.2}", n / 1e6));
            let (heap, wheel) = (rate(row.heap_rate), rate(row.wheel_rate));
            let flood = row
                .toy
                .flood
                .map_or("-".into(), |span| span.as_secs().to_string());
            let resident = row.resident.map(|bytes| (bytes / 1_000_000).to_string());
            let resident = resident.as_deref().unwrap_or("-");
            writeln!(
                f,
                "| {:7} | {:7} | {flood:>8} | {:10} | {heap:>9} | {wheel:>10} | {:>11} | {:6} | {resident:>7} |",
                row.toy.nodes,
                row.toy.ping.as_secs(),
                row.events,
                ns(row.speed),
                row.node_bytes,
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
