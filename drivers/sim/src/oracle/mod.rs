//! (room: oracle)
