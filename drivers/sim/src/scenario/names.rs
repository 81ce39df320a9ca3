//! The names a scenario's assertions may use: what is measured, which situations are noticed, which
//! invariants are checked.

/// An enum of names with the words they are written as.
macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum $name { $($(#[$vdoc])* $variant,)+ }

        impl $name {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// As it is written.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// The one of this name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|it| it.name() == name)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.name())
            }
        }
    };
}

named! {
    /// What is measured.
    Metric {
        /// Delivered of those sent to a receiver that was up within their life.
        DeliveryRate = "delivery_rate",
        /// Proven to the sender of those sent to such a receiver.
        ProvenRate = "proven_rate",
        /// Delivered but never proven, of those sent.
        UnprovenRate = "unproven_rate",
        /// Reported as expired of those sent.
        ExpiredRate = "expired_rate",
        /// Median time from sending to delivery.
        LatencyP50 = "latency_p50",
        /// Its 99th percentile.
        LatencyP99 = "latency_p99",
        /// Its 99.9th percentile.
        LatencyP999 = "latency_p999",
        /// The longest.
        LatencyMax = "latency_max",
        /// Median time from sending to proof.
        ProofLatencyP50 = "proof_latency_p50",
        /// Its 99th percentile.
        ProofLatencyP99 = "proof_latency_p99",
        /// All bytes on links, keeping them included, by bytes of payload delivered.
        Overhead = "overhead",
        /// Bytes of datagrams that carry frames, all headers included, by bytes of payload delivered.
        FrameOverhead = "frame_overhead",
        /// Messages an application got twice.
        Duplicates = "duplicates",
        /// Retries per message sent.
        RetriesPerMessage = "retries_per_message",
        /// Messages sealed again for a new session.
        Resealed = "resealed",
        /// Delivered over relays, of those delivered.
        RelayedShare = "relayed_share",
        /// Delivered over a link of both ends, of those delivered.
        DirectShare = "direct_share",
        /// From the end of faults until everything unexpired is proven.
        ConvergeTime = "converge_time",
        /// Events handled per node and simulated second.
        EventsPerNodeSecond = "events_per_node_second",
        /// Median of delivery time by the delay of the straight path.
        StretchP50 = "stretch_p50",
        /// Links dialled.
        Dials = "dials",
        /// Of them in vain.
        DialFailures = "dial_failures",
        /// Said to be delivered and were not.
        FalseDelivered = "false_delivered",
        /// Said to be expired and were proven.
        FalseExpired = "false_expired",
        /// 1 less the copies left after their life by the most there were.
        PurgeCompleteness = "purge_completeness",
        /// Gini coefficient of bytes forwarded per node.
        GiniLoad = "gini_load",
    }
}

/// What the values of a metric can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// 0 to 1.
    Ratio,
    /// Seconds, 0 or more.
    Seconds,
    /// A number, 0 or more.
    Number,
}

impl Metric {
    /// What its values can be.
    #[must_use]
    pub const fn measure(self) -> Measure {
        match self {
            Self::DeliveryRate
            | Self::ProvenRate
            | Self::UnprovenRate
            | Self::ExpiredRate
            | Self::RelayedShare
            | Self::DirectShare
            | Self::PurgeCompleteness
            | Self::GiniLoad => Measure::Ratio,
            Self::LatencyP50
            | Self::LatencyP99
            | Self::LatencyP999
            | Self::LatencyMax
            | Self::ProofLatencyP50
            | Self::ProofLatencyP99
            | Self::ConvergeTime => Measure::Seconds,
            Self::Overhead
            | Self::FrameOverhead
            | Self::Duplicates
            | Self::RetriesPerMessage
            | Self::Resealed
            | Self::EventsPerNodeSecond
            | Self::StretchP50
            | Self::Dials
            | Self::DialFailures
            | Self::FalseDelivered
            | Self::FalseExpired => Measure::Number,
        }
    }
}

named! {
    /// What may come up in a run; a set of runs that should have shown it and did not has tested less
    /// than it says.
    Situation {
        /// A message was delivered over a relay.
        RelayUsed = "relay_used",
        /// A message took another way than at first.
        Failover = "failover",
        /// A message was sent again.
        Retry = "retry",
        /// And a third time.
        SecondRetry = "second_retry",
        /// A message was sealed again for a new session.
        Resealed = "resealed",
        /// Two nodes made a new session.
        SessionRenewed = "session_renewed",
        /// Two nodes that spoke over relays made a link.
        DirectLink = "direct_link",
        /// A proof came after the message had ended.
        LateProof = "late_proof",
        /// A message ended its life unproven.
        Expired = "expired",
        /// A second copy was dropped.
        DuplicateDropped = "duplicate_dropped",
        /// A node refused to take more.
        BackPressure = "back_pressure",
        /// A link had no room.
        LinkBlocked = "link_blocked",
        /// A table had no room.
        TableFull = "table_full",
        /// A node came back with its records.
        RestartWithState = "restart_with_state",
        /// A node came back without.
        RestartWithoutState = "restart_without_state",
        /// A partition ended and a message crossed it.
        PartitionHealed = "partition_healed",
        /// Two nodes began a session with each other at the same time.
        CrossedHandshakes = "crossed_handshakes",
        /// A relay said that it knows no way.
        NoRouteNack = "no_route_nack",
        /// A wall clock stepped.
        ClockStepped = "clock_stepped",
        /// A node stood still and went on.
        Suspended = "suspended",
        /// A damaged packet was dropped.
        DamagedDropped = "damaged_dropped",
        /// A false claim was not believed.
        LieRefused = "lie_refused",
        /// A sender learned that a message was read.
        ReadReceipt = "read_receipt",
        /// A dial came to nothing.
        DialFailed = "dial_failed",
        /// A link had a bad spell.
        Burst = "burst",
        /// A packet came to a node that was asleep.
        Asleep = "asleep",
        /// Two radio packets destroyed each other.
        RadioCollision = "radio_collision",
        /// A radio had used up its share of time.
        DutyLimit = "duty_limit",
        /// A packet overtook another.
        PacketReordered = "packet_reordered",
    }
}

named! {
    /// What holds at every moment of every run.
    Invariant {
        /// No application gets a message twice.
        NoDuplicateDelivery = "no_duplicate_delivery",
        /// Nothing is said to be delivered that was not.
        NoFalseDelivered = "no_false_delivered",
        /// Nothing is said to be expired that was proven.
        NoFalseExpired = "no_false_expired",
        /// Nothing is delivered after its life.
        Ttl = "ttl",
        /// Nobody but the two ends sees a payload.
        NoPlaintext = "no_plaintext",
        /// No table holds more than it may.
        TablesInCapacity = "tables_in_capacity",
        /// No node is busy without time passing.
        NoLivelock = "no_livelock",
        /// Every node wakes for each of its deadlines.
        DeadlinesComplete = "deadlines_complete",
        /// No node reports a bug of its own.
        NoBug = "no_bug",
        /// No application is given what nobody sent it.
        NothingForged = "nothing_forged",
        /// Every message is told of its end, delivered or not.
        EveryMessageEnds = "every_message_ends",
        /// No relay holds what it hands on for longer than it may.
        RelaysForget = "relays_forget",
        /// After the last fault everything is proven in time: liveness.
        Converges = "converges",
    }
}
