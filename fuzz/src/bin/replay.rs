//! Plays the committed corpora. Fails when a target panics, has no corpus, or its corpus gets
//! nowhere.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut good = true;
    for target in tom_fuzz::TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("corpus")
            .join(target.name);
        let mut files: Vec<_> = std::fs::read_dir(&folder)
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .collect();
        files.sort();
        let (mut reached, mut useful) = (0, 0usize);
        for file in &files {
            let Ok(bytes) = std::fs::read(file) else {
                eprintln!("error: cannot read {}", file.display());
                return ExitCode::FAILURE;
            };
            let result = std::panic::catch_unwind(|| (target.run)(&bytes));
            let Ok(count) = result else {
                eprintln!("error: {} fails on {}", target.name, file.display());
                return ExitCode::FAILURE;
            };
            reached += count;
            useful += usize::from(count > 0);
        }
        let ok = !files.is_empty() && reached > 0;
        good &= ok;
        println!(
            "{}  {:<16} {:>4} files, {useful} of use, {reached} {}",
            if ok { "ok " } else { "BAD" },
            target.name,
            files.len(),
            target.goal,
        );
    }
    if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
