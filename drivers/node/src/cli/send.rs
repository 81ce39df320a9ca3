//! `tom send`

use std::io::Read;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use serde_json::Value;
use tom::Outgoing;

use super::control::{Conversation, Request};
use super::serve::address;
use super::{Common, DONE, Join, NOT_PROVEN, WrongInput, say};

/// More than this on stdin is too long for a message in any case.
const MAX_INPUT: u64 = 128 << 10;

#[derive(Debug, Args)]
pub(crate) struct SendArgs {
    /// Whom to: an address as `tom id` prints it
    address: String,
    /// The message; `-` reads it from stdin
    text: String,
    /// How many seconds to wait for the proof of delivery
    #[arg(long, value_name = "SECS", default_value_t = 10)]
    wait: u64,
    #[command(flatten)]
    join: Join,
}

pub(crate) async fn run(common: &Common, args: SendArgs) -> anyhow::Result<u8> {
    let to = address(&args.address)?;
    let bytes = if args.text == "-" {
        let mut bytes = Vec::new();
        std::io::stdin()
            .lock()
            .take(MAX_INPUT)
            .read_to_end(&mut bytes)
            .context("reading stdin")?;
        bytes
    } else {
        args.text.into_bytes()
    };
    let wait = Duration::from_secs(args.wait);
    let dir = common.dir()?;
    if let Some(mut node) = Conversation::open(&dir).await {
        if args.join.says_something() {
            return Err(WrongInput(format!(
                "a node runs with the files in {} and sends this message; leave out --peer, \
                 --listen and --advertise, or give --data another directory",
                dir.display()
            ))
            .into());
        }
        let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        let to = to.to_string();
        node.put(&Request::Send {
            to,
            hex: say::hex(&bytes),
            wait_ms,
        })
        .await?;
        let mut last = None;
        for _ in 0..2 {
            last = node.answer().await?.or(last);
        }
        return Ok(report(
            common,
            &last.unwrap_or_default(),
            "the node goes on trying",
        ));
    }
    let client = args.join.builder(&dir).start().await?;
    let mut sending = client.submit(Outgoing::new(to, bytes)).await?;
    let delivery = sending.wait(wait).await;
    let code = report(
        common,
        &say::delivery(&delivery),
        "this command has ended and no longer tries",
    );
    client.shutdown().await;
    Ok(code)
}

fn report(common: &Common, delivery: &Value, otherwise: &str) -> u8 {
    let text = |name: &str| {
        delivery
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let delivered = delivery
        .get("delivered")
        .and_then(Value::as_bool)
        .unwrap_or(false);
    if common.json {
        say::line(delivery);
    } else if delivered {
        let ms = delivery.get("us").and_then(Value::as_u64).unwrap_or(0) / 1_000;
        say::line(format_args!("delivered in {ms} ms, message {}", text("id")));
    } else {
        let state = text("state");
        let meaning = tom::State::from_name(state).map_or("", say::meaning);
        say::line(format_args!(
            "not proven delivered: {state} ({meaning}); {otherwise}"
        ));
    }
    if delivered { DONE } else { NOT_PROVEN }
}
