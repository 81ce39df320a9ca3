//! The search for plaintext in another process: its memory, its files, its log.

use std::fs;
use std::path::Path;

use anyhow::Context;

/// How much memory is read at once.
const CHUNK: usize = 1 << 20;

/// How much was searched, and how often the needles were found.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Search {
    pub(crate) bytes: u64,
    pub(crate) places: u64,
    pub(crate) found: u64,
}

/// Whether this system lets a process look into the memory of its children.
pub(crate) const MEMORY: bool = cfg!(any(target_os = "linux", target_os = "android"));

/// Searches every readable region of a process. It should be stopped meanwhile.
pub(crate) fn search_memory(pid: u32, needles: &[Vec<u8>]) -> anyhow::Result<Search> {
    let mut search = Search::default();
    if !MEMORY {
        return Ok(search);
    }
    let maps = fs::read_to_string(format!("/proc/{pid}/maps"))
        .with_context(|| format!("cannot read the memory map of process {pid}"))?;
    let memory = fs::File::open(format!("/proc/{pid}/mem"))
        .with_context(|| format!("cannot open the memory of process {pid}"))?;
    let longest = needles.iter().map(Vec::len).max().unwrap_or(0);
    for line in maps.lines() {
        let Some((from, to)) = readable(line) else {
            continue;
        };
        let before = search.bytes;
        let mut at = from;
        while at < to {
            let wanted = usize::try_from(to - at).unwrap_or(CHUNK).min(CHUNK);
            let Some(chunk) = read_at(&memory, at, wanted) else {
                break;
            };
            search.bytes += chunk.len() as u64;
            search.found += count(&chunk, needles);
            // A needle across two chunks is seen with the second.
            let step = if at + chunk.len() as u64 >= to {
                chunk.len()
            } else {
                chunk.len().saturating_sub(longest)
            };
            at += step.max(1) as u64;
        }
        search.places += u64::from(search.bytes > before);
    }
    Ok(search)
}

/// The bounds of a readable region of `/proc/PID/maps` that is memory.
fn readable(line: &str) -> Option<(u64, u64)> {
    let mut words = line.split_whitespace();
    let (range, rights) = (words.next()?, words.next()?);
    let name = words.nth(3).unwrap_or_default();
    if !rights.starts_with('r')
        || name.starts_with("/dev")
        || matches!(name, "[vvar]" | "[vsyscall]")
    {
        return None;
    }
    let (from, to) = range.split_once('-')?;
    Some((
        u64::from_str_radix(from, 16).ok()?,
        u64::from_str_radix(to, 16).ok()?,
    ))
}

#[cfg(unix)]
fn read_at(memory: &fs::File, at: u64, len: usize) -> Option<Vec<u8>> {
    use std::os::unix::fs::FileExt;
    let mut chunk = vec![0; len];
    // Some regions the kernel maps refuse to be read; nothing of the process is in them.
    let read = memory
        .read_at(&mut chunk, at)
        .ok()
        .filter(|read| *read > 0)?;
    chunk.truncate(read);
    Some(chunk)
}

#[cfg(not(unix))]
fn read_at(_memory: &fs::File, _at: u64, _len: usize) -> Option<Vec<u8>> {
    None
}

/// Searches all files below a directory.
pub(crate) fn search_files(dir: &Path, needles: &[Vec<u8>]) -> anyhow::Result<Search> {
    let mut search = Search::default();
    for entry in fs::read_dir(dir).with_context(|| format!("cannot look into {}", dir.display()))? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            let below = search_files(&entry.path(), needles)?;
            search.bytes += below.bytes;
            search.places += below.places;
            search.found += below.found;
        } else if kind.is_file() {
            let bytes = fs::read(entry.path())?;
            search.bytes += bytes.len() as u64;
            search.places += 1;
            search.found += count(&bytes, needles);
        }
    }
    Ok(search)
}

fn count(hay: &[u8], needles: &[Vec<u8>]) -> u64 {
    let mut found = 0;
    for needle in needles {
        let Some((first, rest)) = needle.split_first() else {
            continue;
        };
        let starts = hay.iter().enumerate().filter(|(_, byte)| *byte == first);
        found += starts
            .filter(|(at, _)| hay.get(at + 1..).is_some_and(|hay| hay.starts_with(rest)))
            .count() as u64;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn needles_are_counted_wherever_they_lie() {
        let needles = [b"abc".to_vec(), b"bcd".to_vec()];
        assert_eq!(count(b"abcd..abc", &needles), 3);
        assert_eq!(count(b"ab", &needles), 0);
        assert_eq!(count(b"", &needles), 0);
    }

    #[test]
    fn a_process_finds_its_own_secret() {
        if !MEMORY {
            return;
        }
        let secret: Vec<u8> = (0..40u8).map(|n| n.wrapping_mul(37) ^ 0x5a).collect();
        let search = search_memory(std::process::id(), std::slice::from_ref(&secret)).unwrap();
        assert!(search.found >= 1 && search.bytes > 100_000, "{search:?}");
    }
}
