//! Models of networks: how long a packet takes, whether it comes at all, what a node's clock shows,
//! what a link costs. Each is a pure function of what it is asked, or bounded plain state.
//!
//! Integers decide. Real numbers appear where a distribution is sampled, and only with operations
//! that are the same bits everywhere: IEEE's own, and `libm`.

pub mod clock;
pub mod cost;
pub mod cuts;
pub mod disorder;
pub mod jitter;
pub mod latency;
pub mod loss;
pub mod nat;
pub mod path;
pub mod queue;
pub mod radio;
pub mod sample;
pub mod sleep;

/// The sequence numbers under which these models draw with [`Purpose::Place`]; whoever else draws
/// with it takes numbers from [`nth::FREE`] on.
///
/// [`Purpose::Place`]: crate::draw::Purpose::Place
pub mod nth {
    /// Where a node is.
    pub const POINT: u64 = 0;
    /// How far apart two nodes are.
    pub const PAIR: u64 = 1;
    /// Which direction of a path is slower, and by how much.
    pub const SLANT: u64 = 2;
    /// How far a wall clock is off.
    pub const OFFSET: u64 = 3;
    /// How fast a clock runs.
    pub const DRIFT: u64 = 4;
    /// Whether there is a wall clock at all.
    pub const WALL: u64 = 5;
    /// Where in its cell a radio stands.
    pub const MAST: u64 = 6;
    /// The first number nobody here uses.
    pub const FREE: u64 = 64;
}

/// What became of a packet that did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Why {
    /// The path lost it.
    Loss,
    /// An access link had no room for it.
    Queue,
    /// Its path is cut or broken.
    Cut,
    /// It is larger than what the path carries.
    Mtu,
    /// Its receiver was down, stood still or slept.
    Asleep,
    /// A NAT did not let it in or out.
    Nat,
    /// On the air another one destroyed it, or its receiver was sending or too far away.
    Air,
    /// It was damaged and the link that authenticates dropped it.
    Damaged,
}

impl Why {
    /// All of them, in the order of [`Counts`].
    pub const ALL: [Self; 8] = [
        Self::Loss,
        Self::Queue,
        Self::Cut,
        Self::Mtu,
        Self::Asleep,
        Self::Nat,
        Self::Air,
        Self::Damaged,
    ];

    /// Its name in metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Loss => "loss",
            Self::Queue => "queue",
            Self::Cut => "cut",
            Self::Mtu => "mtu",
            Self::Asleep => "asleep",
            Self::Nat => "nat",
            Self::Air => "air",
            Self::Damaged => "damaged",
        }
    }
}

/// How many packets were lost, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts([u64; Why::ALL.len()]);

impl Counts {
    /// One more.
    pub const fn add(&mut self, why: Why) {
        self.0[why as usize] += 1;
    }

    /// How many for this reason.
    #[must_use]
    pub const fn of(&self, why: Why) -> u64 {
        self.0[why as usize]
    }

    /// How many in all.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }
}
