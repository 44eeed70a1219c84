//! What a commit looks at again, because others committed since it was decided; every engine uses these rules.

use super::{record::Outcome, standing::Standing};
use crate::model::delivery::State;

impl Standing {
    /// Whether what the decision was made on is still so.
    ///
    /// A push that stated no version may have been given one meanwhile, so a stated version that only the second look finds
    /// matters where this push would write that very version.
    pub(super) fn holds(&self, now: &Self, writes_version: bool) -> bool {
        let stated = match (&self.stated, &now.stated) {
            (None, Some(_)) => !writes_version,
            (before, after) => before == after,
        };
        let certificate = self.latest == now.latest && self.cancelled == now.cancelled;
        let others = self.earlier == now.earlier && self.replaced == now.replaced;
        stated && certificate && others && self.issued == now.issued
    }
}

/// Whether an outcome changed the state as it says, so that there is news.
pub(super) fn took(before: &State, after: &State, outcome: &Outcome) -> bool {
    before != after && *after == outcome.life.state
}
