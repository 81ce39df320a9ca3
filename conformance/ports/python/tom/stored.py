"""Records as plain values, in a form of this implementation's own (chapter "The node and its driver": Records)."""

from __future__ import annotations

from typing import Any

from .content import Content, Traits
from .envelope import parse
from .identity import handle_of
from .inbox import OneShot, Waiting
from .message import Message, Sealed, Waits
from .sessions import Session
from .window import ReceiveWindow

Fields = dict[str, Any]


def session_out(s: Session, made_unix: int) -> Fields:
    w = s.window
    return {
        "peer": s.peer.hex(),
        "initiator": s.initiator,
        "sids": [s.sid_in.hex(), s.sid_out.hex()],
        "ack_root": s.ack_root.hex(),
        "send": [s.send_key.hex(), s.send_epoch, s.reserved, s.proven],
        "traits": [s.traits.persists, s.traits.window, s.traits.max_env],
        "made": made_unix,
        "order": s.order,
        "dead": s.dead,
        "heard": s.heard,
        "top": w.top,
        "newest": w.newest,
        "keys": {str(e): k.hex() for e, k in w.keys.items()},
        "bits": {str(e): b for e, b in w.bits.items()},
        "complete": sorted(w.complete),
    }


def session_in(f: Fields, made: int, now: int, parked: int) -> Session:
    keys = {int(e): bytes.fromhex(k) for e, k in f["keys"].items()}
    window = ReceiveWindow(b"", parked)
    window.top, window.newest, window.keys = f["top"], f["newest"], keys
    window.bits = {int(e): b for e, b in f["bits"].items()}
    window.complete = set(f["complete"])
    window.left = {e: now for e in keys if e < window.newest}
    send_key, epoch, reserved, proven = f["send"]
    s = Session(
        bytes.fromhex(f["peer"]),
        f["initiator"],
        bytes.fromhex(f["sids"][0]),
        bytes.fromhex(f["sids"][1]),
        bytes.fromhex(f["ack_root"]),
        bytes.fromhex(send_key),
        window,
        Traits(*f["traits"]),
        made,
        f["order"],
        send_epoch=epoch,
        next_n=reserved,  # a restart goes on at the block's end (SES-20)
        reserved=reserved,
        proven=proven,
        dead=f["dead"],
        heard=f["heard"],
        overflowed=True,  # no Replay is acknowledged again (DLV-18)
    )
    # At the block's end the distance to what is proven may be over the window for good (SES-21).
    s.dead |= not s.open_window()
    return s


def message_out(m: Message) -> Fields:
    return {
        "to": m.to.hex(),
        "type": m.content.type,
        "body": m.content.body.hex(),
        "class": m.class_,
        "expiry": m.expiry,
        "visible": m.visible,
        "session_only": m.session_only,
        "id": m.id.hex(),
        "held": m.waits is Waits.SESSION,
        "state": m.state,
        "sends": m.sends,
        "sealed": [[s.env.raw.hex(), s.secret.hex(), s.session.sid_in.hex() if s.session else None, s.n] for s in m.sealed],
    }


def message_in(f: Fields, sessions: dict[bytes, Session]) -> Message:
    to = bytes.fromhex(f["to"])
    m = Message(
        to,
        handle_of(to),
        Content(f["type"], body=bytes.fromhex(f["body"])),
        f["class"],
        f["expiry"],
        f["visible"],
        f["session_only"],
        id=bytes.fromhex(f["id"]),
        state=f["state"],
        sends=f["sends"],
        waits=Waits.SESSION if f["held"] else Waits.LINK,
    )
    for raw, secret, sid, n in f["sealed"]:
        env = parse(bytes.fromhex(raw))
        session = sessions.get(bytes.fromhex(sid)) if sid is not None else None
        m.sealed.append(Sealed(env, env.ref, bytes.fromhex(secret), session, n))
    if m.now is not None and m.now.session is not None:
        m.now.session.unsettled.add(m.now.n)
    return m


def waiting_out(w: Waiting) -> Fields:
    return {
        "sender": w.sender.hex(),
        "id": w.id.hex(),
        "body": w.body.hex(),
        "session": w.in_session,
        "direct": w.direct,
        "spent": [[sid.hex(), n] for sid, n in w.spent],
    }


def waiting_in(f: Fields) -> Waiting:
    """Its record is durable, so it is safe: a copy is acknowledged again."""
    sender, id_, body = (bytes.fromhex(f[name]) for name in ("sender", "id", "body"))
    spent = [(bytes.fromhex(sid), int(n)) for sid, n in f["spent"]]
    return Waiting(sender, id_, body, f["session"], f["direct"], [], acknowledged=True, spent=spent)


def opened_out(o: OneShot) -> Fields:
    return {"sender": o.sender.hex(), "secret": o.secret.hex(), "expiry": o.expiry, "useful": o.useful, "id": o.id.hex()}


def opened_in(f: Fields, now: int) -> OneShot:
    sender, secret, id_ = (bytes.fromhex(f[name]) for name in ("sender", "secret", "id"))
    return OneShot(sender, secret, f["expiry"], now, f["useful"], f["useful"], id_)
