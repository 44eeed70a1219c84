//! What an answer repeats of what was sent, in headers or in a JSON body.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;

use super::{Answer, Expected, essence};
use crate::model::id::{DeliveryId, Digest};

/// What an answer says of one thing it should echo.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Claim<T> {
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
pub(super) struct Echo {
    pub(super) delivery: Claim<DeliveryId>,
    pub(super) digest: Claim<Digest>,
}

impl Echo {
    pub(super) fn of(answer: &Answer) -> Self {
        let json = answer.media_type.as_deref().map(essence).is_some_and(|kind| {
            kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
        });
        let body = (json && answer.cut.is_none())
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
    pub(super) fn fits(&self, expected: &Expected<'_>) -> Option<bool> {
        match (self.delivery, self.digest) {
            (Claim::Is(delivery), Claim::Is(digest)) => {
                Some(delivery == expected.delivery && digest == expected.digest)
            }
            (Claim::Garbled, _) | (_, Claim::Garbled) => Some(false),
            (Claim::Absent, _) | (_, Claim::Absent) => None,
        }
    }
}

/// Reads the one `sha-256` member of an RFC 9530 dictionary.
fn structured_digest(text: &str) -> Option<Digest> {
    let mut members = text.split(',').filter_map(|part| part.trim().strip_prefix("sha-256=:"));
    let member = members.next()?;
    if members.next().is_some() {
        return None;
    }
    let bytes = STANDARD.decode(member.strip_suffix(':')?).ok()?;
    Some(Digest(bytes.try_into().ok()?))
}

/// Reads `sha-256:<hex>`.
pub(super) fn plain_digest(text: &str) -> Option<Digest> {
    Digest::from_hex(&text.strip_prefix("sha-256:")?.to_ascii_lowercase())
}
