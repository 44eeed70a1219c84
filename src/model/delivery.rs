//! The life of one delivery: states that own their data, events, and one total function between them.
//!
//! ```text
//! Queued ──head──▶ Due ──Delivered/Refused/Expired/Cancelled (final)
//!                  │ ▲
//!            Held ◀┘ └ Released, Deferred
//! ```
//! A claim is memory only: a crash re-offers whatever was in flight. Delivered absorbs everything; Refused, Expired and
//! Cancelled accept a late success with its evidence. The breaker, maintenance and an operator's hold on a lane are
//! lane state and never touch a delivery.

use super::{reason::Reason, retry::Policy, time::Timestamp};

/// Where a delivery stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum State {
    /// Behind an earlier delivery of the same chain to the same target.
    Queued,
    /// Head of its chain; to be tried at `at`.
    Due {
        /// Earliest time of the next attempt.
        at: Timestamp,
    },
    /// Head of its chain; waits for an operator or a later version.
    Held {
        /// Why.
        reason: Reason,
    },
    /// The target has it. Final.
    Delivered,
    /// The target refused it with a code of our list. Final but for a late success.
    Refused {
        /// The target's code.
        reason: Reason,
    },
    /// Too old. Final but for a late success.
    Expired,
    /// An operator ended it. Final but for a late success.
    Cancelled,
}

/// What happened to a delivery.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// Every earlier delivery of its chain is final.
    BecameHead,
    /// The target stored it: an echo of delivery id and digest, a collected mailbox entry, a signed receipt.
    Succeeded,
    /// A transient failure, or no answer at all.
    Deferred {
        /// The target's `Retry-After`.
        retry_after: Option<std::time::Duration>,
    },
    /// The target refused the content for good, with a code of our list.
    Refused {
        /// The code.
        reason: Reason,
    },
    /// Its age ran out.
    DeadlinePassed,
    /// It cannot be sent as it is: not rendered, not entitled, or an operator stopped it.
    Held {
        /// Why.
        reason: Reason,
    },
    /// An operator lets it go on.
    Released,
    /// An operator ends it.
    Cancelled,
}

/// The part of a delivery that `step` looks at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Life {
    /// Where it stands.
    pub state: State,
    /// When it was created, which its age counts from.
    pub created: Timestamp,
    /// Attempts that failed so far.
    pub failures: u32,
}

/// An event that cannot happen in a state: a bug of ours, never a partner's fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a delivery cannot take this event in its state")]
pub struct Illegal;

impl State {
    /// Whether the chain may go on past this delivery.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Delivered | Self::Refused { .. } | Self::Expired | Self::Cancelled)
    }

    /// When it is to be tried, if it is.
    #[must_use]
    pub fn due(&self) -> Option<Timestamp> {
        match self {
            Self::Due { at } => Some(*at),
            _ => None,
        }
    }

    /// The word in the store, in status answers and in metrics.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Due { .. } => "pending",
            Self::Held { .. } => "held",
            Self::Delivered => "delivered",
            Self::Refused { .. } => "refused",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
        }
    }
}

/// The life after `event` at `now`, under a target's policy; `dice` is a uniform draw for the jitter.
///
/// Expiry beats retry: a failure after the deadline ends as [`State::Expired`].
///
/// # Errors
/// [`Illegal`] when a queued or final delivery is told it failed, and the like.
pub fn step(life: &Life, event: &Event, now: Timestamp, policy: &Policy, dice: u8) -> Result<Life, Illegal> {
    let to = |state: State| Ok(Life { state, ..life.clone() });
    match (&life.state, event) {
        (State::Delivered, _) => Ok(life.clone()),
        (_, Event::Succeeded) => to(State::Delivered),
        (State::Refused { .. } | State::Expired | State::Cancelled, _) => Ok(life.clone()),
        (State::Queued, Event::BecameHead) | (State::Held { .. }, Event::Released) => {
            to(State::Due { at: now })
        }
        (_, Event::Cancelled) => to(State::Cancelled),
        (_, Event::DeadlinePassed) => to(State::Expired),
        (State::Due { .. } | State::Held { .. }, Event::Held { reason }) => {
            to(State::Held { reason: *reason })
        }
        (State::Due { .. }, Event::Refused { reason }) => to(State::Refused { reason: *reason }),
        (State::Due { .. }, Event::Deferred { retry_after }) => {
            let failures = life.failures.saturating_add(1);
            if now >= policy.expires(life.created) {
                return Ok(Life { state: State::Expired, failures, ..life.clone() });
            }
            let at = now.plus(policy.delay(failures, *retry_after, dice));
            Ok(Life { state: State::Due { at }, failures, ..life.clone() })
        }
        // A late answer to an attempt that was under way when an operator held the delivery.
        (State::Held { .. }, Event::Deferred { .. } | Event::Refused { .. }) => Ok(life.clone()),
        (State::Due { .. } | State::Held { .. }, Event::BecameHead)
        | (State::Due { .. }, Event::Released)
        | (State::Queued, _) => Err(Illegal),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn policy() -> Policy {
        let minute = Duration::from_secs(60);
        Policy::new(vec![minute, minute * 5], minute * 60, minute * 10, 20).unwrap()
    }

    fn event() -> impl Strategy<Value = Event> {
        prop_oneof![
            Just(Event::BecameHead),
            Just(Event::Succeeded),
            Just(Event::Deferred { retry_after: None }),
            Just(Event::Refused { reason: Reason::Refused }),
            Just(Event::DeadlinePassed),
            Just(Event::Held { reason: Reason::OperatorHold }),
            Just(Event::Released),
            Just(Event::Cancelled),
        ]
    }

    fn due() -> Life {
        Life { state: State::Due { at: Timestamp(0) }, created: Timestamp(0), failures: 0 }
    }

    #[test]
    fn a_deferred_delivery_waits_for_its_schedule() {
        let life =
            step(&due(), &Event::Deferred { retry_after: None }, Timestamp(1_000), &policy(), 0).unwrap();
        assert_eq!(life.state, State::Due { at: Timestamp(61_000) });
        assert_eq!(life.failures, 1);
    }

    #[test]
    fn a_late_success_is_taken_with_its_evidence() {
        for state in [State::Refused { reason: Reason::Refused }, State::Expired, State::Cancelled] {
            let life = Life { state, ..due() };
            assert_eq!(
                step(&life, &Event::Succeeded, Timestamp(1), &policy(), 0).unwrap().state,
                State::Delivered
            );
        }
    }

    proptest! {
        #[test]
        fn delivered_absorbs_everything_and_due_never_precedes_now(
            events in prop::collection::vec((event(), 0i64..10_000_000, any::<u8>()), 0..40)
        ) {
            let (mut life, mut now) = (due(), Timestamp(0));
            for (event, pass, dice) in events {
                now = Timestamp(now.0 + pass);
                let before = life.clone();
                if let Ok(next) = step(&life, &event, now, &policy(), dice) {
                    life = next;
                }
                prop_assert!(life.failures >= before.failures && life.failures <= before.failures + 1);
                if before.state == State::Delivered {
                    prop_assert_eq!(&life.state, &State::Delivered);
                }
                if before.state.is_final() {
                    prop_assert!(life.state.is_final());
                }
                if life.state != before.state && let Some(at) = life.state.due() {
                    prop_assert!(at >= now);
                }
            }
        }
    }
}
