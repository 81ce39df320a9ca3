//! `tom-conformance wander`: random networks, and the port in each of their seats.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;

use crate::judge::Status;
use crate::process::Process;
use crate::profile::Profile;
use crate::record::wander;
use crate::transcript::{Transcript, play, shrink, text};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The command that starts the port
    #[arg(long, value_name = "COMMAND")]
    port: String,
    /// The profile of the nodes
    #[arg(long, default_value = "full")]
    profile: Profile,
    /// How many networks
    #[arg(long, default_value_t = 20)]
    runs: u64,
    /// The first network; without it one that nobody has seen
    #[arg(long)]
    salt: Option<u64>,
    /// Where the shortest course that parts from the reference goes
    #[arg(long, value_name = "FILE", default_value = "divergence.json")]
    out: PathBuf,
}

/// A salt nobody knows beforehand.
fn fresh() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one("salt")
}

pub(super) fn run(args: &Args) -> anyhow::Result<u8> {
    let salt = args.salt.unwrap_or_else(fresh);
    let mut process = Process::start(&args.port, Duration::from_secs(10))?;
    let (mut seats, mut steps) = (0, 0);
    for number in 0..args.runs {
        let salt = salt.wrapping_add(number);
        for course in wander(salt, args.profile).with_context(|| format!("salt {salt}"))? {
            seats += 1;
            steps += course.steps.len();
            let (status, diff) = play(&mut process, &course)?;
            if status == Status::Pass {
                continue;
            }
            let told = |course: &Transcript| {
                let diff = diff.as_ref();
                format!(
                    "salt {salt}, {}, {} steps\n  at       {}\n  expected {}\n  got      {}",
                    course.seat,
                    course.steps.len(),
                    diff.map_or("", |diff| diff.at.as_str()),
                    diff.map_or("", |diff| diff.expected.as_str()),
                    diff.map_or("", |diff| diff.got.as_str())
                )
            };
            println!("parts from the reference: {}", told(&course));
            let small = shrink(&mut process, &course)?;
            std::fs::write(&args.out, text(&small)?)
                .with_context(|| args.out.display().to_string())?;
            println!(
                "{} steps do as well: {}",
                small.steps.len(),
                args.out.display()
            );
            return Ok(1);
        }
    }
    println!(
        "{} networks from salt {salt}, {seats} seats, {steps} steps: all alike",
        args.runs
    );
    Ok(0)
}
