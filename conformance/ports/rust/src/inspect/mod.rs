//! Questions about functions. Spec: conformance, "inspect".
//!
//! | file | subject |
//! |---|---|
//! | `keys.rs` | identities, addresses, commitments, entropy |
//! | `oneshot.rs` | SEAL and RESP |
//! | `session.rs` | DATA |
//! | `stream.rs` | packets on byte streams |

mod keys;
mod oneshot;
mod session;
mod stream;

use serde_json::{Value, json};

use crate::Not;
use crate::ask::{Ask, hex, unclear};
use crate::{encode, fields};

/// What is asked for.
pub(crate) fn inspect(ask: &Ask<'_>) -> Result<Value, Not> {
    let read =
        |read: fn(&[u8]) -> Result<Value, tom_core::error::Drop>| Ok(read(&ask.bytes("bytes")?)?);
    match ask.text("what")? {
        "envelope" => read(fields::envelope),
        "content" => read(fields::content),
        "sealPayload" => read(fields::seal_payload),
        "respPayload" => read(fields::resp_payload),
        "datagram" => Ok(fields::datagram(&ask.bytes("bytes")?)),
        "encode" => Ok(json!({ "bytes": hex(&encoded(*ask)?) })),
        "stream" => stream::read(*ask),
        "identity" => keys::identity(*ask),
        "address" => keys::address(*ask),
        "key" => keys::key(*ask),
        "commit" => keys::commitment(*ask),
        "draw" => keys::draw(*ask),
        "seal" => oneshot::seal(*ask),
        "open" => oneshot::open(*ask),
        "answer" => oneshot::answer(*ask),
        "answered" => oneshot::answered(*ask),
        "data" => session::data(*ask),
        "openData" => session::open_data(*ask),
        _ => Err(unclear("what", "is nothing of the book's")),
    }
}

fn encoded(ask: Ask<'_>) -> Result<Vec<u8>, Not> {
    let fields = ask.object("fields")?;
    match ask.text("as")? {
        "envelope" => encode::envelope(fields),
        "content" => encode::content(fields),
        "sealPayload" => encode::seal_payload(fields, None),
        "respPayload" => encode::resp_payload(fields),
        "datagram" => encode::datagram(fields),
        "stream" => stream::written(fields),
        _ => Err(unclear("as", "is nothing of the book's")),
    }
}
