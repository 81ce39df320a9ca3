//! `tom node --tape`: the file tells what happened and gives nothing away.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod common;

use std::path::Path;
use std::time::Duration;

use common::{Dir, Node, run};
use tom_tape::{Ring, Tape, What, read};

const TEXT: &str = "a text that must not be on the tape";

/// The tape as it is on the disk, and its text.
fn tape(path: &Path) -> (Tape, String) {
    (read(path).unwrap(), std::fs::read_to_string(path).unwrap())
}

fn count(tape: &Tape, which: fn(&What) -> bool) -> usize {
    tape.entries.iter().filter(|e| which(&e.what)).count()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A and B exchange three messages; B is killed, as by a crash, and its tape is there.
#[test]
fn a_tape_tells_what_happened_and_gives_nothing_away() {
    let (a_dir, b_dir) = (Dir::new("tape-a"), Dir::new("tape-b"));
    let (a_tape, b_tape) = (a_dir.path().join("a.tape"), b_dir.path().join("b.tape"));
    let listen = ["--listen", "127.0.0.1:0", "--tape"];
    let b = Node::start(&b_dir, &[&listen[..], &[b_tape.to_str().unwrap()]].concat());
    let mut args = [&listen[..], &[a_tape.to_str().unwrap(), "--peer"]].concat();
    args.push(&b.peer);
    let a = Node::start(&a_dir, &args);
    let b_address = b.peer.split('@').next().unwrap();
    let listening = std::thread::spawn({
        let dir = b_dir.text().to_owned();
        move || run(&["--data", &dir, "--json", "listen", "--count", "3"])
    });
    for _ in 0..3 {
        let (code, out, err) = run(&["--data", a_dir.text(), "send", b_address, TEXT]);
        assert_eq!(code, 0, "{out}{err}");
    }
    assert_eq!(listening.join().unwrap().0, 0);
    std::thread::sleep(Duration::from_millis(200));
    let (peers, ports) = ([a.peer.clone(), b.peer.clone()], [&a, &b].map(port));
    drop((a, b)); // killed: no word of farewell

    let ((a, a_text), (b, b_text)) = (tape(&a_tape), tape(&b_tape));
    assert_eq!(a.header.limits.name, "desktop");
    assert_eq!((a.header.profile.as_str(), a.header.dropped), ("full", 0));
    let sends = |w: &What| matches!(w, What::Send { to: 1, len, message: Some(_), .. } if *len as usize == TEXT.len());
    assert_eq!(count(&a, sends), 3);
    assert_eq!(count(&a, |w| matches!(w, What::State { state: 4, .. })), 3);
    assert_eq!(count(&b, |w| matches!(w, What::Deliver { from: 1, .. })), 3);
    assert_eq!(count(&b, |w| matches!(w, What::Taken { .. })), 3);
    for tape in [&a, &b] {
        assert!(count(tape, |w| matches!(w, What::Clock { .. })) >= 1);
        assert!(count(tape, |w| matches!(w, What::Up { peer: 1, .. })) >= 1);
        let framed = |w: &What| matches!(w, What::Datagram { frames, .. } if frames.iter().any(|f| f.kind.is_some()));
        assert!(count(tape, framed) >= 3);
        assert!(tape.entries.is_sorted_by_key(|entry| entry.ms));
    }
    for text in [a_text, b_text] {
        let mut secrets = vec![
            TEXT.to_owned(),
            hex(TEXT.as_bytes()),
            "127.0.0.1".to_owned(),
        ];
        for (peer, port) in peers.iter().zip(ports) {
            let address: tom::Address = peer.split('@').next().unwrap().parse().unwrap();
            secrets.push(address.to_string());
            secrets.push(hex(address.as_bytes()));
            secrets.push(hex(&address.handle().0));
            secrets.push(format!(":{port}\""));
        }
        for secret in secrets {
            assert!(
                !text.to_lowercase().contains(&secret.to_lowercase()),
                "{secret}"
            );
        }
    }
}

fn port(node: &Node) -> u16 {
    node.listen.rsplit(':').next().unwrap().parse().unwrap()
}

/// However much passes, the file stays within its bound and begins with the links there are.
#[tokio::test]
async fn a_tape_stays_within_its_bound() {
    let dir = Dir::new("tape-ring");
    std::fs::create_dir_all(dir.path()).unwrap();
    let path = dir.path().join("ring.tape");
    let builder = |seed: u8| {
        let identity = tom::Identity::from_seed([seed; 32]);
        let builder = tom::Client::builder().identity(identity);
        builder.listen("127.0.0.1:0".parse().unwrap())
    };
    let b = builder(52).start().await.unwrap();
    let peer = format!("{}@{}", b.address(), b.local_addr());
    let a = builder(51).tape(&path, 1).peer(peer.parse().unwrap());
    let a = a.start().await.unwrap();
    let mut messages = b.messages();
    for n in 0..600u32 {
        let (sent, _) = tokio::join!(a.send(b.address(), n.to_le_bytes()), messages.next());
        assert!(sent.unwrap().is_delivered());
        let len = std::fs::metadata(&path).unwrap().len();
        assert!(len <= Ring::SMALLEST as u64, "{len}");
    }
    a.shutdown().await;
    let (tape, _) = tape(&path);
    assert!(tape.header.dropped > 0);
    let first = tape.entries.first().map(|entry| &entry.what);
    assert!(
        matches!(
            first,
            Some(What::Up {
                synthetic: true,
                peer: 1,
                ..
            })
        ),
        "{first:?}"
    );
    assert!(count(&tape, |w| matches!(w, What::Send { .. })) > 50);
}
