//! What went wrong, as a sentence for the caller's log.

use core::error::Error;
use core::fmt::{Display, Formatter, Result};

use super::{ConfigError, Full, Misuse, Refusal};
use crate::output::ShortBuffer;

impl Display for Refusal {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Misuse(misuse) => misuse.fmt(f),
            Self::Full(full) => full.fmt(f),
            Self::Backpressure => f.write_str("outputs are waiting: drain them and try again"),
            Self::NoClock => f.write_str("wall time is not known yet"),
        }
    }
}

impl Display for Misuse {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self {
            Self::TooLong { max } => return write!(f, "the payload is longer than {max} bytes"),
            Self::Lifetime => "the lifetime is zero or too long",
            Self::ToSelf => "the destination is this node itself",
            Self::UnknownId => "the id is not known here",
            Self::UnknownLink => "the link is not known here",
            Self::Candidates => "the candidate list is malformed",
            Self::BadRecord => "the record cannot be read back",
        })
    }
}

impl Display for Full {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self { table, capacity } = self;
        write!(
            f,
            "all {capacity} entries of the table {table:?} are in use"
        )
    }
}

impl Display for ConfigError {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Capacity(table) => write!(f, "the capacity of the table {table:?} is wrong"),
            Self::MaxFrame => f.write_str("the longest envelope is out of its range"),
            Self::Time => f.write_str("a time is zero or out of its range"),
            Self::NotBuilt => f.write_str("this build has no records, or cannot forward"),
        }
    }
}

impl Display for ShortBuffer {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "the buffer needs {} bytes", self.need)
    }
}

impl Error for Refusal {}
impl Error for Misuse {}
impl Error for Full {}
impl Error for ConfigError {}
impl Error for ShortBuffer {}
