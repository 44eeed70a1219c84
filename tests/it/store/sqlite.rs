//! What is seen of SQLite only: its log, and damage done to its file behind the store's back.

use coohub::model::id::Digest;
use coohub::store::{
    Config, Store,
    lane::Change,
    record::{Acceptance, Role},
};

use super::{
    order::{amendment, due},
    routing::{accept_amended, route_until},
    support::*,
};

#[tokio::test]
async fn the_log_starts_anew_when_it_outgrows_its_limit() {
    let folder = tempfile::tempdir().unwrap();
    // No copying beside the writer: on a busy machine it would be in the way at times.
    let limits = Config { checkpoint_bytes: u64::MAX, log_bytes_max: 256 * 1024, ..config(&folder) };
    let store = Store::open(&limits).unwrap();
    let noise: Vec<u8> = (0u32..512).flat_map(|n| Digest::of(&n.to_le_bytes()).0).collect();
    for number in 0..200 {
        let key = number.to_string();
        let bodies = vec![body(Role::Original, &noise)];
        store.accept(Acceptance { bodies, ..push(&key, &key) }).await.unwrap();
    }
    let log = folder.path().join("data/coohub.db-wal").metadata().unwrap().len();
    assert!(log < 2 * 256 * 1024, "3 MiB and more were written, the log has {log} bytes");
    assert_eq!(store.counts().await.unwrap().messages, 200);
}

#[tokio::test]
async fn what_cannot_be_routed_holds_up_its_own_chain_alone() {
    let Fixture { store, folder } = fixture();
    let damaged = accept_amended(&store, "A-1").await;
    let sound = accept_amended(&store, "A-2").await;
    let disk = rusqlite::Connection::open(config(&folder).folder.join("coohub.db")).unwrap();
    disk.execute("UPDATE body SET digest = zeroblob(32) WHERE message = 1", []).unwrap();
    assert!(store.body(damaged[0], Role::Original).await.is_err());

    route_until(&store, 2).await;
    let left: Vec<_> = store.unrouted(0, 10).await.unwrap().into_iter().map(|message| message.id).collect();
    assert_eq!(left, damaged);
    for id in sound {
        assert_eq!(store.deliveries(id).await.unwrap().len(), 1, "its source is told");
    }
}

#[tokio::test]
async fn a_chain_that_lost_its_head_is_found_and_gets_one() {
    let Fixture { store, folder } = fixture();
    let (_, first) = routed(&store, push("k1", "A-1"), delivery("ke")).await;
    let (_, second) = routed(&store, amendment("k2", "A-1", 2), delivery("ke")).await;
    let (_, other) = routed(&store, push("k3", "B-1"), delivery("ke")).await;
    assert_eq!(store.headless(None, 10).await.unwrap(), (vec![], None));
    store.close().await;
    drop(store);
    let db = rusqlite::Connection::open(folder.path().join("data/coohub.db")).unwrap();
    db.execute("UPDATE delivery SET state = 'queued', due = NULL WHERE id = ?1", [first.0.as_bytes()])
        .unwrap();
    drop(db);
    let store = Store::open(&config(&folder)).unwrap();
    assert_eq!(due(&store, "ke").await, [other]);
    let (lost, next) = store.headless(None, 1).await.unwrap();
    assert_eq!((lost.len(), next.is_some()), (1, true));
    assert_eq!(store.headless(next, 1).await.unwrap().0, [], "the other chain has its head");
    let (target, chain) = lost[0].clone();
    store.keep_lane(Change::Head(target, chain, NOW)).await.unwrap();
    assert_eq!(words(&store, &[first, second, other]).await, ["pending", "queued", "pending"]);
    assert_eq!(store.headless(None, 10).await.unwrap(), (vec![], None));
}
