use super::*;

const DUTY: Duty = (Span(3), Span(10));

#[test]
fn it_is_awake_for_the_first_part_of_each_period() {
    let awake: Vec<u64> = (0..20)
        .filter(|at| awake(Time(*at), DUTY, Span(0)))
        .collect();
    assert_eq!(awake, [0, 1, 2, 10, 11, 12]);
    let ahead: Vec<u64> = (0..12)
        .filter(|at| super::awake(Time(*at), DUTY, Span(8)))
        .collect();
    assert_eq!(ahead, [2, 3, 4]);
}

#[test]
fn the_next_moments_are_the_first_ones() {
    for phase in 0..25 {
        for at in 0..50 {
            let first = |want| {
                (at..)
                    .map(Time)
                    .find(|at| awake(*at, DUTY, Span(phase)) == want)
                    .unwrap()
            };
            assert_eq!(next_awake(Time(at), DUTY, Span(phase)), first(true));
            assert_eq!(next_asleep(Time(at), DUTY, Span(phase)), first(false));
        }
    }
}

#[test]
fn always_and_never() {
    for duty in [
        (Span(10), Span(10)),
        (Span(0), Span(0)),
        (Span(20), Span(10)),
    ] {
        assert_eq!(next_awake(Time(5), duty, Span(0)), Time(5));
        assert_eq!(next_asleep(Time(5), duty, Span(0)), Time::NEVER);
    }
    let never = (Span(0), Span(10));
    assert_eq!(next_awake(Time(5), never, Span(0)), Time::NEVER);
    assert_eq!(next_asleep(Time(5), never, Span(0)), Time(5));
}
