//! The latest entries in a bounded file that can be read at any moment.
//!
//! The file is written line by line, so that a process that is killed leaves all but its last words.
//! When it is full, it is written anew with the later half, beside itself and then in its place.

use std::collections::{BTreeMap, VecDeque};
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};

use crate::entry::{Entry, Header, What};

/// A tape being written.
#[derive(Debug)]
pub struct Ring {
    path: PathBuf,
    file: File,
    header: Header,
    /// The file never gets longer, in bytes.
    bound: usize,
    len: usize,
    lines: VecDeque<String>,
    /// Links that are up at the oldest line that is left.
    before: BTreeMap<u32, (Entry, Option<Entry>)>,
}

/// A tape that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tape {
    /// Its first line.
    pub header: Header,
    /// All others.
    pub entries: Vec<Entry>,
}

impl Ring {
    /// The smallest bound that makes sense, in bytes.
    pub const SMALLEST: usize = 64 << 10;

    /// Starts a tape in this file, which others cannot read; one that is there gives way.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn create(path: &Path, bound: usize, header: Header) -> io::Result<Self> {
        let mut ring = Self {
            path: path.to_owned(),
            file: fresh(path)?,
            header,
            bound: bound.max(Self::SMALLEST),
            len: 0,
            lines: VecDeque::new(),
            before: BTreeMap::new(),
        };
        let first = line(&ring.header)?;
        ring.file.write_all(first.as_bytes())?;
        ring.len = first.len();
        Ok(ring)
    }

    /// Adds an entry.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn push(&mut self, entry: &Entry) -> io::Result<()> {
        let line = line(entry)?;
        if self.len + line.len() > self.bound {
            self.make_room()?;
        }
        self.file.write_all(line.as_bytes())?;
        self.len += line.len();
        self.lines.push_back(line);
        Ok(())
    }

    /// Half of what is there goes, the oldest first; the links up by then stand at the front.
    fn make_room(&mut self) -> io::Result<()> {
        let mut kept: usize = self.lines.iter().map(String::len).sum();
        while kept > self.bound / 2
            && let Some(line) = self.lines.pop_front()
        {
            kept -= line.len();
            self.header.dropped += 1;
            self.forget(serde_json::from_str(&line)?);
        }
        let beside = self.path.with_extension("tape-new");
        let mut file = fresh(&beside)?;
        let mut all = line(&self.header)?;
        for (up, blocked) in self.before.values() {
            all.push_str(&line(up)?);
            if let Some(blocked) = blocked {
                all.push_str(&line(blocked)?);
            }
        }
        for line in &self.lines {
            all.push_str(line);
        }
        file.write_all(all.as_bytes())?;
        std::fs::rename(&beside, &self.path)?;
        (self.file, self.len) = (file, all.len());
        Ok(())
    }

    fn forget(&mut self, mut entry: Entry) {
        match &mut entry.what {
            What::Up {
                link, synthetic, ..
            } => {
                *synthetic = true;
                self.before.insert(*link, (entry, None));
            }
            What::Blocked { link, synthetic } => {
                *synthetic = true;
                if let Some((_, blocked)) = self.before.get_mut(link) {
                    *blocked = Some(entry);
                }
            }
            What::Writable { link } => {
                if let Some((_, blocked)) = self.before.get_mut(link) {
                    *blocked = None;
                }
            }
            What::Down { link } | What::Close { link } => {
                self.before.remove(link);
            }
            What::Changed { link, mtu: new } => {
                if let Some((up, _)) = self.before.get_mut(link)
                    && let What::Up { mtu, .. } = &mut up.what
                {
                    *mtu = *new;
                }
            }
            What::Tick
            | What::DialFailed { .. }
            | What::Datagram { .. }
            | What::Send { .. }
            | What::Read { .. }
            | What::Candidates { .. }
            | What::Sent { .. }
            | What::Clock { .. }
            | What::Taken { .. }
            | What::Restored { .. }
            | What::Persisted { .. }
            | What::Reseed
            | What::State { .. }
            | What::Deliver { .. } => {}
        }
    }
}

/// Reads a tape; a last line that was cut off is left out.
///
/// # Errors
/// The file cannot be read, or is no tape of this version.
pub fn read(path: &Path) -> io::Result<Tape> {
    let mut lines = io::BufReader::new(File::open(path)?).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    let header: Header = serde_json::from_str(&first)?;
    if header.format != "tom-tape" || header.version != 1 {
        return Err(io::Error::other("not a tape of version 1"));
    }
    let mut entries = Vec::new();
    let mut lines = lines.peekable();
    while let Some(line) = lines.next().transpose()? {
        match serde_json::from_str(&line) {
            Ok(entry) => entries.push(entry),
            Err(_) if lines.peek().is_none() => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Tape { header, entries })
}

fn line(value: &impl serde::Serialize) -> io::Result<String> {
    let mut line = serde_json::to_string(value)?;
    line.push('\n');
    Ok(line)
}

/// A new file, for its owner alone.
fn fresh(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
