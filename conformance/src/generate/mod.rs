//! Where vectors come from: structures built here byte by byte, each with what the book says of it. The
//! reference has to agree before anything is written, so a vector is never what one program
//! happens to do: its builder and the reference say the same, independently.
//!
//! | file | area |
//! |---|---|
//! | `build.rs` | bytes of layouts, from the book |
//! | `sheet.rs` | cases as they are collected and checked |
//! | `hand.rs` | cases from `codec.json`, which a script that shares nothing with any port writes |
//! | `envelope.rs`, `content.rs`, `datagram.rs` | layouts |
//! | `keys.rs` | identities, addresses, commitments, entropy |
//! | `oneshot.rs`, `session.rs` | what is sealed |
//! | `rules.rs` | what no other file shows of a rule |
//! | `node.rs`, `opening.rs`, `replies.rs` | stories of nodes that end in a drop |

mod build;
mod content;
mod datagram;
mod envelope;
mod hand;
mod keys;
mod node;
mod oneshot;
mod opening;
mod replies;
mod rules;
mod session;
mod sheet;

use std::path::Path;

use anyhow::{Context, bail};

use crate::cases::{Expected, File};

/// All files, by name.
///
/// # Errors
/// The reference does not agree with a case.
pub fn all() -> anyhow::Result<Vec<(&'static str, File)>> {
    Ok(vec![
        ("envelope", envelope::file()?),
        ("content", content::file()?),
        ("datagram", datagram::file()?),
        ("keys", keys::file()?),
        ("oneshot", oneshot::file()?),
        ("session", session::file()?),
        ("stories", node::file()?),
        ("rules", rules::file()?),
    ])
}

/// Compares the files of a directory with what would be generated, and with `bless` writes them.
/// Says how many differ.
///
/// # Errors
/// The reference does not agree with a case, or a file cannot be written.
pub fn generate(directory: &Path, bless: bool) -> anyhow::Result<usize> {
    let files = all()?.into_iter();
    let texts = files.map(|(name, file)| Ok((name.to_owned(), text(&file)?)));
    keep(directory, bless, texts)
}

/// Compares texts with the files of their names, and with `bless` writes those that differ. Says how
/// many do.
pub(crate) fn keep(
    directory: &Path,
    bless: bool,
    texts: impl Iterator<Item = anyhow::Result<(String, String)>>,
) -> anyhow::Result<usize> {
    let mut different = 0;
    for named in texts {
        let (name, text) = named?;
        let path = directory.join(format!("{name}.json"));
        if std::fs::read_to_string(&path).is_ok_and(|known| known == text) {
            continue;
        }
        different += 1;
        if bless {
            std::fs::write(&path, text).with_context(|| path.display().to_string())?;
        }
    }
    Ok(different)
}

/// One line per case: a change shows as what it is.
fn text(file: &File) -> anyhow::Result<String> {
    let mut out = format!(
        "{{\n\"algorithm\": {},\n\"schema\": {},\n\"numberOfTests\": {},\n\"notes\": {},\n\"testGroups\": [\n",
        serde_json::to_string(&file.algorithm)?,
        serde_json::to_string(&file.schema)?,
        file.number_of_tests,
        serde_json::to_string(&file.notes)?
    );
    for (place, group) in file.test_groups.iter().enumerate() {
        out.push_str(if place == 0 { "" } else { ",\n" });
        out.push_str(&format!(
            "{{\"type\": {}, \"what\": {}, \"profile\": {}, \"tests\": [\n",
            serde_json::to_string(&group.kind)?,
            serde_json::to_string(&group.what)?,
            serde_json::to_string(&group.profile)?
        ));
        for (place, case) in group.tests.iter().enumerate() {
            out.push_str(if place == 0 { "" } else { ",\n" });
            out.push_str(&serde_json::to_string(case)?);
        }
        out.push_str("\n]}");
    }
    out.push_str("\n]\n}\n");
    Ok(out)
}

/// How many cases there are, by area and result; and whether no way of being wrong is too common.
///
/// # Errors
/// A way of being wrong makes more than 15 % of the invalid cases, or too few are invalid.
pub fn census(files: &[(String, File)]) -> anyhow::Result<String> {
    use std::collections::BTreeMap;
    use std::fmt::Write as _;
    let mut areas: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut ways: BTreeMap<&str, usize> = BTreeMap::new();
    for group in files.iter().flat_map(|(_, file)| &file.test_groups) {
        for case in &group.tests {
            let area = areas.entry(&group.what).or_default();
            if case.result == Expected::Invalid {
                area.1 += 1;
                for flag in case.flags.iter().filter(|flag| *flag != "Hand") {
                    *ways.entry(flag).or_default() += 1;
                }
            } else {
                area.0 += 1;
            }
        }
    }
    let mut out = String::from("| area | valid | invalid |\n|---|---:|---:|\n");
    for (area, (valid, invalid)) in &areas {
        let _ = writeln!(out, "| {area} | {valid} | {invalid} |");
    }
    let (valid, invalid) = areas
        .values()
        .fold((0, 0), |sum, area| (sum.0 + area.0, sum.1 + area.1));
    let _ = writeln!(out, "| all {} | {valid} | {invalid} |", valid + invalid);
    if invalid * 100 < (valid + invalid) * 35 {
        bail!(
            "{invalid} of {} cases are invalid: less than 35 %",
            valid + invalid
        );
    }
    if let Some((way, count)) = ways.iter().max_by_key(|(_, count)| **count)
        && count * 100 > invalid * 15
    {
        bail!("{count} of {invalid} invalid cases are {way}: more than 15 %");
    }
    Ok(out)
}
