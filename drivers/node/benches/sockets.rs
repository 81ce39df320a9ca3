//! Nodes over real sockets: A to a relay to B on loopback, QUIC and all.
//!
//! Three nodes run in three threads, each with its own event loop; CPU seconds are those of the
//! whole process, so of all three nodes and of the programs that use them. Every run checks first
//! that each message was proven to A and reached B's application exactly once; a run in which that
//! does not hold prints no figure and fails. Figures vary with the machine: the table says which.
//!
//! `cargo bench -p tom --bench sockets`, with `-- --quick` for short runs.
#![expect(
    clippy::float_arithmetic,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench reports and may fail loudly"
)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;
use tom::{Client, Identity, Peer};

const HERE: [u8; 4] = [127, 0, 0, 1];
const LIMIT: Duration = Duration::from_secs(60);

/// User and system time of this process so far, in seconds.
fn cpu() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

async fn node(peer: Option<Peer>) -> Client {
    let mut builder = Client::builder()
        .identity(Identity::generate().unwrap())
        .listen(SocketAddr::from((HERE, 0)))
        .patience(LIMIT)
        // No direct links: what is to cross the relay does.
        .advertise(Vec::new());
    if let Some(peer) = peer {
        builder = builder.peer(peer);
    }
    builder.start().await.unwrap()
}

fn at(client: &Client) -> Peer {
    format!("{}@{}", client.address(), client.local_addr())
        .parse()
        .unwrap()
}

async fn linked(client: &Client, count: usize) {
    while client.status().await.unwrap().links.len() < count {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A node in a thread of its own. Dropping it ends both.
struct Thread {
    client: Client,
    end: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Thread {
    fn start(peer: Option<Peer>) -> Self {
        let (give, take) = std::sync::mpsc::channel();
        let (end, ended) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            event_loop().block_on(async {
                give.send(node(peer).await).unwrap();
                let _ = ended.await;
            });
        });
        Self {
            client: take.recv().unwrap(),
            end: Some(end),
            thread: Some(thread),
        }
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        drop(self.end.take());
        let _ = self.thread.take().map(std::thread::JoinHandle::join);
    }
}

fn event_loop() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

/// B: takes messages and notes how often each number came.
struct Sink {
    node: Thread,
    seen: Arc<Vec<AtomicU32>>,
}

impl Sink {
    fn start(peer: Option<Peer>, most: u32) -> Self {
        let node = Thread::start(peer);
        let seen: Arc<Vec<AtomicU32>> = Arc::new((0..most).map(|_| AtomicU32::new(0)).collect());
        let (client, into) = (node.client.clone(), seen.clone());
        std::thread::spawn(move || {
            event_loop().block_on(async move {
                let mut messages = client.messages();
                drop(client);
                while let Some(message) = messages.next().await {
                    let number = message.bytes.first_chunk().map(|n| u32::from_le_bytes(*n));
                    if let Some(count) = number.and_then(|n| into.get(n as usize)) {
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        });
        Self { node, seen }
    }

    /// Whether numbers `from..to` came exactly once each.
    fn check(&self, from: u32, to: u32) {
        for number in from..to {
            let count = self.seen[number as usize].load(Ordering::Relaxed);
            assert_eq!(count, 1, "message {number} came {count} times");
        }
    }
}

#[derive(Clone, Copy)]
struct Work {
    len: usize,
    window: u32,
    from: u32,
    count: u32,
}

struct Figure {
    cpu: f64,
    wall: f64,
    /// Sorted, in microseconds.
    latency: Vec<u64>,
}

/// A sends `count` messages, `window` of them under way, and waits for the proof of each.
async fn work(a: &Client, sink: &Sink, work: Work) -> Figure {
    let to = sink.node.client.address();
    let next = Arc::new(AtomicU32::new(work.from));
    let end = work.from + work.count;
    let (cpu_before, begin) = (cpu(), Instant::now());
    let mut senders = tokio::task::JoinSet::new();
    for _ in 0..work.window {
        let (a, next) = (a.clone(), next.clone());
        senders.spawn(async move {
            let mut latency = Vec::new();
            let mut bytes = vec![0; work.len];
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= end {
                    return latency;
                }
                bytes[..4].copy_from_slice(&number.to_le_bytes());
                let delivery = a.send(to, &bytes).await.unwrap();
                assert!(delivery.is_delivered(), "message {number}: {delivery:?}");
                latency.push(u64::try_from(delivery.took.as_micros()).unwrap_or(u64::MAX));
            }
        });
    }
    let mut latency = Vec::new();
    while let Some(part) = senders.join_next().await {
        latency.extend(part.unwrap());
    }
    let figure = (cpu() - cpu_before, begin.elapsed().as_secs_f64());
    assert_eq!(latency.len(), work.count as usize);
    sink.check(work.from, end);
    latency.sort_unstable();
    Figure {
        cpu: figure.0,
        wall: figure.1,
        latency,
    }
}

fn percentile(sorted: &[u64], percent: usize) -> f64 {
    let at = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(at).map_or(0.0, |us| *us as f64 / 1_000.0)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

fn line(what: &str, figure: &str, goal: &str, met: bool) {
    let mark = if met { "met" } else { "NOT MET" };
    println!("{what:<52} {figure:>26}   goal {goal:<14} {mark}");
}

fn main() {
    let quick = std::env::args().any(|arg| arg == "--quick");
    let (rounds, count) = if quick { (3, 5_000) } else { (5, 40_000) };
    println!(
        "wall times on {} cores",
        std::thread::available_parallelism().map_or(1, usize::from)
    );
    over_relay(rounds, count, quick);
    // Its figures are for two nodes (and its relay) on the same kind of machine, 1 KB messages.
    println!("    beside it, the predecessor: 3,650 over a relay and 5,600 direct per wall second");
    one_connection(rounds, if quick { 400 } else { 3_000 });
}

fn over_relay(rounds: u32, count: u32, quick: bool) {
    let relay = Thread::start(None);
    let slow = if quick { 1_000 } else { 10_000 };
    let warm = 1_000;
    let sink = Sink::start(Some(at(&relay.client)), warm + rounds * count + slow + 100);
    let a = Thread::start(Some(at(&relay.client)));
    event_loop().block_on(async {
        linked(&relay.client, 2).await;
        // The senders run on this thread; the nodes have theirs.
        let a = &a.client;
        work(
            a,
            &sink,
            Work {
                len: 200,
                window: 16,
                from: 0,
                count: warm,
            },
        )
        .await;
        let mut from = warm;
        let mut rates = Vec::new();
        let mut walls = Vec::new();
        for _ in 0..rounds {
            let figure = work(
                a,
                &sink,
                Work {
                    len: 200,
                    window: 16,
                    from,
                    count,
                },
            )
            .await;
            from += count;
            rates.push(f64::from(count) / figure.cpu);
            walls.push(f64::from(count) / figure.wall);
        }
        let (rate, wall) = (median(rates), median(walls));
        line(
            "A-relay-B, 200 B, window 16, per CPU-second of all",
            &format!("{rate:.0}"),
            "18000",
            rate >= 18_000.0,
        );
        line(
            "  the same, per second of wall time",
            &format!("{wall:.0}"),
            "-",
            true,
        );
        let figure = work(
            a,
            &sink,
            Work {
                len: 200,
                window: 1,
                from,
                count: slow,
            },
        )
        .await;
        from += slow;
        let (p50, p99) = (
            percentile(&figure.latency, 50),
            percentile(&figure.latency, 99),
        );
        line(
            "A-relay-B, 200 B, window 1, p50 / p99",
            &format!("{p50:.2} / {p99:.2} ms"),
            "p99 5 ms",
            p99 <= 5.0,
        );
        let forwarded = relay.client.status().await.unwrap().stats.forwarded;
        assert!(
            forwarded >= u64::from(from),
            "the messages did not cross the relay"
        );

        let mut firsts = Vec::new();
        for number in from..from + if quick { 20 } else { 100 } {
            let begin = Instant::now();
            let stranger = node(Some(at(&relay.client))).await;
            let to = sink.node.client.address();
            let delivery = stranger.send(to, number.to_le_bytes()).await.unwrap();
            assert!(delivery.is_delivered());
            firsts.push(u64::try_from(begin.elapsed().as_micros()).unwrap_or(u64::MAX));
            sink.check(number, number + 1);
            stranger.shutdown().await;
        }
        firsts.sort_unstable();
        let (p50, worst) = (percentile(&firsts, 50), percentile(&firsts, 100));
        line(
            "start, connect, first acknowledged message, p50 / max",
            &format!("{p50:.1} / {worst:.1} ms"),
            "100 ms",
            worst < 100.0,
        );
    });
}

fn one_connection(rounds: u32, count: u32) {
    const LEN: usize = 60 << 10;
    let sink = Sink::start(None, 100 + rounds * count);
    let a = Thread::start(Some(at(&sink.node.client)));
    event_loop().block_on(async {
        linked(&a.client, 1).await;
        work(
            &a.client,
            &sink,
            Work {
                len: LEN,
                window: 8,
                from: 0,
                count: 100,
            },
        )
        .await;
        let (mut rates, mut cpus) = (Vec::new(), Vec::new());
        for round in 0..rounds {
            let from = 100 + round * count;
            let figure = work(
                &a.client,
                &sink,
                Work {
                    len: LEN,
                    window: 8,
                    from,
                    count,
                },
            )
            .await;
            rates.push(f64::from(count) * LEN as f64 * 8.0 / figure.wall / 1e9);
            cpus.push(figure.cpu / figure.wall);
        }
        let rate = median(rates);
        line(
            "one connection, 60 KiB messages, window 8",
            &format!("{rate:.2} Gbit/s"),
            "1 Gbit/s",
            rate >= 1.0,
        );
        // On a busy machine the wall time is others' too: this says what was left for us.
        let cores = median(cpus);
        line(
            "  with so many cores busy, and per CPU-second of both ends",
            &format!("{cores:.2}, {:.2} Gbit", rate / cores),
            "-",
            true,
        );
    });
}
