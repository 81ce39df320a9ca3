//! Live links, and the addresses this node tells its contacts.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use tom_core::identity::PublicKey;
use tom_core::time::Instant;
use tom_quinn::LinkId;

/// Which addresses a node tells its contacts, inside a session, for a direct link.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Advertise {
    /// Those it finds out itself.
    #[default]
    Found,
    /// Exactly these; none at all: contacts never learn an address from this node.
    These(Vec<SocketAddr>),
}

/// One live link.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) peer: PublicKey,
    pub(crate) remote: SocketAddr,
    pub(crate) dialed: bool,
    pub(crate) since: Instant,
    /// The one datagram that found no room. The engine gives no more until there is.
    pub(crate) stuck: Option<Vec<u8>>,
}

#[derive(Debug)]
pub(crate) struct Links {
    live: BTreeMap<LinkId, Live>,
    advertise: Advertise,
    /// The addresses packets to elsewhere leave from.
    interfaces: Vec<IpAddr>,
    told: Option<Vec<SocketAddr>>,
}

impl Links {
    pub(crate) fn new(advertise: Advertise) -> Self {
        let mut links = Self {
            live: BTreeMap::new(),
            advertise,
            interfaces: Vec::new(),
            told: None,
        };
        links.look_at_interfaces();
        links
    }

    pub(crate) fn insert(&mut self, link: LinkId, live: Live) {
        self.live.insert(link, live);
    }

    pub(crate) fn remove(&mut self, link: LinkId) -> Option<Live> {
        self.live.remove(&link)
    }

    pub(crate) fn get_mut(&mut self, link: LinkId) -> Option<&mut Live> {
        self.live.get_mut(&link)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&LinkId, &Live)> {
        self.live.iter()
    }

    /// What contacts are told now.
    pub(crate) fn candidates(&self) -> &[SocketAddr] {
        self.told.as_deref().unwrap_or_default()
    }

    /// Finds out again which addresses packets to elsewhere leave from.
    ///
    /// The system's routing table says it: a UDP socket that is connected to an address of the
    /// documentation ranges is bound to the right one. Nothing is sent.
    pub(crate) fn look_at_interfaces(&mut self) {
        let leaves_from = |bind: IpAddr, to: IpAddr| {
            let socket = UdpSocket::bind((bind, 0)).ok()?;
            socket.connect((to, 9)).ok()?;
            let ip = socket.local_addr().ok()?.ip();
            (!ip.is_unspecified()).then_some(ip)
        };
        let v4 = leaves_from(
            Ipv4Addr::UNSPECIFIED.into(),
            Ipv4Addr::new(192, 0, 2, 1).into(),
        );
        let v6 = leaves_from(
            Ipv6Addr::UNSPECIFIED.into(),
            Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into(),
        );
        self.interfaces = v6.into_iter().chain(v4).collect();
    }

    /// The addresses to tell contacts, when they are not those told last.
    pub(crate) fn new_candidates(&mut self, local: SocketAddr) -> Option<Vec<SocketAddr>> {
        let list = match &self.advertise {
            Advertise::These(list) => list.clone(),
            Advertise::Found => self.found(local),
        };
        if self.told.as_ref() == Some(&list) {
            return None;
        }
        self.told = Some(list.clone());
        Some(list)
    }

    /// Bound to one address, that one. Bound to all, those packets leave from, and loopback for as
    /// long as all neighbours are on this machine.
    fn found(&self, local: SocketAddr) -> Vec<SocketAddr> {
        if !local.ip().is_unspecified() {
            return vec![local];
        }
        let fits = |ip: &IpAddr| local.is_ipv6() || ip.is_ipv4();
        let at_home = self
            .live
            .values()
            .all(|live| live.remote.ip().is_loopback());
        let loopback = at_home.then_some(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let interfaces = self.interfaces.iter().copied().filter(fits);
        loopback
            .into_iter()
            .chain(interfaces)
            .map(|ip| SocketAddr::new(ip, local.port()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Identity;

    fn live(remote: &str) -> Live {
        let peer = Identity::from_seed([1; 32]).address();
        let remote = remote.parse().unwrap();
        Live {
            peer,
            remote,
            dialed: true,
            since: Instant::ZERO,
            stuck: None,
        }
    }

    #[test]
    fn loopback_is_told_while_all_neighbours_are_on_this_machine() {
        let mut links = Links::new(Advertise::Found);
        links.interfaces = vec!["10.0.0.7".parse().unwrap()];
        let all = "0.0.0.0:7".parse().unwrap();
        let home: Vec<SocketAddr> = vec![
            "127.0.0.1:7".parse().unwrap(),
            "10.0.0.7:7".parse().unwrap(),
        ];
        assert_eq!(links.new_candidates(all), Some(home.clone()));
        links.insert(LinkId(1), live("127.0.0.1:9"));
        assert_eq!(links.new_candidates(all), None, "nothing has changed");
        links.insert(LinkId(2), live("10.0.0.9:9"));
        assert_eq!(links.new_candidates(all), Some(home[1..].to_vec()));
        links.remove(LinkId(2));
        assert_eq!(links.new_candidates(all), Some(home));
    }

    #[test]
    fn a_given_list_is_told_as_it_is() {
        let mut links = Links::new(Advertise::These(Vec::new()));
        assert_eq!(
            links.new_candidates("0.0.0.0:7".parse().unwrap()),
            Some(Vec::new())
        );
        let mut links = Links::new(Advertise::Found);
        let one: SocketAddr = "127.0.0.2:7".parse().unwrap();
        assert_eq!(links.new_candidates(one), Some(vec![one]));
    }
}
