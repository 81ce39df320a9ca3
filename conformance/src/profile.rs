//! Profiles: what a port can claim, each holding the one before, and add-ons beside them. Spec:
//! conformance, "Profiles".

use std::collections::BTreeSet;
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

/// What a port can claim beside its profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Addon {
    /// Packets on byte streams.
    Stream,
    /// Links of few bytes. The book has nothing to ask of it yet.
    Radio,
}

impl Addon {
    /// Its word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stream => "stream",
            Self::Radio => "radio",
        }
    }
}

/// What a port is asked for: `relay`, `relay@0.1`, `relay+stream@0.1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The profile.
    pub profile: Profile,
    /// The add-ons.
    pub addons: BTreeSet<Addon>,
}

impl From<Profile> for Wanted {
    fn from(profile: Profile) -> Self {
        Self {
            profile,
            addons: BTreeSet::new(),
        }
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.profile)?;
        for addon in &self.addons {
            write!(f, "+{}", addon.name())?;
        }
        write!(f, "@{VERSION}")
    }
}

impl FromStr for Wanted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (names, version) = text.split_once('@').unwrap_or((text, VERSION));
        if version != VERSION {
            return Err(format!("this suite has the profiles of version {VERSION}"));
        }
        let mut names = names.split('+');
        let mut wanted = Self::from(names.next().unwrap_or_default().parse::<Profile>()?);
        for name in names {
            wanted.addons.insert(match name {
                "stream" => Addon::Stream,
                "radio" => return Err("the book has nothing to ask of radio yet".to_owned()),
                _ => return Err("the add-ons are stream and radio".to_owned()),
            });
        }
        Ok(wanted)
    }
}

impl FromStr for Profile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|profile| profile.name() == text);
        known.ok_or_else(|| "there are codec, leaf, relay and full".to_owned())
    }
}

#[cfg(test)]
mod tests;
