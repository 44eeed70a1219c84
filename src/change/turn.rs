//! Whose turn it is to change the configuration: one change is made at a time, and nobody waits for ever.

use std::{sync::Arc, time::Duration};

use tokio::sync::{Mutex, OwnedMutexGuard};

use super::{Answer, Change};
use crate::{
    model::reason::Reason,
    operate::{Order, Refusal},
};

/// Longest wait for a change that is under way to end. It reads a folder, syncs a commit and perhaps writes files: seconds.
pub const TURN_WAIT_MAX: Duration = Duration::from_secs(30);

/// The turn; cheap to clone.
#[derive(Clone)]
pub(super) struct Turn {
    taken: Arc<Mutex<()>>,
    wait_max: Duration,
}

impl Turn {
    pub(super) fn new(wait_max: Duration) -> Self {
        Self { taken: Arc::default(), wait_max }
    }

    /// Takes it until what is given is dropped; `None` when it was not to be had in time.
    pub(super) async fn take(&self) -> Option<OwnedMutexGuard<()>> {
        tokio::time::timeout(self.wait_max, self.taken.clone().lock_owned()).await.ok()
    }
}

impl Change {
    /// Refuses a change because another one does not end.
    pub(super) async fn under_way<T>(&self, order: &Order<'_>) -> Answer<T> {
        let why = "another change of the configuration is under way; nothing was changed: look what it did, and try again";
        self.refuse(order, Refusal::new(Reason::ChangeUnderWay, why).into()).await
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, path::Path};

    use tokio::sync::watch;

    use super::*;
    use crate::{
        change::{By, Candidate, Ground, Setting},
        clock::Clock,
        deliver::{hold::Holds, sample},
        files::Files,
        operate::{Ledger, Operator},
        problem::Problem,
        region::agreement::LinkState,
        store::{self, Store},
    };

    /// A folder where everything is wrong.
    struct Wrong;

    impl Ground for Wrong {
        fn folder(&self) -> &Path {
            Path::new("wrong")
        }

        fn settings(&self) -> Vec<Setting> {
            Vec::new()
        }

        fn read(&self, _: &Files) -> Result<Candidate, Vec<Problem>> {
            Err(Vec::new())
        }

        fn settled(&self) {}
    }

    #[tokio::test]
    async fn whoever_waits_too_long_for_another_change_is_told_so_and_may_come_again() {
        let folder = tempfile::tempdir().unwrap();
        let settings = store::Config { folder: folder.path().to_owned(), ..store::Config::default() };
        let store = Store::open(&settings).unwrap();
        let ledger = Ledger::new(store.clone(), Clock::Real);
        let (region, _) = watch::channel(Arc::new(sample::region(LinkState::Live)));
        let holds = Holds::new(store.clone(), BTreeMap::new());
        let mut change = Change::new(ledger, store.clone(), region, holds, Arc::new(Wrong));
        change.turn = Turn::new(Duration::from_millis(5));
        let maria = Operator { user: "maria".to_owned(), named: None };
        let apply = async || change.apply(By::Operator(&maria), "a test", None).await.unwrap().unwrap_err();

        let other = change.turn.take().await.unwrap();
        assert_eq!(apply().await.refusal.reason, Reason::ChangeUnderWay);
        let rollback = change.rollback(&maria, 1, "a test").await.unwrap();
        assert_eq!(rollback.unwrap_err().refusal.reason, Reason::ChangeUnderWay);
        let confirmed = change.confirm(&maria, "a test", change.region.borrow().digest).await.unwrap();
        assert_eq!(confirmed.unwrap_err().refusal.reason, Reason::ChangeUnderWay);
        let recorded = store.actions(None, None, 9).await.unwrap();
        assert_eq!(recorded.len(), 3, "each is on record");
        assert!(recorded.iter().all(|(_, one)| one.outcome.starts_with("change-under-way: ")));
        drop(other);
        assert_eq!(apply().await.refusal.reason, Reason::ConfigurationWrong, "its turn has come");
    }
}
