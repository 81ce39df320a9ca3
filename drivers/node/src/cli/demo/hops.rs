//! Step `hops`: eight relays in a row carry a message, a ninth does not.

use tom::Drop;

use super::child::Child;
use super::report::Shown;
use super::{PATIENCE, Stage, Step, must, shown, until};

/// Relays that a message crosses at most.
const MOST: usize = 8;

pub(crate) async fn play(stage: &Stage) -> anyhow::Result<Shown> {
    // A - 1 - 2 - ... - 8 - 9 - beyond, and B beside 8.
    let mut chain: Vec<Child> = Vec::new();
    for n in 1..=MOST + 1 {
        let before = chain.last().map(|child| child.peer.clone());
        let mut args = vec!["--advertise", "none"];
        if let Some(before) = &before {
            args.extend(["--peer", before]);
        }
        chain.push(Child::start(stage, &format!("hop-{n}"), &args).await?);
    }
    let peer = |at: usize| chain.get(at).map_or("", |child| child.peer.as_str());
    let a = Child::start(stage, "hops-a", &["--advertise", "none", "--peer", peer(0)]).await?;
    let b = Child::start(
        stage,
        "hops-b",
        &["--advertise", "none", "--peer", peer(MOST - 1)],
    )
    .await?;
    let beyond = ["--advertise", "none", "--peer", peer(MOST)];
    let beyond = Child::start(stage, "hops-beyond", &beyond).await?;
    for (at, child) in chain.iter().enumerate() {
        child.linked(if at + 1 == MOST { 3 } else { 2 }).await?;
    }
    if stage.breaks(Step::Hops)
        && let Some(middle) = chain.get_mut(3)
    {
        middle.kill().await?;
    }

    let b_hears = b.ears().await?;
    let beyond_hears = beyond.ears().await?;
    let sent = a.send(b.address, "over eight", PATIENCE).await?;
    must(sent.delivered, || {
        format!(
            "no proof came back over {MOST} relays; the message is {}",
            sent.state
        )
    })?;
    b_hears.hear("over eight").await?;
    for child in chain.iter().take(MOST) {
        let forwarded = child.number("/counters/forwarded").await?;
        must(forwarded > 0, || {
            format!("{} handed nothing on", child.name)
        })?;
    }

    let too_far = a
        .send(
            beyond.address,
            "over nine",
            std::time::Duration::from_millis(100),
        )
        .await?;
    must(!too_far.delivered, || {
        "a message crossed nine relays".into()
    })?;
    let ninth = chain.last();
    let drops = until("the ninth relay's drop", || async {
        let count = match ninth {
            Some(ninth) => ninth.drops(Drop::NoHops.code()).await?,
            None => 0,
        };
        Ok((count > 0).then_some(count))
    })
    .await?;
    must(beyond_hears.all().is_empty(), || {
        "a message arrived over nine relays".into()
    })?;
    let number = Drop::NoHops.code();
    Ok(shown(sent.took, vec![sent.id, too_far.id])
        .line(format!("{MOST} relays in a row, there and back"))
        .line(format!(
            "a ninth drops it: number {number} (no hops left), counted {drops} x"
        ))
        .fact("relays", MOST)
        .fact("drop", number)
        .fact("drops", drops))
}
