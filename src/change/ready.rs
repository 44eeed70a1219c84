//! Whether the members whose links go live are ready for it, by the reports that are kept.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{MutexGuard, PoisonError},
    time::Duration,
};

use serde_json::{Value, json};

use super::{
    Change,
    kept::{self, Configuration, Head, NAME},
};
use crate::{
    files::Files,
    model::id::{Digest, MemberId},
    operate::{Operate, checklist::report},
    problem::Problem,
    region::{
        Region,
        golive::{self, Lately, Listed, REOPENS_WITHIN},
    },
    store::{Fault, register::Book},
};

/// Most configurations looked back at for what was live lately.
const LATELY_MAX: usize = 10;

/// What the lists of members say of links that go live.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Readiness {
    /// What is wanting, a problem for each member.
    pub wanting: Vec<Problem>,
    /// Whether such a configuration is refused, or only told.
    pub required: bool,
    /// The members whose lists are wanting.
    pub(super) ends: BTreeSet<MemberId>,
}

impl Readiness {
    /// What the configuration is refused for.
    #[must_use]
    pub fn refuses(&self) -> Option<&[Problem]> {
        (self.required && !self.wanting.is_empty()).then_some(&self.wanting)
    }

    /// What is told, and keeps nothing.
    #[must_use]
    pub fn advised(&self) -> &[Problem] {
        if self.required { &[] } else { &self.wanting }
    }
}

impl Change {
    /// What is wanting of the lists of members whose links go live with `next`.
    ///
    /// # Errors
    /// A fault of the store.
    pub(super) async fn readiness(&self, running: &Region, next: &Region) -> Result<Readiness, Fault> {
        let mut openings = golive::openings(running, next, &[]);
        // Each region is read anew: only where it may spare somebody a list.
        if next.go_live.required && !openings.is_empty() {
            openings = golive::openings(running, next, &self.lately(next).await?);
        }
        let (mut lists, mut ends) = (BTreeMap::new(), BTreeSet::new());
        for end in openings.iter().map(|(.., end)| *end).collect::<BTreeSet<_>>() {
            let listed = self.listed(end).await?;
            let lacks = golive::lacks(listed.as_ref(), next.go_live.age_max, self.ledger.now());
            ends.extend(lacks.map(|_| end.clone()));
            lists.extend(listed.map(|listed| (end.clone(), listed)));
        }
        let wanting = golive::wanting(next, &openings, &lists, self.ledger.now());
        Ok(Readiness { wanting, required: next.go_live.required, ends })
    }

    /// The regions that ran within [`REOPENS_WITHIN`], besides the one that runs, as far as they were kept and can be
    /// read today.
    ///
    /// **Bounds:** [`LATELY_MAX`] of them.
    async fn lately(&self, next: &Region) -> Result<Vec<Lately>, Fault> {
        let (now, mut found) = (self.ledger.now(), Vec::new());
        let mut after = self.store.entry(Book::Configuration, NAME).await?;
        for _ in 0..LATELY_MAX {
            // One ran until the one after it was applied.
            let Some(until) = after.filter(|after| now.since(after.at) <= REOPENS_WITHIN) else { break };
            after = self.one(Some(until.number)).await?;
            let Some(Configuration { head, files: Some(files), .. }) = after.as_ref().and_then(kept::read)
            else {
                continue;
            };
            let read = self.read(Files::of(files)).await?.ok().map(|read| read.candidate.region);
            found.extend(read.map(|region| Lately { others: others(&head, &region, next), region }));
        }
        Ok(found)
    }

    /// The members whose links went live without a list that counted and that have no green one since, each with what is
    /// wanting.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn advised(&self) -> Result<Vec<(MemberId, String)>, Fault> {
        let (unlisted, mut advised) = (self.unlisted().clone(), Vec::new());
        for member in unlisted {
            let listed = self.listed(&member).await?;
            match golive::lacks(listed.as_ref(), Duration::MAX, self.ledger.now()) {
                Some(lacks) => advised.push((member, lacks)),
                None => drop(self.unlisted().remove(&member)),
            }
        }
        Ok(advised)
    }

    /// The hub as a whole, with what its configuration lacks and what waits to be confirmed; the same at every door.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn status(&self, operate: &Operate) -> Result<Value, Fault> {
        let mut hub = operate.status().await?;
        let word =
            |(member, lacks): (MemberId, String)| json!({"member": member.as_str(), "checklist": lacks});
        let advised: Vec<_> = self.advised().await?.into_iter().map(word).collect();
        if let Value::Object(members) = &mut hub {
            members.insert("advised".to_owned(), json!(advised));
            members.insert("proposed".to_owned(), json!(self.proposal().await?));
        }
        Ok(hub)
    }

    /// The members whose links went live without a list, after `next` is applied.
    pub(super) fn unlisted_with(&self, next: &Region, ready: &Readiness) -> BTreeSet<MemberId> {
        let before = self.unlisted().clone();
        let ends = before.into_iter().chain(ready.ends.iter().cloned());
        let live = golive::live_ends(next);
        ends.filter(|member| live.contains(member)).collect()
    }

    pub(super) fn unlisted(&self) -> MutexGuard<'_, BTreeSet<MemberId>> {
        self.unlisted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn listed(&self, member: &MemberId) -> Result<Option<Listed>, Fault> {
        let entry = self.store.entry(Book::Report, member.as_str()).await?;
        Ok(entry.map(|entry| Listed { at: entry.at, green: report::was_green(&entry.bytes) }))
    }
}

/// The members of a region of then, read today, of which a file of the certs folder is not known to be what it was: those
/// files are not kept, their digests are.
fn others(then: &Head, read: &Region, next: &Region) -> BTreeSet<MemberId> {
    let same = |name: &String| {
        let is = |region: &Region| region.files.get(name).map(Digest::hex);
        then.digests
            .get(name)
            .is_some_and(|was| is(read).as_ref() == Some(was) && is(next).is_none_or(|next| next == *was))
    };
    let others = read.vouching.iter().filter(|(_, files)| !files.iter().all(same));
    others.map(|(member, _)| member.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        decode::document::Syntax,
        deliver::sample,
        model::{id::AgreementId, time::Timestamp},
        region::{
            agreement::{Agreement, LinkState},
            golive::{AGE_DEFAULT, openings, wanting},
            member::{Form, Identity, Member, Reach},
        },
    };

    const NOW: Timestamp = Timestamp(1_800_000_000_000);

    fn lists(entries: &[(&str, bool, Duration)]) -> BTreeMap<MemberId, Listed> {
        let listed = |(id, green, age): &(&str, bool, Duration)| {
            (MemberId::new(id).unwrap(), Listed { at: NOW.minus(*age), green: *green })
        };
        entries.iter().map(listed).collect()
    }

    fn lately(state: LinkState) -> Lately {
        Lately { region: sample::region(state), others: BTreeSet::new() }
    }

    fn lacking(from: LinkState, to: LinkState, entries: &[(&str, bool, Duration)]) -> Vec<String> {
        let (running, next) = (sample::region(from), sample::region(to));
        let found = wanting(&next, &openings(&running, &next, &[]), &lists(entries), NOW);
        found.into_iter().map(|problem| problem.reason).collect()
    }

    #[test]
    fn a_link_that_goes_live_needs_a_green_list_of_both_ends() {
        let fresh = Duration::ZERO;
        for from in [LinkState::Test, LinkState::Pilot, LinkState::Suspended] {
            assert_eq!(lacking(from, LinkState::Live, &[]).len(), 2, "{from:?}");
            assert!(lacking(from, LinkState::Live, &[("ru", true, fresh), ("kg", true, fresh)]).is_empty());
            let one = lacking(from, LinkState::Live, &[("ru", true, fresh), ("kg", false, fresh)]);
            assert!(one.len() == 1 && one[0].contains("kg was not green"), "{one:?}");
        }
    }

    #[test]
    fn a_member_is_told_of_once_however_many_links_it_has() {
        let (running, mut next) = (sample::region(LinkState::Test), sample::region(LinkState::Live));
        for id in ["a", "b", "c"].map(|id| AgreementId::new(id).unwrap()) {
            let of = sample::region(LinkState::Live).agreements.into_values();
            next.agreements
                .extend(of.map(|agreement| (id.clone(), Agreement { id: id.clone(), ..agreement })));
        }
        let found = wanting(&next, &openings(&running, &next, &[]), &BTreeMap::new(), NOW);
        let told: Vec<_> = found.into_iter().map(|problem| problem.reason).collect();
        let links = "4 links go live (ru to kg under a, ru to kg under b, ru to kg under c, 1 more)";
        let of = |end: &str| format!("{links}, and the checklist of {end} was never gone through");
        assert_eq!(told, [of("kg"), of("ru")]);
    }

    #[test]
    fn what_was_live_and_what_does_not_go_live_needs_none() {
        assert!(lacking(LinkState::Live, LinkState::Live, &[]).is_empty());
        for to in [LinkState::Test, LinkState::Pilot, LinkState::Suspended] {
            assert!(lacking(LinkState::Live, to, &[]).is_empty(), "{to:?}");
        }
    }

    #[test]
    fn a_list_counts_for_so_long_and_no_longer() {
        let aged = |age: Duration| {
            lacking(LinkState::Test, LinkState::Live, &[("ru", true, age), ("kg", true, age)])
        };
        assert!(aged(AGE_DEFAULT).is_empty());
        assert_eq!(aged(AGE_DEFAULT + Duration::from_millis(1)).len(), 2);
    }

    #[test]
    fn a_member_that_is_let_in_again_opens_its_links() {
        let (mut running, next) = (sample::region(LinkState::Live), sample::region(LinkState::Live));
        for member in running.members.values_mut() {
            member.suspended = member.id.as_str() == "kg";
        }
        assert_eq!(openings(&running, &next, &[]).len(), 2);
        assert!(openings(&running, &next, &[lately(LinkState::Live)]).is_empty(), "it was live lately");
    }

    #[test]
    fn what_was_live_lately_opens_again_without_lists_for_ends_that_are_as_they_were() {
        let asked = |running: LinkState, then: LinkState, changed: fn(&mut Member)| -> Vec<String> {
            let mut next = sample::region(LinkState::Live);
            next.members.values_mut().filter(|member| member.id.as_str() == "kg").for_each(changed);
            let lately = [lately(then)];
            openings(&sample::region(running), &next, &lately)
                .into_iter()
                .map(|(.., end)| end.to_string())
                .collect()
        };
        let (live, suspended) = (LinkState::Live, LinkState::Suspended);
        assert!(asked(suspended, live, |_| ()).is_empty());
        assert!(
            asked(suspended, live, |kg| kg.rate.count = std::num::NonZeroU32::MIN).is_empty(),
            "its pace"
        );
        assert_eq!(asked(suspended, LinkState::Pilot, |_| ()).len(), 2, "it was not live");
        assert_eq!(asked(LinkState::Test, live, |_| ()).len(), 2, "it is more than suspended");
        let changes: [fn(&mut Member); 4] = [
            |kg| kg.identities.push(Identity::Pin { spki: Digest([1; 32]), from: None, until: None }),
            |kg| kg.reach = Reach::Mailbox { lease: Duration::from_secs(60) },
            |kg| kg.takes.form = Form::Canonical(Syntax::Json),
            |kg| kg.sends.push(Form::Canonical(Syntax::Json)),
        ];
        for (n, changed) in changes.into_iter().enumerate() {
            assert_eq!(asked(suspended, live, changed), ["kg"], "change {n}");
        }
    }
}
