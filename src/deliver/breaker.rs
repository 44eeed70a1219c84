//! Spares a partner that does not answer: after some faults in a row nothing is sent for a while, then one probe.
//!
//! Pure: it is told what happened and when. It is lane state only: deliveries keep their due time. A refusal is an answer,
//! so it closes the breaker as a success does. A wall clock that was set back does not lengthen a pause.

use std::time::Duration;

use super::Config;
use crate::model::time::Timestamp;

/// The word of a breaker that lets everything out.
pub const CLOSED: &str = "closed";

/// Whether a partner is spared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Breaker {
    /// Deliveries go out.
    Closed {
        /// Partner faults in a row.
        faults: u32,
    },
    /// Nothing goes out before `until`; then one probe.
    Open {
        /// When a probe may go.
        until: Timestamp,
        /// How long this pause is.
        pause: Duration,
    },
    /// A probe is under way.
    HalfOpen {
        /// How long the pause before it was.
        pause: Duration,
    },
}

/// What may go out now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Gate {
    /// Anything.
    Free,
    /// One delivery, as a probe.
    Probe,
    /// Nothing before this time.
    Shut(Timestamp),
    /// Nothing until the probe is back.
    Probing,
}

impl Default for Breaker {
    fn default() -> Self {
        Self::Closed { faults: 0 }
    }
}

impl Breaker {
    /// What may go out at `now`.
    #[must_use]
    pub fn gate(&self, now: Timestamp) -> Gate {
        match self {
            Self::Closed { .. } => Gate::Free,
            Self::Open { until, pause } if now >= *until || until.since(now) > *pause => Gate::Probe,
            Self::Open { until, .. } => Gate::Shut(*until),
            Self::HalfOpen { .. } => Gate::Probing,
        }
    }

    /// The breaker after an operator said that the partner is back: the probe may go now. A closed one stays as it is.
    #[must_use]
    pub fn tried_at(self, now: Timestamp) -> Self {
        match self {
            Self::Open { pause, .. } => Self::Open { until: now, pause },
            other => other,
        }
    }

    /// The breaker after an attempt began.
    #[must_use]
    pub fn began(self) -> Self {
        match self {
            Self::Open { pause, .. } => Self::HalfOpen { pause },
            other => other,
        }
    }

    /// The breaker after the partner answered, whatever it said.
    #[must_use]
    pub fn answered(self) -> Self {
        Self::default()
    }

    /// The breaker after a partner fault at `now`, under these settings.
    ///
    /// Faults of attempts begun before it opened change nothing more.
    #[must_use]
    pub fn failed(self, now: Timestamp, config: &Config) -> Self {
        match self {
            Self::Closed { faults } if faults + 1 < config.breaker_failures => {
                Self::Closed { faults: faults + 1 }
            }
            Self::Closed { .. } => {
                Self::Open { until: now.plus(config.breaker_pause), pause: config.breaker_pause }
            }
            Self::HalfOpen { pause } => {
                let pause = pause.saturating_mul(2).min(config.breaker_pause_max);
                Self::Open { until: now.plus(pause), pause }
            }
            open @ Self::Open { .. } => open,
        }
    }

    /// The breaker after a probe ended without telling anything of the partner: a fault of ours.
    #[must_use]
    pub fn undecided(self, now: Timestamp) -> Self {
        match self {
            Self::HalfOpen { pause } => Self::Open { until: now.plus(pause), pause },
            other => other,
        }
    }

    /// The word in logs and metrics.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Closed { .. } => CLOSED,
            Self::Open { .. } => "open",
            Self::HalfOpen { .. } => "half-open",
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp(0).plus(Duration::from_secs(seconds))
    }

    fn fail(breaker: Breaker, now: Timestamp) -> Breaker {
        breaker.failed(now, &Config::default())
    }

    fn open() -> Breaker {
        (0..5).fold(Breaker::default(), |breaker, _| fail(breaker, at(0)))
    }

    #[test]
    fn it_opens_at_the_fifth_fault_in_a_row_and_not_before() {
        let four = (0..4).fold(Breaker::default(), |breaker, _| fail(breaker, at(0)));
        assert_eq!(four.gate(at(0)), Gate::Free);
        assert_eq!(fail(four, at(0)).gate(at(0)), Gate::Shut(at(15)));
        assert_eq!(fail(four.answered(), at(0)).gate(at(0)), Gate::Free);
    }

    #[test]
    fn after_the_pause_one_probe_goes_and_its_answer_closes_it() {
        assert_eq!(open().gate(at(14)), Gate::Shut(at(15)));
        assert_eq!(open().gate(at(15)), Gate::Probe);
        let probing = open().began();
        assert_eq!(probing.gate(at(15)), Gate::Probing);
        assert_eq!(probing.answered().gate(at(16)), Gate::Free);
    }

    #[test]
    fn every_failed_probe_doubles_the_pause_up_to_five_minutes() {
        let (mut breaker, mut now, mut pauses) = (open(), at(15), Vec::new());
        for _ in 0..6 {
            breaker = fail(breaker.began(), now);
            let Gate::Shut(until) = breaker.gate(now) else { panic!("shut") };
            pauses.push(until.since(now).as_secs());
            now = until;
        }
        assert_eq!(pauses, [30, 60, 120, 240, 300, 300]);
    }

    #[test]
    fn it_opens_as_soon_and_for_as_long_as_it_is_told() {
        let seconds = Duration::from_secs;
        let (breaker_pause, breaker_pause_max) = (seconds(7), seconds(10));
        let config = Config { breaker_failures: 2, breaker_pause, breaker_pause_max, ..Config::default() };
        let one = Breaker::default().failed(at(0), &config);
        assert_eq!(one.gate(at(0)), Gate::Free);
        let open = one.failed(at(0), &config);
        assert_eq!(open.gate(at(0)), Gate::Shut(at(7)));
        assert_eq!(open.began().failed(at(7), &config).gate(at(7)), Gate::Shut(at(17)));
    }

    #[test]
    fn a_clock_set_back_does_not_lengthen_the_pause() {
        let long = Breaker::Open { until: at(1_015), pause: Duration::from_secs(15) };
        assert_eq!(long.gate(at(1_000)), Gate::Shut(at(1_015)));
        assert_eq!(long.gate(at(999)), Gate::Probe);
    }

    #[test]
    fn a_late_fault_does_not_lengthen_the_pause_and_a_late_answer_closes() {
        assert_eq!(fail(open(), at(10)).gate(at(15)), Gate::Probe);
        assert_eq!(open().answered().gate(at(1)), Gate::Free);
    }

    #[test]
    fn an_operator_has_the_probe_at_once_and_its_failure_lengthens_the_pause_as_any() {
        let asked = open().tried_at(at(3));
        assert_eq!(asked.gate(at(3)), Gate::Probe);
        assert_eq!(fail(asked.began(), at(3)).gate(at(3)), Gate::Shut(at(33)));
        let (closed, probing) = (Breaker::default(), open().began());
        assert_eq!((closed.tried_at(at(3)), probing.tried_at(at(3))), (closed, probing));
    }

    #[test]
    fn a_probe_lost_through_our_own_fault_is_made_again() {
        assert_eq!(open().began().undecided(at(15)).gate(at(30)), Gate::Probe);
        assert_eq!(Breaker::default().undecided(at(1)), Breaker::default());
    }

    proptest! {
        #[test]
        fn it_always_lets_a_probe_through_in_the_end(events in prop::collection::vec(0u8..4, 0..60)) {
            let (mut breaker, mut now) = (Breaker::default(), at(0));
            for event in events {
                now = now.plus(Duration::from_secs(1));
                breaker = match event {
                    0 => fail(breaker, now),
                    1 => breaker.answered(),
                    2 => breaker.undecided(now),
                    _ if matches!(breaker.gate(now), Gate::Free | Gate::Probe) => breaker.began(),
                    _ => breaker,
                };
            }
            let settled = breaker.undecided(now);
            let gate = settled.gate(now.plus(Config::default().breaker_pause_max));
            prop_assert!(matches!(gate, Gate::Free | Gate::Probe));
        }
    }
}
