//! A few nodes, links between them, and a clock. Everything is a function of the village's name and of
//! what its nodes answer.
//!
//! | file | subject |
//! |---|---|
//! | `mod.rs` | nodes, time, what becomes of outputs |
//! | `links.rs` | links, dials, the weather |
//! | `app.rs` | applications, wall clocks, what they saw |
//! | `restart.rs` | nodes that restart |

mod app;
mod links;
mod restart;

use std::collections::BTreeMap;

use anyhow::{Context, bail, ensure};
use data_encoding::HEXLOWER;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use serde_json::{Map, Value, json};

use super::player::Player;
use crate::cases::request;
use crate::profile::Profile;
use crate::transcript::{Seat, Step, Stepped, Stuck, Transcript, drawn, step};
use links::{Link, Weather};

pub(super) use app::Letter;

/// Wall time at the start.
pub(super) const UNIX: u64 = 1_800_000_000;
/// The start of every clock.
const START: u64 = 1_000;
/// How long a packet is under way.
pub(super) const DELAY: u64 = 20;
/// How long an application takes to be safe with a message.
const TAKES: u64 = 5;

/// What a node is like.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    pub(super) profile: Profile,
    pub(super) durable: bool,
    /// Whether it is told the wall time at its start.
    pub(super) clock: bool,
    /// Capacities, where they are not a desktop's.
    pub(super) limits: &'static [(&'static str, u32)],
}

impl Kind {
    /// A volatile node with a clock and large tables.
    pub(super) const fn of(profile: Profile) -> Self {
        Self {
            profile,
            durable: false,
            clock: true,
            limits: &[],
        }
    }

    /// The same with small tables.
    pub(super) const fn small(profile: Profile, limits: &'static [(&'static str, u32)]) -> Self {
        Self {
            limits,
            ..Self::of(profile)
        }
    }
}

struct House {
    player: Player,
    profile: Profile,
    pk: String,
    reset: Map<String, Value>,
    links: Vec<Link>,
    next_link: u32,
    wake: Option<u64>,
    steps: Vec<Step>,
    takes: bool,
    restarted: bool,
    /// What its application saw.
    seen: Vec<Value>,
}

/// Nodes with links between them.
pub(super) struct Village {
    houses: Vec<House>,
    pub(super) now: u64,
    due: BTreeMap<(u64, u64), (usize, Value)>,
    number: u64,
    rng: ChaCha8Rng,
    weather: Weather,
    copies: u64,
    /// The longest frame of a link that comes up, in bytes.
    frame: u32,
    /// Whether a step's entropy is cut to what was drawn.
    cuts: bool,
    /// Whether nodes have addresses, see each other's, and reach each other when they dial.
    dials: Option<bool>,
}

fn answered<T>(done: Result<T, Stuck<crate::process::Fault>>) -> anyhow::Result<T> {
    done.map_err(|stuck| match stuck {
        Stuck::Fault(fault) => fault.into(),
        Stuck::Answer(reply) => anyhow::anyhow!("no ordinary answer: {reply}"),
    })
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
            weather: links::calm(),
            copies: 1,
            frame: 65_538,
            cuts: true,
            dials: None,
        }
    }

    /// From here on steps keep all that might have been drawn: somebody else is to walk them too.
    pub(super) const fn keep_entropy(&mut self) {
        self.cuts = false;
    }

    fn hex(&mut self, len: usize) -> String {
        let mut bytes = vec![0; len];
        self.rng.fill_bytes(&mut bytes);
        HEXLOWER.encode(&bytes)
    }

    fn entropy(&mut self) -> Value {
        // Where everything is kept, everything may be sealed again at once.
        let most = if self.cuts { 4 } else { 32 };
        let mut list = |count: usize, len| (0..count).map(|_| self.hex(len)).collect::<Vec<_>>();
        let (e, sid, id, nonce) = (list(most, 32), list(most, 4), list(2, 16), list(most, 4));
        json!({ "e": e, "sid": sid, "id": id, "nonce": nonce })
    }

    /// Wall time now, in seconds.
    const fn unix(&self) -> u64 {
        UNIX + (self.now - START) / 1_000
    }

    /// A new node of the reference.
    pub(super) fn add(&mut self, profile: Profile, durable: bool) -> anyhow::Result<usize> {
        let kind = Kind {
            durable,
            ..Kind::of(profile)
        };
        self.settle(kind)
    }

    /// A new node of the reference, of any kind.
    pub(super) fn settle(&mut self, kind: Kind) -> anyhow::Result<usize> {
        self.seat(kind, Player::reference())
    }

    /// A new node.
    pub(super) fn seat(&mut self, kind: Kind, mut player: Player) -> anyhow::Result<usize> {
        let limits: BTreeMap<&str, u32> = kind.limits.iter().copied().collect();
        let config = json!({
            "skew": 300, "durable": kind.durable, "maxEnvelope": null, "limits": limits,
        });
        let unix = kind.clock.then(|| self.unix());
        let reset = json!({
            "profile": kind.profile, "seed": self.hex(32), "now": self.now, "unix": unix,
            "config": config,
        });
        let reset = reset.as_object().cloned().unwrap_or_default();
        let reply = player.ask(&request("reset", &Value::Object(reset.clone())))?;
        let pk = reply["pk"].as_str().with_context(|| reply.to_string())?;
        self.houses.push(House {
            pk: pk.to_owned(),
            player,
            profile: kind.profile,
            reset,
            links: Vec::new(),
            next_link: 1,
            wake: None,
            steps: Vec::new(),
            takes: true,
            restarted: false,
            seen: Vec::new(),
        });
        Ok(self.houses.len() - 1)
    }

    /// Everybody goes home.
    pub(super) fn leave(self) -> impl Iterator<Item = Player> {
        self.houses.into_iter().map(|house| house.player)
    }

    fn house(&mut self, at: usize) -> anyhow::Result<&mut House> {
        self.houses.get_mut(at).context("no such house")
    }

    /// One input of one node, now.
    pub(super) fn input(&mut self, at: usize, input: Value) -> anyhow::Result<Value> {
        let (now, entropy) = (self.now, self.entropy());
        let cuts = self.cuts;
        let house = self.house(at)?;
        let done = answered(step(&mut house.player, now, &entropy, &input));
        let Stepped {
            out,
            drops,
            reply,
            wake,
            raw,
            rest,
        } = done.with_context(|| format!("node {at}, at {now} ms, {input}"))?;
        house.wake = wake;
        house.steps.push(Step {
            now,
            entropy: if cuts {
                drawn(&entropy, &rest)
            } else {
                entropy
            },
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
            Some("transmit") => self.transmit(at, output),
            Some("dial") => {
                self.house(at)?.seen.push(output.clone());
                self.dialled(at, output)
            }
            Some("close") => {
                self.house(at)?.seen.push(output.clone());
                self.closed(at, output)
            }
            Some("deliver") => {
                self.house(at)?.seen.push(output.clone());
                if self.house(at)?.takes {
                    let taken = json!({
                        "is": "taken", "from": output["from"], "message": output["message"],
                    });
                    self.later(TAKES, at, taken);
                }
                Ok(())
            }
            Some(_) | None => {
                self.house(at)?.seen.push(output.clone());
                Ok(())
            }
        }
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
                self.happen(at, input)?;
            }
        }
        bail!("no end")
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
            let tables = house
                .player
                .ask(&request("inspect", &json!({ "what": "node" })))?;
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
