//! What waits and what ended without arriving, delivery by delivery, in pages.

use serde_json::{Value, json};

use super::{
    Answer, Operate, Refusal,
    life::DONE,
    look::{ACTIONS_SHOWN_MAX, is_too_short, unfound},
    shown,
};
use crate::{
    model::{delivery::State, id::MemberId, reason::Reason, time::Timestamp},
    store::{
        Fault,
        action::{About, Action, Verb},
        backlog::{Listing, Place, Shelf},
        record::{Delivery, Message},
    },
};

/// Most deliveries or actions in one page.
pub const PAGE_DELIVERIES_MAX: usize = 200;
/// Reads of the store for one page: a filter that lets little through ends a page early.
const LOOKS_MAX: u32 = 8;
/// The state of messages that have no deliveries yet because they wait for the certificate they change.
const PARKED: &str = "parked";
/// The state of certificates that have no delivery yet because they name no importing country.
const UNADDRESSED: &str = "unaddressed";
/// The state of deliveries that are looked for beside a number alone: there are too many.
const DELIVERED: &str = "delivered";
/// What arrived and was not answered in the time its agreement states: a state of deliveries that are delivered.
const UNANSWERED: &str = "unanswered";
/// Messages looked at for one certificate number, the newest.
pub(super) const MESSAGES_OF_NUMBER_MAX: usize = 50;

/// Which deliveries are asked for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Query {
    /// Only those to this target.
    pub target: Option<MemberId>,
    /// Only those of this source.
    pub source: Option<MemberId>,
    /// Only those in this state, by its word; without one, those that are pending or held, then those that are dead;
    /// `parked`: messages that wait for the certificate they change; `unaddressed`: certificates that name no importing
    /// country; `unanswered`: what arrived and was not answered in its time.
    pub state: Option<String>,
    /// Only those about this issuing body's certificates.
    pub issuer: Option<String>,
    /// Only those about this certificate number, however it is punctuated, or its end; delivered ones too.
    pub number: Option<String>,
    /// Where the page before ended.
    pub after: Option<Cursor>,
    /// Most deliveries wanted, at most [`PAGE_DELIVERIES_MAX`].
    pub limit: usize,
}

/// Where a page ended, as text that is given back for the next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cursor(Shelf, Place);

impl Cursor {
    /// The cursor as text.
    #[must_use]
    pub fn text(&self) -> String {
        let Self(shelf, Place { target, key, sequence }) = self;
        format!("{}.{key}.{sequence}.{target}", word(*shelf))
    }

    /// Reads what [`Cursor::text`] gave.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(4, '.');
        let (shelf, key, sequence) = (parts.next()?, parts.next()?, parts.next()?);
        let target = parts.next().filter(|target| target.is_empty() || MemberId::new(target).is_some())?;
        let shelf = SHELVES.into_iter().find(|known| word(*known) == shelf)?;
        let place =
            Place { target: target.to_owned(), key: key.parse().ok()?, sequence: sequence.parse().ok()? };
        Some(Self(shelf, place))
    }
}

const SHELVES: [Shelf; 5] = [Shelf::Waiting, Shelf::Held, Shelf::Queued, Shelf::Dead, Shelf::Awaited];

fn word(shelf: Shelf) -> &'static str {
    match shelf {
        Shelf::Waiting => "waiting",
        Shelf::Held => "held",
        Shelf::Queued => "queued",
        Shelf::Dead => "dead",
        Shelf::Awaited => "awaited",
    }
}

/// The shelf a state is on, and the state's own word where the shelf has others too.
fn shelved(state: &str) -> Option<(Shelf, Option<&'static str>)> {
    Some(match state {
        "pending" => (Shelf::Waiting, Some("pending")),
        "held" => (Shelf::Held, None),
        "queued" => (Shelf::Queued, None),
        "dead" => (Shelf::Dead, None),
        "refused" => (Shelf::Dead, Some("refused")),
        "expired" => (Shelf::Dead, Some("expired")),
        "cancelled" => (Shelf::Dead, Some("cancelled")),
        UNANSWERED => (Shelf::Awaited, None),
        _ => return None,
    })
}

impl Operate {
    /// A page of deliveries, and where the next begins; fewer than wanted does not mean that there are no more.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn queue(&self, query: &Query) -> Answer<(Vec<Value>, Option<Cursor>)> {
        let unknown = query.target.as_ref().filter(|target| !self.region().members.contains_key(*target));
        // What was sent to a member that left is still found.
        if let Some(target) = unknown
            && !self.store.targets().await?.contains(target)
        {
            let why = format!("the region has no member {target}, and nothing was ever sent to one");
            return Ok(Err(Refusal::new(Reason::MemberUnknown, why)));
        }
        if query.number.is_some() {
            return match query.state.as_deref() {
                Some(PARKED | UNADDRESSED) => {
                    let why = "a number is asked for with a state of deliveries, or with none";
                    Ok(Err(Refusal::new(Reason::CommandMalformed, why)))
                }
                Some(state) if shelved(state).is_none() && state != DELIVERED => Ok(Err(state_unknown())),
                _ => Ok(self.of_number(query).await?.map(|found| (found, None))),
            };
        }
        if let Some(PARKED | UNADDRESSED) = query.state.as_deref() {
            return Ok(Ok(self.aside_lanes(query).await?));
        }
        let (first, state) = match query.state.as_deref().map(shelved) {
            None => (Shelf::Waiting, None),
            Some(Some(shelved)) => shelved,
            Some(None) => return Ok(Err(state_unknown())),
        };
        let (mut shelf, mut after) = match query.after.clone() {
            Some(Cursor(shelf, place)) => (shelf, Some(place)),
            None => (first, None),
        };
        let limit = query.limit.min(PAGE_DELIVERIES_MAX);
        let mut found: Vec<Value> = Vec::new();
        for _ in 0..LOOKS_MAX {
            let listing = Listing {
                shelf,
                state,
                target: query.target.clone(),
                source: query.source.clone(),
                until: (shelf == Shelf::Awaited).then(|| self.clock.now()),
                after: after.take(),
                limit: limit.saturating_sub(found.len()),
            };
            let page = self.store.list(listing).await?;
            let wanted = page.deliveries.iter().filter(|one| of_issuer(query, one)).collect();
            found.extend(self.listed(wanted).await?);
            after = page.next;
            if after.is_none() && (query.state.is_some() || shelf == Shelf::Dead) {
                return Ok(Ok((found, None)));
            }
            if after.is_none() {
                shelf = Shelf::Dead;
                continue;
            }
            if found.len() >= limit {
                break;
            }
        }
        let place = after.or_else(|| {
            let target = query.target.as_ref().map(ToString::to_string).unwrap_or_default();
            Some(Place { target, key: i64::MIN, sequence: 0 })
        });
        Ok(Ok((found, place.map(|place| Cursor(shelf, place)))))
    }

    /// The pending and held deliveries that wait longest, whoever is to have them, the oldest first.
    ///
    /// **Bounds:** `limit` read for each target, within which they come oldest first.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn waiting_longest(&self, limit: usize) -> Result<Vec<Value>, Fault> {
        let mut found = Vec::new();
        for target in self.store.targets().await? {
            let (shelf, target) = (Shelf::Waiting, Some(target));
            let listing =
                Listing { shelf, state: None, target, source: None, until: None, after: None, limit };
            found.extend(self.store.list(listing).await?.deliveries);
        }
        found.sort_by_key(|one| one.life.created);
        found.truncate(limit);
        Ok(found.iter().map(shown::delivery).collect())
    }

    /// A page of messages that are parked, or unaddressed, the oldest first, and where the next begins.
    async fn aside_lanes(&self, query: &Query) -> Result<(Vec<Value>, Option<Cursor>), Fault> {
        let after = query.after.as_ref().map_or(0, |Cursor(_, place)| place.sequence);
        let limit = query.limit.min(PAGE_DELIVERIES_MAX);
        let parked = query.state.as_deref() == Some(PARKED);
        let page = match parked {
            true => self.store.parked(after, limit).await?,
            false => self.store.unaddressed(after, limit).await?,
        };
        // They are on no shelf; the state asked for says what the place is in.
        let place = |sequence| Place { target: String::new(), key: 0, sequence };
        let next = page.last().map(|message| Cursor(Shelf::Queued, place(message.sequence)));
        let asked = |message: &&Message| {
            query.target.is_none()
                && query.source.as_ref().is_none_or(|source| *source == message.source)
                && query.issuer.as_ref().is_none_or(|issuer| *issuer == message.subject.issuer)
        };
        let shown = if parked { shown::parked } else { shown::unaddressed };
        Ok((page.iter().filter(asked).map(shown).collect(), next))
    }

    /// Deliveries of every message about a number, newest message first.
    async fn of_number(&self, query: &Query) -> Answer<Vec<Value>> {
        let number = query.number.as_deref().unwrap_or_default();
        let now = self.clock.now();
        let messages = self.store.find(query.issuer.as_deref(), number, MESSAGES_OF_NUMBER_MAX).await?;
        if messages.is_empty() && is_too_short(number) {
            return Ok(Err(Refusal::new(Reason::MessageUnknown, unfound(number))));
        }
        let mut found = Vec::new();
        for message in messages {
            let deliveries = self.store.deliveries(message.id).await?;
            let wanted = deliveries.iter().filter(|one| fits(query, one, now)).collect();
            found.extend(self.listed(wanted).await?);
        }
        found.truncate(query.limit.min(PAGE_DELIVERIES_MAX));
        Ok(Ok(found))
    }

    /// Deliveries as they stand in a list; with why, where an operator ended one.
    async fn listed(&self, deliveries: Vec<&Delivery>) -> Result<Vec<Value>, Fault> {
        let mut listed = Vec::new();
        for delivery in deliveries {
            let mut shown = shown::delivery(delivery);
            if delivery.life.state == State::Cancelled
                && let Value::Object(members) = &mut shown
            {
                let about = About::Delivery(delivery.id);
                let actions = self.store.actions(Some(&about), None, ACTIONS_SHOWN_MAX).await?;
                let ended = |action: &Action| action.verb == Verb::Cancel && action.outcome == DONE;
                let reason = actions.into_iter().map(|(_, action)| action).find(ended);
                members.insert("cancelReason".to_owned(), json!(reason.map(|action| action.reason)));
            }
            listed.push(shown);
        }
        Ok(listed)
    }

    /// Actions of operators, newest first, older than the one numbered `before`; about one thing if named.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn actions(
        &self,
        about: Option<&About>,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Value>, Fault> {
        let found = self.store.actions(about, before, limit.min(PAGE_DELIVERIES_MAX)).await?;
        Ok(found.iter().map(|(number, action)| shown::action(*number, action)).collect())
    }
}

fn of_issuer(query: &Query, delivery: &Delivery) -> bool {
    query.issuer.as_ref().is_none_or(|issuer| *issuer == delivery.subject.issuer)
}

fn state_unknown() -> Refusal {
    let why = "a state is pending, held, queued, refused, expired, cancelled, dead for the last three, unanswered, parked or unaddressed; beside a number also delivered";
    Refusal::new(Reason::CommandMalformed, why)
}

fn fits(query: &Query, delivery: &Delivery, now: Timestamp) -> bool {
    let state = match query.state.as_deref() {
        None => true,
        Some("dead") => delivery.life.state.is_final() && delivery.life.state.word() != "delivered",
        Some(UNANSWERED) => delivery.answer_until.is_some_and(|until| until <= now),
        Some(word) => delivery.life.state.word() == word,
    };
    state
        && query.target.as_ref().is_none_or(|target| *target == delivery.target)
        && query.source.as_ref().is_none_or(|source| *source == delivery.source)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_nothing_else_is_one() {
        for shelf in SHELVES {
            let place = Place { target: "kg.customs".to_owned(), key: -5, sequence: 12 };
            let cursor = Cursor(shelf, place);
            assert_eq!(Cursor::parse(&cursor.text()), Some(cursor));
        }
        for bad in ["", "waiting", "waiting.1.2", "shelf.1.2.kg", "dead.x.2.kg", "dead.1.2.K G"] {
            assert_eq!(Cursor::parse(bad), None, "{bad}");
        }
    }
}
