use core::fmt::Write;
use std::string::String;
use std::{env, format, fs, println};

use super::fixed::{LEAF_BUDGET, RELAY_MCU_BUDGET};
use super::{Leaf, Limits, RelayMcu, Storage};
use crate::bounded::{Block, Bucket, Cell, Slot, TimerCell};
use crate::delivery::{DeliveredEntry, InboxEntry, Message, OpenedEntry, Proof};
use crate::egress::{Job, Link};
use crate::routing::{Ask, Forward, Return, Route};
use crate::session::{Contact, Pending, Session};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../spec/src/memory.md");
const BEGIN: &str = "<!-- generated: memory-table begin -->\n";
const END: &str = "<!-- generated: memory-table end -->";

/// Bytes of one entry of each table, all its bookkeeping included, and how many there are.
fn tables(limits: &Limits) -> [(&'static str, usize, u32); 15] {
    const fn entry<T>() -> usize {
        size_of::<Slot<T>>() + size_of::<Bucket>()
    }
    const TIMER: usize = size_of::<TimerCell>();
    [
        ("Links", entry::<Link>(), limits.links),
        ("Contacts", entry::<Contact>(), limits.contacts),
        ("Sessions", entry::<Session>(), limits.sessions),
        ("Pending", entry::<Pending>(), limits.pending),
        ("Outbox", entry::<Message>() + TIMER, limits.outbox),
        ("Proofs", entry::<Proof>(), limits.proofs),
        ("Inbox", entry::<InboxEntry>(), limits.inbox),
        ("Opened", entry::<OpenedEntry>(), limits.opened),
        ("Delivered", entry::<DeliveredEntry>(), limits.delivered),
        ("Forwards", entry::<Forward>() + TIMER, limits.forwards),
        ("Returns", entry::<Return>(), limits.returns),
        ("Routes", entry::<Route>(), limits.routes),
        ("Asks", entry::<Ask>() + TIMER, limits.asks),
        ("Jobs", size_of::<Cell<Job>>(), limits.jobs),
        ("Blocks", size_of::<Block>(), limits.blocks),
    ]
}

fn page_table() -> String {
    let sizes = [
        ("leaf", Leaf::new().limits()),
        ("relay-mcu", RelayMcu::new().limits()),
        ("sim-light", Limits::sim_light()),
        ("sim-full", Limits::sim_full()),
        ("phone", Limits::phone()),
        ("desktop", Limits::desktop()),
        ("server", Limits::server()),
    ];
    let mut text = String::from(
        "Entries per named size, and bytes per entry with all bookkeeping, on a 64-bit machine with \
         feature `alloc`:\n\n| table | bytes |",
    );
    let mut line = String::from("\n|---|---:|");
    for (name, _) in &sizes {
        let _ = write!(text, " {name} |");
        line.push_str("---:|");
    }
    text.push_str(&line);
    for (at, (name, bytes, _)) in tables(&Limits::desktop()).iter().enumerate() {
        let _ = write!(text, "\n| {name} | {bytes} |");
        for (_, limits) in &sizes {
            let _ = write!(text, " {} |", tables(limits)[at].2);
        }
    }
    text.push_str("\n| scratch buffer | 1 |");
    for (_, limits) in &sizes {
        let _ = write!(text, " {} |", limits.scratch);
    }
    text.push_str("\n| **all, kB** | |");
    for (_, limits) in &sizes {
        let entries = |(_, bytes, count): &(&str, usize, u32)| bytes * *count as usize;
        let sum: usize = tables(limits).iter().map(entries).sum();
        let _ = write!(
            text,
            " {} |",
            (sum + limits.scratch as usize).div_ceil(1_000)
        );
    }
    let _ = write!(
        text,
        "\n\nWithout an allocator entries are smaller (16-bit slot numbers, fewer parked epochs and \
         next hops, the latest transmission only). There a whole node with its keys takes at most \
         {LEAF_BUDGET} B as `leaf` and {RELAY_MCU_BUDGET} B as `relay-mcu`; a build that takes more \
         does not compile.\n",
    );
    text
}

/// `TOM_BLESS=1 cargo test -p tom-core the_memory_page` writes the table anew.
#[test]
#[cfg(target_pointer_width = "64")]
fn the_memory_page_says_what_the_tables_take() {
    let page = fs::read_to_string(PAGE).expect("the page");
    let (before, rest) = page.split_once(BEGIN).expect("the table's begin");
    let (table, after) = rest.split_once(END).expect("the table's end");
    let wanted = page_table();
    if env::var_os("TOM_BLESS").is_some() {
        fs::write(PAGE, format!("{before}{BEGIN}{wanted}{END}{after}")).expect("to write the page");
        println!("wrote {PAGE}");
        return;
    }
    assert_eq!(
        table, wanted,
        "run again with TOM_BLESS=1 and look at the difference"
    );
}
