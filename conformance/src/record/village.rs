//! A few nodes of the reference, links between them, and a clock. Everything is a function of the
//! village's name.

use std::collections::BTreeMap;

use anyhow::{Context, bail, ensure};
use data_encoding::HEXLOWER;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use serde_json::{Map, Value, json};
use tom_port::Port;

use crate::cases::request;
use crate::profile::Profile;
use crate::transcript::{Seat, Step, Transcript};
use crate::transcript::{Stepped, restart, step};

/// Wall time at the start.
const UNIX: u64 = 1_800_000_000;
/// The start of every clock.
const START: u64 = 1_000;
/// How long a packet is under way.
const DELAY: u64 = 20;
/// How long an application takes to be safe with a message.
const TAKES: u64 = 5;

/// Whether a datagram from one node to another is lost.
type Loses = Box<dyn FnMut(usize, usize, &[u8]) -> bool>;

struct House {
    port: Port,
    profile: Profile,
    pk: String,
    reset: Map<String, Value>,
    /// Links that are up: number, the other house, its number there.
    links: Vec<(u32, usize, u32)>,
    next_link: u32,
    wake: Option<u64>,
    steps: Vec<Step>,
    takes: bool,
    /// What its application saw.
    seen: Vec<Value>,
}

/// Nodes of the reference with links between them.
pub(super) struct Village {
    houses: Vec<House>,
    pub(super) now: u64,
    due: BTreeMap<(u64, u64), (usize, Value)>,
    number: u64,
    rng: ChaCha8Rng,
    loses: Loses,
    copies: u64,
}

impl Village {
    pub(super) fn new(name: &str) -> Self {
        let mut seed = [0x5E; 32];
        for (to, from) in seed.iter_mut().zip(name.bytes()) {
            *to = from;
        }
        Self {
            houses: Vec::new(),
            now: START,
            due: BTreeMap::new(),
            number: 0,
            rng: ChaCha8Rng::from_seed(seed),
            loses: Box::new(|_, _, _| false),
            copies: 1,
        }
    }

    fn hex(&mut self, len: usize) -> String {
        let mut bytes = vec![0; len];
        self.rng.fill_bytes(&mut bytes);
        HEXLOWER.encode(&bytes)
    }

    fn entropy(&mut self) -> Value {
        let mut list = |count: usize, len| (0..count).map(|_| self.hex(len)).collect::<Vec<_>>();
        let (e, sid, id, nonce) = (list(4, 32), list(4, 4), list(2, 16), list(4, 4));
        json!({ "e": e, "sid": sid, "id": id, "nonce": nonce })
    }

    /// A new node.
    pub(super) fn add(&mut self, profile: Profile, durable: bool) -> anyhow::Result<usize> {
        let config = json!({ "skew": 300, "durable": durable, "maxEnvelope": null, "limits": {} });
        let reset = json!({
            "profile": profile, "seed": self.hex(32), "now": self.now,
            "unix": UNIX + (self.now - START) / 1_000, "config": config,
        });
        let reset = reset.as_object().cloned().unwrap_or_default();
        let mut port = Port::default();
        let Ok(reply) = port.ask(&request("reset", &Value::Object(reset.clone())));
        let pk = reply["pk"].as_str().with_context(|| reply.to_string())?;
        self.houses.push(House {
            pk: pk.to_owned(),
            port,
            profile,
            reset,
            links: Vec::new(),
            next_link: 1,
            wake: None,
            steps: Vec::new(),
            takes: true,
            seen: Vec::new(),
        });
        Ok(self.houses.len() - 1)
    }

    fn house(&mut self, at: usize) -> anyhow::Result<&mut House> {
        self.houses.get_mut(at).context("no such house")
    }

    /// A link between two nodes, up at both ends now.
    pub(super) fn join(&mut self, a: usize, b: usize) -> anyhow::Result<()> {
        let (at_a, at_b) = (self.house(a)?.next_link, self.house(b)?.next_link);
        self.house(a)?.next_link += 1;
        self.house(b)?.next_link += 1;
        self.house(a)?.links.push((at_a, b, at_b));
        self.house(b)?.links.push((at_b, a, at_a));
        for (here, there, link, dialed) in [(a, b, at_a, true), (b, a, at_b, false)] {
            let pk = self.house(there)?.pk.clone();
            let up = json!({
                "is": "up", "link": link, "pk": pk, "mtu": 1_200, "maxFrame": 65_538, "dialed": dialed,
            });
            self.input(here, up)?;
        }
        Ok(())
    }

    /// The link between two nodes is gone, at both ends.
    pub(super) fn part(&mut self, a: usize, b: usize) -> anyhow::Result<()> {
        for (here, there) in [(a, b), (b, a)] {
            let links = &mut self.house(here)?.links;
            let gone: Vec<u32> = links
                .iter()
                .filter(|it| it.1 == there)
                .map(|it| it.0)
                .collect();
            links.retain(|it| it.1 != there);
            for link in gone {
                self.input(here, json!({ "is": "down", "link": link }))?;
            }
        }
        Ok(())
    }

    /// From here on every datagram arrives twice.
    pub(super) const fn twice(&mut self) {
        self.copies = 2;
    }

    /// From here on datagrams are lost by this rule.
    pub(super) fn lose(&mut self, rule: impl FnMut(usize, usize, &[u8]) -> bool + 'static) {
        self.loses = Box::new(rule);
    }

    /// Nothing is lost any more.
    pub(super) fn lose_nothing(&mut self) {
        self.lose(|_, _, _| false);
    }

    /// Whether a node's application takes what it is given.
    pub(super) fn takes(&mut self, at: usize, takes: bool) -> anyhow::Result<()> {
        self.house(at)?.takes = takes;
        Ok(())
    }

    /// The same, also where the node refuses it.
    pub(super) fn try_send(
        &mut self,
        from: usize,
        to: usize,
        payload: &[u8],
        lifetime: Option<u64>,
    ) -> anyhow::Result<()> {
        let pk = self.house(to)?.pk.clone();
        let send = json!({
            "is": "send", "to": pk, "payload": HEXLOWER.encode(payload), "lifetime": lifetime, "class": 2,
        });
        self.input(from, send)?;
        Ok(())
    }

    /// A link between two nodes, where there is none.
    pub(super) fn join_once(&mut self, a: usize, b: usize) -> anyhow::Result<()> {
        if self.house(a)?.links.iter().any(|it| it.1 == b) {
            return Ok(());
        }
        self.join(a, b)
    }

    /// A node's application takes everything it was given, and all that comes.
    pub(super) fn take(&mut self, at: usize) -> anyhow::Result<()> {
        self.takes(at, true)?;
        let seen = self.house(at)?.seen.clone();
        for given in seen.iter().filter(|it| it["is"] == "deliver") {
            let taken =
                json!({ "is": "taken", "from": given["from"], "message": given["message"] });
            self.input(at, taken)?;
        }
        Ok(())
    }

    /// An application sends. Answers with the message's id.
    pub(super) fn send(
        &mut self,
        from: usize,
        to: usize,
        payload: &[u8],
        lifetime: Option<u64>,
    ) -> anyhow::Result<String> {
        let pk = self.house(to)?.pk.clone();
        let send = json!({
            "is": "send", "to": pk, "payload": HEXLOWER.encode(payload), "lifetime": lifetime, "class": 2,
        });
        let reply = self.input(from, send)?;
        let id = reply["message"]
            .as_str()
            .with_context(|| reply.to_string())?;
        Ok(id.to_owned())
    }

    /// An application shows what it was given last, if anything.
    pub(super) fn read(&mut self, at: usize) -> anyhow::Result<()> {
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
    pub(super) fn clock(&mut self, at: usize, unix: u64) -> anyhow::Result<()> {
        self.input(at, json!({ "is": "clock", "unix": unix }))?;
        Ok(())
    }

    /// A node restarts with what its disk holds; its links are gone at the other ends too.
    pub(super) fn restart(&mut self, at: usize) -> anyhow::Result<()> {
        let others: Vec<(usize, u32)> = self
            .house(at)?
            .links
            .drain(..)
            .map(|it| (it.1, it.2))
            .collect();
        self.due.retain(|_, (node, _)| *node != at);
        let entropy = self.entropy();
        let (now, unix) = (self.now, UNIX + (self.now - START) / 1_000);
        let house = self.house(at)?;
        house.wake = Some(now);
        let recorded = Step {
            now,
            entropy,
            input: None,
            unix: Some(unix),
            out: crate::transcript::Outputs::default(),
            drops: Vec::new(),
        };
        let reset = house.reset.clone();
        if restart(&mut house.port, &reset, &recorded).is_err() {
            bail!("no restart");
        }
        house.steps.push(recorded);
        for (other, link) in others {
            self.house(other)?.links.retain(|it| it.0 != link);
            self.input(other, json!({ "is": "down", "link": link }))?;
        }
        Ok(())
    }

    /// One input of one node, now.
    fn input(&mut self, at: usize, input: Value) -> anyhow::Result<Value> {
        let (now, entropy) = (self.now, self.entropy());
        let house = self.house(at)?;
        let done = step(&mut house.port, now, &entropy, &input);
        let Stepped {
            out,
            drops,
            reply,
            wake,
            raw,
        } = match done {
            Ok(done) => done,
            Err(_) => bail!("{input}: no ordinary answer"),
        };
        house.wake = wake;
        house.steps.push(Step {
            now,
            entropy,
            input: Some(input),
            unix: None,
            out,
            drops,
        });
        for output in raw {
            self.carry(at, &output)?;
        }
        Ok(reply)
    }

    /// What becomes of an output.
    fn carry(&mut self, at: usize, output: &Value) -> anyhow::Result<()> {
        match output["is"].as_str() {
            Some("transmit") => {
                let link = output["link"].as_u64().context("no link")?;
                let links = &self.house(at)?.links;
                let known = links.iter().find(|it| u64::from(it.0) == link).copied();
                let Some((_, other, there)) = known else {
                    return Ok(());
                };
                let bytes = output["bytes"].as_str().context("no bytes")?;
                let raw = HEXLOWER.decode(bytes.as_bytes())?;
                if !(self.loses)(at, other, &raw) {
                    let datagram = json!({ "is": "datagram", "link": there, "bytes": bytes });
                    for copy in 0..self.copies {
                        self.later(DELAY + 7 * copy, other, datagram.clone());
                    }
                }
            }
            Some("deliver") => {
                self.house(at)?.seen.push(output.clone());
                if self.house(at)?.takes {
                    let taken = json!({
                        "is": "taken", "from": output["from"], "message": output["message"],
                    });
                    self.later(TAKES, at, taken);
                }
            }
            Some(_) | None => self.house(at)?.seen.push(output.clone()),
        }
        Ok(())
    }

    fn later(&mut self, after: u64, at: usize, input: Value) {
        self.number += 1;
        self.due
            .insert((self.now + after, self.number), (at, input));
    }

    /// Time passes.
    pub(super) fn run(&mut self, ms: u64) -> anyhow::Result<()> {
        let end = self.now + ms;
        for _ in 0..20_000 {
            let event = self.due.first_key_value().map(|((at, _), _)| *at);
            let wakes = self.houses.iter().enumerate();
            let wake = wakes
                .filter_map(|(at, house)| Some((house.wake?, at)))
                .min();
            let next = [event, wake.map(|it| it.0)].into_iter().flatten().min();
            let Some(next) = next.filter(|next| *next <= end) else {
                self.now = end;
                return Ok(());
            };
            self.now = self.now.max(next);
            if let (Some((due, at)), true) =
                (wake, event.is_none_or(|it| wake.is_some_and(|w| w.0 < it)))
            {
                self.input(at, json!({ "is": "tick" }))?;
                let again = self.house(at)?.wake;
                ensure!(
                    again.is_none_or(|again| again > due),
                    "a tick at {due} changes nothing"
                );
            } else if let Some((_, (at, input))) = self.due.pop_first() {
                let up = |link: &Value| {
                    let links = self.houses.get(at).map(|house| &house.links);
                    links.is_some_and(|links| links.iter().any(|it| *link == it.0))
                };
                if input["is"] != "datagram" || up(&input["link"]) {
                    self.input(at, input)?;
                }
            }
        }
        bail!("no end")
    }

    /// The states a message went through at its sender.
    pub(super) fn states(&mut self, at: usize, message: &str) -> anyhow::Result<Vec<String>> {
        let seen = self.house(at)?.seen.iter();
        let states = seen.filter(|it| it["is"] == "state" && it["message"] == message);
        Ok(states
            .filter_map(|it| it["state"].as_str().map(str::to_owned))
            .collect())
    }

    /// How many messages an application was given.
    pub(super) fn delivered(&mut self, at: usize) -> anyhow::Result<usize> {
        let seen = self.house(at)?.seen.iter();
        Ok(seen.filter(|it| it["is"] == "deliver").count())
    }

    /// The courses of some of the nodes.
    pub(super) fn courses(
        &mut self,
        name: &str,
        (place, rules): (&str, &[&str]),
        seats: &[(usize, &str)],
    ) -> anyhow::Result<Vec<Transcript>> {
        let mut all = Vec::new();
        for (at, seat) in seats {
            let house = self.house(*at)?;
            let Ok(tables) = house
                .port
                .ask(&request("inspect", &json!({ "what": "node" })));
            let watched = ["outbox", "inbox", "forwards"];
            let end = watched
                .iter()
                .map(|name| ((*name).to_owned(), tables["is"][*name].clone()));
            all.push(Transcript {
                name: name.to_owned(),
                seat: (*seat).to_owned(),
                spec_ref: place.to_owned(),
                rules: rules.iter().map(|rule| (*rule).to_owned()).collect(),
                profile: house.profile,
                reset: house.reset.clone(),
                steps: house.steps.clone(),
                taken: house
                    .steps
                    .iter()
                    .flat_map(|step| step.out.taken.clone())
                    .collect(),
                end: end.collect(),
            });
        }
        Ok(all)
    }
}
