//! Links come up, go down with a reason, and kept ones come back.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

mod common;

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use common::{Side, identity, loopback, pair, queued};
use tokio::runtime::Runtime;
use tokio::time::Instant;
use tom_quinn::{Config, DialError, DownReason, Event, Events, SendOutcome};

fn impatient() -> Config {
    Config {
        keep_alive: Duration::from_millis(200),
        idle_timeout: Duration::from_millis(900),
        ..Config::default()
    }
}

/// A peer in a runtime of its own, so that it can die without a word.
struct Mortal {
    runtime: Runtime,
    side: Side,
}

impl Mortal {
    fn new(seed: u8, addr: SocketAddr) -> Self {
        let runtime = Runtime::new().unwrap();
        let side = {
            let _inside = runtime.enter();
            Side::at(seed, addr, impatient())
        };
        Self { runtime, side }
    }

    fn kill(self) {
        // Its tasks end first, so that nobody is left to say goodbye.
        let Self { runtime, side } = self;
        std::thread::spawn(move || {
            runtime.shutdown_timeout(Duration::from_secs(5));
            drop(side);
        })
        .join()
        .unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_that_dial_each_other_at_once_get_two_links() {
    let mut a = Side::new(1, Config::default());
    let mut b = Side::new(2, Config::default());
    a.dial(&b);
    b.dial(&a);
    let at_a = [a.up().await, a.up().await];
    let at_b = [b.up().await, b.up().await];
    for (ups, peer) in [(at_a, b.identity), (at_b, a.identity)] {
        assert!(ups.iter().all(|up| up.peer == peer));
        assert_ne!(ups[0].link, ups[1].link);
        assert_ne!(ups[0].dialed, ups[1].dialed);
    }
    for up in at_a {
        queued(a.transport.send(up.link, b"hello"));
        assert_eq!(b.received().await, b"hello");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_close_is_told_to_both_sides() {
    let (mut a, to_b, mut b, to_a) = pair(Config::default()).await;
    a.transport.close(to_b);
    assert_eq!(a.down().await, (to_b, DownReason::ClosedHere));
    let reason = String::new();
    assert_eq!(b.down().await, (to_a, DownReason::ClosedByPeer { reason }));
    assert_eq!(a.transport.stats().links, 0);
    assert_eq!(a.transport.send(to_b, b"?"), SendOutcome::Gone);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_peer_is_down_within_the_idle_timeout() {
    let mut a = Side::new(1, impatient());
    let b = Mortal::new(2, loopback(0));
    a.dial(&b.side);
    let link = a.up().await.link;
    b.kill();
    let begin = Instant::now();
    assert_eq!(a.down().await, (link, DownReason::TimedOut));
    let took = begin.elapsed();
    assert!(took < Duration::from_secs(2), "{took:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_link_is_kept_alive_past_the_timeout() {
    let (mut a, to_b, mut b, _) = pair(impatient()).await;
    let down = |event: &Event| matches!(event, Event::Down { .. });
    a.never(Duration::from_millis(2500), down).await;
    queued(a.transport.send(to_b, b"still there"));
    assert_eq!(b.received().await, b"still there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kept_peer_that_restarts_at_its_port_comes_back() {
    let mut a = Side::new(1, impatient());
    let b = Mortal::new(2, loopback(0));
    let addr = b.side.addr();
    assert!(a.transport.keep(b.side.identity, vec![addr]));
    let first = a.up().await;
    b.kill();
    assert_eq!(a.down().await, (first.link, DownReason::TimedOut));
    // It stays away for a while: dials fail meanwhile and go on.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let mut again = Mortal::new(2, addr);
    let second = a.up().await;
    assert_eq!((second.peer, second.dialed), (identity(2), true));
    assert_ne!(second.link, first.link);
    queued(a.transport.send(second.link, b"welcome back"));
    assert_eq!(again.side.received().await, b"welcome back");
    again.kill();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_restarts_at_once_is_noticed_before_the_idle_timeout() {
    let patient = Config {
        keep_alive: Duration::from_millis(100),
        idle_timeout: Duration::from_secs(60),
        ..Config::default()
    };
    let mut a = Side::new(1, patient);
    let b = Mortal::new(2, loopback(0));
    let addr = b.side.addr();
    assert!(a.transport.keep(b.side.identity, vec![addr]));
    let first = a.up().await;
    b.kill();
    let again = Mortal::new(2, addr);
    // The new process disowns packets of the old one's link.
    assert_eq!(a.down().await, (first.link, DownReason::PeerRestarted));
    assert_eq!(a.up().await.peer, identity(2));
    again.kill();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_link_with_a_kept_peer_is_redialled_at_once() {
    // A redial after a failure would wait 450 ms or more.
    let config = Config {
        redial_first: Duration::from_millis(600),
        ..impatient()
    };
    let mut a = Side::new(1, config);
    let mut b = Side::new(2, impatient());
    assert!(a.transport.keep(b.identity, vec![b.addr()]));
    let (at_a, at_b) = (a.up().await, b.up().await);
    tokio::time::sleep(Duration::from_millis(700)).await;
    let begin = Instant::now();
    b.transport.close(at_b.link);
    let (down, _) = a.down().await;
    assert_eq!(down, at_a.link);
    a.up().await;
    let took = begin.elapsed();
    assert!(took < Duration::from_millis(400), "{took:?}");
    // Forgotten, it stays away.
    a.transport.forget(&b.identity);
    let at_b = b.up().await;
    b.transport.close(at_b.link);
    a.down().await;
    let up = |event: &Event| matches!(event, Event::Up { .. });
    a.never(Duration::from_millis(1000), up).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_that_keep_each_other_do_not_redial_while_a_link_stands() {
    let mut a = Side::new(1, impatient());
    let mut b = Side::new(2, impatient());
    assert!(a.transport.keep(b.identity, vec![b.addr()]));
    let first = a.up().await;
    b.up().await;
    assert!(b.transport.keep(a.identity, vec![a.addr()]));
    let up = |event: &Event| matches!(event, Event::Up { .. });
    b.never(Duration::from_millis(500), up).await;
    a.transport.close(first.link);
    b.down().await;
    b.up().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dial_finds_the_address_that_works() {
    let silent = UdpSocket::bind(loopback(0)).unwrap();
    let mut a = Side::new(1, Config::default());
    let wrong = Side::new(3, Config::default());
    let b = Side::new(2, Config::default());
    let addrs = vec![silent.local_addr().unwrap(), wrong.addr(), b.addr()];
    a.transport.dial(b.identity, addrs).unwrap();
    let up = a.up().await;
    assert_eq!((up.peer, up.remote), (b.identity, b.addr()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dial_without_an_answer_says_so() {
    let silent = UdpSocket::bind(loopback(0)).unwrap();
    let config = Config {
        dial_timeout: Duration::from_millis(400),
        ..Config::default()
    };
    let mut a = Side::new(1, config);
    let waited = Duration::from_millis(400);
    let cases = [
        (
            vec![silent.local_addr().unwrap()],
            DialError::NoAnswer {
                addresses: 1,
                waited,
            },
        ),
        (vec![], DialError::NoAddress),
        (vec!["[::1]:9".parse().unwrap()], DialError::NoAddress),
    ];
    for (addrs, expected) in cases {
        a.transport.dial(identity(2), addrs).unwrap();
        let event = a.next().await;
        let why = expected;
        assert_eq!(
            event,
            Event::DialFailed {
                peer: identity(2),
                why
            }
        );
    }
    assert_eq!(a.transport.stats().dials_failed, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bound_on_links_holds_on_both_sides() {
    let config = Config {
        max_links_per_peer: 1,
        ..Config::default()
    };
    let (mut a, _, b, _) = pair(config).await;
    a.dial(&b);
    let peer = b.identity;
    let why = DialError::LinksFull;
    let failed = a
        .until(|event| matches!(event, Event::DialFailed { .. }).then_some(event))
        .await;
    assert_eq!(failed, Event::DialFailed { peer, why });
    assert_eq!(
        (a.transport.stats().links, b.transport.stats().links),
        (1, 1)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropping_the_transport_ends_the_events_after_every_down() {
    let (a, to_b, mut b, _) = pair(Config::default()).await;
    let Side {
        transport,
        mut events,
        ..
    } = a;
    transport.shutdown().await;
    let mut seen = Vec::new();
    while events.recv_many(&mut seen, 16).await > 0 {}
    let down = Event::Down {
        link: to_b,
        reason: DownReason::ClosedHere,
    };
    assert_eq!(seen.last(), Some(&down));
    b.down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropping_the_events_closes_the_links() {
    let (a, to_b, mut b, to_a) = pair(Config::default()).await;
    let Side {
        transport, events, ..
    } = a;
    drop::<Events>(events);
    queued(b.transport.send(to_a, b"anyone?"));
    b.down().await;
    assert_eq!(transport.send(to_b, b"?"), SendOutcome::Gone);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_load_a_dialler_must_prove_its_address_and_still_gets_in() {
    let config = Config {
        max_handshakes: 1,
        ..Config::default()
    };
    let (_a, _, b, _) = pair(config).await;
    assert_eq!(b.transport.stats().retried, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_socket_serves_both_families() {
    let any = "[::]:0".parse().unwrap();
    if UdpSocket::bind(any).is_err() {
        println!("skipped: this machine has no IPv6");
        return;
    }
    let mut dual = Side::at(1, any, Config::default());
    let mut four = Side::new(2, Config::default());
    let port = dual.addr().port();
    four.transport
        .dial(dual.identity, vec![loopback(port)])
        .unwrap();
    assert_eq!(four.up().await.remote, loopback(port));
    assert_eq!(dual.up().await.remote, four.addr());
    dual.dial(&four);
    assert_eq!(dual.up().await.remote, four.addr());
    let mut six = Side::at(3, "[::1]:0".parse().unwrap(), Config::default());
    dual.dial(&six);
    assert!(six.up().await.remote.is_ipv6());
    assert_eq!(dual.up().await.remote, six.addr());
}

#[test]
fn a_bind_that_cannot_work_says_why() {
    let keys = std::sync::Arc::new(common::TestKeys::new(1));
    let error = tom_quinn::Transport::bind(loopback(0), keys.clone(), Config::default());
    assert!(error.unwrap_err().to_string().contains("tokio runtime"));
    let runtime = Runtime::new().unwrap();
    let _inside = runtime.enter();
    let taken = UdpSocket::bind(loopback(0)).unwrap();
    let addr = taken.local_addr().unwrap();
    let error = tom_quinn::Transport::bind(addr, keys, Config::default()).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
    assert!(error.to_string().contains(&addr.to_string()), "{error}");
}
