//! What is printed, and in which words.

use std::io::Write;

use serde_json::{Value, json};
use tom::{Message, State};

/// Prints a line to stdout. Ends the process when nobody reads it, as a filter does.
pub(crate) fn line(text: impl std::fmt::Display) {
    let mut out = std::io::stdout().lock();
    if writeln!(out, "{text}").and_then(|()| out.flush()).is_err() {
        std::process::exit(0);
    }
}

/// Prints an error to stderr: what happened, and the chain of reasons.
pub(crate) fn error(json: bool, error: &anyhow::Error) {
    let text = format!("{error:#}");
    if json {
        eprintln!("{}", json!({ "error": text }));
    } else {
        eprintln!("tom: {text}");
    }
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
            text.push_str(&format!("{byte:02x}"));
            text
        })
}

/// Hexadecimal digits as bytes; white space between them does not count.
pub(crate) fn unhex(text: &str) -> Result<Vec<u8>, String> {
    let digits: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
    if let Some((at, wrong)) = digits
        .iter()
        .enumerate()
        .find(|(_, c)| !c.is_ascii_hexdigit())
    {
        return Err(format!(
            "`{wrong}` (digit {}) is not hexadecimal; use 0-9 and a-f",
            at + 1
        ));
    }
    if !digits.len().is_multiple_of(2) {
        return Err(format!(
            "{} hexadecimal digits are not whole bytes; one is missing",
            digits.len()
        ));
    }
    let value = |c: &char| {
        c.to_digit(16)
            .and_then(|d| u8::try_from(d).ok())
            .unwrap_or(0)
    };
    Ok(digits
        .chunks_exact(2)
        .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | value(digit)))
        .collect())
}

/// A message as JSON.
pub(crate) fn message(message: &Message) -> Value {
    json!({
        "message": {
            "from": message.from.to_string(),
            "id": message.id.reference.to_string(),
            "text": std::str::from_utf8(&message.bytes).ok(),
            "hex": hex(&message.bytes),
            "in_session": message.in_session,
            "neighbour": message.neighbour.to_string(),
            "direct": message.neighbour == message.from,
        }
    })
}

/// What a state means, for people.
pub(crate) fn meaning(state: State) -> &'static str {
    match state {
        State::Pending => "no neighbour has it yet",
        State::Sent => "on its way to a neighbour",
        State::Relayed => "a neighbour has it",
        State::Passed => "a relay says it handed it to the recipient's link",
        State::Delivered => "the recipient has proven that it has it",
        State::Read => "the recipient says it was read",
        State::Expired => "its life is over and no proof came",
    }
}

/// A delivery as JSON.
pub(crate) fn delivery(delivery: &tom::Delivery) -> Value {
    json!({
        "id": delivery.id.to_string(),
        "state": delivery.state.name(),
        "delivered": delivery.is_delivered(),
        "us": u64::try_from(delivery.took.as_micros()).unwrap_or(u64::MAX),
    })
}
