//! This node as a driver: two of them over QUIC on this machine, led through the phases of the kit.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::sync::mpsc;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tom::{Client, Identity, Outgoing, Peer};
use tom_core::driver_check::{End, Part, Plan, Subject, run};
use tom_core::identity::PublicKey;
use tom_core::time::Span;

/// One node on a thread of its own, so that it can stand still alone.
struct House {
    runtime: Runtime,
    client: Client,
    delivered: mpsc::Receiver<Vec<u8>>,
}

#[derive(Default)]
struct Two {
    houses: [Option<House>; 2],
    ports: [u16; 2],
}

impl Subject for Two {
    fn start(&mut self, end: End, part: Part) {
        let (at, other) = (end as usize, end.other() as usize);
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listen = format!("127.0.0.1:{}", self.ports[at]).parse().unwrap();
        let mut builder = Client::builder()
            .identity(Identity::from_seed(part.identity))
            .listen(listen);
        if self.houses[other].is_some() {
            let peer = format!("{}@127.0.0.1:{}", part.peer, self.ports[other]);
            builder = builder.peer(peer.parse::<Peer>().unwrap());
        }
        let client = runtime.block_on(builder.start()).unwrap();
        self.ports[at] = client.local_addr().port();
        let (tx, delivered) = mpsc::channel();
        let mut messages = client.messages();
        runtime.spawn(async move {
            while let Some(message) = messages.next_held().await {
                if tx.send(message.bytes.clone()).is_ok() {
                    let _taken = message.take();
                }
            }
        });
        self.houses[at] = Some(House {
            runtime,
            client,
            delivered,
        });
    }

    fn send(&mut self, end: End, to: PublicKey, payload: &[u8]) {
        let house = self.houses[end as usize].as_ref().unwrap();
        let (client, message) = (house.client.clone(), Outgoing::new(to, payload));
        house.runtime.spawn(async move {
            let _sending = client.submit(message).await;
        });
    }

    fn delivered(&mut self, end: End) -> Vec<Vec<u8>> {
        let house = self.houses[end as usize].as_ref();
        house.map_or(Vec::new(), |house| house.delivered.try_iter().collect())
    }

    fn stop(&mut self, end: End) -> bool {
        if let Some(house) = self.houses[end as usize].take() {
            house.runtime.shutdown_timeout(Duration::from_secs(1));
        }
        true
    }

    fn suspend(&mut self, end: End, span: Span) -> bool {
        let house = self.houses[end as usize].as_ref().unwrap();
        let span = Duration::from_millis(span.as_millis());
        let still = house.runtime.spawn(async move { std::thread::sleep(span) });
        std::thread::sleep(span);
        drop(still);
        true
    }
}

#[test]
fn the_node_for_computers_keeps_the_rules() {
    let plan = Plan {
        tolerance: Span::from_secs(4),
        ..Plan::full(11)
    };
    let report = run(&mut Two::default(), plan);
    report.assert_clean();
    let tried = report.provoked();
    assert!(tried.late > 0 && tried.dials > 0, "{tried:?}");
    assert_eq!((tried.suspends, tried.restarts), (1, 2), "{tried:?}");
    eprintln!("{tried:?}");
}
