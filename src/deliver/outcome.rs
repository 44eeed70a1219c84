//! What a target's answer means: stored, refused, or a fault of the partner. Pure.
//!
//! *Stored*: a 2xx that echoes delivery id and digest, or a 409 that echoes the digest; a member configured with
//! `acknowledge = status` is believed any 2xx. *Refused*: a 4xx problem document (RFC 9457) whose `code` is in
//! [`REFUSALS`]. Everything else defers: 401, 403, 404, 410, bare 4xx, redirects, HTML, a 2xx without echo, 5xx, silence.
//! A wrong certificate or a moved path must never lose a certificate of origin.
//!
//! The echo, in headers or in a JSON body (members `delivery` and `digest`):
//! ```text
//! CoO-Delivery: 019ab…          {"delivery": "019ab…", "digest": "sha-256:<64 hex>"}
//! CoO-Digest: sha-256=:<base64>:
//! ```

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;

use crate::{
    model::{
        delivery::Event,
        id::{DeliveryId, Digest},
        reason::Reason,
        time::Timestamp,
    },
    region::member::Acknowledge,
};

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
    /// `CoO-Delivery`.
    pub delivery: Option<String>,
    /// `CoO-Digest`.
    pub digest: Option<String>,
    /// `Retry-After`.
    pub retry_after: Option<String>,
    /// The body, as far as it came.
    pub body: Vec<u8>,
    /// Whether the body is incomplete: too long, too slow or broken off.
    pub cut: bool,
}

/// Why there is no answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Silence {
    /// The name was not resolved, or nobody took the connection.
    Unreachable(String),
    /// The TLS handshake failed.
    Tls(String),
    /// The deadline passed.
    Timeout,
    /// The connection broke before the head of an answer.
    Broken(String),
}

/// What was sent, and what answer is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Expected {
    /// Id of the delivery.
    pub delivery: DeliveryId,
    /// Digest of the bytes sent.
    pub digest: Digest,
    /// What counts as stored.
    pub acknowledge: Acknowledge,
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
}

/// Says what came back means; total.
#[must_use]
pub fn classify(expected: &Expected, received: &Received, now: Timestamp) -> Meaning {
    let answer = match received {
        Received::Answer(answer) => answer,
        Received::Nothing(silence) => return nothing(silence),
    };
    let (event, detail) = match answer.status {
        200..=299 => taken(expected, answer),
        409 => conflict(expected, answer),
        400..=499 => match refusal(answer) {
            Some(code) => (Event::Refused { reason: Reason::Refused }, code.to_owned()),
            None => (deferred(answer, now), format!("status-{}", answer.status)),
        },
        status => (deferred(answer, now), format!("status-{status}")),
    };
    let digest = (!answer.body.is_empty()).then(|| Digest::of(&answer.body));
    Meaning { event, detail, status: Some(answer.status), answer: digest }
}

fn nothing(silence: &Silence) -> Meaning {
    let detail = match silence {
        Silence::Unreachable(cause) => format!("unreachable: {cause}"),
        Silence::Tls(cause) => format!("tls: {cause}"),
        Silence::Timeout => "timeout".to_owned(),
        Silence::Broken(cause) => format!("broken: {cause}"),
    };
    let detail = detail.chars().filter(|c| !c.is_control()).take(DETAIL_CHARACTERS_MAX).collect();
    Meaning { event: Event::Deferred { retry_after: None }, detail, status: None, answer: None }
}

/// A 2xx: believed when it echoes what was sent.
fn taken(expected: &Expected, answer: &Answer) -> (Event, String) {
    let echo = Echo::of(answer);
    let detail = match (echo.fits(expected), expected.acknowledge) {
        (Some(true), _) => return (Event::Succeeded, "echo".to_owned()),
        (_, Acknowledge::Status) => return (Event::Succeeded, "status".to_owned()),
        (Some(false), Acknowledge::Echo) => "echo-mismatch",
        (None, Acknowledge::Echo) if answer.cut => "answer-cut",
        (None, Acknowledge::Echo) => "echo-missing",
    };
    (Event::Deferred { retry_after: None }, detail.to_owned())
}

/// A 409: the target has the delivery already, if it names the digest of what was sent.
fn conflict(expected: &Expected, answer: &Answer) -> (Event, String) {
    let echo = Echo::of(answer);
    let same = echo.digest == Claim::Is(expected.digest);
    let other_id = matches!(echo.delivery, Claim::Is(id) if id != expected.delivery);
    if same && !other_id && echo.delivery != Claim::Garbled {
        return (Event::Succeeded, "echo-409".to_owned());
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
    if !problem || answer.cut || NEVER_REFUSALS.contains(&answer.status) {
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

/// What an answer says of one thing it should echo.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Claim<T> {
    Absent,
    Is(T),
    /// Unreadable, or the header and the body disagree.
    Garbled,
}

impl<T: PartialEq + Copy> Claim<T> {
    fn read(text: Option<&str>, parse: impl Fn(&str) -> Option<T>) -> Self {
        text.map_or(Self::Absent, |text| parse(text.trim()).map_or(Self::Garbled, Self::Is))
    }

    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Absent, claim) | (claim, Self::Absent) => claim,
            (Self::Is(one), Self::Is(two)) if one == two => self,
            _ => Self::Garbled,
        }
    }
}

/// What an answer echoes.
struct Echo {
    delivery: Claim<DeliveryId>,
    digest: Claim<Digest>,
}

impl Echo {
    fn of(answer: &Answer) -> Self {
        let json = answer.media_type.as_deref().map(essence).is_some_and(|kind| {
            kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
        });
        let body = (json && !answer.cut)
            .then(|| serde_json::from_slice::<Value>(&answer.body).ok())
            .flatten()
            .unwrap_or_default();
        let member = |name: &str| body.get(name).and_then(Value::as_str);
        Self {
            delivery: Claim::read(answer.delivery.as_deref(), DeliveryId::parse)
                .and(Claim::read(member("delivery"), DeliveryId::parse)),
            digest: Claim::read(answer.digest.as_deref(), structured_digest)
                .and(Claim::read(member("digest"), plain_digest)),
        }
    }

    /// Whether both parts are those of what was sent; `None` when a part is missing.
    fn fits(&self, expected: &Expected) -> Option<bool> {
        match (self.delivery, self.digest) {
            (Claim::Is(delivery), Claim::Is(digest)) => {
                Some(delivery == expected.delivery && digest == expected.digest)
            }
            (Claim::Garbled, _) | (_, Claim::Garbled) => Some(false),
            (Claim::Absent, _) | (_, Claim::Absent) => None,
        }
    }
}

fn essence(media_type: &str) -> String {
    media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Reads the `sha-256` member of an RFC 9530 dictionary.
fn structured_digest(text: &str) -> Option<Digest> {
    let member = text.split(',').find_map(|part| part.trim().strip_prefix("sha-256=:"))?;
    let bytes = STANDARD.decode(member.strip_suffix(':')?).ok()?;
    Some(Digest(bytes.try_into().ok()?))
}

/// Reads `sha-256:<hex>`.
fn plain_digest(text: &str) -> Option<Digest> {
    Digest::from_hex(&text.strip_prefix("sha-256:")?.to_ascii_lowercase())
}

#[cfg(test)]
#[path = "outcome_tests.rs"]
mod tests;
