//! What one link carries: datagrams per CPU second, alone and bundled, and 60 KiB messages.
//!
//! Both ends run in this process over loopback; CPU seconds are user and system time of the whole
//! process, so of sender and receiver together. Workloads take turns for five rounds; the median
//! and the extremes are printed. Correctness is checked before anything is measured.
//! Run with `cargo bench -p tom-quinn`; `-- --quick` for one short round.
#![expect(
    clippy::wildcard_enum_match_arm,
    clippy::unwrap_used,
    clippy::float_arithmetic,
    reason = "a bench reports and may fail loudly"
)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ed25519_dalek::{Signer, SigningKey};
use tokio::time::Instant;
use tom_quinn::{Config, Event, Events, LinkId, LinkKeys, SendOutcome, Transport};

struct Keys(SigningKey);

impl LinkKeys for Keys {
    fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

/// User and system time of this process so far, in seconds; Linux counts it in 1/100 s.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks: Vec<f64> = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse().ok())
        .collect();
    ticks.iter().sum::<f64>() / 100.0
}

struct Workload {
    name: &'static str,
    /// Bytes of one message on the link.
    len: usize,
    /// Application datagrams of 256 B in one message.
    bundled: u32,
    count: u32,
}

struct Figure {
    delivered: u32,
    cpu: f64,
    wall: f64,
}

fn message(number: u32, len: usize) -> Vec<u8> {
    let mut bytes = vec![number as u8; len];
    bytes[..4].copy_from_slice(&number.to_le_bytes());
    bytes
}

/// Sends `count` messages as fast as the link takes them and waits until all have arrived, or
/// nothing more does for half a second.
async fn run(
    from: &Arc<Transport>,
    link: LinkId,
    from_events: &mut Events,
    to_events: &mut Events,
    work: &Workload,
    verify: bool,
) -> Figure {
    let (cpu, begin) = (cpu_seconds(), Instant::now());
    let (len, count) = (work.len, work.count);
    let send = async {
        let mut bytes = message(0, len);
        let mut batch = Vec::new();
        for number in 0..count {
            if verify {
                bytes = message(number, len);
            }
            loop {
                match from.send(link, &bytes) {
                    SendOutcome::Queued => break,
                    SendOutcome::Blocked => {}
                    outcome @ (SendOutcome::Gone | SendOutcome::TooLong) => panic!("{outcome:?}"),
                }
                batch.clear();
                while !batch
                    .iter()
                    .any(|event| matches!(event, Event::Writable { .. }))
                {
                    assert!(from_events.recv_many(&mut batch, 64).await > 0);
                }
            }
            // An engine shares its thread; without this the receiver would starve on one core.
            if number % 64 == 0 {
                tokio::task::yield_now().await;
            }
        }
    };
    let mut seen = vec![false; if verify { count as usize } else { 0 }];
    let mut last = begin;
    let mut delivered = 0;
    let receive = async {
        let mut batch = Vec::new();
        while delivered < count {
            batch.clear();
            let wait = to_events.recv_many(&mut batch, 512);
            if tokio::time::timeout(Duration::from_millis(500), wait)
                .await
                .is_err()
            {
                break;
            }
            for event in &batch {
                if let Event::Received { bytes, .. } = event {
                    delivered += 1;
                    if verify {
                        let number = u32::from_le_bytes(bytes[..4].try_into().unwrap());
                        assert_eq!(*bytes, message(number, len));
                        assert!(
                            !std::mem::replace(&mut seen[number as usize], true),
                            "twice"
                        );
                    }
                }
            }
            last = Instant::now();
        }
    };
    tokio::join!(send, receive);
    Figure {
        delivered,
        cpu: cpu_seconds() - cpu,
        wall: (last - begin).as_secs_f64(),
    }
}

fn spread(mut values: Vec<f64>) -> (f64, f64, f64) {
    values.sort_by(f64::total_cmp);
    let at = |index: usize| values.get(index).copied().unwrap_or(0.0);
    (
        at(values.len() / 2),
        at(0),
        at(values.len().saturating_sub(1)),
    )
}

async fn bench(quick: bool) {
    let addr = SocketAddr::from(([127, 0, 0, 1], 0));
    let keys = |seed| Arc::new(Keys(SigningKey::from_bytes(&[seed; 32])));
    let (a, mut a_events) = Transport::bind(addr, keys(1), Config::default()).unwrap();
    let (b, mut b_events) = Transport::bind(addr, keys(2), Config::default()).unwrap();
    let begin = Instant::now();
    a.dial(keys(2).public(), vec![b.local_addr()]).unwrap();
    let (mut link, mut mtu, mut batch) = (LinkId(0), 0, Vec::new());
    while mtu < 1300 {
        assert!(a_events.recv_many(&mut batch, 8).await > 0);
        for event in batch.drain(..) {
            match event {
                Event::Up {
                    link: up, mtu: now, ..
                } => {
                    println!("connected in {:?}, mtu {now}", begin.elapsed());
                    (link, mtu) = (up, now);
                }
                Event::Mtu { mtu: now, .. } => mtu = now,
                event => panic!("{event:?}"),
            }
        }
    }
    println!("mtu after probing: {mtu}");
    let a = Arc::new(a);
    let scale = if quick { 10 } else { 1 };
    let bundle = mtu / 260;
    let work = [
        Workload {
            name: "256 B alone",
            len: 256,
            bundled: 1,
            count: 1_000_000 / scale,
        },
        Workload {
            name: "256 B bundled",
            len: (bundle * 260) as usize,
            bundled: bundle,
            count: 500_000 / scale,
        },
        Workload {
            name: "60 KiB streams",
            len: 60 << 10,
            bundled: 0,
            count: 10_000 / scale,
        },
    ];
    for one in &work {
        let check = Workload {
            count: one.count / 50,
            ..*one
        };
        let figure = run(&a, link, &mut a_events, &mut b_events, &check, true).await;
        assert_eq!(figure.delivered, check.count, "{} lost something", one.name);
    }
    println!("checked: every message of a trial of each workload arrived once and whole");
    let mut figures: Vec<Vec<Figure>> = work.iter().map(|_| Vec::new()).collect();
    for _ in 0..if quick { 1 } else { 5 } {
        for (one, figures) in work.iter().zip(&mut figures) {
            figures.push(run(&a, link, &mut a_events, &mut b_events, one, false).await);
        }
    }
    for (one, figures) in work.iter().zip(&figures) {
        let per = f64::from(one.bundled.max(1));
        let rate = |f: &Figure| f64::from(f.delivered) * per / f.cpu.max(0.01);
        let bits = |f: &Figure| f64::from(f.delivered) * one.len as f64 * 8e-9 / f.wall.max(1e-9);
        let (rate, rate_min, rate_max) = spread(figures.iter().map(rate).collect());
        let (bits, bits_min, bits_max) = spread(figures.iter().map(bits).collect());
        let lost: u32 = figures.iter().map(|f| one.count - f.delivered).sum();
        println!(
            "{:15} {rate:9.0} per CPU s ({rate_min:.0} to {rate_max:.0})   {bits:5.2} Gbit/s \
             ({bits_min:.2} to {bits_max:.2})   lost {lost}",
            one.name
        );
    }
    println!("{:?}", a.link_stats(link).unwrap());
}

fn main() {
    // `cargo test` also runs benches, without --bench: then there is nothing to measure.
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let quick = std::env::args().any(|arg| arg == "--quick");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async { tokio::spawn(bench(quick)).await.unwrap() });
}
