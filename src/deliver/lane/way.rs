//! How a member is reached at a place, as its lane takes it. Pure.

use super::{Pace, Way};
use crate::{
    region::{member::Member, place::Place},
    store::claim::Stream,
};

/// Attempts under way at once at a sandbox.
pub const SANDBOX_PERMITS_MAX: usize = 1;

/// How its lane to a place takes a member.
pub(super) fn way(member: &Member, place: Place, reachable: bool) -> Way {
    let concurrency = usize::try_from(member.concurrency.get()).unwrap_or(usize::MAX);
    let permits = match (place, member.server(place)) {
        (_, None) => return Way::Collects,
        (Place::Own, Some(_)) => concurrency,
        (Place::Sandbox, Some(_)) => concurrency.min(SANDBOX_PERMITS_MAX),
    };
    let (rate, maintenance) = (member.rate, member.maintenance.clone());
    Way::Pushed(Pace { rate, permits, maintenance, reachable, stream: stream(member, place) })
}

/// Which of a member's deliveries its lane to a place takes: all, where it has only one.
pub(in crate::deliver) fn stream(member: &Member, place: Place) -> Stream {
    match (place, &member.sandbox) {
        (Place::Own, None) => Stream::All,
        (Place::Own, Some(_)) => Stream::Live,
        (Place::Sandbox, _) => Stream::Test,
    }
}
