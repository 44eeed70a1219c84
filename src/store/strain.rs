//! When nothing new is taken, so that what was taken already can be brought to its end.
//!
//! Two signs, each with a bound and a way back that lies apart from it: little free space on the file system of the data
//! folder, and accepts that wait long for their commit. The decisions are pure; space is measured by a thread of its
//! own, because a sick disk may hold whoever asks it anything.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{RecvTimeoutError, SyncSender, sync_channel},
    },
    time::Duration,
};

use super::{Config, Fault};

/// How often free space is measured.
pub const SPACE_PERIOD: Duration = Duration::from_millis(500);

/// Why the store asks for nothing new at the moment. Reads, attempts and everything accepted go on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Strain {
    /// Free space on the file system of the data folder is below its bound.
    SpaceLow,
    /// Accepts wait longer for their commit than they may.
    Slow,
}

/// How the store fares.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Load {
    /// Operations that wait for the writer.
    pub waiting: usize,
    /// How long the oldest accept or outcome without an answer has waited.
    pub oldest_wait: Duration,
    /// How long the last batch took, its sync included, or the one under way if that is longer.
    pub batch: Duration,
    /// Free bytes on the file system of the data folder, as last measured.
    pub free_bytes: u64,
    /// Why nothing new is asked for.
    pub strain: Option<Strain>,
}

/// Room on a file system.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Space {
    /// Bytes that this process may still write.
    pub(super) free_bytes: u64,
    /// Bytes of the whole file system.
    pub(super) total_bytes: u64,
}

/// The bounds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Bounds {
    free_bytes_min: u64,
    free_percent_min: u8,
    accept_wait_max: Duration,
}

/// Both signs, as they stand.
pub(super) struct Gauge {
    bounds: Bounds,
    space: Arc<Measured>,
    slow: AtomicBool,
    /// Dropped, it ends the thread that measures.
    _measuring: SyncSender<()>,
}

#[derive(Default)]
struct Measured {
    free_bytes: AtomicU64,
    low: AtomicBool,
}

impl Bounds {
    pub(super) fn of(config: &Config) -> Self {
        let Config { free_bytes_min, free_percent_min, accept_wait_max, .. } = *config;
        Self { free_bytes_min, free_percent_min, accept_wait_max }
    }

    /// Whether space is low: below the bound, or not yet a quarter above it again.
    fn low(&self, before: bool, space: Space) -> bool {
        let percent = u128::from(space.total_bytes) * u128::from(self.free_percent_min) / 100;
        let bound = u128::from(self.free_bytes_min).max(percent);
        let back = bound + bound / 4;
        u128::from(space.free_bytes) < if before { back } else { bound }
    }

    /// Whether accepts wait too long: over the bound, or not yet back at half of it.
    fn slow(&self, before: bool, oldest_wait: Duration) -> bool {
        oldest_wait > if before { self.accept_wait_max / 2 } else { self.accept_wait_max }
    }
}

impl Gauge {
    /// Measures once, then again every [`SPACE_PERIOD`] until it is dropped.
    ///
    /// # Errors
    /// [`Fault::File`] when the folder cannot be asked.
    pub(super) fn start(config: &Config) -> Result<Self, Fault> {
        let (folder, bounds) = (config.folder.clone(), Bounds::of(config));
        let fault = |cause| Fault::File { path: config.folder.clone(), cause };
        let space = Arc::new(Measured::default());
        space.note(&bounds, measure(&folder).map_err(fault)?);
        let (stop, stopped) = sync_channel(0);
        let measured = Arc::clone(&space);
        let watch = move || {
            while stopped.recv_timeout(SPACE_PERIOD) == Err(RecvTimeoutError::Timeout) {
                match measure(&folder) {
                    Ok(space) => measured.note(&bounds, space),
                    Err(error) => tracing::warn!(%error, "free space could not be measured"),
                }
            }
        };
        std::thread::Builder::new().name("store-space".to_owned()).spawn(watch).map_err(fault)?;
        Ok(Self { bounds, space, slow: AtomicBool::new(false), _measuring: stop })
    }

    /// Free bytes, as last measured.
    pub(super) fn free_bytes(&self) -> u64 {
        self.space.free_bytes.load(Ordering::Relaxed)
    }

    /// The strain of this moment.
    pub(super) fn strain(&self, oldest_wait: Duration) -> Option<Strain> {
        let before = self.slow.load(Ordering::Relaxed);
        let slow = self.bounds.slow(before, oldest_wait);
        if slow != before && self.slow.swap(slow, Ordering::Relaxed) != slow {
            let wait = oldest_wait.as_millis();
            tracing::warn!(shedding = slow, oldest.wait.ms = wait, "the time accepts wait crossed its bound");
        }
        match (self.space.low.load(Ordering::Relaxed), slow) {
            (true, _) => Some(Strain::SpaceLow),
            (false, true) => Some(Strain::Slow),
            (false, false) => None,
        }
    }
}

impl Measured {
    fn note(&self, bounds: &Bounds, space: Space) {
        self.free_bytes.store(space.free_bytes, Ordering::Relaxed);
        let before = self.low.load(Ordering::Relaxed);
        let low = bounds.low(before, space);
        self.low.store(low, Ordering::Relaxed);
        if low != before {
            tracing::warn!(refusing = low, free.bytes = space.free_bytes, "free space crossed its bound");
        }
    }
}

fn measure(folder: &Path) -> std::io::Result<Space> {
    let system = rustix::fs::statvfs(folder)?;
    let bytes = |blocks: u64| blocks.saturating_mul(system.f_frsize);
    Ok(Space { free_bytes: bytes(system.f_bavail), total_bytes: bytes(system.f_blocks) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds =
        Bounds { free_bytes_min: 1000, free_percent_min: 2, accept_wait_max: Duration::from_secs(2) };

    fn space(free_bytes: u64, total_bytes: u64) -> Space {
        Space { free_bytes, total_bytes }
    }

    #[test]
    fn space_is_low_below_the_larger_bound_and_until_a_quarter_above_it() {
        let cases = [
            (false, space(1000, 10_000), false),
            (false, space(999, 10_000), true),
            (true, space(1249, 10_000), true),
            (true, space(1250, 10_000), false),
            (false, space(2000, 100_000), false),
            (false, space(1999, 100_000), true),
            (true, space(2499, 100_000), true),
            (true, space(2500, 100_000), false),
            (false, space(u64::MAX / 50, u64::MAX), false),
        ];
        for (before, space, low) in cases {
            assert_eq!(BOUNDS.low(before, space), low, "{before} {space:?}");
        }
        let never = Bounds { free_bytes_min: 0, free_percent_min: 0, ..BOUNDS };
        assert!(!never.low(false, space(0, 100)) && !never.low(true, space(0, 100)));
    }

    #[test]
    fn accepts_wait_too_long_over_the_bound_and_until_half_of_it() {
        let millis = Duration::from_millis;
        for (before, wait, slow) in
            [(false, 2000, false), (false, 2001, true), (true, 1001, true), (true, 1000, false)]
        {
            assert_eq!(BOUNDS.slow(before, millis(wait)), slow, "{before} {wait}");
        }
    }

    #[test]
    fn the_gauge_names_what_it_sees_and_space_first() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config {
            folder: folder.path().to_owned(),
            free_bytes_min: 0,
            free_percent_min: 0,
            ..Config::default()
        };
        let gauge = Gauge::start(&config).unwrap();
        let (at, past) = (config.accept_wait_max, config.accept_wait_max + Duration::from_millis(1));
        assert_eq!(gauge.strain(at), None);
        assert_eq!(gauge.strain(past), Some(Strain::Slow));
        assert_eq!(gauge.strain(at), Some(Strain::Slow), "it takes half to come back");
        assert_eq!(gauge.strain(at / 2), None);
        assert!(gauge.free_bytes() > 0);
        let never_enough = Config { free_bytes_min: u64::MAX, ..config };
        assert_eq!(Gauge::start(&never_enough).unwrap().strain(past), Some(Strain::SpaceLow));
    }
}
