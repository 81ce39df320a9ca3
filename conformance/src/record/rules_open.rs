//! Stories on the way of which the book leaves something open: only what the last input comes to is compared.

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use super::made::{ack, attempt, expiry, frame};
use super::script::Script;
use crate::profile::Profile::{self, Leaf, Relay};

/// A story of which the last reply alone counts.
pub(crate) struct Open {
    pub(crate) comment: &'static str,
    pub(crate) place: &'static str,
    pub(crate) rules: &'static [&'static str],
    pub(crate) profile: Profile,
    /// The reset and the steps.
    pub(crate) ask: Value,
    pub(crate) expect: Value,
}

pub(crate) fn all() -> anyhow::Result<Vec<Open>> {
    let mut full = Script::new("full inbox", Leaf, &json!({ "limits": { "inbox": 4 } }))?;
    full_inbox(&mut full)?;
    let mut passed = Script::new("passed twice", Relay, &json!({}))?;
    passed_twice(&mut passed)?;
    let mut long = Script::new("too long", Relay, &json!({}))?;
    too_long(&mut long)?;
    let mut word = Script::new("one word", Leaf, &json!({}))?;
    let message = one_word(&mut word)?;
    Ok(vec![
        Open {
            comment: "an address that one neighbour alone saw is told to nobody",
            place: "link.md#candidates",
            rules: &["LNK-28"],
            profile: Leaf,
            ask: word.story(),
            expect: json!({ "out": [{ "is": "state", "message": message, "state": "delivered" }] }),
        },
        Open {
            comment: "an envelope longer than the next link takes",
            place: "envelope.md#header",
            rules: &["ENV-8"],
            profile: Relay,
            ask: long.story(),
            expect: json!({ "verdict": "dropped", "drops": [8] }),
        },
        Open {
            comment: "a DATA that found the inbox full comes again when there is room",
            place: "session.md#receiving-window",
            rules: &["SES-26"],
            profile: Leaf,
            ask: full.story(),
            expect: json!({ "verdict": "accepted" }),
        },
        Open {
            comment: "PASSED for the second time is not passed back",
            place: "routing.md#return-routes",
            rules: &["RTE-10"],
            profile: Relay,
            ask: passed.story(),
            expect: json!({ "out": [] }),
        },
    ])
}

/// The counter is not spent by a message for which there was no room. Whether a NACK FULL says so is open.
fn full_inbox(script: &mut Script) -> anyhow::Result<()> {
    let peer = script.peer()?;
    script.up(1, &peer)?;
    let session = script.met(1, &peer)?;
    let mut first = Vec::new();
    // The message that opened the session waits too.
    for n in 0..3 {
        let data = script.data(&session, n, &[0x81, 3])?;
        script.arrives(1, &data)?;
        ensure!(script.has("deliver"));
        if first.is_empty() {
            first = script.reference(&data)?;
        }
    }
    let data = script.data(&session, 3, &[0x81, 4])?;
    script.arrives(1, &data)?;
    ensure!(script.drops == [50], "{:?}", script.drops);
    script.taken(&peer, &first)?;
    script.arrives(1, &attempt(&data, 1))
}

/// Under which number the second one is dropped is open.
fn passed_twice(script: &mut Script) -> anyhow::Result<()> {
    let (one, other, to) = (script.peer()?, script.peer()?, script.peer()?);
    script.up(1, &one)?;
    script.up(2, &other)?;
    let (envelope, _) = script.foreign(&to, 90)?;
    let reference = script.reference(&envelope)?;
    script.arrives(1, &envelope)?;
    script.datagram(2, &frame(4, &reference))?;
    ensure!(script.frames(1, 4).concat() == reference);
    script.datagram(2, &frame(4, &reference))
}

/// What the NACK names as the longest is open where traces come and go.
fn too_long(script: &mut Script) -> anyhow::Result<()> {
    let (one, other) = (script.peer()?, script.peer()?);
    script.up(1, &one)?;
    script.up_as(2, &other, 3, 1_255)?;
    let (envelope, _) = script.foreign(&other, 1_300)?;
    script.arrives(1, &envelope)
}

/// One neighbour says twice where it sees the node; then a proof comes over a relay.
fn one_word(script: &mut Script) -> anyhow::Result<Value> {
    let (relay, peer) = (script.peer()?, script.peer()?);
    script.up(1, &relay)?;
    for _ in 0..2 {
        script.datagram(1, &frame(7, &[1, 4, 6, 192, 0, 2, 7, 0x39, 0x30]))?;
    }
    let session = script.met(1, &peer)?;
    let confirms = script.data(&session, 0, &[0x01, 3])?;
    script.arrives(1, &confirms)?;
    script.send(&peer, b"over the relay")?;
    let accepted = script.out.events.iter().find(|it| it["is"] == "accepted");
    let message = accepted.map(|it| it["message"].clone());
    let (data, reference, secret) = script.sent_data(1, &session, &peer)?;
    script.arrives(1, &ack(expiry(&data)?, &reference, &secret))?;
    message.context("not accepted")
}
