//! What changed since the last look: alerts that begin, get worse, last and end. Pure.

use std::{cmp::Reverse, collections::BTreeMap, time::Duration};

use super::{About, Alert, Kind};
use crate::model::time::Timestamp;

/// Alerts at once; what is beyond is left out, the least severe first.
pub const ALERTS_MAX: usize = 1000;

/// What is told of an alert.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum What {
    /// It begins, or is worse than it was.
    Firing,
    /// It lasts.
    Lasting,
    /// It is over.
    Resolved,
}

/// A change that is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// What.
    pub what: What,
    /// Of which alert.
    pub alert: Alert,
}

/// The alerts that hold, and when each was last told.
#[derive(Clone, Debug, Default)]
pub struct Board {
    firing: BTreeMap<(Kind, About), (Alert, Timestamp)>,
}

impl What {
    /// The word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Lasting => "lasting",
            Self::Resolved => "resolved",
        }
    }
}

impl Board {
    /// Takes what holds now, and gives what is to be told. An alert that goes on keeps the time it began;
    /// of deliveries that wait it is the time the oldest was made.
    pub fn update(&mut self, now: Timestamp, mut alerts: Vec<Alert>, repeat_after: Duration) -> Vec<Change> {
        alerts.sort_by_key(|alert| Reverse(alert.severity));
        alerts.truncate(ALERTS_MAX);
        let mut before = std::mem::take(&mut self.firing);
        let mut changes = Vec::new();
        for mut alert in alerts {
            let key = (alert.kind, alert.about.clone());
            let (what, told) = match before.remove(&key) {
                None => (Some(What::Firing), now),
                Some((old, told)) => {
                    // The delivery that waited longest may have gone; then it is another one's age that is told.
                    if alert.kind != Kind::Waiting {
                        alert.since = alert.since.min(old.since);
                    }
                    match (alert.severity > old.severity, now.since(told) >= repeat_after) {
                        (true, _) => (Some(What::Firing), now),
                        (false, true) => (Some(What::Lasting), now),
                        (false, false) => (None, told),
                    }
                }
            };
            changes.extend(what.map(|what| Change { what, alert: alert.clone() }));
            self.firing.insert(key, (alert, told));
        }
        let over = before.into_values().map(|(alert, _)| Change { what: What::Resolved, alert });
        changes.extend(over);
        changes
    }

    /// The alerts that hold, the most severe first.
    #[must_use]
    pub fn firing(&self) -> Vec<Alert> {
        let mut alerts: Vec<Alert> = self.firing.values().map(|(alert, _)| alert.clone()).collect();
        alerts.sort_by_key(|alert| Reverse(alert.severity));
        alerts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::alert::Severity;

    const AGAIN: Duration = Duration::from_secs(100);

    fn at(seconds: i64) -> Timestamp {
        Timestamp(seconds * 1000)
    }

    fn disk(severity: Severity, since: i64) -> Alert {
        Alert { kind: Kind::DiskLow, about: About::Hub, severity, since: at(since), words: String::new() }
    }

    fn told(changes: Vec<Change>) -> Vec<(&'static str, Timestamp)> {
        changes.into_iter().map(|change| (change.what.word(), change.alert.since)).collect()
    }

    #[test]
    fn an_alert_is_told_when_it_begins_again_after_a_while_when_it_worsens_and_when_it_ends() {
        let mut board = Board::default();
        let mut look = |seconds: i64, severity: Option<Severity>| {
            let alerts = severity.map(|severity| disk(severity, seconds)).into_iter().collect();
            told(board.update(at(seconds), alerts, AGAIN))
        };
        assert_eq!(look(0, None), []);
        assert_eq!(look(10, Some(Severity::Warning)), [("firing", at(10))]);
        assert_eq!(look(109, Some(Severity::Warning)), []);
        assert_eq!(look(110, Some(Severity::Warning)), [("lasting", at(10))]);
        assert_eq!(look(120, Some(Severity::Critical)), [("firing", at(10))]);
        assert_eq!(look(130, Some(Severity::Warning)), [], "better is no news");
        assert_eq!(look(219, Some(Severity::Warning)), []);
        assert_eq!(look(220, Some(Severity::Warning)), [("lasting", at(10))]);
        assert_eq!(look(230, None), [("resolved", at(10))]);
        assert_eq!(look(240, None), []);
        assert_eq!(look(250, Some(Severity::Notice)), [("firing", at(250))], "it begins anew");
    }

    #[test]
    fn what_waits_is_told_by_the_delivery_that_waits_now() {
        let waiting = |since: i64| Alert { kind: Kind::Waiting, ..disk(Severity::Warning, since) };
        let mut board = Board::default();
        assert_eq!(told(board.update(at(50), vec![waiting(10)], AGAIN)), [("firing", at(10))]);
        assert_eq!(told(board.update(at(60), vec![waiting(30)], AGAIN)), []);
        assert_eq!(board.firing().first().unwrap().since, at(30));
    }

    #[test]
    fn past_the_bound_the_least_severe_are_left_out() {
        let of = |number: usize, severity| {
            let about = About::Member(crate::model::id::MemberId::new(&format!("m{number}")).unwrap());
            Alert { about, ..disk(severity, 0) }
        };
        let mut alerts: Vec<_> = (0..ALERTS_MAX).map(|number| of(number, Severity::Notice)).collect();
        alerts.push(of(ALERTS_MAX, Severity::Critical));
        let mut board = Board::default();
        assert_eq!(board.update(at(0), alerts, AGAIN).len(), ALERTS_MAX);
        assert_eq!(board.firing().first().unwrap().severity, Severity::Critical);
    }
}
