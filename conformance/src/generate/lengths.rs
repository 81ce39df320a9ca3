//! Stories of messages that are just short enough, or live just long enough, and of those that are not.

use serde_json::{Value, json};

use super::build::hex;
use super::edges::send;
use super::node::Story;
use super::replies::sent_by;
use super::scene::stranger;
use super::sheet::Sheet;
use crate::cases::Expected;
use crate::profile::Profile;

/// What a SEAL with a sid, a commitment and `orig` adds: 15 + 1 + 8 + 96 + 5 + 9.
const ADDED: usize = 134;
const SKEWS: [u64; 3] = [300, 1, 3_600];
const LIFE: u64 = 86_400;

pub(super) fn stories(sheet: &mut Sheet) -> anyhow::Result<()> {
    sheet.node("lengths", Profile::Leaf);
    let leaf = json!(null);
    payloads(sheet, Profile::Leaf, &leaf, 1_200)?;
    lives(sheet)?;
    sheet.node("lengths of relays", Profile::Relay);
    payloads(sheet, Profile::Relay, &leaf, 1_200)?;
    sheet.node("lengths at full nodes", Profile::Full);
    payloads(sheet, Profile::Full, &json!(4_096), 4_096)?;
    payloads(sheet, Profile::Full, &leaf, 65_533)?;
    told_by_the_peer(sheet)
}

/// The last input of a story is a command: it is accepted, or refused.
fn commanded(
    sheet: &mut Sheet,
    mut story: Story,
    comment: &str,
    flag: &str,
    command: Value,
    fine: bool,
) -> anyhow::Result<()> {
    story.then(sheet, command);
    let (result, verdict) = if fine {
        (Expected::Valid, "accepted")
    } else {
        (Expected::Invalid, "refused")
    };
    let expect = json!({ "verdict": verdict });
    sheet.put(comment, &[flag], result, story.ask(), expect)
}

fn payloads(
    sheet: &mut Sheet,
    profile: Profile,
    own: &Value,
    longest: usize,
) -> anyhow::Result<()> {
    for (len, flag, fine) in [
        (longest - ADDED, "Longest", true),
        (longest - ADDED + 1, "TooLong", false),
        (longest, "TooLong", false),
    ] {
        sheet.at("delivery.md#held-and-doubled", &["DLV-27"]);
        let mut story = Story::new(sheet, profile)?;
        story.reset["config"]["maxEnvelope"] = own.clone();
        let to = stranger(sheet)?.pk;
        let comment = format!("a payload of {len} bytes, envelopes having at most {longest}");
        commanded(sheet, story, &comment, flag, send(&to, len, None), fine)?;
    }
    Ok(())
}

fn lives(sheet: &mut Sheet) -> anyhow::Result<()> {
    for skew in SKEWS {
        let most = 1_000 * (LIFE - skew);
        for (lifetime, flag, fine) in [
            (0, "TooShort", false),
            (1, "TooShort", false),
            (999, "TooShort", false),
            (1_000, "Longest", true),
            (most, "Longest", true),
            (most + 999, "Longest", true),
            (most + 1_000, "TooLong", false),
            (1_000 * LIFE + 1_000, "TooLong", false),
        ] {
            sheet.at("delivery.md#held-and-doubled", &["DLV-27", "ENV-22"]);
            let mut story = Story::new(sheet, Profile::Leaf)?;
            story.reset["config"]["skew"] = skew.into();
            let to = stranger(sheet)?.pk;
            let comment = format!("a life of {lifetime} ms, clocks differing by {skew} s at most");
            let command = send(&to, 3, Some(lifetime));
            commanded(sheet, story, &comment, flag, command, fine)?;
        }
    }
    Ok(())
}

/// A full node whose peer said in a session that it opens 1,200 bytes and no more.
fn told_by_the_peer(sheet: &mut Sheet) -> anyhow::Result<()> {
    for (len, flag, fine) in [
        (1_200 - ADDED, "Longest", true),
        (1_200 - ADDED + 1, "TooLong", false),
    ] {
        sheet.at("delivery.md#held-and-doubled", &["DLV-27"]);
        let story = Story::new(sheet, Profile::Full)?;
        let mut made = sent_by(sheet, story)?;
        let seal = made.seal.clone();
        super::budgets::answered(sheet, &mut made.story, &seal)?;
        let peer = sheet.is("identity", &json!({ "seed": hex(&made.story.peer) }))?;
        let comment = format!("a payload of {len} bytes to a peer that opens 1,200");
        let command = send(&peer["pk"], len, None);
        commanded(sheet, made.story, &comment, flag, command, fine)?;
    }
    Ok(())
}
