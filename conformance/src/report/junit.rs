//! JUnit's XML, as far as build servers read it.

use std::fmt::Write as _;

use crate::judge::Status;
use crate::run::Results;

/// A test suite per area.
#[must_use]
pub fn junit(results: &Results) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    for area in super::by_area(results).keys() {
        let cases: Vec<_> = results
            .cases
            .iter()
            .filter(|case| case.area == **area)
            .collect();
        let count = |wanted: &[Status]| {
            let hit = cases.iter().filter(|case| wanted.contains(&case.status));
            hit.count()
        };
        let _ = writeln!(
            out,
            "<testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" skipped=\"{}\">",
            xml(area),
            cases.len(),
            count(&[Status::Fail, Status::Xpass]),
            count(&[Status::Unsupported, Status::Xfail]),
        );
        for case in cases {
            let name = format!("{} {}", case.case, case.comment);
            let _ = write!(
                out,
                "<testcase classname=\"{}\" name=\"{}\"",
                xml(area),
                xml(&name)
            );
            let told = case
                .diff
                .as_ref()
                .map(|diff| format!("{}: expected {}, got {}", diff.at, diff.expected, diff.got));
            let told = xml(&told.unwrap_or_default());
            let _ = match case.status {
                Status::Pass | Status::NonStrict => writeln!(out, "/>"),
                Status::Fail | Status::Xpass => writeln!(
                    out,
                    "><failure message=\"{}\">{told}</failure></testcase>",
                    case.status.word()
                ),
                Status::Unsupported | Status::Xfail => {
                    writeln!(out, "><skipped message=\"{told}\"/></testcase>")
                }
            };
        }
        out.push_str("</testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

/// Text that stands in XML: what XML cannot hold becomes a question mark.
pub(super) fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(' '),
            control if control < ' ' => out.push('?'),
            other => out.push(other),
        }
    }
    out
}
