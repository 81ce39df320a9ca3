//! Settings of a transport, with defaults for a node on a computer.

use std::io;
use std::time::Duration;

use crate::MAX_MESSAGE;

/// Settings of a [`Transport`](crate::Transport); every bound on its memory is here.
///
/// A hostile peer can make one link hold `datagram_receive_bytes + window_bytes + max_streams *
/// 65600` bytes of what it sends, and a peer that does not read `datagram_queue_bytes * 2 +
/// message_queue_bytes + window_bytes` of what is sent to it: 21 MB in all by default. Nodes with
/// little memory lower these or `max_links`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// How often an idle link is kept alive; must be shorter than `idle_timeout`.
    pub keep_alive: Duration,
    /// A link that hears nothing for this long is down.
    pub idle_timeout: Duration,
    /// How long one dial may take over all its addresses.
    pub dial_timeout: Duration,
    /// The head start of each address over the next one in a dial.
    pub dial_stagger: Duration,
    /// Live links at most; more are refused.
    pub max_links: usize,
    /// Live links with one peer at most; two nodes that dial each other at once need two.
    pub max_links_per_peer: usize,
    /// Incoming handshakes at most at one time; more are refused.
    pub max_handshakes: usize,
    /// Dials under way at most.
    pub max_dials: usize,
    /// Peers kept connected at most.
    pub max_kept: usize,
    /// Bytes that wait for the engine, over all links; when full, links are no longer read.
    pub inbox_bytes: usize,
    /// Bytes of outgoing datagrams that wait, per link.
    pub datagram_queue_bytes: usize,
    /// Bytes of outgoing messages too long for a datagram that wait for a stream, per link.
    pub message_queue_bytes: usize,
    /// Bytes of incoming datagrams that wait while the inbox is full, per link; the oldest are
    /// discarded beyond.
    pub datagram_receive_bytes: usize,
    /// Bytes of stream data under way in each direction, per link: at least rate times round trip.
    pub window_bytes: u32,
    /// Messages (streams) under way in each direction, per link.
    pub max_streams: u32,
    /// Packet size assumed before the path was probed, in bytes of UDP payload, at least 1200.
    pub initial_mtu: u16,
    /// Largest packet size probed for, in bytes of UDP payload.
    pub mtu_ceiling: u16,
    /// Whether the kernel may cut one large write into packets (GSO). Turn it off on devices where
    /// nothing is sent with it.
    pub segmentation_offload: bool,
    /// Socket buffer asked of the kernel in each direction; it may grant less.
    pub socket_buffer_bytes: usize,
    /// Wait before the first redial of a kept peer after a failure.
    pub redial_first: Duration,
    /// The longest wait between redials.
    pub redial_max: Duration,
    /// Seed of the jitter of redials; give every node another.
    pub jitter_seed: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            keep_alive: Duration::from_secs(5),
            idle_timeout: Duration::from_secs(15),
            dial_timeout: Duration::from_secs(10),
            dial_stagger: Duration::from_millis(250),
            max_links: 1024,
            max_links_per_peer: 4,
            max_handshakes: 64,
            max_dials: 64,
            max_kept: 256,
            inbox_bytes: 4 << 20,
            datagram_queue_bytes: 256 << 10,
            message_queue_bytes: 512 << 10,
            datagram_receive_bytes: 8 << 20,
            window_bytes: 4 << 20,
            max_streams: 64,
            initial_mtu: 1200,
            mtu_ceiling: 1452,
            segmentation_offload: true,
            socket_buffer_bytes: 4 << 20,
            redial_first: Duration::from_millis(200),
            redial_max: Duration::from_secs(30),
            jitter_seed: 0,
        }
    }
}

impl Config {
    /// Says which setting cannot work, so that `bind` fails instead of a link later.
    pub(crate) fn check(&self) -> io::Result<()> {
        let room = 2 * MAX_MESSAGE;
        let rules: [(bool, &str); 10] = [
            (
                self.keep_alive < self.idle_timeout,
                "keep_alive must be shorter than idle_timeout",
            ),
            (
                !self.keep_alive.is_zero(),
                "keep_alive must be longer than zero",
            ),
            (
                self.idle_timeout <= Duration::from_secs(3600),
                "idle_timeout must be at most an hour",
            ),
            (
                (room..=(1 << 28)).contains(&self.inbox_bytes),
                "inbox_bytes must be 131200 to 2^28",
            ),
            (
                self.datagram_queue_bytes >= MAX_MESSAGE,
                "datagram_queue_bytes must be at least 65600",
            ),
            (
                self.message_queue_bytes >= MAX_MESSAGE,
                "message_queue_bytes must be at least 65600",
            ),
            (
                self.datagram_receive_bytes >= room,
                "datagram_receive_bytes must be at least 131200",
            ),
            (
                self.window_bytes as usize >= room,
                "window_bytes must be at least 131200",
            ),
            (
                self.max_streams >= 1
                    && [
                        self.max_links,
                        self.max_links_per_peer,
                        self.max_handshakes,
                        self.max_dials,
                    ]
                    .iter()
                    .all(|bound| (1..=1 << 20).contains(bound)),
                "max_streams, max_links, max_links_per_peer, max_handshakes and max_dials must be \
                 at least 1, all but the first at most 2^20",
            ),
            (
                self.initial_mtu >= 1200 && self.mtu_ceiling >= self.initial_mtu,
                "initial_mtu must be at least 1200 and mtu_ceiling no less than initial_mtu",
            ),
        ];
        match rules.iter().find(|(holds, _)| !holds) {
            None => Ok(()),
            Some((_, rule)) => Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("the transport's settings cannot work: {rule}"),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_work() {
        Config::default().check().unwrap();
    }

    #[test]
    fn settings_that_cannot_work_are_named() {
        let base = Config::default;
        let cases = [
            (
                Config {
                    keep_alive: Duration::from_secs(15),
                    ..base()
                },
                "keep_alive",
            ),
            (
                Config {
                    keep_alive: Duration::ZERO,
                    ..base()
                },
                "keep_alive",
            ),
            (
                Config {
                    idle_timeout: Duration::MAX,
                    ..base()
                },
                "idle_timeout",
            ),
            (
                Config {
                    inbox_bytes: 1000,
                    ..base()
                },
                "inbox_bytes",
            ),
            (
                Config {
                    inbox_bytes: usize::MAX,
                    ..base()
                },
                "inbox_bytes",
            ),
            (
                Config {
                    datagram_queue_bytes: 0,
                    ..base()
                },
                "datagram_queue_bytes",
            ),
            (
                Config {
                    message_queue_bytes: 0,
                    ..base()
                },
                "message_queue_bytes",
            ),
            (
                Config {
                    datagram_receive_bytes: 0,
                    ..base()
                },
                "datagram_receive_bytes",
            ),
            (
                Config {
                    window_bytes: 0,
                    ..base()
                },
                "window_bytes",
            ),
            (
                Config {
                    max_streams: 0,
                    ..base()
                },
                "max_streams",
            ),
            (
                Config {
                    max_dials: usize::MAX,
                    ..base()
                },
                "max_dials",
            ),
            (
                Config {
                    max_links: 0,
                    ..base()
                },
                "max_links",
            ),
            (
                Config {
                    initial_mtu: 500,
                    ..base()
                },
                "initial_mtu",
            ),
            (
                Config {
                    mtu_ceiling: 1199,
                    ..base()
                },
                "mtu_ceiling",
            ),
        ];
        for (config, setting) in cases {
            let error = config.check().unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
            assert!(error.to_string().contains(setting), "{setting}: {error}");
        }
    }
}
