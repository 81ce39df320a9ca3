//! What can be done to a small world, as data: made by proptest, or read from a fuzzer's bytes.

/// One deed. Numbers that choose something are taken modulo what there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Time passes, with everything that happens in it.
    Wait(u32),
    /// An application sends.
    Send {
        from: u8,
        to: u8,
        len: u16,
        class: u8,
        trace: bool,
        secs: u16,
    },
    /// An application says that it read what it got last.
    Read(u8),
    /// An application takes messages at once, or leaves them.
    Takes(u8, bool),
    /// A link comes up or goes.
    Link(u8, bool),
    /// One end of a link takes nothing more, or takes frames again.
    Blocked(u8, bool),
    /// A link's bundles change their size.
    Mtu(u8, u16),
    /// The last transmission failed.
    Failed(u8),
    /// A datagram seen on the wire arrives again.
    Replay(u8),
    /// A changed copy of one arrives: where, how, with what.
    Garble {
        pick: u8,
        how: u8,
        at: u16,
        with: u8,
    },
    /// Any bytes arrive at an end of a link.
    Raw(u8, Vec<u8>),
    /// Well-formed frames of a liar: the kind, the link's end, whom or what they are about.
    Lie {
        end: u8,
        kind: u8,
        pick: u8,
        with: u8,
    },
    /// A node's wall clock is set, that much off.
    Clock(u8, i16),
    /// A node is told of an earlier moment.
    Back(u8, u16),
    /// A node is ticked though nothing is due.
    Tick(u8),
    /// Fresh entropy.
    Reseed(u8, u8),
    /// What a durable node's disk does: 0 works, 1 fails, 2 never answers.
    Disk(u8, u8),
    /// A record written before, or garbage made of it, is offered as restored.
    Restore {
        node: u8,
        pick: u8,
        at: u16,
        with: u8,
    },
    /// The driver stops draining a node, or goes on.
    Lazy(u8, bool),
}

/// Reads operations from bytes: total, and every operation can be reached.
pub fn decode(bytes: &[u8]) -> Vec<Op> {
    let mut from = Reader(bytes);
    let mut ops = Vec::new();
    while !from.0.is_empty() && ops.len() < 96 {
        ops.push(from.op());
    }
    ops
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn u8(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        *first
    }

    fn u16(&mut self) -> u16 {
        u16::from_le_bytes([self.u8(), self.u8()])
    }

    fn bit(&mut self) -> bool {
        self.u8() & 1 == 1
    }

    fn bytes(&mut self) -> Vec<u8> {
        let len = usize::from(self.u8()).min(self.0.len());
        let (head, rest) = self.0.split_at(len);
        self.0 = rest;
        head.to_vec()
    }

    fn op(&mut self) -> Op {
        match self.u8() % 26 {
            0..=2 => Op::Wait(u32::from(self.u8())),
            3 => Op::Wait(u32::from(self.u16())),
            4..=6 => Op::Send {
                from: self.u8(),
                to: self.u8(),
                len: self.u16() % 600,
                class: self.u8(),
                trace: self.bit(),
                secs: self.u16(),
            },
            7 => Op::Read(self.u8()),
            8 => Op::Takes(self.u8(), self.bit()),
            9 => Op::Link(self.u8(), self.bit()),
            10 => Op::Blocked(self.u8(), self.bit()),
            11 => Op::Mtu(self.u8(), self.u16()),
            12 => Op::Failed(self.u8()),
            13 => Op::Replay(self.u8()),
            14..=16 => Op::Garble {
                pick: self.u8(),
                how: self.u8(),
                at: self.u16(),
                with: self.u8(),
            },
            17 => Op::Raw(self.u8(), self.bytes()),
            18 => Op::Lie {
                end: self.u8(),
                kind: self.u8(),
                pick: self.u8(),
                with: self.u8(),
            },
            19 => Op::Clock(self.u8(), self.u16().cast_signed()),
            20 => Op::Back(self.u8(), self.u16()),
            21 => Op::Tick(self.u8()),
            22 => Op::Reseed(self.u8(), self.u8()),
            23 => Op::Disk(self.u8(), self.u8()),
            24 => Op::Restore {
                node: self.u8(),
                pick: self.u8(),
                at: self.u16(),
                with: self.u8(),
            },
            _ => Op::Lazy(self.u8(), self.bit()),
        }
    }
}
