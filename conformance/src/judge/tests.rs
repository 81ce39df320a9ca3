//! A difference is told where it is.

use serde_json::{Value, json};

use super::{Status, judge};
use crate::cases::{Case, Expected};

fn case(expect: Value, result: Expected) -> Case {
    Case {
        tc_id: 1,
        comment: "one".to_owned(),
        spec_ref: "envelope.md#ack".to_owned(),
        rules: Vec::new(),
        flags: Vec::new(),
        result,
        ask: serde_json::Map::new(),
        expect: expect.as_object().unwrap().clone(),
        also: Vec::new(),
    }
}

fn told(expect: Value, reply: Value) -> (Status, String) {
    let (status, diff) = judge(&case(expect, Expected::Valid), &reply);
    (status, diff.map_or(String::new(), |diff| diff.at))
}

#[test]
fn more_fields_than_expected_do_no_harm() {
    let reply = json!({ "id": 1, "is": { "a": 1, "b": 2 }, "note": "x" });
    assert_eq!(
        told(json!({ "is": { "a": 1 } }), reply),
        (Status::Pass, String::new())
    );
}

#[test]
fn the_first_difference_has_its_path() {
    let reply = json!({ "id": 1, "is": { "list": [{ "x": 1 }, { "x": 3 }] } });
    let expect = json!({ "is": { "list": [{ "x": 1 }, { "x": 2 }] } });
    assert_eq!(
        told(expect, reply),
        (Status::Fail, "is.list[1].x".to_owned())
    );
    let expect = json!({ "is": { "list": [] } });
    let reply = json!({ "id": 1, "is": { "list": [4] } });
    assert_eq!(
        told(expect, reply),
        (Status::Fail, "is.list: how many".to_owned())
    );
}

#[test]
fn a_byte_of_an_envelope_has_the_name_of_its_field() {
    // The ACK of the worked example, and one whose secret differs in its last byte.
    let ack = "14000800d2496b00000000000000000142a2089b69171666520497c287c0f9b01ba4a5c962273638";
    let other = format!("{}39", &ack[..78]);
    let at = told(
        json!({ "is": { "bytes": ack } }),
        json!({ "id": 1, "is": { "bytes": other } }),
    );
    assert_eq!(
        at,
        (Status::Fail, "is.bytes: byte 39, in `secret`".to_owned())
    );
}

#[test]
fn another_kind_of_answer_is_a_failure() {
    let (status, _) = told(json!({ "drop": 1 }), json!({ "id": 1, "drop": 2 }));
    assert_eq!(status, Status::Fail);
    let (status, at) = told(json!({ "drop": 1 }), json!({ "id": 1, "is": {} }));
    assert_eq!((status, at.as_str()), (Status::Fail, "drop"));
    let (status, _) = told(
        json!({ "drop": 1 }),
        json!({ "id": 1, "unsupported": "no" }),
    );
    assert_eq!(status, Status::Unsupported);
}

#[test]
fn what_the_book_allows_beside_is_not_strict_and_all_else_fails() {
    let mut case = case(
        json!({ "verdict": "dropped", "drops": [29] }),
        Expected::Acceptable,
    );
    for also in [
        json!({ "verdict": "dropped", "drops": [54] }),
        json!({ "verdict": "accepted", "drops": null }),
    ] {
        case.also.push(also.as_object().unwrap().clone());
    }
    let judged = |drops: Value, verdict: &str| {
        let mut reply = json!({ "id": 1, "verdict": verdict });
        if !drops.is_null() {
            reply["drops"] = drops;
        }
        judge(&case, &reply).0
    };
    assert_eq!(judged(json!([29]), "dropped"), Status::Pass);
    assert_eq!(judged(json!([54]), "dropped"), Status::NonStrict);
    assert_eq!(judged(Value::Null, "accepted"), Status::NonStrict);
    assert_eq!(judged(json!([54]), "accepted"), Status::Fail);
    assert_eq!(judged(json!([23]), "dropped"), Status::Fail);
    assert_eq!(
        judge(&case, &json!({ "id": 1, "error": "x" })).0,
        Status::Fail
    );
}

#[test]
fn drops_have_no_order_and_are_counted() {
    let expect = json!({ "verdict": "dropped", "drops": [3, 3, 63] });
    let reply = |drops: Value| json!({ "id": 1, "verdict": "dropped", "drops": drops });
    let status = |drops| told(expect.clone(), reply(drops)).0;
    assert_eq!(status(json!([63, 3, 3])), Status::Pass);
    assert_eq!(status(json!([3, 63, 63])), Status::Fail);
    assert_eq!(status(json!([3, 63])), Status::Fail);
}
