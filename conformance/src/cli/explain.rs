//! `tom-conformance explain`: one case, with its place in the book.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::cases;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// `file:number`, as in results
    case: String,
    /// Where the vectors are
    #[arg(long, value_name = "DIR")]
    vectors: Option<PathBuf>,
    /// Where the book is
    #[arg(long, value_name = "DIR")]
    book: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<u8> {
    let directory = args.vectors.clone().unwrap_or_else(super::vectors);
    let (stem, _) = args.case.split_once(':').context("write FILE:NUMBER")?;
    let path = directory.join(format!("{stem}.json"));
    let file = cases::read(&path)?;
    for group in &file.test_groups {
        for case in &group.tests {
            if crate::run::name(&path, case) != args.case {
                continue;
            }
            println!("{}: {}", args.case, case.comment);
            println!("profile  {}@{}", group.profile, crate::profile::VERSION);
            println!(
                "asked    {} {} {}",
                group.kind,
                group.what,
                serde_json::to_string(&case.ask)?
            );
            println!("expected {}", serde_json::to_string(&case.expect)?);
            for also in &case.also {
                println!("or       {}", serde_json::to_string(also)?);
            }
            for flag in &case.flags {
                println!(
                    "{flag}: {}",
                    file.notes.get(flag).map_or("", String::as_str)
                );
            }
            println!("book     spec/src/{}", case.spec_ref);
            let book = args.book.clone().unwrap_or_else(|| {
                PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../spec/src"))
            });
            for rule in &case.rules {
                println!("{}", clause(&book, rule).unwrap_or_else(|| rule.clone()));
            }
            return Ok(0);
        }
    }
    bail!("{}: there is no such case", args.case)
}

/// The line of the book with this rule.
fn clause(book: &Path, rule: &str) -> Option<String> {
    let mark = format!("- **{rule}** ");
    let chapters = std::fs::read_dir(book).ok()?;
    chapters.flatten().find_map(|chapter| {
        let text = std::fs::read_to_string(chapter.path()).ok()?;
        let line = text.lines().find(|line| line.starts_with(&mark))?;
        Some(line.trim_start_matches("- ").replace("**", ""))
    })
}
