//! `tom-conformance wander`: random networks. The port sits in each of their seats beside the reference,
//! and then lives with it, and with itself.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;

use crate::judge::{Diff, Status};
use crate::process::Process;
use crate::profile::Profile;
use crate::record::{MOST, Player, wander};
use crate::transcript::{Transcript, play, recorded, shrink, text};

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
    /// Where the shortest course that parts from the reference goes; where something is not true of a network, the
    /// courses of its nodes go beside it
    #[arg(long, value_name = "FILE", default_value = "divergence.json")]
    out: PathBuf,
}

/// Who sits where.
#[derive(Clone, Copy, Debug)]
enum Seating {
    /// The reference everywhere; the port walks each course for itself.
    Beside,
    /// The port in the even seats, the reference in the others.
    Even,
    /// The port in the odd seats.
    Odd,
    /// The port everywhere.
    All,
}

impl Seating {
    const ALL: [Self; 4] = [Self::Beside, Self::Even, Self::Odd, Self::All];

    const fn seats_port(self, at: usize) -> bool {
        match self {
            Self::Beside => false,
            Self::Even => at.is_multiple_of(2),
            Self::Odd => !at.is_multiple_of(2),
            Self::All => true,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Beside => "the reference in every seat",
            Self::Even => "the port in the even seats",
            Self::Odd => "the port in the odd seats",
            Self::All => "the port in every seat",
        }
    }
}

/// A salt nobody knows beforehand.
fn fresh() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one("salt")
}

/// Where a course of a node parts from the book.
struct Parting {
    /// The course as the reference walks it.
    course: Transcript,
    diff: Option<Diff>,
}

/// Whether the port walks this course as the reference does; the course is its own, or the reference's.
fn parts(process: &mut Process, course: &Transcript, own: bool) -> anyhow::Result<Option<Parting>> {
    let course = if own {
        let again = recorded(course, &course.steps);
        let Some(again) = again else {
            let diff = Diff {
                at: "the course".to_owned(),
                expected: "one the reference can walk".to_owned(),
                got: "one at whose end it gives no ordinary answer".to_owned(),
            };
            let course = course.clone();
            return Ok(Some(Parting {
                course,
                diff: Some(diff),
            }));
        };
        again
    } else {
        course.clone()
    };
    let (status, diff) = play(process, &course)?;
    Ok((status != Status::Pass).then_some(Parting { course, diff }))
}

/// What ran, for the last line.
#[derive(Default)]
struct Tally {
    networks: u64,
    seats: usize,
    steps: usize,
}

/// One network: what is wrong with it, if anything, in words.
fn network(
    args: &Args,
    salt: u64,
    seating: Seating,
    processes: &mut Vec<Process>,
    tally: &mut Tally,
) -> anyhow::Result<Option<String>> {
    let place = format!("salt {salt}, {}", seating.name());
    let player = |at| {
        Ok(if seating.seats_port(at) {
            Player::Port(Box::new(processes.pop().context("no port is left")?))
        } else {
            Player::reference()
        })
    };
    let wandered = wander(salt, args.profile, player).with_context(|| place.clone())?;
    let ports: Vec<bool> = wandered.players.iter().map(Player::is_port).collect();
    processes.extend(wandered.players.into_iter().filter_map(Player::process));
    tally.networks += 1;
    let beside = processes.first_mut().context("no port is left")?;
    for (course, port) in wandered.courses.iter().zip(ports) {
        let walks = match seating {
            Seating::Beside => true,
            Seating::Even | Seating::Odd | Seating::All => port,
        };
        if !walks {
            continue;
        }
        tally.seats += 1;
        tally.steps += course.steps.len();
        if let Some(parting) = parts(beside, course, port)? {
            let small = shrink(beside, &parting.course)?;
            std::fs::write(&args.out, text(&small)?)
                .with_context(|| args.out.display().to_string())?;
            let (_, shown) = play(beside, &small)?;
            return Ok(Some(format!(
                "parts from the reference: {place}, {}, {} steps\n{}{} steps do as well: {}\n{}",
                course.seat,
                course.steps.len(),
                lines(parting.diff.as_ref()),
                small.steps.len(),
                args.out.display(),
                lines(shown.as_ref()),
            )));
        }
    }
    if wandered.wrong.is_empty() {
        return Ok(None);
    }
    for (at, course) in wandered.courses.iter().enumerate() {
        let path = args.out.with_extension(format!("node-{at}.json"));
        std::fs::write(&path, text(course)?).with_context(|| path.display().to_string())?;
    }
    let wrong = wandered.wrong.join("\n  ");
    let courses = args.out.with_extension("node-*.json");
    Ok(Some(format!(
        "not true: {place}\n  {wrong}\n{} is what each node was told and did",
        courses.display()
    )))
}

fn lines(diff: Option<&Diff>) -> String {
    diff.map_or_else(String::new, |diff| {
        let Diff { at, expected, got } = diff;
        format!("  at       {at}\n  expected {expected}\n  got      {got}\n")
    })
}

pub(super) fn run(args: &Args) -> anyhow::Result<u8> {
    let salt = args.salt.unwrap_or_else(fresh);
    let start = |_| Process::start(&args.port, Duration::from_secs(10));
    let mut processes = (0..MOST).map(start).collect::<Result<Vec<_>, _>>()?;
    let mut tally = Tally::default();
    for number in 0..args.runs {
        for seating in Seating::ALL {
            let salt = salt.wrapping_add(number);
            if let Some(wrong) = network(args, salt, seating, &mut processes, &mut tally)? {
                println!("{wrong}");
                return Ok(1);
            }
        }
    }
    println!(
        "{} networks from salt {salt}, the port in {} seats, {} steps: all alike, all true",
        tally.networks, tally.seats, tally.steps
    );
    Ok(0)
}
