//! Results for a terminal, and as Markdown.

use std::fmt::Write as _;

use super::by_area;
use crate::judge::Status;
use crate::run::Results;

/// A table: areas by statuses.
#[must_use]
pub fn markdown(results: &Results) -> String {
    let mut out = String::new();
    let port = &results.port;
    let _ = writeln!(
        out,
        "{} {} ({}), profile {}: {} in {} ms\n",
        port.name,
        port.version,
        port.language,
        results.profile,
        if results.is_green() { "green" } else { "RED" },
        results.took_ms
    );
    let used: Vec<Status> = Status::ALL
        .into_iter()
        .filter(|status| *status == Status::Pass || results.count(*status) > 0)
        .collect();
    let words: Vec<&str> = used.iter().map(|status| status.word()).collect();
    let _ = writeln!(out, "| area | {} |", words.join(" | "));
    let _ = writeln!(out, "|---|{}", "---:|".repeat(used.len()));
    for (area, row) in by_area(results) {
        let cells = used.iter().map(|status| row.get(status).unwrap_or(&0));
        let cells: Vec<String> = cells.map(usize::to_string).collect();
        let _ = writeln!(out, "| {area} | {} |", cells.join(" | "));
    }
    let sums: Vec<String> = used
        .iter()
        .map(|status| results.count(*status).to_string())
        .collect();
    let _ = writeln!(out, "| all | {} |", sums.join(" | "));
    out
}

/// The first failures, each with where it parts from the book.
#[must_use]
pub fn failures(results: &Results, most: usize) -> String {
    let mut out = String::new();
    let bad = |status| matches!(status, Status::Fail | Status::Xpass | Status::NonStrict);
    let mut all: Vec<_> = results
        .cases
        .iter()
        .filter(|case| bad(case.status))
        .collect();
    // What the book allows may not hide what it does not.
    all.sort_by_key(|case| case.status == Status::NonStrict);
    for case in all.iter().take(most) {
        let word = case.status.word();
        let _ = writeln!(out, "{word} {}: {}", case.case, case.comment);
        if let Some(diff) = &case.diff {
            let _ = writeln!(out, "  at       {}", diff.at);
            let _ = writeln!(out, "  expected {}", diff.expected);
            let _ = writeln!(out, "  got      {}", diff.got);
        }
        let rules = case.rules.join(", ");
        let _ = writeln!(out, "  book     spec/src/{} {rules}", case.spec_ref);
    }
    if all.len() > most {
        let _ = writeln!(out, "and {} more", all.len() - most);
    }
    out
}
