//! What integration tests share: keys and leaves in memory, a client of the members' door, an open door.

pub mod client;
pub mod door;
pub mod pki;
