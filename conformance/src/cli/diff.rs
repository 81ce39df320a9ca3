//! `tom-conformance diff`: what changed between two results.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::judge::Status;
use crate::run::Results;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// results.json of before
    old: PathBuf,
    /// results.json of now
    new: PathBuf,
}

fn read(path: &Path) -> anyhow::Result<Results> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    serde_json::from_str(&text).with_context(|| path.display().to_string())
}

pub(super) fn run(args: &Args) -> anyhow::Result<u8> {
    let (old, new) = (read(&args.old)?, read(&args.new)?);
    let before: BTreeMap<&str, Status> = old
        .cases
        .iter()
        .map(|case| (case.case.as_str(), case.status))
        .collect();
    let mut worse = false;
    for case in &new.cases {
        let was = before.get(case.case.as_str());
        if was == Some(&case.status) {
            continue;
        }
        worse |= case.status == Status::Fail;
        let was = was.map_or("new", |status| status.word());
        println!(
            "{}: {was} -> {}: {}",
            case.case,
            case.status.word(),
            case.comment
        );
    }
    let now: BTreeMap<&str, ()> = new
        .cases
        .iter()
        .map(|case| (case.case.as_str(), ()))
        .collect();
    for gone in before.keys().filter(|name| !now.contains_key(*name)) {
        println!("{gone}: gone");
    }
    Ok(u8::from(worse))
}
