//! What only the inside can show of SQLite: a damaged file, a newer schema, the plans of hot queries.

use std::path::Path;

use rusqlite::params_from_iter;
use uuid::Uuid;

use super::*;
use crate::{
    model::{
        id::{DeliveryId, Digest, MemberId},
        time::Timestamp,
    },
    store::{
        Kind, Store,
        backlog::Shelf,
        claim::Rank,
        record::{Accepted, Body, Cargo, NewDelivery, Role, Routing, View},
        tests::push,
    },
};

fn config(folder: &Path) -> Config {
    crate::store::tests::config(folder, Kind::Sqlite)
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
    let provenance = sql(&store, |db| signatures::provenance(db, 1)).await.unwrap();
    assert_eq!((provenance.digest, provenance.official), (Digest([7; 32]), None));
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
    for (query, bound, due) in
        [(deliveries::DUE_FRESH, 2, "due>?"), (deliveries::DUE_RETRIED, 3, "due>? AND due<?")]
    {
        let plan = sql(&store, move |db| {
            let mut statement = db.prepare(&format!("EXPLAIN QUERY PLAN {query}"))?;
            let rows =
                statement.query_map(params_from_iter(vec!["1"; bound]), |row| row.get::<_, String>(3))?;
            Ok(rows.collect::<Result<Vec<_>, _>>()?.join("; "))
        })
        .await
        .unwrap();
        let index =
            "SEARCH delivery USING COVERING INDEX delivery_due (target=? AND urgent=? AND <expr>=? AND";
        assert_eq!(plan, format!("{index} {due})"));
    }
    let claimed = store.due(&target, Timestamp(10), 7, &[]).await.unwrap();
    assert_eq!(claimed.len(), 7);
    assert_eq!(store.waiting_targets().await.unwrap(), [target]);
    let heads: i64 = sql(&store, |db| {
        Ok(db.query_row("SELECT count(*) FROM delivery WHERE due IS NOT NULL", [], |row| row.get(0))?)
    })
    .await
    .unwrap();
    assert_eq!(heads, 2_000, "one of each chain");
}

#[tokio::test]
async fn a_damaged_row_stands_in_the_way_of_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&config(folder.path())).unwrap();
    backlog(&store, 3).await;
    for (number, lineage) in [(101, "a"), (102, "a"), (103, "b")] {
        let mut push = push(number);
        lineage.clone_into(&mut push.subject.lineage);
        push.seen = store.standing(&push.subject, None).await.unwrap();
        store.accept(push).await.unwrap();
    }
    store.close().await;
    drop(store);
    let db = Connection::open(folder.path().join(FILE)).unwrap();
    db.pragma_update(None, "ignore_check_constraints", true).unwrap();
    db.execute(
        "UPDATE delivery SET cargo = 'cargo' WHERE sequence = (SELECT min(sequence) FROM delivery)",
        [],
    )
    .unwrap();
    db.execute("UPDATE message SET digest = x'00' WHERE sequence = (SELECT min(message) FROM unrouted)", [])
        .unwrap();
    drop(db);
    let store = Store::open(&config(folder.path())).unwrap();
    let target = MemberId::new("target").unwrap();
    let (later, expected) = (Timestamp(10), 2);
    assert_eq!(store.due(&target, later, 7, &[]).await.unwrap().len(), expected);
    assert_eq!(store.overdue_of(&target, later, 7).await.unwrap().len(), expected);
    let waiting = store.unrouted(0, 1).await.unwrap();
    assert_eq!((waiting.len(), waiting[0].subject.lineage.as_str()), (1, "b"), "its chain waits behind it");
}

#[tokio::test]
async fn a_version_is_found_by_its_lineage_and_not_among_all_of_its_issuer() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&config(folder.path())).unwrap();
    for (query, bound) in [(messages::LATEST, 3), (messages::STATED, 4)] {
        let plan = sql(&store, move |db| {
            let mut statement = db.prepare(&format!("EXPLAIN QUERY PLAN {query}"))?;
            let rows =
                statement.query_map(params_from_iter(vec!["1"; bound]), |row| row.get::<_, String>(3))?;
            Ok(rows.collect::<Result<Vec<_>, _>>()?.join("; "))
        })
        .await
        .unwrap();
        let found = "SEARCH v USING INDEX version_lineage (agreement=? AND issuer=? AND lineage=?";
        assert!(plan.starts_with(found), "{plan}");
        assert!(!plan.contains("SCAN"), "{plan}");
    }
}

#[tokio::test]
async fn every_shelf_is_read_along_its_index_and_sorted_by_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&config(folder.path())).unwrap();
    let shelves = [
        (Shelf::Waiting, "delivery_age"),
        (Shelf::Held, "delivery_held"),
        (Shelf::Queued, "delivery_queue"),
        (Shelf::Dead, "delivery_dead"),
        (Shelf::Awaited, "awaited_until"),
    ];
    for (shelf, index) in shelves {
        let plan = sql(&store, move |db| {
            let mut statement = db.prepare(&format!("EXPLAIN QUERY PLAN {}", backlog::shelf(shelf)))?;
            let rows = statement.query_map(("ke", 5, 7, 10), |row| row.get::<_, String>(3))?;
            Ok(rows.collect::<Result<Vec<_>, _>>()?.join("; "))
        });
        let plan = plan.await.unwrap();
        let first = plan.split("; ").next().unwrap_or_default();
        let along = first.starts_with("SEARCH ") && first.contains(&format!(" INDEX {index} ("));
        assert!(along, "{shelf:?}: {plan}");
        assert!(
            !plan.contains("TEMP B-TREE") && plan.contains("SEARCH m USING INTEGER PRIMARY KEY"),
            "{plan}"
        );
    }
}

/// A query of the test's own.
async fn sql<T: Send + 'static>(
    store: &Store,
    read: impl FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    match &store.inner.engine.readers {
        Readers::Sqlite(pool) => pool.read(read).await,
        #[cfg(feature = "sled")]
        Readers::Sled(_) => Err(Fault::NotOffered { what: "SQL" }),
    }
}

/// Twice `chains` deliveries to one target, every second one behind another of its chain.
async fn backlog(store: &Store, chains: u32) {
    for version in 1..=2 {
        let mut callers = tokio::task::JoinSet::new();
        for chain in 0..chains {
            let (store, mut push) = (store.clone(), push(chain * 2 + version));
            push.subject.lineage = chain.to_string();
            callers.spawn(async move {
                push.seen = store.standing(&push.subject, None).await.unwrap();
                let message = push.id;
                store.accept(push).await.unwrap();
                let routing = Routing {
                    message,
                    config: Digest([0; 32]),
                    at: Timestamp(5),
                    deliveries: vec![delivery()],
                    superseded: Vec::new(),
                    unaddressed: false,
                };
                store.route(routing).await.unwrap();
            });
        }
        callers.join_all().await;
    }
}

fn delivery() -> NewDelivery {
    NewDelivery {
        id: DeliveryId(Uuid::now_v7()),
        about: None,
        gap: None,
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
        rank: Rank::Usual,
        created: Timestamp(5),
        held: None,
        losses: Vec::new(),
        because: "test".to_owned(),
        answer_within: None,
    }
}
