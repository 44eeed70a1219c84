//! What was sent before: what a later version of a certificate is compared with.

use super::record::{Cargo, View};
use crate::model::{
    delivery::State,
    envelope::Function,
    id::{DeliveryId, MemberId, MessageId},
    key::Key,
    reason::Reason,
};

/// How a delivery begins to say why it was made, where an operator, and no rule, named its target.
pub const ADDRESSED: &str = "addressed by";

/// Whether an operator, and no rule, named the target of a delivery that says this of why it was made.
///
/// Hubs before this one put the reason of a repeat in front.
#[must_use]
pub fn is_addressed(because: &str) -> bool {
    let repeated = || because.starts_with("replay by ") && because.ends_with("; addressed by an operator");
    because.starts_with(ADDRESSED) || repeated()
}

/// Whether a delivery shows that its message was addressed to another member than `to`; what was cancelled does not count.
#[must_use]
pub fn is_elsewhere(to: &MemberId, (target, because, state): (&MemberId, &str, &State)) -> bool {
    target != to && is_addressed(because) && *state != State::Cancelled
}

/// What a target was sent of a chain before: what a later version is compared with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sent {
    /// Order within (target, chain).
    pub sequence: i64,
    /// Who has it or is to have it.
    pub target: MemberId,
    /// The delivery.
    pub delivery: DeliveryId,
    /// The message it came of.
    pub message: MessageId,
    /// Function of that message.
    pub function: Function,
    /// The certificate it is about.
    pub subject: Key,
    /// Lineage of the certificate that message replaces.
    pub earlier_lineage: Option<String>,
    /// Whether its certificate is the one that the message asked about replaces.
    pub replaced: bool,
    /// A certificate, or the cancellation or withdrawal of one; never a response or notice.
    pub cargo: Cargo,
    /// How much of it.
    pub view: View,
    /// Whether an operator said who is to have it.
    pub addressed: bool,
    /// Where it stands.
    pub state: State,
    /// Why it is held, will be once it is head of its chain, or was when a later version took its place.
    pub hold: Option<Reason>,
}

impl Sent {
    /// Whether it is the word that a certificate is cancelled; the withdrawal of a copy is none.
    #[must_use]
    pub fn is_cancellation(&self) -> bool {
        (self.cargo, self.function) == (Cargo::Cancellation, Function::Cancellation)
    }
}

/// What was routed of a message's chain.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Before {
    /// Whether another message of the chain, with a certificate, was routed: what a change follows.
    pub follows: bool,
    /// The highest version of the same certificate that another message brought and that was routed.
    pub latest: Option<u32>,
}

/// What is missing before a change that a target is sent.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Gap {
    /// The hub never had the certificate that is changed.
    Hub,
    /// The target was sent no earlier version that it may have, or had to set it aside.
    Target,
}
