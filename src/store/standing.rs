//! What the store knows of a certificate number: what is decided about a push that bears it.

use crate::model::id::{Digest, MessageId};

/// What the store knows of a certificate number.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Standing {
    /// The version with the highest number, of the number's lineage.
    pub latest: Option<Known>,
    /// The version the push states, if it states one and the store has it.
    pub stated: Option<Known>,
    /// The message that cancelled the latest version; without one, that cancelled the number before it came.
    pub cancelled: Option<Cancelled>,
    /// Lineage the latest version was stored under: what a change without a document joins.
    pub lineage: Option<String>,
    /// Whether this very number was issued: an original or replacement bears it, not only an amendment.
    pub issued: bool,
    /// The lowest version of this very number.
    pub first: Option<u32>,
    /// For a replacement: the version with the highest number of what it replaces.
    pub earlier: Option<Known>,
    /// The number of another certificate that replaces it already, the newest: of what a replacement replaces, else of the
    /// certificate itself.
    pub replaced: Option<String>,
}

/// What cancelled a certificate.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cancelled {
    /// The message.
    pub message: MessageId,
    /// Digest of its content.
    pub content: Option<Digest>,
    /// Whether it waits for the certificate.
    pub parked: bool,
}

/// One stored version of a certificate.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Known {
    /// The message that carried it.
    pub message: MessageId,
    /// Its version.
    pub version: u32,
    /// Digest of its canonical certificate.
    pub canonical: Option<Digest>,
    /// Whether it is test traffic.
    pub test: bool,
    /// Whether it waits for the certificate it changes.
    pub parked: bool,
}
