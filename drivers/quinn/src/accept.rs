//! Incoming handshakes, a bounded number at a time.

use std::sync::Arc;

use quinn::{Incoming, VarInt};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::code;
use crate::tls;
use crate::transport::Shared;

/// Accepts links until the endpoint closes.
pub(crate) async fn run(shared: Arc<Shared>) {
    let room = Arc::new(Semaphore::new(shared.config.max_handshakes));
    let relaxed = shared.config.max_handshakes.div_ceil(2);
    while let Some(incoming) = shared.endpoint.accept().await {
        let Ok(permit) = room.clone().try_acquire_owned() else {
            shared.counters.turned_away.add(1);
            incoming.refuse();
            continue;
        };
        // Under load a peer must show that it receives at its address before it costs more
        // than a packet.
        if room.available_permits() < relaxed
            && incoming.may_retry()
            && !incoming.remote_address_validated()
        {
            shared.counters.retried.add(1);
            let _ = incoming.retry();
            continue;
        }
        tokio::spawn(handshake(shared.clone(), incoming, permit));
    }
}

async fn handshake(shared: Arc<Shared>, incoming: Incoming, permit: OwnedSemaphorePermit) {
    let limit = shared.config.dial_timeout;
    let connection = match incoming.accept() {
        Ok(connecting) => match tokio::time::timeout(limit, connecting).await {
            Ok(Ok(connection)) => connection,
            Ok(Err(_)) | Err(_) => return shared.counters.handshakes_failed.add(1),
        },
        Err(_) => return shared.counters.handshakes_failed.add(1),
    };
    drop(permit);
    let peer = tls::proved_identity(&connection).filter(|_| tls::speaks_tom(&connection));
    let Some(peer) = peer else {
        connection.close(VarInt::from_u32(code::VIOLATION), b"no identity was proved");
        return shared.counters.handshakes_failed.add(1);
    };
    match shared.enter(connection, peer, false) {
        Ok(link) => {
            shared.counters.accepted.add(1);
            shared.start(link);
        }
        Err(_) => shared.counters.turned_away.add(1),
    }
}
