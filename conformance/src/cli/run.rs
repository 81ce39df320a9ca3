//! `tom-conformance run`: all cases of a profile put to a port.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;

use crate::judge::Status;
use crate::profile::Profile;
use crate::report;
use crate::run::{Plan, run as play};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The command that starts the port
    #[arg(long, value_name = "COMMAND")]
    port: String,
    /// The profile to ask for
    #[arg(long, default_value = "codec")]
    profile: Profile,
    /// Where the vectors are
    #[arg(long, value_name = "DIR")]
    vectors: Option<PathBuf>,
    /// Where the transcripts are
    #[arg(long, value_name = "DIR")]
    transcripts: Option<PathBuf>,
    /// Only cases with this in their name or comment
    #[arg(long)]
    only: Option<String>,
    /// Stop at the first failure
    #[arg(long)]
    fail_fast: bool,
    /// A file with the names of cases that are known to fail, one in a line; one that passes fails the run
    #[arg(long, value_name = "FILE")]
    known: Option<PathBuf>,
    /// Milliseconds an answer may take
    #[arg(long, default_value_t = 5_000)]
    patience: u64,
    /// Write results.json, results.md, results.xml (JUnit), results.html and badge.json there
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Show at most so many failures
    #[arg(long, default_value_t = 10)]
    show: usize,
}

/// The names in a list of known failures.
fn known(path: &PathBuf) -> anyhow::Result<BTreeSet<String>> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let lines = text
        .lines()
        .map(|line| line.split('#').next().unwrap_or("").trim());
    Ok(lines
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect())
}

pub(super) fn run(args: &Args) -> anyhow::Result<u8> {
    let (files, transcripts) = super::load(args.vectors.as_ref(), args.transcripts.as_ref())?;
    let plan = Plan {
        port: &args.port,
        profile: args.profile,
        patience: Duration::from_millis(args.patience),
        known: args
            .known
            .as_ref()
            .map(known)
            .transpose()?
            .unwrap_or_default(),
        first: args.fail_fast,
        only: args.only.as_deref(),
    };
    let results = match play(&plan, &files, &transcripts) {
        Ok(results) => results,
        Err(fault) => {
            eprintln!("tom-conformance: {}: {fault}", args.port);
            return Ok(3);
        }
    };
    print!("{}", report::failures(&results, args.show));
    println!("{}", report::markdown(&results));
    if let Some(out) = &args.out {
        std::fs::create_dir_all(out).with_context(|| out.display().to_string())?;
        let colour = if results.is_green() {
            "brightgreen"
        } else {
            "red"
        };
        let passed = results.count(Status::Pass);
        let badge = serde_json::json!({
            "schemaVersion": 1, "label": format!("ToM {}", results.profile),
            "message": format!("{passed} of {}", results.cases.len()), "color": colour,
        });
        for (name, text) in [
            ("results.json", serde_json::to_string_pretty(&results)?),
            ("results.md", report::markdown(&results)),
            ("results.xml", report::junit(&results)),
            ("results.html", report::page(std::slice::from_ref(&results))),
            ("badge.json", badge.to_string()),
        ] {
            let path = out.join(name);
            std::fs::write(&path, text).with_context(|| path.display().to_string())?;
        }
    }
    Ok(u8::from(!results.is_green()))
}
