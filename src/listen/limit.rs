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

use super::Config;
use crate::{
    model::{id::MemberId, reason::Reason},
    region::member::{InboundRate, Member},
};

/// The budgets of the door.
pub(super) struct Limits {
    /// One permit per connection, taken before it is accepted.
    pub(super) connections: Arc<Semaphore>,
    /// One permit per connection of a peer that is no member.
    pub(super) strangers: Arc<Semaphore>,
    /// One permit per byte of a body, taken before the body is read and given back when its push is answered.
    bodies: Arc<Semaphore>,
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
    _share: OwnedSemaphorePermit,
    _budget: OwnedSemaphorePermit,
}

/// A member's connection, counted until it is dropped.
pub(super) struct Pass {
    limits: Arc<Limits>,
    member: MemberId,
}

impl Limits {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            connections: Arc::new(Semaphore::new(config.connections_max)),
            strangers: Arc::new(Semaphore::new(config.strangers_max)),
            bodies: Arc::new(Semaphore::new(config.bodies_in_flight_bytes_max)),
            member_bodies_bytes_max: config.member_bodies_bytes_max,
            body_room_timeout: config.body_room_timeout,
            members: Mutex::default(),
        }
    }

    /// Counts a connection of a member; `None` when it has as many as it may.
    pub(super) fn connect(self: &Arc<Self>, member: &Member) -> Option<Pass> {
        self.with(member, |taken| {
            (taken.connections < member.inbound.connections_max).then(|| taken.connections += 1)
        })?;
        Some(Pass { limits: self.clone(), member: member.id.clone() })
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
    /// # Errors
    /// [`Reason::Busy`] when there is none for [`Config::body_room_timeout`].
    pub(super) async fn room(&self, member: &Member, bytes: u32) -> Result<Room, Reason> {
        let share = self.with(member, |taken| taken.bodies.clone());
        let room = async {
            let share = share.acquire_many_owned(bytes).await.ok()?;
            let budget = self.bodies.clone().acquire_many_owned(bytes).await.ok()?;
            Some(Room { _share: share, _budget: budget })
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
