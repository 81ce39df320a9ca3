//! Two processes, one message: `cargo run -p hello`.
//!
//! The process that is started becomes A and starts a second one, B, with an identity of its own.
//! What a program needs of ToM is two lines in `listen` and two in `send`.

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use tom::{Client, Identity, Peer};

/// B: takes a message. Prints where it is reached, as a person would tell the other.
async fn listen() -> Result<(), Box<dyn Error>> {
    let node = Client::builder()
        .identity(Identity::generate()?)
        .listen(here())
        .start()
        .await?;
    println!("{}@{}", node.address(), node.local_addr());
    let message = node.messages().next().await.ok_or("the node has ended")?;
    println!("B: {} from {}", message.text(), message.from);
    node.shutdown().await;
    Ok(())
}

/// A: sends one, and is told when B has it.
async fn send(to: Peer) -> Result<(), Box<dyn Error>> {
    let address = to.address;
    let node = Client::builder()
        .identity(Identity::generate()?)
        .listen(here())
        .peer(to)
        .start()
        .await?;
    let delivery = node.send(address, b"hi").await?;
    println!("A: {:?} after {:?}", delivery.state, delivery.took);
    node.shutdown().await;
    if delivery.is_delivered() {
        Ok(())
    } else {
        Err("not delivered".into())
    }
}

/// Any port of this machine alone.
fn here() -> std::net::SocketAddr {
    std::net::SocketAddr::from(([127, 0, 0, 1], 0))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    if std::env::args().nth(1).as_deref() == Some("listen") {
        return listen().await;
    }
    let mut b = Command::new(std::env::current_exe()?)
        .arg("listen")
        .stdout(Stdio::piped())
        .spawn()?;
    let mut lines = BufReader::new(b.stdout.take().ok_or("B has no stdout")?).lines();
    let place = lines.next().ok_or("B has ended")??;
    let sent = send(place.parse()?).await;
    if sent.is_err() {
        b.kill()?;
    }
    for line in lines {
        println!("{}", line?);
    }
    b.wait()?;
    sent
}
