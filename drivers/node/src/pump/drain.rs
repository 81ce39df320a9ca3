//! What the engine wants done is done.

use std::net::SocketAddr;

use tom_core::input::{Input, LinkEvent, LinkId, SendResult};
use tom_core::output::{Event as Fact, Output, State, Transmit};
use tom_core::wire::{Candidates, MessageId};
use tom_quinn::SendOutcome;

use super::Pump;
use crate::event::Event;
use crate::message::Message;

impl Pump {
    /// Takes out all outputs. What the sends say goes back in at once.
    pub(super) fn drain(&mut self) {
        let mut buf = std::mem::take(&mut self.buf);
        loop {
            match self.node.poll(&mut buf) {
                Ok(Some(output)) => {
                    if let Some(tape) = &mut self.tape {
                        tape.output(self.now, &output);
                    }
                    self.output(output);
                }
                Ok(None) => break,
                Err(short) => {
                    tracing::error!(?short, "an output outgrew the buffer; please report it");
                    buf.resize(short.need, 0);
                }
            }
        }
        self.buf = buf;
    }

    fn transmit(&mut self, transmit: &Transmit<'_>) {
        let link = tom_quinn::LinkId(transmit.link.0);
        let outcome = match &self.adversary {
            None => self.transport.send(link, transmit.bytes),
            Some(adversary) => {
                let mut bytes = transmit.bytes.to_vec();
                adversary.outgoing(&mut bytes);
                self.transport.send(link, &bytes)
            }
        };
        match outcome {
            SendOutcome::Queued => {}
            SendOutcome::Blocked => {
                if let Some(live) = self.links.get_mut(link) {
                    live.stuck = Some(transmit.bytes.to_vec());
                }
                self.input(Input::Link(LinkEvent::Blocked {
                    link: transmit.link,
                }));
            }
            SendOutcome::Gone | SendOutcome::TooLong => {
                let ticket = transmit.ticket;
                self.input(Input::Sent {
                    ticket,
                    result: SendResult::Failed,
                });
            }
        }
    }

    fn output(&mut self, output: Output<'_>) {
        match output {
            Output::Transmit(transmit) => self.transmit(&transmit),
            Output::Deliver(delivery) => self.shelf.put(Message {
                id: delivery.id,
                from: delivery.from,
                bytes: delivery.payload.to_vec(),
                in_session: delivery.in_session,
                class: delivery.class,
                neighbour: delivery.neighbour,
                commands: self.commands_back.clone(),
            }),
            Output::Dial { peer, candidates } => {
                let addrs = self.dialable(candidates);
                tracing::debug!(%peer, ?addrs, "dialling a contact");
                let dialling =
                    !addrs.is_empty() && self.transport.dial(*peer.as_bytes(), addrs).is_ok();
                if !dialling {
                    self.input(Input::Link(LinkEvent::DialFailed { peer }));
                }
            }
            Output::Close(LinkId(link)) => self.transport.close(tom_quinn::LinkId(link)),
            Output::Notify(fact) => {
                if let Fact::Message { id, state } = fact {
                    self.message_reached(id, state);
                }
                if let Some(event) = Event::from_core(fact) {
                    let _nobody_listens = self.facts.send(event);
                }
            }
            // This node keeps nothing: `Config::durable` is off, so these do not come.
            Output::Persist(_) | Output::Forget(_) => {}
        }
    }

    fn message_reached(&mut self, id: MessageId, state: State) {
        let settled = match state {
            State::Delivered | State::Read | State::Expired => true,
            State::Pending | State::Sent | State::Relayed | State::Passed => false,
        };
        if settled {
            if let Some(watched) = self.watched.remove(&id) {
                watched.send_replace(state);
            }
        } else if let Some(watched) = self.watched.get(&id) {
            watched.send_replace(state);
        }
    }

    /// The addresses a contact gave, less those no contact has any business to make us dial.
    fn dialable(&self, candidates: &[u8]) -> Vec<SocketAddr> {
        let loopback = self
            .links
            .candidates()
            .iter()
            .any(|own| own.ip().is_loopback());
        let Ok(list) = Candidates::parse(candidates) else {
            return Vec::new();
        };
        list.map(SocketAddr::from)
            .filter(|addr| {
                let ip = addr.ip();
                let broadcast = matches!(ip, std::net::IpAddr::V4(v4) if v4.is_broadcast());
                addr.port() != 0
                    && !ip.is_unspecified()
                    && !ip.is_multicast()
                    && !broadcast
                    && (loopback || !ip.is_loopback())
            })
            .collect()
    }
}
