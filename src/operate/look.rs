//! Everything there is to know of one certificate, message or delivery.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Answer, Operate, Refusal, queue::MESSAGES_OF_NUMBER_MAX, shown};
use crate::{
    model::{
        id::{DeliveryId, MessageId},
        key::{END_CHARACTERS, end, normal_form},
        reason::Reason,
    },
    region::member::Reach,
    store::{
        Fault,
        action::About,
        record::{Delivery, Message},
    },
};

/// Actions shown with what they are about, the newest.
pub(super) const ACTIONS_SHOWN_MAX: usize = 20;

/// What is looked up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Which {
    /// A delivery or a message, by the hub's id.
    Id(Uuid),
    /// A certificate number, of one issuing body if named.
    Number {
        /// Issuing body id.
        issuer: Option<String>,
        /// The number, however it is punctuated, or its end.
        number: String,
    },
}

impl Operate {
    /// The messages meant, newest first, each with its deliveries, attempts and what operators did.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn show(&self, which: &Which) -> Answer<Vec<Value>> {
        let (messages, only) = match which {
            Which::Id(id) => match self.store.delivery(DeliveryId(*id)).await? {
                Some(delivery) => (self.store.message(delivery.message).await?, Some(delivery.id)),
                None => (self.store.message(MessageId(*id)).await?, None),
            },
            Which::Number { issuer, number } => {
                let found = self.store.find(issuer.as_deref(), number, MESSAGES_OF_NUMBER_MAX).await?;
                return self.shown(found, None, &unfound(number)).await;
            }
        };
        self.shown(messages.into_iter().collect(), only, "there is no delivery and no message of this id")
            .await
    }

    async fn shown(
        &self,
        messages: Vec<Message>,
        only: Option<DeliveryId>,
        missing: &str,
    ) -> Answer<Vec<Value>> {
        if messages.is_empty() {
            return Ok(Err(Refusal::new(Reason::MessageUnknown, missing)));
        }
        let mut found = Vec::new();
        for message in messages {
            found.push(self.message(&message, only).await?);
        }
        Ok(Ok(found))
    }

    async fn message(&self, message: &Message, only: Option<DeliveryId>) -> Result<Value, Fault> {
        let proved = self.store.proved(message.id).await?;
        let deliveries = self.store.deliveries(message.id).await?;
        let mut shown = Vec::new();
        for delivery in deliveries.iter().filter(|one| only.is_none_or(|only| only == one.id)) {
            shown.push(self.delivery(delivery).await?);
        }
        let mut whole = shown::message(message, proved.as_ref());
        if let Value::Object(members) = &mut whole {
            let actions = self.actions(Some(&About::Message(message.id)), None, ACTIONS_SHOWN_MAX).await?;
            members.insert("actions".to_owned(), json!(actions));
            members.insert("deliveries".to_owned(), json!(shown));
        }
        Ok(whole)
    }

    async fn delivery(&self, delivery: &Delivery) -> Result<Value, Fault> {
        let attempts = self.store.attempts(delivery.id).await?;
        let region = self.region();
        let collects =
            region.members.get(&delivery.target).map(|to| matches!(to.reach, Reach::Mailbox { .. }));
        let mut whole = shown::delivery(delivery);
        if let Value::Object(members) = &mut whole {
            members.remove("lastAttempt");
            let actions = self.actions(Some(&About::Delivery(delivery.id)), None, ACTIONS_SHOWN_MAX).await?;
            members.insert(
                "attemptsMade".to_owned(),
                json!(attempts.iter().map(shown::attempt).collect::<Vec<_>>()),
            );
            members.insert("actions".to_owned(), json!(actions));
            members.insert("mailbox".to_owned(), json!(collects));
        }
        Ok(whole)
    }
}

/// Whether a number that no message has is too short to have been looked for as the end of one.
#[must_use]
pub fn is_too_short(number: &str) -> bool {
    end(&normal_form(number)).is_none()
}

/// Why nothing was found of a number: of a short one it is not known that nothing ends so.
pub(super) fn unfound(number: &str) -> String {
    match is_too_short(number) {
        true => format!(
            "no message has this as its whole number: give the whole number, or at least {END_CHARACTERS} letters and digits of its end"
        ),
        false => "there is no message about this number, of this issuing body where one is named".to_owned(),
    }
}
