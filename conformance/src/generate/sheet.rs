//! Cases as they are collected: numbered, described, and checked with the reference.

use std::collections::BTreeMap;

use anyhow::{bail, ensure};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use serde_json::{Map, Value, json};
use tom_port::Port;

use crate::cases::{Case, Expected, File, Group, story};
use crate::profile::{Addon, Profile};

/// A file on its way.
pub(super) struct Sheet {
    file: File,
    port: Port,
    rng: ChaCha8Rng,
    place: String,
    rules: Vec<String>,
}

impl Sheet {
    /// Begins a file. The name is the seed of what is drawn for it.
    pub(super) fn new(algorithm: &str, notes: &[(&str, &str)]) -> Self {
        let mut seed = [0; 32];
        for (to, from) in seed.iter_mut().zip(algorithm.bytes()) {
            *to = from;
        }
        Self {
            file: File {
                algorithm: algorithm.to_owned(),
                schema: "vectors.json".to_owned(),
                number_of_tests: 0,
                notes: notes
                    .iter()
                    .map(|(flag, note)| ((*flag).to_owned(), (*note).to_owned()))
                    .collect(),
                test_groups: Vec::new(),
            },
            port: Port::default(),
            rng: ChaCha8Rng::from_seed(seed),
            place: String::new(),
            rules: Vec::new(),
        }
    }

    /// What another flag means.
    pub(super) fn note(&mut self, flag: &str, note: &str) {
        self.file.notes.insert(flag.to_owned(), note.to_owned());
    }

    /// What is inspected from here on.
    pub(super) fn group(&mut self, what: &str) {
        self.file.test_groups.push(Group {
            kind: "inspect".to_owned(),
            what: what.to_owned(),
            profile: Profile::Codec,
            addon: None,
            tests: Vec::new(),
        });
    }

    /// The same, of an add-on.
    pub(super) fn addon(&mut self, what: &str, addon: Addon) {
        self.group(what);
        if let Some(group) = self.file.test_groups.last_mut() {
            group.addon = Some(addon);
        }
    }

    /// Stories of nodes from here on: what the last of their inputs comes to.
    pub(super) fn node(&mut self, what: &str, profile: Profile) {
        self.group(what);
        if let Some(group) = self.file.test_groups.last_mut() {
            "node".clone_into(&mut group.kind);
            group.profile = profile;
        }
    }

    /// The reference's answer to the last step of a story.
    pub(super) fn play(&mut self, ask: &Value) -> anyhow::Result<Map<String, Value>> {
        let mut last = Map::new();
        for request in story(ask)? {
            let mut line = Value::Object(request);
            line["id"] = 1.into();
            let Value::Object(reply) = self.port.answer(&line.to_string()) else {
                bail!("the reference answers nothing");
            };
            ensure!(!reply.contains_key("error"), "{line} gives {reply:?}");
            last = reply;
        }
        last.remove("id");
        Ok(last)
    }

    /// The place in the book from here on, and the rules that stand there.
    pub(super) fn at(&mut self, place: &str, rules: &[&str]) {
        place.clone_into(&mut self.place);
        self.rules = rules.iter().map(|rule| (*rule).to_owned()).collect();
    }

    pub(super) fn bytes(&mut self, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        self.rng.fill_bytes(&mut bytes);
        bytes
    }

    pub(super) fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.rng.fill_bytes(&mut bytes);
        bytes
    }

    /// From 0 to below `bound`.
    pub(super) fn below(&mut self, bound: u32) -> u32 {
        ((u64::from(self.rng.next_u32()) * u64::from(bound)) >> 32) as u32
    }

    /// The reference's answer, without its id.
    pub(super) fn answer(&mut self, ask: &Value) -> anyhow::Result<Map<String, Value>> {
        let Some(what) = self.file.test_groups.last().map(|group| group.what.clone()) else {
            bail!("no group was begun");
        };
        self.ask(&what, ask)
    }

    /// The reference's answer to another question.
    pub(super) fn ask(&mut self, what: &str, ask: &Value) -> anyhow::Result<Map<String, Value>> {
        let mut line = ask.clone();
        line["id"] = 1.into();
        line["do"] = "inspect".into();
        line["what"] = what.into();
        let Value::Object(mut reply) = self.port.answer(&line.to_string()) else {
            bail!("the reference answers nothing");
        };
        reply.remove("id");
        Ok(reply)
    }

    /// What the reference says `is`, whatever else is asked with it.
    pub(super) fn is(&mut self, what: &str, ask: &Value) -> anyhow::Result<Value> {
        let mut reply = self.ask(what, ask)?;
        match reply.remove("is") {
            Some(is) => Ok(is),
            None => bail!("{what} {ask} gives {reply:?}"),
        }
    }

    /// A case that the book accepts, with just these fields in the answer.
    pub(super) fn valid(
        &mut self,
        comment: &str,
        flags: &[&str],
        ask: Value,
        is: Value,
    ) -> anyhow::Result<()> {
        self.put(comment, flags, Expected::Valid, ask, json!({ "is": is }))
    }

    /// A case that the book accepts, whose answer only computing can tell: the reference's.
    pub(super) fn computed(
        &mut self,
        comment: &str,
        flags: &[&str],
        ask: Value,
    ) -> anyhow::Result<Value> {
        let reply = self.answer(&ask)?;
        ensure!(reply.contains_key("is"), "{comment}: {ask} gives {reply:?}");
        let is = reply["is"].clone();
        self.valid(comment, flags, ask, is.clone())?;
        Ok(is)
    }

    /// A case that the book drops under a number.
    pub(super) fn dropped(
        &mut self,
        comment: &str,
        flags: &[&str],
        ask: Value,
        drop: u8,
    ) -> anyhow::Result<()> {
        self.put(
            comment,
            flags,
            Expected::Invalid,
            ask,
            json!({ "drop": drop }),
        )
    }

    /// A case that the book refuses.
    pub(super) fn refused(
        &mut self,
        comment: &str,
        flags: &[&str],
        ask: Value,
    ) -> anyhow::Result<()> {
        self.put(
            comment,
            flags,
            Expected::Invalid,
            ask,
            json!({ "refused": true }),
        )
    }

    /// A case, once the reference says the same.
    pub(super) fn put(
        &mut self,
        comment: &str,
        flags: &[&str],
        result: Expected,
        ask: Value,
        expect: Value,
    ) -> anyhow::Result<()> {
        self.add(comment, flags, result, ask, vec![expect])
    }

    /// A case in which the book leaves a choice: what is expected, and behind it what else is allowed.
    /// The reference says one of these.
    pub(super) fn either(
        &mut self,
        comment: &str,
        flags: &[&str],
        ask: Value,
        answers: Vec<Value>,
    ) -> anyhow::Result<()> {
        self.add(comment, flags, Expected::Acceptable, ask, answers)
    }

    fn add(
        &mut self,
        comment: &str,
        flags: &[&str],
        result: Expected,
        ask: Value,
        answers: Vec<Value>,
    ) -> anyhow::Result<()> {
        let groups = &self.file.test_groups;
        let node = groups.last().is_some_and(|group| group.kind == "node");
        let reply = if node {
            self.play(&ask)?
        } else {
            self.answer(&ask)?
        };
        let Value::Object(ask) = ask else {
            bail!("{comment}: no question");
        };
        let mut allowed = Vec::new();
        for answer in answers {
            let Value::Object(answer) = answer else {
                bail!("{comment}: no answer");
            };
            allowed.push(answer);
        }
        ensure!(
            allowed.iter().any(|answer| agrees(&reply, answer, node)),
            "{comment}: the reference says {reply:?}, the builder {allowed:?}"
        );
        let what = self.file.test_groups.last().map(|group| &group.what);
        let (plain, note) = ordinary(what.map_or("", String::as_str));
        let plain = [plain];
        let flags = if flags.is_empty() {
            self.note(plain[0], note);
            &plain
        } else {
            flags
        };
        for flag in flags {
            ensure!(self.file.notes.contains_key(*flag), "{flag} has no note");
        }
        self.file.number_of_tests += 1;
        let expect = allowed.remove(0);
        let case = Case {
            tc_id: self.file.number_of_tests,
            comment: comment.to_owned(),
            spec_ref: self.place.clone(),
            rules: self.rules.clone(),
            flags: flags.iter().map(|flag| (*flag).to_owned()).collect(),
            result,
            ask,
            expect,
            also: allowed,
        };
        match self.file.test_groups.last_mut() {
            Some(group) => group.tests.push(case),
            None => bail!("no group was begun"),
        }
        Ok(())
    }

    /// The whole file.
    pub(super) fn done(mut self) -> File {
        let used: BTreeMap<String, ()> = self
            .file
            .cases()
            .flat_map(|case| case.flags.iter().cloned().map(|flag| (flag, ())))
            .collect();
        self.file.notes.retain(|flag, _| used.contains_key(flag));
        self.file
            .test_groups
            .retain(|group| !group.tests.is_empty());
        self.file
    }
}

/// The way of a case about which nothing is special.
fn ordinary(what: &str) -> (&'static str, &'static str) {
    match what {
        "encode" => (
            "Written",
            "fields as they are, and the bytes of their layout",
        ),
        "envelope" | "content" | "datagram" | "sealPayload" | "respPayload" => (
            "WellFormed",
            "bytes of a layout, with fields that are drawn or run through all there are",
        ),
        _ => ("Drawn", "nothing is special about it: its values are drawn"),
    }
}

/// Whether the reference says just this. Of a story only what the case is about is looked at, and what is
/// expected not to be there is not.
fn agrees(reply: &Map<String, Value>, answer: &Map<String, Value>, node: bool) -> bool {
    if !node {
        return reply == answer;
    }
    let mut reply = reply.clone();
    let out = reply.get_mut("out").and_then(Value::as_array_mut);
    for output in out.into_iter().flatten().filter_map(Value::as_object_mut) {
        // A number of the port's own choice.
        output.remove("ticket");
    }
    let same = |(name, value): (&String, &Value)| reply.get(name).unwrap_or(&Value::Null) == value;
    answer.iter().all(same)
}
