//! One operation on its way to the writer, with the place its answer goes to.

use tokio::sync::oneshot;

use super::{
    Fault,
    attachment::{PackedAttachment, Put},
    pack::Packed,
    record::{Acceptance, Accepted, NewDelivery, Outcome, Rejection, Routing},
};
use crate::model::time::Timestamp;

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
    /// An attachment to keep.
    Put { put: Box<PackedAttachment>, reply: Reply<Put> },
    /// Attachments that no message names, last put before an instant, to remove.
    Remove { before: Timestamp, reply: Reply<usize> },
    /// A rejection to keep; nobody waits for it.
    Reject(Box<Rejection>),
}

/// A routing whose renderings are packed: each distinct one once, however many targets get it.
pub(super) struct PackedRouting {
    pub(super) routing: Routing,
    pub(super) bodies: Vec<Packed>,
    /// For each delivery, which of `bodies` it sends.
    pub(super) body_of: Vec<Option<usize>>,
}

/// An operation that was carried out, waiting for the commit before its caller hears of it.
pub(super) enum Done {
    Accept(Reply<Accepted>, Result<Accepted, Fault>),
    Unit(Reply<()>, Result<(), Fault>),
    Put(Reply<Put>, Result<Put, Fault>),
    Removed(Reply<usize>, Result<usize, Fault>),
    Silent,
}

impl Job {
    /// Tells the caller, if there is one, that the operation was not carried out.
    pub(super) fn refuse(self, fault: Fault) {
        match self {
            Self::Accept { reply, .. } => drop(reply.send(Err(fault))),
            Self::Route { reply, .. } | Self::Finish { reply, .. } => drop(reply.send(Err(fault))),
            Self::Put { reply, .. } => drop(reply.send(Err(fault))),
            Self::Remove { reply, .. } => drop(reply.send(Err(fault))),
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
            Self::Put(reply, result) => drop(reply.send(result)),
            Self::Removed(reply, result) => drop(reply.send(result)),
            Self::Silent => {}
        }
    }

    /// Tells the caller that the commit failed.
    pub(super) fn poison(self) {
        match self {
            Self::Accept(reply, _) => drop(reply.send(Err(Fault::Poisoned))),
            Self::Unit(reply, _) => drop(reply.send(Err(Fault::Poisoned))),
            Self::Put(reply, _) => drop(reply.send(Err(Fault::Poisoned))),
            Self::Removed(reply, _) => drop(reply.send(Err(Fault::Poisoned))),
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

impl NewDelivery {
    /// Bytes of what is sent.
    pub(super) fn bytes(&self) -> usize {
        self.body.as_ref().map_or(0, |body| body.bytes.len())
    }
}
