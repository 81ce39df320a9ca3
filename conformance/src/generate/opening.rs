//! Stories of nodes to which something sealed comes that does not open, or came before.

use anyhow::Context;
use data_encoding::HEXLOWER;
use serde_json::{Value, json};

use super::build::{
    BAD_COMMIT, BAD_CONTENT, BAD_SEAL, BAD_TAG, TOO_FAR_AHEAD, UNKNOWN_CONTENT, WEAK_KEY, flipped,
    hex,
};
use super::node::{Story, UNIX, dropped, enveloped, unhex};
use super::sheet::Sheet;
use crate::profile::Profile;

const UNKNOWN_SESSION: u8 = 43;
const REPLAY: u8 = 44;
const UNKNOWN_KID: u8 = 51;
const ALREADY_OPENED: u8 = 53;

pub(super) fn opening(sheet: &mut Sheet) -> anyhow::Result<()> {
    const GOOD: [u8; 4] = [0x81, 1, 2, 3];
    // Where the parts of a SEAL with a commitment begin.
    const KID: usize = 15;
    const COMMIT: usize = 16;
    const E: usize = 24;
    const S: usize = 56;
    const PAYLOAD: usize = 104;
    for (comment, rule, places, bits, drop) in [
        ("its static key changed", "SES-4", vec![S + 3], 1, BAD_SEAL),
        (
            "its payload changed",
            "SES-4",
            vec![PAYLOAD],
            0x80,
            BAD_SEAL,
        ),
        ("its ephemeral changed", "SES-4", vec![E + 7], 4, BAD_SEAL),
        (
            "its commitment changed in front",
            "ENV-20",
            vec![COMMIT],
            1,
            BAD_COMMIT,
        ),
        (
            "its commitment changed behind",
            "ENV-20",
            vec![COMMIT + 7],
            0x40,
            BAD_COMMIT,
        ),
        (
            "its commitment changed all over",
            "ENV-20",
            (COMMIT..E).collect(),
            0xFF,
            BAD_COMMIT,
        ),
        ("to kid 1", "ENV-10", vec![KID], 1, UNKNOWN_KID),
        ("to kid 128", "ENV-10", vec![KID], 128, UNKNOWN_KID),
        ("to kid 255", "ENV-10", vec![KID], 255, UNKNOWN_KID),
    ] {
        sheet.at("session.md#opening", &["SES-6", rule]);
        let story = Story::new(sheet, Profile::Leaf)?;
        let (_, mut seal) = story.seal(sheet, UNIX + 600, &GOOD, None)?;
        for place in places {
            seal = flipped(&seal, place, bits);
        }
        dropped(
            sheet,
            story,
            &format!("a SEAL, {comment}"),
            "Opening",
            enveloped(&seal),
            drop,
        )?;
    }
    for (comment, weak) in [("zero", 0_u8), ("one", 1)] {
        sheet.at("session.md#opening", &["SES-4"]);
        let story = Story::new(sheet, Profile::Leaf)?;
        let (_, mut seal) = story.seal(sheet, UNIX + 600, &GOOD, None)?;
        seal[E..S].fill(0);
        seal[E] = weak;
        let comment = format!("a SEAL whose ephemeral is {comment}");
        dropped(
            sheet,
            story,
            &comment,
            "Opening",
            enveloped(&seal),
            WEAK_KEY,
        )?;
    }
    for (comment, rule, content, drop) in [
        ("READ of nothing", "CNT-1", vec![0x82], BAD_CONTENT),
        (
            "READ of 7 bytes",
            "CNT-1",
            vec![0x82, 1, 2, 3, 4, 5, 6, 7],
            BAD_CONTENT,
        ),
        (
            "an orig that is cut",
            "CNT-1",
            vec![0xC1, 1, 2, 3],
            BAD_CONTENT,
        ),
        ("type 4", "CNT-2", vec![0x84, 1], UNKNOWN_CONTENT),
        ("type 5", "CNT-2", vec![0x05], UNKNOWN_CONTENT),
        ("type 63", "CNT-2", vec![0xBF, 9, 9], UNKNOWN_CONTENT),
    ] {
        sheet.at("content.md#content", &[rule]);
        let story = Story::new(sheet, Profile::Leaf)?;
        let (_, seal) = story.seal(sheet, UNIX + 600, &content, None)?;
        dropped(
            sheet,
            story,
            &format!("a SEAL with {comment}"),
            "Content",
            enveloped(&seal),
            drop,
        )?;
    }
    for (comment, attempt, pause) in [
        ("at once", 0_u8, 0_u64),
        ("as a second attempt", 1, 0),
        ("after an hour", 2, 3_600_000),
    ] {
        sheet.at("session.md#opening", &["SES-7"]);
        let mut story = Story::new(sheet, Profile::Leaf)?;
        // Asks for no ACK, so nothing waits for the application's word.
        let (_, seal) = story.seal(sheet, UNIX + 86_000, &[0x01, 7], None)?;
        story.then(sheet, enveloped(&seal));
        story.now += pause;
        let again = flipped(&seal, 2, attempt << 4);
        let comment = format!("a SEAL once more, {comment}");
        dropped(
            sheet,
            story,
            &comment,
            "Twice",
            enveloped(&again),
            ALREADY_OPENED,
        )?;
    }
    Ok(())
}

/// A story in which the neighbour has opened a session with this node; what it sends in it.
pub(super) struct InSession {
    pub(super) story: Story,
    key: Value,
    root: Value,
    sid: Value,
}

pub(super) fn in_session(sheet: &mut Sheet, mut story: Story) -> anyhow::Result<InSession> {
    let offered = sheet.array();
    let (asked, seal) = story.seal(sheet, UNIX + 86_000, &[0x01, 1], Some(offered))?;
    story.then(sheet, enveloped(&seal));
    let last = sheet.play(&story.ask())?;
    let out = last["out"].as_array().context("no outputs")?;
    let resp = out
        .iter()
        .filter_map(|output| output["bytes"].as_str())
        .filter_map(|bytes| HEXLOWER.decode(bytes.as_bytes()).ok())
        .find(|bytes| bytes.first() == Some(&2) && bytes.get(5) == Some(&0x12))
        .context("no RESP")?;
    let resp = resp.get(5..85).context("a short RESP")?;
    let ask = json!({
        "seed": asked["seed"], "to": asked["to"], "ephemeral": asked["ephemeral"],
        "seal": hex(&seal), "bytes": hex(resp),
    });
    let keys = sheet.is("answered", &ask)?;
    Ok(InSession {
        story,
        key: keys["kI2r"].clone(),
        root: keys["ackRoot"].clone(),
        sid: keys["payload"]["sid"].clone(),
    })
}

impl InSession {
    /// The DATA of this counter, which ends in ten minutes.
    pub(super) fn data(
        &self,
        sheet: &mut Sheet,
        n: u32,
        content: &[u8],
    ) -> anyhow::Result<Vec<u8>> {
        self.data_until(sheet, n, content, UNIX + 600)
    }

    pub(super) fn data_until(
        &self,
        sheet: &mut Sheet,
        n: u32,
        content: &[u8],
        expiry: u32,
    ) -> anyhow::Result<Vec<u8>> {
        let ask = json!({
            "key": self.key, "ackRoot": self.root, "dir": 0, "to": self.story.me, "n": n,
            "sid": self.sid, "class": 2, "trace": false, "prove": true, "expiry": expiry,
            "hop": 8, "attempt": 0, "content": hex(content),
        });
        unhex(&sheet.is("data", &ask)?["bytes"])
    }
}

pub(super) fn sessions(sheet: &mut Sheet) -> anyhow::Result<()> {
    // What is sealed, and the tag; then n and the commitment: that is an envelope of another session.
    for (number, place, bits, drop) in [
        (1, 29_usize, 2_u8, BAD_TAG),
        (2, 40, 0x10, BAD_TAG),
        (3, 31, 0x80, BAD_TAG),
        (4, 19, 1, UNKNOWN_SESSION),
        (5, 21, 4, UNKNOWN_SESSION),
        (6, 28, 0x40, UNKNOWN_SESSION),
    ] {
        let story = Story::new(sheet, Profile::Leaf)?;
        let mut place_in = in_session(sheet, story)?;
        // The first DATA confirms the session: from then on what fails is a tampered message.
        let first = place_in.data(sheet, 0, &[0x01, 5])?;
        place_in.story.then(sheet, enveloped(&first));
        let next = place_in.data(sheet, 4, &[0x01, 6, 7, 8, 9, 10, 11])?;
        if drop == BAD_TAG {
            sheet.at("session.md#receiving-window", &["SES-24", "SES-26"]);
        } else {
            sheet.at("session.md#no_key", &["SES-31"]);
        }
        let comment = format!("a DATA that was changed, {number}");
        let input = enveloped(&flipped(&next, place, bits));
        dropped(sheet, place_in.story, &comment, "Session", input, drop)?;
    }
    for n in [0_u32, 3, 70] {
        let story = Story::new(sheet, Profile::Leaf)?;
        let mut place_in = in_session(sheet, story)?;
        let data = place_in.data(sheet, n, &[0x01, 5])?;
        place_in.story.then(sheet, enveloped(&data));
        sheet.at("session.md#receiving-window", &["SES-23"]);
        let comment = format!("the DATA of n = {n} twice");
        let input = enveloped(&flipped(&data, 2, 0x10));
        dropped(sheet, place_in.story, &comment, "Twice", input, REPLAY)?;
    }
    for n in [17 * 64_u32, 20 * 64 + 5, 32_000] {
        let story = Story::new(sheet, Profile::Leaf)?;
        let mut place_in = in_session(sheet, story)?;
        let first = place_in.data(sheet, 0, &[0x01, 5])?;
        place_in.story.then(sheet, enveloped(&first));
        let far = place_in.data(sheet, n, &[0x01, 6])?;
        sheet.at("session.md#receiving-window", &["SES-23"]);
        let comment = format!("the DATA of n = {n} after that of 0");
        dropped(
            sheet,
            place_in.story,
            &comment,
            "Session",
            enveloped(&far),
            TOO_FAR_AHEAD,
        )?;
    }
    for number in 1..=3 {
        let story = Story::new(sheet, Profile::Leaf)?;
        let place_in = in_session(sheet, story)?;
        let data = place_in.data(sheet, 0, &[0x01, 5])?;
        let input = enveloped(&flipped(&data, 14 + number, 0x11));
        sheet.at("session.md#no_key", &["SES-31"]);
        let comment = format!("a DATA of another session, {number}");
        dropped(
            sheet,
            place_in.story,
            &comment,
            "Session",
            input,
            UNKNOWN_SESSION,
        )?;
    }
    Ok(())
}
