//! Profiles: what a port can claim, each holding the one before. Spec: conformance, "Profiles".

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The version of all profiles of this suite.
pub const VERSION: &str = "0.1";

/// A profile, the smallest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// Functions alone.
    Codec,
    /// A node that forwards nothing.
    Leaf,
    /// A node that forwards.
    Relay,
    /// The same with large tables.
    Full,
}

impl Profile {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Codec, Self::Leaf, Self::Relay, Self::Full];

    /// Its word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Codec => "codec",
            Self::Leaf => "leaf",
            Self::Relay => "relay",
            Self::Full => "full",
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Profile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, version) = text.split_once('@').unwrap_or((text, VERSION));
        if version != VERSION {
            return Err(format!("this suite has the profiles of version {VERSION}"));
        }
        let known = Self::ALL.into_iter().find(|profile| profile.name() == name);
        known.ok_or_else(|| "there are codec, leaf, relay and full".to_owned())
    }
}
