//! What a PEM file of the certs folder holds, as operators know it: so that a change under the same path can be told.

use std::fmt;

use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::{
    model::{id::Digest, time::Timestamp, value::Date},
    tls,
};

/// Longest subject in words, in characters.
const SUBJECT_CHARACTERS_MAX: usize = 200;

/// An anchor or leaf.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Held {
    /// Whose it is.
    pub subject: String,
    /// When its validity ends.
    pub ends: Timestamp,
    /// SHA-256 of the whole.
    pub digest: Digest,
}

impl Held {
    /// What stands in DER; `None` for what is neither anchor nor leaf.
    #[must_use]
    pub fn of(der: &[u8]) -> Option<Self> {
        let (_, x509) = X509Certificate::from_der(der).ok()?;
        let subject = x509.subject().to_string();
        let subject = subject.chars().filter(|one| !one.is_control()).take(SUBJECT_CHARACTERS_MAX).collect();
        Some(Self { subject, ends: tls::ends(der)?, digest: Digest::of(der) })
    }
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let subject = if self.subject.is_empty() { "no subject" } else { &self.subject };
        write!(
            f,
            "{subject} (valid until {}, sha-256 {}…)",
            Date::of(self.ends).as_str(),
            self.digest.short()
        )
    }
}
