//! What operators ask for, from the words that a door was given: both doors read them here, so that both take and refuse
//! the same.

use super::{Again, REASON_CHARACTERS_MAX, Refusal, What};
use crate::model::{
    id::{DeliveryId, MemberId, MessageId},
    reason::Reason,
    time::Timestamp,
};

/// What is to be delivered again, in words.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Missed<'a> {
    /// A delivery.
    pub delivery: Option<&'a str>,
    /// A message …
    pub message: Option<&'a str>,
    /// … to this member alone.
    pub to: Option<&'a str>,
    /// A member that misses what ended without arriving …
    pub target: Option<&'a str>,
    /// … from this instant on.
    pub since: Option<&'a str>,
    /// Whether also what the target confirmed, and lost: of a delivery or a message alone.
    pub lost: bool,
}

/// A refusal of what cannot be read.
pub fn malformed(why: impl Into<String>) -> Refusal {
    Refusal::new(Reason::CommandMalformed, why)
}

/// A member, by its word.
///
/// # Errors
/// [`Reason::CommandMalformed`], as everything here.
pub fn member(text: &str) -> Result<MemberId, Refusal> {
    MemberId::new(text).ok_or_else(|| malformed("a member is named by the name of its file"))
}

/// A delivery, by its id.
///
/// # Errors
/// As [`member`].
pub fn delivery(text: &str) -> Result<DeliveryId, Refusal> {
    DeliveryId::parse(text).ok_or_else(|| malformed("a delivery id is 36 characters, as the hub prints it"))
}

/// A message, by its id.
///
/// # Errors
/// As [`member`].
pub fn message(text: &str) -> Result<MessageId, Refusal> {
    MessageId::parse(text).ok_or_else(|| malformed("a message id is 36 characters, as the hub prints it"))
}

/// A request to read a document, by its number in the book.
///
/// # Errors
/// As [`member`].
pub fn request(text: &str) -> Result<i64, Refusal> {
    text.parse().map_err(|_| malformed("a request is named by its number, as the page of requests shows it"))
}

/// An instant from which on something counts.
///
/// # Errors
/// As [`member`].
pub fn since(text: &str) -> Result<Timestamp, Refusal> {
    Timestamp::parse(text).ok_or_else(|| malformed("since must be an instant such as 2026-03-31T08:00:00Z"))
}

/// The reason that is stated.
///
/// # Errors
/// As [`member`].
pub fn reason(text: &str) -> Result<(), Refusal> {
    fits("reason", text, REASON_CHARACTERS_MAX)
}

/// Whether a text has its characters and no others.
///
/// # Errors
/// As [`member`].
pub fn fits(name: &str, text: &str, most: usize) -> Result<(), Refusal> {
    let have = text.chars().count();
    if (1..=most).contains(&have) && !text.chars().any(char::is_control) {
        return Ok(());
    }
    Err(malformed(format!("{name} must have 1 to {most} characters and no control characters")))
}

/// What is held or released: a member's lane or a delivery, one of them.
///
/// # Errors
/// As [`member`].
pub fn what(of: Option<&str>, one: Option<&str>) -> Result<What, Refusal> {
    match (of, one) {
        (Some(of), None) => Ok(What::Member(member(of)?)),
        (None, Some(one)) => Ok(What::Delivery(delivery(one)?)),
        _ => Err(malformed("name a member or a delivery")),
    }
}

/// What is delivered again: one of three, and nothing beside it that has no place there.
///
/// # Errors
/// As [`member`].
pub fn again(missed: &Missed<'_>) -> Result<Again, Refusal> {
    match *missed {
        Missed { delivery: Some(one), message: None, to: None, target: None, since: None, .. } => {
            Ok(Again::Delivery(delivery(one)?))
        }
        Missed { delivery: None, message: Some(of), to, target: None, since: None, .. } => {
            Ok(Again::Message(message(of)?, to.map(member).transpose()?))
        }
        Missed {
            delivery: None,
            message: None,
            to: None,
            target: Some(target),
            since: Some(at),
            lost: false,
        } => Ok(Again::Target(member(target)?, since(at)?)),
        _ => Err(malformed(
            "name a delivery, or a message (and to whom), or a member and since when, and that alone; what was confirmed and lost is delivered again by delivery or message",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0190d5b8-0000-7000-8000-000000000000";
    const AT: &str = "2026-03-31T08:00:00Z";

    #[test]
    fn one_thing_is_delivered_again_and_nothing_beside_it_is_passed_over() {
        let none = Missed::default();
        let one = Missed { delivery: Some(ID), ..none };
        let of = Missed { message: Some(ID), ..none };
        let all = Missed { target: Some("corvania"), since: Some(AT), ..none };
        for good in
            [one, Missed { lost: true, ..one }, of, Missed { to: Some("corvania"), lost: true, ..of }, all]
        {
            assert!(again(&good).is_ok(), "{good:?}");
        }
        for bad in [
            none,
            Missed { message: Some(ID), ..one },
            Missed { to: Some("corvania"), ..one },
            Missed { since: Some(AT), ..one },
            Missed { since: Some(AT), ..of },
            Missed { target: Some("corvania"), ..of },
            Missed { lost: true, ..all },
            Missed { since: None, ..all },
            Missed { since: Some("yesterday"), ..all },
        ] {
            assert_eq!(
                again(&bad).map_err(|refusal| refusal.reason),
                Err(Reason::CommandMalformed),
                "{bad:?}"
            );
        }
    }

    #[test]
    fn a_member_or_a_delivery_is_held_and_not_both() {
        assert!(what(Some("corvania"), None).is_ok() && what(None, Some(ID)).is_ok());
        for bad in [(None, None), (Some("corvania"), Some(ID)), (Some("C O"), None), (None, Some("x"))] {
            assert!(what(bad.0, bad.1).is_err(), "{bad:?}");
        }
    }
}
