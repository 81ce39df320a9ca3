//! placeholder
use crate::scenario::External;
/// placeholder
#[derive(Clone, Debug, Default)]
pub struct Schedule {
    /// e
    pub externals: Vec<External>,
    /// p
    pub profiles: Vec<u16>,
    /// l
    pub links: Vec<(u32, u32)>,
    /// l
    pub late: Vec<u32>,
}
impl Schedule {
    /// m
    #[must_use]
    pub fn messages(&self) -> usize { 16 }
}
