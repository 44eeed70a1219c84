//! To come.

pub mod certs;
pub mod openapi;
