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

mod alerts;
mod attachments;
mod attack;
mod authenticate;
mod badinput;
mod change;
mod charset;
mod cod;
mod codes;
mod config;
mod console;
mod control;
mod crash;
mod decode;
mod deliver;
mod desk;
mod docs;
mod flow;
mod formats;
mod formatscli;
mod guide;
mod help;
mod jsonformats;
mod layers;
mod listen;
mod losses;
mod map;
mod mistakes;
mod monitoring;
mod observe;
mod onboard;
mod openapi;
#[cfg(feature = "otlp")]
mod otlp;
mod overload;
mod proofs;
mod render;
mod restore;
mod route;
mod ru;
mod sandbox;
mod schema;
mod signers;
mod sim;
mod store;
mod support;
mod trace;
mod traps;
mod tutorial;
mod validate;
