//! What only the inside can show of sled: a later form of its rows, damage, and that nobody reads what is not synced.

use std::{
    pin::{Pin, pin},
    task::Poll,
};

use super::*;
use crate::store::{
    Kind, Store,
    record::{Accepted, Role},
    tests::{config, push},
};

fn tree(folder: &std::path::Path) -> sled::Tree {
    (*sled::Config::new().path(folder.join(FOLDER)).open().unwrap()).clone()
}

#[tokio::test]
async fn rows_of_a_newer_hub_are_refused_and_a_tree_that_is_nobodys_too() {
    let folder = tempfile::tempdir().unwrap();
    Store::open(&config(folder.path(), Kind::Sled)).unwrap().close().await;
    tree(folder.path()).insert(one("format").0, key::Key(Vec::new()).int(FORMAT + 1).0).unwrap();
    let newer = Store::open(&config(folder.path(), Kind::Sled)).err();
    assert!(matches!(newer, Some(Fault::Newer { found: 3, known: 2 })), "{newer:?}");
    tree(folder.path()).insert(one("format").0, key::Key(Vec::new()).int(1).0).unwrap();
    Store::open(&config(folder.path(), Kind::Sled)).unwrap().close().await;
    let marked = tree(folder.path()).get(one("format").0).unwrap().unwrap();
    assert_eq!(last_int(&marked), Some(FORMAT), "an earlier hub opens it no more");
    tree(folder.path()).remove(one("format").0).unwrap();
    tree(folder.path()).insert("something", "else").unwrap();
    let strange = Store::open(&config(folder.path(), Kind::Sled)).err();
    assert!(matches!(strange, Some(Fault::Corrupt { .. })), "{strange:?}");
}

#[tokio::test]
async fn a_row_that_reads_as_nothing_is_damage_and_a_body_is_checked_against_its_digest() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&config(folder.path(), Kind::Sled)).unwrap();
    let (first, second) = (push(1), push(2));
    let ids = (first.id, second.id);
    store.accept(first).await.unwrap();
    store.accept(second).await.unwrap();
    store.close().await;
    drop(store);
    let damaged = tree(folder.path());
    let of = |table, number| key::Key::of(table).int(number).0;
    damaged.insert(of(key::Table::BodyBytes, 1), "other bytes").unwrap();
    damaged.insert(of(key::Table::Message, 2), "{}").unwrap();
    drop(damaged);
    let store = Store::open(&config(folder.path(), Kind::Sled)).unwrap();
    assert!(matches!(store.body(ids.0, Role::Original).await, Err(Fault::Corrupt { .. })));
    assert!(matches!(store.message(ids.1).await, Err(Fault::Corrupt { .. })));
    assert_eq!(store.accept(push(3)).await.unwrap(), Accepted::Stored, "the others go on");
}

/// Whether something cannot go on yet.
async fn waits(mut reading: Pin<&mut impl Future>) -> bool {
    std::future::poll_fn(|context| Poll::Ready(reading.as_mut().poll(context).is_pending())).await
}

#[tokio::test]
async fn nobody_reads_between_the_moment_a_commit_is_applied_and_the_moment_it_is_synced() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&config(folder.path(), Kind::Sled)).unwrap();
    let Readers::Sled(pool) = &store.inner.engine.readers else { panic!("sled") };
    let committing = Arc::clone(&pool.gate).write_owned().await;
    let (mut look, mut page) = (pin!(store.counts()), pin!(store.targets()));
    assert!(waits(look.as_mut()).await && waits(page.as_mut()).await);
    drop(committing);
    assert_eq!((look.await.unwrap().messages, page.await.unwrap()), (0, Vec::new()));
}
