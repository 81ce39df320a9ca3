//! Where vectors come from: structures built here byte by byte, each with what the book says of it. The
//! reference has to agree before anything is written, so a vector is never what one program
//! happens to do: its builder and the reference say the same, independently.
//!
//! | file | area |
//! |---|---|
//! | `build.rs` | bytes of layouts, from the book |
//! | `sheet.rs` | cases as they are collected and checked |
//! | `census.rs` | how many cases there are of what, and whether that is enough |
//! | `hand.rs` | cases from `codec.json`, which a script that shares nothing with any port writes |
//! | `envelope.rs`, `content.rs`, `datagram.rs` | layouts |
//! | `keys.rs` | identities, addresses, commitments, entropy |
//! | `oneshot.rs`, `session.rs` | what is sealed |
//! | `rules.rs` | what no other file shows of a rule |
//! | `node.rs`, `opening.rs`, `replies.rs` | stories of nodes that end in a drop |
//! | `scene.rs` | more of a story: other neighbours, small tables, several frames at once |
//! | `tables.rs`, `budgets.rs`, `ways.rs` | stories of nodes that run short of something |
//! | `edges.rs`, `forge.rs`, `lengths.rs` | keys at the ends of the field; messages as long as can be |
//! | `mixed.rs` | stories of datagrams of which a part is used |
//! | `choices.rs` | stories in which the book leaves a choice |

mod budgets;
mod build;
mod census;
mod choices;
mod content;
mod datagram;
mod edges;
mod envelope;
mod forge;
mod hand;
mod keys;
mod lengths;
mod mixed;
mod node;
mod oneshot;
mod opening;
mod replies;
mod rules;
mod scene;
mod session;
mod sheet;
mod stream;
mod tables;
mod ways;

use std::path::Path;

use anyhow::Context;

use crate::cases::File;

pub use census::census;

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
        ("stream", stream::file()?),
        ("stories", node::file()?),
        ("shortage", tables::file()?),
        ("choices", choices::file()?),
        ("mixed", mixed::file()?),
        ("edges", edges::file()?),
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
        let addon = match group.addon {
            Some(addon) => format!(" \"addon\": {},", serde_json::to_string(&addon)?),
            None => String::new(),
        };
        out.push_str(&format!(
            "{{\"type\": {}, \"what\": {}, \"profile\": {},{addon} \"tests\": [\n",
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
