//! The applications beside the nodes: what they send and take, and what they saw.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use data_encoding::HEXLOWER;
use serde_json::{Value, json};

use super::Village;

/// A message as both ends know it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::record) struct Letter {
    pub(in crate::record) from: String,
    pub(in crate::record) to: String,
    pub(in crate::record) payload: String,
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

impl Village {
    /// A node's public key.
    pub(in crate::record) fn pk(&mut self, at: usize) -> anyhow::Result<String> {
        Ok(self.house(at)?.pk.clone())
    }

    /// Whether a node's application takes what it is given.
    pub(in crate::record) fn takes(&mut self, at: usize, takes: bool) -> anyhow::Result<()> {
        self.house(at)?.takes = takes;
        Ok(())
    }

    /// A node's application takes everything it was given, and all that comes.
    pub(in crate::record) fn take(&mut self, at: usize) -> anyhow::Result<()> {
        self.takes(at, true)?;
        let seen = self.house(at)?.seen.clone();
        for given in seen.iter().filter(|it| it["is"] == "deliver") {
            let taken =
                json!({ "is": "taken", "from": given["from"], "message": given["message"] });
            self.input(at, taken)?;
        }
        Ok(())
    }

    /// An application wants to send, and may be refused. Answers with the message's id.
    pub(in crate::record) fn try_send(
        &mut self,
        from: usize,
        to: usize,
        payload: &[u8],
        lifetime: Option<u64>,
    ) -> anyhow::Result<Option<String>> {
        let pk = self.house(to)?.pk.clone();
        let send = json!({
            "is": "send", "to": pk, "payload": HEXLOWER.encode(payload), "lifetime": lifetime, "class": 2,
        });
        let reply = self.input(from, send)?;
        Ok(reply["message"].as_str().map(str::to_owned))
    }

    /// An application sends. Answers with the message's id.
    pub(in crate::record) fn send(
        &mut self,
        from: usize,
        to: usize,
        payload: &[u8],
        lifetime: Option<u64>,
    ) -> anyhow::Result<String> {
        let id = self.try_send(from, to, payload, lifetime)?;
        id.context("the message was refused")
    }

    /// An application sends with a priority of its own.
    pub(in crate::record) fn send_as(
        &mut self,
        (from, to): (usize, usize),
        payload: &[u8],
        class: u8,
    ) -> anyhow::Result<()> {
        let pk = self.house(to)?.pk.clone();
        let send = json!({
            "is": "send", "to": pk, "payload": HEXLOWER.encode(payload), "lifetime": null, "class": class,
        });
        self.input(from, send)?;
        Ok(())
    }

    /// An application shows what it was given last, if anything.
    pub(in crate::record) fn read(&mut self, at: usize) -> anyhow::Result<()> {
        let seen = self.house(at)?.seen.iter().rev();
        let last = seen.clone().find(|it| it["is"] == "deliver").cloned();
        let Some(last) = last else {
            return Ok(());
        };
        let read = json!({ "is": "read", "from": last["from"], "message": last["message"] });
        self.input(at, read)?;
        Ok(())
    }

    /// A node's wall clock is set.
    pub(in crate::record) fn clock(&mut self, at: usize, unix: u64) -> anyhow::Result<()> {
        self.input(at, json!({ "is": "clock", "unix": unix }))?;
        Ok(())
    }

    /// The states a message went through at its sender.
    pub(in crate::record) fn states(
        &mut self,
        at: usize,
        message: &str,
    ) -> anyhow::Result<Vec<String>> {
        let seen = self.house(at)?.seen.iter();
        let states = seen.filter(|it| it["is"] == "state" && it["message"] == message);
        Ok(states
            .filter_map(|it| it["state"].as_str().map(str::to_owned))
            .collect())
    }

    /// How many messages an application was given.
    pub(in crate::record) fn delivered(&mut self, at: usize) -> anyhow::Result<usize> {
        self.saw(at, "deliver")
    }

    /// How often a node put out something of this kind.
    pub(in crate::record) fn saw(&mut self, at: usize, is: &str) -> anyhow::Result<usize> {
        let seen = self.house(at)?.seen.iter();
        Ok(seen.filter(|it| it["is"] == is).count())
    }

    /// How often a node counted a drop under this number.
    pub(in crate::record) fn dropped(&mut self, at: usize, number: u8) -> anyhow::Result<usize> {
        let drops = self.house(at)?.steps.iter().flat_map(|step| &step.drops);
        Ok(drops.filter(|it| **it == number).count())
    }

    /// The messages a node's application took.
    pub(in crate::record) fn taken(&mut self, at: usize) -> anyhow::Result<Vec<Letter>> {
        let house = self.house(at)?;
        let inputs = house.steps.iter().filter_map(|step| step.input.as_ref());
        let taken: BTreeSet<(String, String)> = inputs
            .filter(|it| it["is"] == "taken")
            .map(|it| (text(&it["from"]), text(&it["message"])))
            .collect();
        let given: BTreeMap<(String, String), String> = house
            .seen
            .iter()
            .filter(|it| it["is"] == "deliver")
            .map(|it| {
                let id = (text(&it["from"]), text(&it["message"]));
                (id, text(&it["payload"]))
            })
            .collect();
        let letters = given.into_iter().filter(|(id, _)| taken.contains(id));
        Ok(letters
            .map(|((from, _), payload)| Letter {
                from,
                to: house.pk.clone(),
                payload,
            })
            .collect())
    }

    /// The messages of a node's application that the node says are delivered.
    pub(in crate::record) fn proven(&mut self, at: usize) -> anyhow::Result<Vec<Letter>> {
        let house = self.house(at)?;
        let proven: BTreeSet<String> = house
            .seen
            .iter()
            .filter(|it| it["is"] == "state" && it["state"] == "delivered")
            .map(|it| text(&it["message"]))
            .collect();
        let sent = house.steps.iter().filter_map(|step| {
            let input = step.input.as_ref().filter(|it| it["is"] == "send")?;
            let accepted = step.out.events.iter().find(|it| it["is"] == "accepted")?;
            proven
                .contains(&text(&accepted["message"]))
                .then(|| Letter {
                    from: house.pk.clone(),
                    to: text(&input["to"]),
                    payload: text(&input["payload"]),
                })
        });
        Ok(sent.collect())
    }

    /// Everything a node put out for its application and driver, in order.
    pub(in crate::record) fn seen(&mut self, at: usize) -> anyhow::Result<&[Value]> {
        Ok(&self.house(at)?.seen)
    }
}
