//! The clock guard: nothing expires on the word of a wall clock that jumped, until an operator confirms it.
//!
//! The wall clock is held against what it should show. While the hub runs that is the last time it was sure of and the
//! steady time since; at start it is the time kept with the store's last sure moment, so a hub that was off for longer
//! than the limit asks too. A clock that is put right again is believed again by itself; one that stays where it jumped
//! to is believed when an operator says so ([`ClockGuard::confirm`]). Deliveries go on meanwhile: only ends by age wait.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use crate::{
    clock::Clock,
    model::time::Timestamp,
    store::{Fault, Store, lane::Change},
};

/// A moment at which the wall clock was believed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Anchor {
    /// What it showed.
    pub wall: Timestamp,
    /// The steady clock then.
    pub steady: Duration,
}

/// A wall clock that is not believed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Doubt {
    /// What it should show.
    pub expected: Timestamp,
    /// What it shows.
    pub found: Timestamp,
}

impl Anchor {
    /// Whether a wall clock that shows `wall` when the steady one shows `steady` is off by more than `step_max`, either
    /// way. Pure.
    #[must_use]
    pub fn doubt(&self, wall: Timestamp, steady: Duration, step_max: Duration) -> Option<Doubt> {
        let expected = self.wall.plus(steady.saturating_sub(self.steady));
        let off = wall.since(expected).max(expected.since(wall));
        (off > step_max).then_some(Doubt { expected, found: wall })
    }
}

/// Holds the wall clock against what it should show; cheap to clone.
#[derive(Clone)]
pub struct ClockGuard {
    clock: Clock,
    store: Store,
    step_max: Duration,
    state: Arc<Mutex<State>>,
}

#[derive(Clone, Copy)]
struct State {
    anchor: Anchor,
    doubted: bool,
}

impl ClockGuard {
    /// A guard that goes on from the moment kept in the store; a store that never kept one believes the clock.
    #[must_use]
    pub fn new(clock: Clock, store: Store, heard: Option<Timestamp>, step_max: Duration) -> Self {
        let anchor = Anchor { wall: heard.unwrap_or_else(|| clock.now()), steady: clock.steady() };
        Self { clock, store, step_max, state: Arc::new(Mutex::new(State { anchor, doubted: false })) }
    }

    /// Why the wall clock is not believed now, if it is not.
    #[must_use]
    pub fn doubt(&self) -> Option<Doubt> {
        self.state().anchor.doubt(self.clock.now(), self.clock.steady(), self.step_max)
    }

    /// Whether deliveries may end by their age now.
    #[must_use]
    pub fn may_expire(&self) -> bool {
        self.doubt().is_none()
    }

    /// An operator says that the wall clock is right; false when nobody doubted it.
    ///
    /// **Durability:** a restart does not ask again once it returned.
    ///
    /// # Errors
    /// A fault of the store; then the clock is doubted as before.
    pub async fn confirm(&self) -> Result<bool, Fault> {
        self.confirm_with(|change| self.store.keep_lane(change)).await
    }

    /// As [`ClockGuard::confirm`], by a commit of the caller's that takes the change along with what else belongs to it;
    /// there is no commit when nobody doubted the clock.
    ///
    /// # Errors
    /// Those of the commit; then the clock is doubted as before.
    pub async fn confirm_with<F>(&self, commit: impl FnOnce(Change) -> F) -> Result<bool, Fault>
    where
        F: Future<Output = Result<(), Fault>>,
    {
        let Some(doubt) = self.doubt() else { return Ok(false) };
        let found = self.now();
        commit(Change::Heard(found.wall)).await?;
        self.believe(found);
        tracing::warn!(expected = %doubt.expected, found = %found.wall, "the wall clock was confirmed: what is too old expires");
        Ok(true)
    }

    /// Looks at the clock: believes and keeps what it shows, or says once that it does not.
    pub(super) async fn look(&self) -> Result<(), Fault> {
        if let Some(Doubt { expected, found }) = self.doubt() {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            if !std::mem::replace(&mut state.doubted, true) {
                tracing::error!(code = "clock-stepped", %expected, %found, "the wall clock jumped: nothing expires until it is confirmed");
            }
            return Ok(());
        }
        let now = self.now();
        if self.state().doubted {
            tracing::info!(now = %now.wall, "the wall clock is right again");
        }
        self.believe(now);
        self.store.keep_lane(Change::Heard(now.wall)).await
    }

    fn now(&self) -> Anchor {
        Anchor { wall: self.clock.now(), steady: self.clock.steady() }
    }

    fn believe(&self, anchor: Anchor) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = State { anchor, doubted: false };
    }

    fn state(&self) -> State {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Config;

    const HOUR: Duration = Duration::from_secs(3_600);

    #[test]
    fn an_hour_more_or_less_is_believed_and_a_millisecond_more_is_not() {
        let anchor = Anchor { wall: Timestamp(0).plus(HOUR * 100), steady: HOUR };
        let after = |wall: Timestamp| anchor.doubt(wall, HOUR * 3, HOUR).is_some();
        let expected = Timestamp(0).plus(HOUR * 102);
        assert!(!after(expected) && !after(expected.plus(HOUR)) && !after(expected.minus(HOUR)));
        assert!(after(Timestamp(expected.plus(HOUR).0 + 1)));
        assert!(after(Timestamp(expected.minus(HOUR).0 - 1)));
    }

    #[tokio::test]
    async fn a_step_is_doubted_until_it_is_taken_back_or_confirmed_and_a_restart_remembers() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&Config { folder: folder.path().to_owned(), ..Config::default() }).unwrap();
        let (clock, hand) = Clock::manual(Timestamp(1_700_000_000_000));
        let guard = ClockGuard::new(clock.clone(), store.clone(), None, HOUR);
        hand.advance(HOUR * 50);
        assert!(guard.may_expire(), "time that passes is no step");
        guard.look().await.unwrap();

        hand.step(HOUR * 2, true);
        assert!(!guard.may_expire());
        hand.step(HOUR * 2, false);
        assert!(guard.may_expire());

        hand.step(HOUR * 24 * 30, true);
        guard.look().await.unwrap();
        let heard = async || store.lanes().await.unwrap().heard;
        let again = ClockGuard::new(clock.clone(), store.clone(), heard().await, HOUR);
        assert!(!again.may_expire(), "a restart does not make it right");
        assert!(again.confirm().await.unwrap());
        assert!(again.may_expire() && !again.confirm().await.unwrap());
        let again = ClockGuard::new(clock, store.clone(), heard().await, HOUR);
        assert!(again.may_expire());
    }
}
