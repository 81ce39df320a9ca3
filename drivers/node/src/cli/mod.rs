//! The command line: what can be said, and who does it.
//!
//! Exit codes: 0 done; 1 could not be done; 2 wrong input; 3 a message that is not proven delivered
//! (yet).

mod control;
mod decode;
mod demo;
mod id;
mod listen;
mod node;
mod say;
mod send;
mod serve;
mod status;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, CommandFactory, Parser, Subcommand};

/// What the process says by its exit.
pub(crate) const DONE: u8 = 0;
pub(crate) const COULD_NOT: u8 = 1;
pub(crate) const WRONG_INPUT: u8 = 2;
pub(crate) const NOT_PROVEN: u8 = 3;

/// Messages from A to B with no server: sealed end to end, carried by neighbours, delivered only
/// when the recipient has proven it.
#[derive(Debug, Parser)]
#[command(name = "tom", version, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    what: What,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Common {
    /// Print JSON, one object per line
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// What to log to stderr: error, warn, info, debug or trace
    #[arg(long, global = true, value_name = "LEVEL", default_value = "warn")]
    log: tracing_subscriber::filter::LevelFilter,
    /// Where the identity and the control socket are
    #[arg(long, global = true, value_name = "DIR", env = "TOM_DATA")]
    data: Option<PathBuf>,
}

impl Common {
    /// The directory of this node's files.
    pub(crate) fn dir(&self) -> anyhow::Result<PathBuf> {
        match &self.data {
            Some(dir) => Ok(dir.clone()),
            None => Ok(tom::data_dir()?),
        }
    }
}

/// How to join the network.
#[derive(Clone, Debug, Args)]
pub(crate) struct Join {
    /// Listen on this UDP address, for example 0.0.0.0:4433
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<SocketAddr>,
    /// Stay connected with this peer; may be given several times
    #[arg(long = "peer", value_name = "ADDRESS@HOST:PORT")]
    peers: Vec<tom::Peer>,
    /// Tell contacts these addresses for a direct link instead of those found; `none`: tell none
    #[arg(long, value_name = "ADDR:PORT|none", value_delimiter = ',')]
    advertise: Option<Vec<Advertised>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Advertised {
    None,
    At(SocketAddr),
}

impl std::str::FromStr for Advertised {
    type Err = std::net::AddrParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "none" {
            Ok(Self::None)
        } else {
            text.parse().map(Self::At)
        }
    }
}

impl Join {
    /// Whether anything was said about joining.
    pub(crate) fn says_something(&self) -> bool {
        self.listen.is_some() || !self.peers.is_empty() || self.advertise.is_some()
    }

    pub(crate) fn builder(&self, dir: &std::path::Path) -> tom::Builder {
        let mut builder = tom::Client::builder().identity_file(dir.join("identity"));
        if let Some(listen) = self.listen {
            builder = builder.listen(listen);
        }
        for peer in &self.peers {
            builder = builder.peer(peer.clone());
        }
        if let Some(list) = &self.advertise {
            let addrs = list.iter().filter_map(|entry| match entry {
                Advertised::None => None,
                Advertised::At(addr) => Some(*addr),
            });
            builder = builder.advertise(addrs.collect());
        }
        builder
    }
}

#[derive(Debug, Subcommand)]
enum What {
    /// Print this node's address, making an identity if there is none
    Id,
    /// Run a node: receive, and relay for others
    Node(node::NodeArgs),
    /// Send a message and wait for the proof that it was delivered
    Send(send::SendArgs),
    /// Print messages as they arrive
    Listen(listen::ListenArgs),
    /// Ask the running node how it is
    Status,
    /// Tell the bytes of any frame or envelope field by field
    Decode(decode::DecodeArgs),
    /// Show with separate processes on this machine what the protocol promises
    Demo(demo::DemoArgs),
    /// A wire of the demo
    #[command(hide = true)]
    DemoCable,
    /// Print the completions of a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

/// The input was wrong: exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct WrongInput(pub(crate) String);

/// Runs the command line of this process.
pub(crate) fn main() -> ExitCode {
    let cli = Cli::parse();
    tracing_subscriber::fmt()
        .with_max_level(cli.common.log)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .init();
    let json = cli.common.json;
    match run(cli) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            say::error(json, &error);
            ExitCode::from(if is_input(&error) {
                WRONG_INPUT
            } else {
                COULD_NOT
            })
        }
    }
}

fn is_input(error: &anyhow::Error) -> bool {
    use tom::Refusal;
    error.is::<WrongInput>()
        || matches!(
            error.downcast_ref(),
            Some(tom::Error::Refused(Refusal::Misuse(_)))
        )
}

fn run(cli: Cli) -> anyhow::Result<u8> {
    let common = cli.common;
    match cli.what {
        What::Id => id::run(&common),
        What::Decode(args) => decode::run(&common, &args),
        What::Completions { shell } => {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "tom", &mut text);
            say::line(String::from_utf8_lossy(&text).trim_end());
            Ok(DONE)
        }
        What::Node(args) => block_on(node::run(&common, args)),
        What::Send(args) => block_on(send::run(&common, args)),
        What::Listen(args) => block_on(listen::run(&common, args)),
        What::Status => block_on(status::run(&common)),
        What::Demo(args) => block_on(demo::run(&common, args)),
        What::DemoCable => block_on(demo::cable::run()),
    }
}

/// One thread drives everything: a node waits far more than it works, and on one thread what
/// happens together is sent together.
fn block_on<T>(future: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the event loop")?
        .block_on(future)
}
