//! The end of a walk: what reading can only decide when it knows the whole document, decided here the same way.

use std::collections::BTreeSet;

use crate::{
    format::conversion,
    model::certificate::{Index, Place},
};

use super::walk::{After, Walk};

impl Walk<'_> {
    /// Leaves in `kept` what arrives.
    pub(super) fn settle(&mut self) {
        self.count_on();
        self.repeats_arrive_alone();
    }

    /// Records count on from the entries of their list's other home, now that those are written.
    fn count_on(&mut self) {
        for kept in &mut self.kept {
            let Some(after) = kept.after else { continue };
            let (After::Place(list) | After::Pointer(list)) = after;
            let first = self.written.get(&(list, Index::TOP)).copied().unwrap_or(0);
            match after {
                After::Place(_) => {
                    let position = kept.to.index.positions().next().map(|position| first + position);
                    let moved = position.and_then(|position| Index::TOP.inside(position));
                    kept.to.index = moved.unwrap_or(kept.to.index);
                }
                After::Pointer(_) => {
                    let position = conversion::position(&kept.value).map(|position| first + position);
                    kept.value = position.and_then(conversion::ordinal).unwrap_or(kept.value.clone());
                }
            }
        }
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
