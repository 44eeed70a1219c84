//! The words of states, roles, cargo and views: in the rows of every engine, in status answers and in metrics.

use super::{
    Fault,
    record::{Cargo, Role, View},
    sent::Gap,
};
use crate::model::{delivery::State, reason::Reason, time::Timestamp};

impl Role {
    /// Every role.
    pub const ALL: [Self; 5] =
        [Self::Original, Self::Canonical, Self::Remainder, Self::Signature, Self::Rendering];

    /// The word in the store.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Original => "original",
            Self::Canonical => "canonical",
            Self::Remainder => "remainder",
            Self::Signature => "signature",
            Self::Rendering => "rendering",
        }
    }

    /// The role of a word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.word() == word)
    }
}

impl Cargo {
    /// Every kind of cargo.
    pub const ALL: [Self; 5] =
        [Self::Certificate, Self::Cancellation, Self::Response, Self::Notice, Self::Digest];

    /// The word in the store.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Certificate => "certificate",
            Self::Cancellation => "cancellation",
            Self::Response => "response",
            Self::Notice => "notice",
            Self::Digest => "digest",
        }
    }

    /// The cargo of a word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cargo| cargo.word() == word)
    }
}

impl View {
    /// Every view.
    pub const ALL: [Self; 3] = [Self::Full, Self::Minimised, Self::Notice];

    /// The word in the store.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Minimised => "minimised",
            Self::Notice => "notice",
        }
    }

    /// The view of a word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|view| view.word() == word)
    }
}

impl Gap {
    /// Every gap.
    pub const ALL: [Self; 2] = [Self::Hub, Self::Target];

    /// The word in the store.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Hub => "hub",
            Self::Target => "target",
        }
    }

    /// The gap of a word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|gap| gap.word() == word)
    }
}

/// The coded reason in a state, if it has one.
pub(super) fn reason_of(state: &State) -> Option<Reason> {
    match state {
        State::Held { reason } | State::Refused { reason } => Some(*reason),
        _ => None,
    }
}

/// A state of its columns; a queued one may have a reason, which is a hold to come and not part of the state.
pub(super) fn state(word: &str, reason: Option<Reason>, due: Option<Timestamp>) -> Result<State, Fault> {
    let damaged = || Fault::corrupt("state of a delivery");
    Ok(match word {
        "queued" => State::Queued,
        "pending" => State::Due { at: due.ok_or_else(damaged)? },
        "held" => State::Held { reason: reason.ok_or_else(damaged)? },
        "delivered" => State::Delivered,
        "refused" => State::Refused { reason: reason.ok_or_else(damaged)? },
        "expired" => State::Expired,
        "cancelled" => State::Cancelled,
        _ => return Err(damaged()),
    })
}
