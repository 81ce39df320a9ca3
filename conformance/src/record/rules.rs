//! Stories of one node, each about a rule that nothing else in the suite shows.

use serde_json::Value;

use super::script::Script;
use super::{rules_delivery, rules_link, rules_relay, rules_routing, rules_session};
use crate::profile::Profile;
use crate::transcript::Transcript;

/// Name, place in the book, rules, profile, settings of the node as JSON, and what happens.
pub(super) type Story = (
    &'static str,
    &'static str,
    &'static [&'static str],
    Profile,
    &'static str,
    fn(&mut Script) -> anyhow::Result<()>,
);

pub(super) fn all() -> anyhow::Result<Vec<(String, Transcript)>> {
    let stories = [
        rules_delivery::STORIES,
        rules_link::STORIES,
        rules_relay::STORIES,
        rules_routing::STORIES,
        rules_session::STORIES,
    ];
    let mut all = Vec::new();
    for (name, place, rules, profile, settings, play) in stories.concat() {
        let settings: Value = serde_json::from_str(settings)?;
        let mut script = Script::new(name, profile, &settings)?;
        play(&mut script).map_err(|error| error.context(name))?;
        // What was put off is seen too: a proof waits for company, a wake may be one too many.
        script.run(1_000)?;
        all.push((
            format!("{name}.node"),
            script.transcript(name, place, rules),
        ));
    }
    Ok(all)
}
