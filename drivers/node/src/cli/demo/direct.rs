//! Step `direct`: after the first round trip the two ends do without the relay, and come back to
//! it when their own link is cut.

use std::time::Duration;

use super::cable::Cable;
use super::child::Child;
use super::report::{Shown, ms_text};
use super::{PATIENCE, Stage, Step, must, shown, until};

/// Messages that must cross no relay.
const MESSAGES: usize = 20;
/// How long the relay must have been still before counting begins.
const STILL: Duration = Duration::from_millis(300);

pub(crate) async fn play(stage: &Stage) -> anyhow::Result<Shown> {
    let c = Child::start(stage, "direct-c", &["--advertise", "none"]).await?;
    // A and B are dialled through cables, so that their direct link can be cut.
    let mut cable_a = Cable::start(stage, "cable-a").await?;
    let mut cable_b = Cable::start(stage, "cable-b").await?;
    let withheld = stage.breaks(Step::Direct);
    let tells = |cable: &Cable| {
        if withheld {
            "none".to_owned()
        } else {
            cable.place.clone()
        }
    };
    let (at_a, at_b) = (tells(&cable_a), tells(&cable_b));
    let a = Child::start(
        stage,
        "direct-a",
        &["--advertise", &at_a, "--peer", &c.peer],
    )
    .await?;
    let b = Child::start(
        stage,
        "direct-b",
        &["--advertise", &at_b, "--peer", &c.peer],
    )
    .await?;
    cable_a.plug(a.place()).await?;
    cable_b.plug(b.place()).await?;
    c.linked(2).await?;
    let hears = b.ears().await?;

    let first = a.send(b.address, "over C", PATIENCE).await?;
    must(first.delivered, || {
        format!("no proof over C; the message is {}", first.state)
    })?;
    let mut ids = vec![first.id];
    let begin = tokio::time::Instant::now();
    let other = b.address.to_string();
    until("the direct link", || async {
        Ok(a.neighbours().await?.contains(&other).then_some(()))
    })
    .await?;
    let moved = begin.elapsed();

    let before = until("C coming to rest", || async {
        let before = c.number("/counters/forwarded").await?;
        tokio::time::sleep(STILL).await;
        Ok((c.number("/counters/forwarded").await? == before).then_some(before))
    })
    .await?;
    let mut slowest = Duration::ZERO;
    for n in 0..MESSAGES {
        let text = format!("direct {n}");
        let sent = a.send(b.address, &text, PATIENCE).await?;
        must(sent.delivered, || {
            format!("direct message {n} is {}", sent.state)
        })?;
        let (_, heard) = hears.hear(&text).await?;
        must(heard.neighbour == heard.from, || {
            format!("direct message {n} came over a relay")
        })?;
        slowest = slowest.max(sent.took);
        ids.push(sent.id);
    }
    let after = c.number("/counters/forwarded").await?;
    must(after == before, || {
        format!(
            "C handed on {} envelopes during the direct messages",
            after - before
        )
    })?;

    cable_a.cut().await?;
    cable_b.cut().await?;
    let back = a.send(b.address, "over C again", PATIENCE).await?;
    must(back.delivered, || {
        format!("no proof after the cut; the message is {}", back.state)
    })?;
    let (_, heard) = hears.hear("over C again").await?;
    let again = c.number("/counters/forwarded").await?;
    must(
        again > after && heard.neighbour == c.address.to_string(),
        || "the message after the cut did not come over C".into(),
    )?;
    ids.push(back.id);
    Ok(shown(moved, ids)
        .line(format!(
            "direct link; C's counter stood at {before} for {MESSAGES} messages"
        ))
        .line(format!(
            "link cut: back over C in {}, counter at {again}",
            ms_text(back.took)
        ))
        .fact("messages", MESSAGES)
        .fact(
            "slowest_direct_us",
            u64::try_from(slowest.as_micros()).unwrap_or(0),
        )
        .fact("forwarded", serde_json::json!([before, after, again]))
        .fact("back_ms", u64::try_from(back.took.as_millis()).unwrap_or(0)))
}
