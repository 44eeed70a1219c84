//! What the hub made of a signature: whose leaf, signed when by whose word, what was looked at, and what came of it.
//!
//! Kept with every accepted message, so that years later one can say on what grounds it was taken for issued.

use super::{id::Digest, time::Timestamp};

/// In what capacity a leaf signed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Capacity {
    /// The exporter, over the declaration.
    Exporter,
    /// The official of the issuing body, over the whole certificate.
    Official,
}

/// What came of the look at a signature whose mathematics holds; a refused one is a finding instead.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Verdict {
    /// The leaf is an official's of the issuing body, in force and not revoked at the time of signing.
    Good,
    /// As good, but no current revocation list covers the leaf, and the member's file says to warn only.
    StatusUnknown,
    /// The exporter's: not looked up, because the official's signature covers it and vouches for it.
    Vouched,
    /// Not looked up, because the agreement does not demand it.
    NotDemanded,
}

/// Whose word the time of signing is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum StatedBy {
    /// The document's date of issue.
    Document,
    /// The signature itself.
    Signature,
}

/// When something was signed, as stated: an instant, or a day when only a day is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SigningTime {
    /// The first instant it may have been.
    pub from: Timestamp,
    /// The last instant it may have been; the same when the time is known.
    pub until: Timestamp,
    /// Whose word it is.
    pub stated: StatedBy,
}

/// What made a leaf an official's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum RuleKind {
    /// The leaf itself is listed in the member's file.
    Listed,
    /// An authority of the member's file issued it, to whom that file says.
    Authority,
}

/// The entry of the member's file that made a leaf an official's.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rule {
    /// Its kind.
    pub kind: RuleKind,
    /// Its name, which may be a person's.
    pub name: String,
}

/// The revocation list that was looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ListUsed {
    /// SHA-256 of the list in DER.
    pub digest: Digest,
    /// When its authority made it.
    pub this_update: Timestamp,
}

/// What was made of one signature.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Judgement {
    /// In what capacity it was given.
    pub capacity: Capacity,
    /// SHA-256 of the leaf in DER.
    pub leaf: Digest,
    /// Subject of the leaf. **Data class:** personal; for the source, and for evidence that is asked for.
    pub subject: String,
    /// Key and curve or length, such as `RSA 2048` or `P-256`; `None` when the leaf does not tell.
    pub key: Option<String>,
    /// When it was given; `None` when nobody looked.
    pub signed: Option<SigningTime>,
    /// What came of the look.
    pub verdict: Verdict,
    /// What made the leaf an official's.
    pub rule: Option<Rule>,
    /// The revocation list looked at.
    pub list: Option<ListUsed>,
}

impl Capacity {
    /// The word in receipts and in the store.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Exporter => "exporter",
            Self::Official => "official",
        }
    }

    /// The capacity of a word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        [Self::Exporter, Self::Official].into_iter().find(|capacity| capacity.word() == word)
    }
}

impl Verdict {
    /// The word in receipts and in the store.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::StatusUnknown => "status-unknown",
            Self::Vouched => "vouched",
            Self::NotDemanded => "not-demanded",
        }
    }

    /// The verdict of a word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        let all = [Self::Good, Self::StatusUnknown, Self::Vouched, Self::NotDemanded];
        all.into_iter().find(|verdict| verdict.word() == word)
    }

    /// The code ALADI's SCOD gives for the same verdict; `None` where it would not have been asked, or has no code.
    #[must_use]
    pub fn scod(self) -> Option<&'static str> {
        (self == Self::Good).then_some("00")
    }
}

impl StatedBy {
    /// The word in receipts and in the store.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Document => "document",
            Self::Signature => "signature",
        }
    }

    /// Whose word a word means.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        [Self::Document, Self::Signature].into_iter().find(|stated| stated.word() == word)
    }
}

impl RuleKind {
    /// The word in receipts and in the store.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Listed => "listed",
            Self::Authority => "authority",
        }
    }

    /// The kind of a word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        [Self::Listed, Self::Authority].into_iter().find(|kind| kind.word() == word)
    }
}
