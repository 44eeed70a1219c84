//! What the store tells operators of what waits, and of what ended without arriving: straight out of indexes, in pages.

use std::time::Duration;

use super::{Fault, Store, read::rows, record::Delivery};
use crate::model::{delivery::State, id::MemberId, time::Timestamp};

/// Rows counted at most for one figure; a figure that is this high may be higher.
pub const COUNTED_MAX: u32 = 100_000;
/// How long an answer that never comes is counted as overdue; it stays listed.
pub const OVERDUE_COUNTED: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Rows looked at for one page, whatever its filter lets through.
pub const LOOKED_AT_MAX: u32 = 10_000;

/// What waits for one target.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Backlog {
    /// Deliveries not ended; counted up to [`COUNTED_MAX`], as are all figures here.
    pub open: u32,
    /// Of them, those that may go now.
    pub due: u32,
    /// Of them, those that are held.
    pub held: u32,
    /// Deliveries refused, expired or cancelled.
    pub dead: u32,
    /// What arrived and was not answered in its time.
    pub overdue: Option<Overdue>,
    /// When the oldest head of a chain, due or held, was made.
    pub oldest: Option<Timestamp>,
    /// The same of what counts: test traffic, which comes and goes with a sandbox, is left out. `None` also where
    /// [`COUNTED_MAX`] heads of test traffic are older.
    pub oldest_live: Option<Timestamp>,
    /// When the next attempt may begin.
    pub next_due: Option<Timestamp>,
}

/// Answers that a target's customs owes, past the time that agreements state for them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Overdue {
    /// Certificates not answered, for [`OVERDUE_COUNTED`] past their time; counted up to [`COUNTED_MAX`].
    pub count: u32,
    /// When the first of the answers was due.
    pub since: Timestamp,
}

/// Which deliveries are listed, and in which order: target by target, and within each the oldest first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shelf {
    /// Heads of chains, due or held.
    Waiting,
    /// Held ones.
    Held,
    /// Those behind a head, chain by chain.
    Queued,
    /// Refused, expired and cancelled ones, by when they ended.
    Dead,
    /// Those that arrived and wait for an answer of the target's customs, by when it is due.
    Awaited,
}

/// What to list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listing {
    /// The shelf.
    pub shelf: Shelf,
    /// Only those in this state, by its word.
    pub state: Option<&'static str>,
    /// Only those to this target.
    pub target: Option<MemberId>,
    /// Only those of this source.
    pub source: Option<MemberId>,
    /// Only those whose key is no later: when made, ended, or due to be answered.
    pub until: Option<Timestamp>,
    /// Where the page before ended.
    pub after: Option<Place>,
    /// Most deliveries wanted.
    pub limit: usize,
}

/// A place on a shelf.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// Target.
    pub target: String,
    /// When made, ended, or due to be answered; the chain on the shelf of queued ones.
    pub key: i64,
    /// Sequence of the delivery.
    pub sequence: i64,
}

/// A page of deliveries.
#[derive(Clone, Debug)]
pub struct Page {
    /// The deliveries; fewer than wanted does not mean that there are no more.
    pub deliveries: Vec<Delivery>,
    /// Where it ended; `None` at the end of the shelf.
    pub next: Option<Place>,
}

impl Shelf {
    /// The shelf that deliveries of a state are on; delivered ones are on none.
    #[must_use]
    pub fn of(state: &State) -> Option<Self> {
        match state {
            State::Due { .. } => Some(Self::Waiting),
            State::Held { .. } => Some(Self::Held),
            State::Queued => Some(Self::Queued),
            State::Refused { .. } | State::Expired | State::Cancelled => Some(Self::Dead),
            State::Delivered => None,
        }
    }
}

impl Store {
    /// What waits for a target, in figures.
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn backlog(&self, target: &MemberId, now: Timestamp) -> Result<Backlog, Fault> {
        let target = target.clone();
        self.read(move |db| db.backlog(&target, now)).await
    }

    /// Every target with open deliveries; one index search each, whatever the backlog.
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn targets(&self) -> Result<Vec<MemberId>, Fault> {
        self.read(|db| db.targets()).await
    }

    /// A page of a shelf.
    ///
    /// **Bounds:** [`LOOKED_AT_MAX`] rows looked at, [`super::READ_ROWS_MAX`] given.
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn list(&self, listing: Listing) -> Result<Page, Fault> {
        self.read(move |db| db.list(&listing, rows(listing.limit))).await
    }

    /// Deliveries to a target that ended without arriving at or after an instant, by when they ended; from the one after
    /// `after`.
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn dead_since(
        &self,
        target: &MemberId,
        since: Timestamp,
        after: Option<Place>,
        limit: usize,
    ) -> Result<Page, Fault> {
        let start = Place { target: target.to_string(), key: since.0, sequence: 0 };
        let listing = Listing {
            shelf: Shelf::Dead,
            state: None,
            target: Some(target.clone()),
            source: None,
            until: None,
            after: Some(after.unwrap_or(start)),
            limit,
        };
        self.list(listing).await
    }
}
