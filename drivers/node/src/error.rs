//! What can go wrong, told to a person: what happened, why, and what to do about it.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use tom_core::error::{Misuse, Refusal};

/// Why a call failed. A message that was not proven delivered is never an error: see
/// [`Delivery`](crate::Delivery).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The identity file cannot be used.
    #[error("cannot use the identity in {}: {what}; {remedy}", path.display())]
    Identity {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
        /// What to do.
        remedy: String,
    },
    /// No place for the node's files is known.
    #[error(
        "no place for the node's files is known: HOME is not set; set HOME or name a directory"
    )]
    NoDataDir,
    /// The listening socket could not be opened.
    #[error(
        "cannot listen on {addr}: {source}; choose another address or end the program that uses it"
    )]
    Bind {
        /// The address asked for.
        addr: SocketAddr,
        /// The system's reason.
        source: io::Error,
    },
    /// The system gives no random bytes.
    #[error("the system gives no random bytes ({0}); a node cannot run without them")]
    Random(getrandom::Error),
    /// A setting of the node cannot work.
    #[error("a setting cannot work: {0}; see the documentation of `Builder`")]
    Settings(String),
    /// The node refused a command; nothing changed.
    #[error("{}", refusal(*.0))]
    Refused(Refusal),
    /// More peers are kept than the transport has room for.
    #[error("too many peers are kept connected; forget one or raise the transport's `max_kept`")]
    TooManyPeers,
    /// The node has been shut down.
    #[error("this node has been shut down; start a new one")]
    Stopped,
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "an application cannot cause the others"
)]
fn refusal(refusal: Refusal) -> String {
    match refusal {
        Refusal::Misuse(Misuse::TooLong { max }) => {
            format!("the message is too long: at most {max} bytes fit; send it in parts")
        }
        Refusal::Misuse(Misuse::Lifetime) => {
            "a message lives 1 s to 23 h 55 min; choose a lifetime in between".into()
        }
        Refusal::Misuse(Misuse::ToSelf) => {
            "the recipient is this node itself; give somebody else's address".into()
        }
        Refusal::Misuse(Misuse::UnknownId) => {
            "that message is not known here any more; nothing was done".into()
        }
        Refusal::Full(full) => format!(
            "no room in the table of {:?} ({} entries); wait until messages settle or raise the limits",
            full.table, full.capacity
        ),
        Refusal::Backpressure => "the node is busy; try again".into(),
        Refusal::NoClock => "the system's clock is not set; set it and try again".into(),
        other => format!("the node refused: {other:?}"),
    }
}
