use super::*;

const CELL_1: u32 = 1;

const RADIO: Radio = Radio {
    sf: 7,
    bandwidth: 125_000,
    coding: 5,
    duty: Chance::ALWAYS,
};

/// Everybody hears everybody, and nobody misses anything.
fn small() -> Air {
    let ground = Ground {
        side_m: 1_000,
        range_m: 2_000,
        miss: Chance::NEVER,
    };
    Air::new(ground, 11)
}

/// Nobody listens before sending.
fn deaf() -> Air {
    let ground = Ground {
        miss: Chance::ALWAYS,
        ..small().ground
    };
    Air::new(ground, 11)
}

fn ms(ms: u64) -> Time {
    Time(ms * 1_000_000)
}

fn send(air: &mut Air, node: u32, now: Time) -> Result<AirSlot, Deferred> {
    air.transmit(&RADIO, CELL_1, node, now.0, now, 20)
}

#[test]
fn alone_it_is_received_by_all_in_range() {
    let mut air = small();
    let slot = send(&mut air, 0, ms(5)).unwrap();
    assert_eq!(slot.until.since(slot.from), airtime(&RADIO, 20));
    assert!((1..20).all(|node| air.received(&slot, node)));
    assert!(!air.received(&slot, 0), "not by itself");
}

#[test]
fn out_of_range_it_is_not() {
    let ground = Ground {
        range_m: 300,
        ..small().ground
    };
    let mut air = Air::new(ground, 11);
    let slot = send(&mut air, 0, ms(0)).unwrap();
    let heard: Vec<u32> = (1..500).filter(|node| air.received(&slot, *node)).collect();
    assert!(!heard.is_empty() && heard.len() < 499);
    assert!(heard.iter().all(|node| air.hears(CELL_1, 0, *node)));
}

#[test]
fn a_busy_channel_defers_and_so_does_ones_own_packet() {
    let mut air = small();
    let slot = send(&mut air, 0, ms(0)).unwrap();
    for node in [0, 1] {
        let deferred = send(&mut air, node, ms(1)).unwrap_err();
        assert!(deferred.until > slot.until, "node {node}");
    }
    assert!(send(&mut air, 1, slot.until).is_ok(), "free again");
    let mut deaf = deaf();
    send(&mut deaf, 0, ms(0)).unwrap();
    assert!(send(&mut deaf, 0, ms(1)).is_err(), "that is never missed");
    assert!(send(&mut deaf, 1, ms(1)).is_ok());
}

#[test]
fn another_spreading_factor_is_another_channel() {
    let mut air = small();
    let one = send(&mut air, 0, ms(0)).unwrap();
    let other = Radio { sf: 9, ..RADIO };
    let two = air.transmit(&other, CELL_1, 1, 0, ms(1), 20).unwrap();
    assert!((2..20).all(|node| air.received(&one, node) && air.received(&two, node)));
    assert!(!air.received(&one, 1), "it was sending");
}

#[test]
fn another_cell_is_another_place() {
    let mut air = small();
    let one = send(&mut air, 0, ms(0)).unwrap();
    air.transmit(&RADIO, 2, 1, 0, ms(1), 20).unwrap();
    assert!((2..20).all(|node| air.received(&one, node)));
}

#[test]
fn overlapping_packets_destroy_each_other_unless_one_is_twice_as_near() {
    let mut air = deaf();
    let one = send(&mut air, 0, ms(0)).unwrap();
    let two = send(&mut air, 1, ms(1)).unwrap();
    let mut captured = 0;
    for node in 2..400 {
        let near = [0, 1].map(|from| air.square(CELL_1, node, from));
        assert_eq!(
            air.received(&one, node),
            near[1] >= 4 * near[0],
            "node {node}"
        );
        assert_eq!(
            air.received(&two, node),
            near[0] >= 4 * near[1],
            "node {node}"
        );
        captured += u32::from(air.received(&one, node));
    }
    assert!((1..398).contains(&captured), "{captured}");
    assert!(
        !air.received(&one, 1) && !air.received(&two, 0),
        "half duplex"
    );
}

#[test]
fn what_ends_before_the_lock_does_no_harm() {
    let mut air = deaf();
    let first = send(&mut air, 0, ms(0)).unwrap();
    // Symbols are 1.024 ms; three of the preamble may be disturbed.
    let late = Time(first.until.0 - 3_000_000);
    let second = send(&mut air, 1, late).unwrap();
    assert!((2..50).all(|node| air.received(&second, node)));
    let mut air = deaf();
    send(&mut air, 0, ms(0)).unwrap();
    let third = send(&mut air, 1, Time(first.until.0 - 3_200_000)).unwrap();
    assert!(!(2..50).all(|node| air.received(&third, node)));
}

#[test]
fn some_overlaps_come_from_not_noticing() {
    let ground = Ground {
        miss: Chance::from_unit(0.1),
        ..small().ground
    };
    let mut air = Air::new(ground, 3);
    let mut both = 0;
    for n in 0..10_000 {
        let now = ms(n * 1_000);
        send(&mut air, 0, now).unwrap();
        both += u32::from(send(&mut air, 1, now.plus(Span(1))).is_ok());
    }
    assert!(both.abs_diff(1_000) < 120, "{both}");
}

#[test]
fn what_is_remembered_stays_small() {
    let mut air = small();
    for n in 0..5_000 {
        send(&mut air, n as u32 % 7, ms(n * 100)).unwrap();
    }
    assert!(air.cells[&CELL_1].len() <= 2);
    let mut deaf = deaf();
    for node in 0..CELL as u32 {
        send(&mut deaf, node, ms(0)).unwrap();
    }
    assert!(
        send(&mut deaf, 5_000, ms(1)).is_err(),
        "no more than that at once"
    );
}

#[test]
fn the_share_of_airtime_is_kept() {
    let radio = Radio {
        duty: Chance::from_unit(0.01),
        ..RADIO
    };
    let mut air = small();
    let mut now = Time::ZERO;
    let deferred = loop {
        match air.transmit(&radio, CELL_1, 0, now.0, now, 200) {
            Ok(slot) => now = slot.until,
            Err(deferred) => break deferred,
        }
    };
    assert!(air.sent(0, now) <= Span::from_secs(36));
    assert!(air.sent(0, now) > Span::from_secs(35));
    assert!(
        air.transmit(&radio, CELL_1, 0, 0, deferred.until, 200)
            .is_ok()
    );
}

#[test]
fn too_long_is_never() {
    let deferred = small().transmit(&RADIO, CELL_1, 0, 0, ms(0), LONGEST + 1);
    assert_eq!(
        deferred,
        Err(Deferred {
            until: Time::NEVER,
            spent: false
        })
    );
}
