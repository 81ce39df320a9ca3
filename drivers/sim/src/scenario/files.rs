//! Data files a scenario names: where they are, and what was read from them, once for all seeds.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::error::{Bad, ScenarioError};
use super::readers::{self, Contact, Matrix, Point, UpDown, Write};

/// The environment variable that names the directory data files are in.
pub(crate) const DATA: &str = "TOM_SIM_DATA";
/// The longest file that is read, in bytes, unpacked.
const LONGEST: u64 = 512 << 20;

/// The file `file` of the scenario at `scenario`: beside it, or in the data directory.
pub(crate) fn find(scenario: &Path, file: &str) -> Option<PathBuf> {
    let beside = scenario.parent().unwrap_or(Path::new("")).join(file);
    let data = std::env::var_os(DATA).map(|dir| Path::new(&dir).join(file));
    [Some(beside), data]
        .into_iter()
        .flatten()
        .find(|path| path.is_file())
}

/// The data files of a scenario; each is read once.
#[derive(Debug, Default)]
pub struct Files {
    scenario: PathBuf,
    read: Mutex<BTreeMap<String, Known>>,
}

/// What was read from a file, by what it was read as.
#[derive(Clone, Debug)]
enum Known {
    Matrix(Arc<Matrix>),
    Points(Arc<[Point]>),
    Contacts(Arc<[Contact]>),
    UpDowns(Arc<[UpDown]>),
    Writes(Arc<[Write]>),
}

/// One method per kind of file.
macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident: $kind:ident($type:ty) by $reader:path;)+) => {
        impl Files {
            $($(#[$doc])*
            ///
            /// # Errors
            /// The file is absent, too long, or a line of it is wrong.
            pub fn $name(&self, file: &str) -> Result<Arc<$type>, ScenarioError> {
                let key = format!("{} {file}", stringify!($kind));
                let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(Known::$kind(known)) = read.get(&key) {
                    return Ok(Arc::clone(known));
                }
                let known: Arc<$type> = $reader(&self.text(file)?, file)?.into();
                read.insert(key, Known::$kind(Arc::clone(&known)));
                Ok(known)
            })+
        }
    };
}

kinds! {
    /// A square matrix of round-trip times.
    matrix: Matrix(Matrix) by readers::matrix;
    /// Coordinates whose distance is milliseconds one way.
    points: Points([Point]) by readers::points;
    /// Who meets whom, in order of time.
    contacts: Contacts([Contact]) by readers::contacts;
    /// Who comes and goes, in order of time.
    up_downs: UpDowns([UpDown]) by readers::up_downs;
    /// Who writes to whom, in order of time.
    writes: Writes([Write]) by readers::writes;
}

impl Files {
    /// The files of the scenario at this path: beside it, then in the directory `TOM_SIM_DATA`.
    #[must_use]
    pub fn of(scenario: impl AsRef<Path>) -> Self {
        Self {
            scenario: scenario.as_ref().to_owned(),
            read: Mutex::default(),
        }
    }

    /// All of a file, unpacked when it is packed with gzip.
    fn text(&self, file: &str) -> Result<String, ScenarioError> {
        let Some(path) = find(&self.scenario, file) else {
            let remedy = format!("put it beside the scenario, or into the directory {DATA} names");
            let mut error = Bad::new("this data file is not there", remedy).at(file, 1);
            error.absent = true;
            return Err(error);
        };
        let failed = |why: std::io::Error| {
            let remedy = "see that it can be read, and is whole";
            Bad::new(format!("this data file cannot be read: {why}"), remedy).at(file, 1)
        };
        let long = || {
            let problem = format!("this data file is longer than {} MiB", LONGEST >> 20);
            Bad::new(problem, "take a part of it").at(file, 1)
        };
        let mut bytes = Vec::new();
        let raw = std::fs::File::open(path).map_err(failed)?;
        raw.take(LONGEST + 1)
            .read_to_end(&mut bytes)
            .map_err(failed)?;
        if bytes.starts_with(&[0x1F, 0x8B]) {
            let packed = std::mem::take(&mut bytes);
            flate2::read::MultiGzDecoder::new(packed.as_slice())
                .take(LONGEST + 1)
                .read_to_end(&mut bytes)
                .map_err(failed)?;
        }
        if bytes.len() as u64 > LONGEST {
            return Err(long());
        }
        String::from_utf8(bytes).map_err(|error| {
            let good = error.as_bytes().get(..error.utf8_error().valid_up_to());
            let line = memchr::memchr_iter(b'\n', good.unwrap_or(&[])).count() + 1;
            Bad::new("this is not text in UTF-8", "convert it").at(file, line)
        })
    }
}
