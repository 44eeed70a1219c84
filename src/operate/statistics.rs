//! What went where in a span of time: by hour, by pair of members and agreement, and how long it took.
//!
//! A pair of fewer than [`EXPORTERS_MIN`] exporters is not told in figures: who trades with whom would show. Whether a
//! pair has so many is looked up in the certificates themselves, until it has; what can't be shown within the bound
//! counts as too few. What is hidden of a pair is still in the sums of all, of the hours and of the agreement: where one
//! pair alone is hidden, its figure is what is missing.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::Operate;
use crate::{
    model::{
        id::{AgreementId, MemberId, MessageId},
        time::Timestamp,
    },
    route::plan,
    store::{
        Fault,
        reconciliation::{After, Span},
        record::{Cargo, Role},
        traffic::{CLASSES_MILLIS, HOUR_MILLIS, Traffic},
    },
};

/// Fewest exporters of a pair that is told in figures.
pub const EXPORTERS_MIN: usize = 5;
/// Certificates looked at for the exporters of the pairs of one target.
pub const LOOKED_AT_MAX: usize = 500;
/// Longest span, in days.
pub const DAYS_MAX: u32 = 31;

/// Deliveries read at once in that look, and how often.
const PAGE_ROWS: usize = 100;
const PAGES_MAX: usize = 50;

/// Exporters by source, target and agreement.
type Exporters = BTreeMap<(MemberId, MemberId, AgreementId), BTreeSet<String>>;

/// Copies of certificates in a span of time.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Statistics {
    /// Hour by hour, the oldest first and without gaps.
    pub hours: Vec<Hour>,
    /// The pairs, the busiest first.
    pub pairs: Vec<Pair>,
    /// By agreement; `None` as for a pair.
    pub agreements: BTreeMap<AgreementId, Option<Counted>>,
    /// All of them.
    pub all: Counted,
}

/// One hour.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Hour {
    /// When it began.
    pub begins: Timestamp,
    /// What became of the copies made in it.
    pub counted: Counted,
}

/// Copies of one member's certificates for another.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pair {
    /// Who pushed them.
    pub source: MemberId,
    /// Who is to have them.
    pub target: MemberId,
    /// Under which agreement.
    pub agreement: AgreementId,
    /// How many; `None` when they are of too few exporters.
    pub counted: Option<Counted>,
}

/// Copies, by what became of them, and how long those took that arrived.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counted {
    /// All of them.
    pub made: u64,
    /// Delivered.
    pub delivered: u64,
    /// Refused, expired or cancelled.
    pub dead: u64,
    /// Delivered ones by the class of their time.
    classes: [u64; CLASSES_MILLIS.len() + 1],
}

impl Counted {
    fn add(&mut self, traffic: &Traffic) {
        self.made += traffic.count;
        match traffic.state.as_str() {
            "delivered" => self.delivered += traffic.count,
            "refused" | "expired" | "cancelled" => self.dead += traffic.count,
            _ => {}
        }
        if let Some(slot) = traffic.class.and_then(|class| self.classes.get_mut(class)) {
            *slot += traffic.count;
        }
    }

    /// The time within which so many of a hundred delivered ones arrived, as the bound of a class in milliseconds;
    /// `None` when none did. What took longer than the last bound has that bound.
    #[must_use]
    pub fn within(&self, percent: u64) -> Option<i64> {
        let wanted = self.delivered.saturating_mul(percent).div_ceil(100);
        let mut sum = 0;
        for (class, count) in self.classes.iter().enumerate() {
            sum += count;
            if sum >= wanted && wanted > 0 {
                return CLASSES_MILLIS.get(class).or(CLASSES_MILLIS.last()).copied();
            }
        }
        None
    }
}

impl Operate {
    /// What was made in the last hours.
    ///
    /// **Bounds:** [`DAYS_MAX`] days; [`LOOKED_AT_MAX`] certificates looked at for each target; worked out by one at a
    /// time, and told again for a minute.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn statistics(&self, hours: u32) -> Result<Arc<Statistics>, Fault> {
        self.statistics.told(hours, &self.clock, self.work_out(hours)).await
    }

    async fn work_out(&self, hours: u32) -> Result<Statistics, Fault> {
        let (mut statistics, targets) = self.counted(hours).await?;
        let span = self.span(hours);
        let mut of_agreement: BTreeMap<AgreementId, BTreeSet<String>> = BTreeMap::new();
        let mut of_pair = BTreeMap::new();
        for target in targets {
            for (pair, exporters) in self.exporters(&target, span).await? {
                of_agreement.entry(pair.2.clone()).or_default().extend(exporters.iter().cloned());
                of_pair.insert(pair, exporters.len());
            }
        }
        for pair in &mut statistics.pairs {
            let named = (pair.source.clone(), pair.target.clone(), pair.agreement.clone());
            let enough = of_pair.get(&named).is_some_and(|exporters| *exporters >= EXPORTERS_MIN);
            pair.counted = pair.counted.filter(|_| enough);
        }
        for (agreement, counted) in &mut statistics.agreements {
            let exporters = of_agreement.get(agreement);
            *counted = counted.filter(|_| exporters.is_some_and(|known| known.len() >= EXPORTERS_MIN));
        }
        Ok(statistics)
    }

    /// The hours alone, for a look at how busy the hub is; told again as all of it is.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn hours(&self, hours: u32) -> Result<Arc<Vec<Hour>>, Fault> {
        let work = async { Ok(self.counted(hours).await?.0.hours) };
        self.hours.told(hours, &self.clock, work).await
    }

    fn span(&self, hours: u32) -> (Timestamp, Timestamp) {
        let hours = i64::from(hours.clamp(1, DAYS_MAX * 24));
        let last = self.clock.now().0.div_euclid(HOUR_MILLIS) + 1;
        (Timestamp((last - hours) * HOUR_MILLIS), Timestamp(last * HOUR_MILLIS))
    }

    /// Everything counted, and the targets there are.
    async fn counted(&self, hours: u32) -> Result<(Statistics, Vec<MemberId>), Fault> {
        let (from, until) = self.span(hours);
        let targets: Vec<MemberId> = self.region().members.keys().cloned().collect();
        let mut by_hour: BTreeMap<Timestamp, Counted> = BTreeMap::new();
        let mut at = from;
        while at < until {
            by_hour.insert(at, Counted::default());
            at = Timestamp(at.0 + HOUR_MILLIS);
        }
        let mut by_pair: BTreeMap<(MemberId, MemberId, AgreementId), Counted> = BTreeMap::new();
        let mut statistics = Statistics::default();
        for target in &targets {
            for one in self.store.traffic(target, from, until).await? {
                by_hour.entry(one.hour).or_default().add(&one);
                let pair = (one.source.clone(), target.clone(), one.agreement.clone());
                by_pair.entry(pair).or_default().add(&one);
                let agreement = statistics.agreements.entry(one.agreement.clone()).or_default();
                agreement.get_or_insert_default().add(&one);
                statistics.all.add(&one);
            }
        }
        statistics.hours = by_hour.into_iter().map(|(begins, counted)| Hour { begins, counted }).collect();
        let pairs = by_pair.into_iter().map(|((source, target, agreement), counted)| Pair {
            source,
            target,
            agreement,
            counted: Some(counted),
        });
        statistics.pairs = pairs.collect();
        statistics
            .pairs
            .sort_by_key(|pair| std::cmp::Reverse(pair.counted.map_or(0, |counted| counted.made)));
        Ok((statistics, targets))
    }

    /// Exporters of each pair of a target, at most as many as a pair needs to be told.
    async fn exporters(
        &self,
        target: &MemberId,
        (from, until): (Timestamp, Timestamp),
    ) -> Result<Exporters, Fault> {
        let mut exporters = Exporters::new();
        let (mut after, mut looked_at) = (None, 0);
        for _ in 0..PAGES_MAX {
            if looked_at >= LOOKED_AT_MAX {
                break;
            }
            let page = self.store.sent_within(target, Span { from, until, after }, PAGE_ROWS).await?;
            let Some(last) = page.last() else { break };
            after = Some(After { at: last.life.created, sequence: last.sequence });
            for one in page.iter().filter(|one| one.cargo == Cargo::Certificate) {
                let pair = (one.source.clone(), target.clone(), one.subject.agreement.clone());
                let known = exporters.entry(pair).or_default();
                if known.len() < EXPORTERS_MIN && looked_at < LOOKED_AT_MAX {
                    looked_at += 1;
                    known.extend(self.exporter(one.message).await?);
                }
            }
        }
        Ok(exporters)
    }

    /// Who exports, by id or else by name.
    async fn exporter(&self, message: MessageId) -> Result<Option<String>, Fault> {
        let canonical = self.store.body(message, Role::Canonical).await?;
        // Reading it takes a core, which is not taken from those that answer members.
        let named = tokio::task::spawn_blocking(move || {
            let certificate = plan::stored(&canonical?.bytes)?;
            let named = ["exporter.id", "exporter.name", "exporter.text"];
            named.into_iter().find_map(|path| certificate.text(path))
        });
        Ok(named.await.ok().flatten())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traffic(class: Option<usize>, count: u64) -> Traffic {
        let state = if class.is_some() { "delivered" } else { "pending" }.to_owned();
        let (source, agreement) = (MemberId::new("almora").unwrap(), AgreementId::new("mecta").unwrap());
        Traffic { hour: Timestamp(0), source, agreement, state, class, count }
    }

    #[test]
    fn percentiles_are_the_bounds_of_classes_and_what_is_on_its_way_does_not_count() {
        let mut counted = Counted::default();
        assert_eq!(counted.within(50), None);
        for (class, count) in [(Some(0), 50), (Some(2), 45), (Some(5), 4), (Some(12), 1), (None, 100)] {
            counted.add(&traffic(class, count));
        }
        assert_eq!((counted.made, counted.delivered), (200, 100));
        let within = [50, 51, 95, 96, 99, 100].map(|percent| counted.within(percent));
        let week = 7 * 24 * HOUR_MILLIS;
        assert_eq!(within, [Some(500), Some(2_000), Some(2_000), Some(60_000), Some(60_000), Some(week)]);
    }
}
