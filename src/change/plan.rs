//! What the folder would change of the running hub, in words, and what it would do to deliveries that are open.

use std::{collections::BTreeMap, sync::Arc};

use super::{Answer, Change, Readiness, kept, wrong};
use crate::{
    deliver::entitlement::entitled,
    files::Files,
    model::{
        delivery::State,
        id::{Digest, MemberId},
        reason::Reason,
    },
    problem::{PROBLEMS_SHOWN_MAX, Problem},
    region::{
        Region,
        difference::{About, Difference, Effect, difference},
    },
    store::{
        Fault,
        backlog::{Listing, Place, Shelf},
        record::Delivery,
    },
};

/// Open deliveries looked at for one plan; figures that reach it may be higher.
pub const LOOKED_AT_MAX: usize = 20_000;
/// Deliveries read at once.
const PAGE_DELIVERIES: usize = 500;

/// What the folder would change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plan {
    /// The configuration that runs.
    pub running: Digest,
    /// The one of the folder.
    pub folder: Digest,
    /// What is different, the gravest first.
    pub differences: Vec<Difference>,
    /// Files that are others: their names, and what became of them.
    pub files: serde_json::Value,
    /// What would become of open deliveries, by target.
    pub deliveries: BTreeMap<MemberId, Fate>,
    /// Whether not every open delivery was looked at.
    pub more: bool,
    /// Whether it must be confirmed by a second operator.
    pub second: bool,
    /// How much its files are, in words, where they are too much to be kept; and whether it is refused for that.
    pub unkept: Option<(String, bool)>,
    /// What is wanting of members whose links would go live.
    pub ready: Readiness,
}

/// What would become of the open deliveries of one target.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Fate {
    /// Deliveries that would be held: their target may no longer have them.
    pub held: usize,
    /// Deliveries held for that reason that would go on.
    pub freed: usize,
}

impl Plan {
    /// Whether the folder is another configuration than the one that runs.
    #[must_use]
    pub fn changes(&self) -> bool {
        self.running != self.folder
    }

    /// What applying it is refused for.
    #[must_use]
    pub fn refused(&self) -> Vec<String> {
        let much = self.unkept.iter().filter(|(_, refused)| *refused);
        let much = much.map(|(much, _)| format!("the files are too much to be kept: {much}"));
        told(self.ready.refuses().unwrap_or_default()).chain(much).collect()
    }

    /// What is told, and keeps nothing from being applied.
    #[must_use]
    pub fn advised(&self) -> Vec<String> {
        let much = self.unkept.iter().filter(|(_, refused)| !refused);
        let much = much.map(|(much, _)| {
            format!("the files are too much to be kept, so nobody can go back to them: {much}")
        });
        told(self.ready.advised()).chain(much).collect()
    }
}

impl Change {
    /// Reads and checks the folder and compares it with what runs; changes nothing.
    ///
    /// **Bounds:** [`LOOKED_AT_MAX`] open deliveries.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn plan(&self) -> Answer<Plan> {
        let (folder, old) = (self.ground.folder(), self.region.borrow().clone());
        let read = match self.read(Files::at(folder)).await? {
            Ok(read) => read,
            Err(problems) => return Ok(Err(wrong(folder, problems))),
        };
        let new = Arc::new(read.candidate.region);
        if old.digest == new.digest {
            self.ground.settled();
        }
        let refused = old.operators.max(new.operators) > 1;
        let unkept = kept::too_much(&read.files).map(|much| (much, refused));
        let differences = difference(&old, &new);
        let passes = |one: &Difference| matches!(one.effect, Effect::Widens | Effect::Narrows);
        let (deliveries, more) = match differences.iter().any(passes) {
            true => self.fates(&old, &new).await?,
            false => (BTreeMap::new(), false),
        };
        Ok(Ok(Plan {
            running: old.digest,
            folder: new.digest,
            files: super::history::files_changed(Some(&kept::digests(&old)), &kept::digests(&new)),
            second: demands_second(&old, &differences),
            unkept: unkept.filter(|_| old.digest != new.digest),
            ready: self.readiness(&old, &new).await?,
            differences,
            deliveries,
            more,
        }))
    }

    async fn fates(&self, old: &Region, new: &Region) -> Result<(BTreeMap<MemberId, Fate>, bool), Fault> {
        let mut fates: BTreeMap<MemberId, Fate> = BTreeMap::new();
        let mut left = LOOKED_AT_MAX;
        for target in self.store.targets().await? {
            for shelf in [Shelf::Waiting, Shelf::Queued] {
                let mut after = None;
                loop {
                    let page = self.store.list(listing(shelf, &target, after, left)).await?;
                    left = left.saturating_sub(page.deliveries.len());
                    for delivery in &page.deliveries {
                        let fate = fates.entry(target.clone()).or_default();
                        match fate_of(old, new, delivery) {
                            Some(Turn::Held) => fate.held += 1,
                            Some(Turn::Freed) => fate.freed += 1,
                            None => {}
                        }
                    }
                    after = page.next;
                    if after.is_none() || left == 0 {
                        break;
                    }
                }
            }
        }
        fates.retain(|_, fate| *fate != Fate::default());
        Ok((fates, left == 0))
    }
}

/// Whether a change must be confirmed by a second operator: the rule is that of the region that runs. Pure.
///
/// A format table or code list counts as well: it says which words of a document stand in which field, and so who sees
/// them.
pub(super) fn demands_second(running: &Region, differences: &[Difference]) -> bool {
    let shows = |one: &Difference| {
        one.effect == Effect::Widens || matches!(one.about, About::Format(_) | About::Codes(_))
    };
    running.operators > 1 && differences.iter().any(shows)
}

fn told(problems: &[Problem]) -> impl Iterator<Item = String> {
    problems.iter().take(PROBLEMS_SHOWN_MAX).map(ToString::to_string)
}

enum Turn {
    Held,
    Freed,
}

fn fate_of(old: &Region, new: &Region, delivery: &Delivery) -> Option<Turn> {
    let waits = matches!(delivery.life.state, State::Held { reason: Reason::NotEntitled });
    match (entitled(old, delivery), entitled(new, delivery)) {
        (true, false) => Some(Turn::Held),
        (_, true) if waits => Some(Turn::Freed),
        _ => None,
    }
}

fn listing(shelf: Shelf, target: &MemberId, after: Option<Place>, left: usize) -> Listing {
    let limit = left.min(PAGE_DELIVERIES);
    Listing { shelf, state: None, target: Some(target.clone()), source: None, until: None, after, limit }
}
