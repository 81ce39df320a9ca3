//! Whether an implementation is ToM.
