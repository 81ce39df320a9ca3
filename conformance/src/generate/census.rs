//! How many cases there are of what, and whether that is enough.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Context, bail, ensure};

use crate::cases::{Case, Expected, File};

/// The chapter whose numbers have to be in the vectors.
const DROPS: &str = include_str!("../../../spec/src/drops.md");

/// In how many cases every number has to stand.
const LEAST: usize = 3;

/// Cases of one area, by what the book says of them.
#[derive(Clone, Copy, Debug, Default)]
struct Area {
    valid: usize,
    invalid: usize,
    acceptable: usize,
}

impl Area {
    const fn count(&mut self, result: Expected) {
        match result {
            Expected::Valid => self.valid += 1,
            Expected::Invalid => self.invalid += 1,
            Expected::Acceptable => self.acceptable += 1,
        }
    }

    const fn all(self) -> usize {
        self.valid + self.invalid + self.acceptable
    }

    fn row(self, name: &str) -> String {
        let Self {
            valid,
            invalid,
            acceptable,
        } = self;
        format!("| {name} | {valid} | {invalid} | {acceptable} |\n")
    }
}

/// How many cases there are, by area and result; and whether they are enough of each kind.
///
/// # Errors
/// Too few cases are invalid, a way of being wrong makes more than 15 % of them, or a drop reason stands in
/// too few.
pub fn census(files: &[(String, File)]) -> anyhow::Result<String> {
    let mut areas: BTreeMap<&str, Area> = BTreeMap::new();
    let mut all = Area::default();
    for group in files.iter().flat_map(|(_, file)| &file.test_groups) {
        for case in &group.tests {
            areas.entry(&group.what).or_default().count(case.result);
            all.count(case.result);
        }
    }
    let mut out = String::from("| area | valid | invalid | acceptable |\n|---|---:|---:|---:|\n");
    for (name, area) in &areas {
        out.push_str(&area.row(name));
    }
    out.push_str(&all.row(&format!("all {}", all.all())));
    ensure!(
        all.invalid * 100 >= all.all() * 35,
        "{} of {} cases are invalid: less than 35 %",
        all.invalid,
        all.all()
    );
    let cases = || files.iter().flat_map(|(_, file)| file.cases());
    ways(cases(), all.invalid)?;
    let drops = drops(cases())?;
    let least = drops.values().min().copied().unwrap_or_default();
    let _ = writeln!(
        out,
        "\n{} drop reasons, each in {least} cases or more",
        drops.len()
    );
    Ok(out)
}

/// No way of being wrong is too common.
fn ways<'a>(cases: impl Iterator<Item = &'a Case>, invalid: usize) -> anyhow::Result<()> {
    let mut ways: BTreeMap<&str, usize> = BTreeMap::new();
    for case in cases.filter(|case| case.result == Expected::Invalid) {
        for flag in case.flags.iter().filter(|flag| *flag != "Hand") {
            *ways.entry(flag).or_default() += 1;
        }
    }
    if let Some((way, count)) = ways.iter().max_by_key(|(_, count)| **count)
        && count * 100 > invalid * 15
    {
        bail!("{count} of {invalid} invalid cases are {way}: more than 15 %");
    }
    Ok(())
}

/// In how many cases each number of the book stands.
fn drops<'a>(cases: impl Iterator<Item = &'a Case>) -> anyhow::Result<BTreeMap<u8, usize>> {
    let mut counts: BTreeMap<u8, usize> = BTreeMap::new();
    for number in numbers(DROPS)? {
        counts.insert(number, 0);
    }
    for case in cases {
        for number in named(case) {
            let count = counts.get_mut(&number);
            *count.with_context(|| format!("{}: the book has no {number}", case.comment))? += 1;
        }
    }
    for (number, count) in &counts {
        ensure!(
            *count >= LEAST,
            "drop reason {number} stands in {count} cases, and not in {LEAST} or more"
        );
    }
    Ok(counts)
}

/// The numbers in the rows of the chapter's tables.
fn numbers(chapter: &str) -> anyhow::Result<Vec<u8>> {
    let rows = chapter.lines().filter_map(|line| {
        let (number, rest) = line.strip_prefix("| ")?.split_once(" | ")?;
        rest.starts_with('`').then_some(number)
    });
    rows.map(|number| number.parse().with_context(|| number.to_owned()))
        .collect()
}

/// Each number that a case expects, once: the reply's own, those a step counts, those of frames.
fn named(case: &Case) -> std::collections::BTreeSet<u8> {
    let frames = case
        .expect
        .get("is")
        .and_then(|is| is["frames"].as_array())
        .into_iter()
        .flatten()
        .map(|frame| &frame["drop"]);
    let counted = case
        .expect
        .get("drops")
        .and_then(|drops| drops.as_array())
        .into_iter()
        .flatten();
    let numbers = frames.chain(counted).chain(case.expect.get("drop"));
    numbers
        .filter_map(|number| u8::try_from(number.as_u64()?).ok())
        .collect()
}

#[cfg(test)]
mod tests;
