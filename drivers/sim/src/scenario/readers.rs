//! What is in data files: comma-separated, tab-separated or blank-separated lines; `#` begins a
//! comment.

use super::dist::span_of_seconds;
use super::error::{Bad, ScenarioError};
use crate::time::Span;

/// A point whose distance to others is milliseconds one way.
pub type Point = (f64, f64);
/// The most rows of a matrix.
const MOST_ROWS: usize = 20_000;

type Read<T> = Result<T, ScenarioError>;

/// Round-trip times between places.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    /// How many places.
    pub size: usize,
    /// Milliseconds, row by row.
    pub rtt_ms: Vec<f64>,
}

impl Matrix {
    /// The round-trip time from one place to another, in milliseconds; places count modulo `size`.
    #[must_use]
    pub fn rtt(&self, from: usize, to: usize) -> f64 {
        let size = self.size.max(1);
        let at = from % size * size + to % size;
        self.rtt_ms.get(at).copied().unwrap_or(0.0)
    }
}

/// Two nodes meet or part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contact {
    /// When, since the start of the trace.
    pub at: Span,
    /// One.
    pub a: u32,
    /// The other.
    pub b: u32,
    /// They meet.
    pub up: bool,
    /// The line of the file.
    pub line: usize,
}

/// A node comes or goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UpDown {
    /// When, since the start of the trace.
    pub at: Span,
    /// Who.
    pub node: u32,
    /// It comes.
    pub up: bool,
    /// The line of the file.
    pub line: usize,
}

/// Somebody writes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Write {
    /// When, in seconds since the start of the trace.
    pub at_s: f64,
    /// Who, by the trace's number.
    pub from: u32,
    /// To whom.
    pub to: u32,
}

/// The lines that say something, with their numbers.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .map(|(at, line)| (at + 1, line.trim_end()))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}

/// The cells of a line.
fn cells(line: &str) -> Vec<&str> {
    if line.contains(',') {
        line.split(',').map(str::trim).collect()
    } else if line.contains('\t') {
        line.split('\t').map(str::trim).collect()
    } else {
        line.split_whitespace().collect()
    }
}

fn wrong(file: &str, line: usize, problem: String, remedy: &str) -> ScenarioError {
    Bad::new(problem, remedy).at(file, line)
}

/// A square matrix, with or without a line and a column of names. A missing cell is what the other
/// direction says, or else the middle of its row.
pub(super) fn matrix(text: &str, file: &str) -> Read<Box<Matrix>> {
    let mut rows: Vec<(usize, Vec<&str>)> =
        lines(text).map(|(at, line)| (at, cells(line))).collect();
    let named = |cells: &[&str]| {
        cells
            .iter()
            .skip(1)
            .any(|c| c.parse::<f64>().is_err() && !c.is_empty())
    };
    if rows.first().is_some_and(|(_, first)| named(first)) {
        rows.remove(0);
    }
    let size = rows.len();
    if !(2..=MOST_ROWS).contains(&size) {
        let remedy = "write one line per place, 2 to 20000";
        return Err(wrong(file, 1, format!("a matrix of {size} rows"), remedy));
    }
    let mut rtt_ms = Vec::with_capacity(size * size);
    for (line, cells) in &rows {
        let values = match cells.len().checked_sub(size) {
            Some(extra @ (0 | 1)) => cells.get(extra..).unwrap_or(&[]),
            _ => {
                let problem = format!("{} cells in a matrix of {size} rows", cells.len());
                let remedy = "write as many cells as rows, after a name if there are names";
                return Err(wrong(file, *line, problem, remedy));
            }
        };
        for cell in values {
            rtt_ms.push(match cell.parse::<f64>() {
                Ok(ms) if (0.0..1e7).contains(&ms) => ms,
                _ if cell.is_empty() || cell.eq_ignore_ascii_case("nan") => f64::NAN,
                _ => {
                    let problem = format!("`{cell}` is no round-trip time");
                    let remedy = "write milliseconds, 0 or more, or nothing";
                    return Err(wrong(file, *line, problem, remedy));
                }
            });
        }
    }
    let mut matrix = Matrix { size, rtt_ms };
    fill(&mut matrix);
    Ok(Box::new(matrix))
}

/// Fills what is missing.
fn fill(matrix: &mut Matrix) {
    let size = matrix.size;
    let given = matrix.clone();
    let middles: Vec<f64> = (0..size)
        .map(|row| {
            let mut known: Vec<f64> = (0..size)
                .filter(|column| *column != row)
                .map(|column| given.rtt(row, column))
                .filter(|ms| !ms.is_nan())
                .collect();
            known.sort_by(f64::total_cmp);
            known.get(known.len() / 2).copied().unwrap_or(0.0)
        })
        .collect();
    for (at, cell) in matrix.rtt_ms.iter_mut().enumerate() {
        let (row, column) = (at / size, at % size);
        if row == column && cell.is_nan() {
            *cell = 0.0;
        } else if cell.is_nan() {
            let back = given.rtt(column, row);
            let middle = middles.get(row).copied().unwrap_or(0.0);
            *cell = if back.is_nan() { middle } else { back };
        }
    }
}

/// `x,y` per line, after a line of names if there is one.
pub(super) fn points(text: &str, file: &str) -> Read<Vec<Point>> {
    let mut points = Vec::new();
    for (nth, (line, row)) in lines(text).enumerate() {
        let numbers: Vec<f64> = cells(row).iter().flat_map(|c| c.parse()).collect();
        match numbers.as_slice() {
            [x, y] if x.is_finite() && y.is_finite() => points.push((*x, *y)),
            _ if nth == 0 => {}
            _ => {
                return Err(wrong(
                    file,
                    line,
                    format!("`{row}` is no point"),
                    "write `x,y`",
                ));
            }
        }
    }
    if points.is_empty() {
        return Err(wrong(
            file,
            1,
            "no points".to_owned(),
            "write `x,y` per line",
        ));
    }
    Ok(points)
}

/// Seconds since the start.
fn seconds(file: &str, line: usize, cell: &str) -> Read<f64> {
    match cell.parse::<f64>() {
        Ok(s) if (0.0..1e10).contains(&s) => Ok(s),
        _ => {
            let problem = format!("`{cell}` is no time");
            Err(wrong(file, line, problem, "write seconds, 0 or more"))
        }
    }
}

fn node(file: &str, line: usize, cell: &str) -> Read<u32> {
    cell.parse().map_err(|_| {
        let problem = format!("`{cell}` is no node");
        wrong(file, line, problem, "write a number of 0 to 4294967295")
    })
}

fn up(file: &str, line: usize, cell: &str) -> Read<bool> {
    match cell {
        "up" => Ok(true),
        "down" => Ok(false),
        _ => {
            let problem = format!("`{cell}` is neither up nor down");
            Err(wrong(file, line, problem, "write one of them"))
        }
    }
}

/// The ONE's external events: `T CONN a b up|down`; its message events are left out.
pub(super) fn contacts(text: &str, file: &str) -> Read<Vec<Contact>> {
    let mut contacts = Vec::new();
    for (line, row) in lines(text) {
        match row.split_whitespace().collect::<Vec<_>>().as_slice() {
            [at, "CONN", a, b, way] => {
                let (a, b) = (node(file, line, a)?, node(file, line, b)?);
                if a == b {
                    let problem = format!("node {a} meets itself");
                    return Err(wrong(file, line, problem, "take the line away"));
                }
                contacts.push(Contact {
                    at: span_of_seconds(seconds(file, line, at)?),
                    a,
                    b,
                    up: up(file, line, way)?,
                    line,
                });
            }
            [_, "C" | "S" | "DE" | "A" | "R" | "DR", ..] => {}
            _ => {
                let problem = format!("`{row}` is no event of a contact trace");
                return Err(wrong(file, line, problem, "write `T CONN a b up|down`"));
            }
        }
    }
    contacts.sort_by_key(|contact| contact.at);
    Ok(contacts)
}

/// `seconds,node,up|down` per line.
pub(super) fn up_downs(text: &str, file: &str) -> Read<Vec<UpDown>> {
    let mut all = Vec::new();
    for (nth, (line, row)) in lines(text).enumerate() {
        match cells(row).as_slice() {
            [at, _, _] if nth == 0 && at.parse::<f64>().is_err() => {}
            [at, who, way] => all.push(UpDown {
                at: span_of_seconds(seconds(file, line, at)?),
                node: node(file, line, who)?,
                up: up(file, line, way)?,
                line,
            }),
            _ => {
                let problem = format!("`{row}` is no coming or going");
                return Err(wrong(file, line, problem, "write `seconds,node,up|down`"));
            }
        }
    }
    all.sort_by_key(|it| it.at);
    Ok(all)
}

/// Which column says what.
#[derive(Clone, Copy)]
struct Columns {
    at: usize,
    from: usize,
    to: usize,
}

/// `seconds,from,to` per line; a line of names may name the columns otherwise (`Source,Target,
/// Timestamp`), times may be dates (`4/15/04 2:56 PM`, counted from the first), and the ONE's message
/// events (`T C id from to size`) are taken from a file of its.
pub(super) fn writes(text: &str, file: &str) -> Read<Vec<Write>> {
    let mut columns = Columns {
        at: 0,
        from: 1,
        to: 2,
    };
    let (mut writes, mut dated) = (Vec::new(), false);
    for (nth, (line, row)) in lines(text).enumerate() {
        let cells = cells(row);
        let (at, from, to) = match cells.as_slice() {
            [_, "CONN" | "S" | "DE" | "A" | "R" | "DR", ..] => continue,
            [at, "C", _, from, to, ..] => (*at, *from, *to),
            cells if nth == 0 && names(cells, &mut columns) => continue,
            cells => {
                let cell = |at: usize| cells.get(at).copied().unwrap_or("");
                (cell(columns.at), cell(columns.from), cell(columns.to))
            }
        };
        let at_s = match date(at) {
            Some(s) => {
                dated = true;
                s
            }
            None => seconds(file, line, at)?,
        };
        writes.push(Write {
            at_s,
            from: node(file, line, from)?,
            to: node(file, line, to)?,
        });
    }
    writes.sort_by(|a, b| a.at_s.total_cmp(&b.at_s));
    if dated && let Some(first) = writes.first().map(|w| w.at_s) {
        for write in &mut writes {
            write.at_s -= first;
        }
    }
    Ok(writes)
}

/// Whether these are names of columns; they are noted then.
fn names(cells: &[&str], columns: &mut Columns) -> bool {
    let at = |known: &[&str]| {
        cells
            .iter()
            .position(|c| known.contains(&c.to_lowercase().as_str()))
    };
    let found = (
        at(&["seconds", "time", "timestamp", "at", "t"]),
        at(&["from", "source", "src", "sender"]),
        at(&["to", "target", "dst", "receiver"]),
    );
    let (Some(at), Some(from), Some(to)) = found else {
        return false;
    };
    *columns = Columns { at, from, to };
    true
}

/// `4/15/04 2:56 PM` as seconds since the year 2000; month, day, year of two digits.
fn date(text: &str) -> Option<f64> {
    let (day, clock) = text.split_once(' ')?;
    let [m, d, y] = <[u32; 3]>::try_from(numbers(day, '/')?).ok()?;
    let (clock, half) = clock.split_once(' ')?;
    let [hour, minute] = <[u32; 2]>::try_from(numbers(clock, ':')?).ok()?;
    let half = match half {
        "AM" => 0,
        "PM" => 12,
        _ => return None,
    };
    if !(1..=12).contains(&m) || !(1..=31).contains(&d) || y > 99 || hour > 12 || minute > 59 {
        return None;
    }
    let before = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let leap = u32::from(y.is_multiple_of(4) && m > 2);
    let month = before.get(m as usize - 1)?;
    let days = y * 365 + y.div_ceil(4) + month + d - 1 + leap;
    Some(f64::from(days) * 86_400.0 + f64::from((hour % 12 + half) * 3_600 + minute * 60))
}

fn numbers(text: &str, mark: char) -> Option<Vec<u32>> {
    text.split(mark).map(|n| n.parse().ok()).collect()
}
