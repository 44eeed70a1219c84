//! Hub messages as JSON: cancellations and responses in, cancellations, withdrawals, responses and notices out.
//!
//! A hub message carries no national document, so every member takes it. Unknown members are refused, for a word
//! misspelt must not pass in silence.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::model::{
    envelope::{Answer, Cancellation},
    finding::Finding,
    id::{DeliveryId, MemberId, MessageId},
    key::{self, Key},
    reason::Reason,
    time::Timestamp,
    value::Date,
};

/// Media type of every hub message.
pub const MEDIA_TYPE: &str = "application/vnd.coohub.message+json";
/// Name of the form, beside the formats of national documents.
pub const FORM: &str = "hub-message";
/// Longest reason text, in characters.
pub const REASON_TEXT_CHARACTERS_MAX: usize = 1_000;
/// Longest code, number or id in a hub message, in characters.
pub const WORD_CHARACTERS_MAX: usize = 70;

/// A hub message that a member sends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Message {
    /// The issuing body withdraws a certificate.
    Cancellation(Cancellation),
    /// An importing customs answers about a delivery.
    Response(Response),
}

/// An importing customs' answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Response {
    /// The delivery it answers.
    pub delivery: DeliveryId,
    /// What it says.
    pub answer: Answer,
    /// Its reason, coded, for a rejection.
    pub reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(tag = "function", rename_all = "lowercase", deny_unknown_fields)]
enum Raw {
    Cancellation {
        agreement: String,
        issuer: String,
        number: String,
        version: Option<u32>,
        country: Option<String>,
        reason: RawReason,
        decided: String,
    },
    Response {
        delivery: String,
        answer: String,
        reason: Option<RawReason>,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawReason {
    code: String,
    #[serde(default)]
    text: String,
}

/// Reads a hub message.
///
/// # Errors
/// One severe finding that says which member is wrong and what it must be.
pub fn read(body: &[u8]) -> Result<Message, Finding> {
    let raw: Raw = serde_json::from_slice(body).map_err(|error| malformed(wrong(&error)))?;
    match raw {
        Raw::Cancellation { agreement, issuer, number, version, country, reason, decided } => {
            for (name, word) in [
                ("agreement", &agreement),
                ("issuer", &issuer),
                ("number", &number),
                ("reason.code", &reason.code),
            ] {
                fits(name, word, 1, WORD_CHARACTERS_MAX)?;
            }
            if !key::is_sound(&number) {
                return Err(malformed(format!("number {}", key::SOUND)));
            }
            if let Some(country) = &country {
                fits("country", country, 1, WORD_CHARACTERS_MAX)?;
            }
            fits("reason.text", &reason.text, 0, REASON_TEXT_CHARACTERS_MAX)?;
            let decided = Date::new(&decided)
                .ok_or_else(|| malformed("decided must be a date such as 2026-03-31T08:00:00Z"))?;
            let (reason_code, reason_text) = (reason.code, reason.text);
            Ok(Message::Cancellation(Cancellation {
                agreement,
                issuer,
                number,
                version,
                country,
                reason_code,
                reason_text,
                decided,
            }))
        }
        Raw::Response { delivery, answer, reason } => {
            let delivery = DeliveryId::parse(&delivery)
                .ok_or_else(|| malformed("delivery must be the id of a delivery"))?;
            let answer = Answer::of(&answer)
                .ok_or_else(|| malformed("answer must be received, accepted or rejected"))?;
            if let Some(reason) = &reason {
                fits("reason.code", &reason.code, 1, WORD_CHARACTERS_MAX)?;
                fits("reason.text", &reason.text, 0, REASON_TEXT_CHARACTERS_MAX)?;
            }
            Ok(Message::Response(Response { delivery, answer, reason: reason.map(|reason| reason.code) }))
        }
    }
}

/// A cancellation as a target gets it: the canonical body that the source's message became.
#[must_use]
pub fn cancellation(key: &Key, cancellation: &Cancellation) -> Value {
    let mut message = subject("cancellation", key);
    extend(
        &mut message,
        "reason",
        json!({"code": cancellation.reason_code, "text": cancellation.reason_text}),
    );
    extend(&mut message, "decided", json!(cancellation.decided.as_str()));
    message
}

/// A withdrawal: a later version no longer names this target, whose copy is to be set aside.
#[must_use]
pub fn withdrawal(key: &Key) -> Value {
    subject("withdrawal", key)
}

/// The notice view of a certificate: its key and that it was issued or changed.
#[must_use]
pub fn notice_view(function: &str, key: &Key) -> Value {
    subject(function, key)
}

/// A response on its way back to the source.
#[must_use]
pub fn response(key: &Key, target: &MemberId, response: &Response) -> Value {
    let mut message = subject("response", key);
    extend(&mut message, "delivery", json!(response.delivery.to_string()));
    extend(&mut message, "member", json!(target.as_str()));
    extend(&mut message, "answer", json!(response.answer.word()));
    if let Some(code) = &response.reason {
        extend(&mut message, "reason", json!({"code": code}));
    }
    message
}

/// A notice to a source: its message cannot go where it should.
#[must_use]
pub fn unrouted(key: &Key, message: MessageId, reason: Reason, at: Timestamp) -> Value {
    let mut notice = subject("notice", key);
    extend(&mut notice, "message", json!(message.to_string()));
    extend(&mut notice, "reason", json!({"code": reason.code()}));
    extend(&mut notice, "at", json!(at.to_string()));
    notice
}

/// What is wrong with a body, by the names of members alone: the parser's other words could hold values.
fn wrong(error: &serde_json::Error) -> String {
    let text = error.to_string();
    if text.starts_with("unknown variant") {
        return "function must be cancellation or response".to_owned();
    }
    let named = ["missing field", "unknown field", "duplicate field"];
    let what = text.split(" at line").next().filter(|text| named.iter().any(|start| text.starts_with(start)));
    format!(
        "the body is no hub message: {}",
        what.unwrap_or("it is not the JSON object that a cancellation or response is")
    )
}

fn subject(function: &str, key: &Key) -> Value {
    json!({
        "function": function,
        "agreement": key.agreement.as_str(),
        "issuer": key.issuer,
        "number": key.number,
        "version": key.version,
    })
}

fn extend(message: &mut Value, name: &str, value: Value) {
    if let Value::Object(members) = message {
        members.insert(name.to_owned(), value);
    }
}

fn fits(name: &str, text: &str, least: usize, most: usize) -> Result<(), Finding> {
    let have = text.chars().count();
    if (least..=most).contains(&have) && !text.chars().any(char::is_control) {
        return Ok(());
    }
    Err(malformed(format!("{name} must have {least} to {most} characters and no control characters")))
}

fn malformed(advice: impl Into<String>) -> Finding {
    Finding::severe(Reason::MessageMalformed, advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(body: &str) -> Result<Message, String> {
        read(body.as_bytes()).map_err(|finding| finding.advice)
    }

    const CANCELLATION: &str = r#"{"function":"cancellation","agreement":"mecta","issuer":"B01","number":"7","reason":{"code":"ERR"},"decided":"2026-03-31"}"#;

    #[test]
    fn a_cancellation_needs_no_document() {
        assert!(
            matches!(code(CANCELLATION), Ok(Message::Cancellation(c)) if c.number == "7" && c.version.is_none())
        );
    }

    #[test]
    fn each_bad_member_is_named() {
        let long = CANCELLATION.replace("\"7\"", &format!("\"{}\"", "7".repeat(WORD_CHARACTERS_MAX + 1)));
        assert!(code(&long).unwrap_err().starts_with("number must have"));
        let fits = CANCELLATION.replace("\"7\"", &format!("\"{}\"", "7".repeat(WORD_CHARACTERS_MAX)));
        assert!(code(&fits).is_ok());
        let unseen = CANCELLATION.replace("\"7\"", "\"7\u{202E}\"");
        assert!(code(&unseen).unwrap_err().starts_with("number has at most"));
        assert!(
            code(&CANCELLATION.replace("2026-03-31", "31.3.2026"))
                .unwrap_err()
                .starts_with("decided must be")
        );
        let misspelt = code(&CANCELLATION.replace("\"number\"", "\"nummer\"")).unwrap_err();
        assert!(misspelt.contains("unknown field `nummer`"), "{misspelt}");
        assert!(
            code(r#"{"function":"response","delivery":"x","answer":"received"}"#)
                .unwrap_err()
                .starts_with("delivery")
        );
    }
}
