//! What a node is told about itself before it starts. Spec: memory, "Profiles".

use crate::error::{ConfigError, TableName};
use crate::time::Span;

/// The longest life of any message: 24 hours.
pub const MAX_LIFE: Span = Span::from_secs(24 * 3600);
/// What every relay carries: envelopes of up to 1,200 bytes. Spec ENV-7.
pub const CARRIED_BY_ALL: u32 = 1_200;
/// The longest envelope a frame can hold, in bytes.
pub const MAX_ENVELOPE: u32 = 65_533;

/// How much of the protocol a node takes part in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Sends and receives; never forwards for others.
    Leaf,
    /// Forwards for others with small tables.
    Relay,
    /// Everything.
    Full,
}

impl Profile {
    /// The number in HELLO.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Leaf => 1,
            Self::Relay => 2,
            Self::Full => 3,
        }
    }
}

/// A node's settings. `Config::default()` suits a computer; every field has a stated range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// What the node takes part in.
    pub profile: Profile,
    /// How far clocks may differ: 1 s to 1 h; 5 min on IP, 30 min on radio.
    pub skew: Span,
    /// The longest envelope this node opens, in bytes: 1,200 to 65,533.
    pub max_envelope: u32,
    /// Records survive a restart: nothing is acknowledged before its record is durable.
    pub durable: bool,
    /// One-shots opened per second in total, 1 to 10,000: keep it under a quarter of the CPU.
    pub seal_opens_per_second: u32,
    /// First wait for a proof before another attempt, when the route's round trip is unknown.
    pub retry_first: Span,
    /// The longest wait between two attempts.
    pub retry_max: Span,
    /// The wait for a neighbour's TAKEN before another neighbour is tried.
    pub taken_wait: Span,
    /// How long an answer to a question for a route is waited for.
    pub ask_wait: Span,
    /// How long a relay holds an envelope for such an answer.
    pub hold_max: Span,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            profile: Profile::Full,
            skew: Span::from_secs(300),
            max_envelope: MAX_ENVELOPE,
            durable: false,
            seal_opens_per_second: 500,
            retry_first: Span::from_millis(700),
            retry_max: Span::from_secs(3_600),
            taken_wait: Span::from_millis(300),
            ask_wait: Span::from_millis(400),
            hold_max: Span::from_secs(2),
        }
    }
}

impl Config {
    /// Settings for a microcontroller that only sends and receives.
    #[must_use]
    pub fn leaf() -> Self {
        Self {
            profile: Profile::Leaf,
            max_envelope: CARRIED_BY_ALL,
            seal_opens_per_second: 2,
            ..Self::default()
        }
    }

    /// Settings for a microcontroller that forwards for others too.
    #[must_use]
    pub fn relay_mcu() -> Self {
        Self {
            profile: Profile::Relay,
            ..Self::leaf()
        }
    }

    /// The longest lifetime a message may be given: 24 h less the clock skew.
    #[must_use]
    pub fn max_lifetime(&self) -> Span {
        Span::from_millis(MAX_LIFE.as_millis().saturating_sub(self.skew.as_millis()))
    }

    /// Records are written, and waited for.
    pub(crate) const fn keeps_records(&self) -> bool {
        cfg!(feature = "records") && self.durable
    }

    /// Envelopes for others are handed on.
    pub(crate) const fn forwards(&self) -> bool {
        cfg!(feature = "relay") && !matches!(self.profile, Profile::Leaf)
    }

    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let relays = self.profile != Profile::Leaf;
        if self.durable != self.keeps_records() || relays != self.forwards() {
            return Err(ConfigError::NotBuilt);
        }
        if self.max_envelope < CARRIED_BY_ALL || self.max_envelope > MAX_ENVELOPE {
            return Err(ConfigError::MaxFrame);
        }
        let times = [
            self.retry_first,
            self.retry_max,
            self.taken_wait,
            self.ask_wait,
            self.hold_max,
        ];
        let skew = self.skew.as_secs();
        if times.contains(&Span::ZERO) || skew == 0 || skew > 3_600 {
            return Err(ConfigError::Time);
        }
        if self.seal_opens_per_second == 0 || self.seal_opens_per_second > 10_000 {
            return Err(ConfigError::Capacity(TableName::Opened));
        }
        Ok(())
    }
}
