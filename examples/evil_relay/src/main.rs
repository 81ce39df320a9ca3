//! A relay that alters or swallows what it carries: `cargo run -p evil_relay`.
//!
//! Without arguments it plays both victims too, and shows that they are not fooled: B refuses what
//! was altered under a number, and A is never told that it was delivered. With `tamper` or
//! `swallow` and peers (`ADDRESS@HOST:PORT`) it goes to them and misbehaves until Ctrl-C; `tom demo`
//! uses the same relay, as a process of its own, in its steps `failover` and `tamper_refused`.
//!
//! The misbehaviour is in `tom::adversary`: an honest engine, with a liar between it and the socket.

use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;

use tom::adversary::{Adversary, Mischief};
use tom::{Client, Drop, Identity, Peer, State};

/// Any port of this machine alone.
fn here() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

async fn start(peer: Option<Peer>, evil: Option<Adversary>) -> Result<Client, Box<dyn Error>> {
    // Nobody is told an address: A and B must not find a way around the relay.
    let mut builder = Client::builder()
        .identity(Identity::generate()?)
        .listen(here())
        .advertise(Vec::new());
    if let Some(peer) = peer {
        builder = builder.peer(peer);
    }
    if let Some(evil) = evil {
        builder = builder.adversary(evil);
    }
    Ok(builder.start().await?)
}

/// A and B know each other over the relay; then it changes what it carries.
async fn show() -> Result<(), Box<dyn Error>> {
    let evil = Adversary::default();
    let relay = start(None, Some(evil.clone())).await?;
    let at: Peer = format!("{}@{}", relay.address(), relay.local_addr()).parse()?;
    let (a, b) = (
        start(Some(at.clone()), None).await?,
        start(Some(at), None).await?,
    );
    let mut messages = b.messages();
    let first = tokio::join!(a.send(b.address(), b"before"), messages.next()).0?;
    println!("an honest relay: {:?} after {:?}", first.state, first.took);
    // One in session: where nothing has come yet, a damaged one would be taken for somebody else's.
    let _delivered = tokio::join!(a.send(b.address(), b"in session"), messages.next()).0?;

    evil.set(Mischief::Tamper);
    let mut sending = a
        .submit(tom::Outgoing::new(b.address(), b"after".to_vec()))
        .await?;
    let told = sending.wait(Duration::from_secs(2)).await;
    let drops = b.status().await?.stats.drops(Drop::BadTag);
    let (_, altered) = evil.done();
    println!(
        "it alters {altered} envelopes: A is told {:?}, B drops {drops} (number {})",
        told.state,
        Drop::BadTag.code()
    );
    let fooled = told.is_delivered() || drops == 0 || altered == 0;

    evil.set(Mischief::None);
    let healed = tokio::join!(sending.wait(Duration::from_secs(30)), messages.next()).0;
    println!(
        "it is honest again: the same message is {:?} after {:?}",
        healed.state, healed.took
    );
    if fooled || healed.state < State::Delivered {
        return Err("the relay got somewhere".into());
    }
    Ok(())
}

async fn misbehave(how: &str, peers: &[String]) -> Result<(), Box<dyn Error>> {
    let evil = Adversary::default();
    evil.set(match how {
        "tamper" => Mischief::Tamper,
        "swallow" => Mischief::Swallow,
        _ => return Err("say `tamper` or `swallow`, then ADDRESS@HOST:PORT of peers".into()),
    });
    let relay = start(None, Some(evil.clone())).await?;
    println!("{}@{}", relay.address(), relay.local_addr());
    for peer in peers {
        relay.keep(&peer.parse()?).await?;
    }
    tokio::signal::ctrl_c().await?;
    let (swallowed, altered) = evil.done();
    println!("{swallowed} swallowed, {altered} altered");
    relay.shutdown().await;
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.split_first() {
        None => show().await,
        Some((how, peers)) => misbehave(how, peers).await,
    }
}
