//! What members did at the door that leaves no record in the store; for whoever goes through a checklist with them.
//!
//! Memory only, one entry for each member and kind: a restart forgets it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use crate::model::{id::MemberId, time::Timestamp};

/// A kind of what is seen.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Deed {
    /// It asked whether it is known.
    Ping,
    /// It pushed once more what was accepted before.
    Repeat,
    /// It put an attachment.
    Attachment,
}

/// When each member did each last; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Seen(Arc<Mutex<BTreeMap<(MemberId, Deed), Timestamp>>>);

impl Seen {
    /// Notes that a member did something.
    pub fn note(&self, member: &MemberId, deed: Deed, at: Timestamp) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.insert((member.clone(), deed), at);
    }

    /// When a member did it last, since the hub started.
    #[must_use]
    pub fn last(&self, member: &MemberId, deed: Deed) -> Option<Timestamp> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(&(member.clone(), deed)).copied()
    }
}
