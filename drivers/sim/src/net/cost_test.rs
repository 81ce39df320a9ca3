use super::*;

#[test]
fn a_dial_gives_up_after_three_more_tries() {
    let tries: Vec<u64> = (1..10).map_while(retry).map(Span::as_secs).collect();
    assert_eq!(tries, [1, 3, 7]);
    assert_eq!(retry(0), None);
    assert_eq!(retry(u32::MAX), None);
}

#[test]
fn handshakes_weigh_what_was_measured_and_specified() {
    let bytes = |transport| -> u32 { flights(transport).concat().iter().sum() };
    assert_eq!(bytes(Transport::Quic), 3 * 1_200 + 2 * 138 + 5 * IP_UDP);
    assert_eq!(bytes(Transport::Noise), 117 + 65 + 25 + 3 * IP_UDP);
    assert_eq!(bytes(Transport::Cable), 0);
}

#[test]
fn datagrams_and_streams_weigh_what_was_measured() {
    assert_eq!(packet(Transport::Quic, 100), IP_UDP + 129);
    assert_eq!(stream(8_000, 1_500), (6, 8_186 + 6 * 28));
    assert_eq!(stream(0, 1_500), (1, 59));
    assert_eq!(
        stream(9, 10),
        (1, 68),
        "no path is too small for one packet"
    );
}

#[test]
fn what_fits_a_path_is_not_larger_than_it() {
    for transport in [
        Transport::Quic,
        Transport::Noise,
        Transport::Cable,
        Transport::Radio,
    ] {
        for mtu in [200, 576, 1_280, 1_500, 9_000] {
            let datagram = longest(transport, mtu);
            assert!(packet(transport, datagram) <= mtu, "{transport:?} {mtu}");
        }
    }
    assert_eq!(longest(Transport::Quic, 9_000), 1_423);
    assert_eq!(longest(Transport::Radio, 1_500), 255);
    assert_eq!(longest(Transport::Noise, 20), 0);
}

#[test]
fn idle_links_are_kept_before_they_are_given_up() {
    let keep = keep_alive(Transport::Quic).unwrap();
    assert!(keep.every.0 * 2 < IDLE_TIMEOUT.0);
    assert_eq!(keep_alive(Transport::Noise), None);
}

#[test]
fn slower_devices_take_longer() {
    for transport in [Transport::Quic, Transport::Noise] {
        let of = |size| handshake_cpu(transport, size);
        assert!(of(Size::Server) < of(Size::Phone));
        assert!(of(Size::Phone) < of(Size::Mcu));
    }
    assert_eq!(handshake_cpu(Transport::Cable, Size::Mcu), Span::ZERO);
}
