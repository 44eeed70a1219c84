//! What an operator must know now: decided by rules over what is seen, told when it begins, again while it lasts, and
//! when it ends.
//!
//! [`reach`] keeps how servers answer; [`rules`] turns a [`Sight`] into the alerts that hold; [`board`] compares them with
//! those before; all are pure.
//! [`watch`] looks, decides and tells: by the log, by [`webhook`], by [`mail`].
//!
//! **Invariant:** an alert says what, about whom, since when and what to do, and nothing of a document. Telling is bounded
//! and holds up nothing but the next look; no way of telling waits for another.

pub mod board;
mod config;
pub mod mail;
pub mod reach;
pub mod rules;
pub mod watch;
pub mod webhook;

use std::fmt;

use serde_json::{Value, json};

pub use self::{
    config::Config,
    rules::Sight,
    watch::{Firing, Watch},
};
use crate::model::{id::MemberId, time::Timestamp};

/// What is wrong.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// Nothing comes back from a member that is pushed to.
    PartnerDown,
    /// Deliveries to a member wait for long.
    Waiting,
    /// A member's server answers, and takes nothing.
    TakesNothing,
    /// A member's server answers as if it took deliveries, without saying what it took.
    NoEcho,
    /// Customs does not answer what arrived in the time its agreement states.
    Unanswered,
    /// A leaf or anchor ends soon, or has.
    IdentityEnds,
    /// The disk fills.
    DiskLow,
    /// Commits take long.
    SlowCommits,
    /// Much of what a member pushes is rejected.
    Rejections,
    /// The wall clock is not believed.
    ClockDoubted,
    /// The hub came back after it ended without being asked to.
    Restarted,
    /// The folder is a configuration that two operators must let in.
    FolderWaits,
}

/// How much it matters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Severity {
    /// Plan for it.
    Notice,
    /// Look today.
    Warning,
    /// Look now.
    Critical,
}

/// Whom or what it is about.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum About {
    /// The hub.
    Hub,
    /// A leaf of the hub's own, by what it is for.
    Leaf(&'static str),
    /// A member.
    Member(MemberId),
    /// The leaf the hub shows to one member.
    LeafFor(MemberId),
}

/// Something an operator must know.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Alert {
    /// What is wrong.
    pub kind: Kind,
    /// About whom.
    pub about: About,
    /// How much it matters.
    pub severity: Severity,
    /// Since when.
    pub since: Timestamp,
    /// How it is, in words.
    pub words: String,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::PartnerDown,
        Self::Waiting,
        Self::TakesNothing,
        Self::NoEcho,
        Self::Unanswered,
        Self::IdentityEnds,
        Self::DiskLow,
        Self::SlowCommits,
        Self::Rejections,
        Self::ClockDoubted,
        Self::Restarted,
        Self::FolderWaits,
    ];

    /// The word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::PartnerDown => "partner-down",
            Self::Waiting => "waiting",
            Self::TakesNothing => "takes-nothing",
            Self::NoEcho => "no-echo",
            Self::Unanswered => "unanswered",
            Self::IdentityEnds => "identity-ends",
            Self::DiskLow => "disk-low",
            Self::SlowCommits => "slow-commits",
            Self::Rejections => "rejections",
            Self::ClockDoubted => "clock-doubted",
            Self::Restarted => "restarted",
            Self::FolderWaits => "folder-waits",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn todo(self) -> &'static str {
        match self {
            Self::PartnerDown => {
                "ask the member whether its server is up; nothing is lost, deliveries go on by themselves once it answers"
            }
            Self::Waiting => {
                "see coohub queue --target; a mailbox waits for its member to collect, a held lane for coohub release"
            }
            Self::TakesNothing => {
                "see coohub queue --target for what it answers: its address, its access rules or its software may have changed"
            }
            Self::NoEcho => {
                "the member's server answers without repeating what it took: ask for the echo or the receipt it agreed to"
            }
            Self::Unanswered => {
                "see coohub queue --state unanswered: ask the member whether its customs works on them"
            }
            Self::IdentityEnds => "have the next leaf or anchor put in place before that day, then reload",
            Self::DiskLow => "make room on the file system of the data folder, or move the folder",
            Self::SlowCommits => {
                "look at the disk of the data folder: what else writes there, and whether it is failing"
            }
            Self::Rejections => {
                "coohub status has the codes: tell the member what is wrong; its system may have changed"
            }
            Self::ClockDoubted => {
                "set the clock right, or say that it is: coohub clock confirm --reason TEXT"
            }
            Self::Restarted => "see the log before the restart; nothing that was acknowledged is lost",
            Self::FolderWaits => {
                "see coohub plan; then apply the folder (one operator proposes, another confirms), or put back what ran: coohub rollback"
            }
        }
    }
}

impl Severity {
    /// Every severity.
    pub const ALL: [Self; 3] = [Self::Notice, Self::Warning, Self::Critical];

    /// The word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hub => f.write_str("hub"),
            Self::Leaf(leaf) => write!(f, "hub's {leaf} leaf"),
            Self::Member(member) => member.fmt(f),
            Self::LeafFor(member) => write!(f, "hub's leaf for {member}"),
        }
    }
}

impl Alert {
    /// As JSON, for whoever is told.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({
            "alert": self.kind.word(),
            "severity": self.severity.word(),
            "about": self.about.to_string(),
            "since": self.since.to_string(),
            "text": self.words,
            "todo": self.kind.todo(),
        })
    }
}
