//! The ring: its bound, what stands at its front, and a last line that was cut off.

use std::path::PathBuf;

use tom_core::config::Config;
use tom_core::identity::{Keys, SoftKeys};
use tom_core::input::{Input, LinkEvent, LinkId};
use tom_core::storage::Limits;
use tom_core::time::{Instant, UnixTime};
use tom_tape::{Recorder, Ring, What, read};

fn file(name: &str) -> PathBuf {
    let name = format!("tom-tape-{}-{name}", std::process::id());
    std::env::temp_dir().join(name)
}

#[test]
fn the_front_says_which_links_are_up_and_blocked() {
    let path = file("front");
    let (config, limits) = (Config::default(), Limits::minimum());
    let header = Recorder::header(&config, &limits, UnixTime::from_secs(1_800_000_000));
    let mut ring = Ring::create(&path, 0, header.clone()).unwrap();
    let mut recorder = Recorder::new(Instant::from_millis(100));
    let peer = *SoftKeys::from_seed([1; 32]).public();
    let mut feed = |ms: u64, input: Input<'_>| {
        let entry = recorder.input(Instant::from_millis(100 + ms), &input);
        ring.push(&entry).unwrap();
    };
    for link in [1, 2, 3].map(LinkId) {
        let (mtu, max_frame, dialed, observed) = (1_200, 65_538, false, &[][..]);
        feed(
            0,
            Input::Link(LinkEvent::Up {
                link,
                peer,
                mtu,
                max_frame,
                dialed,
                observed,
            }),
        );
    }
    let (link, mtu) = (LinkId(1), 900);
    feed(1, Input::Link(LinkEvent::Changed { link, mtu }));
    feed(2, Input::Link(LinkEvent::Down { link: LinkId(2) }));
    feed(3, Input::Link(LinkEvent::Blocked { link: LinkId(3) }));
    for ms in 4..20_000 {
        feed(ms, Input::Tick);
        assert!(std::fs::metadata(&path).unwrap().len() <= Ring::SMALLEST as u64);
    }
    let tape = read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(tape.header.limits, header.limits);
    assert_eq!(tape.header.limits.name, "minimum");
    let front: Vec<_> = tape.entries.iter().take(3).map(|e| &e.what).collect();
    assert!(
        matches!(
            front[..],
            [
                What::Up {
                    link: 1,
                    mtu: 900,
                    synthetic: true,
                    ..
                },
                What::Up {
                    link: 3,
                    mtu: 1_200,
                    synthetic: true,
                    ..
                },
                What::Blocked {
                    link: 3,
                    synthetic: true
                },
            ]
        ),
        "{front:?}"
    );
    // Six links' lines and the ticks, less what stands again at the front.
    let left = tape.entries.len() as u64 - 3;
    assert_eq!(tape.header.dropped + left, 6 + 19_996);
    assert_eq!(tape.entries.last().unwrap().ms, 19_999);
}

#[test]
fn a_line_that_was_cut_off_is_left_out() {
    let path = file("cut");
    let header = Recorder::header(
        &Config::default(),
        &Limits::desktop(),
        UnixTime::from_secs(7),
    );
    let mut ring = Ring::create(&path, 0, header).unwrap();
    let mut recorder = Recorder::new(Instant::ZERO);
    for ms in [1, 2] {
        let entry = recorder.input(Instant::from_millis(ms), &Input::Tick);
        ring.push(&entry).unwrap();
    }
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, &text[..text.len() - 4]).unwrap();
    let tape = read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(tape.entries.len(), 1);
    assert_eq!(tape.header.started, 7);
}
