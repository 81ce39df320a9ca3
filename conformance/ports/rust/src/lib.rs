//! The reference in the seat of a port. Spec: conformance.
//!
//! | module | subject |
//! |---|---|
//! | `ask` | the fields of a request |
//! | `fields` | wire structures as JSON |
//! | `encode` | JSON as wire structures |
//! | `inspect` | questions about functions |
//! | `node` | a node, step by step |
//! | `parts` | what of a datagram stands for itself |

mod ask;
mod encode;
mod fields;
mod inspect;
mod node;
mod parts;

use serde_json::{Value, json};

use ask::Ask;
use node::Seat;

/// Why a request got no ordinary answer.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Not {
    /// The network's bytes are dropped under this number.
    Drop(tom_core::error::Drop),
    /// The book says "refused", without a number.
    Refused,
    /// This port cannot do it.
    Unsupported(&'static str),
    /// The request is none.
    Unclear(String),
}

impl From<tom_core::error::Drop> for Not {
    fn from(drop: tom_core::error::Drop) -> Self {
        Self::Drop(drop)
    }
}

/// What is answered, without the id.
type Answer = Result<Value, Not>;

/// What an implementation answers the suite with.
#[derive(Debug, Default)]
pub struct Port {
    seat: Option<Seat>,
}

impl Port {
    /// The answer to one line.
    #[must_use]
    pub fn answer(&mut self, line: &str) -> Value {
        let asked: Value = match serde_json::from_str(line) {
            Ok(asked) => asked,
            Err(error) => return json!({ "id": null, "error": error.to_string() }),
        };
        let mut answer = match self.reply(&Ask::new(&asked)) {
            Ok(answer) => answer,
            Err(Not::Drop(drop)) => json!({ "drop": drop.code() }),
            Err(Not::Refused) => json!({ "refused": true }),
            Err(Not::Unsupported(why)) => json!({ "unsupported": why }),
            Err(Not::Unclear(error)) => json!({ "error": error }),
        };
        if let Some(answer) = answer.as_object_mut() {
            answer.insert("id".to_owned(), asked["id"].clone());
        }
        answer
    }

    fn seat(&mut self) -> Result<&mut Seat, Not> {
        let seat = self.seat.as_mut();
        seat.ok_or_else(|| Not::Unclear("there was no reset".to_owned()))
    }

    fn reply(&mut self, ask: &Ask<'_>) -> Answer {
        match ask.text("do")? {
            "hello" => Ok(json!({
                "name": "tom-core",
                "version": env!("CARGO_PKG_VERSION"),
                "language": "Rust",
                "spec": "0.1",
                "profiles": ["codec", "leaf", "relay", "full", "stream"],
            })),
            "inspect" if ask.text("what")? == "node" => Ok(json!({ "is": self.seat()?.tables() })),
            "inspect" => Ok(json!({ "is": inspect::inspect(ask)? })),
            "reset" => {
                let seat = Seat::reset(*ask)?;
                Ok(self.seat.insert(seat).public())
            }
            "step" => self.seat()?.step(*ask),
            "snapshot" => Ok(self.seat()?.snapshot()),
            "restore" => self.seat()?.restore(*ask),
            other => Err(Not::Unclear(format!("there is no `{other}`"))),
        }
    }
}

/// The field of the wire layout that a byte of an envelope or a datagram lies in; `None` where the
/// bytes are neither, or there is no such byte.
#[must_use]
pub fn field_at(bytes: &[u8], at: usize) -> Option<&'static str> {
    use tom_core::wire::{Envelope, Frames, Visit, describe_datagram, describe_envelope};
    let describe: fn(&[u8], &mut Visit<'_>) = if Envelope::parse(bytes).is_ok() {
        describe_envelope
    } else if Frames::new(bytes).all(|frame| frame.is_ok()) {
        describe_datagram
    } else {
        return None;
    };
    let mut field = None;
    describe(bytes, &mut |name, range, _| {
        // Later ones are inside earlier ones.
        if range.contains(&at) {
            field = Some(name);
        }
    });
    field
}
