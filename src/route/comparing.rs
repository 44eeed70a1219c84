//! A later version beside what was sent before: who gets it, who lost it, what each misses. Pure.

use crate::{
    model::{
        delivery::State,
        envelope::Function,
        id::{DeliveryId, MemberId},
        reason::Reason,
    },
    store::{
        record::{Cargo, View},
        sent::{Before, Gap, Sent},
    },
};

use super::plan::{Plan, Target};

/// A version that is routed, and what the store knows of its chain.
#[derive(Clone, Copy)]
pub(super) struct Change<'a> {
    /// Its function.
    pub(super) function: Function,
    /// Lineage of its certificate.
    pub(super) lineage: &'a str,
    /// Its version.
    pub(super) version: Option<u32>,
    /// What else was routed of its chain.
    pub(super) before: Before,
    /// What was sent of the chain before, oldest first.
    pub(super) sent: &'a [Sent],
}

/// One who is to have the version.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Named {
    pub(super) target: Target,
    /// Why it is held from the start: the way to it is suspended.
    pub(super) held: Option<Reason>,
    /// What is missing before it.
    pub(super) gap: Option<Gap>,
}

impl<'a> Change<'a> {
    /// Whether a later version went before it: an original that came after its amendment.
    pub(super) fn is_outdated(&self) -> bool {
        self.before.latest > self.version
    }

    /// Whether its certificate was never sent to anybody.
    pub(super) fn is_unsent(&self) -> bool {
        !self.sent.iter().any(|sent| sent.cargo == Cargo::Certificate && sent.subject.lineage == self.lineage)
    }

    /// Whether a member was told before that the certificate is cancelled.
    pub(super) fn was_told(&self, member: &MemberId) -> bool {
        let told = |sent: &Sent| sent.is_cancellation() && sent.subject.lineage == self.lineage;
        self.sent.iter().any(|sent| sent.target == *member && told(sent))
    }

    /// Whoever holds an earlier version because an operator said so, and no rule.
    pub(super) fn addressed(&self) -> Vec<&'a MemberId> {
        let sendable = self.sent.iter().filter(|sent| !never_sent(sent));
        let held = holders(sendable).into_iter().filter(|copy| copy.addressed && self.concerns(copy));
        held.map(|copy| &copy.target).collect()
    }

    /// Everyone who is to have the version: whom the plan names, and `followed`, each with why it is held from the start.
    ///
    /// Where the way is suspended, it waits for whoever is named as the importing party or holds an earlier version.
    pub(super) fn named(&self, plan: &Plan, followed: Vec<(Target, Option<Reason>)>) -> Vec<Named> {
        let waits = |target: &Target| target.importing || self.held_by(&target.member);
        let open = plan.targets().into_iter().map(|target| (target, None));
        let suspended = plan.suspended().into_iter().filter(waits);
        open.chain(suspended.map(|target| (target, Some(Reason::NotEntitled))))
            .chain(followed)
            .map(|(target, held)| Named { gap: self.gap(&target.member), target, held })
            .collect()
    }

    /// The copies that are withdrawn: of this certificate or the one it replaces, with whoever is not named.
    pub(super) fn lost(&self, named: &[Named]) -> Vec<&'a Sent> {
        let is_named = |member: &MemberId| named.iter().any(|named| named.target.member == *member);
        let sendable = self.sent.iter().filter(|sent| !never_sent(sent));
        holders(sendable).into_iter().filter(|copy| self.concerns(copy) && !is_named(&copy.target)).collect()
    }

    /// Whoever holds the certificate, its copies sent or yet to be sent: those to tell of its cancellation.
    pub(super) fn holders(&self) -> Vec<(&'a Sent, Option<Gap>)> {
        holders(self.sent)
            .into_iter()
            .filter(|copy| copy.subject.lineage == self.lineage)
            .map(|copy| (copy, self.gap(&copy.target)))
            .collect()
    }

    /// Open deliveries that this version makes pointless and that must not stand in its way.
    ///
    /// What could not be rendered never becomes sendable. What shows more than the target may now see is as good as that.
    /// Neither gives way to a version that is held itself: `goes` says as what a target gets this one, if at all.
    pub(super) fn superseded(&self, goes: impl Fn(&MemberId) -> Going) -> Vec<DeliveryId> {
        let open = self.sent.iter().filter(|sent| !sent.state.is_final() && sent.cargo == Cargo::Certificate);
        open.filter(|sent| self.concerns(sent))
            .filter(|sent| match (sent.hold, goes(&sent.target)) {
                (_, Going::Held) => false,
                (Some(Reason::Unrenderable), _) => true,
                (Some(Reason::NotEntitled), Going::Document(view)) => {
                    sent.view < view || (sent.view, view) == (View::Minimised, View::Minimised)
                }
                _ => false,
            })
            .map(|sent| sent.delivery)
            .collect()
    }

    /// What a target misses before a change: nothing, if an earlier version reached it or still can.
    fn gap(&self, member: &MemberId) -> Option<Gap> {
        match (self.function, self.before.follows) {
            (Function::Original | Function::Response, _) => None,
            (_, false) => Some(Gap::Hub),
            (_, true) => (!self.held_by(member)).then_some(Gap::Target),
        }
    }

    fn held_by(&self, member: &MemberId) -> bool {
        let reaches = |copy: &Sent| !copy.state.is_final() || copy.state == State::Delivered;
        let sendable = self.sent.iter().filter(|sent| !never_sent(sent));
        holders(sendable).iter().any(|copy| copy.target == *member && self.concerns(copy) && reaches(copy))
    }

    fn concerns(&self, copy: &Sent) -> bool {
        copy.replaced || copy.subject.lineage == self.lineage
    }
}

/// As what a target gets a version.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Going {
    /// As a document that goes out.
    Document(View),
    /// As a word about it, or not at all.
    Word,
    /// As a delivery that is held.
    Held,
}

/// Whether there is or was nothing to send: it could not be rendered.
fn never_sent(sent: &Sent) -> bool {
    sent.hold == Some(Reason::Unrenderable)
}

/// The copies that targets of a chain hold: of each certificate the last one sent.
///
/// A cancellation ends the copies of its certificate up to its version, a withdrawal those of the certificate it is
/// about; neither touches another of the chain.
fn holders<'a>(sent: impl IntoIterator<Item = &'a Sent>) -> Vec<&'a Sent> {
    let mut held: Vec<&Sent> = Vec::new();
    for next in sent {
        let ends = |copy: &Sent| {
            let same = copy.target == next.target && copy.subject.lineage == next.subject.lineage;
            same && (!next.is_cancellation() || copy.subject.version <= next.subject.version)
        };
        held.retain(|copy| !ends(copy));
        if next.cargo == Cargo::Certificate {
            held.push(next);
        }
    }
    held
}

#[cfg(test)]
#[path = "comparing_tests.rs"]
mod tests;
