//! Where what is for a member goes: to its own endpoint, or, of test traffic, to its sandbox. Pure.
//!
//! **Invariant:** test traffic never reaches a live endpoint. An endpoint is live as soon as what counts may come to it:
//! a link to its member is in `pilot` or `live`, or `suspended`, in any agreement that has to do with the member. Members
//! with one address are live together. A mailbox is no question: its test entries are for those only who ask for them.

use super::{
    Region, address,
    agreement::{Agreement, LinkState},
    member::{Member, Reach},
};

/// A place where a member is delivered to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Place {
    /// Its endpoint or mailbox.
    Own,
    /// Its sandbox.
    Sandbox,
}

impl Region {
    /// Where traffic of a kind goes to a member; `None`: nowhere, since the member is live and names no sandbox.
    #[must_use]
    pub fn place(&self, member: &Member, test: bool) -> Option<Place> {
        match &member.reach {
            Reach::Push(_) if test && member.sandbox.is_some() => Some(Place::Sandbox),
            Reach::Push(_) if test && self.is_live(member) => None,
            Reach::Push(_) | Reach::Mailbox { .. } => Some(Place::Own),
        }
    }

    /// Whether what counts may come to a member's endpoint or mailbox.
    #[must_use]
    pub fn is_live(&self, member: &Member) -> bool {
        let beside = |other: &Member| match (&member.reach, &other.reach) {
            (Reach::Push(own), Reach::Push(other)) => address::is_one(&own.url, &other.url),
            _ => false,
        };
        let counts = |to: &Member| self.agreements.values().any(|agreement| self.counts(agreement, to));
        counts(member)
            || self.members.values().any(|other| other.id != member.id && beside(other) && counts(other))
    }

    /// Whether a link of an agreement to a member, that is not overruled by another, is in pilot, live or suspended.
    fn counts(&self, agreement: &Agreement, to: &Member) -> bool {
        // What is suspended was open, and is to be again.
        let carries = |state| matches!(state, LinkState::Pilot | LinkState::Live | LinkState::Suspended);
        let may = agreement
            .links
            .iter()
            .any(|link| carries(link.state) && link.to.as_ref().is_none_or(|named| *named == to.id));
        may && agreement.concerns(to)
            && self
                .members
                .keys()
                .filter(|from| **from != to.id)
                .any(|from| agreement.link(from, &to.id).is_some_and(carries))
    }
}
