use super::*;
use crate::draw::Chance;
use crate::net::latency::Table;
use crate::net::path::tests::{ms, plain};
use crate::scenario::deed::Deed;
use crate::scenario::model::{Bandwidth, Loss, Topology};

fn path(loss: f64, bandwidth: Bandwidth) -> Path {
    let topology = Topology {
        loss: Loss::Bernoulli(Chance::from_unit(loss)),
        bandwidth,
        ..plain()
    };
    Path::new(&topology, 4, &Table::None, &mut |_| None).unwrap()
}

const UNLIMITED: Bandwidth = Bandwidth {
    up: 0,
    down: 0,
    queue: 0,
};

fn arrival(flight: Flight) -> Option<u64> {
    flight.arrivals[0].map(|arrival| arrival.at.as_millis())
}

#[test]
fn without_loss_it_takes_as_long_as_its_packets() {
    let mut fast = path(0.0, UNLIMITED);
    assert_eq!(arrival(fast.fly_surely(0, 1, 0, ms(0), 60_000)), Some(10));
    let slow = Bandwidth {
        up: 8_000_000,
        down: 0,
        queue: 100_000,
    };
    let flight = path(0.0, slow).fly_surely(0, 1, 0, ms(0), 60_000);
    // 60,000 bytes and 43 headers of 59 at a microsecond each, and the path's 10 ms.
    assert_eq!(arrival(flight), Some(72));
}

#[test]
fn lost_packets_come_again_and_only_later() {
    let mut path = path(0.3, UNLIMITED);
    let times: Vec<u64> = (0..5_000)
        .filter_map(|n| arrival(path.fly_surely(0, 1, n, ms(0), 1_000)))
        .collect();
    assert_eq!(times.len(), 5_000, "none is lost for good");
    // At once, after 55 ms, after 165 ms.
    for (at, share) in [(10, 0.7), (65, 0.21), (175, 0.063)] {
        let got = times.iter().filter(|time| **time == at).count() as f64 / 5_000.0;
        assert!((got - share).abs() < 0.025, "{got} at {at} ms");
    }
}

#[test]
fn through_a_cut_it_does_not_come() {
    let mut path = path(0.0, UNLIMITED);
    path.befall(&Deed::Break {
        a: 0,
        b: 1,
        one_way: false,
    });
    assert_eq!(path.fly_surely(0, 1, 0, ms(0), 9_000).lost, Some(Why::Cut));
    assert_eq!(path.counts().of(Why::Cut), 1, "one message, one loss");
}
