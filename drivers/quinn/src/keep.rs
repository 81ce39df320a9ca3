//! Peers that stay connected: redialled at once when a link is lost, with backoff when it fails.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::backoff::Backoff;
use crate::dial;
use crate::event::Event;
use crate::keys::PeerId;
use crate::transport::Shared;

/// A kept peer's task, ended with this.
#[derive(Debug)]
pub(crate) struct Kept {
    task: AbortHandle,
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(crate) fn start(shared: &Arc<Shared>, peer: PeerId, addrs: Vec<SocketAddr>) -> Kept {
    let changed = Arc::new(Notify::new());
    // Before the task's first look, so that no change falls between.
    shared.watch(peer, Some(changed.clone()));
    let task = tokio::spawn(run(shared.clone(), peer, addrs, changed.clone()));
    Kept {
        task: task.abort_handle(),
    }
}

async fn run(shared: Arc<Shared>, peer: PeerId, addrs: Vec<SocketAddr>, changed: Arc<Notify>) {
    let config = &shared.config;
    let mut backoff = Backoff::new(
        config.redial_first,
        config.redial_max,
        config.jitter_seed,
        &peer,
    );
    loop {
        if shared.has_peer(&peer) {
            let since = Instant::now();
            while shared.has_peer(&peer) {
                changed.notified().await;
            }
            // A link that lasted is redialled at once. One that falls over faster than it would
            // be redialled after a failure is treated like a failure.
            if since.elapsed() >= backoff.due() {
                backoff.reset();
            } else {
                tokio::time::sleep(backoff.next()).await;
            }
            continue;
        }
        let Ok(permit) = shared.dials.clone().acquire_owned().await else {
            return;
        };
        let result = dial::establish(&shared, peer, &addrs).await;
        drop(permit);
        match result {
            Ok(link) => shared.start(link),
            Err(why) => {
                let event = Event::DialFailed { peer, why };
                if shared.inbox.push(event).await.is_err() {
                    return;
                }
                // An incoming link from the peer ends the wait.
                let _ = tokio::time::timeout(backoff.next(), async {
                    while !shared.has_peer(&peer) {
                        changed.notified().await;
                    }
                })
                .await;
            }
        }
    }
}
