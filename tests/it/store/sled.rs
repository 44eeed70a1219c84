//! The promises of the store once more, kept by sled; and what is its own: whose folder it is, what it does not offer.

#![allow(
    clippy::duplicate_mod,
    reason = "one text of a promise for both engines; each file asks for `super::ENGINE`"
)]

use coohub::store::{Config, Fault, Kind, Store, backup};

use super::support as on_sqlite;

#[path = "accept.rs"]
mod accept;
#[path = "acts.rs"]
mod acts;
#[path = "attachments.rs"]
mod attachments;
#[path = "awaited.rs"]
mod awaited;
#[path = "dead.rs"]
mod dead;
#[path = "full.rs"]
mod full;
#[path = "news.rs"]
mod news;
#[path = "order.rs"]
mod order;
#[path = "park.rs"]
mod park;
#[path = "refused.rs"]
mod refused;
#[path = "register.rs"]
mod register;
#[path = "reopen.rs"]
mod reopen;
#[path = "routing.rs"]
mod routing;
#[path = "support.rs"]
mod support;
#[path = "traffic.rs"]
mod traffic;

/// The engine under test.
const ENGINE: Kind = Kind::Sled;

#[tokio::test]
async fn neither_engine_opens_the_others_folder() {
    let on_sled = support::fixture();
    let with = |fixture: &tempfile::TempDir, engine| Config { engine, ..support::config(fixture) };
    on_sled.store.close().await;
    drop(on_sled.store);
    let refused = Store::open(&with(&on_sled.folder, Kind::Sqlite)).err();
    assert!(matches!(refused, Some(Fault::OtherEngine { found: "sled", .. })), "{refused:?}");
    assert!(Store::open(&with(&on_sled.folder, Kind::Sled)).is_ok());

    let on_sqlite = on_sqlite::fixture();
    on_sqlite.store.close().await;
    drop(on_sqlite.store);
    let refused = Store::open(&with(&on_sqlite.folder, Kind::Sled)).err();
    assert!(matches!(refused, Some(Fault::OtherEngine { found: "sqlite", .. })), "{refused:?}");
}

#[tokio::test]
async fn a_backup_is_refused_by_name_and_none_is_put_into_its_folder() {
    let support::Fixture { store, folder } = support::fixture();
    support::stored(&store, support::push("k1", "A-1")).await;
    let data = folder.path().join("data");
    let refused = backup::backup(&data, &folder.path().join("copy.db"), &mut |_, _| {}).err();
    assert!(matches!(refused, Some(Fault::NotOffered { what: "backup" })), "{refused:?}");
    drop(store);
    let refused = backup::restore(&folder.path().join("copy.db"), &data, support::NOW, &mut |_, _| {}).err();
    assert!(matches!(refused, Some(Fault::OtherEngine { .. })), "{refused:?}");
}

#[test]
fn it_says_what_it_is() {
    let warning = Kind::Sled.warning().unwrap();
    assert!(warning.contains("16 of 18 simulated power cuts"), "{warning}");
    assert_eq!((Kind::Sqlite.warning(), Kind::of("sled")), (None, Some(Kind::Sled)));
}
