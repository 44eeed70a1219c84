//! What the hub tells a source of a delivery that did not reach its target. Pure.
//!
//! Refused, held, ended by an operator, delivered after all: the source has something to do, or to undo, and is told at
//! once, in the chain of the certificate. That a delivery expired comes after days of waiting, and for all of a target's at
//! a time: it is for a digest.

use serde_json::{Value, json};

use crate::{
    evidence::receipt,
    message,
    model::{
        id::{DeliveryId, Digest},
        reason::Reason,
        time::Timestamp,
    },
    store::{
        claim::Rank,
        news::{Bounds, Telling},
        record::{Body, Cargo, Delivery, NewDelivery, Role, View},
    },
};

/// What happened, as the notice says it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct News<'a> {
    /// Why: refused, expired, not entitled, …
    pub reason: Reason,
    /// The target's own code, or a short technical cause.
    pub detail: &'a str,
    /// Attempts made by then.
    pub attempts: u32,
    /// When.
    pub at: Timestamp,
}

/// What the source of `delivery` is told, by the notice `id` if at once; nothing about the hub's own word to it.
#[must_use]
pub fn telling(delivery: &Delivery, news: News<'_>, id: DeliveryId, bounds: Bounds) -> Option<Telling> {
    if delivery.cargo.is_news() {
        return None;
    }
    let notice = (news.reason != Reason::Expired).then(|| notice(delivery, news, id));
    Some(Telling { reason: news.reason, detail: news.detail.to_owned(), notice, bounds })
}

fn notice(delivery: &Delivery, news: News<'_>, id: DeliveryId) -> NewDelivery {
    let subject = &delivery.subject;
    let notice = json!({
        "function": "notice",
        "reason": {"code": news.reason.code(), "detail": news.detail},
        "at": news.at.to_string(),
        "message": delivery.message.to_string(),
        "delivery": delivery.id.to_string(),
        "member": delivery.target.as_str(),
        "agreement": subject.agreement.as_str(),
        "issuer": subject.issuer,
        "number": subject.number,
        "version": subject.version,
        "attempts": news.attempts,
        "digest": delivery.rendered.as_ref().map(|(_, _, digest)| receipt::digest(*digest)),
        "test": delivery.test,
    });
    NewDelivery {
        id,
        about: None,
        gap: None,
        target: delivery.source.clone(),
        cargo: Cargo::Notice,
        view: View::Notice,
        body: Some(body(&notice)),
        weight: 1,
        rank: Rank::Usual,
        created: news.at,
        held: None,
        losses: Vec::new(),
        because: format!("delivery {} to {} is {}", delivery.id, delivery.target, news.reason.code()),
        answer_within: None,
    }
}

/// The body of the hub's own word to a source.
pub(super) fn body(word: &Value) -> Body {
    let bytes = word.to_string().into_bytes();
    Body {
        role: Role::Rendering,
        format: message::FORM.to_owned(),
        // A message may cause several notices; their own digest keeps their bodies apart.
        table: Digest::of(&bytes),
        media_type: message::MEDIA_TYPE.to_owned(),
        bytes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deliver::sample;

    const NEWS: News<'_> =
        News { reason: Reason::Refused, detail: "not-for-us", attempts: 1, at: Timestamp(5) };

    #[test]
    fn a_source_is_told_which_delivery_to_whom_ended_how() {
        let delivery = sample::delivery(3);
        let told = telling(&delivery, NEWS, sample::id(9), sample::BOUNDS).unwrap();
        let notice = told.notice.unwrap();
        assert_eq!((notice.target, notice.cargo), (delivery.source.clone(), Cargo::Notice));
        let body: serde_json::Value = serde_json::from_slice(&notice.body.unwrap().bytes).unwrap();
        assert_eq!(body["function"], "notice");
        assert_eq!(body["reason"]["code"], "refused");
        assert_eq!(body["reason"]["detail"], "not-for-us");
        assert_eq!(body["delivery"], delivery.id.to_string());
        assert_eq!(body["member"], delivery.target.as_str());
        assert_eq!(body["number"], delivery.subject.number);
    }

    #[test]
    fn a_notice_never_causes_a_notice() {
        let mut delivery = sample::delivery(3);
        for cargo in [Cargo::Notice, Cargo::Digest] {
            delivery.cargo = cargo;
            assert!(telling(&delivery, NEWS, sample::id(9), sample::BOUNDS).is_none());
        }
    }

    #[test]
    fn two_notices_about_one_message_have_bodies_of_their_own() {
        let (one, mut two) = (sample::delivery(3), sample::delivery(3));
        two.id = sample::id(4);
        let table = |delivery| notice(delivery, NEWS, sample::id(9)).body.unwrap().table;
        assert_ne!(table(&one), table(&two));
    }
}
