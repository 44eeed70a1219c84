//! Proofs beside and around documents: what is believed of them, and everything that is not.
//!
//! Method: `attestation` wraps documents by `wrapper`, which has nothing of the hub's code, and changes them afterwards;
//! `header` signs and pushes through a whole hub; `oracle` has other programs verify what we sign, and us what they sign.

mod attestation;
mod header;
mod oracle;
mod wrapper;
