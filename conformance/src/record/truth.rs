//! What has to be true of any network, whoever sits in its seats: nothing is delivered that is not,
//! nothing is handed out twice, nobody who keeps to the book is called a liar, and what can arrive does.

use std::collections::{BTreeMap, BTreeSet};

use super::village::{Letter, Village};

/// Drops that only a node which breaks the book causes. Spec drops, "Fault".
const LIES: [u8; 10] = [1, 2, 4, 6, 9, 10, 11, 12, 21, 64];

/// A message that has to arrive: its sender and id.
pub(super) type Last = (usize, usize, String);

/// Everybody sends to each neighbour once more.
pub(super) fn last_words(village: &mut Village, nodes: usize) -> anyhow::Result<Vec<Last>> {
    let mut all = Vec::new();
    for from in 0..nodes {
        for to in (0..nodes).filter(|to| *to != from) {
            if village.joined(from, to)? > 0 {
                let words = format!("in the end {from} {to}");
                all.push((from, to, village.send(from, to, words.as_bytes(), None)?));
            }
        }
    }
    Ok(all)
}

/// What is not true, in words.
pub(super) fn told(
    village: &mut Village,
    nodes: usize,
    last: &[Last],
) -> anyhow::Result<Vec<String>> {
    let mut wrong = Vec::new();
    let mut taken: BTreeMap<Letter, usize> = BTreeMap::new();
    let mut proven: BTreeMap<Letter, usize> = BTreeMap::new();
    for at in 0..nodes {
        for letter in village.taken(at)? {
            *taken.entry(letter).or_default() += 1;
        }
        for letter in village.proven(at)? {
            *proven.entry(letter).or_default() += 1;
        }
        if !village.has_restarted(at)? {
            let mut once = BTreeSet::new();
            for given in village.seen(at)?.iter().filter(|it| it["is"] == "deliver") {
                if !once.insert((given["from"].to_string(), given["message"].to_string())) {
                    wrong.push(format!("node {at} was handed {} twice", given["message"]));
                }
            }
        }
        for number in LIES {
            let count = village.dropped(at, number)?;
            if count > 0 {
                wrong.push(format!("node {at} counts drop {number}, {count} times"));
            }
        }
    }
    for (letter, count) in proven {
        let there = taken.get(&letter).copied().unwrap_or(0);
        if there < count {
            let Letter { from, to, payload } = letter;
            let start: String = payload.chars().take(24).collect();
            wrong.push(format!(
                "{from} says delivered {count} times, {to} has taken it {there} times: {start}.."
            ));
        }
    }
    for (from, to, message) in last {
        let states = village.states(*from, message)?;
        if !states.iter().any(|it| it == "delivered") {
            wrong.push(format!(
                "the last message from node {from} to its neighbour {to} went no further than {states:?}"
            ));
        }
    }
    Ok(wrong)
}
