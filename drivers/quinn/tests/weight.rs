//! What links weigh on the wire, for the simulator's table of costs (`drivers/sim/src/net/cost.rs`).
//!
//! `cargo test -p tom-quinn --test weight -- --ignored --nocapture` prints each UDP packet between two
//! transports on loopback, seen by a forwarder between them: when, which way, how long.

#![expect(clippy::unwrap_used, reason = "helpers of a test fail by panicking")]

mod common;

use std::net::UdpSocket;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use common::{Side, loopback, numbered, queued};
use tom_quinn::Config;

/// Milliseconds, from the dialler, bytes of UDP payload.
type Seen = Arc<Mutex<Vec<(u128, bool, usize)>>>;

/// Forwards between whoever sends first and `server`, each packet after `delay`; writes down what it
/// sees.
fn forwarder(server: std::net::SocketAddr, delay: Duration) -> (std::net::SocketAddr, Seen) {
    let socket = Arc::new(UdpSocket::bind(loopback(0)).unwrap());
    let addr = socket.local_addr().unwrap();
    let seen = Seen::default();
    let log = seen.clone();
    std::thread::spawn(move || {
        let start = now();
        let mut client = None;
        let mut buffer = [0; 65_536];
        while let Ok((len, from)) = socket.recv_from(&mut buffer) {
            let from_client = from != server;
            if from_client {
                client = Some(from);
            }
            let ms = start.elapsed().as_millis();
            log.lock().unwrap().push((ms, from_client, len));
            let to = if from_client { Some(server) } else { client };
            let (socket, bytes) = (socket.clone(), buffer[..len].to_vec());
            std::thread::spawn(move || {
                std::thread::sleep(delay);
                to.map(|to| socket.send_to(&bytes, to))
            });
        }
    });
    (addr, seen)
}

#[expect(clippy::disallowed_methods, reason = "what is measured is real time")]
fn now() -> Instant {
    Instant::now()
}

fn show(what: &str, seen: &Seen) {
    println!("{what}");
    for (ms, from_client, len) in seen.lock().unwrap().drain(..) {
        let way = if from_client { "->" } else { "<-" };
        println!("  {ms:7} ms {way} {len}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "prints measurements and takes 40 s"]
async fn what_links_weigh() {
    let mut a = Side::new(1, Config::default());
    let mut b = Side::new(2, Config::default());
    // Long enough that packets of one turn stand together.
    let (between, seen) = forwarder(b.addr(), Duration::from_millis(50));
    a.transport.dial(b.identity, vec![between]).unwrap();
    let link = a.up().await.link;
    let back = b.up().await.link;
    show("until both are up", &seen);
    tokio::time::sleep(Duration::from_secs(3)).await;
    show(
        "the 3 s after: acknowledgements, connection ids, MTU probes",
        &seen,
    );
    for number in 0..40 {
        queued(a.transport.send(link, &numbered(number, 100)));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    show("40 datagrams of 100 bytes, 20 ms apart", &seen);
    for number in 0..10 {
        queued(a.transport.send(link, &numbered(number, 100)));
        tokio::time::sleep(Duration::from_millis(200)).await;
        queued(b.transport.send(back, &numbered(number, 100)));
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    show(
        "10 datagrams of 100 bytes each way, in turn, 200 ms apart",
        &seen,
    );
    queued(a.transport.send(link, &numbered(0, 8_000)));
    tokio::time::sleep(Duration::from_secs(1)).await;
    show("a message of 8,000 bytes", &seen);
    tokio::time::sleep(Duration::from_secs(21)).await;
    show("21 s of silence", &seen);
    println!("{:?}", a.transport.link_stats(link));
}
