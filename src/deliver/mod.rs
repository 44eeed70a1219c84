//! To come.

pub mod inbox;
