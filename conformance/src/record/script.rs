//! One node of the reference among neighbours made by hand: each story says what it has to put out.

use anyhow::{Context, bail, ensure};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use serde_json::{Map, Value, json};
use tom_port::Port;

use super::craft::Peer;
use super::made::{bodies, envelopes, frame, framed, hex};
use crate::cases::request;
use crate::profile::Profile;
use crate::transcript::{Outputs, Seat, Step, Stepped, Transcript, step};

/// Wall time at the start.
pub(super) const UNIX: u32 = 1_800_000_000;
pub(super) const START: u64 = 1_000;

/// A node and its course.
pub(super) struct Script {
    port: Port,
    profile: Profile,
    pub(super) pk: String,
    reset: Map<String, Value>,
    pub(super) now: u64,
    steps: Vec<Step>,
    rng: ChaCha8Rng,
    /// What the last step came to.
    pub(super) out: Outputs,
    pub(super) drops: Vec<u8>,
    wake: Option<u64>,
}

impl Script {
    /// A node. `settings` may have `unix` (or null), `limits`, `maxEnvelope`.
    pub(super) fn new(name: &str, profile: Profile, settings: &Value) -> anyhow::Result<Self> {
        let mut seed = [0xA5; 32];
        for (to, from) in seed.iter_mut().zip(name.bytes()) {
            *to = from;
        }
        let mut rng = ChaCha8Rng::from_seed(seed);
        let mut identity = [0; 32];
        rng.fill_bytes(&mut identity);
        let unix = settings.get("unix").cloned().unwrap_or(UNIX.into());
        let config = json!({
            "skew": 300, "durable": false, "maxEnvelope": settings["maxEnvelope"],
            "limits": settings.get("limits").cloned().unwrap_or_else(|| json!({})),
        });
        let reset = json!({
            "profile": profile, "seed": hex(&identity), "now": START, "unix": unix, "config": config,
        });
        let reset = reset.as_object().cloned().unwrap_or_default();
        let mut port = Port::default();
        let Ok(reply) = port.ask(&request("reset", &Value::Object(reset.clone())));
        Ok(Self {
            pk: reply["pk"].as_str().context("no reset")?.to_owned(),
            port,
            profile,
            reset,
            now: START,
            steps: Vec::new(),
            rng,
            out: Outputs::default(),
            drops: Vec::new(),
            wake: None,
        })
    }

    pub(super) fn bytes(&mut self, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        self.rng.fill_bytes(&mut bytes);
        bytes
    }

    /// What a function of the book says of this.
    pub(super) fn is(&mut self, what: &str, ask: &Value) -> anyhow::Result<Value> {
        let mut fields = request("inspect", ask);
        fields.insert("what".to_owned(), what.into());
        let Ok(reply) = self.port.ask(&fields);
        ensure!(!reply["is"].is_null(), "{what} {ask} gives {reply}");
        Ok(reply["is"].clone())
    }

    fn entropy(&mut self) -> Value {
        let mut list = |count: usize, len| {
            (0..count)
                .map(|_| hex(&self.bytes(len)))
                .collect::<Vec<_>>()
        };
        let (e, sid, id, nonce) = (list(2, 32), list(2, 4), list(1, 16), list(3, 4));
        json!({ "e": e, "sid": sid, "id": id, "nonce": nonce })
    }

    /// One input, now.
    pub(super) fn input(&mut self, input: Value) -> anyhow::Result<()> {
        let entropy = self.entropy();
        self.input_with(input, entropy)
    }

    pub(super) fn input_with(&mut self, input: Value, entropy: Value) -> anyhow::Result<()> {
        let Ok(done) = step(&mut self.port, self.now, &entropy, &input) else {
            bail!("{input}: no ordinary answer");
        };
        let Stepped {
            out, drops, wake, ..
        } = done;
        (self.out, self.drops, self.wake) = (out.clone(), drops.clone(), wake);
        let now = self.now;
        self.steps.push(Step {
            now,
            entropy,
            input: Some(input),
            unix: None,
            out,
            drops,
        });
        Ok(())
    }

    /// Time passes, and what is due then runs then. Says what was put out meanwhile.
    pub(super) fn run(&mut self, ms: u64) -> anyhow::Result<Vec<(u64, Outputs)>> {
        let end = self.now + ms;
        let mut all = Vec::new();
        while let Some(wake) = self.wake.filter(|wake| *wake <= end) {
            let before = self.now;
            self.now = before.max(wake);
            self.input(json!({ "is": "tick" }))?;
            let last = self.steps.pop().filter(|_| !self.quiet());
            // Housekeeping that nobody sees is no part of the course.
            let Some(last) = last else { continue };
            if before + 1 < last.now {
                // A moment before it was not due yet.
                let quiet = Step {
                    now: last.now - 1,
                    entropy: self.entropy(),
                    out: Outputs::default(),
                    drops: Vec::new(),
                    ..last.clone()
                };
                self.steps.push(quiet);
            }
            all.push((self.now, self.out.clone()));
            self.steps.push(last);
        }
        self.now = end;
        self.input(json!({ "is": "tick" }))?;
        Ok(all)
    }

    pub(super) fn datagram(&mut self, link: u32, bytes: &[u8]) -> anyhow::Result<()> {
        self.now += 1;
        self.input(json!({ "is": "datagram", "link": link, "bytes": hex(bytes) }))
    }

    /// An envelope over a link.
    pub(super) fn arrives(&mut self, link: u32, envelope: &[u8]) -> anyhow::Result<()> {
        self.datagram(link, &framed(envelope))
    }

    /// A link, still without its HELLO.
    pub(super) fn link(&mut self, link: u32, peer: &Peer, dialed: bool) -> anyhow::Result<()> {
        self.now += 1;
        let pk = peer.pk.clone();
        self.input(json!({
            "is": "up", "link": link, "pk": pk, "mtu": 1_200, "maxFrame": 65_538, "dialed": dialed,
        }))
    }

    /// A link whose neighbour said HELLO: profile and longest frame.
    pub(super) fn up_as(
        &mut self,
        link: u32,
        peer: &Peer,
        profile: u8,
        longest: u32,
    ) -> anyhow::Result<()> {
        self.link(link, peer, false)?;
        self.hello(link, profile, longest)
    }

    /// A link to a full node.
    pub(super) fn up(&mut self, link: u32, peer: &Peer) -> anyhow::Result<()> {
        self.up_as(link, peer, 3, 65_538)
    }

    pub(super) fn hello(&mut self, link: u32, profile: u8, longest: u32) -> anyhow::Result<()> {
        let mut body = vec![1, profile];
        let mut left = longest;
        while left > 0x7F {
            body.push((left & 0x7F) as u8 | 0x80);
            left >>= 7;
        }
        body.extend([left as u8, 0, 0]);
        self.datagram(link, &frame(1, &body))
    }

    pub(super) fn send(&mut self, to: &Peer, payload: &[u8]) -> anyhow::Result<()> {
        self.now += 1;
        let send = json!({
            "is": "send", "to": to.pk, "payload": hex(payload), "lifetime": null, "class": 2,
        });
        self.input(send)
    }

    pub(super) fn taken(&mut self, from: &Peer, message: &[u8]) -> anyhow::Result<()> {
        self.now += 1;
        self.input(json!({ "is": "taken", "from": from.pk, "message": hex(message) }))
    }

    /// The envelopes of a kind that the last step put out over a link.
    pub(super) fn sent(&self, link: u32, kind: u8) -> Vec<Vec<u8>> {
        envelopes(&self.out, link, kind)
    }

    /// The bodies of frames of a type that the last step put out over a link.
    pub(super) fn frames(&self, link: u32, ftype: u8) -> Vec<Vec<u8>> {
        bodies(&self.out, link, ftype)
    }

    /// Whether the last step put out an event of this kind.
    pub(super) fn has(&self, is: &str) -> bool {
        self.out.events.iter().any(|it| it["is"] == is)
    }

    /// Whether it put out this state of a message.
    pub(super) fn says(&self, state: &str) -> bool {
        self.out.events.iter().any(|it| it["state"] == state)
    }

    /// Nothing was put out and nothing dropped.
    pub(super) fn quiet(&self) -> bool {
        self.out == Outputs::default() && self.drops.is_empty()
    }

    /// The course so far as a story, without what came of it.
    pub(super) fn story(&self) -> Value {
        let steps = self
            .steps
            .iter()
            .map(|step| json!({ "now": step.now, "entropy": step.entropy, "in": step.input }));
        json!({ "reset": self.reset, "steps": steps.collect::<Vec<_>>() })
    }

    pub(super) fn transcript(mut self, name: &str, place: &str, rules: &[&str]) -> Transcript {
        let Ok(tables) = self
            .port
            .ask(&request("inspect", &json!({ "what": "node" })));
        let watched = ["outbox", "inbox", "forwards"];
        let end = watched
            .iter()
            .map(|it| ((*it).to_owned(), tables["is"][*it].clone()));
        Transcript {
            name: name.replace('-', " "),
            seat: "node".to_owned(),
            spec_ref: place.to_owned(),
            rules: rules.iter().map(|rule| (*rule).to_owned()).collect(),
            profile: self.profile,
            reset: self.reset,
            taken: self
                .steps
                .iter()
                .flat_map(|it| it.out.taken.clone())
                .collect(),
            steps: self.steps,
            end: end.collect(),
        }
    }
}
