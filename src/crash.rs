//! Places where a test lets the process die, to see what survives; a release build has nothing of them.
//!
//! A debug build takes `COOHUB_CRASH=<label>:<pass>` from the environment that `main` hands in. At that pass of that point
//! the process aborts as under SIGKILL: nothing unwinds, no destructor runs, nothing is flushed. There is a point wherever
//! a promise changes hands; what survives at each stands in ARCHITECTURE.md, under the same labels.
//!
//! **Invariant:** a point decides nothing and changes nothing, and without the variable it is not there.

use std::collections::BTreeMap;

/// The variable that arms a point.
pub const VARIABLE: &str = "COOHUB_CRASH";

/// A commit that points stand around.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Commit {
    /// A message with everything that belongs to it.
    Accept,
    /// The deliveries of a message.
    Route,
    /// What came of an attempt.
    Attempt,
    /// An attachment.
    Put,
    /// What an operator did.
    Act,
    /// A target's wish to have a delivery again.
    Resend,
    /// A digest to a source.
    Digest,
}

/// A place where the process may be made to die.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Point {
    /// The batch with such a commit has not begun.
    Begins(Commit),
    /// Its rows are written, its transaction is open.
    Written(Commit),
    /// It is on disk; nobody has heard of it.
    Committed(Commit),
    /// The verdict on a push is known; its answer has not left.
    Answered,
    /// A target answered; the outcome is not committed.
    Sent,
    /// Mailbox entries are reserved; their member has not seen them.
    Offered,
    /// The log is about to be copied beside the writer.
    CopyBegins,
    /// It was copied.
    Copied,
    /// The writer is about to copy the rest and start the log anew.
    RestartBegins,
    /// It has.
    Restarted,
    /// A migration is written, its transaction is open.
    MigrationWritten,
    /// A migration is on disk, the next one has not begun.
    MigrationCommitted,
    /// It is written down that the folder is about to be written; nothing of it is.
    FolderBegins,
    /// A file of it is what it is to be.
    FolderFile,
    /// All of them are; that the configuration is applied is not written down.
    FolderDone,
    /// The store is open; nobody can connect yet.
    Opened,
    /// Everything that waited is committed; the log has not been emptied.
    CloseBegins,
    /// The log is emptied.
    Closed,
}

impl Point {
    /// Every point.
    pub const ALL: [Self; 36] = [
        Self::Begins(Commit::Accept),
        Self::Written(Commit::Accept),
        Self::Committed(Commit::Accept),
        Self::Begins(Commit::Route),
        Self::Written(Commit::Route),
        Self::Committed(Commit::Route),
        Self::Begins(Commit::Attempt),
        Self::Written(Commit::Attempt),
        Self::Committed(Commit::Attempt),
        Self::Begins(Commit::Put),
        Self::Written(Commit::Put),
        Self::Committed(Commit::Put),
        Self::Begins(Commit::Act),
        Self::Written(Commit::Act),
        Self::Committed(Commit::Act),
        Self::Begins(Commit::Resend),
        Self::Written(Commit::Resend),
        Self::Committed(Commit::Resend),
        Self::Begins(Commit::Digest),
        Self::Written(Commit::Digest),
        Self::Committed(Commit::Digest),
        Self::Answered,
        Self::Sent,
        Self::Offered,
        Self::CopyBegins,
        Self::Copied,
        Self::RestartBegins,
        Self::Restarted,
        Self::MigrationWritten,
        Self::MigrationCommitted,
        Self::FolderBegins,
        Self::FolderFile,
        Self::FolderDone,
        Self::Opened,
        Self::CloseBegins,
        Self::Closed,
    ];

    /// The label, as the variable has it.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Begins(Commit::Accept) => "accept.begins",
            Self::Written(Commit::Accept) => "accept.written",
            Self::Committed(Commit::Accept) => "accept.committed",
            Self::Begins(Commit::Route) => "route.begins",
            Self::Written(Commit::Route) => "route.written",
            Self::Committed(Commit::Route) => "route.committed",
            Self::Begins(Commit::Attempt) => "attempt.begins",
            Self::Written(Commit::Attempt) => "attempt.written",
            Self::Committed(Commit::Attempt) => "attempt.committed",
            Self::Begins(Commit::Put) => "put.begins",
            Self::Written(Commit::Put) => "put.written",
            Self::Committed(Commit::Put) => "put.committed",
            Self::Begins(Commit::Act) => "act.begins",
            Self::Written(Commit::Act) => "act.written",
            Self::Committed(Commit::Act) => "act.committed",
            Self::Begins(Commit::Resend) => "resend.begins",
            Self::Written(Commit::Resend) => "resend.written",
            Self::Committed(Commit::Resend) => "resend.committed",
            Self::Begins(Commit::Digest) => "digest.begins",
            Self::Written(Commit::Digest) => "digest.written",
            Self::Committed(Commit::Digest) => "digest.committed",
            Self::Answered => "push.answered",
            Self::Sent => "delivery.sent",
            Self::Offered => "inbox.offered",
            Self::CopyBegins => "copy.begins",
            Self::Copied => "copy.done",
            Self::RestartBegins => "restart.begins",
            Self::Restarted => "restart.done",
            Self::MigrationWritten => "migration.written",
            Self::MigrationCommitted => "migration.committed",
            Self::FolderBegins => "folder.begins",
            Self::FolderFile => "folder.file",
            Self::FolderDone => "folder.done",
            Self::Opened => "start.opened",
            Self::CloseBegins => "close.begins",
            Self::Closed => "close.done",
        }
    }
}

/// Arms the point that the environment names, if it names one and this is a debug build.
///
/// # Errors
/// What is wrong with the value, in words.
pub fn arm(environment: &BTreeMap<String, String>) -> Result<(), String> {
    #[cfg(debug_assertions)]
    if let Some(value) = environment.get(VARIABLE) {
        let wrong = || format!("{VARIABLE}={value} is not <label>:<pass>, with a pass from 1");
        armed::arm(armed::Armed::read(value).ok_or_else(wrong)?);
    }
    #[cfg(not(debug_assertions))]
    let _ = environment;
    Ok(())
}

/// Ends the process here, if this pass of this point is the one that was armed.
#[inline]
pub fn at(point: Point) {
    #[cfg(debug_assertions)]
    armed::pass(point);
    #[cfg(not(debug_assertions))]
    let _ = point;
}

#[cfg(debug_assertions)]
mod armed {
    use std::sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    };

    use super::Point;

    static ARMED: OnceLock<Armed> = OnceLock::new();

    /// A point, and how often it is passed unharmed.
    pub(super) struct Armed {
        point: Point,
        left: AtomicU64,
    }

    impl Armed {
        pub(super) fn read(value: &str) -> Option<Self> {
            let (label, pass) = value.split_once(':')?;
            let point = Point::ALL.into_iter().find(|point| point.label() == label)?;
            let left = pass.parse::<u64>().ok()?.checked_sub(1)?;
            Some(Self { point, left: AtomicU64::new(left) })
        }

        /// Whether this pass is the one; asked once per pass.
        pub(super) fn strikes(&self, point: Point) -> bool {
            let less = |left: u64| left.checked_sub(1);
            point == self.point && self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_err()
        }
    }

    pub(super) fn arm(armed: Armed) {
        // Armed once: the first one stays.
        let _ = ARMED.set(armed);
    }

    pub(super) fn pass(point: Point) {
        if ARMED.get().is_some_and(|armed| armed.strikes(point)) {
            std::process::abort();
        }
    }
}

#[cfg(all(test, debug_assertions))]
mod tests {
    use super::{armed::Armed, *};

    #[test]
    fn a_point_strikes_at_its_pass_and_other_points_never_do() {
        let armed = Armed::read("accept.committed:3").unwrap();
        let here = Point::Committed(Commit::Accept);
        let passes = [here, Point::Sent, here, Point::Written(Commit::Accept), here];
        assert_eq!(passes.map(|point| armed.strikes(point)), [false, false, false, false, true]);
    }

    #[test]
    fn what_names_no_point_or_no_pass_is_an_error_and_nothing_is_armed() {
        for bad in ["", "accept.committed", "accept.commited:1", "accept.committed:0", "delivery.sent:-1"] {
            let environment = BTreeMap::from([(VARIABLE.to_owned(), bad.to_owned())]);
            assert!(arm(&environment).is_err(), "{bad}");
        }
        assert_eq!(arm(&BTreeMap::new()), Ok(()));
    }
}
