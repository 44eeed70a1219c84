//! What a target's answer means: stored, refused, or a fault of the partner. Pure.
//!
//! *Stored*: a 2xx that echoes delivery id and digest, or a 409 that echoes the digest. A member configured with
//! `acknowledge = signed` must give its signed receipt with either ([`delivered`]); one with `status` is believed any 2xx. *Refused*: a 4xx problem document (RFC 9457) whose `code` is in
//! [`REFUSALS`]. Everything else defers: 401, 403, 404, 410, bare 4xx, redirects, HTML, a 2xx without echo, 5xx, silence.
//! A wrong leaf or a moved path must never lose a certificate of origin. What defers and will not mend by waiting (all of
//! these but 408, 425, 429, 5xx and a silence other than that of TLS) asks for somebody to look: an *alarm*.
//!
//! The echo, in headers or in a JSON body (members `delivery` and `digest`):
//! ```text
//! CoO-Delivery: 019ab…          {"delivery": "019ab…", "digest": "sha-256:<64 hex>"}
//! CoO-Digest: sha-256=:<base64>:
//! ```

mod echo;
mod silence;

use std::time::Duration;

use serde_json::Value;

use self::echo::{Claim, Echo};
use crate::{
    deliver::lane::How,
    evidence::{delivered, key::PublicKey},
    model::{
        delivery::Event,
        id::{DeliveryId, Digest},
        reason::Reason,
        time::Timestamp,
    },
    region::member::Acknowledge,
    telemetry::metrics::Outcome,
};

pub use self::silence::{Cut, Phase, Silence};

/// The closed list of codes with which a target refuses a certificate for good, and what each says.
pub const REFUSALS: [(&str, &str); 6] = [
    ("certificate-invalid", "the document breaks a rule of the target's format or law"),
    ("certificate-unknown-issuer", "the target does not know the issuing body"),
    ("certificate-unknown", "a change of a certificate that the target never had"),
    ("not-for-us", "the target is not the importing party"),
    ("format-unsupported", "the target cannot read the form it was sent"),
    ("too-large", "the document has more bytes or items than the target takes"),
];

/// Statuses about the connection or the pace, which say nothing of the content whatever their body says.
const NEVER_REFUSALS: [u16; 6] = [401, 407, 408, 421, 425, 429];
/// Longest technical cause kept, in characters.
pub const DETAIL_CHARACTERS_MAX: usize = 120;

/// Grade of evidence that the target signed.
pub const GRADE_SIGNED: char = 'A';
/// Grade of an answer that echoes, or of a status taken for one.
pub const GRADE_ECHO: char = 'C';

/// A signed receipt, or what is wrong with it.
type Proven = Result<String, String>;

/// What came back from an attempt.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Received {
    /// An HTTP answer, at least its head.
    Answer(Answer),
    /// No answer.
    Nothing(Silence),
}

/// An HTTP answer.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Answer {
    /// Status.
    pub status: u16,
    /// `Content-Type`.
    pub media_type: Option<String>,
    /// `CoO-Delivery`, every line of it: one that is there twice is unreadable.
    pub delivery: Option<String>,
    /// `CoO-Digest`, every line of it.
    pub digest: Option<String>,
    /// `Retry-After`.
    pub retry_after: Option<String>,
    /// `Date`, the time it is on the other side.
    pub date: Option<String>,
    /// The body, as far as it came.
    pub body: Vec<u8>,
    /// Why the body is incomplete, where it is.
    pub cut: Option<Cut>,
}

/// What was sent, and what answer is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Expected<'a> {
    /// Id of the delivery.
    pub delivery: DeliveryId,
    /// Digest of the bytes sent.
    pub digest: Digest,
    /// What counts as stored.
    pub acknowledge: Acknowledge,
    /// Keys that sign the target's receipts.
    pub keys: &'a [PublicKey],
}

/// What an answer means.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Meaning {
    /// What happened to the delivery.
    pub event: Event,
    /// Short technical cause: a code of ours or of [`REFUSALS`], never content.
    pub detail: String,
    /// Status, where there was one.
    pub status: Option<u16>,
    /// Digest of the answer's body, where there was one.
    pub answer: Option<Digest>,
    /// The target's signed receipt, proven.
    pub receipt: Option<String>,
    /// Whether somebody should look: waiting will not mend it.
    pub alarm: bool,
}

impl Meaning {
    /// The word an attempt is recorded with.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self.event {
            Event::Succeeded => "delivered",
            Event::Refused { .. } => "refused",
            _ => "deferred",
        }
    }

    /// How an attempt counts. A 2xx or 409 that was not believed is one that the target did not confirm.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match (&self.event, self.status) {
            (Event::Succeeded, _) => Outcome::Delivered,
            (Event::Refused { .. }, _) => Outcome::Refused,
            (_, None) => Outcome::Silent,
            (_, Some(200..=299 | 409)) => Outcome::Unconfirmed,
            (_, Some(_)) => Outcome::Failed,
        }
    }

    /// The evidence grade of a delivery that was taken: `A` by a signed receipt, `C` by an echo or a status taken for one.
    #[must_use]
    pub fn grade(&self) -> Option<char> {
        let grade = if self.receipt.is_some() { GRADE_SIGNED } else { GRADE_ECHO };
        matches!(self.event, Event::Succeeded).then_some(grade)
    }

    /// What the lane learns of its target: an answer closes the breaker, whatever defers counts towards opening it.
    #[must_use]
    pub fn how(&self) -> How {
        match self.event {
            Event::Succeeded => How::Taken,
            Event::Refused { .. } => How::Refused(self.detail.clone()),
            _ => How::PartnerFault,
        }
    }
}

/// Says what came back means; total.
#[must_use]
pub fn classify(expected: &Expected<'_>, received: &Received, now: Timestamp) -> Meaning {
    let answer = match received {
        Received::Answer(answer) => answer,
        Received::Nothing(silence) => return nothing(silence),
    };
    let signed = matches!(answer.status, 200..=299 | 409) && expected.acknowledge == Acknowledge::Signed;
    let receipt = signed.then(|| proven(expected, answer, now));
    let (event, detail) = match answer.status {
        _ if matches!(receipt, Some(Ok(_))) => (Event::Succeeded, "receipt".to_owned()),
        200..=299 => taken(expected, answer, receipt.as_ref()),
        409 => conflict(expected, answer, receipt.as_ref()),
        400..=499 => match refusal(answer) {
            Some(code) => (Event::Refused { reason: Reason::Refused }, code.to_owned()),
            None => (deferred(answer, now), format!("status-{}", answer.status)),
        },
        status => (deferred(answer, now), format!("status-{status}")),
    };
    let digest = (!answer.body.is_empty()).then(|| Digest::of(&answer.body));
    let alarm = matches!(event, Event::Deferred { .. }) && !passing(answer);
    let receipt = receipt.and_then(Result::ok);
    Meaning { event, detail, status: Some(answer.status), answer: digest, receipt, alarm }
}

fn nothing(silence: &Silence) -> Meaning {
    let detail =
        silence.to_string().chars().filter(|c| !c.is_control()).take(DETAIL_CHARACTERS_MAX).collect();
    let alarm = matches!(silence, Silence::Tls(_) | Silence::Elsewhere(_));
    let event = Event::Deferred { retry_after: None };
    Meaning { event, detail, status: None, answer: None, receipt: None, alarm }
}

/// Whether an answer that defers is of the kind that mends by waiting: a server too busy, or one that broke off.
fn passing(answer: &Answer) -> bool {
    matches!(answer.status, 408 | 425 | 429 | 500..)
        || matches!(answer.cut, Some(Cut::Slow(_) | Cut::Broken)) && matches!(answer.status, 200..=299)
}

/// The receipt an answer carries; else what is wrong, beginning with a code.
fn proven(expected: &Expected<'_>, answer: &Answer, now: Timestamp) -> Proven {
    if let Some(cut) = answer.cut {
        return Err(cut.to_string());
    }
    let receipt = answer.media_type.as_deref().filter(|text| essence(text) == delivered::MEDIA_TYPE);
    let receipt =
        receipt.and_then(|_| std::str::from_utf8(&answer.body).ok()).ok_or("receipt-missing")?.trim();
    delivered::prove(receipt, expected.keys, (expected.delivery, expected.digest), now)
        .map(|()| receipt.to_owned())
        .map_err(|error| error.to_string())
}

/// A 2xx: believed when it echoes what was sent.
fn taken(expected: &Expected<'_>, answer: &Answer, receipt: Option<&Proven>) -> (Event, String) {
    if let Some(Err(wrong)) = receipt {
        return (Event::Deferred { retry_after: None }, wrong.clone());
    }
    let echo = Echo::of(answer);
    let detail = match (echo.fits(expected), expected.acknowledge, answer.cut) {
        (Some(true), ..) => return (Event::Succeeded, "echo".to_owned()),
        (_, Acknowledge::Status, _) => return (Event::Succeeded, "status".to_owned()),
        (Some(false), ..) => "echo-mismatch".to_owned(),
        (None, _, Some(cut)) => cut.to_string(),
        (None, _, None) => "echo-missing".to_owned(),
    };
    (Event::Deferred { retry_after: None }, detail)
}

/// A 409: the target has the delivery already, if it names the digest of what was sent.
fn conflict(expected: &Expected<'_>, answer: &Answer, receipt: Option<&Proven>) -> (Event, String) {
    let echo = Echo::of(answer);
    let same = echo.digest == Claim::Is(expected.digest);
    let other_id = matches!(echo.delivery, Claim::Is(id) if id != expected.delivery);
    if same && !other_id && echo.delivery != Claim::Garbled {
        return match receipt {
            Some(Err(wrong)) => (Event::Deferred { retry_after: None }, wrong.clone()),
            _ => (Event::Succeeded, "echo-409".to_owned()),
        };
    }
    match (refusal(answer), echo.digest) {
        (Some(code), _) => (Event::Refused { reason: Reason::Refused }, code.to_owned()),
        (None, Claim::Is(_)) => (Event::Deferred { retry_after: None }, "conflict-other-bytes".to_owned()),
        (None, _) => (Event::Deferred { retry_after: None }, "status-409".to_owned()),
    }
}

/// The code of a problem document that refuses for good.
fn refusal(answer: &Answer) -> Option<&'static str> {
    let problem =
        answer.media_type.as_deref().is_some_and(|text| essence(text) == "application/problem+json");
    if !problem || answer.cut.is_some() || NEVER_REFUSALS.contains(&answer.status) {
        return None;
    }
    let body: Value = serde_json::from_slice(&answer.body).ok()?;
    let code = body.get("code")?.as_str()?;
    REFUSALS.iter().map(|(known, _)| *known).find(|known| *known == code)
}

/// A partner fault; `Retry-After` counts where its meaning is to wait.
fn deferred(answer: &Answer, now: Timestamp) -> Event {
    let asked = answer.retry_after.as_deref().filter(|_| matches!(answer.status, 429 | 503));
    Event::Deferred { retry_after: asked.and_then(|text| retry_after(text, now)) }
}

/// Reads `Retry-After`: seconds, or an HTTP date (RFC 9110 §5.6.7, the preferred form).
fn retry_after(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        // More digits than fit are a very long time; the policy clamps it.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::from(u32::MAX))));
    }
    let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(Timestamp(date.as_millisecond()).since(now))
}

fn essence(media_type: &str) -> String {
    media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

#[cfg(test)]
mod tests;
