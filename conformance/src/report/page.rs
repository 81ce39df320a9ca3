//! One static page: ports by areas, and what lies behind each number.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::by_area;
use super::junit::xml;
use crate::judge::Status;
use crate::run::Results;

const HEAD: &str = "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\">\n\
<meta name=\"viewport\" content=\"width=device-width\">\n<title>ToM conformance</title>\n<style>\n\
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem}\n\
table{border-collapse:collapse}td,th{padding:.3rem .8rem;border:1px solid #8884;text-align:left}\n\
.PASS{background:#2a72}.FAIL,.XPASS{background:#c224}.UNSUPPORTED,.XFAIL{background:#8882}\n\
.NON-STRICT{background:#ca24}code{overflow-wrap:anywhere}details{margin:.4rem 0}\n</style>\n";

/// The page of any number of ports.
#[must_use]
pub fn page(all: &[Results]) -> String {
    let mut out = String::from(HEAD);
    out.push_str("<h1>ToM conformance</h1>\n<table><tr><th>area</th>");
    for results in all {
        let port = &results.port;
        let _ = write!(
            out,
            "<th>{} {}<br>{}, {}</th>",
            xml(&port.name),
            xml(&port.version),
            xml(&port.language),
            xml(&results.profile)
        );
    }
    out.push_str("</tr>\n");
    let areas: BTreeSet<&str> = all
        .iter()
        .flat_map(|results| by_area(results).into_keys())
        .collect();
    for area in &areas {
        let _ = write!(out, "<tr><td>{}</td>", xml(area));
        for (place, results) in all.iter().enumerate() {
            let row = by_area(results).remove(area).unwrap_or_default();
            let worst = Status::ALL.into_iter().rev().find(|s| row.contains_key(s));
            let word = worst.map_or("", Status::word);
            let passed = row.get(&Status::Pass).unwrap_or(&0);
            let sum: usize = row.values().sum();
            let _ = write!(
                out,
                "<td class=\"{word}\"><a href=\"#{place}-{}\">{passed} of {sum}</a></td>",
                xml(area)
            );
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</table>\n");
    for (place, results) in all.iter().enumerate() {
        let _ = writeln!(out, "<h2>{}</h2>", xml(&results.port.name));
        for area in by_area(results).keys() {
            let _ = writeln!(out, "<h3 id=\"{place}-{}\">{}</h3>", xml(area), xml(area));
            cases(&mut out, results, area);
        }
    }
    out
}

fn cases(out: &mut String, results: &Results, area: &str) {
    for case in results.cases.iter().filter(|case| case.area == area) {
        let word = case.status.word();
        let _ = write!(
            out,
            "<details class=\"{word}\"{}><summary>{word} {} {}</summary>",
            if case.status == Status::Fail {
                " open"
            } else {
                ""
            },
            xml(&case.case),
            xml(&case.comment)
        );
        let _ = write!(
            out,
            "<p><code>spec/src/{}</code> {}",
            xml(&case.spec_ref),
            xml(&case.rules.join(", "))
        );
        if let Some(diff) = &case.diff {
            let _ = write!(
                out,
                "<br>at {}<br>expected <code>{}</code><br>got <code>{}</code>",
                xml(&diff.at),
                xml(&diff.expected),
                xml(&diff.got)
            );
        }
        out.push_str("</p></details>\n");
    }
}
