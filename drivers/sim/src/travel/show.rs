//! What a world looks like at one moment, in lines.

use std::fmt::Write as _;

use tom_core::error::Drop;
use tom_core::wire::{FrameType, Handle};

use crate::engine::{Key, Queue};
use crate::scenario::line::seconds;
use crate::suite::SimSuite;
use crate::time::Time;
use crate::trace::seen_in;
use crate::world::{EndState, Item, Member, What, World};

/// Everything about one node that helps to see why it does what it does.
#[must_use]
pub fn show_node<C: SimSuite + Clone, Q: Queue<Item>>(world: &World<C, Q>, node: u32) -> String {
    let mut out = String::new();
    let Some(member) = world.members().get(node as usize) else {
        return format!("there is no node {node}\n");
    };
    let now = world.now();
    let state = match member.core() {
        _ if member.absent => "absent",
        None => "down",
        Some(_) if !member.runs(now) => "stands still",
        Some(_) => "up",
    };
    let _ = writeln!(
        out,
        "node {node} at {} s: {state}, started {} times, profile {}, {} bytes sent in {} packets",
        seconds(now),
        member.starts,
        member.profile,
        member.bytes_sent,
        member.packets,
    );
    let wall = member.clock.wall_ms(now);
    let truth = crate::net::clock::true_wall_ms(now);
    let _ = write!(
        out,
        "  clock     {} ms since the start",
        member.clock.local_ms(now)
    );
    let _ = match wall {
        Some(wall) => writeln!(
            out,
            "; the time of day is {} ms off",
            i128::from(wall) - i128::from(truth)
        ),
        None => writeln!(out, "; it has no time of day"),
    };
    if let Some(adversary) = &member.adversary {
        let _ = writeln!(out, "  adversary {adversary:?}");
    }
    links(&mut out, member, now);
    if let Some(core) = member.core() {
        let _ = match core.deadline() {
            Some(deadline) => writeln!(
                out,
                "  deadline  {} ms on its clock, for {:?}",
                deadline.at.as_millis(),
                deadline.why
            ),
            None => writeln!(out, "  deadline  none"),
        };
        let _ = writeln!(out, "  tables    entries, most so far, capacity");
        for table in core.tables() {
            let name = format!("{:?}", table.table);
            let (len, most, capacity) = (table.len, table.high_water, table.capacity);
            let _ = writeln!(out, "    {name:<16} {len:>6} {most:>6} {capacity:>6}");
        }
        counters(&mut out, core.stats());
        drops(&mut out, core.stats());
    }
    for (number, _) in world.checks().open_of(node) {
        let _ = write!(out, "  {}", show_message(world, number));
    }
    out
}

fn links<C: SimSuite>(out: &mut String, member: &Member<C>, now: Time) {
    let _ = writeln!(out, "  links     {}", member.ends.len());
    for end in &member.ends {
        let theirs = end.theirs.map_or_else(|| "?".to_owned(), |n| n.to_string());
        let state = match end.state {
            EndState::Opening => "opening",
            EndState::Up => "up",
        };
        let _ = writeln!(
            out,
            "    {} to node {} (there {theirs}): {state} for {} ms{}{}",
            end.link,
            end.peer,
            now.since(end.since).as_millis(),
            if end.dialed { ", dialled" } else { "" },
            if end.stuck.is_some() { ", full" } else { "" },
        );
    }
}

/// What the core did not use, by reason.
fn drops(out: &mut String, stats: &tom_core::stats::Stats) {
    let counted = Drop::ALL
        .iter()
        .map(|reason| (reason, stats.drops(*reason)));
    let list: Vec<String> = counted
        .filter(|(_, times)| *times > 0)
        .map(|(reason, times)| format!("{reason:?} {times}"))
        .collect();
    if !list.is_empty() {
        let _ = writeln!(out, "  drops     {}", list.join(", "));
    }
}

fn counters(out: &mut String, stats: &tom_core::stats::Stats) {
    let counts = [
        ("sent", stats.sent),
        ("delivered", stats.delivered),
        ("expired", stats.expired),
        ("late", stats.late),
        ("retries", stats.retries),
        ("resealed", stats.resealed),
        ("received", stats.received),
        ("duplicates", stats.duplicates),
        ("forwarded", stats.forwarded),
        ("acks passed", stats.acks_passed),
        ("seals opened", stats.seals_opened),
        ("sessions", stats.sessions),
        ("bytes out", stats.bytes_out),
        ("bytes in", stats.bytes_in),
        ("clock steps back", stats.clock_steps_back),
        ("bugs", stats.bugs),
    ];
    let some: Vec<String> = counts
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| format!("{name} {count}"))
        .collect();
    let _ = writeln!(out, "  counters  {}", some.join(", "));
}

/// What is true of a message, and what its sender knows of its way.
#[must_use]
pub fn show_message<C: SimSuite + Clone, Q: Queue<Item>>(
    world: &World<C, Q>,
    number: u32,
) -> String {
    let Some(told) = world.checks().truth.get(number) else {
        return format!("message {number} has not been sent\n");
    };
    let mut out = format!(
        "message {number} from {} to {}, {} bytes, accepted {} s, ends {} s: {:?}, told {:?}",
        told.from,
        told.to,
        told.len,
        seconds(told.accepted),
        seconds(told.ends),
        told.fate(world.now()),
        told.state,
    );
    let when = |what: &str, at: Option<Time>| {
        at.map_or_else(String::new, |at| format!(", {what} {} s", seconds(at)))
    };
    out += &when("delivered", told.delivered);
    out += &when("safe", told.safe);
    out += &when("proven", told.proven);
    out.push('\n');
    // Asking takes a core that may be changed: a copy.
    let core = world.members().get(told.from as usize);
    let report = core
        .and_then(|member| member.core().cloned())
        .and_then(|mut core| core.path(told.id));
    let Some(report) = report else {
        return out + "    its sender has forgotten its way\n";
    };
    let who = |handle: &Handle| match world.phone_book.by_handle(handle) {
        Some(node) => format!("node {node}"),
        None => "somebody unknown".to_owned(),
    };
    let _ = writeln!(
        out,
        "    {:?} for {} ms, {} transmissions, {}, next attempt {}",
        report.state,
        report.age.as_millis(),
        report.sends,
        if report.in_session {
            "in a session"
        } else {
            "a one-shot"
        },
        report.next_attempt.map_or_else(
            || "none".to_owned(),
            |at| format!("at {} ms on its clock", at.as_millis())
        ),
    );
    for attempt in &report.attempts {
        let after = |what: &str, span: Option<tom_core::time::Span>| match span {
            Some(span) => format!(", {what} after {} ms", span.as_millis()),
            None => format!(", not {what}"),
        };
        let _ = writeln!(
            out,
            "    at {} ms to {}{}{}{}",
            attempt.sent.as_millis(),
            who(&attempt.neighbour),
            if attempt.direct {
                ", the recipient"
            } else {
                ""
            },
            after("taken", attempt.taken),
            after("passed", attempt.passed),
        );
    }
    if !report.backups.is_empty() {
        let backups: Vec<String> = report.backups.iter().map(who).collect();
        let _ = writeln!(out, "    could go to {}", backups.join(", "));
    }
    out
}

/// An event that is due, in one line.
#[must_use]
pub fn describe<C: SimSuite, Q: Queue<Item>>(
    world: &World<C, Q>,
    (key, item): &(Key, Item),
) -> String {
    let at = seconds(key.time);
    let node = item.target;
    let from = match key.source {
        0 => "outside".to_owned(),
        u32::MAX => "the checks".to_owned(),
        source => format!("node {}", source - 1),
    };
    let what = match item.what {
        What::Deed(index) => {
            let external = world.schedule.externals.get(index as usize);
            let deed = external.map_or_else(String::new, |external| external.deed.to_string());
            return format!("{at} s  outside: {deed}");
        }
        What::Check => return format!("{at} s  the checks look at everything"),
        What::Datagram(flight) => {
            let bytes = world.payloads.get(flight.payload);
            let frames: Vec<String> = seen_in(bytes)
                .iter()
                .map(|seen| {
                    let word = FrameType::from_code(seen.frame);
                    let word = word.map_or_else(String::new, |word| format!("{word:?}"));
                    match seen.kind {
                        0 => word,
                        kind => format!(
                            "{word} kind {kind} hop {} attempt {}",
                            seen.hop, seen.attempt
                        ),
                    }
                })
                .collect();
            let (len, link) = (bytes.len(), flight.link);
            let frames = frames.join(", ");
            format!("{len} bytes from {from} on link {link}: {frames}")
        }
        What::Wake => "its deadline".to_owned(),
        What::Hello { .. } => format!("{from} dials"),
        What::Welcome { link, .. } => format!("{from} answers the dial of link {link}"),
        What::Finish { link, .. } => format!("{from} finishes the handshake of link {link}"),
        What::Again { link, tries } => format!("dials link {link} again after {tries} flights"),
        What::Closed { link } => format!("{from} has closed link {link}"),
        What::Listen { link } => format!("was anything heard on link {link}?"),
        What::Redial { peer } => format!("dials its kept peer {peer}"),
        What::Writable { link } => format!("link {link} has room"),
        What::Take { slot } => format!("its application takes {slot}"),
        What::Stored { slot } => format!("its disk is done with {slot}"),
        What::Resume => "goes on".to_owned(),
        What::Sleep => "falls asleep".to_owned(),
        What::Later { link, .. } => format!("hands on what it held back for link {link}"),
        What::Radio => "its radio".to_owned(),
        What::Spam => "spams".to_owned(),
    };
    format!("{at} s  node {node}: {what}")
}
