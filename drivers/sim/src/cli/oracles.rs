//! `tom-sim oracles`.

use std::path::PathBuf;

use super::say;
use crate::oracle::{Table, data_dir, oracles};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Where the data files are, if not where TOM_SIM_DATA says
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<u8> {
    let data = args.data.clone().or_else(data_dir);
    let rows = oracles(data.as_deref());
    say::line(&Table(&rows).to_string());
    let wrong = rows.iter().filter(|row| !row.ok).count();
    if wrong > 0 {
        say::error(&format!(
            "{wrong} of {} results are out of their bands",
            rows.len()
        ));
        return Ok(1);
    }
    Ok(0)
}
