//! Every integration test in one binary: the hub is linked once.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs
)]

mod decode;
mod docs;
mod formats;
mod layers;
mod map;
mod render;
