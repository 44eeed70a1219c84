//! What members share and what each may take: room for bodies, connections, requests per second.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use governor::{
    DefaultDirectRateLimiter, Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{Config, handshake::Handshakes};
use crate::{
    model::{id::MemberId, reason::Reason},
    region::member::{InboundRate, Member},
};

/// The budgets of the door.
pub(super) struct Limits {
    /// Connections before anything is known of their peer.
    pub(super) handshakes: Arc<Handshakes>,
    /// One permit per connection of a member.
    connections: Arc<Semaphore>,
    /// One permit per connection of a peer that is no member, or past a cap.
    pub(super) strangers: Arc<Semaphore>,
    /// One permit per byte of a body, taken before the body is read and given back when its push is answered.
    bodies: Arc<Semaphore>,
    /// The same, for members that hold no body.
    reserve: Arc<Semaphore>,
    member_bodies_bytes_max: usize,
    body_room_timeout: Duration,
    /// What each member has taken; one entry per member that ever connected.
    members: Mutex<BTreeMap<MemberId, Taken>>,
}

/// What one member has taken.
struct Taken {
    rate: InboundRate,
    requests: Arc<DefaultDirectRateLimiter>,
    connections: u32,
    /// One permit per byte of a body of this member.
    bodies: Arc<Semaphore>,
}

/// Room for one body, given back when it is dropped: the member's share and the door's.
pub(super) struct Room {
    share: OwnedSemaphorePermit,
    budget: OwnedSemaphorePermit,
}

impl Room {
    /// Gives back what a body of so many bytes does not need.
    pub(super) fn shrink(&mut self, bytes: usize) {
        for permit in [&mut self.share, &mut self.budget] {
            drop(permit.split(permit.num_permits().saturating_sub(bytes)));
        }
    }
}

/// A member's connection, counted until it is dropped.
pub(super) struct Pass {
    _place: OwnedSemaphorePermit,
    limits: Arc<Limits>,
    member: MemberId,
}

/// Which cap a connection is past.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Past {
    /// The member's own.
    Own,
    /// That of all members.
    All,
}

impl Limits {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            handshakes: Handshakes::new(config.handshakes_max, config.handshakes_per_address_max),
            connections: Arc::new(Semaphore::new(config.connections_max)),
            strangers: Arc::new(Semaphore::new(config.strangers_max)),
            bodies: Arc::new(Semaphore::new(config.bodies_in_flight_bytes_max)),
            reserve: Arc::new(Semaphore::new(config.reserved_bodies_bytes_max)),
            member_bodies_bytes_max: config.member_bodies_bytes_max,
            body_room_timeout: config.body_room_timeout,
            members: Mutex::default(),
        }
    }

    /// Counts a connection of a member.
    ///
    /// # Errors
    /// The cap it would be past.
    pub(super) fn connect(self: &Arc<Self>, member: &Member) -> Result<Pass, Past> {
        let place = self.connections.clone().try_acquire_owned().map_err(|_| Past::All)?;
        let counted = self.with(member, |taken| {
            (taken.connections < member.inbound.connections_max).then(|| taken.connections += 1)
        });
        counted.ok_or(Past::Own)?;
        Ok(Pass { _place: place, limits: self.clone(), member: member.id.clone() })
    }

    /// Counts a request of a member.
    ///
    /// # Errors
    /// The time after which the member may ask again.
    pub(super) fn request(&self, member: &Member) -> Result<(), Duration> {
        let requests = self.with(member, |taken| taken.requests.clone());
        requests.check().map_err(|early| early.wait_time_from(DefaultClock::default().now()))
    }

    /// Takes room for a body of a member: from its share first, so that waiting for its own takes nothing from others.
    ///
    /// A member that holds nothing else may take it from the reserve too, which those that hold much cannot use up.
    ///
    /// # Errors
    /// [`Reason::Busy`] when there is none for [`Config::body_room_timeout`].
    pub(super) async fn room(&self, member: &Member, bytes: u32) -> Result<Room, Reason> {
        let share = self.with(member, |taken| taken.bodies.clone());
        let room = async {
            let permit = share.clone().acquire_many_owned(bytes).await.ok()?;
            let others = self.member_bodies_bytes_max - share.available_permits() - permit.num_permits();
            let budget = self.bodies.clone().acquire_many_owned(bytes);
            let budget = if others == 0 {
                tokio::select! {
                    biased;
                    budget = budget => budget,
                    budget = self.reserve.clone().acquire_many_owned(bytes) => budget,
                }
            } else {
                budget.await
            };
            Some(Room { share: permit, budget: budget.ok()? })
        };
        tokio::time::timeout(self.body_room_timeout, room).await.ok().flatten().ok_or(Reason::Busy)
    }

    /// Reads or changes what a member has taken; a reload that changed its rate starts a new burst.
    fn with<T>(&self, member: &Member, change: impl FnOnce(&mut Taken) -> T) -> T {
        let mut members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = members.entry(member.id.clone()).or_insert_with(|| Taken {
            rate: member.inbound,
            requests: limiter(member.inbound),
            connections: 0,
            bodies: Arc::new(Semaphore::new(self.member_bodies_bytes_max)),
        });
        if taken.rate != member.inbound {
            taken.rate = member.inbound;
            taken.requests = limiter(member.inbound);
        }
        change(taken)
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut members = self.limits.members.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(taken) = members.get_mut(&self.member) {
            taken.connections = taken.connections.saturating_sub(1);
        }
    }
}

fn limiter(rate: InboundRate) -> Arc<DefaultDirectRateLimiter> {
    Arc::new(RateLimiter::direct(Quota::per_second(rate.per_second).allow_burst(rate.burst)))
}
