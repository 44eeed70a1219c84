//! To come.

pub mod field;
