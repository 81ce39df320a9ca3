//! Results that are known beforehand, reproduced by the engine with plain nodes.
//!
//! What can be worked out on paper, or was measured by other programs on the same input, has to come
//! out here too, through the same queue as a real run: only then are figures worth something that
//! nobody knows beforehand.

pub mod contacts;
pub mod gossip;
pub mod kademlia;
pub mod percolation;

use std::fmt;
use std::path::{Path, PathBuf};

/// The variable that names the directory with real inputs.
pub const DATA_VARIABLE: &str = "TOM_SIM_DATA";

/// One known result beside the measured one.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What is reproduced.
    pub oracle: &'static str,
    /// In which case.
    pub case: String,
    /// The known result.
    pub published: f64,
    /// What came out; nothing where the input was not there.
    pub measured: Option<f64>,
    /// How far the two may be apart: three standard deviations where chance is in it.
    pub band: f64,
    /// Whether they are no further apart; so also where nothing was measured.
    pub ok: bool,
    /// Why nothing was measured.
    pub note: Option<String>,
}

impl Row {
    /// A result that was measured.
    #[must_use]
    pub fn new(
        oracle: &'static str,
        case: impl Into<String>,
        published: f64,
        measured: f64,
        band: f64,
    ) -> Self {
        // What is printed with four digits is not known better than that.
        let ok = (published - measured).abs() <= band + 0.000_05;
        Self {
            oracle,
            case: case.into(),
            published,
            measured: Some(measured),
            band,
            ok,
            note: None,
        }
    }

    /// A result that was not measured, which is in order if it was only left out.
    fn without(oracle: &'static str, case: &str, note: String, ok: bool) -> Self {
        Self {
            oracle,
            case: case.into(),
            published: f64::NAN,
            measured: None,
            band: 0.0,
            ok,
            note: Some(note),
        }
    }
}

/// How much is run: the whole, or what a test has time for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// Fewer nodes and fewer runs, wider bands.
    Small,
    /// What the known results were measured with.
    Whole,
}

/// The directory with real inputs, where the environment names one.
#[must_use]
pub fn data_dir() -> Option<PathBuf> {
    std::env::var_os(DATA_VARIABLE).map(PathBuf::from)
}

/// All known results; those that need a file of `data` are left out where it is not there.
#[must_use]
pub fn oracles(data: Option<&Path>) -> Vec<Row> {
    let mut rows = percolation::rows(Effort::Whole);
    rows.extend(gossip::rows(Effort::Whole));
    rows.extend(kademlia::rows(Effort::Whole));
    rows.extend(contacts::rows(data));
    rows
}

/// Rows as a table.
#[derive(Clone, Copy, Debug)]
pub struct Table<'a>(pub &'a [Row]);

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lengths = |length: fn(&Row) -> usize| self.0.iter().map(length).max().unwrap_or(0);
        let oracle = lengths(|row| row.oracle.len()).max("oracle".len());
        let case = lengths(|row| row.case.chars().count()).max("case".len());
        writeln!(
            f,
            "| {:oracle$} | {:case$} | published |  measured |   band |    |",
            "oracle", "case"
        )?;
        writeln!(
            f,
            "|{:-<oracle$}--|{:-<case$}--|----------:|----------:|-------:|----|",
            "", ""
        )?;
        for row in self.0 {
            let ok = match (row.ok, row.measured) {
                (false, _) => "NO",
                (true, Some(_)) => "ok",
                (true, None) => "- ",
            };
            write!(f, "| {:oracle$} | {:case$} ", row.oracle, row.case)?;
            match (row.measured, &row.note) {
                (Some(measured), _) => {
                    let (published, band) = (row.published, row.band);
                    writeln!(
                        f,
                        "| {published:9.4} | {measured:9.4} | {band:6.4} | {ok} |"
                    )?;
                }
                (None, note) => {
                    let note = note.as_deref().unwrap_or("not measured");
                    writeln!(f, "| {note} | | | {ok} |")?;
                }
            }
        }
        Ok(())
    }
}

/// The arithmetic mean; 0 of nothing.
fn mean(values: impl IntoIterator<Item = f64>) -> f64 {
    let (count, sum) = values
        .into_iter()
        .fold((0.0, 0.0), |(count, sum), value| (count + 1.0, sum + value));
    if count > 0.0 { sum / count } else { 0.0 }
}

#[cfg(test)]
mod tests;
