//! Whether the hub lives, and whether it takes what is new. Pure.
//!
//! *Alive* is what a restart could mend: a store that takes nothing more, a loop that does not come round. *Ready* is
//! whether work may be sent here now; a hub that is not ready for lack of space is alive.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{store::strain::Strain, telemetry::metrics::Loop};

/// What is so at a moment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Facts {
    /// Whether the store takes nothing more.
    pub poisoned: bool,
    /// Whether the hub is about to stop.
    pub stopping: bool,
    /// Why nothing new is asked for.
    pub strain: Option<Strain>,
    /// Members of the region that is loaded.
    pub members: usize,
    /// The loops.
    pub idle: Vec<Idle>,
}

/// How long a loop has not come round.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Idle {
    /// The loop.
    pub which: Loop,
    /// How long.
    pub since: Duration,
    /// How long it may.
    pub most: Duration,
}

/// One thing looked at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Check {
    /// What.
    pub name: &'static str,
    /// Whether it is as it should be.
    pub ok: bool,
    /// How it is, in words.
    pub words: &'static str,
}

/// Everything looked at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Health {
    /// In a fixed order.
    pub checks: Vec<Check>,
}

impl Health {
    /// Whether all of it is as it should be.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.checks.iter().all(|check| check.ok)
    }

    /// As JSON: `status` (`ok` or `failing`), and each check.
    #[must_use]
    pub fn json(&self) -> Value {
        let status = if self.is_well() { "ok" } else { "failing" };
        let checks = self
            .checks
            .iter()
            .map(|Check { name, ok, words }| json!({"check": name, "ok": ok, "detail": words}));
        json!({"status": status, "checks": checks.collect::<Vec<_>>()})
    }
}

/// Whether the hub lives.
#[must_use]
pub fn alive(facts: &Facts) -> Health {
    let mut checks = vec![store(facts)];
    checks.extend(facts.idle.iter().map(|idle| {
        let ok = idle.since <= idle.most;
        let words = if ok { "comes round" } else { "has not come round for too long" };
        Check { name: idle.which.word(), ok, words }
    }));
    Health { checks }
}

/// Whether the hub takes what is new.
#[must_use]
pub fn ready(facts: &Facts) -> Health {
    let stopping = match facts.stopping {
        true => "the hub is about to stop",
        false => "the hub stays",
    };
    let storage = match facts.strain {
        None => "has room and is quick enough",
        Some(Strain::SpaceLow) => "free space is below its bound (storage-low)",
        Some(Strain::Slow) => "accepts wait longer than they may (storage-slow)",
    };
    let region = match facts.members {
        0 => "the region has no member",
        _ => "loaded",
    };
    let checks = vec![
        store(facts),
        Check { name: "staying", ok: !facts.stopping, words: stopping },
        Check { name: "storage", ok: facts.strain.is_none(), words: storage },
        Check { name: "region", ok: facts.members > 0, words: region },
    ];
    Health { checks }
}

fn store(facts: &Facts) -> Check {
    let words = if facts.poisoned { "a commit failed: it takes nothing more" } else { "open" };
    Check { name: "store", ok: !facts.poisoned, words }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: Duration = Duration::from_secs(10);

    fn facts() -> Facts {
        let idle = Loop::ALL.map(|which| Idle { which, since: MOST, most: MOST }).to_vec();
        Facts { poisoned: false, stopping: false, strain: None, members: 1, idle }
    }

    fn failing(health: &Health) -> Vec<&'static str> {
        health.checks.iter().filter(|check| !check.ok).map(|check| check.name).collect()
    }

    #[test]
    fn each_fact_fails_its_own_check_and_only_what_a_restart_mends_is_death() {
        let well = facts();
        assert!(alive(&well).is_well() && ready(&well).is_well());
        let cases: [(Facts, &[&str], &[&str]); 6] = [
            (Facts { poisoned: true, ..facts() }, &["store"], &["store"]),
            (Facts { stopping: true, ..facts() }, &[], &["staying"]),
            (Facts { strain: Some(Strain::SpaceLow), ..facts() }, &[], &["storage"]),
            (Facts { strain: Some(Strain::Slow), ..facts() }, &[], &["storage"]),
            (Facts { members: 0, ..facts() }, &[], &["region"]),
            (
                Facts {
                    idle: vec![Idle {
                        which: Loop::Deliver,
                        since: MOST + Duration::from_millis(1),
                        most: MOST,
                    }],
                    ..facts()
                },
                &["deliver"],
                &[],
            ),
        ];
        for (facts, dead, not_ready) in cases {
            assert_eq!(failing(&alive(&facts)), dead, "{facts:?}");
            assert_eq!(failing(&ready(&facts)), not_ready, "{facts:?}");
        }
    }
}
