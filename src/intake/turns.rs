//! A bounded number of documents at once, members by turns.
//!
//! Whoever waits waits in its member's own line, and the lines are served round and round: a member with a thousand
//! expensive documents delays another one's single document by one of them, not by all.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::oneshot;

use crate::model::id::MemberId;

/// The places, shared; cheap to clone.
#[derive(Clone)]
pub(super) struct Turns {
    state: Arc<Mutex<State>>,
}

/// A place at work, free for the next one when it is dropped.
pub(super) struct Turn {
    turns: Option<Turns>,
}

struct State {
    free: usize,
    lines: Lines<oneshot::Sender<Turn>>,
}

/// A first-in first-out line for each member that has one, and whose turn is next.
struct Lines<W> {
    of: BTreeMap<MemberId, VecDeque<W>>,
    next: VecDeque<MemberId>,
}

impl Turns {
    pub(super) fn new(at_once_max: usize) -> Self {
        let lines = Lines { of: BTreeMap::new(), next: VecDeque::new() };
        Self { state: Arc::new(Mutex::new(State { free: at_once_max, lines })) }
    }

    /// Waits for a turn of this member; cancel safe. `None` never comes while the handle lives.
    pub(super) async fn turn(&self, member: &MemberId) -> Option<Turn> {
        let waiting = self.with(|state| {
            if state.free > 0 {
                state.free -= 1;
                return None;
            }
            let (sender, receiver) = oneshot::channel();
            state.lines.join(member, sender);
            Some(receiver)
        });
        match waiting {
            None => Some(Turn { turns: Some(self.clone()) }),
            Some(receiver) => receiver.await.ok(),
        }
    }

    /// Gives a free place to the next one who still waits.
    fn pass_on(&self) {
        loop {
            let Some(next) = self.with(|state| {
                let next = state.lines.leave();
                state.free += usize::from(next.is_none());
                next
            }) else {
                return;
            };
            match next.send(Turn { turns: Some(self.clone()) }) {
                Ok(()) => return,
                // Nobody waits there any more: the place is given on here, not by the drop.
                Err(mut turn) => turn.turns = None,
            }
        }
    }

    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(turns) = self.turns.take() {
            turns.pass_on();
        }
    }
}

impl<W> Lines<W> {
    fn join(&mut self, member: &MemberId, waiter: W) {
        let line = self.of.entry(member.clone()).or_default();
        if line.is_empty() {
            self.next.push_back(member.clone());
        }
        line.push_back(waiter);
    }

    /// The first of the line whose turn it is; that line comes last then.
    fn leave(&mut self) -> Option<W> {
        let member = self.next.pop_front()?;
        let line = self.of.get_mut(&member)?;
        let first = line.pop_front();
        if line.is_empty() {
            self.of.remove(&member);
        } else {
            self.next.push_back(member);
        }
        first
    }
}

#[cfg(test)]
mod tests {
    use std::{pin::Pin, task::Poll};

    use super::*;

    fn member(name: &str) -> MemberId {
        MemberId::new(name).unwrap()
    }

    type Waiting<'a> = Pin<Box<dyn Future<Output = Option<Turn>> + 'a>>;

    /// Polls once: the turn, if it is there.
    async fn now(waiting: &mut Waiting<'_>) -> Option<Turn> {
        std::future::poll_fn(|context| match waiting.as_mut().poll(context) {
            Poll::Ready(turn) => Poll::Ready(turn),
            Poll::Pending => Poll::Ready(None),
        })
        .await
    }

    #[test]
    fn a_long_line_delays_another_member_by_one() {
        let mut lines = Lines { of: BTreeMap::new(), next: VecDeque::new() };
        let (flood, other) = (member("flood"), member("other"));
        (0..100).for_each(|n| lines.join(&flood, ("flood", n)));
        (0..2).for_each(|n| lines.join(&other, ("other", n)));
        let served: Vec<_> = (0..5).filter_map(|_| lines.leave()).collect();
        assert_eq!(served, [("flood", 0), ("other", 0), ("flood", 1), ("other", 1), ("flood", 2)]);
        assert_eq!((3..100).map(|n| Some(("flood", n))).collect::<Vec<_>>(), {
            (3..100).map(|_| lines.leave()).collect::<Vec<_>>()
        });
        assert!(lines.leave().is_none() && lines.of.is_empty() && lines.next.is_empty());
    }

    #[tokio::test]
    async fn as_many_work_at_once_as_may_and_one_more_waits_for_a_place() {
        let (turns, one) = (Turns::new(2), member("one"));
        let held = [turns.turn(&one).await, turns.turn(&one).await];
        let mut third: Waiting = Box::pin(turns.turn(&one));
        assert!(now(&mut third).await.is_none());
        drop(held);
        assert!(now(&mut third).await.is_some());
        turns.with(|state| assert_eq!(state.free, 2, "every place came back"));
    }

    #[tokio::test]
    async fn whoever_went_away_is_passed_over() {
        let (turns, gone, here) = (Turns::new(1), member("gone"), member("here"));
        let held = turns.turn(&gone).await;
        let mut waiting: Vec<Waiting> = (0..1000).map(|_| Box::pin(turns.turn(&gone)) as Waiting).collect();
        for one in &mut waiting {
            assert!(now(one).await.is_none());
        }
        let mut last: Waiting = Box::pin(turns.turn(&here));
        assert!(now(&mut last).await.is_none());
        drop(waiting);
        drop(held);
        assert!(now(&mut last).await.is_some());
        turns.with(|state| assert_eq!(state.free, 1));
    }
}
