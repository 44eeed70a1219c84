//! What integration tests build their worlds from.

pub mod region;
