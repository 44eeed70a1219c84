//! What a lane is told and what it says: plain values.

use std::time::Duration;

use crate::{
    model::{
        delivery::Event,
        id::{DeliveryId, MemberId},
        time::Timestamp,
    },
    region::{maintenance::Maintenance, member::Rate},
    store::claim::{Claim, Stream},
};

/// How a target is reached under one region.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Way {
    /// It is no member any more; what waits for it is set aside.
    Gone,
    /// It collects from its mailbox, or has no such place; the lane rests.
    Collects,
    /// The hub pushes to it.
    Pushed(Pace),
}

/// At what pace a target is pushed to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pace {
    /// Deliveries and weight per period.
    pub rate: Rate,
    /// Attempts under way at once.
    pub permits: usize,
    /// When nothing is begun.
    pub maintenance: Maintenance,
    /// Whether a request could be made at all: address and TLS files are usable.
    pub reachable: bool,
    /// Which of its deliveries go there.
    pub stream: Stream,
}

/// A due head, as the lane looks at it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Its id.
    pub delivery: DeliveryId,
    /// Its chain: one attempt at a time.
    pub chain: i64,
    /// The source of its message.
    pub source: MemberId,
    /// Its weight for the target's rate.
    pub weight: u32,
    /// Whether an attempt at it failed before.
    pub retried: bool,
    /// Why it is not to be sent at all, if it is not.
    pub bar: Option<Event>,
    /// Whether its target asked for it again: then it goes out even while the breaker is shut, as a probe.
    pub asked: bool,
}

/// What is to be done next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// Read due heads, as [`crate::store::claim`] orders them, and give them to [`super::Lane::offer`].
    Look(Claim),
    /// Commit this event: the delivery leaves the lane.
    SetAside(DeliveryId, Event),
    /// Begin an attempt; its permit and its share of the rate are taken.
    Begin(DeliveryId),
    /// Do nothing for now.
    Rest(Rest),
}

/// Why and how long nothing is done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rest {
    /// When to ask again; `None`: when something changes.
    pub until: Option<Timestamp>,
    /// What the lane waits for.
    pub why: Why,
}

/// What a lane waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Why {
    /// Something to become due.
    Idle,
    /// An attempt to end.
    Permits,
    /// A release.
    Held,
    /// The end of the member's maintenance.
    Maintenance,
    /// The end of the breaker's pause.
    Breaker,
    /// The probe of the breaker to come back.
    Probe,
    /// The target's rate.
    Rate,
    /// An endpoint that can be used.
    Unreachable,
    /// Its member to collect, or to have such a place.
    Mailbox,
    /// The end of a short pause after a fault of ours.
    Fault,
}

/// An attempt that ended, committed or not.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ended {
    /// The delivery.
    pub delivery: DeliveryId,
    /// How.
    pub how: How,
    /// The technical cause, where waiting will not mend it: somebody is to look.
    pub alarm: Option<String>,
}

impl Ended {
    /// An attempt that ended through a fault of ours.
    #[must_use]
    pub fn by_us(delivery: DeliveryId) -> Self {
        Self { delivery, how: How::OurFault, alarm: None }
    }
}

/// What an attempt says about its target.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum How {
    /// It took the delivery.
    Taken,
    /// It refused the delivery with this code.
    Refused(String),
    /// It did not answer, or not as agreed.
    PartnerFault,
    /// Nothing: the attempt ended through a fault of ours.
    OurFault,
}

/// What follows from an attempt beyond its delivery.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// The target's breaker opened or closed, and is now in this state, in its word; another pause after a probe is none.
    BreakerMoved(&'static str),
    /// This cause is to be said: waiting will not mend it, and it was not said of the target since it was spared last.
    Alarm(String),
    /// Deliveries of this source (`None`: of all) are to be held, after refusals in a row with this code.
    Hold(Option<MemberId>, String),
}

/// Whether an instant that was set `most` ahead still lies ahead; not when the wall clock was set back since.
pub(super) fn is_ahead(now: Timestamp, until: Timestamp, most: Duration) -> bool {
    until > now && until.since(now) <= most
}
