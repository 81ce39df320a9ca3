//! The socket and QUIC's parameters. Everything that depends on quinn's builders is here.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;

use quinn::crypto::rustls::{QuicClientConfig, QuicServerConfig};
use quinn::{
    ClientConfig, Endpoint, EndpointConfig, IdleTimeout, MtuDiscoveryConfig, ServerConfig,
    TokioRuntime, TransportConfig, VarInt,
};
use quinn_proto::HashedConnectionIdGenerator;
use ring::{digest, hmac};

use crate::config::Config;
use crate::keys::LinkKeys;
use crate::{MAX_MESSAGE, tls};

/// The message whose signature seeds the keys for stateless resets; it is never sent anywhere.
const RESET_LABEL: &[u8] = b"tom-quinn stateless reset keys, version 1";

/// An endpoint that listens and can dial, with the transport parameters its dials share.
pub(crate) fn open(
    addr: SocketAddr,
    keys: &dyn LinkKeys,
    tls: &tls::Tls,
    config: &Config,
) -> io::Result<(Endpoint, Arc<TransportConfig>)> {
    // Checked here because quinn would panic outside a runtime.
    tokio::runtime::Handle::try_current().map_err(|_| {
        io::Error::other(
            "a transport needs a tokio runtime: bind it inside one, with I/O and time enabled",
        )
    })?;
    let parameters = Arc::new(parameters(config)?);
    let server = tls.server().map_err(io::Error::other)?;
    let server = server_config(server, parameters.clone(), config);
    let socket = socket(addr, config).map_err(|error| {
        io::Error::new(
            error.kind(),
            format!("cannot bind UDP {addr}: {error}; choose another port, or 0 for any"),
        )
    })?;
    let endpoint = Endpoint::new(
        endpoint_config(keys),
        Some(server),
        socket,
        Arc::new(TokioRuntime),
    )?;
    Ok((endpoint, parameters))
}

/// The settings of one dial.
pub(crate) fn client_config(
    tls: QuicClientConfig,
    parameters: &Arc<TransportConfig>,
) -> ClientConfig {
    let mut config = ClientConfig::new(Arc::new(tls));
    config.transport_config(parameters.clone());
    config
}

fn server_config(
    tls: QuicServerConfig,
    parameters: Arc<TransportConfig>,
    config: &Config,
) -> ServerConfig {
    let mut server = ServerConfig::with_crypto(Arc::new(tls));
    server
        .transport_config(parameters)
        .max_incoming(config.max_handshakes.saturating_mul(2))
        .incoming_buffer_size(16 << 10)
        .incoming_buffer_size_total((config.max_handshakes as u64).saturating_mul(16 << 10));
    server
}

/// Keys that survive a restart of the same identity: a peer that still sends on a link this node
/// has forgotten is told at once, instead of finding out by its idle timeout.
fn endpoint_config(keys: &dyn LinkKeys) -> EndpointConfig {
    let seed = digest::digest(&digest::SHA256, &keys.sign(RESET_LABEL));
    let reset_key = hmac::Key::new(hmac::HMAC_SHA256, seed.as_ref());
    let cid_tag = hmac::sign(&reset_key, b"connection ids");
    let cid_key = cid_tag
        .as_ref()
        .first_chunk()
        .map_or(0, |word| u64::from_le_bytes(*word));
    let mut config = EndpointConfig::new(Arc::new(reset_key));
    config.cid_generator(move || Box::new(HashedConnectionIdGenerator::from_key(cid_key)));
    config
}

fn parameters(config: &Config) -> io::Result<TransportConfig> {
    let idle = IdleTimeout::try_from(config.idle_timeout).map_err(io::Error::other)?;
    let mut discovery = MtuDiscoveryConfig::default();
    discovery.upper_bound(config.mtu_ceiling);
    let mut parameters = TransportConfig::default();
    parameters
        .keep_alive_interval(Some(config.keep_alive))
        .max_idle_timeout(Some(idle))
        .max_concurrent_bidi_streams(VarInt::from_u32(0))
        .max_concurrent_uni_streams(VarInt::from_u32(config.max_streams))
        // A stream carries one message, so its window never needs to move.
        .stream_receive_window(VarInt::from_u32(MAX_MESSAGE as u32))
        .receive_window(VarInt::from_u32(config.window_bytes))
        .send_window(u64::from(config.window_bytes))
        // Messages finish one after the other instead of all late.
        .send_fairness(false)
        .datagram_receive_buffer_size(Some(config.datagram_receive_bytes))
        .datagram_send_buffer_size(config.datagram_queue_bytes)
        .initial_mtu(config.initial_mtu)
        .mtu_discovery_config(Some(discovery))
        .enable_segmentation_offload(config.segmentation_offload)
        .allow_spin(false);
    Ok(parameters)
}

fn socket(addr: SocketAddr, config: &Config) -> io::Result<UdpSocket> {
    use socket2::{Domain, Protocol, Socket, Type};
    let socket = Socket::new(Domain::for_address(addr), Type::DGRAM, Some(Protocol::UDP))?;
    if addr.is_ipv6() {
        // One socket for both families where the system allows it.
        let _ = socket.set_only_v6(false);
    }
    // The kernel grants what it allows; the transport works with less.
    let _ = socket.set_recv_buffer_size(config.socket_buffer_bytes);
    let _ = socket.set_send_buffer_size(config.socket_buffer_bytes);
    socket.bind(&addr.into())?;
    Ok(socket.into())
}
