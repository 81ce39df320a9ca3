//! What neighbours made by hand send, and what they read.

use anyhow::Context;
use serde_json::{Value, json};

use super::made::{DATA, RESP, SEAL, hex, unhex};
use super::script::{Script, UNIX};

/// Somebody made by hand.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    seed: String,
    pub(super) pk: String,
    pub(super) handle: Vec<u8>,
}

/// What such a one knows of a session with the node.
pub(super) struct Session {
    /// The key of what it sends, and of what it receives.
    sends: Value,
    receives: Value,
    root: Value,
    /// 0: it began the session.
    dir: u8,
    /// The node's name for it.
    pub(super) sid: Value,
}

/// A SEAL made by hand.
pub(super) struct Sealed {
    pub(super) bytes: Vec<u8>,
    pub(super) secret: Vec<u8>,
    pub(super) reference: Vec<u8>,
    asked: Value,
}

impl Script {
    pub(super) fn peer(&mut self) -> anyhow::Result<Peer> {
        let seed = hex(&self.bytes(32));
        let is = self.is("identity", &json!({ "seed": seed }))?;
        Ok(Peer {
            seed,
            pk: is["pk"].as_str().context("no key")?.to_owned(),
            handle: unhex(&is["handle"])?,
        })
    }

    /// A SEAL of somebody to the node.
    pub(super) fn seal(
        &mut self,
        from: &Peer,
        content: &[u8],
        sid: Option<[u8; 4]>,
    ) -> anyhow::Result<Sealed> {
        let expiry = UNIX + u32::try_from(self.now / 1_000)? + 80_000;
        let fields = json!({
            "sid": sid.map(|sid| hex(&sid)), "persists": false, "window": 128, "maxEnvelope": 65_535,
            "content": hex(content),
        });
        let ask = json!({
            "seed": from.seed, "to": self.pk, "ephemeral": hex(&self.bytes(32)), "class": 2, "trace": false,
            "prove": true, "expiry": expiry, "hop": 8, "attempt": 0, "fields": fields,
        });
        let made = self.is("seal", &ask)?;
        let id = unhex(&made["msgId"])?;
        Ok(Sealed {
            bytes: unhex(&made["bytes"])?,
            secret: unhex(&made["ackSecret"])?,
            reference: id.get(..8).context("a short id")?.to_vec(),
            asked: ask,
        })
    }

    /// The session that a SEAL of somebody with a sid has opened: the RESP is in the last step, over this link.
    pub(super) fn answered(&mut self, link: u32, seal: &Sealed) -> anyhow::Result<Session> {
        let asked = &seal.asked;
        let resp = self.sent(link, RESP).pop().context("no RESP")?;
        let ask = json!({
            "seed": asked["seed"], "to": asked["to"], "ephemeral": asked["ephemeral"],
            "seal": hex(&seal.bytes), "bytes": hex(&resp),
        });
        let keys = self.is("answered", &ask)?;
        Ok(Session {
            sends: keys["kI2r"].clone(),
            receives: keys["kR2i"].clone(),
            root: keys["ackRoot"].clone(),
            dir: 0,
            sid: keys["payload"]["sid"].clone(),
        })
    }

    /// A session that somebody opens with the node.
    pub(super) fn met(&mut self, link: u32, peer: &Peer) -> anyhow::Result<Session> {
        let sid: Vec<u8> = self.bytes(4);
        let sid = sid.as_slice().try_into()?;
        let seal = self.seal(peer, &[0x01, 1], Some(sid))?;
        self.arrives(link, &seal.bytes)?;
        self.answered(link, &seal)
    }

    /// Somebody's RESP to a SEAL of the node, and the session it makes.
    pub(super) fn resp(
        &mut self,
        from: &Peer,
        seal: &[u8],
        longest: u32,
    ) -> anyhow::Result<(Vec<u8>, Session)> {
        let sid = hex(&self.bytes(4));
        let fields =
            json!({ "sid": sid, "persists": false, "window": 128, "maxEnvelope": longest });
        let ask = json!({
            "seed": from.seed, "bytes": hex(seal), "ephemeral": hex(&self.bytes(32)), "fields": fields,
        });
        let made = self.is("answer", &ask)?;
        let opened = self.open(from, seal)?;
        let session = Session {
            sends: made["kR2i"].clone(),
            receives: made["kI2r"].clone(),
            root: made["ackRoot"].clone(),
            dir: 1,
            sid: opened["payload"]["sid"].clone(),
        };
        Ok((unhex(&made["bytes"])?, session))
    }

    /// What somebody reads in a SEAL of the node.
    pub(super) fn open(&mut self, to: &Peer, seal: &[u8]) -> anyhow::Result<Value> {
        self.is("open", &json!({ "seed": to.seed, "bytes": hex(seal) }))
    }

    /// A DATA of somebody to the node.
    pub(super) fn data(
        &mut self,
        session: &Session,
        n: u32,
        content: &[u8],
    ) -> anyhow::Result<Vec<u8>> {
        let expiry = UNIX + u32::try_from(self.now / 1_000)? + 80_000;
        let ask = json!({
            "key": session.sends, "ackRoot": session.root, "dir": session.dir, "to": self.pk, "n": n,
            "sid": session.sid, "class": 2, "trace": false, "prove": true, "expiry": expiry,
            "hop": 8, "attempt": 0, "content": hex(content),
        });
        let made = self.is("data", &ask)?;
        unhex(&made["bytes"])
    }

    /// What somebody reads in a DATA of the node.
    pub(super) fn open_data(
        &mut self,
        session: &Session,
        to: &Peer,
        data: &[u8],
    ) -> anyhow::Result<Value> {
        self.opened_data(session, to, data, Value::Null)
    }

    /// The same, by somebody who has read up to the counter `top`.
    pub(super) fn open_data_at(
        &mut self,
        session: &Session,
        to: &Peer,
        data: &[u8],
        top: u32,
    ) -> anyhow::Result<Value> {
        self.opened_data(session, to, data, top.into())
    }

    fn opened_data(
        &mut self,
        session: &Session,
        to: &Peer,
        data: &[u8],
        top: Value,
    ) -> anyhow::Result<Value> {
        self.is("openData", &json!({
            "key": session.receives, "ackRoot": session.root, "dir": 1 - session.dir, "top": top,
            "to": to.pk, "bytes": hex(data),
        }))
    }

    /// The DATA or SEAL that the last step put out over a link, with what its recipient learns from it:
    /// reference and secret.
    pub(super) fn sent_seal(
        &mut self,
        link: u32,
        to: &Peer,
    ) -> anyhow::Result<(Vec<u8>, Vec<u8>, Vec<u8>)> {
        let seal = self.sent(link, SEAL).pop().context("no SEAL")?;
        let reference = self.reference(&seal)?;
        let secret = unhex(&self.open(to, &seal)?["ackSecret"])?;
        Ok((seal, reference, secret))
    }

    /// The same of a DATA.
    pub(super) fn sent_data(
        &mut self,
        link: u32,
        session: &Session,
        to: &Peer,
    ) -> anyhow::Result<(Vec<u8>, Vec<u8>, Vec<u8>)> {
        let data = self.sent(link, DATA).pop().context("no DATA")?;
        let reference = self.reference(&data)?;
        let secret = unhex(&self.open_data(session, to, &data)?["ackSecret"])?;
        Ok((data, reference, secret))
    }

    /// The reference of an envelope.
    pub(super) fn reference(&mut self, envelope: &[u8]) -> anyhow::Result<Vec<u8>> {
        let fields = self.is("envelope", &json!({ "bytes": hex(envelope) }))?;
        let id = unhex(&fields["msgId"])?;
        Ok(id.get(..8).context("a short id")?.to_vec())
    }

    /// A DATA from somebody to somebody else, which nobody opens; with it the secret that proves it.
    pub(super) fn foreign(&mut self, to: &Peer, len: usize) -> anyhow::Result<(Vec<u8>, Vec<u8>)> {
        let expiry = UNIX + u32::try_from(self.now / 1_000)? + 80_000;
        let secret = self.bytes(16);
        let ask = json!({ "expiry": expiry, "dst": hex(&to.handle), "secret": hex(&secret) });
        let commit = unhex(&self.is("commit", &ask)?["commit"])?;
        let head = [&[0x13, 0x22, 5][..], &expiry.to_le_bytes(), &to.handle].concat();
        let body = [&self.bytes(6)[..], &commit].concat();
        let rest = self.bytes(len.saturating_sub(29));
        Ok(([head, body, rest].concat(), secret))
    }
}
