//! Refusals are counted by day, member and reason, without a commit each, and outlive a restart once they are kept.

use coohub::{
    model::{reason::Reason, time::Timestamp},
    store::{
        Store,
        refused::{DAYS_MAX, day},
    },
};

use super::support::*;

const DAY: i64 = 86_400_000;

async fn told(store: &Store, from: i64) -> Vec<(i64, String, &'static str, u64)> {
    let found = store.refused_since(day(NOW) + from).await.unwrap();
    let row = |one: coohub::store::refused::Refused| {
        (one.day - day(NOW), one.member.to_string(), one.reason.code(), one.count)
    };
    found.into_iter().map(row).collect()
}

#[tokio::test]
async fn refusals_are_counted_at_once_and_kept_with_the_next_sweep() {
    let Fixture { store, folder } = fixture();
    let (ke, tz) = (member("ke"), member("tz"));
    for _ in 0..3 {
        store.refused(&ke, Reason::NotIssued, NOW);
    }
    store.refused(&ke, Reason::Busy, NOW);
    store.refused(&tz, Reason::NotIssued, Timestamp(NOW.0 - DAY));
    let row = |day, member: &str, code, count| (day, member.to_owned(), code, count);
    let today = [row(0, "ke", "busy", 1), row(0, "ke", "not-issued", 3)];
    assert_eq!(told(&store, 0).await, today, "before anything is on disk");
    store.keep_refused().await.unwrap();
    assert_eq!(told(&store, 0).await, today, "kept, and told once");
    store.refused(&ke, Reason::NotIssued, NOW);
    let now = [row(-1, "tz", "not-issued", 1), row(0, "ke", "busy", 1), row(0, "ke", "not-issued", 4)];
    assert_eq!(told(&store, -1).await, now);
    store.close().await;
    drop(store);
    let store = Store::open(&config(&folder)).unwrap();
    assert_eq!(told(&store, -1).await, now, "an end in order keeps all");
}

#[tokio::test]
async fn days_are_kept_for_so_long_and_no_longer() {
    let Fixture { store, folder: _folder } = fixture();
    let ke = member("ke");
    for ago in [DAYS_MAX, DAYS_MAX - 1, 1] {
        store.refused(&ke, Reason::Busy, Timestamp(NOW.0 - ago * DAY));
    }
    store.keep_refused().await.unwrap();
    assert_eq!(told(&store, -2 * DAYS_MAX).await.len(), 3, "the newest of them is yesterday");
    store.refused(&ke, Reason::Busy, NOW);
    store.keep_refused().await.unwrap();
    let days: Vec<i64> = told(&store, -2 * DAYS_MAX).await.into_iter().map(|(day, ..)| day).collect();
    assert_eq!(days, [1 - DAYS_MAX, -1, 0]);
}
