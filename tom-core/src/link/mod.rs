//! The link that every port can speak: Noise IK over anything that carries packets.
//! Spec: link-noise.
//!
//! A sans-I/O piece beside the node: it turns link datagrams (link frames of the core) into packets
//! for UDP, a serial line or any other medium, and back. It knows nothing of what is inside.
//!
//! ```text
//! packets from the medium -> Gate::admit -> NoiseLink::handle -> datagrams for the core
//! datagrams of the core   -> NoiseLink::seal ------------------> packets for the medium
//!                            NoiseLink::tick, poll ------------> handshakes, keepalives, Up, Down
//! ```
//!
//! * [`Gate`]: what is checked before a packet may cost anything: its form, its first MAC, and under
//!   load the proof that the sender's address is real and that it did some work. One per node.
//! * [`NoiseLink`]: the channel to one peer: at most one handshake each way, the session in use and
//!   the one before it. A driver for many peers keeps one per peer and finds it by
//!   [`owns`](NoiseLink::owns); nothing here grows with traffic.
//!
//! The driver's loop: feed packets and ticks, drain [`poll`](NoiseLink::poll) after each, sleep until
//! [`deadline`](NoiseLink::deadline).

mod channel;
mod cipher;
mod dial;
mod gate;
pub mod packet;
mod reject;
pub mod rules;
mod session;
mod stamp;
mod timers;

pub use channel::{Accept, Heard, LinkOutput, NoiseLink, SealError};
pub use gate::{Admit, Admitted, Gate, GateConfig};
pub use packet::{LinkSid, Packet};
pub use reject::Reject;

#[cfg(test)]
mod tests;
