//! Outputs as far as the book orders them: of one moment frames, events and proofs are sets, the
//! pairs of ACKs and the references of TAKENs one by one, since both may be gathered.

use std::collections::BTreeSet;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::judge::Diff;

const HELLO: u8 = 1;
const ENVELOPE: u8 = 2;
const TAKEN: u8 = 3;
const ACK: u8 = 4;

/// The fields of outputs that are no transmissions.
const NAMED: [&str; 11] = [
    "is",
    "link",
    "pk",
    "candidates",
    "from",
    "message",
    "payload",
    "session",
    "direct",
    "state",
    "what",
];

/// What a node put out in one step.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Outputs {
    /// `link:frame` in hex, ACKs and TAKENs aside; of a HELLO its version and profile alone.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub frames: BTreeSet<String>,
    /// `link:head:ref:secret` of each pair, the head without the expiry.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub proofs: BTreeSet<String>,
    /// A refusal, the id of a message accepted, and everything put out but transmissions and records.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Value>,
    /// `link:ref` of each TAKEN: it may come later by 20 ms, so it is compared in the end.
    #[serde(skip)]
    pub taken: BTreeSet<String>,
}

impl Outputs {
    /// Takes in what became of the input itself, where that is more than that it was used.
    pub fn verdict(&mut self, reply: &Value) {
        if reply["verdict"] == "refused" {
            self.events.push(json!({ "is": "refused" }));
        }
        if !reply["message"].is_null() {
            let id = &reply["message"];
            self.events.push(json!({ "is": "accepted", "message": id }));
        }
    }

    /// Takes in an output.
    pub fn add(&mut self, output: &Value) {
        match output["is"].as_str() {
            Some("transmit") => {
                let bytes = output["bytes"].as_str().unwrap_or_default();
                let bytes = HEXLOWER.decode(bytes.as_bytes()).unwrap_or_default();
                self.datagram(&output["link"], &bytes);
            }
            // When a record is offered again is the node's own affair.
            Some("persist" | "forget") => {}
            Some(_) | None => {
                let mut event = output.clone();
                if let Some(event) = event.as_object_mut() {
                    // A reply may have more fields than the book names.
                    event.retain(|field, _| NAMED.contains(&field.as_str()));
                }
                // Of the states a message goes through at one moment the last is enough.
                let same = |it: &Value| it["is"] == "state" && it["message"] == event["message"];
                if event["is"] == "state" {
                    self.events.retain(|it| !same(it));
                }
                self.events.push(event);
                // What happens at one moment to different messages and peers has no order.
                self.events.sort_by_cached_key(Value::to_string);
            }
        }
    }

    /// Takes in an ACK; anything else is left to be compared as it is.
    fn proofs(&mut self, link: &Value, envelope: &[u8]) -> bool {
        let Some(([vt, flags, path, _, _, _, _, dst @ ..], [count, pairs @ ..])) =
            envelope.split_first_chunk::<15>()
        else {
            return false;
        };
        if vt & 15 != ACK || usize::from(*count) * 24 != pairs.len() {
            return false;
        }
        // The expiry depends on what was gathered (ENV-16).
        let head = [[*vt, *flags, *path].as_slice(), dst].concat();
        self.proofs.extend(pairs.chunks_exact(24).map(|pair| {
            let (reference, secret) = pair.split_at(8);
            let [head, reference, secret] =
                [&head, reference, secret].map(|bytes| HEXLOWER.encode(bytes));
            format!("{link}:{head}:{reference}:{secret}")
        }));
        true
    }

    fn datagram(&mut self, link: &Value, bytes: &[u8]) {
        let mut rest = bytes;
        while let Some(([ftype, low, high], body)) = rest.split_first_chunk::<3>() {
            let len = usize::from(u16::from_le_bytes([*low, *high])).min(body.len());
            let (body, more) = body.split_at(len);
            rest = more;
            match (*ftype, body) {
                (HELLO, [version, profile, ..]) => {
                    self.frames
                        .insert(format!("{link}:HELLO {version} {profile}"));
                }
                (TAKEN, [count, refs @ ..]) if usize::from(*count) * 8 == refs.len() => {
                    let refs = refs
                        .chunks(8)
                        .map(|it| format!("{link}:{}", HEXLOWER.encode(it)));
                    self.taken.extend(refs);
                }
                (ENVELOPE, [_, _, envelope @ ..]) if self.proofs(link, envelope) => {}
                _ => {
                    let frame = format!("{ftype:02x} {}", HEXLOWER.encode(body));
                    self.frames.insert(format!("{link}:{frame}"));
                }
            }
        }
    }
}

/// The first difference of a step.
#[must_use]
pub fn difference(expected: &Outputs, got: &Outputs) -> Option<Diff> {
    let sets = [
        ("frames", &expected.frames, &got.frames),
        ("proofs", &expected.proofs, &got.proofs),
    ];
    for (what, expected, got) in sets {
        if expected != got {
            let missing: Vec<&String> = expected.difference(got).collect();
            let more: Vec<&String> = got.difference(expected).collect();
            return Some(Diff {
                at: first_byte(what, &missing, &more),
                expected: json!(missing).to_string(),
                got: json!(more).to_string(),
            });
        }
    }
    (expected.events != got.events).then(|| Diff {
        at: "events".to_owned(),
        expected: Value::from(expected.events.clone()).to_string(),
        got: Value::from(got.events.clone()).to_string(),
    })
}

/// Of one frame against one: where they part.
fn first_byte(what: &str, missing: &[&String], more: &[&String]) -> String {
    let ([missing], [more]) = (missing, more) else {
        return what.to_owned();
    };
    let envelope = |text: &str| {
        let (_, body) = text.split_once(":02 ")?;
        HEXLOWER.decode(body.get(4..)?.as_bytes()).ok()
    };
    let (Some(want), Some(have)) = (envelope(missing), envelope(more)) else {
        return what.to_owned();
    };
    let same = want.iter().zip(&have).take_while(|(a, b)| a == b).count();
    let field = tom_port::field_at(&want, same).unwrap_or("its end");
    format!("{what}: byte {same} of the envelope, in `{field}`")
}
