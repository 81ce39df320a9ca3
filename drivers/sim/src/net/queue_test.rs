use super::*;

/// 8 Mbit/s: a byte takes a microsecond.
const RATE: Rate = Rate {
    bits_per_second: 8_000_000,
    queue: 3_000,
};

const fn us(us: u64) -> Time {
    Time(us * 1_000)
}

#[test]
fn packets_leave_one_after_the_other() {
    let mut queue = Queue::default();
    assert_eq!(queue.depart(RATE, us(0), 1_000), Ok(us(1_000)));
    assert_eq!(queue.depart(RATE, us(10), 1_000), Ok(us(2_000)));
    assert_eq!(queue.waiting(RATE, us(10)), 1_990);
    assert_eq!(
        queue.depart(RATE, us(5_000), 500),
        Ok(us(5_500)),
        "idle in between"
    );
    assert_eq!(queue.waiting(RATE, us(6_000)), 0);
}

#[test]
fn a_full_queue_says_when_there_is_room() {
    let mut queue = Queue::default();
    for _ in 0..3 {
        queue.depart(RATE, us(0), 1_000).unwrap();
    }
    let full = queue.depart(RATE, us(0), 1_000).unwrap_err();
    assert_eq!(full.room_at, us(1_000));
    assert_eq!(queue.room_at(RATE, us(0), 1_000), us(1_000));
    assert_eq!(
        queue.busy_until,
        us(3_000),
        "what found no room is not queued"
    );
    assert!(queue.depart(RATE, Time(us(1_000).0 - 1), 1_000).is_err());
    assert_eq!(queue.depart(RATE, full.room_at, 1_000), Ok(us(4_000)));
}

#[test]
fn an_idle_line_takes_any_packet() {
    let tight = Rate { queue: 100, ..RATE };
    let mut queue = Queue::default();
    assert_eq!(queue.depart(tight, us(0), 1_500), Ok(us(1_500)));
    assert_eq!(
        queue.depart(tight, us(1), 1_500),
        Err(Full { room_at: us(1_500) })
    );
    assert_eq!(queue.depart(tight, us(1_500), 1_500), Ok(us(3_000)));
}

#[test]
fn unlimited_is_at_once() {
    let unlimited = Rate {
        bits_per_second: 0,
        queue: 0,
    };
    let mut queue = Queue::default();
    assert_eq!(queue.depart(unlimited, us(7), u32::MAX), Ok(us(7)));
    assert_eq!(queue.room_at(unlimited, us(7), u32::MAX), us(7));
    assert_eq!(queue.busy_until, Time::ZERO);
}

#[test]
fn no_line_is_faster_than_its_rate() {
    let slow = Rate {
        bits_per_second: 3,
        queue: u32::MAX,
    };
    let mut queue = Queue::default();
    assert_eq!(
        queue.depart(slow, us(0), 1),
        Ok(Time(2_666_666_667)),
        "rounded up"
    );
    let most = Rate {
        bits_per_second: 1,
        queue: u32::MAX,
    };
    assert_eq!(
        most.takes(u32::MAX),
        Span::from_secs(8 * u64::from(u32::MAX))
    );
}
