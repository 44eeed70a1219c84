//! Who is calling: the leaf of a connection matched to one member of the region.
//!
//! A leaf is a member's when its key is pinned by the member's file on that day, or when it chains to one of *that
//! member's own* anchors, carries the member's name exactly, and is not revoked. Each member is asked alone: there is
//! no pool of anchors, so the authority of one member cannot mint the name of another.
//!
//! **Invariant:** nobody is more than one member. A leaf that fits two is a stranger, and so is a suspended member.
//!
//! Pure functions of region, peer and time: no network, no clock, no state. Why a stranger is one is for the log; the
//! peer gets one bland answer. `listen` parses a [`Peer`] once per connection and asks [`member_of`] on each request,
//! so a reload or an expiry counts at once, on open and on resumed connections.

mod chain;
mod peer;

use crate::{
    model::{id::MemberId, time::Timestamp},
    region::{
        Region,
        member::{Identity, Member},
    },
};

pub use peer::{Malformed, Peer};

/// Why a peer is no member; for the log only.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unknown {
    /// The leaf's validity starts later.
    #[error("the leaf is not valid yet")]
    NotYetValid,
    /// The leaf's validity is over.
    #[error("the leaf has expired")]
    Expired,
    /// The leaf says what it is for, and clients are not among it.
    #[error("the leaf is not for clients")]
    NotForClients,
    /// No member has this key or this name.
    #[error("no member has this key or name")]
    Nobody,
    /// A member's key or name, but the identity does not hold.
    #[error("looks like member {0}, but {1}")]
    Almost(MemberId, Mismatch),
    /// More than one member's identity holds.
    #[error("the leaf fits members {0} and {1}")]
    Ambiguous(MemberId, MemberId),
    /// A member that is suspended.
    #[error("member {0} is suspended")]
    Suspended(MemberId),
}

/// Why an identity that names the peer does not hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Mismatch {
    /// The key is pinned, for other days.
    #[error("the pin is out of its dates")]
    PinOutOfDates,
    /// The name is right, but no anchor of the member stands behind it.
    #[error("the leaf does not chain to the member's anchors")]
    Chain,
    /// The leaf or an intermediate is on a revocation list.
    #[error("the leaf is revoked")]
    Revoked,
    /// The member has revocation lists, and no current one covers the leaf.
    #[error("no current revocation list covers the leaf")]
    RevocationUnknown,
}

/// What one identity says of a peer.
enum Match {
    No,
    Almost(Mismatch),
    Yes,
}

/// The member that a peer is.
///
/// # Errors
/// [`Unknown`], for the log only: the peer must not learn which part failed.
pub fn member_of<'a>(region: &'a Region, peer: &Peer, now: Timestamp) -> Result<&'a Member, Unknown> {
    peer.usable(now)?;
    let mut found: Option<&Member> = None;
    let mut almost = None;
    for member in region.members.values() {
        match matches(member, peer, now) {
            Match::No => {}
            Match::Almost(why) => almost = Some((member, why)),
            Match::Yes => {
                if let Some(first) = found {
                    return Err(Unknown::Ambiguous(first.id.clone(), member.id.clone()));
                }
                found = Some(member);
            }
        }
    }
    match (found, almost) {
        (Some(member), _) if member.suspended => Err(Unknown::Suspended(member.id.clone())),
        (Some(member), _) => Ok(member),
        (None, Some((member, why))) => Err(Unknown::Almost(member.id.clone(), why)),
        (None, None) => Err(Unknown::Nobody),
    }
}

/// The best that any identity of a member says.
fn matches(member: &Member, peer: &Peer, now: Timestamp) -> Match {
    let mut best = Match::No;
    for identity in &member.identities {
        match judge(identity, peer, now) {
            Match::Yes => return Match::Yes,
            Match::No => {}
            almost @ Match::Almost(_) => best = almost,
        }
    }
    best
}

fn judge(identity: &Identity, peer: &Peer, now: Timestamp) -> Match {
    match identity {
        Identity::Pin { spki, .. } if *spki != peer.spki() => Match::No,
        Identity::Pin { from, until, .. } => {
            let today = day(now);
            let begun = from.as_ref().is_none_or(|from| from.day() <= today);
            let over = until.as_ref().is_some_and(|until| until.day() < today);
            if begun && !over { Match::Yes } else { Match::Almost(Mismatch::PinOutOfDates) }
        }
        Identity::Anchored { san, .. } if !peer.is_named(san) => Match::No,
        Identity::Anchored { anchors, revocations, .. } => {
            chain::verify(peer, anchors, revocations, now).map_or_else(Match::Almost, |()| Match::Yes)
        }
    }
}

/// The UTC day of an instant.
fn day(now: Timestamp) -> jiff::civil::Date {
    let instant = jiff::Timestamp::from_millisecond(now.0).unwrap_or_default();
    jiff::tz::Offset::UTC.to_datetime(instant).date()
}
