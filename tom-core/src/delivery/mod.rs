//! The truth about each message: what this node sends, and what it has received.
//! Spec: delivery.
//!
//! *Theory.* A message of this node is an entry of the outbox until its recipient's proof comes
//! back or its life ends. Nothing a relay says settles it. What settled, ended or was sealed again
//! leaves a small proof entry, so that a late proof still tells the truth. On the receiving side a
//! message waits in the inbox until the application has it; only then is it acknowledged, and what
//! was acknowledged once is acknowledged again, never delivered again.
//!
//! This concern chooses no route and opens no envelope; it is told and it tells.

mod inbox;
mod outbox;
pub(crate) mod record;

pub(crate) use inbox::{Again, DeliveredEntry, InboxEntry, OpenedEntry, Seen};
pub(crate) use outbox::{Found, Message, NotProven, Proof, Purpose, Settled, keep_until};

use crate::bounded::{Table, Timers};

/// The concern's tables, lent by the storage for one input.
pub(crate) struct Tables<'a> {
    pub(crate) outbox: Table<'a, Message>,
    pub(crate) timers: Timers<'a>,
    pub(crate) proofs: Table<'a, Proof>,
    pub(crate) inbox: Table<'a, InboxEntry>,
    pub(crate) opened: Table<'a, OpenedEntry>,
    pub(crate) delivered: Table<'a, DeliveredEntry>,
}
