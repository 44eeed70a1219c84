//! How a lane or mailbox stands, in one word: the command, the console and whoever reads JSON are told the same. Pure.

use crate::{model::time::Timestamp, store::lane::Sparing};

/// What a lane does or what keeps it, the weightiest first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stands {
    /// All of it is held.
    Held,
    /// What some sources send is held after refusals.
    SourcesHeld,
    /// Its target is no member any more.
    Gone,
    /// Its target is suspended.
    Suspended,
    /// Its target is to collect something.
    ToCollect,
    /// A mailbox, and nothing to collect.
    Collected,
    /// Its target is in maintenance.
    Maintenance,
    /// Attempts fail, and a breaker keeps everything back.
    Spared,
    /// Attempts at what some source sends fail, and a breaker keeps that back.
    SourceSpared,
    /// Something is due.
    Going,
    /// Something is tried again later.
    Later,
    /// Nothing waits.
    Idle,
}

/// What it is told from.
#[derive(Clone, Debug)]
pub(super) struct Facts<'a> {
    pub(super) held: bool,
    pub(super) sources_held: bool,
    /// The word of how the target is reached.
    pub(super) reach: &'a str,
    pub(super) due: bool,
    pub(super) maintenance: bool,
    pub(super) sparing: &'a Sparing,
    pub(super) next_due: Option<Timestamp>,
}

impl Stands {
    /// Every one.
    pub const ALL: [Self; 12] = [
        Self::Held,
        Self::SourcesHeld,
        Self::Gone,
        Self::Suspended,
        Self::ToCollect,
        Self::Collected,
        Self::Maintenance,
        Self::Spared,
        Self::SourceSpared,
        Self::Going,
        Self::Later,
        Self::Idle,
    ];

    /// The word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::SourcesHeld => "sources-held",
            Self::Gone => "gone",
            Self::Suspended => "suspended",
            Self::ToCollect => "to-collect",
            Self::Collected => "collected",
            Self::Maintenance => "maintenance",
            Self::Spared => "spared",
            Self::SourceSpared => "source-spared",
            Self::Going => "going",
            Self::Later => "later",
            Self::Idle => "idle",
        }
    }

    /// The one of a word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stands| stands.word() == word)
    }

    pub(super) fn told(facts: &Facts<'_>) -> Self {
        let Facts { held, sources_held, reach, due, maintenance, sparing, next_due } = facts;
        match *reach {
            _ if *held => Self::Held,
            _ if *sources_held => Self::SourcesHeld,
            "gone" => Self::Gone,
            "suspended" => Self::Suspended,
            "mailbox" if *due => Self::ToCollect,
            "mailbox" => Self::Collected,
            _ if *maintenance => Self::Maintenance,
            _ if sparing.all.is_some() => Self::Spared,
            _ if sparing.is_open() => Self::SourceSpared,
            _ if *due => Self::Going,
            _ if next_due.is_some() => Self::Later,
            _ => Self::Idle,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::MemberId;

    #[test]
    fn a_hold_is_told_before_a_breaker_and_that_before_a_backlog() {
        let at = Some(Timestamp(1));
        let none = Sparing::default();
        let all = Sparing { all: at, ..Sparing::default() };
        let one = Sparing { sources: vec![(MemberId::new("almora").unwrap(), Timestamp(1))], all: None };
        let idle = Facts {
            held: false,
            sources_held: false,
            reach: "push",
            due: false,
            maintenance: false,
            sparing: &none,
            next_due: None,
        };
        let due = Facts { due: true, ..idle.clone() };
        for (facts, stands) in [
            (idle.clone(), Stands::Idle),
            (Facts { next_due: at, ..idle.clone() }, Stands::Later),
            (due.clone(), Stands::Going),
            (Facts { sparing: &one, ..due.clone() }, Stands::SourceSpared),
            (Facts { sparing: &all, ..due.clone() }, Stands::Spared),
            (Facts { sparing: &all, maintenance: true, ..due.clone() }, Stands::Maintenance),
            (Facts { reach: "mailbox", ..due.clone() }, Stands::ToCollect),
            (Facts { reach: "mailbox", ..idle.clone() }, Stands::Collected),
            (Facts { reach: "suspended", ..due.clone() }, Stands::Suspended),
            (Facts { reach: "gone", ..due.clone() }, Stands::Gone),
            (Facts { sources_held: true, sparing: &all, ..due.clone() }, Stands::SourcesHeld),
            (Facts { held: true, sources_held: true, sparing: &all, ..due }, Stands::Held),
        ] {
            assert_eq!(Stands::told(&facts), stands);
            assert_eq!(Stands::of(stands.word()), Some(stands));
        }
    }
}
