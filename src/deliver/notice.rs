//! What the hub tells a source of a delivery that did not reach its target. Pure.

use serde_json::json;

use crate::{
    evidence::receipt,
    message,
    model::{
        id::{DeliveryId, Digest},
        time::Timestamp,
    },
    store::record::{Body, Cargo, Delivery, NewDelivery, Role, View},
};

/// What happened, as the notice says it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct News<'a> {
    /// A reason code: `refused`, `expired`, `not-entitled`, …
    pub code: &'a str,
    /// The target's own code, or a short technical cause.
    pub detail: &'a str,
    /// When.
    pub at: Timestamp,
}

/// A notice to the source of `delivery`, as the delivery `id`; none about a notice.
#[must_use]
pub fn notice(delivery: &Delivery, news: News<'_>, id: DeliveryId) -> Option<NewDelivery> {
    if delivery.cargo == Cargo::Notice {
        return None;
    }
    let subject = &delivery.subject;
    let notice = json!({
        "function": "notice",
        "reason": {"code": news.code, "detail": news.detail},
        "at": news.at.to_string(),
        "message": delivery.message.to_string(),
        "delivery": delivery.id.to_string(),
        "member": delivery.target.as_str(),
        "agreement": subject.agreement.as_str(),
        "issuer": subject.issuer,
        "number": subject.number,
        "version": subject.version,
        "attempts": delivery.attempts,
        "digest": delivery.rendered.as_ref().map(|(_, _, digest)| receipt::digest(*digest)),
        "test": delivery.test,
    });
    let bytes = notice.to_string().into_bytes();
    let body = Body {
        role: Role::Rendering,
        format: message::FORM.to_owned(),
        // A message may cause several notices; their own digest keeps their bodies apart.
        table: Digest::of(&bytes),
        media_type: message::MEDIA_TYPE.to_owned(),
        bytes,
    };
    Some(NewDelivery {
        id,
        target: delivery.source.clone(),
        cargo: Cargo::Notice,
        view: View::Notice,
        body: Some(body),
        weight: 1,
        urgent: false,
        created: news.at,
        held: None,
        losses: Vec::new(),
        because: format!("delivery {} to {} is {}", delivery.id, delivery.target, news.code),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deliver::sample;

    const NEWS: News<'_> = News { code: "refused", detail: "not-for-us", at: Timestamp(5) };

    #[test]
    fn a_source_is_told_which_delivery_to_whom_ended_how() {
        let delivery = sample::delivery(3);
        let notice = notice(&delivery, NEWS, sample::id(9)).unwrap();
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
        delivery.cargo = Cargo::Notice;
        assert!(notice(&delivery, NEWS, sample::id(9)).is_none());
    }

    #[test]
    fn two_notices_about_one_message_have_bodies_of_their_own() {
        let (one, mut two) = (sample::delivery(3), sample::delivery(3));
        two.id = sample::id(4);
        let table = |delivery| notice(delivery, NEWS, sample::id(9)).unwrap().body.unwrap().table;
        assert_ne!(table(&one), table(&two));
    }
}
