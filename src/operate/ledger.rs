//! The record of what operators do: each action with its effect in one commit, or with the code it was refused with.

use super::{Answer, DECISIONS_MAX, Operator, Refusal};
use crate::{
    clock::Clock,
    model::{reason::Reason, time::Timestamp},
    store::{
        Fault, Store,
        action::{About, Acted, Action, Effect, Verb},
    },
};

/// What is asked for to be done, by whom and why.
#[derive(Clone, Debug)]
pub(crate) struct Order<'a> {
    pub(crate) operator: &'a Operator,
    pub(crate) verb: Verb,
    pub(crate) about: About,
    pub(crate) reason: &'a str,
}

/// Writes the record; cheap to clone.
#[derive(Clone)]
pub struct Ledger {
    store: Store,
    clock: Clock,
}

impl Ledger {
    /// A ledger in a store.
    #[must_use]
    pub fn new(store: Store, clock: Clock) -> Self {
        Self { store, clock }
    }

    /// The time by the hub's clock.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Commits what was decided, with its record.
    pub(crate) async fn commit(
        &self,
        order: &Order<'_>,
        effect: Effect,
        outcome: &str,
    ) -> Result<Acted, Fault> {
        let Order { operator, verb, about, reason } = order;
        let action = Action {
            at: self.clock.now(),
            user: operator.user.clone(),
            named: operator.named.clone(),
            verb: *verb,
            about: about.to_string(),
            reason: (*reason).to_owned(),
            outcome: outcome.to_owned(),
        };
        let acted = self.store.act(action, effect).await?;
        if acted == Acted::Done {
            let who = operator.words();
            tracing::warn!(%about, verb = verb.word(), who, reason, outcome, "an operator acted");
        }
        Ok(acted)
    }

    /// Records that something was refused.
    pub(crate) async fn refuse<T>(&self, order: &Order<'_>, refusal: Refusal) -> Answer<T> {
        let outcome = format!("{}: {}", refusal.reason.code(), refusal.why);
        self.commit(order, Effect::Nothing, &outcome).await?;
        Ok(Err(refusal))
    }

    /// Records that what was decided was overtaken each time, so that it was not done.
    pub(crate) async fn overtaken<T>(&self, order: &Order<'_>) -> Answer<T> {
        let why = format!("others were faster {DECISIONS_MAX} times; nothing was done: look, and try again");
        self.refuse(order, Refusal::new(Reason::DecisionOvertaken, why)).await
    }
}
