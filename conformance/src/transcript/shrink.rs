//! Courses become short: idle ticks of a recorded one are left out, and of one that parts from the
//! reference every input without which port and reference still part.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use tom_port::Port;

use super::{Outputs, Seat, Step, Transcript, ask, nothing, play, restart, step, until};
use crate::judge::Status;

/// What the reference does with these inputs; `None`: it gives no ordinary answer.
#[must_use]
pub fn recorded(course: &Transcript, steps: &[Step]) -> Option<Transcript> {
    let mut own = Port::default();
    ask(&mut own, "reset", &Value::Object(course.reset.clone())).ok()?;
    let mut again = Transcript {
        steps: Vec::new(),
        taken: BTreeSet::new(),
        end: Map::new(),
        ..course.clone()
    };
    let mut wake = None;
    for expected in steps {
        for (now, got) in until(&mut own, wake, expected.now).ok()? {
            again.taken.extend(got.out.taken.iter().cloned());
            again.steps.push(Step {
                now,
                entropy: nothing(),
                input: Some(json!({ "is": "tick" })),
                unix: None,
                out: got.out,
                drops: got.drops,
            });
        }
        let mut done = Step {
            out: Outputs::default(),
            drops: Vec::new(),
            ..expected.clone()
        };
        match &expected.input {
            None => {
                restart(&mut own, &course.reset, expected).ok()?;
                wake = Some(expected.now);
            }
            Some(input) => {
                let got = step(&mut own, expected.now, &expected.entropy, input).ok()?;
                wake = got.wake;
                again.taken.extend(got.out.taken.iter().cloned());
                (done.out, done.drops) = (got.out, got.drops);
            }
        }
        again.steps.push(done);
    }
    Some(again)
}

/// The course without the ticks at which nothing came of it, if it comes to the same without them.
#[must_use]
pub fn without_idle_ticks(course: Transcript) -> Transcript {
    let idle = |step: &Step| {
        let ticks = step.input.as_ref().is_some_and(|it| it["is"] == "tick");
        ticks && step.out == Outputs::default() && step.drops.is_empty()
    };
    let mut less = course.clone();
    less.steps.retain(|step| !idle(step));
    match play(&mut Port::default(), &less) {
        Ok((Status::Pass, _)) => less,
        Ok(_) => course,
        Err(never) => match never {},
    }
}

/// The shortest course found in which this port still parts from the reference.
///
/// # Errors
/// The port does not answer.
pub fn shrink<S: Seat>(seat: &mut S, course: &Transcript) -> Result<Transcript, S::Fault> {
    let mut best = course.clone();
    let mut size = best.steps.len() / 2;
    while size > 0 {
        let mut at = 0;
        while at < best.steps.len() {
            let end = (at + size).min(best.steps.len());
            let mut steps = best.steps.clone();
            steps.drain(at..end);
            // A tick that was taken away comes back where something is due.
            let less = recorded(&best, &steps).filter(|it| it.steps.len() < best.steps.len());
            match less {
                Some(less) if play(seat, &less)?.0 == Status::Fail => best = less,
                Some(_) | None => at += size,
            }
        }
        size /= 2;
    }
    Ok(best)
}
