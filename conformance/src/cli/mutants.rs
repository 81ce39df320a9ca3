//! `tom-conformance mutants`: how good the suite is, by the share of broken variants it notices.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use serde::Deserialize;

use crate::judge::Status;
use crate::profile::Profile;
use crate::run::{Plan, run as play};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only mutants with this in their name
    #[arg(long)]
    only: Option<String>,
    /// Where the sources are copied to and built
    #[arg(long, value_name = "DIR")]
    tree: Option<PathBuf>,
}

/// One broken variant.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mutant {
    name: String,
    /// The rule it breaks.
    rule: String,
    /// The file under `tom-core/src`.
    file: String,
    find: String,
    replace: String,
}

#[derive(Debug, Deserialize)]
struct List {
    mutant: Vec<Mutant>,
}

const MUTANTS: &str = include_str!("../../mutants/mutants.toml");

pub(super) fn run(args: &Args) -> anyhow::Result<u8> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let list: List = toml::from_str(MUTANTS).context("mutants.toml")?;
    let tree = args
        .tree
        .clone()
        .unwrap_or_else(|| home.join("target/mutants"));
    copy(&home, &tree)?;
    let (files, transcripts) = super::load(None, None)?;
    let port = build(&tree)?.context("the unbroken reference does not build")?;
    let notice = || -> anyhow::Result<Option<String>> {
        let plan = Plan {
            port: &port,
            profile: Profile::Full.into(),
            patience: Duration::from_secs(5),
            known: std::collections::BTreeSet::new(),
            first: true,
            only: None,
        };
        let results = play(&plan, &files, &transcripts)?;
        let failed = results
            .cases
            .into_iter()
            .find(|case| case.status == Status::Fail);
        Ok(failed.map(|case| case.case))
    };
    if let Some(case) = notice()? {
        bail!("the unbroken reference fails {case}");
    }
    println!("| mutant | breaks | noticed by |\n|---|---|---|");
    let (mut tried, mut survived) = (0, 0);
    for mutant in &list.mutant {
        if args
            .only
            .as_ref()
            .is_some_and(|only| !mutant.name.contains(only.as_str()))
        {
            continue;
        }
        let path = tree.join("tom-core/src").join(&mutant.file);
        let whole = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        ensure!(
            whole.matches(&mutant.find).count() == 1,
            "{}: `{}` does not stand once in {}",
            mutant.name,
            mutant.find,
            mutant.file
        );
        std::fs::write(&path, whole.replace(&mutant.find, &mutant.replace))?;
        let built = build(&tree);
        let noticed = match &built {
            Ok(Some(_)) => notice(),
            Ok(None) | Err(_) => Ok(None),
        };
        std::fs::write(&path, whole)?;
        ensure!(built?.is_some(), "{}: does not build", mutant.name);
        tried += 1;
        let by = noticed?.unwrap_or_else(|| {
            survived += 1;
            "**nothing**".to_owned()
        });
        println!("| {} | {} | {by} |", mutant.name, mutant.rule);
    }
    println!("\n{} of {tried} noticed", tried - survived);
    Ok(u8::from(survived > 0))
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
        .status()
        .context("cargo")?;
    let port = tree.join("build/debug/tom-port").canonicalize();
    Ok(built.success().then_some(port?.display().to_string()))
}
