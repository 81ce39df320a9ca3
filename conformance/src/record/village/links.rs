//! Links between nodes, what they dial, and what becomes of datagrams on the way.

use anyhow::Context;
use data_encoding::HEXLOWER;
use serde_json::{Value, json};

use super::{DELAY, Village};

/// What becomes of a datagram from one node to another: how long it is under way, or nothing when it is
/// lost.
pub(super) type Weather = Box<dyn FnMut(usize, usize, &[u8]) -> Option<u64>>;

/// How long a dial takes.
const DIALS: u64 = 30;

pub(super) fn calm() -> Weather {
    Box::new(|_, _, _| Some(DELAY))
}

/// One end of a link.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    pub(super) id: u32,
    pub(super) peer: usize,
    /// Its number at the other end.
    pub(super) there: u32,
}

/// The address of a node.
fn address(at: usize) -> Value {
    json!({ "ip": format!("192.0.2.{}", at + 1), "port": 4_433 })
}

impl Village {
    /// A link between two nodes, up at both ends now; the first one dialled.
    pub(in crate::record) fn join(&mut self, a: usize, b: usize) -> anyhow::Result<()> {
        let (at_a, at_b) = (self.house(a)?.next_link, self.house(b)?.next_link);
        self.house(a)?.next_link += 1;
        self.house(b)?.next_link += 1;
        let link = |id, peer, there| Link { id, peer, there };
        self.house(a)?.links.push(link(at_a, b, at_b));
        self.house(b)?.links.push(link(at_b, a, at_a));
        for (here, there, link, dialed) in [(a, b, at_a, true), (b, a, at_b, false)] {
            let pk = self.house(there)?.pk.clone();
            let mut up = json!({
                "is": "up", "link": link, "pk": pk, "mtu": 1_200, "maxFrame": self.frame, "dialed": dialed,
            });
            if self.dials.is_some() {
                up["observed"] = address(there);
            }
            self.input(here, up)?;
        }
        Ok(())
    }

    /// A link between two nodes, where there is none.
    pub(in crate::record) fn join_once(&mut self, a: usize, b: usize) -> anyhow::Result<()> {
        if self.joined(a, b)? > 0 {
            return Ok(());
        }
        self.join(a, b)
    }

    /// How many links there are between two nodes.
    pub(in crate::record) fn joined(&mut self, a: usize, b: usize) -> anyhow::Result<usize> {
        Ok(self
            .house(a)?
            .links
            .iter()
            .filter(|it| it.peer == b)
            .count())
    }

    /// The links between two nodes are gone, at both ends.
    pub(in crate::record) fn part(&mut self, a: usize, b: usize) -> anyhow::Result<()> {
        for (here, there) in [(a, b), (b, a)] {
            let links = &mut self.house(here)?.links;
            let gone: Vec<u32> = links
                .iter()
                .filter(|it| it.peer == there)
                .map(|it| it.id)
                .collect();
            links.retain(|it| it.peer != there);
            for link in gone {
                self.input(here, json!({ "is": "down", "link": link }))?;
            }
        }
        Ok(())
    }

    /// One end of a link takes no more for now (`blocked`), or again (`writable`).
    pub(in crate::record) fn flow(&mut self, a: usize, b: usize, is: &str) -> anyhow::Result<()> {
        let links = &self.house(a)?.links;
        let link = links.iter().find(|it| it.peer == b).context("no link")?.id;
        self.input(a, json!({ "is": is, "link": link }))?;
        Ok(())
    }

    /// From here on nodes know their own address and the ones they see, and dials succeed, or fail.
    pub(in crate::record) const fn dials(&mut self, succeed: bool) {
        self.dials = Some(succeed);
    }

    /// A node is told by its driver where it can be dialled.
    pub(in crate::record) fn knows_its_address(&mut self, at: usize) -> anyhow::Result<()> {
        let list = json!({ "is": "candidates", "candidates": [address(at)] });
        self.input(at, list)?;
        Ok(())
    }

    /// From here on links carry frames of so many bytes.
    pub(in crate::record) const fn frames(&mut self, longest: u32) {
        self.frame = longest;
    }

    /// From here on every datagram arrives twice.
    pub(in crate::record) const fn twice(&mut self) {
        self.copies = 2;
    }

    /// From here on datagrams take as long as this says, or are lost.
    pub(in crate::record) fn weather(
        &mut self,
        rule: impl FnMut(usize, usize, &[u8]) -> Option<u64> + 'static,
    ) {
        self.weather = Box::new(rule);
    }

    /// From here on datagrams are lost by this rule.
    pub(in crate::record) fn lose(
        &mut self,
        mut rule: impl FnMut(usize, usize, &[u8]) -> bool + 'static,
    ) {
        self.weather(move |from, to, bytes| (!rule(from, to, bytes)).then_some(DELAY));
    }

    /// Nothing is lost any more.
    pub(in crate::record) fn lose_nothing(&mut self) {
        self.weather = calm();
    }

    pub(super) fn transmit(&mut self, at: usize, output: &Value) -> anyhow::Result<()> {
        let id = output["link"].as_u64().context("no link")?;
        let links = &self.house(at)?.links;
        let known = links.iter().find(|it| u64::from(it.id) == id).copied();
        let Some(link) = known else {
            return Ok(());
        };
        let bytes = output["bytes"].as_str().context("no bytes")?;
        let raw = HEXLOWER.decode(bytes.as_bytes())?;
        if let Some(delay) = (self.weather)(at, link.peer, &raw) {
            let datagram = json!({ "is": "datagram", "link": link.there, "bytes": bytes });
            for copy in 0..self.copies {
                self.later(delay + 7 * copy, link.peer, datagram.clone());
            }
        }
        Ok(())
    }

    pub(super) fn dialled(&mut self, at: usize, output: &Value) -> anyhow::Result<()> {
        let Some(succeeds) = self.dials else {
            return Ok(());
        };
        let is = if succeeds { "join" } else { "dialFailed" };
        self.later(DIALS, at, json!({ "is": is, "pk": output["pk"] }));
        Ok(())
    }

    /// A node closed a link: its other end hears of it.
    pub(super) fn closed(&mut self, at: usize, output: &Value) -> anyhow::Result<()> {
        let id = output["link"].as_u64().context("no link")?;
        let links = &mut self.house(at)?.links;
        let place = links.iter().position(|it| u64::from(it.id) == id);
        if let Some(place) = place {
            let link = links.remove(place);
            let gone = json!({ "is": "down", "link": link.there });
            self.later(DELAY, link.peer, gone);
        }
        Ok(())
    }

    /// What was to come comes now, unless its link is gone meanwhile.
    pub(super) fn happen(&mut self, at: usize, input: Value) -> anyhow::Result<()> {
        let up = |link: &Value| {
            let links = self.houses.get(at).map(|house| &house.links);
            links.is_some_and(|links| links.iter().any(|it| *link == it.id))
        };
        match input["is"].as_str() {
            Some("join") => {
                let pk = input["pk"].as_str().unwrap_or_default();
                let other = self.houses.iter().position(|house| house.pk == pk);
                self.join(at, other.context("a dial to nobody")?)
            }
            Some("datagram") if !up(&input["link"]) => Ok(()),
            Some("down") => {
                let links = &mut self.house(at)?.links;
                links.retain(|it| input["link"] != it.id);
                self.input(at, input).map(|_| ())
            }
            Some(_) | None => self.input(at, input).map(|_| ()),
        }
    }
}
