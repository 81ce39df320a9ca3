//! A node in the seat: the runner owns its clock, its entropy, its links and its disk. Spec:
//! conformance, "step".

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tom_core::Node;
use tom_core::config::{Config, Profile};
use tom_core::entropy::{Draw, Named, Seed};
use tom_core::error::Drop;
use tom_core::identity::{PublicKey, SoftKeys};
use tom_core::input::{Command, Input, LinkEvent, LinkId, Send, SendResult};
use tom_core::output::{DeliveryId, Event, Output, Record, RecordKey, RecordKind, Ticket, Verdict};
use tom_core::storage::{Heap, Limits};
use tom_core::time::{Instant, Span, UnixTime};
use tom_core::wire::{Candidates, Reference};

use crate::Not;
use crate::ask::{Ask, hex, unclear};
use crate::encode::{candidate_list, candidates, class};
use crate::fields;

/// What a disk holds: by key, in the order in which the records became durable.
type Disk = Vec<(RecordKey, u32, Vec<u8>)>;

/// A node with what its driver has to know.
pub(crate) struct Seat {
    node: Node<Heap>,
    identity: [u8; 32],
    config: Config,
    limits: Limits,
    disk: Disk,
    /// Put out and not yet said to be durable.
    offered: BTreeMap<(u8, [u8; 16]), (u32, Vec<u8>)>,
    tickets: BTreeMap<(u32, u32), Ticket>,
}

impl std::fmt::Debug for Seat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Seat").finish_non_exhaustive()
    }
}

fn at(ask: Ask<'_>) -> Result<Instant, Not> {
    Ok(Instant::from_millis(ask.number("now")?))
}

/// The seed of what is not named: nothing that leaves the node.
const UNNAMED: [u8; 32] = [0; 32];

fn limits(ask: Ask<'_>, mut limits: Limits) -> Result<Limits, Not> {
    let Some(asked) = ask.maybe("limits") else {
        return Ok(limits);
    };
    let asked = asked
        .as_object()
        .ok_or_else(|| unclear("limits", "is no object"))?;
    for (name, value) in asked {
        let value = value.as_u64().and_then(|value| u32::try_from(value).ok());
        let value = value.ok_or_else(|| unclear(name, "is no number that fits"))?;
        let field = match name.as_str() {
            "links" => &mut limits.links,
            "contacts" => &mut limits.contacts,
            "sessions" => &mut limits.sessions,
            "pending" => &mut limits.pending,
            "outbox" => &mut limits.outbox,
            "proofs" => &mut limits.proofs,
            "inbox" => &mut limits.inbox,
            "opened" => &mut limits.opened,
            "delivered" => &mut limits.delivered,
            "forwards" => &mut limits.forwards,
            "returns" => &mut limits.returns,
            "routes" => &mut limits.routes,
            "asks" => &mut limits.asks,
            "jobs" => &mut limits.jobs,
            "blocks" => &mut limits.blocks,
            _ => return Err(Not::Unsupported("no table of that name can be set")),
        };
        *field = value;
    }
    Ok(limits)
}

impl Seat {
    /// A new node; the one before is forgotten.
    pub(crate) fn reset(ask: Ask<'_>) -> Result<Self, Not> {
        let profile = match ask.text("profile")? {
            "leaf" => Profile::Leaf,
            "relay" => Profile::Relay,
            "full" => Profile::Full,
            _ => return Err(unclear("profile", "is none")),
        };
        let asked = ask.object("config")?;
        let full = Config::default();
        let config = Config {
            profile,
            skew: Span::from_secs(asked.number("skew")?),
            durable: asked.truth("durable")?,
            max_envelope: match asked.maybe_number("maxEnvelope")? {
                Some(most) => most,
                None if profile == Profile::Full => full.max_envelope,
                None => 1_200,
            },
            ..full
        };
        let limits = limits(asked, Limits::desktop())?;
        let identity = ask.array("seed")?;
        let mut seat = Self {
            node: node(identity, config, limits, at(ask)?)?,
            identity,
            config,
            limits,
            disk: Vec::new(),
            offered: BTreeMap::new(),
            tickets: BTreeMap::new(),
        };
        seat.clock(ask)?;
        Ok(seat)
    }

    pub(crate) fn public(&self) -> Value {
        json!({ "pk": hex(self.node.public().as_bytes()) })
    }

    /// Wall time, where the runner gives it.
    fn clock(&mut self, ask: Ask<'_>) -> Result<(), Not> {
        if let Some(unix) = ask.maybe_number::<u64>("unix")? {
            let unix = UnixTime::from_secs(unix);
            self.node.clock(at(ask)?, unix);
        }
        Ok(())
    }

    /// One input, all outputs.
    pub(crate) fn step(&mut self, ask: Ask<'_>) -> Result<Value, Not> {
        let now = at(ask)?;
        self.node.name_draws(named(ask.object("entropy")?)?);
        let before = self.dropped();
        let verdict = self.input(now, ask.object("in")?)?;
        let out = self.drain()?;
        if let Some(draw) = self.node.starved() {
            return Ok(json!({ "starved": draw_name(draw) }));
        }
        let drops: Vec<u8> = self
            .dropped()
            .into_iter()
            .filter_map(|(drop, count)| {
                let more = count - before.get(&drop).copied().unwrap_or(0);
                Some(std::iter::repeat_n(drop, usize::try_from(more).ok()?))
            })
            .flatten()
            .collect();
        let mut answer = json!({
            "out": out,
            "wake": self.node.deadline().map(|deadline| deadline.at.as_millis()),
        });
        let mut drew: BTreeMap<&str, u32> = BTreeMap::new();
        for draw in self.node.drawn() {
            *drew.entry(draw_name(draw)).or_default() += 1;
        }
        if !drew.is_empty() {
            answer["drew"] = json!(drew);
        }
        match verdict {
            Verdict::Accepted(message) => {
                answer["verdict"] = "accepted".into();
                answer["message"] = message.map(|id| hex(&id.0)).into();
            }
            Verdict::Dropped(_) => answer["verdict"] = "dropped".into(),
            Verdict::Refused(refusal) => {
                answer["verdict"] = "refused".into();
                answer["why"] = refusal.to_string().into();
            }
        }
        if !drops.is_empty() {
            answer["drops"] = drops.into();
        }
        Ok(answer)
    }

    /// How often each reason was counted.
    fn dropped(&self) -> BTreeMap<u8, u64> {
        let stats = self.node.stats();
        Drop::ALL
            .iter()
            .map(|reason| (reason.code(), stats.drops(*reason)))
            .collect()
    }

    fn input(&mut self, now: Instant, input: Ask<'_>) -> Result<Verdict, Not> {
        let link = || input.number("link").map(LinkId);
        let peer = |name| key(input, name);
        Ok(match input.text("is")? {
            "tick" => self.node.handle(now, Input::Tick),
            "up" => {
                let observed = match input.maybe("observed") {
                    Some(address) => candidate_list(std::iter::once(Ask::new(address)))?,
                    None => Vec::new(),
                };
                let up = LinkEvent::Up {
                    link: link()?,
                    peer: peer("pk")?,
                    mtu: input.number("mtu")?,
                    max_frame: input.number("maxFrame")?,
                    dialed: input.truth("dialed")?,
                    observed: &observed,
                };
                self.node.handle(now, Input::Link(up))
            }
            "down" => self.link(now, LinkEvent::Down { link: link()? }),
            "blocked" => self.link(now, LinkEvent::Blocked { link: link()? }),
            "writable" => self.link(now, LinkEvent::Writable { link: link()? }),
            "dialFailed" => self.link(now, LinkEvent::DialFailed { peer: peer("pk")? }),
            "datagram" => {
                let mut bytes = input.bytes("bytes")?;
                self.node.datagram(now, link()?, &mut bytes)
            }
            "send" => {
                let payload = input.bytes("payload")?;
                let send = Send {
                    to: peer("to")?,
                    payload: &payload,
                    lifetime: input.maybe_number("lifetime")?.map(Span::from_millis),
                    class: class(input.number("class")?)?,
                    trace: false,
                };
                self.node.handle(now, Input::Command(Command::Send(send)))
            }
            "candidates" => {
                let list = candidates(input)?;
                self.node
                    .handle(now, Input::Command(Command::Candidates(&list)))
            }
            "read" => {
                let from = peer("from")?;
                let id = delivery(input, &from)?;
                let read = Command::Read { from, id };
                self.node.handle(now, Input::Command(read))
            }
            "taken" => {
                let id = delivery(input, &peer("from")?)?;
                self.node.handle(now, Input::Taken(id))
            }
            "sent" => self.sent(now, input)?,
            "clock" => {
                let unix = UnixTime::from_secs(input.number("unix")?);
                self.node.clock(now, unix);
                Verdict::Accepted(None)
            }
            "persisted" => self.persisted(now, input)?,
            _ => return Err(unclear("in", "is nothing of the book's")),
        })
    }

    fn link(&mut self, now: Instant, event: LinkEvent<'_>) -> Verdict {
        self.node.handle(now, Input::Link(event))
    }

    fn sent(&mut self, now: Instant, input: Ask<'_>) -> Result<Verdict, Not> {
        let (link, number) = (input.number("link")?, input.number("ticket")?);
        let ticket = self.tickets.remove(&(link, number));
        let ticket = ticket.ok_or_else(|| unclear("ticket", "was never given"))?;
        let result = if input.truth("ok")? {
            SendResult::Sent
        } else {
            SendResult::Failed
        };
        Ok(self.node.handle(now, Input::Sent { ticket, result }))
    }

    /// A record is on the disk, or could not be put there.
    fn persisted(&mut self, now: Instant, input: Ask<'_>) -> Result<Verdict, Not> {
        let key = record_key(input)?;
        let version = input.number("version")?;
        let ok = input.truth("ok")?;
        let offered = self.offered.get(&(key.kind as u8, key.id));
        if let Some((offered, bytes)) = offered
            && ok
            && *offered == version
        {
            let record = (key, version, bytes.clone());
            match self.disk.iter_mut().find(|(known, _, _)| *known == key) {
                Some(known) => *known = record,
                None => self.disk.push(record),
            }
        }
        Ok(self.node.handle(now, Input::Persisted { key, version, ok }))
    }

    fn drain(&mut self) -> Result<Vec<Value>, Not> {
        let mut out = Vec::new();
        let mut buffer = vec![0; self.node.max_output()];
        loop {
            let polled = self.node.poll(&mut buffer);
            let polled = polled.map_err(|_| unclear("poll", "wants a longer buffer"))?;
            let Some(output) = polled else {
                return Ok(out);
            };
            match output {
                Output::Transmit(transmit) => {
                    let ticket = transmit.ticket;
                    self.tickets.insert((ticket.link.0, ticket.number), ticket);
                    out.push(json!({
                        "is": "transmit", "link": transmit.link.0, "ticket": ticket.number,
                        "bytes": hex(transmit.bytes),
                    }));
                }
                Output::Dial { peer, candidates } => {
                    let list = Candidates::parse(candidates);
                    let list = list.map_err(|_| unclear("dial", "has no list"))?;
                    out.push(json!({
                        "is": "dial", "pk": hex(peer.as_bytes()), "candidates": fields::candidates(list),
                    }));
                }
                Output::Close(link) => out.push(json!({ "is": "close", "link": link.0 })),
                Output::Deliver(delivery) => out.push(json!({
                    "is": "deliver", "from": hex(delivery.from.as_bytes()),
                    "message": hex(&delivery.id.reference.0), "payload": hex(delivery.payload),
                    "session": delivery.in_session, "direct": delivery.neighbour == delivery.from,
                })),
                Output::Notify(event) => out.extend(noticed(event)),
                Output::Persist(record) => {
                    let key = (record.key.kind as u8, record.key.id);
                    let bytes = record.bytes.to_vec();
                    self.offered.insert(key, (record.version, bytes));
                    out.push(json!({
                        "is": "persist", "kind": record.key.kind as u8,
                        "key": hex(&record.key.id), "version": record.version,
                    }));
                }
                Output::Forget(key) => {
                    self.offered.remove(&(key.kind as u8, key.id));
                    self.disk.retain(|(known, _, _)| *known != key);
                    out.push(json!({
                        "is": "forget", "kind": key.kind as u8, "key": hex(&key.id),
                    }));
                }
            }
        }
    }

    /// What the disk holds.
    pub(crate) fn snapshot(&self) -> Value {
        let records: Vec<Value> = self
            .disk
            .iter()
            .map(|(key, version, bytes)| json!([key.kind as u8, hex(&key.id), version, hex(bytes)]))
            .collect();
        json!({ "blob": hex(Value::from(records).to_string().as_bytes()) })
    }

    /// The restart: the same identity and settings, with the records of a snapshot.
    pub(crate) fn restore(&mut self, ask: Ask<'_>) -> Result<Value, Not> {
        let blob: Value = serde_json::from_slice(&ask.bytes("blob")?)
            .map_err(|_| unclear("blob", "is none of this port's"))?;
        let now = at(ask)?;
        self.node = node(self.identity, self.config, self.limits, now)?;
        self.node.name_draws(named(ask.object("entropy")?)?);
        (self.disk, self.offered, self.tickets) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
        self.clock(ask)?;
        for record in blob.as_array().into_iter().flatten() {
            let record = json!({
                "kind": record[0], "key": record[1], "version": record[2], "bytes": record[3],
            });
            let record = Ask::new(&record);
            let (key, version) = (record_key(record)?, record.number("version")?);
            let bytes = record.bytes("bytes")?;
            let read = Record {
                key,
                version,
                bytes: &bytes,
            };
            let _verdict = self.node.handle(now, Input::Restored(read));
            self.disk.push((key, version, bytes));
        }
        Ok(self.public())
    }

    /// How full each table is.
    pub(crate) fn tables(&self) -> Value {
        let tables = self.node.tables().map(|table| {
            let name = format!("{:?}", table.table).to_lowercase();
            (name, Value::from(table.len))
        });
        Value::Object(tables.collect())
    }
}

fn node(
    identity: [u8; 32],
    config: Config,
    limits: Limits,
    now: Instant,
) -> Result<Node<Heap>, Not> {
    let keys = SoftKeys::from_seed(identity);
    let seed = Seed::new(UNNAMED);
    let node = Node::new(Heap::new(limits), keys, config, seed, now);
    node.map_err(|error| Not::Unclear(error.to_string()))
}

/// A public key that passes IDN-1.
fn key(ask: Ask<'_>, name: &str) -> Result<PublicKey, Not> {
    PublicKey::from_bytes(ask.array(name)?).map_err(|_| unclear(name, "is no key"))
}

fn delivery(ask: Ask<'_>, from: &PublicKey) -> Result<DeliveryId, Not> {
    Ok(DeliveryId {
        sender: from.handle(),
        reference: Reference(ask.array("message")?),
    })
}

fn record_key(ask: Ask<'_>) -> Result<RecordKey, Not> {
    let kind = match ask.number::<u8>("kind")? {
        1 => RecordKind::Session,
        2 => RecordKind::Outbox,
        3 => RecordKind::Inbox,
        4 => RecordKind::Opened,
        _ => return Err(unclear("kind", "is none")),
    };
    Ok(RecordKey {
        kind,
        id: ask.array("key")?,
    })
}

fn named(ask: Ask<'_>) -> Result<Named, Not> {
    let mut named = Named::default();
    named.e = ask.arrays("e")?.into();
    named.sid = ask.arrays("sid")?.into();
    named.id = ask.arrays("id")?.into();
    named.nonce = ask.arrays("nonce")?.into();
    Ok(named)
}

const fn draw_name(draw: Draw) -> &'static str {
    match draw {
        Draw::Ephemeral => "e",
        Draw::Sid => "sid",
        Draw::Id => "id",
        Draw::Nonce => "nonce",
    }
}

/// What of an event the book names as an output.
#[expect(clippy::wildcard_enum_match_arm, reason = "the enum is non-exhaustive")]
fn noticed(event: Event) -> Option<Value> {
    match event {
        Event::Message { id, state } => {
            Some(json!({ "is": "state", "message": hex(&id.0), "state": state.name() }))
        }
        Event::Session { peer } => Some(json!({ "is": "session", "pk": hex(peer.as_bytes()) })),
        Event::Bug(bug) => Some(json!({ "is": "bug", "what": format!("{bug:?}") })),
        // Who is a neighbour is the runner's own doing.
        _ => None,
    }
}
