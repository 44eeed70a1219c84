//! Whether the peer of a connection is a member now: asked on every request, answered by `authenticate`.

use std::sync::{Arc, Mutex, PoisonError};

use crate::{
    authenticate::{Peer, Unknown, member_of},
    model::{id::MemberId, time::Timestamp},
    region::Region,
};

/// The peer of a connection and the last answer about it.
pub(super) struct Standing {
    pub(super) peer: Arc<Peer>,
    last: Mutex<Option<Judged>>,
}

/// An answer holds for its region and its second: validity has whole seconds, so it is exact.
struct Judged {
    region: Arc<Region>,
    second: i64,
    answer: Result<MemberId, Unknown>,
}

impl Standing {
    pub(super) fn new(peer: Arc<Peer>) -> Self {
        Self { peer, last: Mutex::default() }
    }

    /// The member the peer is under this region, at this time.
    pub(super) fn member(&self, region: &Arc<Region>, now: Timestamp) -> Result<MemberId, Unknown> {
        let second = now.0.div_euclid(1000);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(judged) = last.as_ref()
            && judged.second == second
            && Arc::ptr_eq(&judged.region, region)
        {
            return judged.answer.clone();
        }
        let answer = member_of(region, &self.peer, now).map(|member| member.id.clone());
        *last = Some(Judged { region: region.clone(), second, answer: answer.clone() });
        answer
    }
}

/// Whether a connection of `member`, opened under `before`, may stay open under `after`.
pub(super) fn survives(
    standing: &Standing,
    member: &MemberId,
    regions: [&Arc<Region>; 2],
    now: Timestamp,
) -> bool {
    let [before, after] = regions;
    let identities = |region: &Region| region.members.get(member).map(|member| member.identities.clone());
    standing.member(after, now).as_ref() == Ok(member) && identities(before) == identities(after)
}
