//! What the command says, and how it exits.

mod common;

use common::{Dir, Node, run};
use serde_json::Value;

const SOMEBODY: &str = "tom1qp6jtp6720jy6hdrp5k0yjagx66p80uzpp2h3vlezpva9fz7lzkdy50y87f";

#[test]
fn wrong_input_exits_with_2_and_says_what_to_do() {
    let dir = Dir::new("wrong");
    let data = ["--data", dir.text()];
    let cases: [(&[&str], &str); 9] = [
        (&[], "Usage"),
        (&["fly"], "unrecognized subcommand"),
        (&["send", "nonsense", "hi"], "copy all of it"),
        (&["send", SOMEBODY], "<TEXT>"),
        (&["node", "--peer", "somebody"], "ADDRESS@HOST:PORT"),
        (&["node", "--listen", "here"], "--listen"),
        (&["decode", "0x01"], "not hexadecimal"),
        (&["decode", "012"], "one is missing"),
        (&["decode", ""], "no bytes"),
    ];
    for (args, says) in cases {
        let all: Vec<&str> = data.iter().chain(args).copied().collect();
        let (code, out, err) = run(if args.is_empty() { &[] } else { &all });
        assert_eq!(code, 2, "{args:?}: {err}");
        assert!(err.contains(says), "{args:?} says: {err}");
        assert_eq!(out, "", "{args:?}");
    }
}

#[test]
fn an_error_in_json_is_an_object() {
    let (code, _, err) = run(&["--json", "decode", "zz"]);
    assert_eq!(code, 2);
    let error: Value = serde_json::from_str(&err).unwrap();
    assert!(error["error"].as_str().unwrap().contains("hexadecimal"));
}

#[test]
fn a_message_to_oneself_is_wrong_input() {
    let dir = Dir::new("self");
    let (_, me, _) = run(&["--data", dir.text(), "id"]);
    let (code, _, err) = run(&["--data", dir.text(), "send", me.trim(), "hi"]);
    assert_eq!(code, 2);
    assert!(err.contains("this node itself"), "{err}");
}

#[test]
fn an_identity_is_made_once_and_only_its_owner_can_read_it() {
    let dir = Dir::new("id");
    let (code, first, _) = run(&["--data", dir.text(), "id"]);
    assert_eq!(code, 0);
    assert_eq!(first.trim().len(), 63);
    let (_, json, _) = run(&["--data", dir.text(), "--json", "id"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["address"], first.trim());
    let file = dir.path().join("identity");
    assert_eq!(json["file"], file.to_str().unwrap());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&file), mode(dir.path())), (0o600, 0o700));
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        let (code, _, err) = run(&["--data", dir.text(), "id"]);
        assert_eq!(code, 1);
        assert!(err.contains("chmod 600"), "{err}");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    std::fs::write(&file, "something else").unwrap();
    let (code, _, err) = run(&["--data", dir.text(), "id"]);
    assert_eq!(code, 1);
    assert!(err.contains("restore it"), "{err}");
}

#[test]
fn status_without_a_node_says_how_to_start_one() {
    let dir = Dir::new("status");
    let (code, out, err) = run(&["--data", dir.text(), "status"]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.contains("tom node --peer"), "{err}");
}

#[test]
fn status_tells_of_the_running_node_and_a_second_one_is_refused() {
    let dir = Dir::new("running");
    let node = Node::start(&dir, &["--listen", "127.0.0.1:0"]);
    let (code, out, _) = run(&["--data", dir.text(), "--json", "status"]);
    assert_eq!(code, 0);
    let status: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(status["listen"], node.listen);
    assert_eq!(status["counters"]["bugs"], 0);
    let (code, out, _) = run(&["--data", dir.text(), "status"]);
    assert_eq!(code, 0);
    assert!(out.contains(node.peer.split('@').next().unwrap()), "{out}");
    let (code, _, err) = run(&["--data", dir.text(), "node"]);
    assert_eq!(code, 1);
    assert!(err.contains("already"), "{err}");
}

#[test]
fn a_killed_node_leaves_nothing_that_stops_the_next() {
    let dir = Dir::new("killed");
    drop(Node::start(&dir, &["--listen", "127.0.0.1:0"]));
    assert!(
        dir.path().join("control").exists(),
        "a killed process cannot tidy up"
    );
    let _next = Node::start(&dir, &["--listen", "127.0.0.1:0"]);
    assert_eq!(run(&["--data", dir.text(), "status"]).0, 0);
}

#[test]
fn a_message_nobody_proves_exits_with_3_and_is_never_called_failed() {
    let dir = Dir::new("nobody");
    let (code, out, _) = run(&["--data", dir.text(), "send", SOMEBODY, "hi", "--wait", "1"]);
    assert_eq!(code, 3);
    assert!(out.contains("not proven delivered: pending"), "{out}");
    assert!(!out.contains("fail"), "{out}");
}

#[test]
fn completions_are_made_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (code, out, _) = run(&["completions", shell]);
        assert_eq!(code, 0);
        assert!(out.contains("decode") && out.contains("peer"), "{shell}");
    }
}
