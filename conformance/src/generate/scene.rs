//! More of a story: other neighbours, small tables, several frames at once, and ends that are no drop.

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use super::build::{frame, hex};
use super::node::{Story, UNIX, of, unhex};
use super::replies::foreign;
use super::sheet::Sheet;
use crate::cases::Expected;

/// Another neighbour.
pub(super) struct Neighbour {
    pub(super) pk: Value,
    pub(super) handle: Vec<u8>,
}

/// A SEAL in the shortest form: to anybody, and opened by nobody.
pub(super) const SHORTEST_SEAL: usize = 15 + 1 + 98;

/// An envelope in its frame.
pub(super) fn framed(envelope: &[u8]) -> Vec<u8> {
    let len = u16::try_from(envelope.len()).unwrap_or(u16::MAX);
    frame(2, &[&len.to_le_bytes()[..], envelope].concat())
}

/// Envelopes in one datagram over link 1.
pub(super) fn together(envelopes: &[Vec<u8>]) -> Value {
    let frames: Vec<Vec<u8>> = envelopes.iter().map(|one| framed(one)).collect();
    of(&frames.concat())
}

/// A datagram over another link.
pub(super) fn over(link: u32, bytes: &[u8]) -> Value {
    json!({ "is": "datagram", "link": link, "bytes": hex(bytes) })
}

/// A stranger's key.
pub(super) fn stranger(sheet: &mut Sheet) -> anyhow::Result<Neighbour> {
    let seed = sheet.bytes(32);
    let is = sheet.is("identity", &json!({ "seed": hex(&seed) }))?;
    let handle = unhex(&is["handle"])?;
    let pk = is["pk"].clone();
    Ok(Neighbour { pk, handle })
}

/// A DATA on its way to this handle.
pub(super) fn towards(sheet: &mut Sheet, handle: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut envelope = foreign(sheet);
    let dst = envelope.get_mut(7..15).context("a short head")?;
    dst.copy_from_slice(handle);
    Ok(envelope)
}

impl Story {
    /// The node has tables of these capacities.
    pub(super) fn limited(mut self, limits: Value) -> Self {
        self.reset["config"]["limits"] = limits;
        self
    }

    /// Another neighbour that forwards has just said HELLO; its frames may be this long.
    pub(super) fn joined(
        &mut self,
        sheet: &mut Sheet,
        link: u32,
        longest: u32,
    ) -> anyhow::Result<Neighbour> {
        let other = stranger(sheet)?;
        let up = json!({
            "is": "up", "link": link, "pk": other.pk, "mtu": 1_200, "maxFrame": longest,
            "dialed": false,
        });
        self.then(sheet, up);
        let hello = [&[1, 3][..], &super::build::varint(longest), &[0, 0]].concat();
        self.then(sheet, over(link, &frame(1, &hello)));
        Ok(other)
    }

    /// A one-shot from this sender that ends in ten minutes and offers no session.
    pub(super) fn shot(
        &self,
        sheet: &mut Sheet,
        seed: &[u8],
        content: &[u8],
    ) -> anyhow::Result<Vec<u8>> {
        self.shot_until(sheet, seed, content, UNIX + 600)
    }

    pub(super) fn shot_until(
        &self,
        sheet: &mut Sheet,
        seed: &[u8],
        content: &[u8],
        expiry: u32,
    ) -> anyhow::Result<Vec<u8>> {
        let fields = json!({
            "sid": null, "persists": false, "window": 128, "maxEnvelope": 1_200,
            "content": hex(content),
        });
        let ask = json!({
            "seed": hex(seed), "to": self.me, "ephemeral": hex(&sheet.bytes(32)), "class": 2,
            "trace": false, "prove": true, "expiry": expiry, "hop": 8, "attempt": 0,
            "fields": fields,
        });
        unhex(&sheet.is("seal", &ask)?["bytes"])
    }

    /// A tick at the moment of the last step, with the same entropy: what is drawn in either of the two
    /// is the same.
    pub(super) fn tick_again(&mut self) {
        if let Some(last) = self.steps.last() {
            let mut tick = last.clone();
            tick["in"] = json!({ "is": "tick" });
            self.steps.push(tick);
        }
    }

    /// The frames of envelopes that the node put out over link 1 in its last step.
    pub(super) fn put_out(&self, sheet: &mut Sheet) -> anyhow::Result<Vec<Vec<u8>>> {
        let last = sheet.play(&self.ask())?;
        let out = last["out"].as_array().context("no outputs")?;
        let mut envelopes = Vec::new();
        for bytes in out.iter().filter(|output| output["link"] == 1) {
            let Some(bytes) = bytes["bytes"].as_str() else {
                continue;
            };
            let bytes = data_encoding::HEXLOWER.decode(bytes.as_bytes())?;
            let mut rest = bytes.as_slice();
            while let [ftype, low, high, body @ ..] = rest {
                let len = usize::from(u16::from_le_bytes([*low, *high]));
                ensure!(len <= body.len(), "a frame that is cut");
                let (inside, behind) = body.split_at(len);
                if *ftype == 2 {
                    envelopes.push(inside.get(2..).context("a short frame")?.to_vec());
                }
                rest = behind;
            }
        }
        Ok(envelopes)
    }
}

/// The last input of a story, which is used, and what is counted with it all the same.
pub(super) fn used(
    sheet: &mut Sheet,
    mut story: Story,
    comment: &str,
    flag: &str,
    input: Value,
    drops: &[u8],
) -> anyhow::Result<()> {
    story.then(sheet, input);
    let drops = if drops.is_empty() {
        Value::Null
    } else {
        json!(drops)
    };
    let expect = json!({ "verdict": "accepted", "drops": drops });
    sheet.put(comment, &[flag], Expected::Valid, story.ask(), expect)
}
