//! What the application of a child hears: messages, and the states of its own.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::anyhow;
use serde_json::Value;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::PATIENCE;
use crate::cli::control::{Conversation, Request};

/// Things noted as they come, each with its time. Dropped, it stops to listen.
#[derive(Debug)]
struct Noted<T> {
    inner: Arc<Inner<T>>,
    task: tokio::task::AbortHandle,
}

#[derive(Debug)]
struct Inner<T> {
    list: Mutex<Vec<(Instant, T)>>,
    more: Notify,
}

impl<T> Drop for Noted<T> {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl<T: Clone + Send + 'static> Noted<T> {
    async fn open(
        mut conversation: Conversation,
        request: &Request,
        read: impl Fn(&Value) -> Option<T> + Send + 'static,
    ) -> anyhow::Result<Self> {
        // The first answer says that nothing is missed from here on.
        conversation.ask(request).await?;
        let inner = Arc::new(Inner {
            list: Mutex::new(Vec::new()),
            more: Notify::new(),
        });
        let into = inner.clone();
        let task = tokio::spawn(async move {
            while let Ok(Some(value)) = conversation.answer().await {
                if let Some(item) = read(&value) {
                    let now = Instant::now();
                    into.list
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push((now, item));
                    into.more.notify_waiters();
                }
            }
        });
        Ok(Self {
            inner,
            task: task.abort_handle(),
        })
    }

    fn all(&self) -> Vec<(Instant, T)> {
        self.inner
            .list
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    async fn wait(&self, limit: Duration, wanted: impl Fn(&T) -> bool) -> Option<(Instant, T)> {
        let look = async {
            loop {
                let more = self.inner.more.notified();
                tokio::pin!(more);
                more.as_mut().enable();
                if let Some(found) = self.all().into_iter().find(|(_, item)| wanted(item)) {
                    return found;
                }
                more.await;
            }
        };
        tokio::time::timeout(limit, look).await.ok()
    }
}

/// A message that a child's application took.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub(crate) from: String,
    pub(crate) text: String,
    /// The first half of the message's id.
    pub(crate) reference: String,
    pub(crate) neighbour: String,
}

/// The messages a child's application takes.
#[derive(Debug)]
pub(crate) struct Ears(Noted<Heard>);

impl Ears {
    pub(crate) async fn open(conversation: Conversation) -> anyhow::Result<Self> {
        let read = |value: &Value| {
            let message = value.get("message")?;
            let text = |name: &str| Some(message.get(name)?.as_str()?.to_owned());
            Some(Heard {
                from: text("from")?,
                text: text("text")?,
                reference: text("id")?,
                neighbour: text("neighbour")?,
            })
        };
        Ok(Self(
            Noted::open(conversation, &Request::Listen, read).await?,
        ))
    }

    /// Waits for the message with this text.
    pub(crate) async fn hear(&self, text: &str) -> anyhow::Result<(Instant, Heard)> {
        self.0
            .wait(PATIENCE, |heard| heard.text == text)
            .await
            .ok_or_else(|| anyhow!("the message did not arrive within {} s", PATIENCE.as_secs()))
    }

    /// All that was heard so far.
    pub(crate) fn all(&self) -> Vec<Heard> {
        self.0.all().into_iter().map(|(_, heard)| heard).collect()
    }
}

/// The states that messages of a child reach: message id, state.
#[derive(Debug)]
pub(crate) struct States(Noted<(String, String)>);

impl States {
    pub(crate) async fn open(conversation: Conversation) -> anyhow::Result<Self> {
        let read = |value: &Value| {
            let text = |name: &str| Some(value.get(name)?.as_str()?.to_owned());
            Some((text("id")?, text("state")?))
        };
        Ok(Self(
            Noted::open(conversation, &Request::Events, read).await?,
        ))
    }

    /// Waits until a message reaches a state; says when.
    pub(crate) async fn reach(&self, id: &str, state: &str) -> anyhow::Result<Instant> {
        self.0
            .wait(PATIENCE, |(of, reached)| of == id && reached == state)
            .await
            .map(|(at, _)| at)
            .ok_or_else(|| {
                anyhow!(
                    "the message did not become {state} within {} s",
                    PATIENCE.as_secs()
                )
            })
    }

    /// The states a message went through so far.
    pub(crate) fn of(&self, id: &str) -> Vec<String> {
        let all = self.0.all().into_iter();
        all.filter(|(_, (of, _))| of == id)
            .map(|(_, (_, state))| state)
            .collect()
    }
}
