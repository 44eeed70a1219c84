//! To come.

/// A format table (to come).
#[derive(Debug)]
pub struct Table;
