//! Lanes, or one source's share of them, that stand still because an operator, or too many refusals in a row, said so.
//!
//! A hold is lane state: it touches no delivery, and nothing is lost or aged by it but time. It is on disk before it is
//! in force, and outlasts a restart; an operator's ends by a release only, one of the hub's own by a reload too. By the same
//! way lanes learn that an operator wants an attempt at once.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::{Mutex, watch};

use crate::{
    model::{id::MemberId, time::Timestamp},
    store::{
        Fault, Store,
        lane::{Change, Hold, Scope},
    },
};

/// Whom an automatic hold names as the one who said so.
pub const HUB: &str = "hub";
/// How long nobody asks again for an attempt at once: one takes its time, and what a target asks to wait is its wish.
pub const TRY_PAUSE: Duration = Duration::from_secs(10);

/// How often an operator asked for an attempt at once, of each member, and when last.
type Tries = BTreeMap<MemberId, (u64, Timestamp)>;

/// What is held, and why; cheap to clone.
#[derive(Clone)]
pub struct Holds {
    store: Store,
    held: Arc<watch::Sender<BTreeMap<Scope, Hold>>>,
    /// Until when each sandbox is spared: in memory alone, as whatever is known of sandboxes.
    sandboxes: Arc<std::sync::Mutex<BTreeMap<MemberId, Timestamp>>>,
    tries: Arc<watch::Sender<Tries>>,
    /// One change at a time, so that disk and memory see them in one order.
    changing: Arc<Mutex<()>>,
}

/// What is held of one lane.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Held {
    /// All of it.
    pub lane: bool,
    /// The deliveries of these sources.
    pub sources: BTreeSet<MemberId>,
}

impl Holds {
    /// The holds of a store, as it kept them.
    #[must_use]
    pub fn new(store: Store, kept: BTreeMap<Scope, Hold>) -> Self {
        let held = Arc::new(watch::Sender::new(kept));
        let tries = Arc::new(watch::Sender::new(BTreeMap::new()));
        Self { store, held, tries, sandboxes: Arc::default(), changing: Arc::default() }
    }

    /// Holds a member's lane, or one source's share of it: what is under way ends, nothing new begins.
    ///
    /// **Durability:** on disk when it returns.
    ///
    /// # Errors
    /// A fault of the store; then nothing is held.
    pub async fn hold(&self, scope: Scope, hold: Hold) -> Result<(), Fault> {
        self.hold_with(scope, hold, |change| self.store.keep_lane(change)).await
    }

    /// As [`Holds::hold`], by a commit of the caller's that takes the change along with what else belongs to it.
    ///
    /// # Errors
    /// Those of the commit; then nothing is held.
    pub async fn hold_with<F>(
        &self,
        scope: Scope,
        hold: Hold,
        commit: impl FnOnce(Change) -> F,
    ) -> Result<(), Fault>
    where
        F: Future<Output = Result<(), Fault>>,
    {
        let _one = self.changing.lock().await;
        commit(Change::Hold(scope.clone(), hold.clone())).await?;
        self.held.send_modify(|held| drop(held.insert(scope, hold)));
        Ok(())
    }

    /// Lets a lane go on, with every source's share of it; false when nothing of it was held.
    ///
    /// **Durability:** on disk when it returns.
    ///
    /// # Errors
    /// A fault of the store; then it is held as before.
    pub async fn release(&self, member: &MemberId) -> Result<bool, Fault> {
        self.release_with(member, |change| self.store.keep_lane(change)).await
    }

    /// As [`Holds::release`], by a commit of the caller's that takes the change along with what else belongs to it; there is
    /// no commit when nothing was held.
    ///
    /// # Errors
    /// Those of the commit; then it is held as before.
    pub async fn release_with<F>(
        &self,
        member: &MemberId,
        commit: impl FnOnce(Change) -> F,
    ) -> Result<bool, Fault>
    where
        F: Future<Output = Result<(), Fault>>,
    {
        let freed = self.free(|scope, _| scope.target == *member, commit).await?;
        Ok(!freed.is_empty())
    }

    /// Lets go on what the hub itself held after refusals in a row; gives what that was.
    ///
    /// # Errors
    /// As [`Holds::release`].
    pub async fn release_automatic(&self) -> Result<Vec<Scope>, Fault> {
        self.free(|_, hold| hold.who == HUB, |change| self.store.keep_lane(change)).await
    }

    async fn free<F>(
        &self,
        which: impl Fn(&Scope, &Hold) -> bool,
        commit: impl FnOnce(Change) -> F,
    ) -> Result<Vec<Scope>, Fault>
    where
        F: Future<Output = Result<(), Fault>>,
    {
        let _one = self.changing.lock().await;
        let free: Vec<_> = {
            let held = self.held.borrow();
            held.iter().filter(|(scope, hold)| which(scope, hold)).map(|(scope, _)| scope.clone()).collect()
        };
        if !free.is_empty() {
            commit(Change::Release(free.clone())).await?;
            self.held.send_modify(|held| held.retain(|scope, _| !free.contains(scope)));
        }
        Ok(free)
    }

    /// Who holds a member's whole lane and why, in words, if it is held.
    #[must_use]
    pub fn why(&self, member: &MemberId) -> Option<String> {
        let scope = Scope { target: member.clone(), source: None };
        self.held.borrow().get(&scope).map(|hold| format!("{}: {}", hold.who, hold.why))
    }

    /// Everything that is held, and why.
    #[must_use]
    pub fn all(&self) -> BTreeMap<Scope, Hold> {
        self.held.borrow().clone()
    }

    /// What is held of a member's lane.
    #[must_use]
    pub fn of(&self, member: &MemberId) -> Held {
        let held = self.held.borrow();
        let scopes = || held.keys().filter(|scope| scope.target == *member);
        Held {
            lane: scopes().any(|scope| scope.source.is_none()),
            sources: scopes().filter_map(|scope| scope.source.clone()).collect(),
        }
    }

    /// Until when a member's sandbox is spared, if it is at `now`.
    #[must_use]
    pub fn sandbox_spared(&self, member: &MemberId, now: Timestamp) -> Option<Timestamp> {
        self.sandboxes().get(member).copied().filter(|until| *until > now)
    }

    /// Says until when a member's sandbox is spared; `None` once it is not.
    pub(super) fn spare_sandbox(&self, member: &MemberId, until: Option<Timestamp>) {
        let mut sandboxes = self.sandboxes();
        match until {
            Some(until) => drop(sandboxes.insert(member.clone(), until)),
            None => drop(sandboxes.remove(member)),
        }
    }

    fn sandboxes(&self) -> MutexGuard<'_, BTreeMap<MemberId, Timestamp>> {
        self.sandboxes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks a member's lane for an attempt at once; nothing is kept of it.
    pub fn try_now(&self, member: &MemberId, now: Timestamp) {
        self.tries.send_modify(|tries| {
            let (count, _) = tries.get(member).copied().unwrap_or_default();
            tries.insert(member.clone(), (count + 1, now));
        });
    }

    /// Until when nobody asks a member's lane again, after somebody just did.
    #[must_use]
    pub fn tried_until(&self, member: &MemberId, now: Timestamp) -> Option<Timestamp> {
        let (_, at) = self.tries.borrow().get(member).copied()?;
        Some(at.plus(TRY_PAUSE)).filter(|until| at <= now && *until > now)
    }

    /// How often [`Holds::try_now`] was asked of a member.
    pub(super) fn tries(&self, member: &MemberId) -> u64 {
        self.tries.borrow().get(member).copied().unwrap_or_default().0
    }

    pub(super) fn watch_tries(&self) -> watch::Receiver<Tries> {
        self.tries.subscribe()
    }

    pub(super) fn watch(&self) -> watch::Receiver<BTreeMap<Scope, Hold>> {
        self.held.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Config;

    #[tokio::test]
    async fn a_lane_that_was_tried_is_not_tried_again_for_a_while() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config { folder: folder.path().to_owned(), ..Config::default() };
        let holds = Holds::new(Store::open(&config).unwrap(), BTreeMap::new());
        let (kg, ru) = (MemberId::new("kg").unwrap(), MemberId::new("ru").unwrap());
        let (at, until) = (Timestamp(5), Timestamp(5).plus(TRY_PAUSE));
        holds.try_now(&kg, at);
        assert_eq!(holds.tried_until(&kg, at), Some(until));
        assert_eq!(holds.tried_until(&kg, Timestamp(until.0 - 1)), Some(until));
        assert_eq!(holds.tried_until(&kg, until), None);
        assert_eq!(
            holds.tried_until(&kg, Timestamp(4)),
            None,
            "a clock that was put back is in nobody's way"
        );
        assert_eq!(holds.tried_until(&ru, at), None);
        holds.try_now(&kg, until);
        assert_eq!((holds.tries(&kg), holds.tries(&ru)), (2, 0));
    }

    #[tokio::test]
    async fn a_hold_is_there_again_after_a_restart_until_it_is_released() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config { folder: folder.path().to_owned(), ..Config::default() };
        let (kg, ru) = (MemberId::new("kg").unwrap(), MemberId::new("ru").unwrap());
        let hold = Hold { why: "asked for".to_owned(), who: "aida".to_owned(), since: Timestamp(5) };
        let whole = Scope { target: kg.clone(), source: None };
        let share = Scope { target: kg.clone(), source: Some(ru.clone()) };
        for round in 0..2 {
            let store = Store::open(&config).unwrap();
            let holds = Holds::new(store.clone(), store.lanes().await.unwrap().holds);
            assert_eq!(holds.all().len(), round * 2, "{:?}", holds.all());
            if round == 0 {
                assert!(!holds.release(&kg).await.unwrap());
                holds.hold(whole.clone(), hold.clone()).await.unwrap();
                holds.hold(share.clone(), hold.clone()).await.unwrap();
            } else {
                assert_eq!(holds.all().get(&whole), Some(&hold));
                assert_eq!(holds.why(&kg).as_deref(), Some("aida: asked for"));
                assert_eq!(holds.of(&kg), Held { lane: true, sources: BTreeSet::from([ru.clone()]) });
                assert_eq!(
                    holds.release_automatic().await.unwrap(),
                    [],
                    "an operator's are not the hub's to end"
                );
                assert!(holds.release(&kg).await.unwrap());
                assert_eq!((holds.why(&kg), holds.of(&kg)), (None, Held::default()));
                assert_eq!(store.lanes().await.unwrap().holds.len(), 0);
            }
            store.close().await;
        }
    }
}
