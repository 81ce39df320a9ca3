//! `tom node`

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use clap::Args;
use serde_json::json;
use tom::adversary::Adversary;

use super::{Common, DONE, Join, say, serve};

#[derive(Debug, Args)]
pub(crate) struct NodeArgs {
    #[command(flatten)]
    join: Join,
    /// Record into FILE what goes into the engine and when, for a bug report: no key, address or
    /// message is on it
    #[arg(long, value_name = "FILE")]
    tape: Option<std::path::PathBuf>,
    /// The tape keeps the latest so many bytes, at least 65536
    #[arg(long, value_name = "BYTES", default_value_t = 4 << 20, requires = "tape")]
    tape_size: usize,
    /// Be a relay that can be told to misbehave
    #[arg(long, hide = true)]
    adversary: bool,
    /// End when stdin does
    #[arg(long, hide = true)]
    with_parent: bool,
}

pub(crate) async fn run(common: &Common, args: NodeArgs) -> anyhow::Result<u8> {
    if args.with_parent {
        die_with_parent();
    }
    let dir = common.dir()?;
    let listener = serve::claim(&dir)?;
    let adversary = args.adversary.then(Adversary::default);
    let mut builder = args.join.builder(&dir);
    if let Some(adversary) = &adversary {
        builder = builder.adversary(adversary.clone());
    }
    if let Some(tape) = args.tape {
        builder = builder.tape(tape, args.tape_size);
    }
    let client = builder.start().await?;
    let control = serve::serve(listener, &dir, client.clone(), adversary);
    let (address, local) = (client.address(), client.local_addr());
    if common.json {
        let ready = json!({
            "address": address.to_string(),
            "listen": local.to_string(),
            "peer": format!("{address}@{}", reachable(local)),
            "pid": std::process::id(),
        });
        say::line(json!({ "ready": ready }));
    } else {
        say::line(format_args!("node {address}"));
        say::line(format_args!(
            "listening on {local} (udp); on this machine it is reached with"
        ));
        say::line(format_args!("  --peer {address}@{}", reachable(local)));
    }
    ended(args.with_parent).await;
    drop(control);
    client.shutdown().await;
    Ok(DONE)
}

/// An address of this machine at which a local program reaches the socket.
fn reachable(local: SocketAddr) -> SocketAddr {
    if local.ip().is_unspecified() {
        SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), local.port())
    } else {
        local
    }
}

/// Waits for Ctrl-C, a request to end, or (if asked to) the end of stdin.
pub(crate) async fn ended(with_stdin: bool) {
    use tokio::signal::unix::{SignalKind, signal};
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    let parent = async {
        if !with_stdin {
            return std::future::pending().await;
        }
        let (gone, wait) = tokio::sync::oneshot::channel();
        // A thread of its own, since reading stdin cannot be cancelled.
        std::thread::spawn(move || {
            let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
            let _ = gone.send(());
        });
        let _ = wait.await;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
        () = parent => {}
    }
}

/// Has the system end this process when the one that started it is gone, even if it is stopped.
pub(crate) fn die_with_parent() {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        let kill = rustix::process::Signal::KILL;
        let _ = rustix::process::set_parent_process_death_signal(Some(kill));
    }
}
