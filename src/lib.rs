#![doc = include_str!("ARCHITECTURE.md")]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::string_slice
    )
)]

// The way of a certificate.
pub mod listen;
pub mod authenticate;
pub mod intake;
pub mod decode;
pub mod map;
pub mod validate;
pub mod store;
pub mod route;
pub mod render;
pub mod deliver;
pub mod receipt;

// What an operator asks of it, and the doors for it.
pub mod operate;
pub mod change;
pub mod observe;
pub mod control;
pub mod console;

// What the stages speak and read.
pub mod evidence;
pub mod format;
pub mod model;
pub mod region;

// What carries them.
pub mod cli;
pub mod clock;
pub mod config;
pub mod crash;
pub mod files;
pub mod hub;
pub mod message;
pub mod problem;
pub mod stop;
pub mod telemetry;
pub mod tls;
