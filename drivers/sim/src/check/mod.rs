//! (room: check)
