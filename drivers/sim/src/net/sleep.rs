//! Duty cycles: a node that is awake for a part of each period.

use crate::time::{Span, Time};

/// The first part of each period, and the period. A part as long as the period is always.
pub type Duty = (Span, Span);

/// Whether it is awake.
#[must_use]
pub const fn awake(at: Time, duty: Duty, phase: Span) -> bool {
    always(duty) || within(at, duty, phase) < duty.0.0
}

/// When it is awake next: `at` if it is. One that is never awake gives [`Time::NEVER`].
#[must_use]
pub const fn next_awake(at: Time, duty: Duty, phase: Span) -> Time {
    if awake(at, duty, phase) {
        return at;
    }
    if duty.0.0 == 0 {
        return Time::NEVER;
    }
    at.plus(Span(duty.1.0 - within(at, duty, phase)))
}

/// When it is asleep next: `at` if it is. One that is always awake gives [`Time::NEVER`].
#[must_use]
pub const fn next_asleep(at: Time, duty: Duty, phase: Span) -> Time {
    if !awake(at, duty, phase) {
        return at;
    }
    if always(duty) {
        return Time::NEVER;
    }
    at.plus(Span(duty.0.0 - within(at, duty, phase)))
}

const fn always(duty: Duty) -> bool {
    duty.0.0 >= duty.1.0
}

const fn within(at: Time, duty: Duty, phase: Span) -> u64 {
    ((at.0 as u128 + phase.0 as u128) % duty.1.0 as u128) as u64
}

#[cfg(test)]
#[path = "sleep_test.rs"]
mod tests;
