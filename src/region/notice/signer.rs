//! What will soon keep officials from signing, or already does: said by `check`, which alone knows the day.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    model::{id::Digest, time::Timestamp, value::Date},
    problem::Problem,
    region::{
        Region,
        member::IssuingBody,
        signer::{Anchor, Authority, Signer, Stale},
    },
};

/// How long before its end a signer's leaf is pointed out.
pub const LEAF_ENDS_SOON: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Everything about signers worth a second look at an instant, by file.
#[must_use]
pub fn notices(region: &Region, now: Timestamp) -> Vec<Problem> {
    let mut notices = Vec::new();
    for body in region.members.values().flat_map(|member| &member.bodies) {
        notices.extend(twice(body));
        notices.extend(body.signers.iter().filter_map(|signer| ends(signer, now)));
        for authority in &body.authorities {
            notices.extend(stale(authority, now));
            notices.extend(unwatched(authority));
        }
    }
    notices.sort();
    notices
}

/// A leaf that is at its end while its official may still sign.
fn ends(signer: &Signer, now: Timestamp) -> Option<Problem> {
    let ends = signer.leaf_ends.filter(|ends| *ends < now.plus(LEAF_ENDS_SOON))?;
    let needed = signer.revoked.is_none() && signer.window.until.is_none_or(|until| until > now.max(ends));
    let word = if ends < now { "ended" } else { "ends" };
    let text = format!("the leaf of \"{}\" {word} on {}", signer.name, Date::of(ends).as_str());
    needed.then(|| signer.spot.problem(text).hint("list the official's next leaf beside it in time"))
}

/// One leaf listed twice for a body; in two bodies it is fine.
fn twice(body: &IssuingBody) -> Vec<Problem> {
    let mut first: BTreeMap<Digest, &Signer> = BTreeMap::new();
    let mut found = Vec::new();
    for signer in &body.signers {
        if let Some(earlier) = first.get(&signer.leaf) {
            let text = format!(
                "the leaf of \"{}\" is listed for \"{}\" on line {} too; a revocation of either counts for both",
                signer.name, body.id, earlier.spot.line
            );
            found.push(signer.spot.problem(text));
        }
        first.entry(signer.leaf).or_insert(signer);
    }
    found
}

fn stale(authority: &Authority, now: Timestamp) -> Vec<Problem> {
    let newest = |issuer: &Vec<u8>| {
        authority.lists.iter().filter(|list| list.issuer == *issuer).max_by_key(|list| list.this_update)
    };
    let lists = authority.lists.iter().filter(|list| newest(&list.issuer) == Some(*list));
    let stale = lists.filter(|list| list.is_stale(now, authority.lists_age_max));
    stale
        .map(|list| {
            let then = match authority.stale {
                Stale::Refuse => "documents signed under it are refused",
                Stale::Warn => "documents signed under it are taken with a warning",
            };
            let text = format!(
                "the revocation list in {} is stale: made {}, the next was due {}; {then}",
                list.file, list.this_update, list.next_update
            );
            authority.spot.problem(text).hint("put the authority's next list in its place and reload")
        })
        .collect()
}

/// An anchor none of whose leaves can ever be found revoked, or, beside lists for others, ever be found good.
fn unwatched(authority: &Authority) -> Option<Problem> {
    let watched = |anchor: &Anchor| authority.lists.iter().any(|list| list.issuer == anchor.name);
    let bare = authority.anchors.iter().filter(|anchor| !watched(anchor)).count();
    let text = match (bare, authority.is_watched()) {
        (0, _) => return None,
        (_, false) => "has no revocation list, so no leaf under it can be found revoked".to_owned(),
        (bare, true) => {
            format!("{bare} of its anchors have no revocation list: leaves under them count as not covered")
        }
    };
    Some(authority.spot.problem(text))
}
