//! A member's day as the hub has it: what it pushed and where that went, and what it was sent.
//!
//! Days are those of UTC. A message belongs to the day on which it was received, a delivery to that on which it was made,
//! whenever it arrived.

use serde_json::{Value, json};

use super::{Status, overall};
use crate::{
    evidence::receipt,
    model::{
        delivery::State,
        id::{Digest, MemberId},
        reason::Reason,
        time::Timestamp,
        value::Date,
    },
    store::{
        Fault,
        epoch::Epoch,
        reconciliation::{After, Span},
        record::{Delivery, Message},
    },
};

/// Most entries one page gives.
pub const ENTRIES_MAX: usize = 500;
/// What a commit may lag behind the time it was received at: a comparison begins that much before the backup's newest.
const MARGIN: std::time::Duration = std::time::Duration::from_secs(3_600);
const DAY_MILLISECONDS: i64 = 24 * 3_600 * 1_000;

/// A day of UTC.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Day(Timestamp);

/// Where a page begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Page {
    /// After this message of the member's own; then what it was sent.
    Pushed(Option<After>),
    /// After this delivery to it.
    Sent(Option<After>),
}

impl Day {
    /// Reads `YYYY-MM-DD`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let plain = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
        Timestamp::parse(&format!("{text}T00:00:00Z")).filter(|_| plain).map(Self)
    }

    fn text(self) -> String {
        Date::of(self.0).as_str().to_owned()
    }

    fn span(self, after: Option<After>) -> Span {
        Span { from: self.0, until: Timestamp(self.0.0.saturating_add(DAY_MILLISECONDS)), after }
    }
}

impl Page {
    /// Reads what [`Status::reconciliation`] gave as `next`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let (list, at, sequence) = (parts.next()?, parts.next()?, parts.next()?);
        let after = After { at: Timestamp(at.parse().ok()?), sequence: sequence.parse().ok()? };
        match (list, parts.next()) {
            ("pushed", None) => Some(Self::Pushed(Some(after))),
            ("sent", None) => Some(Self::Sent(Some(after))),
            _ => None,
        }
    }

    fn text(self) -> String {
        let text = |list: &str, after: Option<After>| {
            let After { at, sequence } = after.unwrap_or(After { at: Timestamp(0), sequence: 0 });
            format!("{list}.{}.{sequence}", at.0)
        };
        match self {
            Self::Pushed(after) => text("pushed", after),
            Self::Sent(after) => text("sent", after),
        }
    }
}

impl Status {
    /// A page of a member's day, of at most `limit` entries and [`ENTRIES_MAX`]: first what it pushed, then what it was
    /// sent.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn reconciliation(
        &self,
        member: &MemberId,
        day: Day,
        page: Page,
        limit: usize,
    ) -> Result<Value, Fault> {
        let limit = limit.min(ENTRIES_MAX);
        let (mut pushes, mut deliveries, mut next) = (Vec::new(), Vec::new(), None);
        let mut sent_after = None;
        match page {
            Page::Pushed(after) => {
                pushes = self.store.pushed_within(member, day.span(after), limit).await?;
                let last =
                    pushes.last().map(|(last, _)| After { at: last.received, sequence: last.sequence });
                next = last.filter(|_| pushes.len() == limit).map(|last| Page::Pushed(Some(last)));
            }
            Page::Sent(after) => sent_after = after,
        }
        let room = limit.saturating_sub(pushes.len());
        if room > 0 {
            deliveries = self.store.sent_within(member, day.span(sent_after), room).await?;
            let last = deliveries.last().map(|it| After { at: it.life.created, sequence: it.sequence });
            next = last.filter(|_| deliveries.len() == room).map(|last| Page::Sent(Some(last)));
        }
        Ok(json!({
            "day": day.text(),
            "zone": "UTC",
            "member": member.as_str(),
            "epoch": self.epoch(member),
            "pushed": pushes.iter().map(|(message, to)| pushed(message, to)).collect::<Vec<_>>(),
            "sent": deliveries.iter().filter(|it| told(it)).map(sent).collect::<Vec<_>>(),
            "next": next.map(Page::text),
        }))
    }

    /// The epoch the hub is in, and what it means for a member.
    #[must_use]
    pub fn epoch(&self, member: &MemberId) -> Value {
        let Epoch { number, newest } = self.store.epoch();
        json!({
            "number": number,
            "compareFrom": newest.map(|newest| Day(newest.minus(MARGIN)).text()),
            "compared": self.store.has_compared(member),
        })
    }

    /// Takes a member's word that it has compared and pushed again what was missing; false for another epoch.
    ///
    /// **Durability:** on disk when it returns true.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn compared(&self, member: &MemberId, epoch: u64, at: Timestamp) -> Result<bool, Fault> {
        if self.store.epoch().number != epoch {
            return Ok(false);
        }
        if !self.store.has_compared(member) {
            self.store.compare(member, at).await?;
            tracing::info!(source.id = %member, epoch, "a member has compared");
        }
        Ok(true)
    }
}

/// A message with where it went, short.
fn pushed(message: &Message, deliveries: &[Delivery]) -> Value {
    let to = deliveries.iter().filter(|delivery| !delivery.cargo.is_news()).map(|delivery| {
        json!({
            "delivery": delivery.id.to_string(),
            "target": delivery.target.as_str(),
            "cargo": delivery.cargo.word(),
            "state": delivery.life.state.word(),
            "digest": digest(delivery),
        })
    });
    json!({
        "id": message.id.to_string(),
        "messageId": message.key.as_str(),
        "received": message.received.to_string(),
        "digest": receipt::digest(message.digest),
        "receiptDigest": receipt::digest(Digest::of(&message.receipt)),
        "function": message.function.code(),
        "agreement": message.subject.agreement.as_str(),
        "issuer": message.subject.issuer,
        "number": message.subject.number,
        "version": message.subject.version,
        "state": overall(message.duplicate_of.is_some(), message.stage, deliveries),
        "deliveries": to.collect::<Vec<_>>(),
    })
}

/// Whether a delivery is its target's to know.
fn told(delivery: &Delivery) -> bool {
    delivery.life.state != State::Held { reason: Reason::NotEntitled }
}

/// A delivery as its target compares it.
fn sent(delivery: &Delivery) -> Value {
    json!({
        "delivery": delivery.id.to_string(),
        "source": delivery.source.as_str(),
        "cargo": delivery.cargo.word(),
        "function": delivery.function.code(),
        "agreement": delivery.subject.agreement.as_str(),
        "issuer": delivery.subject.issuer,
        "number": delivery.subject.number,
        "version": delivery.subject.version,
        "created": delivery.life.created.to_string(),
        "digest": digest(delivery),
        "state": delivery.life.state.word(),
    })
}

fn digest(delivery: &Delivery) -> Option<String> {
    delivery.rendered.as_ref().map(|(_, _, digest)| receipt::digest(*digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_a_date_of_the_calendar_and_nothing_else() {
        assert_eq!(Day::parse("2026-02-28").map(Day::text).as_deref(), Some("2026-02-28"));
        for wrong in ["2026-02-30", "2026-2-28", "20260228", "2026-02-28Z", "", "2026-02-28T00:00:00Z"] {
            assert_eq!(Day::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_page_reads_back_as_it_was_given() {
        let after = Some(After { at: Timestamp(5), sequence: 9 });
        for page in [Page::Pushed(after), Page::Sent(after)] {
            assert_eq!(Page::parse(&page.text()), Some(page));
        }
        for wrong in ["", "pushed", "pushed.1", "pushed.a.1", "pushed.1.2.3", "other.1.2"] {
            assert_eq!(Page::parse(wrong), None, "{wrong}");
        }
    }
}
