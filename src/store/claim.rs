//! Which due heads a lane is given first. Pure.
//!
//! Urgent ones, which are cancellations, before all others, and bulk ones, issued before their link went live, behind all
//! others; test traffic behind even these, in a rank of its own whatever it carries, so that it can be claimed apart. Among
//! each of the four, first attempts and retries take turns: while both wait, one slot in [`RETRIED_ONE_IN`] is
//! a retry's and the rest go to first attempts, so that an old backlog that fails and fails again does not starve what is
//! new, nor a flood of new ones what has waited.

use crate::model::id::{DeliveryId, MemberId};

/// One slot in so many is a retry's while first attempts wait too.
pub const RETRIED_ONE_IN: u8 = 4;

/// Which of a target's chains go first; within a chain order is what it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Rank {
    /// Before all others: cancellations.
    Urgent,
    /// In its turn.
    Usual,
    /// When nothing else is due: what was issued before its link went live.
    Bulk,
    /// Behind what counts: test traffic, which has no other rank.
    Test,
}

/// Which of a target's deliveries are meant.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Stream {
    /// All of them.
    #[default]
    All,
    /// What counts.
    Live,
    /// Test traffic.
    Test,
}

impl Rank {
    /// Every rank, the first first.
    pub const ALL: [Self; 4] = [Self::Urgent, Self::Usual, Self::Bulk, Self::Test];

    /// The rank of a delivery that its maker gave this one.
    #[must_use]
    pub(super) fn of(self, test: bool) -> Self {
        if test { Self::Test } else { self }
    }
}

impl Stream {
    /// Its ranks, the first first.
    #[must_use]
    pub(super) fn ranks(self) -> &'static [Rank] {
        match self {
            Self::All => &Rank::ALL,
            Self::Live => &[Rank::Urgent, Rank::Usual, Rank::Bulk],
            Self::Test => &[Rank::Test],
        }
    }

    /// Whether a delivery belongs to it.
    #[must_use]
    pub fn has(self, test: bool) -> bool {
        match self {
            Self::All => true,
            Self::Live => !test,
            Self::Test => test,
        }
    }
}

/// What a lane asks for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Claim {
    /// Most deliveries to give.
    pub most: usize,
    /// Deliveries to leave out: those in hand.
    pub skip: Vec<DeliveryId>,
    /// Sources whose deliveries to leave out.
    pub without: Vec<MemberId>,
    /// Whose slot is next.
    pub turn: Turn,
    /// Of which stream they are.
    pub stream: Stream,
}

/// Whose slot is next: first attempts since the last retry.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Turn(u8);

impl Turn {
    /// Whether the next slot is a retry's, if one waits.
    #[must_use]
    pub fn is_retried(self) -> bool {
        self.0.saturating_add(1) >= RETRIED_ONE_IN
    }

    /// The turn after a slot was taken.
    #[must_use]
    pub fn after(self, retried: bool) -> Self {
        if retried { Self(0) } else { Self(self.0.saturating_add(1).min(RETRIED_ONE_IN)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slot_in_four_is_a_retrys_while_both_wait() {
        let mut turn = Turn::default();
        let slots: Vec<_> = (0..8)
            .map(|_| {
                let retried = turn.is_retried();
                turn = turn.after(retried);
                retried
            })
            .collect();
        assert_eq!(slots, [false, false, false, true, false, false, false, true]);
    }

    #[test]
    fn a_retry_that_comes_after_many_first_attempts_waits_for_none_of_them() {
        let turn = (0..1000).fold(Turn::default(), |turn, _| turn.after(false));
        assert!(turn.is_retried());
        assert!(!turn.after(true).is_retried());
    }
}
