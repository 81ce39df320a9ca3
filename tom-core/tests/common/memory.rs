//! A node's storage as raw bytes, the way a thief of the machine sees it.

use std::collections::BTreeSet;
use std::fs::File;
use std::os::unix::fs::FileExt;

use super::node::Inhabitant;

/// The bytes of a node's storage. Only what lies in it directly: use `Leaf` or `RelayMcu`.
///
/// The kernel reads them for us, so that no test needs unsafe code.
pub fn storage_of(node: &dyn Inhabitant) -> Vec<u8> {
    let (address, len) = node.place();
    let mut bytes = vec![0; len];
    let memory = File::open("/proc/self/mem").expect("Linux");
    memory
        .read_exact_at(&mut bytes, address as u64)
        .expect("our own memory");
    bytes
}

/// Whether any 16 bytes of `needle` stand in `hay`.
pub fn remains(hay: &[u8], needle: &[u8]) -> bool {
    let windows: BTreeSet<_> = needle.windows(16).collect();
    hay.windows(16).any(|bytes| windows.contains(bytes))
}
