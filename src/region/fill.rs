//! Links over which nothing could be delivered as agreed: the target's form demands what the source's form never has.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Region,
    agreement::{Agreement, LinkState},
    member::{Form, Member, OnUnrenderable},
};
use crate::{
    format::canonical,
    model::id::FormatId,
    problem::{Problem, Spot},
    render::coverage::{Coverage, Unfillable},
};

/// Most demands named in one sentence.
const DEMANDS_NAMED_MAX: usize = 3;

/// Live links without a fallback: every certificate that passes would be held.
#[must_use]
pub(super) fn held(region: &Region) -> Vec<Problem> {
    let hint = "take another form under this agreement, or say on_unrenderable = \"canonical-json\", \"canonical-xml\" or \
                \"original\"";
    unfilled(region, |member| member.takes.on_unrenderable == OnUnrenderable::Hold, "each would be held")
        .into_iter()
        .map(|problem| problem.hint(hint))
        .collect()
}

/// Live links with a fallback: every certificate that passes goes out in another form than the one agreed.
#[must_use]
pub(super) fn falls_back(region: &Region) -> Vec<Problem> {
    let falls = |member: &Member| member.takes.on_unrenderable != OnUnrenderable::Hold;
    unfilled(region, falls, "each goes out as takes.on_unrenderable says")
}

fn unfilled(region: &Region, which: impl Fn(&Member) -> bool, then: &str) -> Vec<Problem> {
    let mut known: BTreeMap<FormatId, Coverage> = BTreeMap::new();
    let mut problems = BTreeSet::new();
    for agreement in region.agreements.values() {
        for target in region.members.values().filter(|member| !member.customs.is_empty() && which(member)) {
            let Form::Table(wanted) = target.takes.form(&agreement.id) else { continue };
            for form in live_forms(region, agreement, target) {
                let Some(misses) = misses(region, &mut known, (form, wanted)) else { continue };
                if !misses.is_empty() {
                    problems.insert(problem(agreement, target, (form, wanted), (&misses, then)));
                }
            }
        }
    }
    problems.into_iter().collect()
}

/// The forms in which members with a live link to the target send.
fn live_forms<'a>(region: &'a Region, agreement: &Agreement, target: &Member) -> BTreeSet<&'a Form> {
    let live = |source: &&Member| {
        source.id != target.id
            && !source.bodies.is_empty()
            && agreement.link(&source.id, &target.id) == Some(LinkState::Live)
    };
    region.members.values().filter(live).flat_map(|source| &source.sends).collect()
}

fn misses(
    region: &Region,
    known: &mut BTreeMap<FormatId, Coverage>,
    (source, target): (&Form, &FormatId),
) -> Option<Vec<Unfillable>> {
    for id in [target].into_iter().chain(table_of(source)) {
        if let Some(table) = region.tables.get(id).filter(|_| !known.contains_key(id)) {
            known.insert(id.clone(), Coverage::of(table));
        }
    }
    let target = known.get(target)?;
    let pair = match table_of(source) {
        Some(id) => known.get(id)?.to(target),
        None => Coverage::of(canonical::json()?).to(target),
    };
    Some(pair.unfillable)
}

fn table_of(form: &Form) -> Option<&FormatId> {
    match form {
        Form::Table(id) => Some(id),
        Form::Canonical(_) => None,
    }
}

fn problem(
    agreement: &Agreement,
    target: &Member,
    (source, wanted): (&Form, &FormatId),
    (misses, then): (&[Unfillable], &str),
) -> Problem {
    let named = misses.iter().take(DEMANDS_NAMED_MAX).map(|miss| format!("{} ({})", miss.at, miss.field));
    let more = misses.len().saturating_sub(DEMANDS_NAMED_MAX);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let reason = format!(
        "what comes as {} under {} can never be written as {wanted}, which demands {}{more}; {then}",
        source.name(),
        agreement.id,
        named.collect::<Vec<_>>().join(", "),
    );
    Spot { key: "takes".to_owned(), ..target.spot.clone() }.problem(reason)
}
