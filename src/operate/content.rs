//! Reading what a document says: for a stated reason, recorded before anything is shown; where the hub's settings demand
//! two operators, only once another one approved it.
//!
//! A request stands in [`Book::Proposal`] until it was used or is older than [`REQUEST_AGE_MAX`]. Who asked can't approve;
//! who approves names the request by its number there, so that no other is approved than the one that was looked at.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Answer, DECISIONS_MAX, Operate, Operator, Order, Refusal};
use crate::{
    model::{
        id::{DeliveryId, Digest, MemberId, MessageId},
        reason::Reason,
        time::Timestamp,
    },
    store::{
        Fault,
        action::{About, Acted, Effect, Verb},
        record::{Body, Message, Role},
        register::{Book, Entry, NewEntry},
    },
};

/// Age from which a request, approved or not, counts no more.
pub const REQUEST_AGE_MAX: Duration = Duration::from_secs(4 * 60 * 60);
/// Most requests on one page of the list; used ones are on none.
pub const REQUESTS_MAX: usize = 100;
/// Most renderings that are shown beside an original.
pub const RENDERINGS_MAX: usize = 20;

/// What the name of a request begins with in its book.
const PREFIX: &str = "content/";

/// A document and what was made of it.
#[derive(Clone, Debug)]
pub struct Content {
    /// The message that brought it.
    pub message: Message,
    /// The document as it was pushed.
    pub original: Option<Body>,
    /// What targets are sent, each with what it leaves out.
    pub renderings: Vec<Rendering>,
}

/// What one target is sent.
#[derive(Clone, Debug)]
pub struct Rendering {
    /// The delivery.
    pub delivery: DeliveryId,
    /// The target.
    pub target: MemberId,
    /// The bytes, with their form.
    pub body: Body,
    /// Canonical paths that it leaves out.
    pub losses: Vec<String>,
}

/// A request to read a document.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Who asked.
    pub by: String,
    /// Why.
    pub reason: String,
    /// Who approved it.
    pub approved: Option<String>,
    /// Whether it was used.
    pub used: bool,
}

/// A request with what it is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Asked {
    /// The message.
    pub message: MessageId,
    /// When it was asked or approved last.
    pub at: Timestamp,
    /// The request.
    pub request: Request,
    /// Its number in the book: another one once it is approved, used or asked anew.
    pub number: i64,
}

/// Where a wish to read stands.
#[derive(Clone, Debug)]
pub enum Reading {
    /// Here it is; on record.
    Shown(Box<Content>),
    /// It waits for another operator.
    Waits,
}

/// What comes of a wish to read where it takes two operators.
enum Wish {
    /// Another one approved it: it is used, with these words for the record.
    Show(Request, String),
    /// It is asked for.
    Ask(Request),
    /// It was asked for.
    Wait,
}

impl Operate {
    /// Shows a document to an operator, or asks for another one's approval where it takes two.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn read(
        &self,
        operator: &Operator,
        message: MessageId,
        (reason, operators): (&str, u32),
    ) -> Answer<Reading> {
        let order = Order { operator, verb: Verb::Read, about: About::Message(message), reason };
        let Some(found) = self.store.message(message).await? else {
            let why = format!("there is no message {message}");
            return self.ledger.refuse(&order, Refusal::new(Reason::MessageUnknown, why)).await;
        };
        if operators < 2 {
            self.ledger.commit(&order, Effect::Nothing, "done: shown").await?;
            return Ok(Ok(Reading::Shown(Box::new(self.content(found).await?))));
        }
        for _ in 0..DECISIONS_MAX {
            let standing = self.asked(message).await?;
            let (request, outcome, shows) = match wished(operator, reason, standing.as_ref()) {
                Ok(Wish::Show(request, outcome)) => (request, outcome, true),
                Ok(Wish::Ask(request)) => (request, "asked: waits for another operator".to_owned(), false),
                Ok(Wish::Wait) => {
                    let outcome = format!(
                        "{}: asked before, and waits for another operator",
                        Reason::ApprovalNeeded.code()
                    );
                    self.ledger.commit(&order, Effect::Nothing, &outcome).await?;
                    return Ok(Ok(Reading::Waits));
                }
                Err(refusal) => return self.ledger.refuse(&order, refusal).await,
            };
            if self.put(&order, message, (&request, standing.as_ref()), &outcome).await? == Acted::Done {
                return Ok(Ok(match shows {
                    true => Reading::Shown(Box::new(self.content(found).await?)),
                    false => Reading::Waits,
                }));
            }
        }
        self.ledger.overtaken(&order).await
    }

    /// Lets another operator read what it asked to read, if the request still is the one of this number.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn approve(
        &self,
        operator: &Operator,
        message: MessageId,
        (number, reason): (i64, &str),
    ) -> Answer<()> {
        let order = Order { operator, verb: Verb::Read, about: About::Message(message), reason };
        let standing = self.asked(message).await?;
        let (asked, request) = match approved(operator, number, standing.as_ref()) {
            Ok(approved) => approved,
            Err(refusal) => return self.ledger.refuse(&order, refusal).await,
        };
        let outcome = format!("done: approved for {}", request.by);
        match self.put(&order, message, (&request, Some(asked)), &outcome).await? {
            Acted::Done => Ok(Ok(())),
            Acted::Unchanged => self.ledger.refuse(&order, another()).await,
        }
    }

    /// Requests that wait for approval or were approved and not used, newest first and older than the one numbered
    /// `before`; and after which number more of them stand, if any do.
    ///
    /// **Bounds:** [`REQUESTS_MAX`].
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn requests(&self, mut before: Option<i64>) -> Result<(Vec<Asked>, Option<i64>), Fault> {
        let (now, mut found) = (self.clock.now(), Vec::new());
        loop {
            let entries = self.store.entries(Book::Proposal, None, before, REQUESTS_MAX).await?;
            // The newest come first: behind one that is too old nothing stands.
            let young = entries.iter().take_while(|entry| now.since(entry.at) < REQUEST_AGE_MAX);
            let asked: Vec<_> = young.map(Asked::read).collect();
            let ends = asked.len() < REQUESTS_MAX;
            found.extend(asked.into_iter().flatten().filter(|asked| !asked.request.used));
            before = entries.last().map(|entry| entry.number);
            if ends || found.len() > REQUESTS_MAX {
                let more = found.len() > REQUESTS_MAX;
                found.truncate(REQUESTS_MAX);
                let last = found.last().map(|asked| asked.number);
                return Ok((found, last.filter(|_| more)));
            }
        }
    }

    /// The request about a message; an old one is none.
    async fn asked(&self, message: MessageId) -> Result<Option<Asked>, Fault> {
        let entry = self.store.entry(Book::Proposal, &format!("{PREFIX}{message}")).await?;
        let now = self.clock.now();
        Ok(entry.as_ref().and_then(Asked::read).map(|asked| match now.since(asked.at) < REQUEST_AGE_MAX {
            true => asked,
            false => Asked { request: Request { used: true, ..asked.request }, ..asked },
        }))
    }

    async fn put(
        &self,
        order: &Order<'_>,
        message: MessageId,
        (request, seen): (&Request, Option<&Asked>),
        outcome: &str,
    ) -> Result<Acted, Fault> {
        let bytes = serde_json::to_vec(request).unwrap_or_default();
        let (name, seen) = (format!("{PREFIX}{message}"), seen.map(|asked| asked.number));
        let entry = NewEntry { book: Book::Proposal, name, bytes, seen };
        self.ledger.commit(order, Effect::Keep(Box::new(entry)), outcome).await
    }

    async fn content(&self, message: Message) -> Result<Content, Fault> {
        let original = self.store.body(message.id, Role::Original).await?;
        let mut renderings: Vec<Rendering> = Vec::new();
        for one in self.store.deliveries(message.id).await? {
            let again = renderings.iter().any(|known| {
                let digest = one.rendered.as_ref().map(|(_, _, digest)| *digest);
                known.target == one.target && Some(Digest::of(&known.body.bytes)) == digest
            });
            if renderings.len() >= RENDERINGS_MAX || again || one.cargo.is_news() {
                continue;
            }
            if let Some(sending) = self.store.sending(one.id).await? {
                let (delivery, target, losses) = (one.id, one.target, one.losses);
                renderings.push(Rendering { delivery, target, body: sending.body, losses });
            }
        }
        Ok(Content { message, original, renderings })
    }
}

impl Asked {
    /// Reads an entry of the book; what is of another kind is none.
    fn read(entry: &Entry) -> Option<Self> {
        let message = MessageId::parse(entry.name.strip_prefix(PREFIX)?)?;
        let request = serde_json::from_slice(&entry.bytes).ok()?;
        Some(Self { message, at: entry.at, request, number: entry.number })
    }
}

/// What comes of an operator's wish to read, by the request that stands. Pure.
fn wished(operator: &Operator, reason: &str, standing: Option<&Asked>) -> Result<Wish, Refusal> {
    let open = standing.filter(|asked| !asked.request.used);
    match open.map(|asked| (&asked.request, asked.at.plus(REQUEST_AGE_MAX))) {
        Some((own, _)) if own.by == operator.user => Ok(match &own.approved {
            Some(by) => {
                let outcome = format!("done: shown, approved by {by}");
                Wish::Show(Request { used: true, ..own.clone() }, outcome)
            }
            None => Wish::Wait,
        }),
        Some((other, until)) => Err(Refusal::new(Reason::ApprovalNeeded, barred(other, until))),
        None => {
            let (by, reason) = (operator.user.clone(), reason.to_owned());
            Ok(Wish::Ask(Request { by, reason, approved: None, used: false }))
        }
    }
}

/// Why another's request stands in the way, and how long it may. Pure.
fn barred(other: &Request, until: Timestamp) -> String {
    let by = &other.by;
    match &other.approved {
        Some(approver) => format!(
            "{by} may read it, approved by {approver}, until {until}: ask once it was read, or after that"
        ),
        None => format!("{by} asked to read it and waits for approval, until {until} at most"),
    }
}

/// The request that an operator approves, as it stands and as it will. Pure.
fn approved<'a>(
    operator: &Operator,
    number: i64,
    standing: Option<&'a Asked>,
) -> Result<(&'a Asked, Request), Refusal> {
    let Some(asked) = standing.filter(|asked| !asked.request.used) else {
        return Err(Refusal::new(Reason::MessageUnknown, "nobody waits to read it"));
    };
    // An approved one has another number than it was asked under.
    if asked.number != number {
        return Err(another());
    }
    if asked.request.approved.is_some() {
        return Err(Refusal::new(Reason::MessageUnknown, "nobody waits to read it"));
    }
    if asked.request.by == operator.user {
        let why = "who asks does not approve: it takes another operator";
        return Err(Refusal::new(Reason::ApprovalNeeded, why));
    }
    Ok((asked, Request { approved: Some(operator.user.clone()), ..asked.request.clone() }))
}

/// What was to be approved is not what stands.
fn another() -> Refusal {
    let why =
        "the request is not the one that was looked at; nothing was approved: look at it, and decide anew";
    Refusal::new(Reason::DecisionOvertaken, why)
}
