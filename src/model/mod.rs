//! The words of the domain: identifiers, values, the certificate as a tree over the dictionary, the envelope,
//! findings, reasons, the life of a delivery, the content of a receipt.
//!
//! **Invariant:** everything here is a value. No I/O, no clock, no async, no serde, no database: each decision is a
//! function from values to values, so it can be tested with plain numbers.
//!
//! Every other module speaks these words; this one imports none of them.

pub mod certificate;
pub mod delivery;
pub mod dictionary;
pub mod envelope;
pub mod finding;
pub mod id;
pub mod judgement;
pub mod key;
pub mod reason;
pub mod retry;
pub mod time;
pub mod value;
