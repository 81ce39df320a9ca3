//! The command `tom-sim`.

fn main() {}
