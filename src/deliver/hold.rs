//! Lanes that stand still because an operator, or too many refusals in a row with one code, said so.
//!
//! A hold is lane state: it touches no delivery, and nothing is lost or aged by it but time. It is memory only; a
//! restart or reload releases every lane.

use std::{collections::BTreeMap, sync::Arc};

use tokio::sync::watch;

use crate::model::id::MemberId;

/// The lanes held, and why; cheap to clone.
#[derive(Clone, Debug)]
pub struct Holds {
    held: Arc<watch::Sender<BTreeMap<MemberId, String>>>,
}

impl Default for Holds {
    fn default() -> Self {
        Self { held: Arc::new(watch::Sender::new(BTreeMap::new())) }
    }
}

impl Holds {
    /// Holds a member's lane: what is under way ends, nothing new begins.
    pub fn hold(&self, member: &MemberId, why: &str) {
        self.held.send_modify(|held| drop(held.insert(member.clone(), why.to_owned())));
    }

    /// Lets a lane go on; false when it was not held.
    pub fn release(&self, member: &MemberId) -> bool {
        self.held.send_if_modified(|held| held.remove(member).is_some())
    }

    /// Why a member's lane is held, if it is.
    #[must_use]
    pub fn why(&self, member: &MemberId) -> Option<String> {
        self.held.borrow().get(member).cloned()
    }

    /// Every held lane, and why.
    #[must_use]
    pub fn all(&self) -> BTreeMap<MemberId, String> {
        self.held.borrow().clone()
    }

    pub(super) fn watch(&self) -> watch::Receiver<BTreeMap<MemberId, String>> {
        self.held.subscribe()
    }
}

/// Counts refusals in a row with one code. Pure.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(super) struct Refusals {
    row: Option<(String, u32)>,
}

impl Refusals {
    /// Counts a refusal; true when it makes a row of `row_max`, which holds the lane and starts a new row.
    pub(super) fn refused(&mut self, code: &str, row_max: u32) -> bool {
        let count = match self.row.take() {
            Some((same, count)) if same == code => count + 1,
            _ => 1,
        };
        let full = count >= row_max;
        self.row = (!full).then(|| (code.to_owned(), count));
        full
    }

    /// Something was taken: the row ends.
    pub(super) fn taken(&mut self) {
        self.row = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_refusals_in_a_row_with_one_code_hold_and_four_do_not() {
        let mut refusals = Refusals::default();
        assert_eq!([0; 5].map(|_| refusals.refused("not-for-us", 5)), [false, false, false, false, true]);
        assert!(!refusals.refused("not-for-us", 5), "a released lane counts anew");
    }

    #[test]
    fn another_code_or_a_success_ends_the_row() {
        let mut refusals = Refusals::default();
        for _ in 0..4 {
            assert!(!refusals.refused("not-for-us", 5));
        }
        refusals.taken();
        for _ in 0..4 {
            assert!(!refusals.refused("not-for-us", 5));
        }
        assert!(!refusals.refused("format-unsupported", 5));
        assert!(!refusals.refused("not-for-us", 5));
    }

    #[test]
    fn a_release_says_whether_there_was_a_hold() {
        let (holds, member) = (Holds::default(), MemberId::new("kg").unwrap());
        assert!(!holds.release(&member));
        holds.hold(&member, "asked for by the operator");
        assert_eq!(holds.why(&member).as_deref(), Some("asked for by the operator"));
        assert!(holds.release(&member));
        assert_eq!(holds.why(&member), None);
    }
}
