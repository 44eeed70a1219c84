//! What one operator proposed and another is to confirm.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Answer, Applied, By, Change, Done, head, kept::NAME, wrong};
use crate::{
    files::Files,
    model::{id::Digest, reason::Reason, time::Timestamp},
    operate::{Operator, Order, Refusal},
    store::{
        Fault,
        action::{About, Acted, Effect, Verb},
        register::{Book, NewEntry},
    },
};

/// A proposal as it is kept.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Proposal {
    /// The configuration, in hexadecimal.
    digest: String,
    user: String,
    #[serde(rename = "as")]
    named: Option<String>,
    reason: String,
    /// Number of the newest configuration when it was proposed: once another was applied, it counts no more.
    after: Option<i64>,
}

impl Change {
    /// Keeps what an operator proposes; the one before it counts no more.
    pub(super) async fn propose(&self, order: &Order<'_>, digest: Digest) -> Answer<Done> {
        let Operator { user, named } = order.operator.clone();
        let after = self.store.entry(Book::Configuration, NAME).await?.map(|entry| entry.number);
        let reason = order.reason.to_owned();
        let bytes = serde_json::to_vec(&Proposal { digest: digest.hex(), user, named, reason, after });
        let seen = self.store.entry(Book::Proposal, NAME).await?.map(|entry| entry.number);
        let (book, name) = (Book::Proposal, NAME.to_owned());
        let entry = NewEntry { book, name, bytes: bytes.unwrap_or_default(), seen };
        let outcome = format!("proposed: configuration {}", digest.hex());
        match self.ledger.commit(order, Effect::Keep(Box::new(entry)), &outcome).await? {
            Acted::Done => Ok(Ok(Done::Proposed(digest))),
            Acted::Unchanged => Err(Fault::Contended),
        }
    }

    /// Applies what another operator proposed, if the folder still is that very configuration.
    ///
    /// Who the two are is told by the system's user, not by the name an operator gives.
    ///
    /// # Errors
    /// A fault of the store; then nothing was applied.
    pub async fn confirm(&self, operator: &Operator, reason: &str, digest: Digest) -> Answer<Applied> {
        let order = Order { operator, verb: Verb::Configure, about: About::Configuration, reason };
        let Some(_turn) = self.turn.take().await else { return self.under_way(&order).await };
        let proposal = match self.proposed(digest).await? {
            Some(proposal) => proposal,
            None => {
                let why =
                    format!("nobody proposed configuration {}, or another was applied since", digest.hex());
                return self.refuse(&order, Refusal::new(Reason::ProposalUnknown, why).into()).await;
            }
        };
        if proposal.user == operator.user {
            let why = format!("{} proposed it; another user must confirm it", operator.user);
            return self.refuse(&order, Refusal::new(Reason::SecondOperator, why).into()).await;
        }
        let folder = self.ground.folder();
        let read = match self.read(Files::at(folder)).await? {
            Ok(read) => read,
            Err(problems) => return self.refuse(&order, wrong(folder, problems)).await,
        };
        let found = read.candidate.region.digest;
        if found != digest {
            let why = format!("the folder is configuration {}, not {}", found.hex(), digest.hex());
            return self.refuse(&order, Refusal::new(Reason::ConfigurationChanged, why).into()).await;
        }
        let running = self.region.borrow().clone();
        let ready = self.readiness(&running, &read.candidate.region).await?;
        if let Some(wanting) = ready.refuses() {
            return self.refuse(&order, wrong(folder, wanting.to_vec())).await;
        }
        let first = Operator { user: proposal.user, named: proposal.named };
        let head = head(By::Operator(&first), &read.candidate.region, &proposal.reason);
        let head = super::kept::Head { confirmed: Some(operator.words()), ..head };
        self.put(&order, head, read, ready).await
    }

    /// What waits for a second operator: the configuration, who proposed it, when and why; `None` when nothing does.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn proposal(&self) -> Result<Option<Value>, Fault> {
        let shown = |(proposal, at): (Proposal, Timestamp)| {
            let Proposal { digest, user, named, reason, .. } = proposal;
            json!({"at": at.to_string(), "configuration": digest, "user": user, "as": named, "reason": reason})
        };
        Ok(self.waiting().await?.map(shown))
    }

    async fn proposed(&self, digest: Digest) -> Result<Option<Proposal>, Fault> {
        let waiting = self.waiting().await?.map(|(proposal, _)| proposal);
        Ok(waiting.filter(|proposal| proposal.digest == digest.hex()))
    }

    /// The proposal that still counts, and when it was made.
    async fn waiting(&self) -> Result<Option<(Proposal, Timestamp)>, Fault> {
        let newest = self.store.entry(Book::Configuration, NAME).await?.map(|entry| entry.number);
        let Some(entry) = self.store.entry(Book::Proposal, NAME).await? else { return Ok(None) };
        let proposal = serde_json::from_slice::<Proposal>(&entry.bytes).ok();
        Ok(proposal.filter(|proposal| proposal.after == newest).map(|proposal| (proposal, entry.at)))
    }
}
