//! Evidence: receipts and attestations, signed so that anyone can check them offline.
//!
//! A receipt is a compact JWS (RFC 7515, EdDSA) whose payload says who pushed what, when, its digest, the verdict and
//! the findings. Keys are a published set with validity; old keys verify for ever. What a target signs of a delivery it
//! stored ([`delivered`]) is evidence the other way.
//!
//! **Invariant:** pure. A key signs bytes; nothing here reads a clock, a file or the store.

pub mod delivered;
pub mod key;
pub mod receipt;
