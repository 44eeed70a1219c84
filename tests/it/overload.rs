//! More than the hub can take: what was accepted is kept and delivered, what is new is told to come again.
//!
//! Method: a whole hub over real sockets; the disk is made small, full or slow, and members push beyond every budget.

mod disk;
mod flood;
mod shutdown;
