//! The end of a walk: what reading can only decide when it knows the whole document, decided here the same way.

use std::collections::BTreeSet;

use crate::model::certificate::Place;

use super::walk::Walk;

impl Walk<'_> {
    /// Leaves in `kept` what arrives.
    pub(super) fn settle(&mut self) {
        self.repeats_arrive_alone();
    }

    /// A row that only repeats a field brings it where no other row does.
    fn repeats_arrive_alone(&mut self) {
        if self.kept.iter().all(|kept| kept.again.is_none()) {
            return;
        }
        let first = self.kept.iter().filter(|kept| kept.again.is_none()).map(|kept| kept.to);
        let first = first.collect::<BTreeSet<Place>>();
        self.kept.retain(|kept| kept.again.is_none_or(|place| !first.contains(&place)));
    }
}
