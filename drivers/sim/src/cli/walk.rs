//! A walk through a run: stop at a moment, look, go on by single events, go back.

use std::io::BufRead;

use super::replay::time;
use super::say;

use crate::scenario::line::seconds;
use crate::suite::{SimSuite, UnderSuite};
use crate::time::{Span, Time};
use crate::travel::{Traveller, describe, show_message, show_node};
use crate::world::Setup;

/// What comes next is shown as far as this.
const NEXT: usize = 8;

/// What `help` says.
const HELP: &str = "at TIME | step [K] | back [SPAN] | node N | message N | next [K] | \
                    find violation | hash | help | quit";

pub(super) struct Walk<'a> {
    pub(super) setup: &'a Setup,
    pub(super) at: Option<Time>,
    pub(super) node: Option<u32>,
    pub(super) steps: Option<usize>,
    pub(super) interactive: bool,
}

impl UnderSuite for Walk<'_> {
    type Out = anyhow::Result<u8>;

    fn run<C: SimSuite>(self) -> Self::Out {
        let mut traveller: Traveller<C> = Traveller::new(self.setup)?;
        match self.at {
            Some(at) => drop(traveller.go(at)),
            // Without a moment, a look at the end.
            None if !self.interactive => drop(traveller.find_violation().cloned()),
            None => {}
        }
        say::line(&place(&traveller));
        if let Some(node) = self.node {
            say::line(show_node(traveller.here(), node).trim_end());
        }
        match self.steps {
            Some(steps) => say::line(step(&mut traveller, steps).trim_end()),
            None if !self.interactive => say::line(next(&traveller, NEXT).trim_end()),
            None => {}
        }
        if self.interactive {
            for line in std::io::stdin().lock().lines() {
                match answer(&mut traveller, &line?) {
                    Some(text) => say::line(text.trim_end()),
                    None => break,
                }
            }
        }
        Ok(0)
    }
}

/// Where the traveller is.
fn place<C: SimSuite>(traveller: &Traveller<C>) -> String {
    let here = traveller.here();
    let mut text = format!(
        "at {} s of {} s: {} events, hash {:016x}",
        seconds(traveller.now()),
        seconds(traveller.end()),
        here.events(),
        here.hash().total()
    );
    if let Some(broken) = here.checks().broken() {
        text += &format!(
            "; here {} does not hold at node {}: {}",
            broken.invariant, broken.node, broken.what
        );
    }
    text
}

fn next<C: SimSuite>(traveller: &Traveller<C>, count: usize) -> String {
    let here = traveller.here();
    let mut text = String::new();
    for event in here.upcoming(count) {
        text += &describe(here, &event);
        text.push('\n');
    }
    text
}

fn step<C: SimSuite>(traveller: &mut Traveller<C>, count: usize) -> String {
    let mut text = String::new();
    for _ in 0..count {
        let Some(event) = traveller.coming() else {
            break;
        };
        text += &describe(traveller.here(), &event);
        text.push('\n');
        traveller.step();
    }
    text + &place(traveller)
}

/// One command's answer; `None`: that was all.
pub(super) fn answer<C: SimSuite>(traveller: &mut Traveller<C>, line: &str) -> Option<String> {
    let mut words = line.split_whitespace();
    let command = words.next().unwrap_or("help");
    let argument = words.next();
    let number = |usual: usize| argument.map_or(Ok(usual), str::parse::<usize>);
    let a_number = || format!("`{command}` takes a whole number");
    Some(match command {
        "at" => match argument.map(time) {
            Some(Ok(at)) => {
                traveller.go(at);
                place(traveller)
            }
            Some(Err(why)) => why,
            None => "`at` takes a time, such as 12.5s".to_owned(),
        },
        "back" => match argument.map_or(Ok(Time(1_000_000_000)), time) {
            Ok(by) => {
                traveller.back(Span(by.0));
                place(traveller)
            }
            Err(why) => why,
        },
        "step" => number(1).map_or_else(|_| a_number(), |count| step(traveller, count)),
        "next" => number(NEXT).map_or_else(|_| a_number(), |count| next(traveller, count)),
        "node" | "message" => match argument.map(str::parse::<u32>) {
            Some(Ok(node)) if command == "node" => show_node(traveller.here(), node),
            Some(Ok(number)) => show_message(traveller.here(), number),
            Some(Err(_)) | None => a_number(),
        },
        "find" => {
            traveller.find_violation();
            place(traveller)
        }
        "hash" => format!("{:016x}", traveller.here().hash().total()),
        "quit" | "exit" => return None,
        "help" => HELP.to_owned(),
        other => format!("nothing is called `{other}`: {HELP}"),
    })
}
