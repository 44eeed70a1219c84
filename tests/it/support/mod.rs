//! What integration tests share: regions on disk, keys and leaves in memory, a client of the members' door, an open
//! door, a partner, a whole hub.

pub mod client;
pub mod door;
pub mod need;
pub mod hub;
pub mod partner;
pub mod pki;
pub mod region;
