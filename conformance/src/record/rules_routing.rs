//! Ways: which link is chosen, what a relay holds, asks and remembers.

use anyhow::{Context, ensure};
use serde_json::json;

use super::rules::Story;
use super::script::{
    DATA, NACK, Peer, SEAL, Script, ack, attempt, envelopes, expiry, frame, nack, pair,
};
use crate::profile::Profile::{Leaf, Relay};
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
        "held-for-two-seconds",
        "routing.md#forwarding",
        &["RTE-6", "DLV-22"],
        Relay,
        "{}",
        held,
    ),
    (
        "no-way-twice",
        "routing.md#forwarding",
        &["RTE-6"],
        Relay,
        "{}",
        no_way_twice,
    ),
    (
        "one-out-link-per-copy",
        "routing.md#forwarding",
        &["RTE-7"],
        Relay,
        "{}",
        one_out_link,
    ),
    (
        "way-back-after-a-day",
        "routing.md#return-routes",
        &["RTE-9"],
        Relay,
        "{}",
        way_back,
    ),
    (
        "two-ways-back",
        "routing.md#return-routes",
        &["RTE-10", "RTE-11"],
        Relay,
        "{}",
        two_ways_back,
    ),
    (
        "passed-once",
        "routing.md#return-routes",
        &["RTE-10", "LNK-20"],
        Relay,
        "{}",
        passed_once,
    ),
    (
        "question-passed-on",
        "routing.md#asking",
        &["RTE-16", "RTE-17"],
        Relay,
        "{}",
        question,
    ),
    (
        "vouching",
        "routing.md#asking",
        &["RTE-16", "RTE-18", "RTE-20"],
        Relay,
        "{}",
        vouching,
    ),
    (
        "proof-over-another-link",
        "routing.md#learning",
        &["RTE-21"],
        Relay,
        "{}",
        proof_elsewhere,
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
        "nacks-at-a-relay",
        "routing.md#nacks",
        &["RTE-35", "RTE-12"],
        Relay,
        "{}",
        nacks,
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
        &["RTE-27", "RTE-28", "RTE-31"],
        Leaf,
        "{}",
        dialling,
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

fn block(script: &mut Script, link: u32, is: &str) -> anyhow::Result<()> {
    script.now += 1;
    script.input(json!({ "is": is, "link": link }))
}

/// The next hop's link takes nothing for two seconds; the same copy may come again.
fn held(script: &mut Script) -> anyhow::Result<()> {
    let (one, other) = (script.peer()?, script.peer()?);
    script.up(1, &one)?;
    script.up(2, &other)?;
    block(script, 2, "blocked")?;
    let (envelope, _) = script.foreign(&other, 90)?;
    script.arrives(1, &envelope)?;
    let begun = script.now;
    let all = script.run(2_500)?;
    let told = all
        .iter()
        .find(|(_, out)| !envelopes(out, 1, NACK).is_empty());
    let (at, out) = told.context("no NACK")?;
    let code = envelopes(out, 1, NACK).concat().get(23).copied();
    ensure!(
        at - begun == 2_000 && code == Some(3),
        "{} ms, {code:?}",
        at - begun
    );
    block(script, 2, "writable")?;
    ensure!(script.quiet(), "nothing is stored for later");
    script.arrives(1, &envelope)?;
    ensure!(script.sent(2, DATA).len() == 1, "{:?}", script.drops);
    Ok(())
}

fn no_way_twice(script: &mut Script) -> anyhow::Result<()> {
    let (one, to) = (script.peer()?, script.peer()?);
    script.up(1, &one)?;
    let (envelope, _) = script.foreign(&to, 90)?;
    for _ in 0..2 {
        script.arrives(1, &envelope)?;
        ensure!(
            script.drops == [24] && script.sent(1, NACK).len() == 1,
            "{:?}",
            script.drops
        );
    }
    Ok(())
}

/// Handed to a link that takes nothing just then: a better answer does not make a second copy.
fn one_out_link(script: &mut Script) -> anyhow::Result<()> {
    let (one, to) = (script.peer()?, script.peer()?);
    script.up(1, &one)?;
    for link in [2, 3] {
        let relay = script.peer()?;
        script.up(link, &relay)?;
    }
    let (envelope, _) = script.foreign(&to, 90)?;
    script.arrives(1, &envelope)?;
    let question = script.frames(2, 5).concat();
    let front = question
        .get(..question.len() - 1)
        .context("no question")?
        .to_vec();
    block(script, 2, "blocked")?;
    script.datagram(2, &frame(6, &[&front[..], &[1]].concat()))?;
    script.datagram(3, &frame(6, &[&front[..], &[0]].concat()))?;
    ensure!(script.sent(3, DATA).is_empty(), "a second out-link");
    block(script, 2, "writable")?;
    ensure!(script.sent(2, DATA).len() == 1);
    Ok(())
}

fn way_back(script: &mut Script) -> anyhow::Result<()> {
    let (one, other) = (script.peer()?, script.peer()?);
    script.up(1, &one)?;
    script.up(2, &other)?;
    let (envelope, secret) = script.foreign(&other, 90)?;
    script.arrives(1, &envelope)?;
    let reference = script.reference(&envelope)?;
    script.run(20 * 3_600_000)?;
    script.arrives(2, &ack(expiry(&envelope)?, &reference, &secret))?;
    ensure!(
        script.out.proofs.contains(&pair(1, &reference, &secret)),
        "{:?}",
        script.drops
    );
    Ok(())
}

/// Two copies from two neighbours: each proof goes to both, as often as copies were forwarded.
fn two_ways_back(script: &mut Script) -> anyhow::Result<()> {
    let (one, other, third) = (script.peer()?, script.peer()?, script.peer()?);
    script.up(1, &one)?;
    script.up(2, &other)?;
    script.up(3, &third)?;
    let (envelope, secret) = script.foreign(&other, 90)?;
    let reference = script.reference(&envelope)?;
    script.arrives(1, &envelope)?;
    script.arrives(3, &attempt(&envelope, 1))?;
    ensure!(script.sent(2, DATA).len() == 1);
    let wrong = script.bytes(16);
    script.arrives(2, &ack(expiry(&envelope)?, &reference, &wrong))?;
    ensure!(script.drops == [64] && script.out.proofs.is_empty());
    let proof = ack(expiry(&envelope)?, &reference, &secret);
    for _ in 0..2 {
        script.arrives(2, &proof)?;
        for link in [1, 3] {
            ensure!(script.out.proofs.contains(&pair(link, &reference, &secret)));
        }
    }
    script.arrives(2, &proof)?;
    ensure!(
        script.drops == [65] && script.out.proofs.is_empty(),
        "{:?}",
        script.drops
    );
    Ok(())
}

fn passed_once(script: &mut Script) -> anyhow::Result<()> {
    let (one, other, to) = (script.peer()?, script.peer()?, script.peer()?);
    script.up(1, &one)?;
    script.up(2, &other)?;
    let (envelope, _) = script.foreign(&to, 90)?;
    let reference = script.reference(&envelope)?;
    script.arrives(1, &envelope)?;
    ensure!(script.sent(2, DATA).len() == 1 && script.frames(1, 4).is_empty());
    script.datagram(2, &frame(4, &reference))?;
    ensure!(script.frames(1, 4) == [reference.clone()]);
    script.datagram(2, &frame(4, &reference))?;
    ensure!(
        script.drops == [69] && script.frames(1, 4).is_empty(),
        "{:?}",
        script.drops
    );
    Ok(())
}

/// A question about somebody: handle, nonce, how many links.
fn ask(of: &Peer, nonce: u8, ttl: u8) -> Vec<u8> {
    frame(5, &[&of.handle[..], &[nonce, ttl]].concat())
}

/// The distance in the only answer over a link.
fn distance(script: &Script, link: u32) -> Option<u8> {
    script.frames(link, 6).concat().last().copied()
}

fn question(script: &mut Script) -> anyhow::Result<()> {
    let (one, other, to) = (script.peer()?, script.peer()?, script.peer()?);
    script.up(1, &one)?;
    script.up(2, &other)?;
    script.datagram(1, &ask(&other, 5, 1))?;
    ensure!(distance(script, 1) == Some(1));
    script.datagram(1, &ask(&to, 6, 1))?;
    ensure!(distance(script, 1) == Some(255), "it knows nobody");
    script.datagram(1, &ask(&to, 7, 2))?;
    ensure!(script.frames(1, 5).is_empty() && script.frames(1, 6).is_empty());
    let on = script.frames(2, 5).concat();
    ensure!(on.last() == Some(&1), "one link less");
    let begun = script.now;
    let all = script.run(400)?;
    let answered = all
        .iter()
        .find(|(_, out)| out.frames.iter().any(|it| it.starts_with("1:06 ")));
    let (at, _) = answered.context("no answer")?;
    ensure!(at - begun == 300, "after {} ms", at - begun);
    script.datagram(1, &ask(&to, 8, 2))?;
    let on = script.frames(2, 5).concat();
    let front = on.get(..on.len() - 1).context("no question")?.to_vec();
    script.datagram(2, &frame(6, &[&front[..], &[1]].concat()))?;
    ensure!(
        distance(script, 1) == Some(2),
        "one more than the neighbour said"
    );
    Ok(())
}

/// What a neighbour merely said is not vouched for; what a proof came over is, for ten minutes.
fn vouching(script: &mut Script) -> anyhow::Result<()> {
    let (one, to) = (script.peer()?, script.peer()?);
    script.up(1, &one)?;
    for link in [2, 3] {
        let relay = script.peer()?;
        script.up(link, &relay)?;
    }
    let (envelope, secret) = script.foreign(&to, 90)?;
    let reference = script.reference(&envelope)?;
    script.arrives(1, &envelope)?;
    let on = script.frames(2, 5).concat();
    let front = on.get(..on.len() - 1).context("no question")?.to_vec();
    script.datagram(2, &frame(6, &[&front[..], &[1]].concat()))?;
    ensure!(script.sent(2, DATA).len() == 1);
    script.datagram(1, &ask(&to, 5, 1))?;
    ensure!(distance(script, 1) == Some(255), "hearsay");
    script.arrives(2, &ack(expiry(&envelope)?, &reference, &secret))?;
    script.datagram(1, &ask(&to, 6, 1))?;
    ensure!(distance(script, 1).is_some_and(|it| it < 255));
    script.run(11 * 60_000)?;
    script.datagram(1, &ask(&to, 7, 1))?;
    ensure!(distance(script, 1) == Some(255), "proven too long ago");
    Ok(())
}

/// A proof that comes back over another link than the copy left by says nothing of that link.
fn proof_elsewhere(script: &mut Script) -> anyhow::Result<()> {
    let (one, other, third, to) = (
        script.peer()?,
        script.peer()?,
        script.peer()?,
        script.peer()?,
    );
    script.up(1, &one)?;
    script.up(2, &other)?;
    script.up_as(3, &third, 1, 65_538)?;
    let (envelope, secret) = script.foreign(&to, 90)?;
    let reference = script.reference(&envelope)?;
    script.arrives(1, &envelope)?;
    ensure!(script.sent(2, DATA).len() == 1);
    script.arrives(3, &ack(expiry(&envelope)?, &reference, &secret))?;
    ensure!(script.out.proofs.contains(&pair(1, &reference, &secret)));
    script.datagram(1, &ask(&to, 5, 1))?;
    ensure!(distance(script, 1) == Some(255));
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
        let secret = super::script::unhex(&script.open(&peer, &seal)?["ackSecret"])?;
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

fn nacks(script: &mut Script) -> anyhow::Result<()> {
    let (one, other, third, to) = (
        script.peer()?,
        script.peer()?,
        script.peer()?,
        script.peer()?,
    );
    script.up(1, &one)?;
    script.up(2, &other)?;
    script.up_as(3, &third, 1, 65_538)?;
    let (envelope, _) = script.foreign(&to, 90)?;
    let reference = script.reference(&envelope)?;
    script.arrives(1, &envelope)?;
    let no_route = nack(expiry(&envelope)?, &reference, 4);
    script.arrives(3, &no_route)?;
    ensure!(script.drops == [67] && script.sent(1, NACK).is_empty());
    script.arrives(2, &no_route)?;
    ensure!(script.sent(1, NACK) == [no_route]);
    let unknown = script.bytes(8);
    script.arrives(2, &nack(expiry(&envelope)?, &unknown, 4))?;
    ensure!(script.drops == [66]);
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

/// Addresses came inside a session over a relay: they are dialled, again after 10 s while messages flow, and a
/// second list within a minute changes nothing.
fn dialling(script: &mut Script) -> anyhow::Result<()> {
    let (relay, peer) = (script.peer()?, script.peer()?);
    script.up(1, &relay)?;
    let session = script.met(1, &peer)?;
    let list = [0x03, 1, 4, 6, 192, 0, 2, 7, 0x39, 0x30];
    let data = script.data(&session, 0, &list)?;
    script.arrives(1, &data)?;
    ensure!(script.has("dial"));
    script.now += 1_000;
    script.input(json!({ "is": "dialFailed", "pk": peer.pk }))?;
    let data = script.data(&session, 1, &list)?;
    script.arrives(1, &data)?;
    ensure!(!script.has("dial"), "one list a minute");
    for (wait, dials) in [(5_000, false), (6_000, true)] {
        script.run(wait)?;
        script.send(&peer, b"flow on")?;
        let (data, reference, secret) = script.sent_data(1, &session, &peer)?;
        script.arrives(1, &ack(expiry(&data)?, &reference, &secret))?;
        ensure!(script.has("dial") == dials, "after {wait} ms more");
    }
    Ok(())
}
