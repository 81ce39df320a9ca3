//! Nodes: what one input after a short story is dropped for, under which number.

use anyhow::Context;
use data_encoding::HEXLOWER;
use serde_json::{Value, json};

use super::build::{
    ACK, BAD_COUNT, BAD_DST, BAD_FLAGS, BAD_HOP, BAD_KIND, BAD_LENGTH, BAD_NACK, BAD_VERSION, DATA,
    Head, NACK, NOT_CANONICAL, P, RESP, RESP_UNKNOWN, SEAL, TRUNCATED, UNKNOWN_FRAME, flipped,
    frame, hex,
};
use super::sheet::Sheet;
use super::{opening, replies};
use crate::cases::{Expected, File};
use crate::profile::Profile;

const EXPIRED: u8 = 20;
const EXPIRY_TOO_FAR: u8 = 21;
const NO_HOPS: u8 = 22;
const UNKNOWN_LINK: u8 = 27;
const ACK_UNKNOWN: u8 = 63;
const NACK_UNKNOWN: u8 = 66;
const RECEIPT_UNKNOWN: u8 = 69;
const REACH_UNKNOWN: u8 = 70;

const NOTES: &[(&str, &str)] = &[
    ("Answer", "an answer to nothing that is under way here"),
    ("Content", "authentic, and its content is of no use"),
    (
        "Form",
        "bytes that are no datagram, frame or envelope of the book",
    ),
    ("Life", "too old, or from too far in the future"),
    ("Link", "a link that is not up"),
    ("Opening", "a one-shot that does not open"),
    ("Session", "a message of a session that does not open"),
    ("Twice", "something that came before"),
    ("Way", "an envelope that cannot go further"),
];

/// The moment and the wall time of every story's beginning.
const NOW: u64 = 1_000;
pub(super) const UNIX: u32 = 1_800_000_000;
const SKEW: u32 = 300;
const LIFE: u32 = 86_400;

/// A node with a neighbour, and what happened so far.
pub(super) struct Story {
    pub(super) reset: Value,
    pub(super) steps: Vec<Value>,
    pub(super) now: u64,
    /// The node's own key and destination.
    pub(super) me: Value,
    pub(super) handle: [u8; 8],
    /// The neighbour, who is the sender of everything.
    pub(super) peer: Vec<u8>,
}

pub(super) fn unhex(value: &Value) -> anyhow::Result<Vec<u8>> {
    Ok(HEXLOWER.decode(value.as_str().context("no bytes")?.as_bytes())?)
}

/// Enough of everything that a step may draw.
pub(super) fn entropy(sheet: &mut Sheet) -> Value {
    let e: Vec<String> = (0..2).map(|_| hex(&sheet.bytes(32))).collect();
    let sid: Vec<String> = (0..2).map(|_| hex(&sheet.bytes(4))).collect();
    let nonce: Vec<String> = (0..2).map(|_| hex(&sheet.bytes(4))).collect();
    json!({ "e": e, "sid": sid, "id": [hex(&sheet.bytes(16))], "nonce": nonce })
}

impl Story {
    /// A node whose neighbour has just said HELLO on link 1.
    pub(super) fn new(sheet: &mut Sheet, profile: Profile) -> anyhow::Result<Self> {
        let (seed, peer) = (sheet.bytes(32), sheet.bytes(32));
        let me = sheet.is("identity", &json!({ "seed": hex(&seed) }))?;
        let handle = unhex(&me["handle"])?;
        let config = json!({ "skew": SKEW, "durable": false, "maxEnvelope": null, "limits": {} });
        let mut story = Self {
            reset: json!({
                "profile": profile, "seed": hex(&seed), "now": NOW, "unix": UNIX, "config": config,
            }),
            steps: Vec::new(),
            now: NOW,
            me: me["pk"].clone(),
            handle: handle.as_slice().try_into().context("a handle")?,
            peer,
        };
        let peer = sheet.is("identity", &json!({ "seed": hex(&story.peer) }))?;
        let up = json!({
            "is": "up", "link": 1, "pk": peer["pk"], "mtu": 1_200, "maxFrame": 65_538, "dialed": false,
        });
        story.then(sheet, up);
        story.then(sheet, of(&frame(1, &[1, 3, 0x82, 0x80, 4, 0, 0])));
        Ok(story)
    }

    /// One more input, a little later.
    pub(super) fn then(&mut self, sheet: &mut Sheet, input: Value) {
        self.now += 10;
        let entropy = entropy(sheet);
        self.steps
            .push(json!({ "now": self.now, "entropy": entropy, "in": input }));
    }

    pub(super) fn ask(&self) -> Value {
        json!({ "reset": self.reset, "steps": self.steps })
    }

    /// A SEAL from the neighbour to this node.
    pub(super) fn seal(
        &self,
        sheet: &mut Sheet,
        expiry: u32,
        content: &[u8],
        sid: Option<[u8; 4]>,
    ) -> anyhow::Result<(Value, Vec<u8>)> {
        let fields = json!({
            "sid": sid.map(|sid| hex(&sid)), "persists": false, "window": 128, "maxEnvelope": 1_200,
            "content": hex(content),
        });
        let ask = json!({
            "seed": hex(&self.peer), "to": self.me, "ephemeral": hex(&sheet.bytes(32)), "class": 2,
            "trace": false, "prove": true, "expiry": expiry, "hop": 8, "attempt": 0, "fields": fields,
        });
        let made = sheet.is("seal", &ask)?;
        let bytes = unhex(&made["bytes"])?;
        Ok((ask, bytes))
    }
}

/// A datagram over link 1.
pub(super) fn of(bytes: &[u8]) -> Value {
    json!({ "is": "datagram", "link": 1, "bytes": hex(bytes) })
}

/// An envelope in its frame over link 1.
pub(super) fn enveloped(envelope: &[u8]) -> Value {
    let len = u16::try_from(envelope.len()).unwrap_or(u16::MAX);
    of(&frame(2, &[&len.to_le_bytes()[..], envelope].concat()))
}

/// The last input of a story, and what it is dropped for.
pub(super) fn dropped(
    sheet: &mut Sheet,
    mut story: Story,
    comment: &str,
    flag: &str,
    input: Value,
    drop: u8,
) -> anyhow::Result<()> {
    story.then(sheet, input);
    let expect = json!({ "verdict": "dropped", "drops": [drop] });
    sheet.put(comment, &[flag], Expected::Invalid, story.ask(), expect)
}

pub(super) fn file() -> anyhow::Result<File> {
    let mut sheet = Sheet::new("ToM nodes", NOTES);
    sheet.node("drops", Profile::Leaf);
    form(&mut sheet)?;
    life(&mut sheet)?;
    opening::opening(&mut sheet)?;
    opening::sessions(&mut sheet)?;
    answers(&mut sheet)?;
    links(&mut sheet)?;
    sheet.node("forwarding drops", Profile::Relay);
    ways(&mut sheet)?;
    replies::stories(&mut sheet)?;
    Ok(sheet.done())
}

fn form(sheet: &mut Sheet) -> anyhow::Result<()> {
    let head = |kind, flags, hop, dst| Head {
        kind,
        flags,
        attempt: 0,
        hop,
        expiry: UNIX + 600,
        dst,
    };
    let answer = |kind, rest: &[u8]| [head(kind, 0, 8, [0; 8]).bytes(), rest.to_vec()].concat();
    let ack = |count: u8, len: usize| answer(ACK, &[vec![count], vec![7; len]].concat());
    let nack =
        |code: u8, len: usize| answer(NACK, &[vec![9; 8], vec![code], vec![0; len]].concat());
    let seal = |flags, hop, dst| [head(SEAL, flags, hop, dst).bytes(), vec![0; 120]].concat();
    let data = |hop, dst| [head(DATA, 0, hop, dst).bytes(), vec![3; 60]].concat();
    let one = [5; 8];
    let other = |byte: u8| {
        let mut bytes = seal(0, 8, one);
        bytes[0] = byte;
        bytes
    };
    let cases: Vec<(&str, &str, Value, u8)> = vec![
        ("a frame's head cut", "LNK-4", of(&[8, 1]), TRUNCATED),
        (
            "an envelope of 5 bytes",
            "ENV-9",
            enveloped(&[0x11, 0, 8, 0, 0]),
            TRUNCATED,
        ),
        (
            "a RESP a byte short",
            "ENV-13",
            enveloped(&answer(RESP, &[1; 64])),
            TRUNCATED,
        ),
        (
            "a frame longer than its datagram",
            "LNK-4",
            of(&[8, 9, 0, 1]),
            BAD_LENGTH,
        ),
        (
            "an ACK with a byte behind it",
            "ENV-15",
            enveloped(&ack(1, 25)),
            BAD_LENGTH,
        ),
        (
            "a NACK with a byte behind it",
            "ENV-17",
            enveloped(&nack(1, 5)),
            BAD_LENGTH,
        ),
        ("frame type 9", "LNK-5", of(&frame(9, &[])), UNKNOWN_FRAME),
        (
            "frame type 11",
            "LNK-5",
            of(&frame(11, &[1, 2])),
            UNKNOWN_FRAME,
        ),
        (
            "frame type 200",
            "LNK-5",
            of(&frame(200, &[0; 30])),
            UNKNOWN_FRAME,
        ),
        (
            "a PING whose nonce is too long",
            "LNK-7",
            of(&frame(8, &[0x87, 0, 0])),
            NOT_CANONICAL,
        ),
        (
            "a PING that is half an answer",
            "LNK-7",
            of(&frame(8, &[7, 2])),
            NOT_CANONICAL,
        ),
        (
            "a HELLO whose max_frame is too long",
            "LNK-7",
            of(&frame(1, &[1, 3, 0x82, 0x80, 0x84, 0, 0, 0])),
            NOT_CANONICAL,
        ),
        (
            "an envelope of version 0",
            "ENV-1",
            enveloped(&other(0x01)),
            BAD_VERSION,
        ),
        (
            "an envelope of version 2",
            "ENV-1",
            enveloped(&other(0x21)),
            BAD_VERSION,
        ),
        (
            "an envelope of version 15",
            "ENV-1",
            enveloped(&other(0xF1)),
            BAD_VERSION,
        ),
        (
            "a reserved flag",
            "ENV-2",
            enveloped(&seal(0x01, 8, one)),
            BAD_FLAGS,
        ),
        (
            "another reserved flag",
            "ENV-2",
            enveloped(&seal(0x80, 8, one)),
            BAD_FLAGS,
        ),
        (
            "an ACK with a flag",
            "ENV-2",
            enveloped(&flipped(&ack(1, 24), 1, P)),
            BAD_FLAGS,
        ),
        ("kind 0", "ENV-1", enveloped(&other(0x10)), BAD_KIND),
        ("kind 6", "ENV-1", enveloped(&other(0x16)), BAD_KIND),
        ("kind 15", "ENV-1", enveloped(&other(0x1F)), BAD_KIND),
        ("an ACK of none", "ENV-15", enveloped(&ack(0, 0)), BAD_COUNT),
        (
            "an ACK of fifty",
            "ENV-15",
            enveloped(&ack(50, 1_200)),
            BAD_COUNT,
        ),
        ("a TAKEN of none", "LNK-22", of(&frame(3, &[0])), BAD_COUNT),
        (
            "nine hops left in a SEAL",
            "ENV-4",
            enveloped(&seal(0, 9, one)),
            BAD_HOP,
        ),
        (
            "fifteen hops left in a DATA",
            "ENV-4",
            enveloped(&data(15, one)),
            BAD_HOP,
        ),
        (
            "a REACH? of ttl 3",
            "LNK-23",
            of(&frame(5, &[&[6; 8][..], &[1, 3]].concat())),
            BAD_HOP,
        ),
        (
            "a SEAL to nobody",
            "ENV-5",
            enveloped(&seal(0, 8, [0; 8])),
            BAD_DST,
        ),
        (
            "a DATA to nobody",
            "ENV-5",
            enveloped(&data(8, [0; 8])),
            BAD_DST,
        ),
        (
            "a NACK to somebody",
            "ENV-5",
            enveloped(&flipped(&nack(1, 4), 9, 1)),
            BAD_DST,
        ),
        (
            "a NACK of code 0",
            "ENV-17",
            enveloped(&nack(0, 4)),
            BAD_NACK,
        ),
        (
            "a NACK of code 5",
            "ENV-17",
            enveloped(&nack(5, 4)),
            BAD_NACK,
        ),
        (
            "a NACK of code 255",
            "ENV-17",
            enveloped(&nack(255, 4)),
            BAD_NACK,
        ),
    ];
    for (comment, rule, input, drop) in cases {
        sheet.at("drops.md#form", &[rule, "DRP-1"]);
        let story = Story::new(sheet, Profile::Leaf)?;
        dropped(sheet, story, comment, "Form", input, drop)?;
    }
    Ok(())
}

fn life(sheet: &mut Sheet) -> anyhow::Result<()> {
    let last = UNIX + LIFE + SKEW;
    for (comment, rule, expiry, drop) in [
        (
            "a second after its end and the skew",
            "ENV-24",
            UNIX - SKEW - 1,
            EXPIRED,
        ),
        ("an hour after its end", "ENV-24", UNIX - 3_600, EXPIRED),
        ("of the year 1970", "ENV-24", 1, EXPIRED),
        (
            "a second too far in the future",
            "ENV-23",
            last + 1,
            EXPIRY_TOO_FAR,
        ),
        (
            "a day too far in the future",
            "ENV-23",
            last + LIFE,
            EXPIRY_TOO_FAR,
        ),
        (
            "as far in the future as can be",
            "ENV-23",
            u32::MAX,
            EXPIRY_TOO_FAR,
        ),
    ] {
        sheet.at("envelope.md#life", &[rule]);
        let story = Story::new(sheet, Profile::Leaf)?;
        let (_, seal) = story.seal(sheet, expiry, &[0x81, 1, 2, 3], None)?;
        dropped(sheet, story, comment, "Life", enveloped(&seal), drop)?;
    }
    Ok(())
}

fn answers(sheet: &mut Sheet) -> anyhow::Result<()> {
    let head = |kind| Head {
        kind,
        flags: 0,
        attempt: 0,
        hop: 8,
        expiry: UNIX + 600,
        dst: [0; 8],
    };
    for number in 1..=3_u8 {
        let resp = [head(RESP).bytes(), sheet.bytes(65)].concat();
        let ack = [head(ACK).bytes(), vec![1], sheet.bytes(24)].concat();
        let nack = [head(NACK).bytes(), sheet.bytes(8), vec![number], vec![0; 4]].concat();
        let passed = frame(4, &sheet.bytes(8));
        let reach = frame(6, &[sheet.bytes(8), vec![number, 1]].concat());
        for (comment, rule, input, drop) in [
            ("a RESP", "SES-15", enveloped(&resp), RESP_UNKNOWN),
            ("an ACK", "ENV-21", enveloped(&ack), ACK_UNKNOWN),
            ("a NACK", "RTE-37", enveloped(&nack), NACK_UNKNOWN),
            ("a PASSED", "LNK-21", of(&passed), RECEIPT_UNKNOWN),
            ("a REACH!", "LNK-25", of(&reach), REACH_UNKNOWN),
        ] {
            sheet.at("drops.md#answers", &[rule]);
            let story = Story::new(sheet, Profile::Leaf)?;
            dropped(
                sheet,
                story,
                &format!("{comment} to nothing, {number}"),
                "Answer",
                input,
                drop,
            )?;
        }
    }
    Ok(())
}

fn links(sheet: &mut Sheet) -> anyhow::Result<()> {
    let ping = hex(&frame(8, &[7, 0]));
    for (comment, input) in [
        (
            "a datagram",
            json!({ "is": "datagram", "link": 9, "bytes": ping }),
        ),
        (
            "another datagram",
            json!({ "is": "datagram", "link": 0, "bytes": ping }),
        ),
        (
            "a datagram of no frames",
            json!({ "is": "datagram", "link": 77, "bytes": "" }),
        ),
    ] {
        sheet.at("conformance.md#step", &["DRV-23"]);
        let story = Story::new(sheet, Profile::Leaf)?;
        let comment = format!("{comment} of a link that is not up");
        dropped(sheet, story, &comment, "Link", input, UNKNOWN_LINK)?;
    }
    Ok(())
}

fn ways(sheet: &mut Sheet) -> anyhow::Result<()> {
    for number in 1..=3_u8 {
        let story = Story::new(sheet, Profile::Relay)?;
        let (_, seal) = story.seal(sheet, UNIX + 600, &[0x81, number], None)?;
        let mut lost = flipped(&seal, 2, 8);
        // For somebody else, and with no hop left.
        for (byte, bits) in lost.iter_mut().skip(7).zip(story.handle) {
            *byte ^= bits ^ 0x55;
        }
        sheet.at("routing.md#forwarding", &["RTE-5"]);
        let comment = format!("an envelope for somebody else with no hop left, {number}");
        dropped(sheet, story, &comment, "Way", enveloped(&lost), NO_HOPS)?;
    }
    Ok(())
}
