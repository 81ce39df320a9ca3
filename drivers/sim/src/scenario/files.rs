//! Data files a scenario names: where they are.

use std::path::{Path, PathBuf};

/// The environment variable that names the directory data files are in.
pub(crate) const DATA: &str = "TOM_SIM_DATA";

/// The file `file` of the scenario at `scenario`: beside it, or in the data directory.
pub(crate) fn find(scenario: &Path, file: &str) -> Option<PathBuf> {
    let beside = scenario.parent().unwrap_or(Path::new("")).join(file);
    let data = std::env::var_os(DATA).map(|dir| Path::new(&dir).join(file));
    [Some(beside), data]
        .into_iter()
        .flatten()
        .find(|path| path.is_file())
}
