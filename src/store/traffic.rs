//! How many certificates went from whom to whom, hour by hour, and how long they took: counted by the engine.

use super::{Fault, Store};
use crate::model::{
    id::{AgreementId, MemberId},
    time::Timestamp,
};

/// An hour in milliseconds.
pub const HOUR_MILLIS: i64 = 3_600_000;
/// Longest span that is counted at once, in hours.
pub const HOURS_MAX: i64 = 31 * 24;
/// The classes that times to delivery are sorted into: shorter than so many milliseconds; what takes longer is in a
/// class of its own.
pub const CLASSES_MILLIS: [i64; 12] = [
    500,
    1_000,
    2_000,
    5_000,
    15_000,
    60_000,
    300_000,
    900_000,
    HOUR_MILLIS,
    6 * HOUR_MILLIS,
    24 * HOUR_MILLIS,
    7 * 24 * HOUR_MILLIS,
];

/// Copies of certificates that were made for one target in one hour, alike in all that is told here.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Traffic {
    /// When the hour began.
    pub hour: Timestamp,
    /// Who pushed them.
    pub source: MemberId,
    /// The agreement they are under.
    pub agreement: AgreementId,
    /// The state they are in now, by its word.
    pub state: String,
    /// For those delivered, how long it took: the place in [`CLASSES_MILLIS`], or its length.
    pub class: Option<usize>,
    /// How many.
    pub count: u64,
}

/// The class of a time to delivery.
#[cfg(feature = "sled")]
pub(super) fn class(millis: i64) -> usize {
    CLASSES_MILLIS.iter().position(|most| millis < *most).unwrap_or(CLASSES_MILLIS.len())
}

impl Store {
    /// What was made for a target from an instant to another, without tests and replays.
    ///
    /// **Bounds:** the newest [`HOURS_MAX`] hours of the span.
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn traffic(
        &self,
        target: &MemberId,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Traffic>, Fault> {
        let target = target.clone();
        let from = Timestamp(from.0.max(until.0.saturating_sub(HOURS_MAX * HOUR_MILLIS)));
        self.read(move |db| db.traffic(&target, from, until)).await
    }
}
