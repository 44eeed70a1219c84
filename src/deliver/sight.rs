//! Remembers, after a reload, what each delivery's target may see, so that a retry does not read the certificate again.
//!
//! The answer depends on the region and on what is stored of the delivery, and neither changes; so it holds until the next
//! reload.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use crate::model::id::{DeliveryId, Digest};

/// Answers remembered at once, about 1 MiB; past it all are forgotten, and each costs one more look.
pub const ANSWERS_MAX: usize = 16_384;

/// What was found under the region of the moment; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Sight(Arc<Mutex<Remembered>>);

#[derive(Debug, Default)]
struct Remembered {
    region: Option<Digest>,
    answers: HashMap<DeliveryId, bool>,
}

impl Sight {
    /// What was found for a delivery under a region.
    pub(super) fn recall(&self, region: Digest, delivery: DeliveryId) -> Option<bool> {
        let remembered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let same = remembered.region == Some(region);
        remembered.answers.get(&delivery).copied().filter(|_| same)
    }

    /// Remembers what was found; what was found under another region is forgotten.
    pub(super) fn keep(&self, region: Digest, delivery: DeliveryId, answer: bool) {
        let mut remembered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.region != Some(region) || remembered.answers.len() >= ANSWERS_MAX {
            remembered.region = Some(region);
            remembered.answers.clear();
        }
        remembered.answers.insert(delivery, answer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: Digest = Digest([1; 32]);
    const NEW: Digest = Digest([2; 32]);

    fn delivery(number: usize) -> DeliveryId {
        DeliveryId(uuid::Uuid::from_u128(u128::try_from(number).unwrap()))
    }

    #[test]
    fn an_answer_holds_for_its_region_alone() {
        let sight = Sight::default();
        sight.keep(OLD, delivery(1), true);
        sight.keep(OLD, delivery(2), false);
        let recall = |region| [1, 2, 3].map(|number| sight.recall(region, delivery(number)));
        assert_eq!(recall(OLD), [Some(true), Some(false), None]);
        assert_eq!(recall(NEW), [None; 3], "asked anew after a reload");
        sight.keep(NEW, delivery(1), false);
        assert_eq!(recall(NEW), [Some(false), None, None]);
        assert_eq!(recall(OLD), [None; 3]);
    }

    #[test]
    fn no_more_is_remembered_than_the_limit() {
        let sight = Sight::default();
        (0..ANSWERS_MAX).for_each(|number| sight.keep(OLD, delivery(number), true));
        assert_eq!(sight.recall(OLD, delivery(0)), Some(true), "at the limit");
        sight.keep(OLD, delivery(ANSWERS_MAX), true);
        assert_eq!(sight.recall(OLD, delivery(0)), None, "past it");
        assert_eq!(sight.recall(OLD, delivery(ANSWERS_MAX)), Some(true));
    }
}
