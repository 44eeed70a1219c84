//! What an attempt's outcome does to the delivery that is stored, whatever happened to it meanwhile.
//!
//! A lane computes the next life from what it read when it claimed. Until its outcome reaches the writer an operator may
//! have held or ended the delivery, or a late success may have come in. These rules decide, and every engine uses them.

use crate::model::{
    delivery::{Life, State},
    reason::Reason,
};

/// A stored life, with the hold that a queued delivery remembers until it is head.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stored {
    /// The life.
    pub life: Life,
    /// Why it will be held once it is head; only while queued.
    pub hold: Option<Reason>,
}

/// What is stored after an outcome that says `next`; `attempted` when an attempt led to it.
///
/// Delivered absorbs everything. Refused, expired and cancelled accept a late success only. A hold outlasts an attempt
/// that was under way. A queued delivery never becomes due by an outcome: only the end of the one before it does that.
#[must_use]
pub fn settle(stored: &Stored, next: &Life, attempted: bool) -> Stored {
    let failures = stored.life.failures.max(next.failures);
    let keep = |hold: Option<Reason>| Stored { life: Life { failures, ..stored.life.clone() }, hold };
    let take = || Stored {
        life: Life { state: next.state.clone(), created: stored.life.created, failures },
        hold: None,
    };
    match (&stored.life.state, &next.state) {
        (State::Delivered, _) => stored.clone(),
        (_, State::Delivered) => take(),
        (State::Refused { .. } | State::Expired | State::Cancelled, _) => stored.clone(),
        // Chains became one meanwhile: what an operator said of it is still to be done.
        (State::Queued, State::Due { .. }) if attempted => keep(stored.hold),
        (State::Queued, State::Held { reason }) if attempted => keep(stored.hold.or(Some(*reason))),
        (State::Queued, State::Queued) => keep(stored.hold),
        (State::Queued, State::Held { reason }) => keep(Some(*reason)),
        (State::Queued, State::Due { .. }) => keep(None),
        (State::Due { .. } | State::Held { .. }, State::Queued) => keep(None),
        (State::Held { .. }, _) if attempted => keep(None),
        (State::Queued | State::Due { .. } | State::Held { .. }, _) => take(),
    }
}

/// The state of a delivery that becomes head of its chain at `now`: due at once, or held if it remembers a hold.
#[must_use]
pub fn head(hold: Option<Reason>, now: crate::model::time::Timestamp) -> State {
    match hold {
        Some(reason) => State::Held { reason },
        None => State::Due { at: now },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::Timestamp;

    fn life(state: State) -> Life {
        Life { state, created: Timestamp(1), failures: 0 }
    }

    fn after(stored: State, next: State, attempted: bool) -> State {
        settle(&Stored { life: life(stored), hold: None }, &life(next), attempted).life.state
    }

    const DUE: State = State::Due { at: Timestamp(9) };
    const HELD: State = State::Held { reason: Reason::OperatorHold };
    const REFUSED: State = State::Refused { reason: Reason::Refused };

    #[test]
    fn delivered_absorbs_whatever_an_outcome_says() {
        for next in [State::Queued, DUE, HELD, REFUSED, State::Expired, State::Cancelled, State::Delivered] {
            assert_eq!(after(State::Delivered, next, true), State::Delivered);
        }
    }

    #[test]
    fn what_ended_badly_takes_a_late_success_and_nothing_else() {
        for ended in [REFUSED, State::Expired, State::Cancelled] {
            assert_eq!(after(ended.clone(), State::Delivered, true), State::Delivered);
            assert_eq!(after(ended.clone(), DUE, true), ended);
            assert_eq!(after(ended.clone(), State::Cancelled, false), ended);
        }
    }

    #[test]
    fn a_hold_outlasts_the_attempt_that_was_under_way_but_not_a_release() {
        assert_eq!(after(HELD, DUE, true), HELD);
        assert_eq!(after(HELD, REFUSED, true), HELD);
        assert_eq!(after(HELD, State::Delivered, true), State::Delivered);
        assert_eq!(after(HELD, DUE, false), DUE);
        assert_eq!(after(HELD, State::Expired, false), State::Expired);
    }

    #[test]
    fn a_queued_delivery_never_becomes_due_by_an_outcome_but_can_end() {
        assert_eq!(after(State::Queued, DUE, false), State::Queued);
        assert_eq!(after(State::Queued, State::Cancelled, false), State::Cancelled);
        let stored = Stored { life: life(State::Queued), hold: None };
        let held = settle(&stored, &life(HELD), false);
        assert_eq!((held.life.state.clone(), held.hold), (State::Queued, Some(Reason::OperatorHold)));
        assert_eq!(settle(&held, &life(DUE), false).hold, None);
    }

    #[test]
    fn a_remembered_hold_outlasts_the_attempt_that_was_under_way() {
        // Chains were merged while it was sent, and an operator held it.
        let stored = Stored { life: life(State::Queued), hold: Some(Reason::OperatorHold) };
        for next in [DUE, State::Held { reason: Reason::NotEntitled }] {
            assert_eq!(settle(&stored, &life(next), true).hold, Some(Reason::OperatorHold));
        }
    }

    #[test]
    fn failures_never_go_back() {
        let stored = Stored { life: Life { failures: 4, ..life(DUE) }, hold: None };
        assert_eq!(settle(&stored, &Life { failures: 2, ..life(DUE) }, true).life.failures, 4);
    }
}
