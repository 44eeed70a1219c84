//! Whether links may go live: what a change of the region opens, and whether both ends are ready. Pure.
//!
//! A link goes live when it is `live` under the next region and was not under the one that runs, between two members of
//! the agreement that are not suspended. Both then need a green list of their checklist, no older than
//! [`GoLive::age_max`]. What was live before stays so, whatever became of its lists.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use super::{
    Region,
    agreement::{Agreement, Link, LinkState},
};
use crate::{
    model::{id::MemberId, time::Timestamp},
    problem::{Problem, unit::duration_text},
};

/// How old a list may be where the region does not say.
pub const AGE_DEFAULT: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// What is asked of members before a link of theirs goes live.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GoLive {
    /// Whether a region in which a list is wanting is refused, or only told.
    pub required: bool,
    /// How old a list may be.
    pub age_max: Duration,
}

impl Default for GoLive {
    fn default() -> Self {
        Self { required: false, age_max: AGE_DEFAULT }
    }
}

/// The newest list of a member.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Listed {
    /// When it was made.
    pub at: Timestamp,
    /// Whether it was green.
    pub green: bool,
}

/// A link that goes live, and one of its ends.
pub type Opening<'a> = (&'a Agreement, &'a Link, &'a MemberId);

/// Every link that goes live with `next`, once for each of its ends.
#[must_use]
pub fn openings<'a>(running: &Region, next: &'a Region) -> Vec<Opening<'a>> {
    live(next, |agreement, ends| !is_live(running, agreement, ends))
}

/// Every member with a link that is live.
#[must_use]
pub fn live_ends(region: &Region) -> BTreeSet<MemberId> {
    live(region, |_, _| true).into_iter().map(|(.., end)| end.clone()).collect()
}

/// Every link that is live between some two members that count, once for each of its ends.
fn live<'a>(
    next: &'a Region,
    counts: impl Fn(&Agreement, (&MemberId, &MemberId)) -> bool,
) -> Vec<Opening<'a>> {
    let mut found: BTreeMap<_, Opening<'a>> = BTreeMap::new();
    for agreement in next.agreements.values() {
        let members: Vec<_> = next.members.values().filter(|member| agreement.concerns(member)).collect();
        for from in &members {
            for to in members.iter().filter(|to| to.id != from.id) {
                let Some(link) = agreement.entry(&from.id, &to.id) else { continue };
                let now = link.state == LinkState::Live && !from.suspended && !to.suspended;
                if !now || !counts(agreement, (&from.id, &to.id)) {
                    continue;
                }
                for end in [&from.id, &to.id] {
                    found.insert((&agreement.id, &link.from, &link.to, end), (agreement, link, end));
                }
            }
        }
    }
    found.into_values().collect()
}

/// What is wanting of a list that is to count; `None` when it counts.
#[must_use]
pub fn lacks(list: Option<&Listed>, age_max: Duration, now: Timestamp) -> Option<String> {
    match list {
        None => Some("was never gone through".to_owned()),
        Some(Listed { green: false, at }) => Some(format!("was not green at {at}")),
        Some(Listed { at, .. }) if now.since(*at) > age_max => {
            Some(format!("is of {at}, older than {}", duration_text(age_max)))
        }
        Some(_) => None,
    }
}

/// What keeps links from going live: one problem for each link and each end without a list that counts.
#[must_use]
pub fn wanting(
    next: &Region,
    openings: &[Opening<'_>],
    lists: &BTreeMap<MemberId, Listed>,
    now: Timestamp,
) -> Vec<Problem> {
    let problem = |(_, link, end): &Opening<'_>| {
        let lacks = lacks(lists.get(*end), next.go_live.age_max, now)?;
        let text = format!("the link goes live, and the checklist of {end} {lacks}");
        Some(link.spot.problem(text).hint(format!("run coohub member test {end}, or keep the link in pilot")))
    };
    let problems: BTreeSet<Problem> = openings.iter().filter_map(problem).collect();
    problems.into_iter().collect()
}

fn is_live(region: &Region, agreement: &Agreement, (from, to): (&MemberId, &MemberId)) -> bool {
    let stands = |id: &MemberId| region.members.get(id).is_some_and(|member| !member.suspended);
    let link = region.agreements.get(&agreement.id).and_then(|agreement| agreement.link(from, to));
    link == Some(LinkState::Live) && stands(from) && stands(to)
}
