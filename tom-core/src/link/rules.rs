//! The numbers of the Noise link. Spec: link-noise, "Drops of the link".

use crate::time::Span;

/// Data packets one direction of a session carries at most. Spec NLK-17.
pub const LIFE_PACKETS: u32 = 1 << 20;
/// How long a session lives at most. Spec NLK-17.
pub const LIFE: Span = Span::from_secs(24 * 3_600);
/// Data packets under one key. Spec NLK-14.
pub const KEY_PACKETS: u32 = 1 << 16;
/// Counters behind the newest that are still accepted, once each. Spec NLK-15.
pub const WINDOW: u32 = 64;

/// When the initiator of a session makes the next one: three quarters of its life. Spec NLK-18.
pub const RENEW: Span = Span::from_secs(18 * 3_600);
/// The same in packets of either direction. Spec NLK-18.
pub const RENEW_PACKETS: u32 = LIFE_PACKETS / 4 * 3;
/// When the responder does, should the initiator have not: seven eighths. Spec NLK-18.
pub const RENEW_LATE: Span = Span::from_secs(21 * 3_600);
/// The same in packets of either direction. Spec NLK-18.
pub const RENEW_LATE_PACKETS: u32 = LIFE_PACKETS / 8 * 7;

/// The first wait for an answer to INIT; it doubles each time. Spec NLK-19.
pub const RETRY_FIRST: Span = Span::from_secs(1);
/// The longest wait for an answer to INIT. Spec NLK-19.
pub const RETRY_LAST: Span = Span::from_secs(32);
/// How often one INIT is sent before the next handshake begins. Spec NLK-19.
pub const SENDS_PER_HANDSHAKE: u8 = 4;

/// How long an answered handshake waits for its first DATA. Spec NLK-12.
pub const ANSWERED_LIFE: Span = Span::from_secs(60);
/// Two sessions that began within this time in opposite directions are crossed. Spec NLK-21.
pub const CROSSED: Span = Span::from_secs(10);
/// How long the replaced session is still received on after its last packet. Spec NLK-21.
pub const PREVIOUS_LIFE: Span = Span::from_secs(30);

/// How long after receiving something an end that sent nothing says that it is there. Spec NLK-22.
pub const KEEPALIVE: Span = Span::from_secs(10);
/// How long the initiator waits for any answer before it makes a new handshake. Spec NLK-22.
pub const SILENCE: Span = Span::from_secs(15);
/// The same for the responder, later so that the two rarely cross. Spec NLK-22.
pub const SILENCE_LATE: Span = Span::from_secs(22);
/// How long without an answer until the link is down. Spec NLK-22.
pub const DEAD: Span = Span::from_secs(60);

/// How long one cookie secret is used; the one before it is accepted too. Spec NLK-8.
pub const COOKIE_SECRET_LIFE: Span = Span::from_secs(120);
/// The hardest stamp that may be asked for, in leading zero bits. Spec NLK-10.
pub const DIFFICULTY_MAX: u8 = 20;
/// How far a stamp may be below what is asked for now. Spec NLK-10.
pub const DIFFICULTY_SLACK: u8 = 4;
/// How many COOKIEs count for one handshake. Spec NLK-9.
pub const COOKIES_PER_HANDSHAKE: u8 = 2;
/// Stamps tried in one tick: the bound on the work of one call.
pub const TRIES_PER_TICK: u32 = 1_024;
/// The pause between two ticks that look for a stamp.
pub const WORK_PAUSE: Span = Span::from_millis(1);

const _: () = assert!(LIFE_PACKETS.is_multiple_of(KEY_PACKETS));
const _: () = assert!(WINDOW == u64::BITS && WINDOW < KEY_PACKETS);
const _: () = assert!(RENEW_PACKETS < RENEW_LATE_PACKETS && RENEW_LATE_PACKETS < LIFE_PACKETS);
const _: () = assert!(RENEW.as_millis() < RENEW_LATE.as_millis());
const _: () = assert!(RENEW_LATE.as_millis() < LIFE.as_millis());
const _: () = assert!(SILENCE.as_millis() > KEEPALIVE.as_millis());
const _: () = assert!(DEAD.as_millis() > SILENCE_LATE.as_millis());
