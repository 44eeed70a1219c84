//! Whether a lane does what it should. Pure: a lane leaves a mark each time it has looked round, and the sweep reads it.
//!
//! A lane that panics ends the hub. What is watched for here is one that stands still without reason: it waits for
//! something that never comes, or it has due work, no obstacle, and begins nothing.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::Notify;

use super::lane::Why;
use crate::clock::Clock;

/// What a lane last said of itself. Times are of the machine's steady clock, whatever clock the hub goes by: whether a
/// task still turns is no matter of wall time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mark {
    /// When it last looked round to the end.
    pub turned: Duration,
    /// When an attempt last began or ended.
    pub moved: Duration,
    /// What it waits for.
    pub why: Why,
    /// Attempts under way.
    pub in_hand: usize,
}

/// What is to be done about a lane.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Nothing.
    Well,
    /// It overlooks due work: wake it, and tell.
    Wake,
    /// It does not turn any more: begin it anew, and tell.
    Restart,
}

/// Judges a lane whose earliest due delivery has waited for `waited` at the steady time `now`.
#[must_use]
pub fn judge(mark: &Mark, waited: Option<Duration>, now: Duration, stall_max: Duration) -> Verdict {
    let since = |then: Duration| now.saturating_sub(then);
    if since(mark.turned) > stall_max {
        return Verdict::Restart;
    }
    let overlooks = mark.why == Why::Idle && mark.in_hand == 0 && since(mark.moved) > stall_max;
    if overlooks && waited.is_some_and(|waited| waited > stall_max) { Verdict::Wake } else { Verdict::Well }
}

/// Where a lane leaves its mark; cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Pulse {
    mark: Arc<Mutex<Mark>>,
    wake: Arc<Notify>,
}

impl Pulse {
    /// The mark of a lane that begins now.
    pub(super) fn new() -> Self {
        let now = Self::now();
        let mark = Mark { turned: now, moved: now, why: Why::Idle, in_hand: 0 };
        Self { mark: Arc::new(Mutex::new(mark)), wake: Arc::default() }
    }

    pub(super) fn now() -> Duration {
        Clock::Real.steady()
    }

    pub(super) fn read(&self) -> Mark {
        *self.mark.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leaves a mark; attempts moved if their number changed or `ended` says that one ended.
    pub(super) fn leave(&self, why: Why, in_hand: usize, ended: bool) {
        let now = Self::now();
        let mut mark = self.mark.lock().unwrap_or_else(PoisonError::into_inner);
        let moved = if ended || mark.in_hand != in_hand { now } else { mark.moved };
        *mark = Mark { turned: now, moved, why, in_hand };
    }

    /// Makes the lane look round.
    pub(super) fn wake(&self) {
        self.wake.notify_one();
    }

    /// Waits to be woken; cancel safe.
    pub(super) async fn woken(&self) {
        self.wake.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX: Duration = Duration::from_secs(300);
    const LONG: Duration = Duration::from_secs(301);
    const MARK: Mark = Mark { turned: LONG, moved: Duration::ZERO, why: Why::Idle, in_hand: 0 };

    #[test]
    fn a_lane_that_turns_and_has_nothing_due_or_an_obstacle_is_well() {
        assert_eq!(judge(&MARK, None, LONG, MAX), Verdict::Well);
        assert_eq!(judge(&MARK, Some(MAX), LONG, MAX), Verdict::Well);
        for why in [Why::Breaker, Why::Held, Why::Maintenance, Why::Rate, Why::Permits, Why::Unreachable] {
            assert_eq!(judge(&Mark { why, ..MARK }, Some(LONG), LONG, MAX), Verdict::Well, "{why:?}");
        }
        assert_eq!(judge(&Mark { in_hand: 1, ..MARK }, Some(LONG), LONG, MAX), Verdict::Well);
        assert_eq!(judge(&Mark { moved: LONG, ..MARK }, Some(LONG), LONG, MAX), Verdict::Well);
    }

    #[test]
    fn a_lane_that_rests_beside_due_work_is_woken() {
        assert_eq!(judge(&MARK, Some(LONG), LONG, MAX), Verdict::Wake);
    }

    #[test]
    fn a_lane_that_does_not_turn_begins_anew_just_past_the_limit() {
        let still = Mark { turned: Duration::ZERO, ..MARK };
        assert_eq!(judge(&still, None, MAX, MAX), Verdict::Well);
        assert_eq!(judge(&still, None, LONG, MAX), Verdict::Restart);
    }

    #[test]
    fn a_mark_moves_with_the_attempts() {
        let pulse = Pulse::new();
        let begun = pulse.read();
        pulse.leave(Why::Idle, 0, false);
        assert_eq!(pulse.read().moved, begun.moved);
        pulse.leave(Why::Permits, 2, false);
        let mark = pulse.read();
        assert_eq!(mark.moved, mark.turned);
        pulse.leave(Why::Permits, 2, true);
        assert_eq!(pulse.read().moved, pulse.read().turned);
    }
}
