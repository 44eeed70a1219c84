//! What integration tests share: keys and leaves in memory, a client of the members' door, an open door, a partner.

pub mod client;
pub mod door;
pub mod partner;
pub mod pki;
