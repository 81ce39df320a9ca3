use super::*;
use crate::scenario::model::{ClockModel, Dist, Latency, Shape, Transport};

const UNLIMITED: Bandwidth = Bandwidth {
    up: 0,
    down: 0,
    queue: 0,
};

/// 10 ms, and nothing else happens.
pub(super) fn plain() -> Topology {
    Topology {
        nodes: 8,
        shape: Shape::Complete,
        dial_within: Span::ZERO,
        transport: Transport::Quic,
        latency: Latency::Constant(Span::from_millis(10)),
        jitter: Jitter::None,
        loss: Loss::Bernoulli(Chance::NEVER),
        reorder: Chance::NEVER,
        reorder_by: Span::ZERO,
        duplicate: Chance::NEVER,
        corrupt: Chance::NEVER,
        mtu: 1_500,
        asymmetry: 100,
        bandwidth: UNLIMITED,
        clock: ClockModel {
            offset_ms: Dist::Constant(0.0),
            drift_ppm: Dist::Constant(0.0),
            without: Chance::NEVER,
        },
    }
}

/// All of it at once.
fn rough() -> Topology {
    let half = Chance::from_unit(0.5);
    Topology {
        jitter: Jitter::Lognormal { sigma: 0.3 },
        loss: Loss::Bernoulli(Chance::from_unit(0.2)),
        reorder: half,
        reorder_by: Span::from_millis(5),
        duplicate: half,
        corrupt: half,
        ..plain()
    }
}

fn path(topology: &Topology) -> Path {
    Path::new(topology, 4, &Table::None, &mut |_| None).unwrap()
}

pub(super) fn ms(ms: u64) -> Time {
    Time(ms * 1_000_000)
}

#[test]
fn on_a_plain_path_packets_arrive_whole_and_on_time() {
    let mut path = path(&plain());
    let flight = path.fly(0, 1, 0, ms(3), 1_500);
    let whole = Arrival {
        at: ms(13),
        damage: Damage::None,
    };
    assert_eq!(
        flight,
        Flight {
            arrivals: [Some(whole), None],
            lost: None
        }
    );
    assert_eq!(path.land(1, ms(13), 1_500), Ok(ms(13)));
    assert_eq!(path.least(), Span::from_millis(10));
    assert_eq!(path.counts().total(), 0);
}

#[test]
fn each_reason_is_told_and_counted() {
    let topology = Topology {
        bandwidth: Bandwidth {
            up: 8_000_000,
            down: 8_000_000,
            queue: 2_000,
        },
        ..plain()
    };
    let mut path = path(&topology);
    let lost = |path: &mut Path, now| path.fly(0, 1, 0, now, 1_500).lost;
    assert_eq!(path.fly(0, 1, 0, ms(0), 1_501).lost, Some(Why::Mtu));
    path.befall(&Deed::Mtu(1_000));
    assert_eq!(lost(&mut path, ms(0)), Some(Why::Mtu));
    path.befall(&Deed::Calm);
    assert_eq!(lost(&mut path, ms(0)), None);
    assert_eq!(path.room_at(0, ms(0), 1_500), Time(1_000_000));
    assert_eq!(lost(&mut path, ms(0)), Some(Why::Queue));
    path.befall(&Deed::Cut {
        cut: 3,
        side: [0].into(),
        one_way: false,
    });
    assert_eq!(lost(&mut path, ms(10)), Some(Why::Cut));
    path.befall(&Deed::Mend { cut: 3 });
    path.befall(&Deed::Break {
        a: 0,
        b: 1,
        one_way: true,
    });
    assert_eq!(lost(&mut path, ms(20)), Some(Why::Cut));
    assert_eq!(path.fly(1, 0, 0, ms(20), 9).lost, None);
    path.befall(&Deed::Repair { a: 0, b: 1 });
    path.befall(&Deed::Weather(Some(Loss::Bernoulli(Chance::ALWAYS))));
    assert_eq!(lost(&mut path, ms(30)), Some(Why::Loss));
    path.befall(&Deed::Weather(None));
    assert_eq!(lost(&mut path, ms(40)), None);
    assert_eq!(path.land(1, ms(50), 1_500), Ok(Time(51_500_000)));
    assert_eq!(path.land(1, ms(50), 1_500), Err(Why::Queue));
    path.count(Why::Asleep);
    let counts = path.counts();
    let each = Why::ALL.map(|why| (why.name(), counts.of(why)));
    let want = [
        ("loss", 1),
        ("queue", 2),
        ("cut", 2),
        ("mtu", 2),
        ("asleep", 1),
        ("nat", 0),
        ("air", 0),
        ("damaged", 0),
    ];
    assert_eq!(each, want);
    assert_eq!(counts.total(), 8);
}

#[test]
fn calm_mends_all() {
    let mut path = path(&plain());
    path.befall(&Deed::Cut {
        cut: 1,
        side: [0].into(),
        one_way: false,
    });
    path.befall(&Deed::Break {
        a: 0,
        b: 1,
        one_way: false,
    });
    path.befall(&Deed::Weather(Some(Loss::Bernoulli(Chance::ALWAYS))));
    path.befall(&Deed::Mtu(1));
    path.befall(&Deed::Calm);
    assert_eq!(path.fly(0, 1, 0, ms(0), 1_500).lost, None);
}

#[test]
fn nodes_have_access_links_of_their_own() {
    let slow = Bandwidth {
        up: 8_000,
        down: 80_000,
        queue: 9_000,
    };
    let mut of = |node| (node == 0).then_some(slow);
    let mut path = Path::new(&plain(), 4, &Table::None, &mut of).unwrap();
    let at = |flight: Flight| flight.arrivals[0].map(|arrival| arrival.at);
    assert_eq!(at(path.fly(0, 1, 0, ms(0), 1_000)), Some(ms(1_010)));
    assert_eq!(at(path.fly(1, 0, 0, ms(0), 1_000)), Some(ms(10)));
    assert_eq!(path.land(0, ms(10), 1_000), Ok(ms(110)));
    assert_eq!(path.land(1, ms(10), 1_000), Ok(ms(10)));
    assert!(super::Lines::new(8, &mut |_| UNLIMITED).lines.is_empty());
}

/// Taking one packet out changes nothing for the others, as long as nothing queues.
#[test]
fn packets_do_not_disturb_each_other() {
    let mut all = path(&rough());
    let flights: Vec<Flight> = (0..2_000).map(|n| all.fly(2, 3, n, ms(n), 1_000)).collect();
    let mut some = path(&rough());
    for n in (0..2_000).step_by(3) {
        assert_eq!(
            some.fly(2, 3, n, ms(n), 1_000),
            flights[n as usize],
            "packet {n}"
        );
    }
}

#[test]
fn everything_happens_as_often_as_said_and_nothing_before_the_least() {
    let mut path = path(&rough());
    let flights: Vec<Flight> = (0..20_000)
        .map(|n| path.fly(2, 3, n, ms(0), 1_000))
        .collect();
    let count =
        |what: &dyn Fn(&Flight) -> bool| flights.iter().filter(|flight| what(flight)).count();
    let near = |got: usize, want: usize| assert!(got.abs_diff(want) < 400, "{got}, not {want}");
    near(count(&|flight| flight.lost == Some(Why::Loss)), 4_000);
    near(count(&|flight| flight.arrivals[1].is_some()), 8_000);
    near(
        count(&|flight| flight.arrivals[0].is_some_and(|first| first.damage != Damage::None)),
        8_000,
    );
    for flight in &flights {
        let [first, second] = flight.arrivals;
        assert_eq!(first.is_none(), flight.lost.is_some());
        if let Some(first) = first {
            assert!(first.at >= Time::ZERO.plus(path.least()));
            assert!(second.is_none_or(|second| second.at > first.at));
        }
    }
}
