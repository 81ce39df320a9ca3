//! All cases of a profile put to a port.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::cases::{Case, File, Group, request, story};
use crate::judge::{Diff, Status, judge};
use crate::process::{Fault, Process};
use crate::profile::{Addon, Profile, Wanted};
use crate::transcript::{self, Transcript};

/// How often a port that fell over is started again.
const RESTARTS: u32 = 20;

/// What to run.
#[derive(Debug)]
pub struct Plan<'a> {
    /// The command that starts the port.
    pub port: &'a str,
    /// The profile it is asked for.
    pub profile: Wanted,
    /// How long one answer may take.
    pub patience: Duration,
    /// Cases that are known to fail, as `file:number`, and transcripts, by file.
    pub known: BTreeSet<String>,
    /// Stop at the first failure: what comes after is not of interest.
    pub first: bool,
    /// Only cases whose `file:number` or comment has this in it.
    pub only: Option<&'a str>,
}

/// What a port says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The language it is written in.
    pub language: String,
    /// The version of the book it follows.
    #[serde(rename = "spec")]
    pub book: String,
    /// The profiles it claims.
    pub profiles: Vec<String>,
}

impl Hello {
    /// Whether it claims to do this.
    fn claims(&self, profile: Profile, addon: Option<Addon>) -> bool {
        let mut known = self.profiles.iter().filter_map(|name| name.parse().ok());
        let named = |addon: Addon| self.profiles.iter().any(|name| name == addon.name());
        known.any(|known: Profile| known >= profile) && addon.is_none_or(named)
    }
}

/// How one case came out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// `file:number`.
    pub case: String,
    /// What it inspects.
    pub area: String,
    /// What it is.
    pub comment: String,
    /// Where in the book it stands.
    pub spec_ref: String,
    /// The rules it is about.
    pub rules: Vec<String>,
    /// How it came out.
    pub status: Status,
    /// The first difference, or what the port did.
    pub diff: Option<Diff>,
}

/// How a port came out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Results {
    /// The version of the suite.
    pub suite: String,
    /// The profile asked for.
    pub profile: String,
    /// Who was asked.
    pub port: Hello,
    /// Wall time of the whole, in milliseconds.
    pub took_ms: u64,
    /// Each case.
    pub cases: Vec<Outcome>,
}

impl Results {
    /// How many cases came out so.
    #[must_use]
    pub fn count(&self, status: Status) -> usize {
        let same = self.cases.iter().filter(|case| case.status == status);
        same.count()
    }

    /// Nothing failed, and no list of failures is wrong.
    #[must_use]
    pub fn is_green(&self) -> bool {
        self.count(Status::Fail) == 0 && self.count(Status::Xpass) == 0
    }
}

/// A port on its way through the cases.
struct Seat<'a> {
    plan: &'a Plan<'a>,
    process: Option<Process>,
    restarts: u32,
}

impl Seat<'_> {
    fn ask(&mut self, request: &Map<String, Value>) -> Result<Value, Fault> {
        let mut process = match self.process.take() {
            Some(process) => process,
            None => Process::start(self.plan.port, self.plan.patience)?,
        };
        let reply = process.ask(request);
        match &reply {
            Ok(_) => self.process = Some(process),
            Err(_) => self.restarts += 1,
        }
        reply
    }

    /// It fell over too often to be asked again.
    const fn is_lost(&self) -> bool {
        self.restarts > RESTARTS
    }
}

impl transcript::Seat for Seat<'_> {
    type Fault = Fault;

    fn ask(&mut self, request: &Map<String, Value>) -> Result<Value, Fault> {
        Seat::ask(self, request)
    }
}

/// Runs all cases of the files, and all transcripts, that belong to the plan's profile.
///
/// # Errors
/// The port does not even say hello.
pub fn run(
    plan: &Plan<'_>,
    files: &[(PathBuf, File)],
    transcripts: &[(PathBuf, Transcript)],
) -> Result<Results, Fault> {
    let begun = now();
    let mut seat = Seat {
        plan,
        process: None,
        restarts: 0,
    };
    let hello = seat.ask(&request("hello", &Value::Null))?;
    let hello: Hello =
        serde_json::from_value(hello).map_err(|error| Fault::Rubbish(error.to_string()))?;
    let mut cases = Vec::new();
    let ended = |cases: &[Outcome]| {
        let last = cases.last().map(|case| case.status);
        plan.first && last == Some(Status::Fail)
    };
    let groups = files.iter().flat_map(|(path, file)| {
        let groups = file.test_groups.iter();
        groups.map(move |group| (path, group))
    });
    let wanted = |group: &Group| {
        let addons = &plan.profile.addons;
        group.profile <= plan.profile.profile && group.addon.is_none_or(|it| addons.contains(&it))
    };
    for (path, group) in groups.filter(|(_, group)| wanted(group)) {
        for case in &group.tests {
            if !ended(&cases) {
                cases.extend(one(&mut seat, &hello, path, group, case));
            }
        }
    }
    for (path, transcript) in transcripts {
        if transcript.profile <= plan.profile.profile && !ended(&cases) {
            cases.extend(course(&mut seat, &hello, path, transcript));
        }
    }
    Ok(Results {
        suite: env!("CARGO_PKG_VERSION").to_owned(),
        profile: plan.profile.to_string(),
        port: hello,
        took_ms: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
        cases,
    })
}

/// The wall clock, for the report alone.
#[expect(
    clippy::disallowed_methods,
    reason = "how long a run took stands in its report and decides nothing"
)]
fn now() -> Instant {
    Instant::now()
}

/// The name of a case: `envelope:12`.
#[must_use]
pub fn name(path: &Path, case: &Case) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    format!("{stem}:{}", case.tc_id)
}

/// The answer that is judged: to the question, or to the last step of a story. A story ends where the
/// port cannot go on.
fn answer(seat: &mut Seat<'_>, group: &Group, case: &Case) -> Result<Value, Fault> {
    if group.kind != "node" {
        let mut asked = request(&group.kind, &Value::Object(case.ask.clone()));
        asked.insert("what".to_owned(), group.what.clone().into());
        return seat.ask(&asked);
    }
    let ask = Value::Object(case.ask.clone());
    let requests = story(&ask).map_err(|error| Fault::Rubbish(error.to_string()))?;
    let mut last = Value::Null;
    for request in requests {
        last = seat.ask(&request)?;
        if ["unsupported", "error", "starved"]
            .iter()
            .any(|end| !last[end].is_null())
        {
            break;
        }
    }
    Ok(last)
}

fn one(
    seat: &mut Seat<'_>,
    hello: &Hello,
    path: &Path,
    group: &Group,
    case: &Case,
) -> Option<Outcome> {
    let name = name(path, case);
    if let Some(only) = seat.plan.only
        && !name.contains(only)
        && !case.comment.contains(only)
    {
        return None;
    }
    let (status, diff) = put(seat, |seat| {
        answer(seat, group, case).map(|reply| judge(case, &reply))
    });
    // Other sizes of tables belong to no profile.
    let claimed = hello.claims(group.profile, group.addon) && !case.asks_for_limits();
    Some(Outcome {
        status: counted(seat.plan, claimed, &name, status),
        case: name,
        area: group.what.clone(),
        comment: case.comment.clone(),
        spec_ref: case.spec_ref.clone(),
        rules: case.rules.clone(),
        diff,
    })
}

/// Puts something to the port; that it falls over is a failure.
fn put(
    seat: &mut Seat<'_>,
    what: impl FnOnce(&mut Seat<'_>) -> Result<(Status, Option<Diff>), Fault>,
) -> (Status, Option<Diff>) {
    let failed = |fault: &dyn std::fmt::Display| {
        let diff = Diff {
            at: "the port".to_owned(),
            expected: "an answer".to_owned(),
            got: fault.to_string(),
        };
        (Status::Fail, Some(diff))
    };
    if seat.is_lost() {
        return failed(&"it fell over too often and is asked no more");
    }
    what(seat).unwrap_or_else(|fault| failed(&fault))
}

/// A status in the light of what the port claims and what is known of it.
fn counted(plan: &Plan<'_>, claimed: bool, name: &str, status: Status) -> Status {
    // What a port claims to do it has to do.
    let status = match status {
        Status::Unsupported if claimed => Status::Fail,
        Status::Unsupported
        | Status::Pass
        | Status::NonStrict
        | Status::Fail
        | Status::Xfail
        | Status::Xpass => status,
    };
    if !plan.known.contains(name) {
        return status;
    }
    match status {
        Status::Fail | Status::NonStrict => Status::Xfail,
        Status::Pass => Status::Xpass,
        Status::Unsupported | Status::Xfail | Status::Xpass => status,
    }
}

fn course(
    seat: &mut Seat<'_>,
    hello: &Hello,
    path: &Path,
    transcript: &Transcript,
) -> Option<Outcome> {
    let name = path.file_stem()?.to_string_lossy().into_owned();
    if seat.plan.only.is_some_and(|only| !name.contains(only)) {
        return None;
    }
    let (status, diff) = put(seat, |seat| transcript::play(seat, transcript));
    let claimed = hello.claims(transcript.profile, None);
    Some(Outcome {
        status: counted(seat.plan, claimed, &name, status),
        case: name,
        area: format!("courses, {}", transcript.profile),
        comment: format!("{}: {}", transcript.name, transcript.seat),
        spec_ref: transcript.spec_ref.clone(),
        rules: transcript.rules.clone(),
        diff,
    })
}
