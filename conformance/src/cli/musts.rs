//! `tom-conformance musts`: the table of all rules and what notices a break of each.

use std::path::Path;

use anyhow::{Context, ensure};

use crate::musts::{Known, outside, rules, table};
use crate::mutants;
use crate::run::name;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Write the table
    #[arg(long)]
    bless: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<u8> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut known = Known {
        outside: outside(&mutants::home().join(mutants::OUTSIDE), &root)?,
        ..Known::default()
    };
    let results = mutants::results(&mutants::home())?;
    for mutant in mutants::read(&mutants::home())? {
        let noticed = results.get(&mutant.name);
        let noticed = noticed.filter(|noticed| noticed.rule == mutant.rule);
        let noticed = noticed.with_context(|| {
            format!(
                "{}: not noticed, or never tried; `tom-conformance mutants --bless` tries it",
                mutant.name
            )
        })?;
        let of = known.mutants.entry(mutant.rule).or_default();
        of.push((mutant.name, noticed.by.clone()));
    }
    let (files, transcripts) = super::load(None, None)?;
    let mut all: Vec<(String, &[String])> = Vec::new();
    for (path, file) in &files {
        all.extend(file.cases().map(|case| (name(path, case), &case.rules[..])));
    }
    for (path, transcript) in &transcripts {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        all.push((stem.into_owned(), &transcript.rules));
    }
    for (mutant, by) in known.mutants.values().flatten() {
        let there = all.iter().any(|(case, _)| case == by);
        ensure!(
            there,
            "{mutant}: there is no case {by}; `tom-conformance mutants --bless` tries it again"
        );
    }
    for (case, rules) in all {
        for rule in rules {
            let of = known.named.entry(rule.clone()).or_default();
            of.push(case.clone());
        }
    }
    let drawn = match table(&rules(&root.join("spec/src"))?, &known) {
        Ok(drawn) => drawn,
        Err(error) => {
            eprintln!("tom-conformance: {error:#}");
            return Ok(1);
        }
    };
    let path = root.join("conformance/MUSTS.md");
    if std::fs::read_to_string(&path).is_ok_and(|kept| kept == drawn) {
        return Ok(0);
    }
    if !args.bless {
        eprintln!("tom-conformance: conformance/MUSTS.md differs; --bless writes it");
        return Ok(1);
    }
    std::fs::write(&path, drawn)?;
    Ok(0)
}
