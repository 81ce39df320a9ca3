//! Step `tamper_refused`: a relay alters what it carries; nobody is fooled, and the message arrives.

use tom::Drop;

use super::child::Child;
use super::report::Shown;
use super::{PATIENCE, Stage, Step, must, shown};
use crate::cli::control::Request;

pub(crate) async fn play(stage: &Stage) -> anyhow::Result<Shown> {
    let evil = Child::start(stage, "evil", &["--advertise", "none", "--adversary"]).await?;
    let good = Child::start(stage, "good", &["--advertise", "none"]).await?;
    let quiet = ["--advertise", "none", "--peer"];
    let [flag, none, peer] = quiet;
    let a = Child::start(
        stage,
        "tamper-a",
        &[flag, none, peer, &evil.peer, peer, &good.peer],
    )
    .await?;
    let b = Child::start(stage, "tamper-b", &[flag, none, peer, &evil.peer]).await?;
    a.linked(2).await?;
    b.linked(1).await?;
    let hears = b.ears().await?;

    // The evil relay earns its place: it is the only one that reaches B, and carries well.
    let first = a.send(b.address, "before", PATIENCE).await?;
    must(first.delivered, || {
        format!("no proof over the relay; the message is {}", first.state)
    })?;
    if !stage.breaks(Step::TamperRefused) {
        b.ask(&Request::Keep {
            peer: good.peer.clone(),
        })
        .await?;
        b.linked(2).await?;
    }
    let number = Drop::BadTag.code();
    let before = b.drops(number).await?;
    evil.ask(&Request::Misbehave {
        how: "tamper".into(),
    })
    .await?;

    let sent = a.send(b.address, "untouched", PATIENCE).await?;
    must(sent.delivered, || {
        format!(
            "the retry over another relay did not deliver; the message is {}",
            sent.state
        )
    })?;
    let (_, heard) = hears.hear("untouched").await?;
    let drops = b.drops(number).await? - before;
    must(drops > 0, || {
        "B counted no altered envelope: nothing was tampered with".into()
    })?;
    must(heard.neighbour == good.address.to_string(), || {
        "the message did not come over the honest relay".into()
    })?;
    let all = hears.all();
    must(all.len() == 2, || {
        format!("B's application got {} messages instead of 2", all.len())
    })?;
    Ok(shown(sent.took, vec![sent.id])
        .line(format!(
            "one bit changed on the way: drop number {number} at B, counted {drops} x"
        ))
        .line("the retry over the honest relay delivered it")
        .fact("drop", number)
        .fact("drops", drops))
}
