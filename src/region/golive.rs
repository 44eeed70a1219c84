//! Whether links may go live: what a change of the region opens, and whether both ends are ready. Pure.
//!
//! A link goes live when it is `live` under the next region and was not under the one that runs, between two members of
//! the agreement that are not suspended. Both then need a green list of their checklist, no older than
//! [`GoLive::age_max`]. What was live before stays so, whatever became of its lists; and what was live lately and is only
//! suspended opens again without, for an end that is as it was then: shutting a link for an incident must cost nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use super::{
    Region,
    agreement::{Agreement, Link, LinkState},
    member::{Form, Member},
};
use crate::{
    model::{id::MemberId, time::Timestamp},
    problem::{Problem, unit::duration_text},
};

/// How old a list may be where the region does not say.
pub const AGE_DEFAULT: Duration = Duration::from_secs(90 * 24 * 60 * 60);
/// How long ago a suspended link may have been live to open again without lists.
pub const REOPENS_WITHIN: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Links of one member that are named where its list is wanting.
const LINKS_NAMED_MAX: usize = 3;

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

/// A region that ran lately, as it is read today.
#[derive(Debug)]
pub struct Lately {
    /// The region, with what the certs folder holds today.
    pub region: Region,
    /// Members of which a file of the certs folder may be another than it was then.
    pub others: BTreeSet<MemberId>,
}

/// A link that goes live, and one of its ends.
pub type Opening<'a> = (&'a Agreement, &'a Link, &'a MemberId);

/// Every link that goes live with `next`, once for each of its ends; but for those only suspended, the ends that are as
/// they were under one of the regions that ran `lately`, with the link live.
#[must_use]
pub fn openings<'a>(running: &Region, next: &'a Region, lately: &[Lately]) -> Vec<Opening<'a>> {
    live(next, |agreement, ends, end| {
        let held = |Lately { region, others }: &Lately| {
            is_live(region, agreement, ends) && !others.contains(end) && is_as_it_was(region, next, end)
        };
        let reopens = || is_suspended(running, agreement, ends) && lately.iter().any(held);
        !is_live(running, agreement, ends) && !reopens()
    })
}

/// Every member with a link that is live.
#[must_use]
pub fn live_ends(region: &Region) -> BTreeSet<MemberId> {
    live(region, |_, _, _| true).into_iter().map(|(.., end)| end.clone()).collect()
}

/// Every link that is live between some two members, once for each of its ends that count.
fn live<'a>(
    next: &'a Region,
    counts: impl Fn(&Agreement, (&MemberId, &MemberId), &MemberId) -> bool,
) -> Vec<Opening<'a>> {
    let mut found: BTreeMap<_, Opening<'a>> = BTreeMap::new();
    for agreement in next.agreements.values() {
        let members: Vec<_> = next.members.values().filter(|member| agreement.concerns(member)).collect();
        for from in &members {
            for to in members.iter().filter(|to| to.id != from.id) {
                let Some(link) = agreement.entry(&from.id, &to.id) else { continue };
                let now = link.state == LinkState::Live && !from.suspended && !to.suspended;
                if !now {
                    continue;
                }
                let counts = |end: &&MemberId| counts(agreement, (&from.id, &to.id), end);
                for end in [&from.id, &to.id].into_iter().filter(counts) {
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

/// What keeps links from going live: one problem for each member without a list that counts, however many links it has.
#[must_use]
pub fn wanting(
    next: &Region,
    openings: &[Opening<'_>],
    lists: &BTreeMap<MemberId, Listed>,
    now: Timestamp,
) -> Vec<Problem> {
    let mut of_end: BTreeMap<&MemberId, Vec<&Opening<'_>>> = BTreeMap::new();
    for opening in openings {
        of_end.entry(opening.2).or_default().push(opening);
    }
    let problem = |(end, links): (&MemberId, Vec<&Opening<'_>>)| {
        let lacks = lacks(lists.get(end), next.go_live.age_max, now)?;
        let (_, first, _) = links.first()?;
        let (what, which) = match links.len() {
            1 => ("the link goes live".to_owned(), "the link"),
            count => (format!("{count} links go live ({})", named(&links)), "the links"),
        };
        let problem = first.spot.problem(format!("{what}, and the checklist of {end} {lacks}"));
        Some(problem.hint(format!("run coohub member test {end}, or keep {which} in pilot")))
    };
    let mut problems: Vec<Problem> = of_end.into_iter().filter_map(problem).collect();
    problems.sort();
    problems
}

/// The first few of them, and how many more there are.
fn named(links: &[&Opening<'_>]) -> String {
    let one = |end: &Option<MemberId>| end.as_ref().map_or("*", MemberId::as_str).to_owned();
    let shown = links.iter().take(LINKS_NAMED_MAX).map(|(agreement, link, _)| {
        format!("{} to {} under {}", one(&link.from), one(&link.to), agreement.id)
    });
    let more = links.len().saturating_sub(LINKS_NAMED_MAX);
    let more = (more > 0).then(|| format!("{more} more"));
    shown.chain(more).collect::<Vec<_>>().join(", ")
}

fn is_live(region: &Region, agreement: &Agreement, (from, to): (&MemberId, &MemberId)) -> bool {
    let stands = |id: &MemberId| region.members.get(id).is_some_and(|member| !member.suspended);
    state(region, agreement, (from, to)) == Some(LinkState::Live) && stands(from) && stands(to)
}

/// Whether a link that is not live is so only because it, or a member of it, is suspended.
fn is_suspended(region: &Region, agreement: &Agreement, ends: (&MemberId, &MemberId)) -> bool {
    matches!(state(region, agreement, ends), Some(LinkState::Suspended | LinkState::Live))
}

fn state(region: &Region, agreement: &Agreement, (from, to): (&MemberId, &MemberId)) -> Option<LinkState> {
    region.agreements.get(&agreement.id).and_then(|agreement| agreement.link(from, to))
}

/// Whether a member is recognised and reached as before, and sends and takes the same forms, written as before: what a
/// list vouches for.
fn is_as_it_was(then: &Region, next: &Region, id: &MemberId) -> bool {
    let (Some(was), Some(is)) = (then.members.get(id), next.members.get(id)) else { return false };
    let written = |form: &Form| match form {
        Form::Canonical(_) => true,
        Form::Table(id) => {
            then.tables.get(id).map(|table| table.digest) == next.tables.get(id).map(|table| table.digest)
        }
    };
    was.identities == is.identities
        && was.reach == is.reach
        && was.sends == is.sends
        && (&was.takes.form, &was.takes.per_agreement) == (&is.takes.form, &is.takes.per_agreement)
        && forms(is).all(written)
}

/// Every form a member sends or takes.
fn forms(member: &Member) -> impl Iterator<Item = &Form> {
    let Member { sends, takes, .. } = member;
    sends.iter().chain([&takes.form]).chain(takes.per_agreement.values())
}
