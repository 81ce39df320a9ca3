//! End-to-end sessions. (under construction)

pub(crate) mod keys;
