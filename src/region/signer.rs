//! Who may sign for an issuing body: officials listed one by one, or by the authority that issues their leaves.
//!
//! Values only: what the member's file says, with days already turned into instants and revocation lists already
//! verified against the authority that must have made them. `validate` judges by them.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    model::{id::Digest, time::Timestamp},
    problem::Spot,
};

/// An official whose signature on a document counts, known by the leaf itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signer {
    /// SHA-256 of the signer's leaf in DER.
    pub leaf: Digest,
    /// Name, for evidence.
    pub name: String,
    /// When the signature counts.
    pub window: Window,
    /// When the operator was told that it counts no more, and why.
    pub revoked: Option<Revocation>,
    /// End of the leaf's own validity, where its file was read.
    pub leaf_ends: Option<Timestamp>,
    /// Where it stands, for problems found later.
    pub spot: Spot,
}

/// An authority that issues the leaves of a body's officials.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Authority {
    /// Name, for evidence.
    pub name: String,
    /// When signatures under it count.
    pub window: Window,
    /// Its anchors, one of which must have issued the leaf itself.
    pub anchors: Vec<Anchor>,
    /// Which of the leaves it issued are officials'.
    pub admits: Admits,
    /// Its revocation lists, verified.
    pub lists: Vec<RevocationList>,
    /// Age from which a list counts as stale, whatever it says of itself.
    pub lists_age_max: Option<Duration>,
    /// What happens while no current list covers a leaf.
    pub stale: Stale,
    /// Where it stands, for problems found later.
    pub spot: Spot,
}

/// One certificate of an authority.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Anchor {
    /// The whole, in DER.
    pub der: Vec<u8>,
    /// Its name in DER, which stands as issuer in the leaves it issues.
    pub name: Vec<u8>,
}

/// Which leaves of an authority are officials'.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Admits {
    /// Those whose subject has each of these attributes, once and exactly: type and value.
    Subject(Vec<(String, String)>),
    /// Those with this subject alternative name: a DNS name, URI or mail address, compared exactly.
    San(String),
    /// Those issued under this certificate policy, a dotted object identifier.
    Policy(String),
    /// None by itself: its lists count for officials that are listed.
    ListedOnly,
}

/// What happens while no current revocation list covers a leaf.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stale {
    /// The document is refused. The default.
    Refuse,
    /// It is taken with a warning.
    Warn,
}

/// From when until when something counts; both ends do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Window {
    /// First instant.
    pub from: Timestamp,
    /// Last instant; `None`: open.
    pub until: Option<Timestamp>,
}

/// That a leaf is revoked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Revocation {
    /// From when: the revocation, or the earlier time from which its authority holds it to be invalid.
    pub at: Timestamp,
    /// Why.
    pub reason: RevocationReason,
}

/// Why a leaf is revoked (RFC 5280 §5.3.1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[expect(missing_docs, reason = "the words of RFC 5280")]
pub enum RevocationReason {
    Unspecified,
    KeyCompromise,
    CaCompromise,
    AffiliationChanged,
    Superseded,
    CessationOfOperation,
    CertificateHold,
    PrivilegeWithdrawn,
    AaCompromise,
}

/// A revocation list whose signature was verified when the region was read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RevocationList {
    /// SHA-256 of the list in DER.
    pub digest: Digest,
    /// Issuer's name in DER.
    pub issuer: Vec<u8>,
    /// When it was made.
    pub this_update: Timestamp,
    /// When the next one is due.
    pub next_update: Timestamp,
    /// What it revokes, by serial number.
    pub revoked: BTreeMap<Vec<u8>, Revocation>,
    /// The file it was read from.
    pub file: String,
}

impl Window {
    /// The part of a span that lies in the window; `None` when they do not meet.
    #[must_use]
    pub fn meets(&self, (from, until): (Timestamp, Timestamp)) -> Option<(Timestamp, Timestamp)> {
        let from = from.max(self.from);
        let until = self.until.map_or(until, |last| last.min(until));
        (from <= until).then_some((from, until))
    }
}

impl RevocationReason {
    /// Every reason, with its word and its number in revocation lists.
    pub const ALL: [(Self, &'static str, u8); 9] = [
        (Self::Unspecified, "unspecified", 0),
        (Self::KeyCompromise, "key-compromise", 1),
        (Self::CaCompromise, "ca-compromise", 2),
        (Self::AffiliationChanged, "affiliation-changed", 3),
        (Self::Superseded, "superseded", 4),
        (Self::CessationOfOperation, "cessation-of-operation", 5),
        (Self::CertificateHold, "certificate-hold", 6),
        (Self::PrivilegeWithdrawn, "privilege-withdrawn", 9),
        (Self::AaCompromise, "aa-compromise", 10),
    ];

    /// Reasons for which a revocation counts whatever time a signature states, where the file does not say: whoever has
    /// the key may write any time.
    pub const ALWAYS: [Self; 3] = [Self::KeyCompromise, Self::CaCompromise, Self::AaCompromise];

    /// The reason of a number in a revocation list; an unknown one is unspecified.
    #[must_use]
    pub fn of_code(code: u8) -> Self {
        Self::ALL
            .iter()
            .find(|(_, _, number)| *number == code)
            .map_or(Self::Unspecified, |(reason, ..)| *reason)
    }
}

impl RevocationList {
    /// Whether it is too old to rely on: past its next update, or over the age its member's file allows.
    #[must_use]
    pub fn is_stale(&self, now: Timestamp, age_max: Option<Duration>) -> bool {
        now >= self.next_update || age_max.is_some_and(|most| now.since(self.this_update) > most)
    }
}

impl Authority {
    /// Whether revocation is looked at; where the file names no list, it is not.
    #[must_use]
    pub fn is_watched(&self) -> bool {
        !self.lists.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_of_a_window_count_and_a_day_need_only_meet_it() {
        let window = Window { from: Timestamp(10), until: Some(Timestamp(20)) };
        let meets = |from, until| window.meets((Timestamp(from), Timestamp(until))).map(|(a, b)| (a.0, b.0));
        assert_eq!(meets(10, 10), Some((10, 10)));
        assert_eq!(meets(20, 20), Some((20, 20)));
        assert_eq!((meets(9, 9), meets(21, 21)), (None, None));
        assert_eq!(meets(0, 12), Some((10, 12)));
        assert_eq!(meets(18, 99), Some((18, 20)));
    }

    #[test]
    fn a_list_is_stale_at_its_next_update_or_past_its_age() {
        let list = RevocationList {
            digest: Digest([0; 32]),
            issuer: Vec::new(),
            this_update: Timestamp(1_000),
            next_update: Timestamp(9_000),
            revoked: BTreeMap::new(),
            file: String::new(),
        };
        assert!(!list.is_stale(Timestamp(8_999), None) && list.is_stale(Timestamp(9_000), None));
        let age = Some(Duration::from_secs(2));
        assert!(!list.is_stale(Timestamp(3_000), age) && list.is_stale(Timestamp(3_001), age));
    }
}
