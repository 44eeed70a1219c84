//! To come.

pub mod record;

/// A fault of the store (to come).
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// A sync failed once; nothing is taken any more.
    #[error("the store is poisoned")]
    Poisoned,
}
