//! `tom decode`: golden output.

mod common;

use common::run;
use serde_json::{Value, json};

fn decoded(hex: &str) -> (i32, String) {
    let (code, out, _) = run(&["decode", hex]);
    (code, out)
}

#[test]
fn frames_are_told_one_behind_the_other() {
    let expected = "    0  TAKEN
    0    ftype                  3
    1    len                    9
    3    count                  1
    4    ref                    0102030405060708
   12  PASSED
   12    ftype                  4
   13    len                    8
   15    ref                    1112131415161718
";
    let hex = "03 0900 01 0102030405060708  04 0800 1112131415161718";
    assert_eq!(decoded(hex), (0, expected.into()));
}

#[test]
fn an_envelope_is_told_by_its_fields() {
    let expected = "    0  version                  1
    0  kind                     5 (NACK)
    1  flags                    0
    2  attempt                  2
    2  hop                      7
    3  expiry                   1700000000
    7  dst                      0000000000000000
   15  ref                      0102030405060708
   23  code                     4 (NO_ROUTE)
   24  arg                      0
";
    let hex = "15 00 27 00f15365 0000000000000000 0102030405060708 04 00000000";
    assert_eq!(decoded(hex), (0, expected.into()));
}

#[test]
fn the_first_bad_byte_is_named_with_its_drop_number() {
    // A reserved flag, an unknown version, a frame cut off, a NACK that lacks its last byte.
    let cases = [
        (
            "13 01 00 00000000 0102030405060708 00000000 0000",
            "    1  bad                      drop 6 BadFlags: first bad byte",
        ),
        (
            "23 00 00 00000000 0102030405060708 00000000 0000",
            "    0  bad                      drop 5 BadVersion: first bad byte",
        ),
        ("03 0900 01 01", "drop 2 BadLength"),
        (
            "15 00 27 00f15365 0000000000000000 0102030405060708 04 000000",
            "   27  bad                      drop 1 Truncated: bytes are missing here",
        ),
    ];
    for (hex, says) in cases {
        let (code, out) = decoded(hex);
        assert_eq!(code, 1, "{out}");
        assert!(out.contains(says), "{hex}:\n{out}");
    }
}

#[test]
fn json_has_the_same_fields_with_their_places() {
    let (code, out, _) = run(&["--json", "decode", "04 0800 1112131415161718"]);
    assert_eq!(code, 0);
    let value: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(value["ok"], true);
    let last = value["fields"].as_array().unwrap().last().unwrap();
    let expected =
        json!({"name": "ref", "from": 3, "to": 11, "depth": 1, "value": "1112131415161718"});
    assert_eq!(*last, expected);
}

#[test]
fn bytes_come_from_stdin_too() {
    use std::io::Write;
    let mut child = common::tom()
        .args(["decode", "-"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(b"04 0800\n1112131415161718\n")
        .unwrap();
    let out = child.wait_with_output().unwrap();
    assert!(
        String::from_utf8(out.stdout)
            .unwrap()
            .starts_with("    0  PASSED")
    );
}
