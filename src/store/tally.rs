//! Changes of the counts that the commits themselves keep: counting a million rows for every ping would not do.

use crate::model::delivery::State;

/// What the operations of a batch add to each count.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Tally {
    pub(super) messages: i64,
    pub(super) unrouted: i64,
    pub(super) parked: i64,
    pub(super) open: i64,
    pub(super) delivered: i64,
    pub(super) failed: i64,
    pub(super) held: i64,
}

impl Tally {
    /// Counts a delivery in a state, once more or once less.
    pub(super) fn count(&mut self, state: &State, by: i64) {
        match state {
            State::Queued | State::Due { .. } => self.open += by,
            State::Held { .. } => {
                self.open += by;
                self.held += by;
            }
            State::Delivered => self.delivered += by,
            State::Refused { .. } | State::Expired | State::Cancelled => self.failed += by,
        }
    }
}
