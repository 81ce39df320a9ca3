//! One transcript, played with a port.
//!
//! The runner is the port's driver: every transmission is taken by its link at once, every record is
//! durable at once, and what is due is ticked at once. What comes of that belongs to the step.

use std::collections::BTreeSet;
use std::convert::Infallible;

use serde_json::{Map, Value, json};
use tom_port::Port;

use super::{Outputs, Step, Transcript, difference};
use crate::cases::request;
use crate::judge::{Diff, Status};

/// Rounds of feedback that one step may cause. Spec conformance, "Transcripts".
const ROUNDS: usize = 32;
/// Ticks that a node may ask for between two steps.
const IDLE_TICKS: usize = 10_000;

/// Whoever answers: a subprocess, or the reference in this process.
pub trait Seat {
    /// Why it does not answer.
    type Fault;

    /// Asks one thing.
    ///
    /// # Errors
    /// It does not answer.
    fn ask(&mut self, request: &Map<String, Value>) -> Result<Value, Self::Fault>;
}

/// The reference in this process.
impl Seat for Port {
    type Fault = Infallible;

    fn ask(&mut self, request: &Map<String, Value>) -> Result<Value, Infallible> {
        let mut request = request.clone();
        request.insert("id".to_owned(), 1.into());
        Ok(self.answer(&Value::Object(request).to_string()))
    }
}

/// What a step came to.
pub(crate) struct Stepped {
    pub(crate) out: Outputs,
    pub(crate) drops: Vec<u8>,
    /// The last reply to the input itself: its verdict and message.
    pub(crate) reply: Value,
    /// What is due next, after all feedback.
    pub(crate) wake: Option<u64>,
    /// The outputs as they came.
    pub(crate) raw: Vec<Value>,
    /// What was left of the entropy.
    pub(crate) rest: Value,
}

/// Why a step did not come to an end.
pub(crate) enum Stuck<F> {
    /// The port does not answer.
    Fault(F),
    /// It answers that it cannot.
    Answer(Value),
}

/// Asks, and goes on only with an ordinary answer.
pub(crate) fn ask<S: Seat>(
    seat: &mut S,
    what: &str,
    fields: &Value,
) -> Result<Value, Stuck<S::Fault>> {
    let reply = seat.ask(&request(what, fields)).map_err(Stuck::Fault)?;
    let ends = ["unsupported", "error", "starved"];
    if ends.iter().any(|end| !reply[*end].is_null()) {
        return Err(Stuck::Answer(reply));
    }
    Ok(reply)
}

/// One input with all its feedback.
pub(crate) fn step<S: Seat>(
    seat: &mut S,
    now: u64,
    entropy: &Value,
    input: &Value,
) -> Result<Stepped, Stuck<S::Fault>> {
    let first = json!({ "now": now, "entropy": entropy, "in": input });
    let reply = ask(seat, "step", &first)?;
    let mut all = Stepped {
        out: Outputs::default(),
        drops: Vec::new(),
        wake: None,
        raw: Vec::new(),
        rest: entropy.clone(),
        reply: reply.clone(),
    };
    all.out.verdict(&reply);
    let mut replies = vec![reply];
    draw(&mut all.rest, &all.reply);
    for _ in 0..ROUNDS {
        let mut feedback = Vec::new();
        for reply in replies.drain(..) {
            all.wake = reply["wake"].as_u64();
            let drops = reply["drops"].as_array().into_iter().flatten();
            all.drops.extend(
                drops
                    .filter_map(Value::as_u64)
                    .filter_map(|it| u8::try_from(it).ok()),
            );
            for output in reply["out"].as_array().into_iter().flatten() {
                all.out.add(output);
                all.raw.push(output.clone());
                feedback.extend(answer(output));
            }
        }
        if feedback.is_empty() {
            // What is due now runs now.
            if all.wake.is_none_or(|wake| wake > now) {
                return Ok(all);
            }
            feedback.push(json!({ "is": "tick" }));
        }
        for input in feedback {
            let next = json!({ "now": now, "entropy": all.rest, "in": input });
            let reply = ask(seat, "step", &next)?;
            draw(&mut all.rest, &reply);
            replies.push(reply);
        }
    }
    let what = format!("still something to do after {ROUNDS} rounds of {input}");
    Err(Stuck::Answer(json!({ "error": what })))
}

/// Takes what was drawn from the front of the lists.
fn draw(entropy: &mut Value, reply: &Value) {
    for (name, list) in entropy.as_object_mut().into_iter().flatten() {
        let drew = reply["drew"][name.as_str()].as_u64().unwrap_or(0);
        if let Some(list) = list.as_array_mut() {
            let drew = usize::try_from(drew).unwrap_or(usize::MAX);
            list.drain(..drew.min(list.len()));
        }
    }
}

/// What of the entropy of a step was drawn.
pub(crate) fn drawn(entropy: &Value, rest: &Value) -> Value {
    let mut drawn = entropy.clone();
    for (name, list) in drawn.as_object_mut().into_iter().flatten() {
        let left = rest[name.as_str()].as_array().map_or(0, Vec::len);
        if let Some(list) = list.as_array_mut() {
            list.truncate(list.len().saturating_sub(left));
        }
    }
    drawn
}

/// What the driver says to an output.
fn answer(output: &Value) -> Option<Value> {
    match output["is"].as_str() {
        Some("transmit") => Some(json!({
            "is": "sent", "link": output["link"], "ticket": output["ticket"], "ok": true,
        })),
        Some("persist") => Some(json!({
            "is": "persisted", "kind": output["kind"], "key": output["key"],
            "version": output["version"], "ok": true,
        })),
        Some(_) | None => None,
    }
}

/// A restart: the disk is all that is left.
pub(crate) fn restart<S: Seat>(
    seat: &mut S,
    reset: &Map<String, Value>,
    step: &Step,
) -> Result<(), Stuck<S::Fault>> {
    let blob = ask(seat, "snapshot", &json!({}))?["blob"].clone();
    let mut again = reset.clone();
    again.insert("now".to_owned(), step.now.into());
    again.insert("unix".to_owned(), step.unix.into());
    ask(seat, "reset", &Value::Object(again))?;
    let restore = json!({
        "blob": blob, "now": step.now, "unix": step.unix, "entropy": step.entropy,
    });
    ask(seat, "restore", &restore)?;
    Ok(())
}

/// No entropy at all.
pub(crate) fn nothing() -> Value {
    json!({ "e": [], "sid": [], "id": [], "nonce": [] })
}

/// The ticks a node asks for before its next step at `now`: what it puts out at them, where that is
/// anything.
pub(crate) fn until<S: Seat>(
    seat: &mut S,
    mut wake: Option<u64>,
    now: u64,
) -> Result<Vec<(u64, Stepped)>, Stuck<S::Fault>> {
    let nothing = nothing();
    let mut some = Vec::new();
    for _ in 0..IDLE_TICKS {
        let Some(due) = wake.filter(|due| *due < now) else {
            return Ok(some);
        };
        let done = step(seat, due, &nothing, &json!({ "is": "tick" }))?;
        wake = done.wake;
        if done.out != Outputs::default() || !done.drops.is_empty() {
            some.push((due, done));
        }
    }
    let what = format!("asks for more than {IDLE_TICKS} ticks before {now} ms");
    Err(Stuck::Answer(json!({ "error": what })))
}

/// Plays a transcript: how it came out, and where it parted from the book.
///
/// # Errors
/// The port does not answer.
pub fn play<S: Seat>(
    seat: &mut S,
    transcript: &Transcript,
) -> Result<(Status, Option<Diff>), S::Fault> {
    match course(seat, transcript) {
        Ok(None) => Ok((Status::Pass, None)),
        Ok(Some(diff)) => Ok((Status::Fail, Some(diff))),
        Err(Stuck::Fault(fault)) => Err(fault),
        Err(Stuck::Answer(reply)) => {
            let status = if reply["unsupported"].is_null() {
                Status::Fail
            } else {
                Status::Unsupported
            };
            Ok((status, Some(no_answer("the port", &reply))))
        }
    }
}

fn no_answer(place: &str, reply: &Value) -> Diff {
    Diff {
        at: place.to_owned(),
        expected: "an ordinary answer".to_owned(),
        got: reply.to_string(),
    }
}

fn course<S: Seat>(seat: &mut S, transcript: &Transcript) -> Result<Option<Diff>, Stuck<S::Fault>> {
    ask(seat, "reset", &Value::Object(transcript.reset.clone()))?;
    let mut taken = BTreeSet::new();
    let mut wake = None;
    for (number, expected) in transcript.steps.iter().enumerate() {
        for (due, got) in until(seat, wake, expected.now)? {
            taken.extend(got.out.taken.iter().cloned());
            let place = format!("before step {number}, tick at {due} ms");
            if let Some(diff) = parting(&place, (&Outputs::default(), &[]), &got) {
                return Ok(Some(diff));
            }
        }
        let Some(input) = &expected.input else {
            restart(seat, &transcript.reset, expected)?;
            wake = Some(expected.now);
            continue;
        };
        let place = format!("step {number}, {} at {} ms", input["is"], expected.now);
        let got = match step(seat, expected.now, &expected.entropy, input) {
            Err(Stuck::Answer(reply)) if reply["unsupported"].is_null() => {
                return Ok(Some(no_answer(&place, &reply)));
            }
            done => done?,
        };
        wake = got.wake;
        taken.extend(got.out.taken.iter().cloned());
        if let Some(diff) = parting(&place, (&expected.out, &expected.drops), &got) {
            return Ok(Some(diff));
        }
    }
    in_the_end(seat, transcript, &taken)
}

/// Where a step parts from what is expected of it.
fn parting(place: &str, (out, drops): (&Outputs, &[u8]), got: &Stepped) -> Option<Diff> {
    if let Some(diff) = difference(out, &got.out) {
        let at = format!("{place}: {}", diff.at);
        return Some(Diff { at, ..diff });
    }
    (drops != got.drops).then(|| Diff {
        at: format!("{place}: drops"),
        expected: format!("{drops:?}"),
        got: format!("{:?}", got.drops),
    })
}

fn in_the_end<S: Seat>(
    seat: &mut S,
    transcript: &Transcript,
    taken: &BTreeSet<String>,
) -> Result<Option<Diff>, Stuck<S::Fault>> {
    if *taken != transcript.taken {
        let missing: Vec<&String> = transcript.taken.difference(taken).collect();
        let more: Vec<&String> = taken.difference(&transcript.taken).collect();
        return Ok(Some(Diff {
            at: "in the end: TAKEN".to_owned(),
            expected: json!(missing).to_string(),
            got: json!(more).to_string(),
        }));
    }
    let tables = ask(seat, "inspect", &json!({ "what": "node" }))?;
    let counts = transcript.end.iter().find_map(|(name, expected)| {
        let got = &tables["is"][name];
        (got != expected).then(|| Diff {
            at: format!("in the end: {name}"),
            expected: expected.to_string(),
            got: got.to_string(),
        })
    });
    Ok(counts)
}
