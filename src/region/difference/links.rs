//! What passes between two members before and after.
//!
//! Decided for every pair by the entry that counts, since an entry that names fewer opens what another's end leaves to
//! it; told by the entries, once for all the pairs of one.

use std::collections::BTreeSet;

use super::{Effect, Told, day};
use crate::{
    model::{id::MemberId, value::Date},
    region::agreement::{Agreement, Link, LinkState},
};

/// What of a link is compared.
type Shape<'a> = (&'a Option<MemberId>, &'a Option<MemberId>, LinkState, Option<&'a str>, Option<&'a str>);

pub(super) fn compare(
    told: &mut Told,
    members: &BTreeSet<&MemberId>,
    old: Option<&Agreement>,
    new: &Agreement,
) {
    let touched = touched(old.map_or(&[][..], |old| &old.links), &new.links);
    for from in members {
        for to in members.iter().filter(|to| from != *to) {
            if !touched.iter().any(|link| link.fits(from, to)) {
                continue;
            }
            let (was, is) = (old.and_then(|old| old.entry(from, to)), new.entry(from, to));
            // The narrower of the two is what the words are about.
            let rank = |link: &&Link| (link.from.is_some(), link.to.is_some());
            let Some(about) = [was, is].into_iter().flatten().max_by_key(rank) else { continue };
            pair(told, &format!("from {} to {}", side(&about.from), side(&about.to)), was, is);
        }
    }
}

/// The entries that came, went or changed.
fn touched<'a>(old: &'a [Link], new: &'a [Link]) -> Vec<&'a Link> {
    let (before, after): (BTreeSet<_>, BTreeSet<_>) =
        (old.iter().map(shape).collect(), new.iter().map(shape).collect());
    let gone = old.iter().filter(|link| !after.contains(&shape(link)));
    gone.chain(new.iter().filter(|link| !before.contains(&shape(link)))).collect()
}

fn shape(link: &Link) -> Shape<'_> {
    let Link { from, to, state, live_from, paper_until, spot: _ } = link;
    (from, to, *state, live_from.as_ref().map(Date::as_str), paper_until.as_ref().map(Date::as_str))
}

fn pair(told: &mut Told, what: &str, was: Option<&Link>, is: Option<&Link>) {
    let states = (&was.map(|link| link.state), &is.map(|link| link.state));
    told.rank(("link", what), states, |state| rank(*state), |state| word(*state).to_owned());
    let (Some(was), Some(is)) = (was, is) else { return };
    let date = |date: &Option<Date>| day(date.as_ref());
    let electronic = (Effect::Form, "link.live_from", &*format!("{what}: electronic from"));
    told.value(electronic, (&was.live_from, &is.live_from), date);
    let paper = (Effect::Form, "link.paper_until", &*format!("{what}: on paper until"));
    told.value(paper, (&was.paper_until, &is.paper_until), date);
}

fn side(side: &Option<MemberId>) -> &str {
    side.as_ref().map_or("every member", MemberId::as_str)
}

fn rank(state: Option<LinkState>) -> u8 {
    match state {
        None | Some(LinkState::Suspended) => 0,
        Some(LinkState::Test) => 1,
        Some(LinkState::Pilot) => 2,
        Some(LinkState::Live) => 3,
    }
}

fn word(state: Option<LinkState>) -> &'static str {
    match state {
        None => "no link",
        Some(LinkState::Suspended) => "suspended",
        Some(LinkState::Test) => "test",
        Some(LinkState::Pilot) => "pilot",
        Some(LinkState::Live) => "live",
    }
}
