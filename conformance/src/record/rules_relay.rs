//! Relays: what one holds, asks, answers and remembers.

use anyhow::{Context, ensure};

use super::craft::Peer;
use super::made::{DATA, NACK, SEAL, ack, attempt, envelopes, expiry, frame, nack, pair};
use super::rules::Story;
use super::rules_routing::block;
use super::script::Script;
use crate::profile::Profile::Relay;
use crate::transcript::Outputs;

pub(super) const STORIES: &[Story] = &[
    (
        "held-for-two-seconds",
        "routing.md#forwarding",
        &["RTE-6", "DLV-22"],
        Relay,
        "{}",
        held,
    ),
    (
        "relay-drops-the-dead",
        "envelope.md#life",
        &["ENV-24"],
        Relay,
        "{}",
        dead,
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
        "no-way-over-a-second-link",
        "routing.md#choice",
        &["RTE-2"],
        Relay,
        "{}",
        second_link,
    ),
    (
        "proven-while-it-asks",
        "delivery.md#relay",
        &["DLV-23", "RTE-10"],
        Relay,
        "{}",
        proven_while_asking,
    ),
    (
        "relay-measures-one-copy",
        "delivery.md#retry-schedule",
        &["DLV-8"],
        Relay,
        "{}",
        measures_one,
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
        "oldest-way-back-goes",
        "routing.md#return-routes",
        &["RTE-9", "MEM-8"],
        Relay,
        r#"{"limits": {"returns": 16, "forwards": 16}}"#,
        oldest_goes,
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
        "nacks-at-a-relay",
        "routing.md#nacks",
        &["RTE-35", "RTE-12"],
        Relay,
        "{}",
        nacks,
    ),
];

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

/// A relay gives a DATA no grace; a recipient does.
fn dead(script: &mut Script) -> anyhow::Result<()> {
    let (one, other) = (script.peer()?, script.peer()?);
    script.up(1, &one)?;
    script.up(2, &other)?;
    let (alive, _) = script.foreign(&other, 90)?;
    let (dead, _) = script.foreign(&other, 95)?;
    let seal = script.seal(&one, &[0x01, 3], None)?;
    script.run(79_990_000)?;
    script.arrives(1, &alive)?;
    ensure!(script.sent(2, DATA).len() == 1, "{:?}", script.drops);
    script.run(20_000)?;
    script.arrives(1, &dead)?;
    ensure!(script.drops == [20] && script.sent(2, DATA).is_empty());
    script.arrives(1, &seal.bytes)?;
    ensure!(script.has("deliver"), "{:?}", script.drops);
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
/// The only other link leads to the neighbour it came from: that is no way.
fn second_link(script: &mut Script) -> anyhow::Result<()> {
    let (one, to) = (script.peer()?, script.peer()?);
    script.up(1, &one)?;
    script.up(2, &one)?;
    let (envelope, _) = script.foreign(&to, 90)?;
    script.arrives(1, &envelope)?;
    let mut told = script.sent(1, NACK).len();
    for (_, out) in script.run(3_000)? {
        ensure!(envelopes(&out, 2, SEAL).is_empty(), "it went back");
        told += envelopes(&out, 1, NACK).len();
    }
    ensure!(told == 1, "no NACK");
    Ok(())
}

/// The proof comes another way while the relay still asks: it passes, and nothing is handed on or given up.
fn proven_while_asking(script: &mut Script) -> anyhow::Result<()> {
    for link in 1..=3 {
        let other = script.peer()?;
        script.up(link, &other)?;
    }
    let to = script.peer()?;
    let (envelope, secret) = script.foreign(&to, 90)?;
    let reference = script.reference(&envelope)?;
    script.arrives(1, &envelope)?;
    ensure!(script.frames(2, 5).len() == 1, "it asks");
    script.arrives(3, &ack(expiry(&envelope)?, &reference, &secret))?;
    let proof = pair(1, &reference, &secret);
    let mut passed = script.out.proofs.contains(&proof);
    for (_, out) in script.run(3_000)? {
        passed |= out.proofs.contains(&proof);
        let told = [DATA, NACK].map(|kind| (1..=3).map(move |link| (link, kind)));
        for (link, kind) in told.into_iter().flatten() {
            ensure!(
                envelopes(&out, link, kind).is_empty(),
                "link {link}, {kind}"
            );
        }
    }
    ensure!(passed, "the proof did not pass");
    Ok(())
}

/// The proof of what went twice does not say how long its way took.
fn measures_one(script: &mut Script) -> anyhow::Result<()> {
    let (one, other, to) = (script.peer()?, script.peer()?, script.peer()?);
    script.up(1, &one)?;
    script.up(2, &other)?;
    let (envelope, secret) = script.foreign(&to, 90)?;
    let reference = script.reference(&envelope)?;
    for number in 0..2 {
        script.arrives(1, &attempt(&envelope, number))?;
        ensure!(script.sent(2, DATA).len() == 1);
        script.run(20_000)?;
    }
    script.arrives(2, &ack(expiry(&envelope)?, &reference, &secret))?;
    script.send(&to, b"of its own")?;
    let (_, reference, _) = script.sent_seal(2, &to)?;
    script.datagram(2, &frame(3, &[&[1], &reference[..]].concat()))?;
    let begun = script.now;
    let all = script.run(60_000)?;
    let asks = |it: &&(u64, Outputs)| it.1.frames.iter().any(|it| it.contains(":05 "));
    let (at, _) = all.iter().find(asks).context("never tried again")?;
    ensure!(at - begun == 700, "after {} ms", at - begun);
    Ok(())
}

fn one_out_link(script: &mut Script) -> anyhow::Result<()> {
    let (one, to) = (script.peer()?, script.peer()?);
    script.up_as(1, &one, 1, 65_538)?;
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

/// A question about somebody: handle, nonce, how many links.
pub(super) fn ask(of: &Peer, nonce: u8, ttl: u8) -> Vec<u8> {
    frame(5, &[&of.handle[..], &[nonce, ttl]].concat())
}

/// The distance in the only answer over a link.
pub(super) fn distance(script: &Script, link: u32) -> Option<u8> {
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
    script.up_as(1, &one, 1, 65_538)?;
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
    // How far it says it is now is its own affair.
    script.run(11 * 60_000)?;
    script.datagram(1, &ask(&to, 7, 1))?;
    ensure!(distance(script, 1) == Some(255), "proven too long ago");
    Ok(())
}

/// Links to two neighbours that forward and to a leaf; somebody else is the one to be reached.
fn between_three(script: &mut Script) -> anyhow::Result<Peer> {
    let (one, other, third, to) = (
        script.peer()?,
        script.peer()?,
        script.peer()?,
        script.peer()?,
    );
    script.up(1, &one)?;
    script.up(2, &other)?;
    script.up_as(3, &third, 1, 65_538)?;
    Ok(to)
}

/// A proof that comes back over another link than the copy left by says nothing of that link.
fn proof_elsewhere(script: &mut Script) -> anyhow::Result<()> {
    let to = between_three(script)?;
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

fn nacks(script: &mut Script) -> anyhow::Result<()> {
    let to = between_three(script)?;
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

/// Of seventeen ways back the oldest is forgotten, which costs the proof its way and nothing else.
fn oldest_goes(script: &mut Script) -> anyhow::Result<()> {
    let (one, other) = (script.peer()?, script.peer()?);
    script.up(1, &one)?;
    script.up(2, &other)?;
    let mut proofs = Vec::new();
    for _ in 0..17 {
        let (envelope, secret) = script.foreign(&other, 60)?;
        script.arrives(1, &envelope)?;
        ensure!(script.sent(2, DATA).len() == 1);
        let reference = script.reference(&envelope)?;
        proofs.push((
            ack(expiry(&envelope)?, &reference, &secret),
            pair(1, &reference, &secret),
        ));
    }
    for (place, (proof, passed)) in proofs.iter().enumerate() {
        script.arrives(2, proof)?;
        ensure!(
            script.out.proofs.contains(passed) == (place > 0),
            "{place}: {:?}",
            script.drops
        );
        ensure!(place > 0 || script.drops == [63]);
    }
    Ok(())
}
