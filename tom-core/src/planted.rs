//! Bugs planted on purpose, so that whoever looks for bugs can prove that they find some.
//!
//! Only a build with `RUSTFLAGS='--cfg tom_planted'` has this module; in every other build each site is
//! `false` and gone. It is no feature, so no build gets it because another crate asked for it. The
//! selection is one for the whole process, and none at its start: such a build behaves like any other
//! until [`set`] is called.
//!
//! | bug | what is wrong | breaks |
//! |---|---|---|
//! | `skip_dedup` | Once the application took a message it is remembered nowhere, so a later copy of its one-shot, or its content sealed again, is handed out a second time. | `DLV-17`, `DLV-20`, `SES-7` |
//! | `forget_expiry` | The sender takes the end of the proof, a day later, for the end of the message, and nobody looks whether what arrives has ended. | `DLV-3`, `ENV-24` |
//! | `stale_ack` | Any secret settles a message under way, and an ACK said twice settles the oldest message under way. | `DLV-1`, `ENV-21` |
//! | `ack_waiting` | A copy of a message that still waits to be safe is acknowledged like one of a message that is safe. | `DLV-15`, `DLV-17` |
//! | `nowhere_sleeps` | A message without any neighbour to go to sets no timer, and a new link wakes it only when its last one is gone: nothing does, not even its end. | `DLV-3`, `DLV-9` |
//! | `first_way_back` | A relay does not note the in-link of a later attempt, so that answers to it take the first one's way. | `RTE-9`, `RTE-10` |
//! | `hold_blocked` | What is given to a link that takes nothing is held for as long as that lasts. | `RTE-6`, `DLV-22` |
//! | `restored_held` | A message that waits for a session comes back from its record as one that is sealed, and its bare content leaves. | `DLV-24`, `ENV-8` |

use core::sync::atomic::{AtomicU8, Ordering};

/// A planted bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Bug {
    /// A recipient forgets what it has delivered.
    SkipDedup = 1,
    /// Messages are sent and accepted past their end.
    ForgetExpiry,
    /// A secret is accepted that is not the message's.
    StaleAck,
    /// A copy is acknowledged while its message waits.
    AckWaiting,
    /// A message without a next hop is never looked at again by itself.
    NowhereSleeps,
    /// Answers to a later attempt go the way of the first.
    FirstWayBack,
    /// What waits for a blocked link is held without limit.
    HoldBlocked,
    /// A held message is sent as it is after a restart.
    RestoredHeld,
}

/// The number of the bug that is active, or 0.
static ACTIVE: AtomicU8 = AtomicU8::new(0);

impl Bug {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::SkipDedup,
        Self::ForgetExpiry,
        Self::StaleAck,
        Self::AckWaiting,
        Self::NowhereSleeps,
        Self::FirstWayBack,
        Self::HoldBlocked,
        Self::RestoredHeld,
    ];

    /// Its name, as in the table above.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SkipDedup => "skip_dedup",
            Self::ForgetExpiry => "forget_expiry",
            Self::StaleAck => "stale_ack",
            Self::AckWaiting => "ack_waiting",
            Self::NowhereSleeps => "nowhere_sleeps",
            Self::FirstWayBack => "first_way_back",
            Self::HoldBlocked => "hold_blocked",
            Self::RestoredHeld => "restored_held",
        }
    }

    /// The bug of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|bug| bug.name() == name)
    }
}

/// Makes one bug active in the whole process, or none.
pub fn set(bug: Option<Bug>) {
    ACTIVE.store(bug.map_or(0, |bug| bug as u8), Ordering::SeqCst);
}

/// Whether this bug is active.
#[must_use]
pub fn is(bug: Bug) -> bool {
    ACTIVE.load(Ordering::Relaxed) == bug as u8
}
