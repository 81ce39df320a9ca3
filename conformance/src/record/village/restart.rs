//! Nodes that restart with what their disks hold.

use super::{Village, answered};
use crate::transcript::{Outputs, Step, restart};

impl Village {
    /// A node restarts; its links are gone at the other ends too.
    pub(in crate::record) fn restart(&mut self, at: usize) -> anyhow::Result<()> {
        let others: Vec<(usize, u32)> = self
            .house(at)?
            .links
            .drain(..)
            .map(|it| (it.peer, it.there))
            .collect();
        self.due.retain(|_, (node, _)| *node != at);
        let entropy = self.entropy();
        let (now, unix) = (self.now, self.unix());
        let house = self.house(at)?;
        house.wake = Some(now);
        house.restarted = true;
        let recorded = Step {
            now,
            entropy,
            input: None,
            unix: Some(unix),
            out: Outputs::default(),
            drops: Vec::new(),
        };
        let reset = house.reset.clone();
        answered(restart(&mut house.player, &reset, &recorded))?;
        house.steps.push(recorded);
        for (other, link) in others {
            self.house(other)?.links.retain(|it| it.id != link);
            self.input(other, serde_json::json!({ "is": "down", "link": link }))?;
        }
        Ok(())
    }

    /// Whether a node restarted.
    pub(in crate::record) fn has_restarted(&mut self, at: usize) -> anyhow::Result<bool> {
        Ok(self.house(at)?.restarted)
    }
}
