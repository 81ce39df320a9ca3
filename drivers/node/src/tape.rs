//! The flight recorder: what goes into the engine, on a tape. Spec: driver, "Tapes".

use tom_core::input::Input;
use tom_core::output::{Output, Verdict};
use tom_core::time::Instant;
use tom_tape::{Entry, Recorder, Ring};

/// A tape being recorded. Each entry is written at once, so that neither a panic nor a kill costs
/// more than the last; a disk that fails ends the tape, never the node.
#[derive(Debug)]
pub(crate) struct Taping {
    pub(crate) recorder: Recorder,
    pub(crate) ring: Option<Ring>,
}

impl Taping {
    /// Before the engine gets it, which decrypts in place.
    pub(crate) fn before(&mut self, now: Instant, input: &Input<'_>) -> Entry {
        self.recorder.input(now, input)
    }

    pub(crate) fn after(&mut self, mut entry: Entry, verdict: Verdict) {
        self.recorder.answered(&mut entry, verdict);
        self.put(&entry);
    }

    pub(crate) fn output(&mut self, now: Instant, output: &Output<'_>) {
        if let Some(entry) = self.recorder.output(now, output) {
            self.put(&entry);
        }
    }

    fn put(&mut self, entry: &Entry) {
        if let Some(ring) = &mut self.ring
            && let Err(error) = ring.push(entry)
        {
            tracing::error!("the tape ends here: {error}");
            self.ring = None;
        }
    }
}
