//! Peers as people write them: `ADDRESS@HOST:PORT`.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use tom_core::identity::{AddressError, PublicKey};

/// Somebody to stay connected with, and where to find them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Who must be there.
    pub address: PublicKey,
    /// Where: `host:port`, `1.2.3.4:port` or `[::1]:port`.
    pub place: String,
}

/// Why a text is not a peer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PeerError {
    /// No `@` in it.
    #[error(
        "a peer is written ADDRESS@HOST:PORT, for example tom1...@192.0.2.7:4433; there is no @"
    )]
    NoAt,
    /// The part before the `@` is no address.
    #[error("{0}; copy the whole address, as `tom id` prints it")]
    Address(AddressError),
    /// The part behind the `@` has no port.
    #[error("the port is missing or wrong in `{0}`; write HOST:PORT, for example 192.0.2.7:4433")]
    NoPort(String),
}

impl FromStr for Peer {
    type Err = PeerError;

    fn from_str(text: &str) -> Result<Self, PeerError> {
        let (address, place) = text.split_once('@').ok_or(PeerError::NoAt)?;
        let address = address.parse().map_err(PeerError::Address)?;
        let port = place.rsplit_once(':').filter(|(host, _)| !host.is_empty());
        match port.map(|(_, port)| port.parse::<u16>()) {
            Some(Ok(port)) if port != 0 => Ok(Self {
                address,
                place: place.into(),
            }),
            Some(_) | None => Err(PeerError::NoPort(place.into())),
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.address, self.place)
    }
}

impl Peer {
    /// Its network addresses now; empty when the name is not known (yet).
    pub(crate) async fn resolve(&self) -> Vec<SocketAddr> {
        match tokio::net::lookup_host(self.place.as_str()).await {
            Ok(found) => found.collect(),
            Err(error) => {
                tracing::warn!(place = %self.place, %error, "the peer's name cannot be resolved");
                Vec::new()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Identity;

    #[test]
    fn peers_are_read_and_written_back() {
        let address = Identity::from_seed([1; 32]).address();
        for place in ["192.0.2.7:4433", "[2001:db8::1]:1", "example.org:65535"] {
            let text = format!("{address}@{place}");
            assert_eq!(text.parse::<Peer>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_peer_is_refused_with_the_reason() {
        let address = Identity::from_seed([1; 32]).address();
        assert_eq!("hello".parse::<Peer>(), Err(PeerError::NoAt));
        assert!(matches!(
            "tom1x@a:1".parse::<Peer>(),
            Err(PeerError::Address(_))
        ));
        for place in ["", "host", "host:", "host:0", "host:65536", ":1"] {
            let refused = format!("{address}@{place}").parse::<Peer>();
            assert_eq!(refused, Err(PeerError::NoPort(place.into())));
        }
    }
}
