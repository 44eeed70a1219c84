//! What comes in a row, and from whose deliveries: the refusals that hold, the faults that open a breaker. Pure.
//!
//! One source that sends what a target cannot take must not cost the other sources their deliveries to it. So a row made
//! of one source's deliveries alone counts against that source's share of the lane only; the lane as a whole stands still
//! when deliveries of more than one source came back the same way. A target that is down while only one source sends to
//! it is spared all the same: that source's share is then all there is.

use std::collections::BTreeMap;

use crate::{
    deliver::{
        Config,
        breaker::{Breaker, Gate},
    },
    model::{id::MemberId, time::Timestamp},
    store::lane::Spared,
};

/// Whose deliveries make a row.
#[derive(Clone, PartialEq, Eq, Debug)]
enum By {
    One(MemberId),
    Several,
}

impl By {
    fn and(self, source: &MemberId) -> Self {
        match self {
            Self::One(one) if one == *source => Self::One(one),
            _ => Self::Several,
        }
    }

    fn one(self) -> Option<MemberId> {
        match self {
            Self::One(one) => Some(one),
            Self::Several => None,
        }
    }
}

/// Counts refusals in a row with one code: those of the lane, and those of each source's own deliveries, which what others
/// had taken between them does not end.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(super) struct Refusals {
    row: Option<(String, u32, By)>,
    own: BTreeMap<MemberId, (String, u32)>,
}

impl Refusals {
    /// Counts a refusal; when it makes a row of `row_max`, says whose deliveries are to be held (`None`: everybody's) and
    /// starts a new row.
    pub(super) fn refused(
        &mut self,
        code: &str,
        source: &MemberId,
        row_max: u32,
    ) -> Option<Option<MemberId>> {
        let (count, by) = match self.row.take() {
            Some((same, count, by)) if same == code => (count.saturating_add(1), by.and(source)),
            _ => (1, By::One(source.clone())),
        };
        let own = match self.own.remove(source) {
            Some((same, own)) if same == code => own.saturating_add(1),
            _ => 1,
        };
        if count >= row_max {
            self.own.clear();
            return Some(by.one());
        }
        if own >= row_max {
            return Some(Some(source.clone()));
        }
        self.row = Some((code.to_owned(), count, by));
        self.own.insert(source.clone(), (code.to_owned(), own));
        None
    }

    /// A delivery of `source` was taken: the lane's row ends, and its own.
    pub(super) fn taken(&mut self, source: &MemberId) {
        self.row = None;
        self.own.remove(source);
    }
}

/// The breakers of a lane: the target's, and that of one source whose deliveries alone fail.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Breakers {
    all: Breaker,
    one: Option<(MemberId, Breaker)>,
    row: Option<By>,
}

impl Breakers {
    /// The breakers as they were kept.
    pub(super) fn of(kept: Vec<(Option<MemberId>, Spared)>) -> Self {
        let mut breakers = Self::default();
        for (source, spared) in kept {
            let breaker = match spared.until {
                Some(until) => Breaker::Open { until, pause: spared.pause },
                None => Breaker::Closed { faults: spared.faults },
            };
            match source {
                Some(source) => breakers.one = Some((source, breaker)),
                None => breakers.all = breaker,
            }
        }
        breakers.row = breakers.one.as_ref().map(|(source, _)| By::One(source.clone()));
        breakers
    }

    /// What is to be kept of them; `None` while a probe is under way, after which they are as before or changed again.
    pub(super) fn kept(&self) -> Option<Vec<(Option<MemberId>, Spared)>> {
        let one = self.one.as_ref().map(|(source, breaker)| (Some(source.clone()), *breaker));
        let mut kept = Vec::new();
        for (source, breaker) in [(None, self.all)].into_iter().chain(one) {
            match breaker {
                Breaker::Closed { faults: 0 } => {}
                Breaker::Closed { faults } => {
                    kept.push((source, Spared { faults, until: None, pause: std::time::Duration::ZERO }));
                }
                Breaker::Open { until, pause } => {
                    kept.push((source, Spared { faults: 0, until: Some(until), pause }));
                }
                Breaker::HalfOpen { .. } => return None,
            }
        }
        Some(kept)
    }

    /// The target's breaker.
    pub(super) fn all(&self) -> Breaker {
        self.all
    }

    /// Whether the target, or a source's share of the lane, is spared.
    pub(super) fn spare_any(&self) -> bool {
        self.one.is_some() || !matches!(self.all, Breaker::Closed { .. })
    }

    /// Whether any breaker is open or has begun to count.
    pub(super) fn any_counts(&self) -> bool {
        *self != Self::default()
    }

    /// The source whose deliveries are spared alone at `now`, and until when, where that is known.
    pub(super) fn without(&self, now: Timestamp) -> Option<(&MemberId, Option<Timestamp>)> {
        let (source, breaker) = self.one.as_ref()?;
        match breaker.gate(now) {
            Gate::Free | Gate::Probe => None,
            Gate::Shut(until) => Some((source, Some(until))),
            Gate::Probing => Some((source, None)),
        }
    }

    /// An operator wants an attempt at once.
    pub(super) fn try_at(&mut self, now: Timestamp) {
        self.all = self.all.tried_at(now);
        if let Some((_, breaker)) = &mut self.one {
            *breaker = breaker.tried_at(now);
        }
    }

    /// An attempt at a delivery of `source` began.
    pub(super) fn began(&mut self, source: &MemberId) {
        match self.of_source(source) {
            Some(breaker) => *breaker = breaker.began(),
            None => self.all = self.all.began(),
        }
    }

    /// The target answered a delivery of `source`, whatever it said.
    pub(super) fn answered(&mut self, source: &MemberId) {
        self.one = self.one.take().filter(|(one, _)| one != source);
        self.all = self.all.answered();
        self.row = None;
    }

    /// A delivery of `source` ended in a partner fault.
    pub(super) fn failed(&mut self, source: &MemberId, now: Timestamp, config: &Config) {
        if let Some(breaker) = self.of_source(source) {
            *breaker = breaker.failed(now, config);
            return;
        }
        if !matches!(self.all, Breaker::Closed { .. }) {
            self.all = self.all.failed(now, config);
            return;
        }
        let by = self.row.take().map_or_else(|| By::One(source.clone()), |by| by.and(source));
        self.row = Some(by.clone());
        let next = self.all.failed(now, config);
        match (next, by) {
            (Breaker::Open { .. }, By::One(source)) if self.one.is_none() => {
                self.one = Some((source, next));
                // The next fault of another source's delivery opens it for all, unless the target answers before.
                self.all = Breaker::Closed { faults: config.breaker_failures.saturating_sub(1) };
            }
            (Breaker::Open { .. }, _) => (self.all, self.one, self.row) = (next, None, None),
            _ => self.all = next,
        }
    }

    /// An attempt at a delivery of `source` ended through a fault of ours, which says nothing of the target.
    pub(super) fn undecided(&mut self, source: &MemberId, now: Timestamp) {
        match self.of_source(source) {
            Some(breaker) => *breaker = breaker.undecided(now),
            None => self.all = self.all.undecided(now),
        }
    }

    fn of_source(&mut self, source: &MemberId) -> Option<&mut Breaker> {
        self.one.as_mut().filter(|(one, _)| one == source).map(|(_, breaker)| breaker)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn source(name: &str) -> MemberId {
        MemberId::new(name).unwrap()
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp(0).plus(Duration::from_secs(seconds))
    }

    fn failed(breakers: &mut Breakers, name: &str, times: u32) {
        (0..times).for_each(|_| breakers.failed(&source(name), at(0), &Config::default()));
    }

    #[test]
    fn five_refusals_of_one_source_hold_its_share_and_of_two_the_lane() {
        let mut refusals = Refusals::default();
        let mut told = |names: &[&str]| {
            names.iter().fold(None, |_, name| refusals.refused("not-for-us", &source(name), 5))
        };
        assert_eq!(told(&["ru"; 4]), None);
        assert_eq!(told(&["ru"]), Some(Some(source("ru"))));
        assert_eq!(told(&["ru"; 4]), None, "a released lane counts anew");
        assert_eq!(told(&["kz"]), Some(None));
    }

    #[test]
    fn another_code_or_a_success_ends_the_row() {
        let mut refusals = Refusals::default();
        let mut told = |code: &str, times: u32| {
            (0..times).filter_map(|_| refusals.refused(code, &source("ru"), 5)).count()
        };
        assert_eq!(told("not-for-us", 4) + told("format-unsupported", 1) + told("not-for-us", 4), 0);
        refusals.taken(&source("ru"));
        assert_eq!(refusals.refused("not-for-us", &source("ru"), 5), None);
    }

    #[test]
    fn what_others_had_taken_between_does_not_end_the_row_of_a_source() {
        let (mut refusals, ru) = (Refusals::default(), source("ru"));
        for _ in 0..4 {
            assert_eq!(refusals.refused("not-for-us", &ru, 5), None);
            refusals.taken(&source("kz"));
        }
        assert_eq!(refusals.refused("not-for-us", &ru, 5), Some(Some(ru.clone())));
        refusals.taken(&source("kz"));
        for _ in 0..4 {
            assert_eq!(refusals.refused("not-for-us", &ru, 5), None, "a released share counts anew");
            refusals.taken(&source("kz"));
        }
        refusals.taken(&ru);
        assert_eq!(refusals.refused("not-for-us", &ru, 5), None, "what it had taken itself ends it");
    }

    #[test]
    fn faults_of_one_source_spare_the_target_its_deliveries_only() {
        let mut breakers = Breakers::default();
        failed(&mut breakers, "ru", 5);
        assert_eq!(breakers.all().gate(at(1)), Gate::Free);
        assert_eq!(breakers.without(at(1)), Some((&source("ru"), Some(at(15)))));
        assert_eq!(breakers.without(at(15)), None, "then a probe");
        breakers.began(&source("ru"));
        assert_eq!(breakers.without(at(15)), Some((&source("ru"), None)));
        breakers.answered(&source("ru"));
        assert_eq!(breakers, Breakers::default());
    }

    #[test]
    fn a_fault_of_another_source_opens_for_all_unless_the_target_answered_meanwhile() {
        let mut breakers = Breakers::default();
        failed(&mut breakers, "ru", 5);
        failed(&mut breakers, "kz", 1);
        assert_eq!(breakers.all().gate(at(1)), Gate::Shut(at(15)));
        assert_eq!(breakers.without(at(1)), None);

        let mut breakers = Breakers::default();
        failed(&mut breakers, "ru", 5);
        breakers.answered(&source("kz"));
        failed(&mut breakers, "kz", 4);
        assert_eq!(breakers.all().gate(at(1)), Gate::Free);
        assert!(breakers.without(at(1)).is_some(), "an answer to another says nothing of its deliveries");
        failed(&mut breakers, "kz", 1);
        assert_eq!(breakers.all().gate(at(1)), Gate::Shut(at(15)));
    }

    #[test]
    fn faults_of_several_sources_open_for_all_at_once() {
        let mut breakers = Breakers::default();
        failed(&mut breakers, "ru", 4);
        assert_eq!(breakers.all().gate(at(1)), Gate::Free);
        failed(&mut breakers, "kz", 1);
        assert_eq!(breakers.all().gate(at(1)), Gate::Shut(at(15)));
    }

    #[test]
    fn what_is_kept_makes_the_same_breakers_again() {
        let mut breakers = Breakers::default();
        assert_eq!(breakers.kept(), Some(vec![]), "nothing is kept of a lane that is well");
        failed(&mut breakers, "ru", 5);
        assert_eq!(Breakers::of(breakers.kept().unwrap()), breakers);
        failed(&mut breakers, "kz", 1);
        assert_eq!(Breakers::of(breakers.kept().unwrap()), breakers);
        breakers.began(&source("kz"));
        assert_eq!(breakers.kept(), None, "a probe under way changes nothing on disk");
    }
}
