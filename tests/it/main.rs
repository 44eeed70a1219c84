//! Every integration test in one binary: the hub is linked once.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::disallowed_methods,
    missing_docs,
    unreachable_pub
)]

mod decode;
mod docs;
mod layers;
mod store;
mod authenticate;
mod listen;
mod openapi;
mod support;
