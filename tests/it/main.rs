//! Every integration test in one binary: the hub is linked once.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    missing_docs,
    unreachable_pub
)]

mod attachments;
mod attack;
mod authenticate;
mod badinput;
mod charset;
mod cod;
mod codes;
mod config;
mod crash;
mod decode;
mod deliver;
mod docs;
mod flow;
mod formats;
mod formatscli;
mod jsonformats;
mod layers;
mod listen;
mod losses;
mod map;
mod openapi;
mod proofs;
mod render;
mod route;
mod ru;
mod schema;
mod signers;
mod store;
mod support;
mod traps;
mod tutorial;
mod validate;
