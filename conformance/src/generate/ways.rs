//! Stories of relays: answers over a link they may not come over, and copies too long for the next link.

use anyhow::Context;
use serde_json::json;

use super::build::{NACK, RESP, TOO_BIG, hex};
use super::node::{Story, UNIX, dropped, enveloped, unhex};
use super::replies::answer;
use super::scene::{framed, over, towards};
use super::sheet::Sheet;
use crate::profile::Profile;

const WRONG_LINK: u8 = 28;
const NACK_LIMITED: u8 = 68;

/// A relay that has handed on a copy from link 1 to link 2; link 3 is beside.
struct Handed {
    story: Story,
    copy: Vec<u8>,
    reference: Vec<u8>,
}

fn handed(sheet: &mut Sheet) -> anyhow::Result<Handed> {
    let mut story = Story::new(sheet, Profile::Relay)?;
    let far = story.joined(sheet, 2, 65_538)?;
    story.joined(sheet, 3, 65_538)?;
    let copy = towards(sheet, &far.handle)?;
    story.then(sheet, enveloped(&copy));
    let fields = sheet.is("envelope", &json!({ "bytes": hex(&copy) }))?;
    let id = unhex(&fields["msgId"])?;
    let reference = id.get(..8).context("a short id")?.to_vec();
    Ok(Handed {
        story,
        copy,
        reference,
    })
}

pub(super) fn stories(sheet: &mut Sheet) -> anyhow::Result<()> {
    for (number, link) in [(1, 1), (2, 3), (3, 3)] {
        sheet.at("routing.md#return-routes", &["RTE-10"]);
        let mut made = handed(sheet)?;
        if number == 3 {
            // The second attempt goes over link 2 as well: it is the recipient's.
            let again = super::build::flipped(&made.copy, 2, 0x10);
            made.story.then(sheet, enveloped(&again));
        }
        let rest = sheet.bytes(4 + 53);
        let resp = answer(RESP, UNIX + 600, &[made.reference, rest].concat());
        let comment = format!("a RESP over link {link}, the copy having left over 2, {number}");
        let input = over(link, &framed(&resp));
        dropped(sheet, made.story, &comment, "WrongLink", input, WRONG_LINK)?;
    }
    for code in [1_u8, 3, 4] {
        sheet.at("routing.md#return-routes", &["RTE-10", "RTE-35"]);
        let mut made = handed(sheet)?;
        let body = [&made.reference[..], &[code], &[0; 4]].concat();
        let nack = over(2, &framed(&answer(NACK, UNIX + 600, &body)));
        made.story.then(sheet, nack.clone());
        let comment = format!("a second NACK of code {code} for one copy");
        dropped(sheet, made.story, &comment, "TooSoon", nack, NACK_LIMITED)?;
    }
    for (number, longer) in [(1, 1), (2, 300), (3, 20_000)] {
        sheet.at("envelope.md#header", &["ENV-8"]);
        let mut story = Story::new(sheet, Profile::Full)?;
        let far = story.joined(sheet, 2, 1_255)?;
        let mut copy = towards(sheet, &far.handle)?;
        copy.resize(1_250 + longer, 0x33);
        let comment = format!("a copy longer than the next link carries, {number}");
        dropped(sheet, story, &comment, "TooLong", enveloped(&copy), TOO_BIG)?;
    }
    Ok(())
}
