//! Identifiers: checked once at the edge, then carried as types that cannot be confused.

use std::{fmt, marker::PhantomData};

/// Longest member, agreement, format or agreement-form id, in characters.
pub const NAME_CHARACTERS_MAX: usize = 64;
/// Longest idempotency key, in characters.
pub const MESSAGE_KEY_CHARACTERS_MAX: usize = 128;

/// A checked name: 1 to [`NAME_CHARACTERS_MAX`] characters of `[a-z0-9.-]`, the form a file of the region has.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Name<Of>(String, PhantomData<Of>);

/// Marks the names of members.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Member {}
/// Marks the names of agreements.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Agreement {}
/// Marks the names of formats.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Format {}

/// A member of the community: one connection, one file `members/<id>.toml`.
pub type MemberId = Name<Member>;
/// An agreement the community trades under: `agreements/<id>.toml`.
pub type AgreementId = Name<Agreement>;
/// A format table: `formats/<id>/format.toml`.
pub type FormatId = Name<Format>;

impl<Of> Name<Of> {
    /// Checks length and alphabet; a leading dot is refused.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let fits = (1..=NAME_CHARACTERS_MAX).contains(&text.len());
        let clean =
            text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.' || b == b'-');
        (fits && clean && !text.starts_with('.')).then(|| Self(text.to_owned(), PhantomData))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<Of> fmt::Display for Name<Of> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The hub's own id of an accepted message: a UUID version 7, so ids sort by time of acceptance.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct MessageId(pub uuid::Uuid);

/// The id of one delivery, stable over every attempt: what a target recognises a repeat by. A UUID version 8 that follows
/// from what is delivered, so that it is the same after a restore; of digests, of notices about deliveries, and of what an
/// operator repeats or addresses, a UUID version 7.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct DeliveryId(pub uuid::Uuid);

impl MessageId {
    /// Reads the hyphenated form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        uuid::Uuid::try_parse(text).ok().map(Self)
    }
}

impl DeliveryId {
    /// Reads the hyphenated form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        uuid::Uuid::try_parse(text).ok().map(Self)
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The source's own message id, the value of `Idempotency-Key`: 1 to 128 characters of `[A-Za-z0-9._~-]`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct MessageKey(String);

impl MessageKey {
    /// Checks length and alphabet (the unreserved characters of RFC 3986).
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let fits = (1..=MESSAGE_KEY_CHARACTERS_MAX).contains(&text.len());
        let clean = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._~-".contains(&b));
        (fits && clean).then(|| Self(text.to_owned()))
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A SHA-256 digest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// Digests bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let mut out = [0; 32];
        out.copy_from_slice(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes).as_ref());
        Self(out)
    }

    /// Lower-case hexadecimal, 64 characters.
    #[must_use]
    pub fn hex(&self) -> String {
        let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or_default();
        let mut text = String::with_capacity(64);
        text.extend(self.0.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]));
        text
    }

    /// The first 12 characters of the hexadecimal form: enough for people to tell a few apart.
    #[must_use]
    pub fn short(&self) -> String {
        self.hex().chars().take(12).collect()
    }

    /// Reads the hexadecimal form, with or without `sha-256:` before it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::from_hex(text.strip_prefix("sha-256:").unwrap_or(text))
    }

    /// Reads the hexadecimal form.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut out = [0u8; 32];
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        for (slot, pair) in out.iter_mut().zip(text.as_bytes().chunks(2)) {
            *slot = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Self(out))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", self.hex())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_key_takes_128_characters_and_not_129() {
        assert!(MessageKey::new(&"a".repeat(128)).is_some());
        assert!(MessageKey::new(&"a".repeat(129)).is_none());
        assert!(MessageKey::new("").is_none());
        assert!(MessageKey::new("no space").is_none());
    }

    #[test]
    fn digest_survives_its_hexadecimal_form() {
        let digest = Digest::of(b"certificate");
        assert_eq!(Digest::from_hex(&digest.hex()), Some(digest));
        assert_eq!(Digest::from_hex("zz"), None);
    }
}
