//! The queues of the simulator, by themselves and under a toy network. `--quick` for a second's worth,
//! `--full` for ten million pending events as well. CPU time, and only of results that agree.

use std::process::ExitCode;

use tom_sim::engine::bench::{Size, bench};

fn main() -> ExitCode {
    let given = |option: &str| std::env::args().any(|arg| arg == option);
    let size = if given("--quick") {
        Size::Quick
    } else if given("--full") {
        Size::Full
    } else {
        Size::Usual
    };
    match bench(size) {
        Ok(bench) => {
            print!("{bench}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
