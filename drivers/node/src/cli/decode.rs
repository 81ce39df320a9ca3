//! `tom decode`: any bytes of the wire, field by field, up to the first bad one.

use std::ops::Range;

use clap::{Args, ValueEnum};
use serde_json::{Value as Json, json};
use tom_core::wire::{Value, describe_content, describe_datagram, describe_envelope};

use super::{COULD_NOT, Common, DONE, WrongInput, say};

#[derive(Debug, Args)]
pub(crate) struct DecodeArgs {
    /// The bytes in hexadecimal; `-` reads them from stdin
    hex: String,
    /// What they are
    #[arg(long = "as", value_enum, default_value_t = Form::Guess)]
    form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    /// Frames or an envelope, by the first byte
    Guess,
    /// A link datagram: frames one behind the other
    Frames,
    /// An envelope
    Envelope,
    /// The plaintext of a SEAL or DATA envelope
    Content,
}

/// One line of the answer.
#[derive(Debug)]
struct Field {
    depth: usize,
    name: &'static str,
    range: Range<usize>,
    text: String,
    json: Json,
    bad: bool,
}

pub(crate) fn run(common: &Common, args: &DecodeArgs) -> anyhow::Result<u8> {
    let hex = if args.hex == "-" {
        std::io::read_to_string(std::io::stdin().lock())?
    } else {
        args.hex.clone()
    };
    let bytes = say::unhex(&hex).map_err(WrongInput)?;
    let Some(first) = bytes.first() else {
        return Err(
            WrongInput("there are no bytes to decode; give them in hexadecimal".into()).into(),
        );
    };
    let form = match args.form {
        // Frame types are small numbers; an envelope begins with its version in the high nibble.
        Form::Guess if first >> 4 == 0 => Form::Frames,
        Form::Guess => Form::Envelope,
        said @ (Form::Frames | Form::Envelope | Form::Content) => said,
    };
    let fields = walk(form, &bytes);
    let bad = fields.iter().any(|field| field.bad);
    if common.json {
        let fields: Vec<Json> = fields.iter().map(to_json).collect();
        say::line(json!({ "bytes": bytes.len(), "ok": !bad, "fields": fields }));
    } else {
        for field in &fields {
            say::line(to_line(field));
        }
    }
    Ok(if bad { COULD_NOT } else { DONE })
}

fn walk(form: Form, bytes: &[u8]) -> Vec<Field> {
    let mut fields = Vec::new();
    let mut parts: Vec<Range<usize>> = Vec::new();
    let mut visit = |name: &'static str, range: Range<usize>, value: Value<'_>| {
        // A part holds what follows within its range.
        while parts
            .last()
            .is_some_and(|part| range.start < part.start || range.end > part.end || part.is_empty())
        {
            parts.pop();
        }
        let depth = parts.len();
        let (text, json, bad) = match value {
            Value::Part => {
                parts.push(range.clone());
                (String::new(), Json::Null, false)
            }
            Value::Int(number) => {
                let meaning = meaning(name, number).map(|word| format!(" ({word})"));
                (
                    format!("{number}{}", meaning.unwrap_or_default()),
                    json!(number),
                    false,
                )
            }
            Value::Bytes(bytes) => (say::hex(bytes), json!(say::hex(bytes)), false),
            Value::Bad(drop) => {
                let text = format!("drop {} {drop:?}", drop.code());
                let json = json!({ "number": drop.code(), "reason": format!("{drop:?}") });
                (text, json, true)
            }
        };
        fields.push(Field {
            depth,
            name,
            range,
            text,
            json,
            bad,
        });
    };
    match form {
        Form::Frames => describe_datagram(bytes, &mut visit),
        Form::Content => describe_content(bytes, &mut visit),
        Form::Envelope | Form::Guess => describe_envelope(bytes, &mut visit),
    }
    fields
}

/// What a number stands for.
fn meaning(name: &str, number: u64) -> Option<&'static str> {
    match (name, number) {
        ("kind", 1) => Some("SEAL"),
        ("kind", 2) => Some("RESP"),
        ("kind", 3) => Some("DATA"),
        ("kind", 4) => Some("ACK"),
        ("kind", 5) => Some("NACK"),
        ("code", 1) => Some("NO_KEY"),
        ("code", 2) => Some("TOO_BIG"),
        ("code", 3) => Some("FULL"),
        ("code", 4) => Some("NO_ROUTE"),
        _ => None,
    }
}

fn to_json(field: &Field) -> Json {
    let key = if field.bad { "drop" } else { "value" };
    json!({
        "name": field.name,
        "from": field.range.start,
        "to": field.range.end,
        "depth": field.depth,
        key: field.json,
    })
}

fn to_line(field: &Field) -> String {
    let Field {
        depth,
        name,
        range,
        text,
        bad,
        ..
    } = field;
    let indent = "  ".repeat(*depth);
    let label = format!("{indent}{name}");
    if *bad {
        let what = if range.is_empty() {
            "bytes are missing here"
        } else {
            "first bad byte"
        };
        return format!("{:>5}  {label:<24} {text}: {what}", range.start);
    }
    let line = format!("{:>5}  {label:<24} {text}", range.start);
    line.trim_end().to_owned()
}
