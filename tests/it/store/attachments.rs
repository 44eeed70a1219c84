//! Attachments in the store: bound by the commit that accepts, removed only while bound to nothing.

use coohub::{
    model::{id::Digest, time::Timestamp},
    store::{
        Store,
        attachment::{Attachment, COUNTED_BYTES_MIN, Put, REMOVED_AT_ONCE_MAX},
        record::{Acceptance, Accepted},
        standing::Standing,
    },
};

use super::support::*;

fn attachment(bytes: &[u8], at: i64) -> Attachment {
    Attachment {
        member: member("issuer"),
        media_type: "image/png".to_owned(),
        bytes: bytes.to_vec(),
        at: Timestamp(NOW.0 + at),
        loose_bytes_max: u64::MAX,
    }
}

fn naming(key: &str, attachments: &[&[u8]]) -> Acceptance {
    Acceptance { attachments: attachments.iter().map(|bytes| Digest::of(bytes)).collect(), ..push(key, key) }
}

const NEVER: Timestamp = Timestamp(i64::MAX);

#[tokio::test]
async fn an_accepted_message_keeps_its_attachments_whatever_is_removed() {
    let Fixture { store, folder } = fixture();
    for bytes in [b"one", b"two"] {
        assert_eq!(store.put(attachment(bytes, 0)).await.unwrap(), Put::Stored);
    }
    let first = naming("k1", &[b"two", b"one"]);
    let (_, id) = routed(&store, first.clone(), delivery("ke")).await;
    assert_eq!(store.put(attachment(b"loose", 0)).await.unwrap(), Put::Stored);
    assert_eq!(store.remove_loose(NEVER).await.unwrap(), 1);
    drop(store);

    let store = Store::open(&config(&folder)).unwrap();
    let provenance = store.sending(id).await.unwrap().unwrap().provenance;
    assert_eq!((provenance.digest, provenance.attachments), (first.digest, first.attachments));
    let kept = store.attachment(&member("issuer"), Digest::of(b"one")).await.unwrap().unwrap();
    assert_eq!((kept.media_type.as_str(), kept.size), ("image/png", 3));
    assert_eq!(store.attachment_bytes(&kept).await.unwrap().unwrap(), b"one");
    assert_eq!(store.attachment(&member("issuer"), Digest::of(b"loose")).await.unwrap(), None);
}

#[tokio::test]
async fn a_message_without_its_attachment_is_not_stored_at_all() {
    let Fixture { store, folder: _folder } = fixture();
    store.put(attachment(b"one", 0)).await.unwrap();
    let push = naming("k1", &[b"one", b"two", b"six"]);
    let missing = Accepted::Missing(vec![Digest::of(b"two"), Digest::of(b"six")]);
    assert_eq!(store.accept(push.clone()).await.unwrap(), missing);
    assert_eq!(store.standing(&push.subject, None).await.unwrap(), Standing::default());
    assert_eq!(
        store.remove_loose(NEVER).await.unwrap(),
        1,
        "what it named and was there is bound to nothing"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accepting_and_removing_at_once_never_lose_what_was_accepted() {
    let Fixture { store, folder: _folder } = fixture();
    let mut both = tokio::task::JoinSet::new();
    for number in 0..200_u32 {
        let store = store.clone();
        both.spawn(async move {
            let bytes = number.to_le_bytes();
            let push = naming(&number.to_string(), &[&bytes]);
            loop {
                store.put(attachment(&bytes, 0)).await.unwrap();
                match store.accept(push.clone()).await.unwrap() {
                    Accepted::Stored => break,
                    Accepted::Missing(_) => {}
                    other => panic!("{other:?}"),
                }
            }
            let kept = store.attachment(&member("issuer"), Digest::of(&bytes)).await.unwrap().unwrap();
            assert_eq!(store.attachment_bytes(&kept).await.unwrap().unwrap(), bytes);
        });
    }
    while !both.is_empty() {
        store.remove_loose(NEVER).await.unwrap();
        while both.try_join_next().map(Result::unwrap).is_some() {}
    }
    for number in 0..200_u32 {
        let digest = Digest::of(&number.to_le_bytes());
        assert!(store.attachment(&member("issuer"), digest).await.unwrap().is_some(), "{number}");
    }
}

#[tokio::test]
async fn removal_takes_the_oldest_first_and_so_many_at_once() {
    let Fixture { store, folder: _folder } = fixture();
    let most = usize::try_from(REMOVED_AT_ONCE_MAX).unwrap();
    for number in 0..=REMOVED_AT_ONCE_MAX {
        store.put(attachment(&number.to_le_bytes(), i64::from(number))).await.unwrap();
    }
    assert_eq!(store.remove_loose(NOW).await.unwrap(), 0, "what was put at that very instant stays");
    assert_eq!(store.remove_loose(NEVER).await.unwrap(), most);
    let last = Digest::of(&REMOVED_AT_ONCE_MAX.to_le_bytes());
    assert!(store.attachment(&member("issuer"), last).await.unwrap().is_some());
    assert_eq!(store.remove_loose(NEVER).await.unwrap(), 1);
}

#[tokio::test]
async fn the_quota_counts_each_as_a_few_kilobytes_at_least() {
    let Fixture { store, folder: _folder } = fixture();
    let put = |bytes: &'static [u8], loose_bytes_max: u64| {
        let store = &store;
        async move { store.put(Attachment { loose_bytes_max, ..attachment(bytes, 0) }).await.unwrap() }
    };
    assert_eq!(put(b"one", COUNTED_BYTES_MIN - 1).await, Put::NoRoom);
    assert_eq!(put(b"one", COUNTED_BYTES_MIN).await, Put::Stored);
    assert_eq!(put(b"one", 0).await, Put::Known);
    assert_eq!(put(b"two", 2 * COUNTED_BYTES_MIN - 1).await, Put::NoRoom);
    assert_eq!(put(b"two", 2 * COUNTED_BYTES_MIN).await, Put::Stored);
}
