use super::*;

const SERVER: Endpoint = Endpoint {
    ip: 0x0808_0808,
    port: 53,
};
const INNER: [Endpoint; 2] = [
    Endpoint {
        ip: 0x0A00_0001,
        port: 4_433,
    },
    Endpoint {
        ip: 0x0A00_0002,
        port: 4_433,
    },
];
const OUTER: [u32; 2] = [0x5000_0001, 0x5000_0002];
const KINDS: [Nat; 7] = [
    Nat::None,
    Nat::FullCone,
    Nat::Restricted,
    Nat::PortRestricted,
    Nat::Symmetric,
    Nat::Cgnat,
    Nat::Blocked,
];

fn gate(kind: Nat) -> Gate {
    Gate::new(kind, OUTER[0], TIMEOUT, false)
}

fn s(s: u64) -> Time {
    Time(s * 1_000_000_000)
}

/// A node's own endpoint: its gate's address if nothing translates.
fn own(kind: Nat, side: usize) -> Endpoint {
    match kind {
        Nat::None => Endpoint {
            ip: OUTER[side],
            ..INNER[side]
        },
        Nat::FullCone
        | Nat::Restricted
        | Nat::PortRestricted
        | Nat::Symmetric
        | Nat::Cgnat
        | Nat::Blocked => INNER[side],
    }
}

/// Both learn from the server what the other looks like, then send to that for three rounds, and to
/// wherever a packet came from. Both must hear the other.
fn punched(kinds: [Nat; 2]) -> bool {
    let mut gates = [0, 1].map(|side| Gate::new(kinds[side], OUTER[side], TIMEOUT, false));
    let inner = [own(kinds[0], 0), own(kinds[1], 1)];
    let seen = [0, 1].map(|side| gates[side].outbound(s(0), inner[side], SERVER));
    let (Some(a), Some(b)) = (seen[0], seen[1]) else {
        return false;
    };
    let mut goals = [b, a];
    let mut heard = [false; 2];
    for round in 1..=3 {
        let sent = [0, 1].map(|side| gates[side].outbound(s(round), inner[side], goals[side]));
        for side in [0, 1] {
            let Some(from) = sent[side] else { continue };
            if gates[1 - side].inbound(s(round), from, goals[side]) == Some(inner[1 - side]) {
                heard[1 - side] = true;
                goals[1 - side] = from;
            }
        }
    }
    heard == [true; 2]
}

#[test]
fn hole_punching_works_as_the_table_says() {
    for a in KINDS {
        for b in KINDS {
            assert_eq!(punched([a, b]), punches(a, b), "{a:?} and {b:?}");
        }
    }
    // The textbook's: everything but these, and blocked ones.
    assert!(punches(Nat::Restricted, Nat::Symmetric));
    assert!(!punches(Nat::PortRestricted, Nat::Symmetric));
    assert!(!punches(Nat::Symmetric, Nat::Symmetric));
    assert!(punches(Nat::PortRestricted, Nat::PortRestricted));
}

#[test]
fn kinds_let_in_what_they_should() {
    let asked = SERVER;
    let other_port = Endpoint { port: 54, ..SERVER };
    let stranger = Endpoint { ip: 1, port: 53 };
    for (kind, lets) in [
        (Nat::FullCone, [true, true, true]),
        (Nat::Restricted, [true, true, false]),
        (Nat::PortRestricted, [true, false, false]),
        (Nat::Symmetric, [true, false, false]),
        (Nat::Cgnat, [true, false, false]),
    ] {
        let mut gate = gate(kind);
        let outer = gate.outbound(s(0), INNER[0], asked).unwrap();
        assert_eq!(outer.ip, OUTER[0]);
        let got =
            [asked, other_port, stranger].map(|from| gate.inbound(s(1), from, outer).is_some());
        assert_eq!(got, lets, "{kind:?}");
        assert_eq!(gate.inbound(s(1), asked, outer), Some(INNER[0]), "{kind:?}");
    }
}

#[test]
fn cones_keep_their_port_and_symmetric_ones_do_not() {
    for (kind, same) in [
        (Nat::FullCone, true),
        (Nat::Symmetric, false),
        (Nat::Cgnat, false),
    ] {
        let mut gate = gate(kind);
        let one = gate.outbound(s(0), INNER[0], SERVER);
        let other = gate.outbound(s(0), INNER[0], Endpoint { ip: 1, port: 1 });
        assert_eq!(one == other, same, "{kind:?}");
        assert_eq!(gate.outbound(s(1), INNER[0], SERVER), one, "{kind:?}");
    }
}

#[test]
fn two_inside_get_two_ports() {
    for kind in [Nat::FullCone, Nat::Symmetric] {
        let mut gate = gate(kind);
        let outer = INNER.map(|inner| gate.outbound(s(0), inner, SERVER).unwrap());
        assert_ne!(outer[0], outer[1]);
        for side in [0, 1] {
            assert_eq!(gate.inbound(s(0), SERVER, outer[side]), Some(INNER[side]));
        }
    }
}

#[test]
fn silence_closes_a_mapping_and_only_sending_keeps_it() {
    for kind in [Nat::FullCone, Nat::PortRestricted, Nat::Cgnat] {
        let mut gate = gate(kind);
        let outer = gate.outbound(s(0), INNER[0], SERVER).unwrap();
        assert_eq!(gate.outbound(s(25), INNER[0], SERVER), Some(outer), "kept");
        assert!(gate.inbound(s(54), SERVER, outer).is_some());
        assert!(
            gate.inbound(s(55), SERVER, outer).is_none(),
            "{kind:?}: being sent to keeps nothing"
        );
    }
}

#[test]
fn what_is_sent_home_turns_around_only_with_hairpin() {
    let mut gates =
        [true, false].map(|hairpin| Gate::new(Nat::FullCone, OUTER[0], TIMEOUT, hairpin));
    let inside = gates
        .each_mut()
        .map(|gate| gate.outbound(s(0), INNER[1], SERVER).unwrap());
    let from = gates[0].outbound(s(1), INNER[0], inside[0]).unwrap();
    assert_eq!(gates[0].inbound(s(1), from, inside[0]), Some(INNER[1]));
    assert_eq!(gates[1].outbound(s(1), INNER[0], inside[1]), None);
    let mut provider = Gate::new(Nat::Cgnat, OUTER[0], TIMEOUT, true);
    let outer = provider.outbound(s(0), INNER[1], SERVER).unwrap();
    assert_eq!(
        provider.outbound(s(1), INNER[0], outer),
        None,
        "never through two"
    );
}

#[test]
fn a_full_table_forgets_the_one_unused_for_longest() {
    let mut gate = gate(Nat::Symmetric);
    let to = |n: usize| Endpoint {
        ip: 0x0900_0000 + n as u32,
        port: 9,
    };
    let at = |n: usize| Time(n as u64);
    let outer: Vec<Endpoint> = (0..=TABLE)
        .map(|n| gate.outbound(at(n), INNER[0], to(n)).unwrap())
        .collect();
    assert!(gate.inbound(at(TABLE), to(0), outer[0]).is_none());
    for (n, outer) in outer.iter().enumerate().skip(1) {
        assert_eq!(
            gate.inbound(at(TABLE), to(n), *outer),
            Some(INNER[0]),
            "{n}"
        );
    }
    assert!(gate.chain[0].table.len() <= TABLE);
}

#[test]
fn nothing_in_between_changes_nothing_and_a_wall_stops_all() {
    let mut none = gate(Nat::None);
    let node = own(Nat::None, 0);
    assert_eq!(none.outbound(s(0), node, SERVER), Some(node));
    assert_eq!(none.inbound(s(0), SERVER, node), Some(node));
    let mut wall = gate(Nat::Blocked);
    assert_eq!(wall.outbound(s(0), INNER[0], SERVER), None);
    assert_eq!(wall.inbound(s(0), SERVER, INNER[0]), None);
}
