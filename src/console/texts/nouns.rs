//! Nouns that are counted, each for one and for any other number.

use crate::problem::unit::noun;

/// A noun that is counted: for one, and for any other number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::console) struct Noun(&'static str, &'static str);

impl Noun {
    /// The noun behind a number.
    pub(in crate::console) fn of(self, number: u64) -> &'static str {
        noun(number, self.0, self.1)
    }
}

pub(in crate::console) const MESSAGES: Noun = Noun("message", "messages");
pub(in crate::console) const DELIVERIES: Noun = Noun("delivery", "deliveries");
pub(in crate::console) const ITEMS: Noun = Noun("goods item", "goods items");
pub(in crate::console) const CONNECTIONS: Noun = Noun("connection", "connections");
pub(in crate::console) const SIGNERS: Noun = Noun("signer", "signers");
pub(in crate::console) const ANCHORS: Noun = Noun("anchor", "anchors");
pub(in crate::console) const REVOCATION_LISTS: Noun = Noun("revocation list", "revocation lists");
pub(in crate::console) const MADE_COPIES: Noun = Noun("copy made", "copies made");
pub(in crate::console) const FIELDS_LOST: Noun = Noun("field lost", "fields lost");
pub(in crate::console) const NEVER_FILLED: Noun = Noun("field never filled", "fields never filled");
pub(in crate::console) const MORE_DIFFERENCES: Noun =
    Noun("more difference, which coohub plan shows", "more differences, which coohub plan shows");
pub(in crate::console) const MORE_PROBLEMS: Noun = Noun(
    "more problem, which coohub check shows once these are mended",
    "more problems, which coohub check shows once these are mended",
);
pub(in crate::console) const DELIVERIES_HELD: Noun = Noun(
    "open delivery would be held: the member may no longer have it",
    "open deliveries would be held: the member may no longer have them",
);
pub(in crate::console) const DELIVERIES_FREED: Noun =
    Noun("delivery held for that reason would go on", "deliveries held for that reason would go on");
