//! Exit codes, after BSD `sysexits.h` where it has the meaning.

/// All is well, or the reader of the output went away.
pub const CLEAN: u8 = 0;
/// A failure with no code of its own.
pub const OTHER: u8 = 1;
/// There is a difference, to a command that looks for one.
pub const DIFFERENT: u8 = 2;
/// Proposed: nothing is done until another operator confirms it.
pub const PROPOSED: u8 = 3;
/// The arguments make no sense.
pub const USAGE: u8 = 64;
/// The input given is refused.
pub const REFUSED_INPUT: u8 = 65;
/// The hub cannot be reached.
pub const UNREACHABLE: u8 = 69;
/// A loop of the hub died: a mistake in it.
pub const BUG: u8 = 70;
/// The disk: the store, or the output cannot be written.
pub const STORAGE: u8 = 74;
/// Not now; the same command may succeed later.
pub const TRY_LATER: u8 = 75;
/// The configuration is wrong.
pub const CONFIGURATION: u8 = 78;
