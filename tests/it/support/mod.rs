//! What integration tests share: regions on disk, keys and leaves in memory, a client of the members' door, an open
//! door, a partner, a whole hub, a page that is played, patience, ports, the command line.

pub mod client;
pub mod command;
pub mod door;
pub mod draw;
pub mod need;
pub mod hub;
pub mod page;
pub mod partner;
pub mod patience;
pub mod pki;
pub mod port;
pub mod region;
pub mod serve;
pub mod webdriver;
