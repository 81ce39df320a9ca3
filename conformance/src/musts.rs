//! Every rule of the book, and what notices a break of it. Spec: conventions, "Rules".

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, bail, ensure};
use serde::Deserialize;

/// A rule, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// `SES-1`.
    pub id: String,
    /// `session.md#handshake`.
    pub place: String,
}

/// All rules, in the order of the book.
///
/// # Errors
/// A chapter cannot be read.
pub fn rules(book: &Path) -> anyhow::Result<Vec<Rule>> {
    let summary = std::fs::read_to_string(book.join("SUMMARY.md"))?;
    let chapters = summary
        .split("](")
        .skip(1)
        .filter_map(|it| it.split(')').next());
    let mut rules = Vec::new();
    for chapter in chapters {
        let text = std::fs::read_to_string(book.join(chapter))
            .with_context(|| format!("the chapter {chapter}"))?;
        let mut place = chapter.to_owned();
        for line in text.lines() {
            if line.starts_with('#') {
                place = format!("{chapter}#{}", anchor(line));
            }
            let id = line.strip_prefix("- **").and_then(|it| it.split_once("**"));
            if let Some((id, _)) = id.filter(|(id, _)| id.contains('-')) {
                rules.push(Rule {
                    id: id.to_owned(),
                    place: place.clone(),
                });
            }
        }
    }
    Ok(rules)
}

/// A heading as its anchor.
fn anchor(heading: &str) -> String {
    let plain = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = plain
        .chars()
        .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// What shows a rule where the suite cannot, written by hand.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outside {
    /// The rules it is about.
    ids: Vec<String>,
    /// Tests as `path: function`, checks as `path`.
    #[serde(default)]
    proofs: Vec<String>,
    /// Why the suite sees nothing of it, or why nothing can.
    #[serde(default)]
    why: String,
}

#[derive(Debug, Deserialize)]
struct Written {
    rule: Vec<Outside>,
}

/// Reads the proofs outside the suite; each names a test or a check that is there.
///
/// # Errors
/// One does not, or says nothing.
pub fn outside(path: &Path, root: &Path) -> anyhow::Result<Vec<Outside>> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let written: Written = toml::from_str(&text).with_context(|| path.display().to_string())?;
    let mut ids = BTreeSet::new();
    for rule in &written.rule {
        let id = rule.ids.join(", ");
        for id in &rule.ids {
            ensure!(ids.insert(id), "{id} stands twice");
        }
        ensure!(
            !rule.proofs.is_empty() || !rule.why.is_empty(),
            "{id}: neither a proof nor a reason"
        );
        for proof in &rule.proofs {
            let (path, test) = proof.split_once(": ").unwrap_or((proof, ""));
            let text = std::fs::read_to_string(root.join(path))
                .with_context(|| format!("{id}: {path}"))?;
            let there = [format!("fn {test}("), format!("def {test}(")];
            ensure!(
                test.is_empty() || there.iter().any(|it| text.contains(it)),
                "{id}: no test {test} in {path}"
            );
        }
    }
    Ok(written.rule)
}

/// What is known of the rules, by id.
#[derive(Debug, Default)]
pub struct Known {
    /// Mutants that break one, each with the case that noticed it.
    pub mutants: BTreeMap<String, Vec<(String, String)>>,
    /// The cases and transcripts that name one.
    pub named: BTreeMap<String, Vec<String>>,
    /// What shows one outside the suite.
    pub outside: Vec<Outside>,
}

/// How the rules are shown, in numbers.
#[derive(Debug, Default)]
struct Census {
    noticed: usize,
    named: usize,
    tested: usize,
    reasoned: usize,
}

const HEAD: &str = "# What notices a break of each rule

Drawn by `tom-conformance musts --bless` from the book, the cases, `mutants/` and `mutants/outside.toml`; not written by hand. A mutant is a variant of
the reference that breaks the rule, with the case that notices it. Cases that name the rule are counted, and the first is named. What stands
elsewhere is what the suite cannot see: a test or a check that is in this repository, or why there is none.

";

/// Draws the table.
///
/// # Errors
/// A rule has nothing, or something is said of a rule that is not there.
pub fn table(rules: &[Rule], known: &Known) -> anyhow::Result<String> {
    let is_rule = |id: &str| rules.iter().any(|rule| rule.id == id);
    let said = known.mutants.keys().chain(known.named.keys());
    let said = said.chain(known.outside.iter().flat_map(|it| &it.ids));
    let strangers: Vec<&str> = said.map(String::as_str).filter(|id| !is_rule(id)).collect();
    ensure!(strangers.is_empty(), "no rules: {}", strangers.join(", "));
    let (mut lines, mut census, mut bare) = (String::new(), Census::default(), Vec::new());
    for rule in rules {
        match line(rule, known, &mut census) {
            Some(line) => lines.push_str(&line),
            None => bare.push(rule.id.as_str()),
        }
    }
    if !bare.is_empty() {
        bail!("nothing notices a break of {}", bare.join(", "));
    }
    let Census {
        noticed,
        named,
        tested,
        reasoned,
    } = census;
    let mutants: usize = known.mutants.values().map(Vec::len).sum();
    Ok(format!(
        "{HEAD}{} rules. {noticed} are broken by {mutants} mutants, all noticed. Of the others {named} are named by a case, {tested} are shown by tests and \
         checks elsewhere, and for {reasoned} stands a reason.\n\n| rule | mutants, and what noticed them | named by | elsewhere |\n|---|---|---|---|\n{lines}",
        rules.len()
    ))
}

fn line(rule: &Rule, known: &Known, census: &mut Census) -> Option<String> {
    let mutants = known.mutants.get(&rule.id).map_or(&[][..], Vec::as_slice);
    let named = known.named.get(&rule.id).map_or(&[][..], Vec::as_slice);
    let outside = known.outside.iter().find(|it| it.ids.contains(&rule.id));
    match (mutants, named, outside) {
        ([], [], None) => return None,
        ([_, ..], _, _) => census.noticed += 1,
        ([], [_, ..], _) => census.named += 1,
        ([], [], Some(outside)) if !outside.proofs.is_empty() => census.tested += 1,
        ([], [], Some(_)) => census.reasoned += 1,
    }
    let mutants: Vec<String> = mutants
        .iter()
        .map(|(name, by)| format!("{name}: {by}"))
        .collect();
    let named = match named {
        [] => String::new(),
        [one] => one.clone(),
        [first, ..] => format!("{} of {}", first, named.len()),
    };
    let elsewhere = outside.map(|it| {
        let proofs: Vec<String> = it.proofs.iter().map(|proof| shown(proof)).collect();
        let why = Some(it.why.clone()).filter(|why| !why.is_empty());
        let parts: Vec<String> = proofs.into_iter().chain(why).collect();
        parts.join("; ")
    });
    let mut out = String::new();
    let _ = writeln!(
        out,
        "| [{}](../spec/src/{}) | {} | {named} | {} |",
        rule.id,
        rule.place,
        mutants.join("; "),
        elsewhere.unwrap_or_default()
    );
    Some(out)
}

/// A proof as a link to its file.
fn shown(proof: &str) -> String {
    let (path, test) = proof.split_once(": ").unwrap_or((proof, ""));
    let name = if test.is_empty() { path } else { test };
    format!("[{name}](../{path})")
}
