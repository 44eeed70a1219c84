//! The folder, the log, the bounds: what outlives a process and what is kept of what.

use std::os::unix::fs::PermissionsExt;

use coohub::{
    model::{delivery::State, id::Digest, reason::Reason},
    store::{
        Config, Fault, Kind, READ_ROWS_MAX, Store,
        record::{Rejection, Role, Stage},
    },
};

use super::support::*;

#[tokio::test]
async fn everything_acknowledged_is_there_after_a_drop_without_close() {
    let Fixture { store, folder } = fixture();
    let (first, delivered) = routed(&store, push("k1", "A-1"), delivery("ke")).await;
    store.finish(outcome(delivered, Some(attempt(1, "delivered")), State::Delivered, 1)).await.unwrap();
    let second = push("k2", "B-1");
    stored(&store, second.clone()).await;
    let counts = store.counts().await.unwrap();
    drop(store);
    if super::ENGINE == Kind::Sqlite {
        let log = folder.path().join("data/coohub.db-wal");
        assert!(log.metadata().unwrap().len() > 0, "nothing was copied: the log holds it all");
    }

    let store = Store::open(&config(&folder)).unwrap();
    assert_eq!(store.counts().await.unwrap(), counts);
    assert_eq!(words(&store, &[delivered]).await, ["delivered"]);
    assert_eq!(store.attempts(delivered).await.unwrap(), [attempt(1, "delivered")]);
    assert_eq!(store.message(first).await.unwrap().unwrap().stage, Stage::Routed);
    assert_eq!(store.unrouted(0, 10).await.unwrap()[0].id, second.id);
    assert_eq!(store.body(second.id, Role::Original).await.unwrap(), second.bodies.first().cloned());
}

#[tokio::test]
async fn a_closed_store_refuses_work_and_leaves_an_empty_log() {
    let Fixture { store, folder } = fixture();
    stored(&store, push("k1", "A-1")).await;
    store.close().await;
    assert!(matches!(store.accept(push("k2", "B-1")).await, Err(Fault::Closed)));
    assert!(matches!(store.counts().await, Err(Fault::Closed)));
    assert!(!store.is_poisoned());
    drop(store);
    let log = folder.path().join("data/coohub.db-wal").metadata().map_or(0, |log| log.len());
    assert_eq!(log, 0, "SQLite's; sled has none");
    assert_eq!(Store::open(&config(&folder)).unwrap().counts().await.unwrap().messages, 1);
}

#[tokio::test]
async fn a_folder_has_one_owner_and_is_closed_to_others() {
    let Fixture { store, folder } = fixture();
    stored(&store, push("k1", "A-1")).await;
    assert!(matches!(Store::open(&config(&folder)), Err(Fault::Locked { .. })));
    let data = folder.path().join("data");
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    let files: Vec<_> = std::fs::read_dir(&data).unwrap().map(|file| file.unwrap().path()).collect();
    assert!(files.len() >= 2, "rows and lock at least");
    for file in files {
        // sled's files are in a folder of its own.
        let expected = if file.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode(&file), expected, "{}", file.display());
    }
    let clone = store.clone();
    drop(store);
    assert!(matches!(Store::open(&config(&folder)), Err(Fault::Locked { .. })), "a clone still has it");
    drop(clone);
    assert!(Store::open(&config(&folder)).is_ok());
}

#[tokio::test]
async fn each_member_keeps_its_newest_rejections_up_to_the_quota() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Config { rejections_per_member_max: 3, ..config(&folder) };
    let store = Store::open(&limits).unwrap();
    let rejection = |source: &str, line: &str| Rejection {
        source: member(source),
        key: None,
        digest: Digest([1; 32]),
        test: false,
        at: NOW,
        reason: Reason::FieldMissing,
        findings: vec![line.to_owned(), "second\nline".to_owned()],
    };
    let kept = async |store: &Store, source: &str| {
        // An accept behind the rejections: its answer says that their batch is committed.
        let key = uuid::Uuid::now_v7().to_string();
        stored(store, push(&key, &key)).await;
        let found = store.rejections(&member(source), 10).await.unwrap();
        found.into_iter().map(|rejection| rejection.findings[0].clone()).collect::<Vec<_>>()
    };
    for line in ["1", "2", "3"] {
        store.reject(rejection("ke", line));
    }
    store.reject(rejection("tz", "other"));
    assert_eq!(kept(&store, "ke").await, ["3", "2", "1"]);
    store.reject(rejection("ke", "4"));
    assert_eq!(kept(&store, "ke").await, ["4", "3", "2"]);
    assert_eq!(kept(&store, "tz").await, ["other"]);
    assert_eq!(store.rejections(&member("tz"), 1).await.unwrap()[0].findings[1], "second line");
    store.close().await;
    store.reject(rejection("ke", "5"));
    assert_eq!(store.rejections_dropped(), 1);
    drop(store);

    let store = Store::open(&Config { rejections_per_member_max: 1, ..limits }).unwrap();
    store.reject(rejection("ke", "6"));
    assert_eq!(kept(&store, "ke").await, ["6"], "a smaller quota holds from the next one on");
}

#[tokio::test]
async fn a_loop_wakes_for_its_own_work_only() {
    let Fixture { store, folder: _folder } = fixture();
    let (mut any, mut unrouted) = (store.watch(), store.watch_unrouted());
    let (mut ke, tz) = (store.watch_target(&member("ke")), store.watch_target(&member("tz")));
    let pushed = push("k1", "A-1");
    let message = pushed.id;
    stored(&store, pushed).await;
    unrouted.changed().await.unwrap();
    any.changed().await.unwrap();
    assert!(!ke.has_changed().unwrap());
    let new = delivery("ke");
    let id = new.id;
    store.route(routing(message, vec![new])).await.unwrap();
    ke.changed().await.unwrap();
    any.changed().await.unwrap();
    assert!(!tz.has_changed().unwrap() && !unrouted.has_changed().unwrap());

    store.finish(outcome(id, Some(attempt(1, "delivered")), State::Delivered, 1)).await.unwrap();
    any.changed().await.unwrap();
    assert!(!ke.has_changed().unwrap(), "nothing is due behind it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_gives_a_page_at_most_and_the_next_page_begins_after_it() {
    let Fixture { store, folder: _folder } = fixture();
    let most = usize::try_from(READ_ROWS_MAX).unwrap();
    let mut callers = tokio::task::JoinSet::new();
    for number in 0..=READ_ROWS_MAX {
        let store = store.clone();
        callers.spawn(async move {
            let key = number.to_string();
            store.accept(push(&key, &key)).await.unwrap();
        });
    }
    callers.join_all().await;
    let page = store.unrouted(0, usize::MAX).await.unwrap();
    assert_eq!(page.len(), most);
    assert!(page.is_sorted_by_key(|message| message.sequence));
    assert_eq!(store.unrouted(page[most - 1].sequence, usize::MAX).await.unwrap().len(), 1);
}
