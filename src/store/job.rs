//! One operation on its way to the writer, with the place its answer goes to.

use tokio::sync::oneshot;

use super::{
    Fault,
    action::{Acted, Action, Effect},
    attachment::{PackedAttachment, Put},
    epoch::Comparison,
    lane::Change,
    news::Digest,
    pack::Packed,
    record::{Acceptance, Accepted, NewDelivery, Outcome, Rejection, Routing},
    refused::Refused,
    resend::{Asked, Resend},
};
use crate::{crash::Commit, model::time::Timestamp};

/// Where the answer of an operation goes.
pub(super) type Reply<T> = oneshot::Sender<Result<T, Fault>>;

/// An operation that waits for its batch.
pub(super) enum Job {
    /// An accept commit; the bodies were taken out of the acceptance and packed.
    Accept { push: Box<Acceptance>, bodies: Vec<Packed>, reply: Reply<Accepted> },
    /// A route commit.
    Route { routing: Box<PackedRouting>, reply: Reply<()> },
    /// An attempt commit, with the packed body of its notice.
    Finish { outcome: Box<Outcome>, notice: Option<Packed>, reply: Reply<()> },
    /// A member that has compared.
    Compare { comparison: Comparison, reply: Reply<()> },
    /// A delivery its target asks for again.
    Resend { resend: Resend, reply: Reply<Asked> },
    /// An operator's action; what is sent was taken out of it and packed.
    Act { act: Box<PackedAct>, reply: Reply<Acted> },
    /// A digest to a source.
    Digest { digest: Box<Digest>, reply: Reply<()> },
    /// A change of a lane's state.
    Lane { change: Box<Change>, reply: Reply<()> },
    /// An attachment to keep.
    Put { put: Box<PackedAttachment>, reply: Reply<Put> },
    /// Attachments that no message names, last put before an instant, to remove.
    Remove { before: Timestamp, reply: Reply<usize> },
    /// Chains in which a message was parked until before an instant, to let go.
    GiveUp { now: Timestamp, chains_max: u32, reply: Reply<usize> },
    /// A rejection to keep; nobody waits for it.
    Reject(Box<Rejection>),
    /// Refusals that were counted.
    Refused { counted: Vec<Refused>, reply: Reply<()> },
}

/// A routing whose renderings are packed: each distinct one once, however many targets get it.
pub(super) struct PackedRouting {
    pub(super) routing: Routing,
    pub(super) bodies: Vec<Packed>,
    /// For each delivery, which of `bodies` it sends.
    pub(super) body_of: Vec<Option<usize>>,
}

/// An action whose bodies are packed.
pub(super) struct PackedAct {
    pub(super) action: Action,
    pub(super) effect: Effect,
    /// What each addition sends, in order; for a change of life, that of its notice; for an entry, what it says.
    pub(super) bodies: Vec<Option<Packed>>,
}

/// An operation that was carried out, waiting for the commit before its caller hears of it.
pub(super) enum Done {
    Accept(Reply<Accepted>, Result<Accepted, Fault>),
    Unit(Reply<()>, Result<(), Fault>),
    Resend(Reply<Asked>, Result<Asked, Fault>),
    Acted(Reply<Acted>, Result<Acted, Fault>),
    Put(Reply<Put>, Result<Put, Fault>),
    Counted(Reply<usize>, Result<usize, Fault>),
    Silent,
}

impl Job {
    /// The commit it is, for the points around it.
    pub(super) fn commit(&self) -> Option<Commit> {
        match self {
            Self::Accept { .. } => Some(Commit::Accept),
            Self::Route { .. } => Some(Commit::Route),
            Self::Finish { .. } => Some(Commit::Attempt),
            Self::Put { .. } => Some(Commit::Put),
            Self::Act { .. } => Some(Commit::Act),
            Self::Resend { .. } => Some(Commit::Resend),
            Self::Digest { .. } => Some(Commit::Digest),
            Self::Compare { .. }
            | Self::Lane { .. }
            | Self::Remove { .. }
            | Self::GiveUp { .. }
            | Self::Reject(_)
            | Self::Refused { .. } => None,
        }
    }

    /// Tells the caller, if there is one, that the operation was not carried out.
    pub(super) fn refuse(self, fault: Fault) {
        match self {
            Self::Accept { reply, .. } => drop(reply.send(Err(fault))),
            Self::Route { reply, .. }
            | Self::Finish { reply, .. }
            | Self::Digest { reply, .. }
            | Self::Refused { reply, .. }
            | Self::Lane { reply, .. } => drop(reply.send(Err(fault))),
            Self::Compare { reply, .. } => drop(reply.send(Err(fault))),
            Self::Resend { reply, .. } => drop(reply.send(Err(fault))),
            Self::Act { reply, .. } => drop(reply.send(Err(fault))),
            Self::Put { reply, .. } => drop(reply.send(Err(fault))),
            Self::Remove { reply, .. } | Self::GiveUp { reply, .. } => drop(reply.send(Err(fault))),
            Self::Reject(_) => {}
        }
    }
}

impl Done {
    /// Tells the caller how it went; a caller that went away does not matter.
    pub(super) fn tell(self) {
        match self {
            Self::Accept(reply, result) => drop(reply.send(result)),
            Self::Unit(reply, result) => drop(reply.send(result)),
            Self::Resend(reply, result) => drop(reply.send(result)),
            Self::Acted(reply, result) => drop(reply.send(result)),
            Self::Put(reply, result) => drop(reply.send(result)),
            Self::Counted(reply, result) => drop(reply.send(result)),
            Self::Silent => {}
        }
    }

    /// Tells the caller that the commit failed.
    pub(super) fn poison(self) {
        match self {
            Self::Accept(reply, _) => drop(reply.send(Err(Fault::Poisoned))),
            Self::Unit(reply, _) => drop(reply.send(Err(Fault::Poisoned))),
            Self::Resend(reply, _) => drop(reply.send(Err(Fault::Poisoned))),
            Self::Acted(reply, _) => drop(reply.send(Err(Fault::Poisoned))),
            Self::Put(reply, _) => drop(reply.send(Err(Fault::Poisoned))),
            Self::Counted(reply, _) => drop(reply.send(Err(Fault::Poisoned))),
            Self::Silent => {}
        }
    }
}

impl PackedRouting {
    /// Takes the bodies out of a routing and packs each distinct one once.
    ///
    /// # Errors
    /// [`Fault::BodyTooLarge`] for a rendering past the limit.
    pub(super) fn pack(mut routing: Routing) -> Result<Self, Fault> {
        let taken: Vec<_> = routing.deliveries.iter_mut().map(|delivery| delivery.body.take()).collect();
        let mut plain = Vec::new();
        let mut body_of = Vec::with_capacity(taken.len());
        for body in taken {
            body_of.push(body.map(|body| {
                plain.iter().position(|known| *known == body).unwrap_or_else(|| {
                    plain.push(body);
                    plain.len() - 1
                })
            }));
        }
        let bodies = plain.into_iter().map(super::pack::pack).collect::<Result<_, _>>()?;
        Ok(Self { routing, bodies, body_of })
    }

    /// Bytes of all renderings before packing.
    pub(super) fn bytes(routing: &Routing) -> usize {
        routing.deliveries.iter().map(NewDelivery::bytes).sum()
    }
}

impl PackedAct {
    /// Takes the bodies out of an effect and packs them.
    ///
    /// # Errors
    /// [`Fault::BodyTooLarge`] for one past the limit.
    pub(super) fn pack(action: Action, mut effect: Effect) -> Result<Self, Fault> {
        let taken = match &mut effect {
            Effect::Nothing | Effect::Lane(_) | Effect::Sooner(_) => Vec::new(),
            Effect::Life(outcome) => vec![outcome.notice().and_then(|notice| notice.body.take())],
            Effect::Keep(entry) => {
                let packed = entry.pack()?;
                return Ok(Self { action, bodies: vec![Some(packed)], effect });
            }
            Effect::Send(additions) => {
                additions.iter_mut().map(|addition| addition.delivery.body.take()).collect()
            }
        };
        let bodies = taken.into_iter().map(|body| body.map(super::pack::pack).transpose());
        Ok(Self { action, bodies: bodies.collect::<Result<_, _>>()?, effect })
    }
}

impl Outcome {
    /// The notice that tells of it at once, if one may.
    pub(super) fn notice(&mut self) -> Option<&mut NewDelivery> {
        self.telling.as_mut().and_then(|telling| telling.notice.as_mut())
    }
}

impl NewDelivery {
    /// Bytes of what is sent.
    pub(super) fn bytes(&self) -> usize {
        self.body.as_ref().map_or(0, |body| body.bytes.len())
    }
}
