//! What is queued arrives, whole, and back-pressure loses nothing.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a test picks the events it is about"
)]

mod common;

use std::time::Duration;

use common::raw::{self, Key};
use common::{Side, number, numbered, pair, queued};
use tom_quinn::{ALPN, Config, DownReason, Event, LinkId, MAX_MESSAGE, SendOutcome};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn short_and_long_messages_arrive_in_both_directions() {
    let (mut a, to_b, mut b, to_a) = pair(Config::default()).await;
    for len in [4, 5, 256, 1000, 1200, 1452, 4096, 60 << 10, MAX_MESSAGE] {
        let message = numbered(len as u32, len);
        queued(a.transport.send(to_b, &message));
        assert_eq!(b.received().await, message, "{len} bytes from the dialler");
        queued(b.transport.send(to_a, &message));
        assert_eq!(a.received().await, message, "{len} bytes to the dialler");
    }
    queued(a.transport.send(to_b, &[]));
    assert_eq!(b.received().await, []);
    let stats = a.transport.link_stats(to_b).expect("a live link");
    assert!(
        stats.datagrams_sent >= 4 && stats.streams_sent >= 4,
        "{stats:?}"
    );
    assert_eq!(stats.datagrams_sent + stats.streams_sent, 10);
    assert_eq!(stats.datagrams_received + stats.streams_received, 9);
    assert!(stats.rtt > Duration::ZERO && stats.udp_bytes_sent > stats.bytes_sent);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_long_and_too_late_are_told_apart() {
    let (mut a, to_b, b, _) = pair(Config::default()).await;
    let long = vec![0; MAX_MESSAGE + 1];
    assert_eq!(a.transport.send(to_b, &long), SendOutcome::TooLong);
    let other = LinkId(to_b.0 + 1);
    assert_eq!(a.transport.send(other, b"?"), SendOutcome::Gone);
    drop(b);
    a.down().await;
    assert_eq!(a.transport.send(to_b, b"?"), SendOutcome::Gone);
    assert_eq!(a.transport.send(to_b, &long[..9000]), SendOutcome::Gone);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_mtu_grows_with_the_path_and_is_told() {
    let (mut a, to_b, mut b, _) = pair(Config::default()).await;
    let mtu = a
        .until(|event| match event {
            Event::Mtu { link, mtu } if link == to_b => Some(mtu),
            _ => None,
        })
        .await;
    assert!(mtu > 1200, "{mtu}");
    let message = numbered(1, mtu as usize);
    queued(a.transport.send(to_b, &message));
    assert_eq!(b.received().await, message);
    let stats = a.transport.link_stats(to_b).expect("a live link");
    assert_eq!((stats.datagrams_sent, stats.streams_sent), (1, 0));
}

/// Sends `count` messages of `len` to a reader that pauses, honouring `Blocked`.
async fn nothing_is_lost(config: Config, count: u32, len: usize) {
    let (mut a, to_b, mut b, _) = pair(config).await;
    let reader = tokio::spawn(async move {
        let mut seen = vec![false; count as usize];
        let mut batch = Vec::new();
        for received in 0..count {
            while batch.is_empty() {
                tokio::time::sleep(Duration::from_millis(2)).await;
                let wait = b.events.recv_many(&mut batch, 64);
                let got = tokio::time::timeout(Duration::from_secs(10), wait).await;
                assert!(got.is_ok(), "only {received} of {count} arrived");
                batch.retain(|event| matches!(event, Event::Received { .. }));
            }
            if let Event::Received { bytes, .. } = batch.remove(0) {
                let number = number(&bytes);
                assert_eq!(bytes, numbered(number, len));
                let before = std::mem::replace(&mut seen[number as usize], true);
                assert!(!before, "message {number} came twice");
            }
        }
        b
    });
    let mut blocked = 0;
    for n in 0..count {
        while a.transport.send(to_b, &numbered(n, len)) != SendOutcome::Queued {
            blocked += 1;
            writable(&mut a, to_b).await;
        }
    }
    assert!(blocked > 0, "the reader was too fast to test anything");
    let b = reader.await.expect("the reader's checks hold");
    let stats = a.transport.link_stats(to_b).expect("the link stands");
    println!("{count} messages of {len} bytes, blocked {blocked} times: {stats:?}");
    drop(b);
}

async fn writable(side: &mut Side, link: LinkId) {
    side.until(|event| match event {
        Event::Writable { link: which } if which == link => Some(()),
        Event::Down { reason, .. } => panic!("{reason}"),
        _ => None,
    })
    .await;
}

/// Small queues, so that back-pressure has to work.
fn tight() -> Config {
    Config {
        inbox_bytes: 256 << 10,
        datagram_queue_bytes: 66_000,
        message_queue_bytes: 66_000,
        window_bytes: 256 << 10,
        max_streams: 8,
        ..Config::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_streams_to_a_slow_reader_all_arrive() {
    nothing_is_lost(tight(), 10_000, 3_000).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn long_messages_to_a_slow_reader_all_arrive() {
    nothing_is_lost(tight(), 300, 60 << 10).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_datagrams_to_a_slow_reader_all_arrive_on_loopback() {
    nothing_is_lost(tight(), 10_000, 256).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sender_that_ignores_blocked_loses_only_what_was_not_taken() {
    let (a, to_b, mut b, _) = pair(tight()).await;
    let mut taken = 0;
    for n in 0..3_000 {
        taken += u32::from(a.transport.send(to_b, &numbered(n, 20_000)) == SendOutcome::Queued);
    }
    assert!(taken < 3_000, "something must have been blocked");
    for _ in 0..taken {
        b.received().await;
    }
    b.never(Duration::from_millis(200), |event| {
        matches!(event, Event::Received { .. })
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_stalls_does_not_hold_up_others() {
    let mut b = Side::new(2, Config::default());
    let client = raw::client(Some(Key::honest(1)), true, ALPN);
    let connection = client.connect(b.addr(), "tom").unwrap().await.unwrap();
    let mut stalled = connection.open_uni().await.unwrap();
    stalled.write_all(b"half a mess").await.unwrap();
    let mut given_up = connection.open_uni().await.unwrap();
    given_up.write_all(b"never mind").await.unwrap();
    given_up.reset(quinn::VarInt::from_u32(1)).unwrap();
    let mut whole = connection.open_uni().await.unwrap();
    whole.write_all(b"a whole one").await.unwrap();
    whole.finish().unwrap();
    assert_eq!(b.received().await, b"a whole one");
    stalled.write_all(b"age").await.unwrap();
    stalled.finish().unwrap();
    assert_eq!(b.received().await, b"half a message");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_sends_more_than_a_message_may_have_is_cut_off() {
    let mut b = Side::new(2, Config::default());
    let client = raw::client(Some(Key::honest(1)), true, ALPN);
    let connection = client.connect(b.addr(), "tom").unwrap().await.unwrap();
    let mut stream = connection.open_uni().await.unwrap();
    // The write or a later one fails once the peer has closed.
    let _ = stream.write_all(&vec![7; MAX_MESSAGE + 1]).await;
    let (_, reason) = b.down().await;
    assert!(matches!(reason, DownReason::Violation(_)), "{reason:?}");
    let error = connection.closed().await.to_string();
    assert!(error.contains("65600"), "{error}");
}
