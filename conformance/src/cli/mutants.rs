//! `tom-conformance mutants`: how good the suite is, by the share of broken variants it notices.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, bail, ensure};

use super::Loaded;
use crate::cases::Case;
use crate::judge::Status;
use crate::mutants::{self, Mutant, Noticed, Results};
use crate::profile::Profile;
use crate::run::{Plan, name, run as play};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only mutants with this in their name or rule
    #[arg(long)]
    only: Option<String>,
    /// Only mutants of which it is not written down yet what noticed them
    #[arg(long)]
    missing: bool,
    /// Where the sources are copied to and built
    #[arg(long, value_name = "DIR")]
    tree: Option<PathBuf>,
    /// How many are tried side by side, each in a tree of its own
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// Write what noticed each
    #[arg(long)]
    bless: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<u8> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let tree = args
        .tree
        .clone()
        .unwrap_or_else(|| home.join("target/mutants"));
    let list = mutants::read(&mutants::home())?;
    let known = mutants::results(&mutants::home())?;
    let all = super::load(None, None)?;
    let wanted = |mutant: &&Mutant| {
        let only = args.only.as_ref();
        let named =
            only.is_none_or(|only| mutant.name.contains(only.as_str()) || mutant.rule == *only);
        named && !(args.missing && known.contains_key(&mutant.name))
    };
    let wanted: Vec<&Mutant> = list.iter().filter(wanted).collect();
    let next = AtomicUsize::new(0);
    println!("| mutant | breaks | noticed by |\n|---|---|---|");
    // A tree for each: most of what one costs is its build.
    let workers = (0..args.jobs.max(1)).map(|number| tree.join(number.to_string()));
    let tried = std::thread::scope(|scope| {
        let (home, next, wanted, known, all) = (&home, &next, &wanted, &known, &all);
        let work = move |tree: PathBuf| {
            prepare(home, &tree, all)?;
            let mut tried = Vec::new();
            while let Some(mutant) = wanted.get(next.fetch_add(1, Ordering::Relaxed)) {
                let by = attempt(mutant, &tree, all, known.get(&mutant.name))?;
                let shown = by.as_deref().unwrap_or("**nothing**");
                println!("| {} | {} | {shown} |", mutant.name, mutant.rule);
                tried.push((*mutant, by));
            }
            Ok(tried)
        };
        let threads: Vec<_> = workers
            .map(|tree| scope.spawn(move || work(tree)))
            .collect();
        let ended = threads.into_iter().map(|thread| {
            let done: anyhow::Result<Vec<_>> = match thread.join() {
                Ok(done) => done,
                Err(_) => bail!("a worker fell over"),
            };
            done
        });
        ended.collect::<anyhow::Result<Vec<_>>>()
    })?;
    let mut results = known.clone();
    results.retain(|name, _| list.iter().any(|mutant| mutant.name == *name));
    let (mut noticed, mut survived) = (0, 0);
    for (mutant, by) in tried.into_iter().flatten() {
        let rule = mutant.rule.clone();
        match by {
            Some(by) => {
                noticed += 1;
                results.insert(mutant.name.clone(), Noticed { rule, by });
            }
            None => {
                survived += 1;
                results.remove(&mutant.name);
            }
        }
    }
    println!("\n{noticed} of {} noticed", noticed + survived);
    if args.bless {
        mutants::keep(&mutants::home(), &results)?;
    }
    Ok(u8::from(survived > 0 || !is_kept(&results, args.bless)?))
}

/// The sources in a tree of their own, of which the unbroken reference passes.
fn prepare(home: &Path, tree: &Path, all: &Loaded) -> anyhow::Result<()> {
    copy(home, tree)?;
    let port = build(tree)?.context("the unbroken reference does not build")?;
    if let Some(case) = first_failure(&port, all)? {
        bail!("the unbroken reference fails {case}");
    }
    Ok(())
}

/// Whether the table can rest on what is written down of the variants.
fn is_kept(results: &Results, bless: bool) -> anyhow::Result<bool> {
    let known = mutants::results(&mutants::home())?;
    let same = results.iter().all(|(name, it)| {
        let known = known.get(name);
        known.is_some_and(|known| known.rule == it.rule)
    });
    if !same && !bless {
        eprintln!("tom-conformance: mutants/RESULTS.json lacks a mutant; --bless writes it");
    }
    Ok(same || bless)
}

/// Builds one variant and says what notices it: the case that did before, else one about its rule, else
/// any. The tree is as it was afterwards.
fn attempt(
    mutant: &Mutant,
    tree: &Path,
    all: &Loaded,
    known: Option<&Noticed>,
) -> anyhow::Result<Option<String>> {
    let path = tree.join(mutant.path());
    let whole = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    ensure!(
        whole.matches(&mutant.find).count() == 1,
        "{}: `{}` does not stand once in {}",
        mutant.name,
        mutant.find,
        mutant.file
    );
    std::fs::write(&path, whole.replace(&mutant.find, &mutant.replace))?;
    let noticed = build(tree).and_then(|port| {
        let Some(port) = port else {
            eprintln!("tom-conformance: {} does not build", mutant.name);
            return Ok(None);
        };
        let before = known.map(|known| known.by.as_str());
        let parts = [
            some(all, |case, _| Some(case) == before),
            some(all, |_, rules| rules.contains(&mutant.rule)),
        ];
        for part in parts.iter().chain([all]) {
            if let Some(case) = first_failure(&port, part)? {
                return Ok(Some(case));
            }
        }
        Ok(None)
    });
    std::fs::write(&path, whole)?;
    noticed
}

/// The cases and transcripts of these names or rules.
fn some(all: &Loaded, keep: impl Fn(&str, &[String]) -> bool) -> Loaded {
    let (mut files, mut transcripts) = all.clone();
    for (path, file) in &mut files {
        for group in &mut file.test_groups {
            let kept = |case: &Case| keep(&name(path, case), &case.rules);
            group.tests.retain(kept);
        }
    }
    transcripts.retain(|(path, it)| {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        keep(&stem, &it.rules)
    });
    (files, transcripts)
}

fn first_failure(port: &str, (files, transcripts): &Loaded) -> anyhow::Result<Option<String>> {
    let plan = Plan {
        port,
        profile: Profile::Full.into(),
        patience: Duration::from_secs(5),
        known: BTreeSet::new(),
        first: true,
        only: None,
    };
    let results = play(&plan, files, transcripts)?;
    let mut cases = results.cases.into_iter();
    let failed = cases.find(|case| case.status == Status::Fail);
    Ok(failed.map(|case| case.case))
}

/// The sources the port is built of, in a workspace of their own.
fn copy(home: &Path, tree: &Path) -> anyhow::Result<()> {
    for part in ["tom-core/src", "conformance/ports/rust/src"] {
        let there = tree.join(part);
        if there.exists() {
            std::fs::remove_dir_all(&there)?;
        }
        folder(&home.join(part), &there)?;
    }
    for file in [
        "Cargo.lock",
        "tom-core/Cargo.toml",
        "conformance/ports/rust/Cargo.toml",
    ] {
        std::fs::copy(home.join(file), tree.join(file)).with_context(|| file.to_owned())?;
    }
    let manifest = std::fs::read_to_string(home.join("Cargo.toml"))?;
    let mut manifest: toml::Table = toml::from_str(&manifest)?;
    let workspace = manifest
        .get_mut("workspace")
        .and_then(|it| it.as_table_mut());
    let workspace = workspace.context("Cargo.toml: no workspace")?;
    let members = ["tom-core", "conformance/ports/rust"].map(toml::Value::from);
    workspace.insert("members".to_owned(), members.to_vec().into());
    workspace.remove("exclude");
    std::fs::write(tree.join("Cargo.toml"), manifest.to_string())?;
    // What the manifest of the core names and nobody builds here.
    let core = tree.join("tom-core/Cargo.toml");
    let text = std::fs::read_to_string(&core)?;
    let mut table: toml::Table = toml::from_str(&text)?;
    for part in ["example", "bench", "dev-dependencies", "target"] {
        table.remove(part);
    }
    std::fs::write(core, table.to_string())?;
    Ok(())
}

fn folder(from: &Path, to: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from).with_context(|| from.display().to_string())? {
        let entry = entry?;
        let there = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            folder(&entry.path(), &there)?;
        } else {
            std::fs::copy(entry.path(), there)?;
        }
    }
    Ok(())
}

/// Builds the port; `None`: it does not compile.
fn build(tree: &Path) -> anyhow::Result<Option<String>> {
    let built = Command::new("cargo")
        .args(["build", "--quiet", "-p", "tom-port"])
        .current_dir(tree)
        .env("CARGO_TARGET_DIR", "build")
        .env("RUSTFLAGS", "-Awarnings")
        // What is built is asked a few questions and thrown away.
        .env("CARGO_PROFILE_DEV_OPT_LEVEL", "0")
        .env("CARGO_PROFILE_DEV_DEBUG", "false")
        .status()
        .context("cargo")?;
    let port = tree.join("build/debug/tom-port").canonicalize();
    Ok(built.success().then_some(port?.display().to_string()))
}
