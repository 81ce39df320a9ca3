//! Ways at an end: which link is chosen, and what is learnt.

use anyhow::{Context, ensure};
use serde_json::json;

use super::craft::Peer;
use super::made::{SEAL, ack, envelopes, expiry, frame};
use super::rules::Story;
use super::rules_relay::{ask, distance};
use super::script::Script;
use crate::profile::Profile::Leaf;
use crate::transcript::Outputs;

pub(super) const STORIES: &[Story] = &[
    (
        "two-tries-over-a-direct-link",
        "routing.md#choice",
        &["RTE-1"],
        Leaf,
        "{}",
        two_tries,
    ),
    (
        "walk-over-three",
        "routing.md#choice",
        &["RTE-3", "RTE-15", "RTE-39"],
        Leaf,
        "{}",
        walk,
    ),
    (
        "lost-link-is-made-good",
        "delivery.md#retry-schedule",
        &["DLV-11", "DLV-13"],
        Leaf,
        "{}",
        lost_link,
    ),
    (
        "one-question-for-two",
        "routing.md#asking",
        &["RTE-19"],
        Leaf,
        "{}",
        one_question,
    ),
    (
        "a-question-ends",
        "delivery.md#retry-schedule",
        &["DLV-12", "DLV-9"],
        Leaf,
        "{}",
        question_ends,
    ),
    (
        "ranks",
        "routing.md#learning",
        &["RTE-22", "RTE-23"],
        Leaf,
        "{}",
        ranks,
    ),
    (
        "ranks-of-two-destinations",
        "routing.md#learning",
        &["RTE-24"],
        Leaf,
        "{}",
        ranks_of_two,
    ),
    (
        "slow-way",
        "delivery.md#retry-schedule",
        &["DLV-8"],
        Leaf,
        "{}",
        slow_way,
    ),
    (
        "one-of-two-ways-goes",
        "routing.md#learning",
        &["RTE-25", "RTE-1"],
        Leaf,
        "{}",
        one_way_goes,
    ),
    (
        "neighbours-stay-known",
        "memory.md#tables",
        &["MEM-8", "RTE-1"],
        Leaf,
        "{}",
        neighbours_stay,
    ),
    (
        "link-number-again",
        "routing.md#learning",
        &["RTE-25"],
        Leaf,
        "{}",
        number_again,
    ),
    (
        "back-to-the-relay",
        "routing.md#direct-and-back",
        &["RTE-33"],
        Leaf,
        "{}",
        back_to_the_relay,
    ),
    (
        "leaf-forwards-nothing",
        "routing.md#nacks",
        &["RTE-34", "RTE-16"],
        Leaf,
        "{}",
        leaf,
    ),
    (
        "two-links-to-one-node",
        "routing.md#introduction",
        &["RTE-29", "CON-4"],
        Leaf,
        "{}",
        twins,
    ),
    (
        "dialling",
        "routing.md#introduction",
        &["RTE-27", "RTE-31"],
        Leaf,
        "{}",
        dialling,
    ),
    (
        "dial-failed",
        "routing.md#introduction",
        &["RTE-28", "RTE-31"],
        Leaf,
        "{}",
        dial_failed,
    ),
];

/// The links over which SEALs left, in order.
fn links(all: &[(u64, Outputs)]) -> Vec<u32> {
    let over = |out: &Outputs| (1..9).find(|link| !envelopes(out, *link, SEAL).is_empty());
    all.iter().filter_map(|(_, out)| over(out)).collect()
}

fn two_tries(script: &mut Script) -> anyhow::Result<()> {
    let (relay, peer) = (script.peer()?, script.peer()?);
    script.up(1, &relay)?;
    script.up(2, &peer)?;
    script.send(&peer, b"straight on")?;
    ensure!(script.sent(2, SEAL).len() == 1);
    let over = links(&script.run(3_000)?);
    ensure!(over == [2, 1, 2], "{over:?}");
    Ok(())
}

/// Nobody knows the way: each attempt takes the next of three neighbours, and nobody is asked again.
fn walk(script: &mut Script) -> anyhow::Result<()> {
    for link in 1..=3 {
        let relay = script.peer()?;
        script.up(link, &relay)?;
    }
    let peer = script.peer()?;
    script.send(&peer, b"where are you?")?;
    ensure!((1..=3).all(|link| script.frames(link, 5).len() == 1));
    let all = script.run(12_000)?;
    let over = links(&all);
    ensure!(over.starts_with(&[1, 2, 3, 1]), "{over:?}");
    let asks = all
        .iter()
        .any(|(_, out)| out.frames.iter().any(|it| it.contains(":05 ")));
    ensure!(!asks, "asked again");
    Ok(())
}

pub(super) fn block(script: &mut Script, link: u32, is: &str) -> anyhow::Result<()> {
    script.now += 1;
    script.input(json!({ "is": is, "link": link }))
}

/// The only copy left over a link that goes down: at once over the other one, and not twice a second.
fn lost_link(script: &mut Script) -> anyhow::Result<()> {
    let (relay, peer) = (script.peer()?, script.peer()?);
    script.up(1, &peer)?;
    script.up(2, &relay)?;
    script.send(&peer, b"hold the line")?;
    let (_, reference, _) = script.sent_seal(1, &peer)?;
    script.datagram(1, &frame(3, &[&[1], &reference[..]].concat()))?;
    script.now += 100;
    block(script, 1, "down")?;
    ensure!(script.sent(2, SEAL).len() == 1, "made good at once");
    let left = script.now;
    script.up(3, &peer)?;
    let all = script.run(1_200)?;
    let first = all
        .iter()
        .find(|(_, out)| !envelopes(out, 3, SEAL).is_empty());
    let at = first.map(|(at, _)| *at).context("none over the new link")?;
    ensure!(
        script.sent(3, SEAL).is_empty() && at >= left + 300,
        "{at} after {left}"
    );
    Ok(())
}

fn one_question(script: &mut Script) -> anyhow::Result<()> {
    for link in [1, 2] {
        let relay = script.peer()?;
        script.up(link, &relay)?;
    }
    let peer = script.peer()?;
    script.send(&peer, b"first")?;
    let on = script.frames(1, 5).concat();
    script.send(&peer, b"second")?;
    ensure!(script.frames(1, 5).is_empty() && script.frames(2, 5).is_empty());
    let front = on.get(..on.len() - 1).context("no question")?.to_vec();
    script.datagram(1, &frame(6, &[&front[..], &[1]].concat()))?;
    ensure!(
        script.sent(1, SEAL).len() == 2,
        "both wait for the same answer"
    );
    Ok(())
}

/// Nobody answers: what asked walks, and what walks already does so no sooner for it.
fn question_ends(script: &mut Script) -> anyhow::Result<()> {
    two_relays(script)?;
    let peer = script.peer()?;
    script.send(&peer, b"first")?;
    script.run(31_500)?;
    script.send(&peer, b"second")?;
    ensure!(script.frames(1, 5).len() == 1, "it asks again");
    let all = script.run(1_500)?;
    let left = all
        .iter()
        .flat_map(|(_, out)| [1, 2].map(|link| envelopes(out, link, SEAL)))
        .flatten();
    let mut refs: Vec<Vec<u8>> = left
        .filter_map(|it| it.get(7..).map(<[u8]>::to_vec))
        .collect();
    refs.dedup();
    ensure!(refs.len() == 1, "the other was hurried");
    Ok(())
}

/// A relay on each of two links; who is asked first answers on link 1.
fn two_relays(script: &mut Script) -> anyhow::Result<()> {
    for link in [1, 2] {
        let relay = script.peer()?;
        script.up(link, &relay)?;
    }
    Ok(())
}

/// A message to somebody leaves over `out`, and its proof comes over `back`.
fn proven(script: &mut Script, to: &Peer, out: u32, back: u32) -> anyhow::Result<()> {
    script.send(to, b"a word")?;
    let on = script.frames(out, 5).concat();
    if let Some(front) = on.len().checked_sub(1).and_then(|len| on.get(..len)) {
        script.datagram(out, &frame(6, &[front, &[1]].concat()))?;
    }
    let sent = script.sent_seal(out, to);
    let (seal, reference, secret) = sent.with_context(|| format!("not over link {out}"))?;
    script.arrives(back, &ack(expiry(&seal)?, &reference, &secret))?;
    ensure!(script.says("delivered"));
    Ok(())
}

fn ranks(script: &mut Script) -> anyhow::Result<()> {
    two_relays(script)?;
    let peer = script.peer()?;
    proven(script, &peer, 1, 1)?;
    proven(script, &peer, 1, 1)?;
    proven(script, &peer, 1, 2)?;
    // Two proofs came over the first link, one over the second.
    script.send(&peer, b"to be lost")?;
    ensure!(script.sent(1, SEAL).len() == 1, "more proofs, higher rank");
    let all = script.run(500)?;
    ensure!(links(&all) == [2], "{:?}", links(&all));
    let (seal, reference, secret) = {
        let (_, out) = all
            .iter()
            .find(|(_, out)| !envelopes(out, 2, SEAL).is_empty())
            .context("none")?;
        let seal = envelopes(out, 2, SEAL).concat();
        let reference = script.reference(&seal)?;
        let secret = super::made::unhex(&script.open(&peer, &seal)?["ackSecret"])?;
        (seal, reference, secret)
    };
    script.arrives(2, &ack(expiry(&seal)?, &reference, &secret))?;
    script.send(&peer, b"the other way")?;
    ensure!(
        script.sent(2, SEAL).len() == 1 && script.sent(1, SEAL).is_empty(),
        "one failed"
    );
    Ok(())
}

fn ranks_of_two(script: &mut Script) -> anyhow::Result<()> {
    two_relays(script)?;
    let (one, other) = (script.peer()?, script.peer()?);
    for peer in [&one, &other] {
        proven(script, peer, 1, 1)?;
        proven(script, peer, 1, 1)?;
        proven(script, peer, 1, 2)?;
    }
    script.send(&one, b"to be lost")?;
    let all = script.run(500)?;
    ensure!(links(&all) == [2], "{:?}", links(&all));
    script.send(&other, b"nothing happened to you")?;
    ensure!(script.sent(1, SEAL).len() == 1);
    Ok(())
}

/// The number of a lost link comes up again, with somebody else at its end: nothing is known of that one.
fn number_again(script: &mut Script) -> anyhow::Result<()> {
    two_relays(script)?;
    let (peer, stranger) = (script.peer()?, script.peer()?);
    proven(script, &peer, 1, 1)?;
    script.run(1_000)?;
    block(script, 1, "down")?;
    script.up(1, &stranger)?;
    script.send(&peer, b"and now?")?;
    ensure!(script.sent(1, SEAL).is_empty() && script.frames(1, 5).len() == 1);
    Ok(())
}

/// The proof came over the relay after half a second: the next one is waited for three times as long.
fn slow_way(script: &mut Script) -> anyhow::Result<()> {
    two_relays(script)?;
    let peer = script.peer()?;
    script.send(&peer, b"slowly")?;
    let on = script.frames(1, 5).concat();
    let front = on.get(..on.len() - 1).context("no question")?.to_vec();
    script.datagram(1, &frame(6, &[&front[..], &[1]].concat()))?;
    let left = script.now;
    let (seal, reference, secret) = script.sent_seal(1, &peer)?;
    script.datagram(1, &frame(3, &[&[1], &reference[..]].concat()))?;
    script.run(500)?;
    script.arrives(1, &ack(expiry(&seal)?, &reference, &secret))?;
    ensure!(script.says("delivered"));
    let round_trip = script.now - left;
    script.send(&peer, b"and this?")?;
    let (_, reference, _) = script.sent_seal(1, &peer)?;
    script.datagram(1, &frame(3, &[&[1], &reference[..]].concat()))?;
    let begun = script.now;
    let all = script.run(2_000)?;
    let retry = all.iter().find(|(_, out)| {
        [1, 2]
            .iter()
            .any(|link| !envelopes(out, *link, SEAL).is_empty())
    });
    let (at, _) = retry.context("no retry")?;
    // It asks first: the only way it knows has just failed.
    ensure!(
        at - begun == 3 * round_trip + 400,
        "after {} ms",
        at - begun
    );
    Ok(())
}

/// Proofs came over both relays: when the link to one goes down, the other is known without asking.
fn one_way_goes(script: &mut Script) -> anyhow::Result<()> {
    two_relays(script)?;
    let third = script.peer()?;
    script.up(3, &third)?;
    let peer = script.peer()?;
    proven(script, &peer, 1, 1)?;
    proven(script, &peer, 1, 3)?;
    script.run(2_000)?;
    block(script, 1, "down")?;
    script.send(&peer, b"and now?")?;
    ensure!(script.sent(3, SEAL).len() == 1 && script.frames(2, 5).is_empty());
    Ok(())
}

/// However many ways are learnt, that to a neighbour is not forgotten for them.
fn neighbours_stay(script: &mut Script) -> anyhow::Result<()> {
    two_relays(script)?;
    let peer = script.peer()?;
    script.up(3, &peer)?;
    for _ in 0..40 {
        let other = script.peer()?;
        proven(script, &other, 1, 1)?;
    }
    script.send(&peer, b"still there?")?;
    ensure!(script.sent(3, SEAL).len() == 1 && script.frames(1, 5).is_empty());
    Ok(())
}

fn back_to_the_relay(script: &mut Script) -> anyhow::Result<()> {
    two_relays(script)?;
    let peer = script.peer()?;
    proven(script, &peer, 1, 1)?;
    script.up(3, &peer)?;
    script.send(&peer, b"straight")?;
    ensure!(script.sent(3, SEAL).len() == 1);
    block(script, 3, "down")?;
    ensure!(script.sent(1, SEAL).len() == 1, "its loss costs one retry");
    Ok(())
}

fn leaf(script: &mut Script) -> anyhow::Result<()> {
    let (one, other, to) = (script.peer()?, script.peer()?, script.peer()?);
    script.up(1, &one)?;
    script.up(2, &other)?;
    let (envelope, _) = script.foreign(&to, 90)?;
    script.arrives(1, &envelope)?;
    ensure!(script.drops == [24] && script.out.frames.is_empty() && script.out.taken.is_empty());
    script.datagram(1, &ask(&other, 5, 2))?;
    ensure!(
        distance(script, 1) == Some(255),
        "a leaf vouches for nobody"
    );
    Ok(())
}

/// Of two links the one dialled by the lower key stays, of two dialled by the same end the newer.
fn twins(script: &mut Script) -> anyhow::Result<()> {
    let (mut lower, mut higher) = (None, None);
    while lower.is_none() || higher.is_none() {
        let peer = script.peer()?;
        if peer.pk < script.pk {
            lower = Some(peer);
        } else {
            higher = Some(peer);
        }
    }
    let (lower, higher) = (lower.context("none")?, higher.context("none")?);
    // The node dialled the second: it stays when the node's key is the lower one.
    for (first, peer, closes) in [(1, &lower, true), (3, &higher, false)] {
        script.link(first, peer, false)?;
        script.link(first + 1, peer, true)?;
        let closed = script.out.events.iter().find(|it| it["is"] == "close");
        ensure!(closed.is_some() == closes, "{closed:?}");
        ensure!(closed.is_none_or(|it| it["link"] == first + 1));
    }
    let other = script.peer()?;
    script.link(5, &other, true)?;
    script.link(6, &other, true)?;
    ensure!(
        script
            .out
            .events
            .iter()
            .any(|it| it["is"] == "close" && it["link"] == 5)
    );
    Ok(())
}

/// Addresses came inside a session over a relay: they are dialled, and a second list within a minute
/// changes nothing.
fn dialling(script: &mut Script) -> anyhow::Result<()> {
    let (relay, peer) = (script.peer()?, script.peer()?);
    script.up(1, &relay)?;
    let session = script.met(1, &peer)?;
    for (n, dials) in [(0, true), (1, false)] {
        let data = script.data(&session, n, LIST)?;
        script.arrives(1, &data)?;
        ensure!(script.has("dial") == dials);
        script.now += 20_000;
    }
    Ok(())
}

/// CANDIDATES with one address.
const LIST: &[u8] = &[0x03, 1, 4, 6, 192, 0, 2, 7, 0x39, 0x30];

/// What could not be dialled is dialled again after 10 s while messages flow, not for another list.
fn dial_failed(script: &mut Script) -> anyhow::Result<()> {
    let (relay, peer) = (script.peer()?, script.peer()?);
    script.up(1, &relay)?;
    let session = script.met(1, &peer)?;
    let data = script.data(&session, 0, LIST)?;
    script.arrives(1, &data)?;
    ensure!(script.has("dial"));
    script.now += 1_000;
    script.input(json!({ "is": "dialFailed", "pk": peer.pk }))?;
    for (wait, dials) in [(5_000, false), (6_000, true)] {
        script.run(wait)?;
        let data = script.data(&session, 1 + u32::from(dials), LIST)?;
        script.arrives(1, &data)?;
        ensure!(!script.has("dial"), "one list a minute");
        script.send(&peer, b"flow on")?;
        let (data, reference, secret) = script.sent_data(1, &session, &peer)?;
        script.arrives(1, &ack(expiry(&data)?, &reference, &secret))?;
        ensure!(script.has("dial") == dials, "after {wait} ms more");
    }
    Ok(())
}
