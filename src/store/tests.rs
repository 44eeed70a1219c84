//! What only the inside can show of any engine: a commit that fails, an operation that fails within one that does not.

use std::{collections::BTreeMap, path::Path, sync::atomic::Ordering};

use uuid::Uuid;

use super::{
    Config, Fault, Kind, Store,
    record::{Acceptance, Accepted, Body, Role},
    standing::Standing,
};
use crate::model::{
    envelope::Function,
    id::{AgreementId, Digest, MemberId, MessageId, MessageKey},
    key::Key,
    time::Timestamp,
};

pub(super) fn config(folder: &Path, engine: Kind) -> Config {
    Config { folder: folder.to_owned(), engine, ..Config::default() }
}

pub(super) fn push(number: u32) -> Acceptance {
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
            agreement: AgreementId::new("ace").unwrap(),
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
        bulk: false,
        answer: None,
        duplicate_of: None,
        attachments: Vec::new(),
        demand: None,
        judgements: Vec::new(),
        leaves: BTreeMap::new(),
        bodies: vec![Body {
            role: Role::Original,
            format: "cod".to_owned(),
            table: Digest([0; 32]),
            media_type: "application/xml".to_owned(),
            bytes: text.into_bytes(),
        }],
        receipt: b"receipt".to_vec(),
        parked_until: None,
        parked_max: u32::MAX,
        seen: Standing::default(),
    }
}

#[tokio::test]
async fn after_a_failed_commit_nothing_is_taken_given_or_retried() {
    for kind in Kind::all() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&config(folder.path(), kind)).unwrap();
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
        if kind == Kind::Sqlite {
            let log = folder.path().join("coohub.db-wal").metadata().unwrap().len();
            assert!(log > 0, "the log is left for recovery");
        }
        drop(store);

        let store = Store::open(&config(folder.path(), kind)).unwrap();
        assert_eq!(store.counts().await.unwrap().messages, 1);
        assert_eq!(store.accept(push(2)).await.unwrap(), Accepted::Stored);
    }
}

#[tokio::test]
async fn every_waiting_caller_hears_of_a_failed_commit() {
    for kind in Kind::all() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&config(folder.path(), kind)).unwrap();
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
}

#[tokio::test]
async fn an_operation_that_fails_leaves_the_rest_of_its_batch_alone() {
    for kind in Kind::all() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&config(folder.path(), kind)).unwrap();
        store.accept(push(1)).await.unwrap();
        // A decision that is wrong: this version is stored. Only the schema notices, with half of the operation written.
        let mut broken = push(2);
        broken.subject = push(1).subject;
        broken.seen = store.standing(&broken.subject, None).await.unwrap();
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
}

#[test]
fn a_folder_that_must_be_encrypted_is_not_opened_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let config =
        Config { folder: folder.path().join("data"), encrypted_volume_required: true, ..Config::default() };
    let found = super::volume::of(&config.folder).unwrap();
    match Store::open(&config) {
        Ok(_) => assert_eq!(found, super::volume::Volume::Encrypted),
        Err(Fault::NotEncrypted { found: told, .. }) => {
            assert_eq!((told, found != super::volume::Volume::Encrypted), (found, true))
        }
        Err(other) => panic!("{other}"),
    }
    drop(Store::open(&Config { encrypted_volume_required: false, ..config }).unwrap());
}
