//! External events as lines, `12.345 s  crash 17`, and back: what a shrunk failure is kept as.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::deed::{Deed, External};
use super::error::{Bad, ScenarioError, did_you_mean};
use super::model::{AdversaryKind, Loss, Priority};
use super::units::{read_share, read_span, show_chance, show_span};
use crate::draw::Chance;
use crate::time::Time;

/// Why a line is no external event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineError(pub String);

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for LineError {}

impl From<Bad> for LineError {
    fn from(bad: Bad) -> Self {
        Self(format!("{}; {}", bad.problem, bad.remedy))
    }
}

impl Deed {
    /// The word its line begins with.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Send { .. } => "send",
            Self::Crash { .. } => "crash",
            Self::Start { .. } => "start",
            Self::Cut { .. } => "cut",
            Self::Mend { .. } => "mend",
            Self::Break { .. } => "break",
            Self::Repair { .. } => "repair",
            Self::Meet { .. } => "meet",
            Self::Part { .. } => "part",
            Self::Weather(_) => "weather",
            Self::ClockStep { .. } => "clock-step",
            Self::Suspend { .. } => "suspend",
            Self::Mtu(_) => "mtu",
            Self::Disk { .. } => "disk",
            Self::Turn { .. } => "turn",
            Self::Calm => "calm",
        }
    }
}

/// All words of lines.
pub(crate) const WORDS: [&str; 16] = [
    "send",
    "crash",
    "start",
    "cut",
    "mend",
    "break",
    "repair",
    "meet",
    "part",
    "weather",
    "clock-step",
    "suspend",
    "mtu",
    "disk",
    "turn",
    "calm",
];

/// Words of priorities on lines.
const PRIORITIES: [(&str, Priority); 4] = [
    ("control", Priority::Control),
    ("interactive", Priority::Interactive),
    ("normal", Priority::Normal),
    ("bulk", Priority::Bulk),
];

fn priority_word(priority: Priority) -> &'static str {
    PRIORITIES
        .iter()
        .find(|(_, p)| *p == priority)
        .map_or("normal", |(word, _)| word)
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())?;
        match self {
            Self::Send {
                number,
                from,
                to,
                len,
                lifetime,
                priority,
                traffic,
            } => {
                let priority = priority_word(*priority);
                write!(
                    f,
                    " {number} from {from} to {to} {len}B {priority} traffic {traffic}"
                )?;
                match lifetime {
                    Some(life) => write!(f, " life {}", show_span(*life)),
                    None => Ok(()),
                }
            }
            Self::Crash { node } => write!(f, " {node}"),
            Self::Start { node, forget } => {
                write!(f, " {node}{}", if *forget { " forget" } else { "" })
            }
            Self::Cut { cut, side, one_way } => {
                write!(f, " {cut}{} side", if *one_way { " one-way" } else { "" })?;
                ranges(f, side)
            }
            Self::Mend { cut } => write!(f, " {cut}"),
            Self::Break { a, b, one_way } => {
                write!(f, " {a} {b}{}", if *one_way { " one-way" } else { "" })
            }
            Self::Repair { a, b } | Self::Meet { a, b } | Self::Part { a, b } => {
                write!(f, " {a} {b}")
            }
            Self::Weather(None) => f.write_str(" usual"),
            Self::Weather(Some(Loss::Bernoulli(chance))) => {
                write!(f, " loss {}", show_chance(*chance))
            }
            Self::Weather(Some(Loss::Burst {
                good,
                bad,
                good_for,
                bad_for,
            })) => {
                let (good, bad) = (show_chance(*good), show_chance(*bad));
                let (long, short) = (show_span(*good_for), show_span(*bad_for));
                write!(f, " burst {good} {bad} {long} {short}")
            }
            Self::ClockStep { node, by_ms } => write!(f, " {node} {by_ms}ms"),
            Self::Suspend { node, lasts } => write!(f, " {node} {}", show_span(*lasts)),
            Self::Mtu(mtu) => write!(f, " {mtu}B"),
            Self::Disk { node, fails } => {
                write!(f, " {node} {}", if *fails { "fails" } else { "works" })
            }
            Self::Turn { node, into } => {
                write!(f, " {node} ")?;
                match into {
                    None => f.write_str("honest"),
                    Some(AdversaryKind::BlackHole) => f.write_str("black-hole"),
                    Some(AdversaryKind::Delay(by)) => write!(f, "delay {}", show_span(*by)),
                    Some(AdversaryKind::Replay(c)) => write!(f, "replay {}", show_chance(*c)),
                    Some(AdversaryKind::Spam(n)) => write!(f, "spam {n}"),
                    Some(AdversaryKind::Corrupt(c)) => write!(f, "corrupt {}", show_chance(*c)),
                    Some(AdversaryKind::Lie) => f.write_str("lie"),
                }
            }
            Self::Calm => Ok(()),
        }
    }
}

/// ` 0-24 26 30-49`: sorted numbers as runs.
fn ranges(f: &mut fmt::Formatter<'_>, nodes: &[u32]) -> fmt::Result {
    let mut rest = nodes;
    while let [first, ..] = rest {
        let run = rest
            .iter()
            .zip(*first..)
            .take_while(|(node, want)| **node == *want)
            .count()
            .max(1);
        match run {
            1 => write!(f, " {first}")?,
            n => write!(f, " {first}-{}", first + (n as u32 - 1))?,
        }
        rest = rest.get(run..).unwrap_or(&[]);
    }
    Ok(())
}

/// Seconds with at least three decimals, and as many as it takes.
pub(crate) fn seconds(at: Time) -> String {
    let (whole, part) = (at.0 / 1_000_000_000, at.0 % 1_000_000_000);
    let mut digits = format!("{part:09}");
    while digits.len() > 3 && digits.ends_with('0') {
        digits.pop();
    }
    format!("{whole}.{digits}")
}

impl fmt::Display for External {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} s  {}", seconds(self.at), self.deed)
    }
}

/// The external events of a file, one per line; empty lines and those that begin with `#` say nothing.
///
/// # Errors
/// A line is no external event, or is before the one above it.
pub fn read_externals(text: &str, name: &str) -> Result<Vec<External>, ScenarioError> {
    let mut events: Vec<External> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let event: External = line.parse().map_err(|LineError(why)| {
            let (problem, remedy) = why.split_once("; ").unwrap_or((&why, "correct the line"));
            Bad::new(problem, remedy).at(name, at + 1)
        })?;
        if events.last().is_some_and(|last| last.at > event.at) {
            let bad = Bad::new(
                "this is before the line above",
                "put lines in order of time",
            );
            return Err(bad.at(name, at + 1));
        }
        events.push(event);
    }
    Ok(events)
}

/// Takes the words of a line one by one.
struct Words<'a> {
    rest: std::iter::Peekable<std::str::SplitWhitespace<'a>>,
}

impl<'a> Words<'a> {
    fn next(&mut self, what: &str) -> Result<&'a str, LineError> {
        self.rest
            .next()
            .ok_or_else(|| LineError(format!("the line ends before {what}; add it")))
    }

    fn number<T: FromStr>(&mut self, what: &str) -> Result<T, LineError> {
        let word = self.next(what)?;
        let digits = word.trim_end_matches("ms").trim_end_matches('B');
        digits
            .parse()
            .map_err(|_| LineError(format!("`{word}` is not {what}; write a whole number")))
    }

    fn expect(&mut self, word: &str) -> Result<(), LineError> {
        match self.next(word)? {
            found if found == word => Ok(()),
            found => Err(LineError(format!("found `{found}`; write `{word}`"))),
        }
    }

    /// Takes this word if it is the next.
    fn flag(&mut self, word: &str) -> bool {
        self.rest.next_if(|next| *next == word).is_some()
    }

    fn chance(&mut self) -> Result<Chance, LineError> {
        Ok(Chance::from_unit(read_share(self.next("a chance")?)?))
    }

    fn span(&mut self) -> Result<crate::time::Span, LineError> {
        Ok(read_span(self.next("a length of time")?)?)
    }

    fn pair(&mut self) -> Result<(u32, u32), LineError> {
        Ok((self.number("a node")?, self.number("a node")?))
    }

    fn nodes(&mut self) -> Result<Arc<[u32]>, LineError> {
        let mut nodes = Vec::new();
        for word in self.rest.by_ref() {
            let wrong = || LineError(format!("`{word}` is no node; write `3` or `3-7`"));
            let (from, to) = word.split_once('-').unwrap_or((word, word));
            let from: u32 = from.parse().map_err(|_| wrong())?;
            let to: u32 = to.parse().map_err(|_| wrong())?;
            if to < from || to - from > 10_000_000 {
                return Err(wrong());
            }
            nodes.extend(from..=to);
        }
        Ok(nodes.into())
    }
}

impl FromStr for External {
    type Err = LineError;

    fn from_str(line: &str) -> Result<Self, LineError> {
        let mut words = Words {
            rest: line.split_whitespace().peekable(),
        };
        let time = words.next("a time")?;
        let at = read_span(&format!("{time}s"))
            .map_err(|_| LineError(format!("`{time}` is no time; write it as `12.345 s`")))?;
        words.expect("s")?;
        let deed = deed(&mut words)?;
        if let Some(more) = words.rest.next() {
            return Err(LineError(format!("`{more}` is too much; take it away")));
        }
        Ok(Self {
            at: Time(at.0),
            deed,
        })
    }
}

fn deed(words: &mut Words<'_>) -> Result<Deed, LineError> {
    Ok(match words.next("what happens")? {
        "send" => send(words)?,
        "crash" => Deed::Crash {
            node: words.number("a node")?,
        },
        "start" => Deed::Start {
            node: words.number("a node")?,
            forget: words.flag("forget"),
        },
        "cut" => {
            let cut = words.number("the number of a cut")?;
            let one_way = words.flag("one-way");
            words.expect("side")?;
            let side = words.nodes()?;
            Deed::Cut { cut, side, one_way }
        }
        "mend" => Deed::Mend {
            cut: words.number("the number of a cut")?,
        },
        "break" => {
            let (a, b) = words.pair()?;
            let one_way = words.flag("one-way");
            Deed::Break { a, b, one_way }
        }
        "repair" => {
            let (a, b) = words.pair()?;
            Deed::Repair { a, b }
        }
        "meet" => {
            let (a, b) = words.pair()?;
            Deed::Meet { a, b }
        }
        "part" => {
            let (a, b) = words.pair()?;
            Deed::Part { a, b }
        }
        "weather" => Deed::Weather(weather(words)?),
        "clock-step" => Deed::ClockStep {
            node: words.number("a node")?,
            by_ms: words.number("milliseconds")?,
        },
        "suspend" => Deed::Suspend {
            node: words.number("a node")?,
            lasts: words.span()?,
        },
        "mtu" => Deed::Mtu(words.number("bytes")?),
        "disk" => Deed::Disk {
            node: words.number("a node")?,
            fails: match words.next("`fails` or `works`")? {
                "fails" => true,
                "works" => false,
                other => return Err(LineError(format!("found `{other}`; write fails or works"))),
            },
        },
        "turn" => Deed::Turn {
            node: words.number("a node")?,
            into: turn(words)?,
        },
        "calm" => Deed::Calm,
        other => {
            let remedy = did_you_mean(other, WORDS);
            return Err(LineError(format!("nothing is called `{other}`; {remedy}")));
        }
    })
}

fn send(words: &mut Words<'_>) -> Result<Deed, LineError> {
    let number = words.number("the number of a message")?;
    words.expect("from")?;
    let from = words.number("a node")?;
    words.expect("to")?;
    let to = words.number("a node")?;
    let len = words.number("bytes")?;
    let word = words.next("a priority")?;
    let priority = PRIORITIES.iter().find(|(p, _)| *p == word);
    let Some((_, priority)) = priority else {
        let remedy = did_you_mean(word, PRIORITIES.map(|(word, _)| word));
        return Err(LineError(format!(
            "there is no priority `{word}`; {remedy}"
        )));
    };
    words.expect("traffic")?;
    let traffic = words.number("an entry of traffic")?;
    let lifetime = match words.flag("life") {
        true => Some(words.span()?),
        false => None,
    };
    Ok(Deed::Send {
        number,
        from,
        to,
        len,
        lifetime,
        priority: *priority,
        traffic,
    })
}

fn weather(words: &mut Words<'_>) -> Result<Option<Loss>, LineError> {
    let known = ["usual", "loss", "burst"];
    Ok(match words.next("a kind of weather")? {
        "usual" => None,
        "loss" => Some(Loss::Bernoulli(words.chance()?)),
        "burst" => Some(Loss::Burst {
            good: words.chance()?,
            bad: words.chance()?,
            good_for: words.span()?,
            bad_for: words.span()?,
        }),
        other => {
            let remedy = did_you_mean(other, known);
            return Err(LineError(format!(
                "there is no weather `{other}`; {remedy}"
            )));
        }
    })
}

fn turn(words: &mut Words<'_>) -> Result<Option<AdversaryKind>, LineError> {
    let known = [
        "honest",
        "black-hole",
        "delay",
        "replay",
        "spam",
        "corrupt",
        "lie",
    ];
    Ok(Some(match words.next("what it turns into")? {
        "honest" => return Ok(None),
        "black-hole" => AdversaryKind::BlackHole,
        "delay" => AdversaryKind::Delay(words.span()?),
        "replay" => AdversaryKind::Replay(words.chance()?),
        "spam" => AdversaryKind::Spam(words.number("packets a second")?),
        "corrupt" => AdversaryKind::Corrupt(words.chance()?),
        "lie" => AdversaryKind::Lie,
        other => {
            let remedy = did_you_mean(other, known);
            return Err(LineError(format!(
                "there is no adversary `{other}`; {remedy}"
            )));
        }
    }))
}
