//! An answer against what is expected: the first place where they part.

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tom_port::field_at;

use crate::cases::Case;

/// How a case came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING-KEBAB-CASE")]
pub enum Status {
    /// As the book says.
    Pass,
    /// Not what is expected first, and allowed by the book.
    NonStrict,
    /// Not as the book says it MUST be.
    Fail,
    /// The port cannot do it.
    Unsupported,
    /// It fails, and a known list says that it does.
    Xfail,
    /// It passes, and a known list says that it fails: the list is wrong.
    Xpass,
}

impl Status {
    /// All of them, the best first.
    pub const ALL: [Self; 6] = [
        Self::Pass,
        Self::NonStrict,
        Self::Unsupported,
        Self::Xfail,
        Self::Xpass,
        Self::Fail,
    ];

    /// Its word in reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::NonStrict => "NON-STRICT",
            Self::Fail => "FAIL",
            Self::Unsupported => "UNSUPPORTED",
            Self::Xfail => "XFAIL",
            Self::Xpass => "XPASS",
        }
    }
}

/// The first place where an answer parts from what is expected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diff {
    /// Where: `is.proofs[0].secret`, with the byte and its field in the layout where it is bytes.
    pub at: String,
    /// What is expected there.
    pub expected: String,
    /// What came.
    pub got: String,
}

/// Judges a reply.
#[must_use]
pub fn judge(case: &Case, reply: &Value) -> (Status, Option<Diff>) {
    if let Some(why) = reply["unsupported"].as_str() {
        let diff = Diff {
            at: "unsupported".to_owned(),
            expected: shown(&Value::Object(case.expect.clone())),
            got: why.to_owned(),
        };
        return (Status::Unsupported, Some(diff));
    }
    match first_diff(&case.expect, reply) {
        None => (Status::Pass, None),
        Some(diff) => {
            let allowed = case
                .also
                .iter()
                .any(|also| first_diff(also, reply).is_none());
            let status = if allowed {
                Status::NonStrict
            } else {
                Status::Fail
            };
            (status, Some(diff))
        }
    }
}

/// A reply may have more fields than are expected, at its top and in `is`.
fn first_diff(expect: &Map<String, Value>, reply: &Value) -> Option<Diff> {
    for (name, expected) in expect {
        let got = &reply[name];
        // Drops are counted, and have no order.
        let numbers = (name == "drops").then(|| sorted(expected).zip(sorted(got)));
        if let Some(Some((expected, got))) = numbers
            && expected == got
        {
            continue;
        }
        if got.is_null() && !expected.is_null() {
            return Some(Diff {
                at: name.clone(),
                expected: shown(expected),
                got: shown(&without_id(reply)),
            });
        }
        if let Some(diff) = part(name, expected, got) {
            return Some(diff);
        }
    }
    None
}

/// The numbers of a list, the lowest first.
fn sorted(list: &Value) -> Option<Vec<u64>> {
    let mut numbers: Vec<u64> = list
        .as_array()?
        .iter()
        .map(Value::as_u64)
        .collect::<Option<_>>()?;
    numbers.sort_unstable();
    Some(numbers)
}

fn without_id(reply: &Value) -> Value {
    let mut reply = reply.clone();
    if let Some(reply) = reply.as_object_mut() {
        reply.remove("id");
    }
    reply
}

fn part(at: &str, expected: &Value, got: &Value) -> Option<Diff> {
    match (expected, got) {
        (Value::Object(expected), Value::Object(got)) => expected
            .iter()
            .find_map(|(name, value)| part(&format!("{at}.{name}"), value, member(got, name))),
        (Value::Array(expected), Value::Array(got)) => {
            let same = expected.iter().zip(got).enumerate();
            let inside = same
                .map(|(place, (expected, got))| part(&format!("{at}[{place}]"), expected, got))
                .find_map(|diff| diff);
            let longer = || {
                (expected.len() != got.len()).then(|| Diff {
                    at: format!("{at}: how many"),
                    expected: expected.len().to_string(),
                    got: got.len().to_string(),
                })
            };
            inside.or_else(longer)
        }
        (Value::String(expected), Value::String(got)) if expected != got => {
            Some(text(at, expected, got))
        }
        _ if expected == got => None,
        _ => Some(Diff {
            at: at.to_owned(),
            expected: shown(expected),
            got: shown(got),
        }),
    }
}

fn member<'a>(object: &'a Map<String, Value>, name: &str) -> &'a Value {
    object.get(name).unwrap_or(&Value::Null)
}

/// Two texts that differ: of bytes, the first byte that does, and the field of the layout it is in.
fn text(at: &str, expected: &str, got: &str) -> Diff {
    let unhex = |text: &str| HEXLOWER.decode(text.as_bytes()).ok();
    let place = match (unhex(expected), unhex(got)) {
        (Some(want), Some(have)) if !want.is_empty() => {
            let same = want.iter().zip(&have).take_while(|(a, b)| a == b).count();
            let field = field_at(&want, same);
            let field = field.map(|field| format!(", in `{field}`"));
            format!("{at}: byte {same}{}", field.unwrap_or_default())
        }
        _ => at.to_owned(),
    };
    Diff {
        at: place,
        expected: expected.to_owned(),
        got: got.to_owned(),
    }
}

/// Short enough for a line.
fn shown(value: &Value) -> String {
    const LONGEST: usize = 400;
    let text = value.to_string();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}..", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

#[cfg(test)]
mod tests;
