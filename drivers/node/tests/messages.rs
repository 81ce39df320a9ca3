//! Two clients and a relay: messages, receipts, back-pressure, and a relay that comes back.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod common;

use std::net::SocketAddr;
use std::time::Duration;

use common::{Dir, Node, run};
use tom::{Client, Identity, Outgoing, Peer, State};

const PATIENCE: Duration = Duration::from_secs(10);

async fn client(seed: u8, peers: &[&Peer]) -> Client {
    let mut builder = Client::builder()
        .identity(Identity::from_seed([seed; 32]))
        .listen(SocketAddr::from(([127, 0, 0, 1], 0)))
        .advertise(Vec::new());
    for peer in peers {
        builder = builder.peer((*peer).clone());
    }
    builder.start().await.unwrap()
}

fn at(client: &Client) -> Peer {
    format!("{}@{}", client.address(), client.local_addr())
        .parse()
        .unwrap()
}

async fn linked(client: &Client, count: usize) {
    for _ in 0..500 {
        if client.status().await.unwrap().links.len() >= count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("no link");
}

#[tokio::test]
async fn two_clients_exchange_over_a_relay() {
    let relay = client(1, &[]).await;
    let (a, b) = (
        client(2, &[&at(&relay)]).await,
        client(3, &[&at(&relay)]).await,
    );
    linked(&relay, 2).await;
    let (mut at_a, mut at_b) = (a.messages(), b.messages());
    let mut events = a.events();
    let mut sending = a.submit(Outgoing::new(b.address(), "there")).await.unwrap();
    let message = at_b.next().await.unwrap();
    assert_eq!(
        (message.from, &*message.bytes),
        (a.address(), &b"there"[..])
    );
    assert_eq!(message.neighbour, relay.address());
    assert_eq!(sending.wait(PATIENCE).await.state, State::Delivered);
    message.read().await.unwrap();
    let read = tom::Event::Message {
        id: sending.id(),
        state: State::Read,
    };
    while events.next().await.unwrap() != read {}
    let (back, message) = tokio::join!(b.send(a.address(), "and back"), at_a.next());
    assert!(back.unwrap().is_delivered());
    assert_eq!(message.unwrap().text(), "and back");
    let path = a.path(sending.id()).await.unwrap().unwrap();
    assert_eq!(
        path.attempts.last().unwrap().neighbour,
        relay.address().handle()
    );
}

/// DRV-12: taken is what the application says is taken.
#[tokio::test]
async fn what_no_application_takes_is_not_acknowledged() {
    let b = client(5, &[]).await;
    let a = client(4, &[&at(&b)]).await;
    linked(&a, 1).await;
    let mut sending = a
        .submit(Outgoing::new(b.address(), "hold me"))
        .await
        .unwrap();
    let mut messages = b.messages();
    let held = messages.next_held().await.unwrap();
    assert!(
        !sending
            .wait(Duration::from_millis(700))
            .await
            .is_delivered()
    );
    // Put back, it is the next one again; only taking it acknowledges it.
    drop(held);
    assert!(
        !sending
            .wait(Duration::from_millis(300))
            .await
            .is_delivered()
    );
    let message = messages.next_held().await.unwrap().take();
    assert_eq!(message.text(), "hold me");
    assert!(sending.wait(PATIENCE).await.is_delivered());
}

#[tokio::test]
async fn a_slow_application_loses_nothing_and_holds_senders_back() {
    let b = client(7, &[]).await;
    let a = client(6, &[&at(&b)]).await;
    linked(&a, 1).await;
    const COUNT: u32 = 3_000;
    let address = b.address();
    let sender = tokio::spawn(async move {
        let mut open = Vec::new();
        for n in 0..COUNT {
            open.push(
                a.submit(Outgoing::new(address, n.to_le_bytes()))
                    .await
                    .unwrap(),
            );
        }
        for mut sending in open {
            assert!(sending.wait(Duration::from_secs(60)).await.is_delivered());
        }
        a.status().await.unwrap()
    });
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(
        !sender.is_finished(),
        "the outbox holds at most 1,024: the sender must wait"
    );
    let mut messages = b.messages();
    let mut seen = vec![0; COUNT as usize];
    for _ in 0..COUNT {
        let message = messages.next().await.unwrap();
        seen[u32::from_le_bytes(message.bytes.try_into().unwrap()) as usize] += 1;
    }
    assert!(seen.iter().all(|count| *count == 1), "each once");
    assert_eq!(sender.await.unwrap().stats.delivered, u64::from(COUNT));
}

#[tokio::test]
async fn long_messages_travel_and_longer_ones_are_refused() {
    let b = client(9, &[]).await;
    let a = client(8, &[&at(&b)]).await;
    linked(&a, 1).await;
    let mut messages = b.messages();
    for len in [0, 1, 1_200, 5_000, 61_440] {
        let bytes = vec![7; len];
        let (sent, message) = tokio::join!(a.send(b.address(), &bytes), messages.next());
        assert!(sent.unwrap().is_delivered(), "{len}");
        assert_eq!(message.unwrap().bytes, bytes);
    }
    let refused = a.send(b.address(), vec![7; 65_536]).await.unwrap_err();
    assert!(matches!(refused, tom::Error::Refused(_)), "{refused}");
    assert!(refused.to_string().contains("too long"), "{refused}");
}

#[tokio::test]
async fn a_relay_that_restarts_is_found_again() {
    let dir = Dir::new("restart");
    let relay = Node::start(&dir, &["--listen", "127.0.0.1:0", "--advertise", "none"]);
    let (peer, listen): (Peer, String) = (relay.peer.parse().unwrap(), relay.listen.clone());
    let (a, b) = (client(10, &[&peer]).await, client(11, &[&peer]).await);
    linked(&a, 1).await;
    linked(&b, 1).await;
    let mut messages = b.messages();
    let (first, _) = tokio::join!(a.send(b.address(), "before"), messages.next());
    assert!(first.unwrap().is_delivered());
    drop(relay);
    let mut sending = a
        .submit(Outgoing::new(b.address(), "meanwhile"))
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let _relay = Node::start(&dir, &["--listen", &listen, "--advertise", "none"]);
    let limit = Duration::from_secs(40);
    let (delivery, message) = tokio::join!(sending.wait(limit), messages.next());
    assert!(delivery.is_delivered(), "{delivery:?}");
    assert_eq!(message.unwrap().text(), "meanwhile");
}

#[tokio::test]
async fn the_commands_speak_to_the_running_node() {
    let (relay_dir, a_dir, b_dir) = (Dir::new("cmd-r"), Dir::new("cmd-a"), Dir::new("cmd-b"));
    let relay = Node::start(&relay_dir, &["--listen", "127.0.0.1:0"]);
    let b = Node::start(&b_dir, &["--listen", "127.0.0.1:0", "--peer", &relay.peer]);
    let b_address = b.peer.split('@').next().unwrap().to_owned();
    let listening = std::thread::spawn({
        let dir = b_dir.text().to_owned();
        move || run(&["--data", &dir, "--json", "listen", "--count", "1"])
    });
    // A has no node running: `send` is one for as long as it takes.
    let send = [
        "--data",
        a_dir.text(),
        "send",
        &b_address,
        "hello",
        "--peer",
        &relay.peer,
    ];
    let (code, out, err) = run(&send);
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.starts_with("delivered in"), "{out}");
    let (code, out, _) = listening.join().unwrap();
    assert_eq!(code, 0);
    let message: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(message["text"], "hello");
    // With a node running, its peers are not given again.
    let (code, _, err) = run(&[
        "--data",
        b_dir.text(),
        "send",
        &b_address,
        "x",
        "--peer",
        &relay.peer,
    ]);
    assert_eq!(code, 2);
    assert!(err.contains("leave out --peer"), "{err}");
}
