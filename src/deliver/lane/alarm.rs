//! What a target gets wrong in a way that waiting will not mend: said once, not with every attempt. Pure.

use std::collections::BTreeSet;

/// What was said of a target since its breakers closed last, or since the hub runs.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(super) struct Alarms {
    /// Causes without their particulars: a closed list of ours.
    told: BTreeSet<String>,
    spared: bool,
}

impl Alarms {
    /// Whether this cause is to be said; it then counts as said.
    pub(super) fn is_news(&mut self, cause: &str) -> bool {
        let kind = cause.split(':').next().unwrap_or_default();
        self.told.insert(kind.to_owned())
    }

    /// Learns whether the target, or a source's share of its lane, is spared: once it no longer is, an outage is over, and
    /// what comes then is new.
    pub(super) fn spared(&mut self, spared: bool) {
        if self.spared && !spared {
            self.told.clear();
        }
        self.spared = spared;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_said_once_and_again_after_an_outage_that_ended() {
        let mut alarms = Alarms::default();
        assert!(alarms.is_news("status-404"));
        assert!(!alarms.is_news("status-404"));
        assert!(alarms.is_news("tls: expired") && !alarms.is_news("tls: unknown issuer"), "one kind");
        alarms.spared(false);
        assert!(!alarms.is_news("status-404"), "one delivery that was taken ends nothing");
        for spared in [true, true] {
            alarms.spared(spared);
            assert!(!alarms.is_news("status-404"));
        }
        alarms.spared(false);
        assert!(alarms.is_news("status-404"));
    }
}
