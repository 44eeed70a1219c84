//! What only the inside can show: a commit that fails, a damaged file, a newer schema, the plans of hot queries.

use std::path::Path;

use uuid::Uuid;

use super::*;
use crate::{
    model::{
        envelope::Function,
        id::{DeliveryId, Digest, MemberId, MessageId, MessageKey},
        key::Key,
        time::Timestamp,
    },
    store::{
        Store,
        record::{Acceptance, Accepted, Body, Cargo, NewDelivery, Role, Routing, Standing, View},
    },
};

fn config(folder: &Path) -> Config {
    Config { folder: folder.to_owned(), ..Config::default() }
}

fn push(number: u32) -> Acceptance {
    let text = format!("<cod number='{number}'/>");
    Acceptance {
        id: MessageId(Uuid::now_v7()),
        source: MemberId::new("issuer").unwrap(),
        key: MessageKey::new(&format!("key-{number}")).unwrap(),
        digest: Digest::of(text.as_bytes()),
        fingerprint: Digest::of(text.as_bytes()),
        received: Timestamp(1_000),
        function: Function::Original,
        subject: Key {
            agreement: crate::model::id::AgreementId::new("ace").unwrap(),
            issuer: "chamber".to_owned(),
            number: number.to_string(),
            lineage: number.to_string(),
            version: Some(1),
        },
        earlier_lineage: None,
        canonical: Some(Digest::of(text.as_bytes())),
        format: None,
        media_type: "application/xml".to_owned(),
        config: Digest([0; 32]),
        test: false,
        answer: None,
        duplicate_of: None,
        attachments: Vec::new(),
        demand: None,
        judgements: Vec::new(),
        leaves: std::collections::BTreeMap::new(),
        bodies: vec![Body {
            role: Role::Original,
            format: "cod".to_owned(),
            table: Digest([0; 32]),
            media_type: "application/xml".to_owned(),
            bytes: text.into_bytes(),
        }],
        receipt: b"receipt".to_vec(),
        seen: Standing::default(),
    }
}

#[tokio::test]
async fn after_a_failed_commit_nothing_is_taken_given_or_retried() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&config(folder.path())).unwrap();
    assert_eq!(store.accept(push(1)).await.unwrap(), Accepted::Stored);
    let mut changes = store.watch();
    changes.mark_unchanged();

    store.inner.engine.shared.fail_commit.store(true, Ordering::Release);
    assert!(matches!(store.accept(push(2)).await, Err(Fault::Poisoned)));
    store.inner.engine.shared.fail_commit.store(false, Ordering::Release);

    assert!(store.is_poisoned());
    assert!(changes.has_changed().unwrap(), "the hub hears of it");
    assert!(matches!(store.accept(push(3)).await, Err(Fault::Poisoned)));
    assert!(matches!(store.counts().await, Err(Fault::Poisoned)));
    store.close().await;
    assert!(
        folder.path().join("coohub.db-wal").metadata().unwrap().len() > 0,
        "the log is left for recovery"
    );
    drop(store);

    let store = Store::open(&config(folder.path())).unwrap();
    assert_eq!(store.counts().await.unwrap().messages, 1);
    assert_eq!(store.accept(push(2)).await.unwrap(), Accepted::Stored);
}

#[tokio::test]
async fn every_waiting_caller_hears_of_a_failed_commit() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&config(folder.path())).unwrap();
    store.inner.engine.shared.fail_commit.store(true, Ordering::Release);
    let mut callers = tokio::task::JoinSet::new();
    for number in 0..50 {
        let store = store.clone();
        callers.spawn(async move { store.accept(push(number)).await });
    }
    for answer in callers.join_all().await {
        assert!(matches!(answer, Err(Fault::Poisoned)));
    }
}

#[tokio::test]
async fn an_operation_that_fails_leaves_the_rest_of_its_batch_alone() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&config(folder.path())).unwrap();
    store.accept(push(1)).await.unwrap();
    // A decision that is wrong: this version is stored. Only the schema notices, with half of the operation written.
    let mut broken = push(2);
    broken.subject = push(1).subject;
    broken.seen = store.standing(&broken.subject).await.unwrap();
    let id = broken.id;
    let (first, broken, last) =
        tokio::join!(store.accept(push(3)), store.accept(broken), store.accept(push(4)));
    assert_eq!((first.unwrap(), last.unwrap()), (Accepted::Stored, Accepted::Stored));
    assert!(matches!(broken, Err(Fault::Engine(_))));
    assert!(!store.is_poisoned());
    assert!(store.message(id).await.unwrap().is_none(), "nothing of it was left behind");
    let counts = store.counts().await.unwrap();
    assert_eq!((counts.messages, counts.unrouted), (3, 3));
    assert_eq!(store.accept(push(2)).await.unwrap(), Accepted::Stored, "its key is free");
}

#[tokio::test]
async fn a_store_of_a_newer_hub_is_refused_untouched() {
    let folder = tempfile::tempdir().unwrap();
    Store::open(&config(folder.path())).unwrap().close().await;
    let db = Connection::open(folder.path().join(FILE)).unwrap();
    db.pragma_update(None, "user_version", 99).unwrap();
    drop(db);
    assert!(matches!(Store::open(&config(folder.path())), Err(Fault::Newer { found: 99, .. })));
}

#[tokio::test]
async fn a_store_of_the_first_hub_is_brought_up_to_date_with_all_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    let db = Connection::open(folder.path().join(FILE)).unwrap();
    db.execute_batch(include_str!("migrations/0001_initial.sql")).unwrap();
    db.pragma_update(None, "user_version", 1).unwrap();
    db.execute("INSERT INTO chain DEFAULT VALUES", []).unwrap();
    drop(db);
    let store = Store::open(&config(folder.path())).unwrap();
    assert_eq!(store.accept(push(1)).await.unwrap(), Accepted::Stored);
    assert_eq!(store.remove_loose(Timestamp(i64::MAX)).await.unwrap(), 0, "the new tables are there");
    let found = store.find(None, "1", 1).await.unwrap();
    assert_eq!(found[0].chain, 2, "and so is what was there before");
}

#[tokio::test]
async fn what_a_hub_stored_before_it_kept_signatures_reads_as_it_did() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE);
    let old = Connection::open(&path).unwrap();
    old.execute_batch(include_str!("migrations/0001_initial.sql")).unwrap();
    let message = push(1);
    old.execute_batch("INSERT INTO chain VALUES (1)").unwrap();
    old.execute(
        "INSERT INTO message (id, source, key, digest, fingerprint, received, function, agreement, issuer, number,
        normal, lineage, version, chain, media_type, config, test)
        VALUES (?1, 'issuer', 'key-1', ?2, ?2, 5, 9, 'a14', 'i', 'n', 'N', 'n', 1, 1, 'application/xml', ?2, 0)",
        rusqlite::params![message.id.0.as_bytes(), [7_u8; 32]],
    )
    .unwrap();
    old.execute("INSERT INTO receipt VALUES (1, ?1)", [b"header.payload.signature"]).unwrap();
    old.pragma_update(None, "user_version", 1).unwrap();
    drop(old);
    let store = Store::open(&config(folder.path())).unwrap();
    let known = store.receipt_of(&message.source, &message.key).await.unwrap().unwrap();
    assert_eq!((known.id, known.receipt.as_slice()), (message.id, b"header.payload.signature".as_slice()));
    let proved = store.proved(message.id).await.unwrap().unwrap();
    assert_eq!((proved.demand, proved.config, proved.judgements.len()), (None, Digest([7; 32]), 0));
    assert_eq!(store.provenance(message.id).await.unwrap().unwrap().official, None);
    assert_eq!(store.accept(push(2)).await.unwrap(), Accepted::Stored);
    store.close().await;
}

#[tokio::test]
async fn a_flipped_byte_in_a_stored_body_is_a_fault_and_never_sent() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&config(folder.path())).unwrap();
    let pushed = push(1);
    let id = pushed.id;
    store.accept(pushed).await.unwrap();
    store.close().await;
    drop(store);
    let db = Connection::open(folder.path().join(FILE)).unwrap();
    let mut bytes: Vec<u8> = db.query_row("SELECT bytes FROM body", [], |row| row.get(0)).unwrap();
    bytes[3] ^= 1;
    assert_eq!(db.execute("UPDATE body SET bytes = ?1", [bytes]).unwrap(), 1);
    drop(db);
    let store = Store::open(&config(folder.path())).unwrap();
    assert!(matches!(store.body(id, Role::Original).await, Err(Fault::Corrupt { .. })));
}

#[tokio::test]
async fn durability_settings_are_what_the_promises_rest_on() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&config(folder.path())).unwrap();
    store.close().await;
    drop(store);
    let mut db = connect(&folder.path().join(FILE), OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap();
    schema::prepare(&mut db).unwrap();
    let mode: String = db.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
    assert_eq!(mode, "wal");
    let number = |name: &str| -> i64 { db.pragma_query_value(None, name, |row| row.get(0)).unwrap() };
    assert_eq!(number("synchronous"), 2, "one sync per commit");
    assert_eq!(number("wal_autocheckpoint"), 0, "we copy when we say so");
    assert_eq!(number("auto_vacuum"), 2, "incremental");
    assert_eq!(number("foreign_keys"), 1);
}

#[tokio::test]
async fn a_claim_over_a_backlog_reads_the_partial_index_of_heads_and_sorts_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&config(folder.path())).unwrap();
    backlog(&store, 2_000).await;
    let target = MemberId::new("target").unwrap();
    let plan = store
        .read(|db| {
            let mut statement = db.prepare(&format!("EXPLAIN QUERY PLAN {}", deliveries::DUE))?;
            let rows = statement.query_map(("target", false, 10), |row| row.get::<_, String>(3))?;
            Ok(rows.collect::<Result<Vec<_>, _>>()?.join("; "))
        })
        .await
        .unwrap();
    assert_eq!(
        plan,
        "SEARCH delivery USING COVERING INDEX delivery_due (target=? AND urgent=? AND due>? AND due<?)"
    );
    let claimed = store.due(&target, Timestamp(10), 7, &[]).await.unwrap();
    assert_eq!(claimed.len(), 7);
    assert_eq!(store.waiting_targets().await.unwrap(), [(target, 4_000)]);
    let heads: i64 = store
        .read(|db| {
            Ok(db.query_row("SELECT count(*) FROM delivery WHERE due IS NOT NULL", [], |row| row.get(0))?)
        })
        .await
        .unwrap();
    assert_eq!(heads, 2_000, "one of each chain");
}

/// Twice `chains` deliveries to one target, every second one behind another of its chain.
async fn backlog(store: &Store, chains: u32) {
    for version in 1..=2 {
        let mut callers = tokio::task::JoinSet::new();
        for chain in 0..chains {
            let (store, mut push) = (store.clone(), push(chain * 2 + version));
            push.subject.lineage = chain.to_string();
            callers.spawn(async move {
                push.seen = store.standing(&push.subject).await.unwrap();
                let message = push.id;
                store.accept(push).await.unwrap();
                let routing = Routing { message, config: Digest([0; 32]), deliveries: vec![delivery()] };
                store.route(routing).await.unwrap();
            });
        }
        callers.join_all().await;
    }
}

fn delivery() -> NewDelivery {
    NewDelivery {
        id: DeliveryId(Uuid::now_v7()),
        target: MemberId::new("target").unwrap(),
        cargo: Cargo::Certificate,
        view: View::Full,
        body: Some(Body {
            role: Role::Rendering,
            format: "canonical".to_owned(),
            table: Digest([0; 32]),
            media_type: "application/json".to_owned(),
            bytes: b"{}".to_vec(),
        }),
        weight: 1,
        urgent: false,
        created: Timestamp(5),
        held: None,
        losses: Vec::new(),
        because: "test".to_owned(),
    }
}
