//! A disk that is full in the middle of a commit.

use coohub::store::{Config, Fault, Store, record::Accepted};

use super::support::*;
use crate::support::need;

#[tokio::test]
async fn a_full_disk_poisons_the_store_and_nothing_acknowledged_is_lost() {
    let Some(disk) = need::small(8 << 20) else { return };
    let settings = Config {
        folder: disk.path().join("data"),
        free_bytes_min: 0,
        free_percent_min: 0,
        engine: super::ENGINE,
        ..Config::default()
    };
    let store = Store::open(&settings).unwrap();
    let ballast = disk.fill(256 << 10);
    let mut acknowledged = Vec::new();
    let fault = loop {
        let push = push(&format!("k{}", acknowledged.len()), &format!("A-{}", acknowledged.len()));
        let (source, key) = (push.source.clone(), push.key.clone());
        match store.accept(push).await {
            Ok(Accepted::Stored) => acknowledged.push((source, key)),
            Ok(other) => panic!("{other:?}"),
            Err(fault) => break fault,
        }
        assert!(acknowledged.len() < 100_000, "the disk is never full");
    };
    assert!(!acknowledged.is_empty(), "there was room for some");
    assert!(matches!(fault, Fault::Poisoned | Fault::Engine(_)), "{fault}");
    assert!(store.is_poisoned());
    assert!(matches!(store.accept(push("later", "L-1")).await, Err(Fault::Poisoned)));
    store.close().await;
    drop(store);

    std::fs::remove_file(ballast).unwrap();
    let store = Store::open(&settings).unwrap();
    for (source, key) in &acknowledged {
        let receipt = store.receipt_of(source, key).await.unwrap().map(|known| known.receipt);
        assert_eq!(receipt, Some(format!("receipt of {}", key.as_str()).into_bytes()));
    }
    let counted = usize::try_from(store.counts().await.unwrap().messages).unwrap();
    assert!(counted == acknowledged.len() || counted == acknowledged.len() + 1, "{counted}");
    stored(&store, push("later", "L-1")).await;
}
