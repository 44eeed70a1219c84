//! Goal: every promise of the store, through its public handle and on a real disk. Method: a fresh folder for each test,
//! plain values in, plain values out; time is numbers. In a build with sled, its tests are the same files once more.

use coohub::store::Kind;

mod accept;
mod acts;
mod attachments;
mod awaited;
mod dead;
mod full;
mod news;
mod order;
mod park;
mod refused;
mod register;
mod reopen;
mod routing;
#[cfg(feature = "sled")]
mod sled;
mod sqlite;
pub(crate) mod support;
mod traffic;

/// The engine under test.
const ENGINE: Kind = Kind::Sqlite;
