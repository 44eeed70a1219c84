//! The headers of a delivery, the same by push and by mailbox. Pure.
//!
//! A repeat differs from the first attempt in `CoO-Attempt` alone, and in the span of `traceparent`, which is added last.
//! Values are printable ASCII: every other byte, and `%` itself, is percent-encoded as UTF-8.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::{
    evidence::receipt::digest,
    model::{envelope::Function, id::Digest},
    store::record::{Body, Cargo, Delivery, View},
};

/// Names and values, in order.
pub type Headers = Vec<(&'static str, String)>;

/// What a delivery's headers say beyond the delivery itself.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// What is sent.
    pub body: &'a Body,
    /// Digest of its bytes.
    pub digest: Digest,
    /// Number of the attempt, counted from 1.
    pub attempt: u32,
    /// The hub's attestation, a compact JWS.
    pub attestation: &'a str,
    /// Whether the target may fetch the original.
    pub original: bool,
    /// Attachments the target may fetch.
    pub attachments: &'a [Digest],
    /// Whether the link it comes over is in pilot now.
    pub pilot: bool,
}

/// The headers of one attempt.
#[must_use]
pub fn headers(delivery: &Delivery, facts: &Facts<'_>) -> Headers {
    let id = delivery.id.to_string();
    let subject = &delivery.subject;
    let mut headers = vec![
        ("Content-Type", facts.body.media_type.clone()),
        ("Content-Digest", content_digest(facts.digest)),
        ("Idempotency-Key", id.clone()),
        ("CoO-Delivery", id.clone()),
        ("CoO-Sequence", delivery.sequence.to_string()),
        ("CoO-Cargo", delivery.cargo.word().to_owned()),
        ("CoO-View", delivery.view.word().to_owned()),
        ("CoO-Attempt", facts.attempt.to_string()),
        ("CoO-Source", delivery.source.to_string()),
        ("CoO-Test", delivery.test.to_string()),
        ("CoO-Attestation", facts.attestation.to_owned()),
    ];
    // A digest is about many certificates.
    if delivery.cargo != Cargo::Digest {
        headers.push(("CoO-Agreement", subject.agreement.to_string()));
        headers.push(("CoO-Issuer", encoded(&subject.issuer)));
        headers.push(("CoO-Number", encoded(&subject.number)));
        headers.extend(subject.version.map(|version| ("CoO-Version", version.to_string())));
    }
    if let Some(function) = function(delivery) {
        headers.push(("CoO-Function", function.code().to_string()));
    }
    if let Some(gap) = delivery.gap {
        headers.push(("CoO-Unseen", gap.word().to_owned()));
    }
    if let Some(first) = delivery.replay_of {
        headers.push(("CoO-Replay", first.to_string()));
    }
    if facts.pilot {
        headers.push(("CoO-Pilot", "true".to_owned()));
    }
    if facts.original {
        headers.push(("CoO-Original", format!("/v1/deliveries/{id}/original")));
    }
    if !facts.attachments.is_empty() {
        let digests = facts.attachments.iter().copied().map(digest).collect::<Vec<_>>();
        headers.push(("CoO-Attachment", digests.join(", ")));
    }
    headers
}

/// Whether a delivery's target may fetch the original and the attachments: with the full view of a document only.
#[must_use]
pub fn shows_original(delivery: &Delivery) -> bool {
    delivery.view == View::Full && delivery.cargo == Cargo::Certificate
}

/// `Content-Digest` of RFC 9530: `sha-256=:<base64>:`.
#[must_use]
pub fn content_digest(digest: Digest) -> String {
    format!("sha-256=:{}:", STANDARD.encode(digest.0))
}

/// What the target is to do. A withdrawal is a cancellation to it whatever the message was; a notice asks nothing.
fn function(delivery: &Delivery) -> Option<Function> {
    match delivery.cargo {
        Cargo::Certificate => Some(delivery.function),
        Cargo::Cancellation => Some(Function::Cancellation),
        Cargo::Response => Some(Function::Response),
        Cargo::Notice | Cargo::Digest => None,
    }
}

/// Percent-encodes whatever is not printable ASCII, and `%`.
fn encoded(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        if byte.is_ascii_graphic() && byte != b'%' {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deliver::sample;

    fn value<'a>(headers: &'a Headers, name: &str) -> Option<&'a str> {
        headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    fn of(delivery: &Delivery, attempt: u32) -> Headers {
        let body = sample::body(b"<cod/>");
        let digest = Digest::of(&body.bytes);
        let original = shows_original(delivery);
        headers(
            delivery,
            &Facts {
                body: &body,
                digest,
                attempt,
                attestation: "a.b.c",
                original,
                attachments: &[],
                pilot: false,
            },
        )
    }

    #[test]
    fn a_delivery_says_what_it_is_and_a_repeat_differs_in_the_attempt_alone() {
        let delivery = sample::delivery(7);
        let (first, second) = (of(&delivery, 1), of(&delivery, 2));
        assert_eq!(value(&first, "CoO-Delivery"), Some(delivery.id.to_string().as_str()));
        assert_eq!(value(&first, "Idempotency-Key"), value(&first, "CoO-Delivery"));
        assert_eq!(value(&first, "CoO-Sequence"), Some("7"));
        assert_eq!(value(&first, "CoO-Function"), Some("9"));
        assert_eq!(value(&first, "CoO-Cargo"), Some("certificate"));
        assert_eq!(value(&first, "CoO-Attestation"), Some("a.b.c"));
        assert!(value(&first, "Content-Digest").unwrap().starts_with("sha-256=:"));
        let differing: Vec<_> = first.iter().zip(&second).filter(|(one, two)| one != two).collect();
        assert_eq!(differing, [(&("CoO-Attempt", "1".to_owned()), &("CoO-Attempt", "2".to_owned()))]);
    }

    #[test]
    fn a_number_in_cyrillic_survives_a_header() {
        let mut delivery = sample::delivery(1);
        delivery.subject.number = "№ 5%\r\nX".to_owned();
        assert_eq!(value(&of(&delivery, 1), "CoO-Number"), Some("%E2%84%96%205%25%0D%0AX"));
    }

    #[test]
    fn the_original_is_named_for_the_full_view_of_a_certificate_alone() {
        let mut delivery = sample::delivery(1);
        let path = format!("/v1/deliveries/{}/original", delivery.id);
        assert_eq!(value(&of(&delivery, 1), "CoO-Original"), Some(path.as_str()));
        delivery.view = View::Minimised;
        assert_eq!(value(&of(&delivery, 1), "CoO-Original"), None);
        delivery.view = View::Full;
        delivery.cargo = Cargo::Notice;
        assert_eq!(value(&of(&delivery, 1), "CoO-Original"), None);
    }

    #[test]
    fn a_withdrawal_is_a_cancellation_and_a_notice_has_no_function() {
        let mut delivery = sample::delivery(1);
        delivery.function = Function::Amendment;
        delivery.cargo = Cargo::Cancellation;
        assert_eq!(value(&of(&delivery, 1), "CoO-Function"), Some("1"));
        delivery.cargo = Cargo::Notice;
        assert_eq!(value(&of(&delivery, 1), "CoO-Function"), None);
        assert_eq!(value(&of(&delivery, 1), "CoO-Number"), Some("RU-1"));
    }

    #[test]
    fn a_digest_bears_no_certificates_number() {
        let mut delivery = sample::delivery(1);
        delivery.cargo = Cargo::Digest;
        let headers = of(&delivery, 1);
        for name in ["CoO-Agreement", "CoO-Issuer", "CoO-Number", "CoO-Version", "CoO-Function"] {
            assert_eq!(value(&headers, name), None);
        }
    }
}
