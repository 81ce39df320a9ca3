//! `tom listen`

use clap::Args;
use serde_json::Value;
use tom::Message;

use super::control::{Conversation, Request};
use super::{Common, DONE, Join, WrongInput, node, say, serve};

#[derive(Debug, Args)]
pub(crate) struct ListenArgs {
    #[command(flatten)]
    join: Join,
    /// Tell senders that their messages were read
    #[arg(long)]
    read: bool,
    /// End after this many messages
    #[arg(long, value_name = "N")]
    count: Option<u64>,
}

pub(crate) async fn run(common: &Common, args: ListenArgs) -> anyhow::Result<u8> {
    let dir = common.dir()?;
    let count = args.count.unwrap_or(u64::MAX);
    if let Some(mut node) = Conversation::open(&dir).await {
        if args.join.says_something() {
            return Err(WrongInput(format!(
                "a node runs with the files in {} and listens; leave out --peer, --listen and \
                 --advertise, or give --data another directory",
                dir.display()
            ))
            .into());
        }
        let mut readers = Conversation::open(&dir).await;
        node.put(&Request::Listen).await?;
        let mut seen = 0;
        while seen < count
            && let Some(answer) = node.answer().await?
        {
            let Some(message) = answer.get("message") else {
                continue;
            };
            seen += 1;
            print(common, &answer);
            if args.read
                && let Some(readers) = &mut readers
            {
                let field = |name: &str| {
                    message
                        .get(name)
                        .and_then(Value::as_str)
                        .unwrap_or_default()
                        .to_owned()
                };
                readers
                    .ask(&Request::Read {
                        from: field("from"),
                        id: field("id"),
                    })
                    .await?;
            }
        }
        return Ok(DONE);
    }
    let listener = serve::claim(&dir)?;
    let client = args.join.builder(&dir).start().await?;
    let control = serve::serve(listener, &dir, client.clone(), None);
    if !common.json {
        let (address, local) = (client.address(), client.local_addr());
        eprintln!("listening as {address} on {local} (udp); end with Ctrl-C");
    }
    let mut messages = client.messages();
    let mut seen = 0;
    let end = node::ended(false);
    tokio::pin!(end);
    while seen < count {
        let message: Message = tokio::select! {
            message = messages.next() => match message {
                Some(message) => message,
                None => break,
            },
            () = &mut end => break,
        };
        seen += 1;
        print(common, &say::message(&message));
        if args.read {
            message.read().await?;
        }
    }
    drop(control);
    client.shutdown().await;
    Ok(DONE)
}

fn print(common: &Common, answer: &Value) {
    let message = answer.get("message").unwrap_or(answer);
    if common.json {
        return say::line(message);
    }
    let field = |name: &str| message.get(name).and_then(Value::as_str);
    let from = field("from").unwrap_or_default();
    match field("text") {
        Some(text) => say::line(format_args!("{from}: {}", printable(text))),
        None => say::line(format_args!(
            "{from}: (hex) {}",
            field("hex").unwrap_or_default()
        )),
    }
}

/// A stranger's text must not drive the terminal.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_control() && c != '\n' && c != '\t' {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect()
}
