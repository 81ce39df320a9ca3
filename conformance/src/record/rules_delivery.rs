//! Delivery: retries, proofs, what is remembered.

use anyhow::{Context, ensure};
use serde_json::json;

use super::made::{DATA, SEAL, ack, attempt, envelopes, expiry, frame, nack, pair, unhex};
use super::rules::Story;
use super::script::Script;
use crate::profile::Profile::{Full, Leaf};

pub(super) const STORIES: &[Story] = &[
    (
        "slow-link",
        "delivery.md#retry-schedule",
        &["DLV-8"],
        Leaf,
        "{}",
        slow_link,
    ),
    (
        "a-day-of-silence",
        "delivery.md#retry-schedule",
        &["DLV-7", "DLV-9", "DLV-10", "SES-33", "CNT-5"],
        Leaf,
        "{}",
        silence,
    ),
    (
        "proof-over-both-links",
        "delivery.md#receiving",
        &["DLV-21"],
        Leaf,
        "{}",
        both_links,
    ),
    (
        "two-envelopes-of-one-message",
        "delivery.md#held-and-doubled",
        &["DLV-26", "DLV-19"],
        Leaf,
        "{}",
        two_envelopes,
    ),
    (
        "proofs-over-their-own-links",
        "delivery.md#receiving",
        &["DLV-21", "DLV-26"],
        Leaf,
        "{}",
        own_links,
    ),
    (
        "long-message-waits-for-hello",
        "delivery.md#path-report",
        &["DLV-28", "LNK-6"],
        Full,
        "{}",
        waits_for_hello,
    ),
    (
        "no-pad-without-a-sid",
        "delivery.md#held-and-doubled",
        &["DLV-24", "SES-11"],
        Full,
        "{}",
        no_pad_without_sid,
    ),
    (
        "one-shot-again-in-session",
        "delivery.md#receiving",
        &["DLV-17", "CNT-6", "DLV-19"],
        Leaf,
        "{}",
        again_in_session,
    ),
    (
        "content-of-no-use",
        "delivery.md#receiving",
        &["DLV-18", "CNT-3"],
        Leaf,
        "{}",
        no_use,
    ),
    (
        "knocking",
        "delivery.md#held-and-doubled",
        &["DLV-24"],
        Full,
        "{}",
        knocking,
    ),
    (
        "room-for-the-pad",
        "delivery.md#held-and-doubled",
        &["DLV-25"],
        Full,
        r#"{"limits": {"outbox": 8}}"#,
        room_for_the_pad,
    ),
    (
        "newest-ids-stay",
        "delivery.md#receiving",
        &["DLV-20", "SES-23"],
        Leaf,
        r#"{"limits": {"delivered": 64}}"#,
        newest_ids,
    ),
    (
        "wrong-proof-first",
        "drops.md#drop-reasons",
        &["DRP-3", "ENV-21"],
        Leaf,
        "{}",
        wrong_proof,
    ),
    (
        "proof-of-the-first-envelope",
        "session.md#sealing-again",
        &["SES-34", "SES-32"],
        Leaf,
        "{}",
        first_envelope,
    ),
    (
        "direct-link-comes-up",
        "routing.md#direct-and-back",
        &["RTE-32", "DLV-12", "DLV-13"],
        Leaf,
        "{}",
        direct_up,
    ),
    (
        "read-of-a-held-message",
        "content.md#read",
        &["CNT-8", "CNT-6", "DLV-24"],
        Full,
        "{}",
        read_of_held,
    ),
    (
        "read-by-somebody-else",
        "content.md#read",
        &["CNT-8"],
        Leaf,
        "{}",
        read_by_another,
    ),
    (
        "longest-payload",
        "delivery.md#held-and-doubled",
        &["DLV-27", "ENV-22"],
        Leaf,
        "{}",
        longest,
    ),
];

/// A neighbour whose TAKEN takes 200 ms: 300 ms are too short a wait then.
fn slow_link(script: &mut Script) -> anyhow::Result<()> {
    let peer = script.peer()?;
    script.up(1, &peer)?;
    script.send(&peer, b"slowly")?;
    let (seal, reference, secret) = script.sent_seal(1, &peer)?;
    script.run(199)?;
    script.datagram(1, &frame(3, &[&[1], &reference[..]].concat()))?;
    script.arrives(1, &ack(expiry(&seal)?, &reference, &secret))?;
    ensure!(script.says("delivered"));
    script.send(&peer, b"and this?")?;
    let begun = script.now;
    let all = script.run(1_000)?;
    let retry = all
        .iter()
        .find(|(_, out)| !envelopes(out, 1, SEAL).is_empty());
    let (at, _) = retry.context("no retry")?;
    ensure!(at - begun == 600, "after {} ms", at - begun);
    Ok(())
}

/// Nobody answers for 22 hours: the waits double up to an hour, and after 16 attempts it is sealed again, twice.
fn silence(script: &mut Script) -> anyhow::Result<()> {
    let peer = script.peer()?;
    script.up(1, &peer)?;
    script.send(&peer, b"is anybody there?")?;
    let (first, reference, _) = script.sent_seal(1, &peer)?;
    let mut last = script.now;
    let all = script.run(79_200_000)?;
    let (mut wait, mut sends, mut seals) = (300, 1_u8, vec![first.clone()]);
    for (at, out) in &all {
        let Some(seal) = envelopes(out, 1, SEAL).pop() else {
            continue;
        };
        if sends % 16 != 0 {
            ensure!(at - last == wait, "{} ms instead of {wait}", at - last);
            let before = seals.last().context("none before")?;
            ensure!(seal == attempt(before, sends % 16), "another envelope");
        } else {
            seals.push(seal);
        }
        last = *at;
        wait = (wait * 2).min(3_600_000);
        sends += 1;
    }
    ensure!(seals.len() == 3, "sealed {} times", seals.len());
    for seal in seals.iter().skip(1) {
        let opened = script.open(&peer, seal)?;
        let content = unhex(&opened["payload"]["content"])?;
        ensure!(content.first() == Some(&0xC1) && content.get(1..9) == Some(&reference[..]));
    }
    Ok(())
}

/// A message comes over a relay although there is a link to its sender.
fn both_links(script: &mut Script) -> anyhow::Result<()> {
    let (relay, sender) = (script.peer()?, script.peer()?);
    script.up(1, &sender)?;
    script.up(2, &relay)?;
    let seal = script.seal(&sender, &[0x81, 7], None)?;
    script.arrives(2, &seal.bytes)?;
    ensure!(script.has("deliver") && script.out.proofs.is_empty());
    script.taken(&sender, &seal.reference)?;
    let proofs = [1, 2].map(|link| pair(link, &seal.reference, &seal.secret));
    ensure!(script.out.proofs.iter().eq(&proofs));
    script.arrives(2, &attempt(&seal.bytes, 1))?;
    let [_, over_relay] = proofs;
    ensure!(script.out.proofs.iter().eq(&[over_relay]) && script.drops == [53]);
    Ok(())
}

fn two_envelopes(script: &mut Script) -> anyhow::Result<()> {
    let sender = script.peer()?;
    script.up(1, &sender)?;
    let first = script.seal(&sender, &[0x81, 7, 7], None)?;
    script.arrives(1, &first.bytes)?;
    ensure!(script.has("deliver"));
    let content = [&[0xC1], &first.reference[..], &[7, 7]].concat();
    let second = script.seal(&sender, &content, None)?;
    script.arrives(1, &second.bytes)?;
    ensure!(script.drops == [54] && script.out.proofs.is_empty());
    script.taken(&sender, &first.reference)?;
    for seal in [&first, &second] {
        ensure!(
            script
                .out
                .proofs
                .contains(&pair(1, &seal.reference, &seal.secret))
        );
    }
    Ok(())
}

/// Two envelopes of one message came over two relays: each relay knows the way back of its own.
fn own_links(script: &mut Script) -> anyhow::Result<()> {
    for link in [1, 2] {
        let relay = script.peer()?;
        script.up(link, &relay)?;
    }
    let sender = script.peer()?;
    let first = script.seal(&sender, &[0x81, 7, 7], None)?;
    script.arrives(1, &first.bytes)?;
    let content = [&[0xC1], &first.reference[..], &[7, 7]].concat();
    let second = script.seal(&sender, &content, None)?;
    script.arrives(2, &second.bytes)?;
    ensure!(script.drops == [54] && script.out.proofs.is_empty());
    script.taken(&sender, &first.reference)?;
    let proofs = [
        pair(1, &first.reference, &first.secret),
        pair(2, &second.reference, &second.secret),
    ];
    ensure!(
        script.out.proofs == proofs.into(),
        "{:?}",
        script.out.proofs
    );
    Ok(())
}

/// Before a neighbour has said what it takes, no long frame goes to it; at its HELLO what waited does.
fn waits_for_hello(script: &mut Script) -> anyhow::Result<()> {
    let peer = script.peer()?;
    script.up(1, &peer)?;
    let session = script.met(1, &peer)?;
    let confirms = script.data(&session, 0, &[0x01, 3])?;
    script.arrives(1, &confirms)?;
    script.input(json!({ "is": "down", "link": 1 }))?;
    script.send(&peer, &[0x5A; 3_000])?;
    script.link(2, &peer, false)?;
    script.run(20)?;
    ensure!(script.sent(2, DATA).is_empty(), "before its HELLO");
    script.hello(2, 3, 65_538)?;
    ensure!(script.sent(2, DATA).len() == 1, "not at its HELLO");
    Ok(())
}

/// With as many handshakes under way as there may be a PAD could ask for nothing.
fn no_pad_without_sid(script: &mut Script) -> anyhow::Result<()> {
    let peer = script.peer()?;
    script.up(1, &peer)?;
    for _ in 0..4 {
        script.send(&peer, b"short")?;
        let (seal, reference, secret) = script.sent_seal(1, &peer)?;
        script.arrives(1, &ack(expiry(&seal)?, &reference, &secret))?;
    }
    script.send(&peer, &[0x5A; 3_000])?;
    ensure!(script.has("accepted") && script.sent(1, SEAL).is_empty());
    ensure!(script.run(59_000)?.is_empty(), "a PAD asked for nothing");
    let all = script.run(2_000)?;
    let seals = all.iter().flat_map(|(_, out)| envelopes(out, 1, SEAL));
    let pad = seals.last().context("no PAD")?;
    let opened = script.open(&peer, &pad)?;
    ensure!(!opened["payload"]["sid"].is_null());
    Ok(())
}

/// Taken as a one-shot whose proof was lost, and sealed again in the session: proven again, handed out once.
fn again_in_session(script: &mut Script) -> anyhow::Result<()> {
    let sender = script.peer()?;
    script.up(1, &sender)?;
    let first = script.seal(&sender, &[0x81, 7, 7], Some([7; 4]))?;
    script.arrives(1, &first.bytes)?;
    ensure!(script.has("deliver"));
    let session = script.answered(1, &first)?;
    script.taken(&sender, &first.reference)?;
    script.run(500)?;
    for (n, orig, drops) in [(0, &first.reference[..], &[54][..]), (1, &[9; 8], &[])] {
        let data = script.data(&session, n, &[&[0xC1], orig, &[7, 7]].concat())?;
        script.arrives(1, &data)?;
        ensure!(script.drops == drops && script.has("deliver") == drops.is_empty());
        let mut proofs = script.out.proofs.len();
        for (_, out) in script.run(50)? {
            proofs += out.proofs.len();
        }
        ensure!(proofs == drops.len(), "{proofs} proofs");
    }
    Ok(())
}

/// Opened, counted, and of no use: never acknowledged, however often it comes.
fn no_use(script: &mut Script) -> anyhow::Result<()> {
    let sender = script.peer()?;
    script.up(1, &sender)?;
    let session = script.met(1, &sender)?;
    let data = script.data(&session, 0, &[0x84, 1])?;
    for (number, drop) in [(0, 55), (1, 44), (2, 44)] {
        script.now += 50;
        script.arrives(1, &attempt(&data, number))?;
        ensure!(
            script.drops == [drop] && script.out.proofs.is_empty(),
            "{:?}",
            script.drops
        );
    }
    let seal = script.seal(&sender, &[0x85, 1], None)?;
    for (number, drop) in [(0, 55), (1, 53)] {
        script.arrives(1, &attempt(&seal.bytes, number))?;
        ensure!(
            script.drops == [drop] && script.out.proofs.is_empty(),
            "{:?}",
            script.drops
        );
    }
    Ok(())
}

/// A message too long for a SEAL, and nobody answers the PAD: it is retried as any message, and once a minute.
fn knocking(script: &mut Script) -> anyhow::Result<()> {
    let peer = script.peer()?;
    script.up(1, &peer)?;
    script.send(&peer, &[0x5A; 3_000])?;
    let (seal, ..) = script.sent_seal(1, &peer)?;
    let begun = script.now;
    let all = script.run(59_000)?;
    let sent: Vec<u64> = all
        .iter()
        .filter(|(_, out)| {
            envelopes(out, 1, SEAL)
                .iter()
                .any(|it| it.get(7..) == seal.get(7..))
        })
        .map(|(at, _)| at - begun)
        .collect();
    ensure!(
        sent == [300, 900, 2_100, 4_500, 9_300, 18_900, 38_100],
        "{sent:?}"
    );
    Ok(())
}

fn room_for_the_pad(script: &mut Script) -> anyhow::Result<()> {
    let peer = script.peer()?;
    for number in 0..7 {
        script.send(&peer, &[number; 20])?;
        ensure!(script.has("accepted"));
    }
    script.send(&peer, &[0x5A; 3_000])?;
    ensure!(script.has("refused"), "the PAD has no place");
    script.send(&peer, b"short")?;
    ensure!(script.has("accepted"), "a refusal changes nothing");
    Ok(())
}

/// Of 66 messages in session the newest 64 are remembered: sealed again they are not handed out.
fn newest_ids(script: &mut Script) -> anyhow::Result<()> {
    let sender = script.peer()?;
    script.up(1, &sender)?;
    let session = script.met(1, &sender)?;
    let (mut references, mut sixth) = (Vec::new(), Vec::new());
    for n in 0..66 {
        let data = script.data(&session, n, &[0x81, 3])?;
        script.arrives(1, &data)?;
        ensure!(script.has("deliver"));
        let reference = script.reference(&data)?;
        script.taken(&sender, &reference)?;
        references.push(reference);
        if n == 5 {
            sixth = data;
        }
    }
    // All of its epoch came, so it is known without its key.
    script.arrives(1, &attempt(&sixth, 1))?;
    ensure!(script.drops == [44], "{:?}", script.drops);
    for (n, reference) in (66..).zip(references.iter().rev().take(3)) {
        let again = script.data(&session, n, &[&[0xC1], &reference[..], &[3]].concat())?;
        script.arrives(1, &again)?;
        ensure!(script.drops == [54], "{:?}", script.drops);
    }
    Ok(())
}

fn wrong_proof(script: &mut Script) -> anyhow::Result<()> {
    let peer = script.peer()?;
    script.up(1, &peer)?;
    script.send(&peer, b"prove it")?;
    let (seal, reference, secret) = script.sent_seal(1, &peer)?;
    let wrong = script.bytes(16);
    script.arrives(1, &ack(expiry(&seal)?, &reference, &wrong))?;
    ensure!(script.drops == [64]);
    let all = script.run(500)?;
    ensure!(
        all.iter()
            .any(|(_, out)| !envelopes(out, 1, SEAL).is_empty()),
        "it goes on"
    );
    script.arrives(1, &ack(expiry(&seal)?, &reference, &secret))?;
    ensure!(script.says("delivered"));
    Ok(())
}

/// In session, then sealed again after NO_KEY: the proof of the first envelope still counts.
fn first_envelope(script: &mut Script) -> anyhow::Result<()> {
    let peer = script.peer()?;
    script.up(1, &peer)?;
    let session = script.met(1, &peer)?;
    let confirms = script.data(&session, 0, &[0x01, 3])?;
    script.arrives(1, &confirms)?;
    script.send(&peer, b"which one?")?;
    let (data, reference, secret) = script.sent_data(1, &session, &peer)?;
    script.arrives(1, &nack(expiry(&data)?, &reference, 1))?;
    let (seal, ..) = script.sent_seal(1, &peer)?;
    ensure!(expiry(&seal)? == expiry(&data)?, "another life");
    script.arrives(1, &ack(expiry(&data)?, &reference, &secret))?;
    ensure!(script.says("delivered"));
    Ok(())
}

/// Under way over a relay when a link to the recipient comes up: a second after the copy left it goes there.
fn direct_up(script: &mut Script) -> anyhow::Result<()> {
    let (relay, peer) = (script.peer()?, script.peer()?);
    script.up(1, &relay)?;
    script.send(&peer, b"there is a shorter way")?;
    let (_, reference, _) = script.sent_seal(1, &peer)?;
    script.datagram(1, &frame(3, &[&[1], &reference[..]].concat()))?;
    // Until the waits are longer than a second.
    let mut last = 0;
    while last < 5_000 {
        let sent = script.run(100)?;
        let copy = sent
            .iter()
            .find(|(_, out)| !envelopes(out, 1, SEAL).is_empty());
        last = copy.map_or(last, |(at, _)| *at);
    }
    script.up(2, &peer)?;
    let all = script.run(1_500)?;
    let first = all
        .iter()
        .find(|(_, out)| !envelopes(out, 2, SEAL).is_empty());
    let (at, _) = first.context("no retry over the new link")?;
    ensure!(*at == last + 1_000, "{at} after {last}");
    Ok(())
}

fn read_by_another(script: &mut Script) -> anyhow::Result<()> {
    let (peer, other) = (script.peer()?, script.peer()?);
    script.up(1, &peer)?;
    script.up(2, &other)?;
    script.send(&peer, b"for you alone")?;
    let (seal, reference, secret) = script.sent_seal(1, &peer)?;
    script.arrives(1, &ack(expiry(&seal)?, &reference, &secret))?;
    ensure!(script.says("delivered"));
    let read = [&[0x02], &reference[..]].concat();
    let lie = script.seal(&other, &read, None)?;
    script.arrives(2, &lie.bytes)?;
    ensure!(!script.says("read"));
    let truth = script.seal(&peer, &read, None)?;
    script.arrives(1, &truth.bytes)?;
    ensure!(script.says("read"));
    Ok(())
}

/// Its recipient knows a message that was held by the first half of an id no envelope ever had.
fn read_of_held(script: &mut Script) -> anyhow::Result<()> {
    let peer = script.peer()?;
    script.up(1, &peer)?;
    script.send(&peer, &[0x5A; 3_000])?;
    let (seal, ..) = script.sent_seal(1, &peer)?;
    let (resp, session) = script.resp(&peer, &seal, 65_535)?;
    script.arrives(1, &resp)?;
    let (data, reference, secret) = script.sent_data(1, &session, &peer)?;
    let opened = script.open_data(&session, &peer, &data)?;
    let content = unhex(&opened["content"])?;
    let id = content.get(1..9).context("no orig")?.to_vec();
    let read = script.data(&session, 0, &[&[0x02], &id[..]].concat())?;
    script.arrives(1, &read)?;
    ensure!(!script.says("read"), "nothing proves that it arrived");
    script.arrives(1, &ack(expiry(&data)?, &reference, &secret))?;
    ensure!(script.says("read"));
    Ok(())
}

/// A leaf's envelopes have 1,200 bytes, of which 134 may be needed; a life is shorter than a day by the skew.
fn longest(script: &mut Script) -> anyhow::Result<()> {
    let peer = script.peer()?;
    for (len, lifetime, event) in [
        (1_066, 600_000, "accepted"),
        (1_067, 600_000, "refused"),
        (10, 999, "refused"),
        (10, 1_000, "accepted"),
        (10, (86_400 - 300) * 1_000, "accepted"),
        (10, (86_400 - 299) * 1_000, "refused"),
    ] {
        script.now += 1;
        let payload = "5a".repeat(len);
        script.input(serde_json::json!({
            "is": "send", "to": peer.pk, "payload": payload, "lifetime": lifetime, "class": 2,
        }))?;
        ensure!(script.has(event), "{len} bytes for {lifetime} ms");
    }
    Ok(())
}
