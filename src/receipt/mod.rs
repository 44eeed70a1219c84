//! The read side for sources: where is my certificate, who has it, what did they say?

use std::time::Duration;

use serde_json::Value;

use crate::{
    model::id::{MemberId, MessageId},
    store::Fault,
};

/// Answers about messages; cheap to clone.
#[derive(Clone, Debug)]
pub struct Status;

impl Status {
    /// The state of a message, for its source alone; `None` for everyone else.
    ///
    /// Waits up to `wait` for a change when the state still has the entity tag `known`.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn message(
        &self,
        asker: &MemberId,
        id: MessageId,
        known: Option<&str>,
        wait: Duration,
    ) -> Result<Option<Answer>, Fault> {
        let _ = (asker, id, known, wait);
        Ok(None)
    }
}

/// A state and its entity tag.
#[derive(Clone, PartialEq, Debug)]
pub struct Answer {
    /// The state as JSON.
    pub body: Value,
    /// Entity tag without quotes: changes whenever the body does.
    pub tag: String,
}
