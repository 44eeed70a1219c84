//! What statistics are made of: counted alike whatever keeps the rows.

use coohub::{
    model::{delivery::State, id::AgreementId, reason::Reason, time::Timestamp},
    store::{
        Store,
        record::{Acceptance, Cargo, NewDelivery},
        traffic::{CLASSES_MILLIS, HOUR_MILLIS, HOURS_MAX, Traffic},
    },
};

use super::support::*;

/// The beginning of an hour.
const HOUR: Timestamp = Timestamp(500_000 * HOUR_MILLIS);

fn made(target: &str, at: i64) -> NewDelivery {
    NewDelivery { created: Timestamp(HOUR.0 + at), ..delivery(target) }
}

/// A copy made so long after the hour began, which took so long to arrive.
async fn taken(store: &Store, key: &str, at: i64, took: i64) {
    let (_, id) = routed(store, push(key, key), made("ke", at)).await;
    let life = coohub::model::delivery::Life { created: Timestamp(HOUR.0 + at), ..life(State::Delivered) };
    let arrived = Timestamp(HOUR.0 + at + took);
    let ended =
        coohub::store::record::Outcome { life, at: arrived, ..outcome(id, None, State::Delivered, 0) };
    store.finish(ended).await.unwrap();
}

fn told(mut found: Vec<Traffic>) -> Vec<(i64, String, String, String, Option<usize>, u64)> {
    found.sort();
    let row = |one: Traffic| {
        let hours = (one.hour.0 - HOUR.0) / HOUR_MILLIS;
        (hours, one.source.to_string(), one.agreement.to_string(), one.state, one.class, one.count)
    };
    found.into_iter().map(row).collect()
}

#[tokio::test]
async fn copies_are_counted_by_hour_source_agreement_state_and_class_and_nothing_else_is() {
    let Fixture { store, folder: _folder } = fixture();
    let [half_second, second, ..] = CLASSES_MILLIS;
    for (key, at, took) in [
        ("A-1", 0, 0),
        ("A-2", 1, half_second - 1),
        ("A-3", 2, half_second),
        ("A-4", HOUR_MILLIS - 1, second - 1),
        ("A-5", HOUR_MILLIS, 8 * 24 * HOUR_MILLIS),
        ("A-6", 3, -1),
    ] {
        taken(&store, key, at, took).await;
    }
    let other = Acceptance { source: member("chamber"), ..push("B-1", "B-1") };
    let (_, refused) = routed(&store, other, made("ke", 0)).await;
    store.finish(outcome(refused, None, State::Refused { reason: Reason::Refused }, 5)).await.unwrap();
    let mut elsewhere = push("C-1", "C-1");
    elsewhere.subject.agreement = AgreementId::new("mecta").unwrap();
    routed(&store, elsewhere, made("ke", 0)).await;
    // None of these is told of: a test, what is no certificate, another target, an hour before and one after.
    routed(&store, Acceptance { test: true, ..push("D-1", "D-1") }, made("ke", 0)).await;
    routed(&store, push("D-2", "D-2"), NewDelivery { cargo: Cargo::Cancellation, ..made("ke", 0) }).await;
    routed(&store, push("D-3", "D-3"), made("tz", 0)).await;
    routed(&store, push("D-4", "D-4"), made("ke", -1)).await;
    routed(&store, push("D-5", "D-5"), made("ke", 2 * HOUR_MILLIS)).await;

    let until = Timestamp(HOUR.0 + 2 * HOUR_MILLIS);
    let row = |hour, source: &str, agreement: &str, state: &str, class, count| {
        (hour, source.to_owned(), agreement.to_owned(), state.to_owned(), class, count)
    };
    let expected = [
        row(0, "chamber", "ace", "refused", None, 1),
        row(0, "issuer", "ace", "delivered", Some(0), 3),
        row(0, "issuer", "ace", "delivered", Some(1), 2),
        row(0, "issuer", "mecta", "pending", None, 1),
        row(1, "issuer", "ace", "delivered", Some(CLASSES_MILLIS.len()), 1),
    ];
    let found = store.traffic(&member("ke"), HOUR, until).await.unwrap();
    assert_eq!(told(found), expected);
}

#[tokio::test]
async fn of_a_span_that_is_too_long_the_newest_hours_are_counted() {
    let Fixture { store, folder: _folder } = fixture();
    for (key, at) in [("A-1", 0), ("A-2", -1)] {
        routed(&store, push(key, key), made("ke", at)).await;
    }
    let until = Timestamp(HOUR.0 + HOURS_MAX * HOUR_MILLIS);
    let found = store.traffic(&member("ke"), Timestamp(0), until).await.unwrap();
    assert_eq!(found.iter().map(|one| one.count).sum::<u64>(), 1, "at the bound, not past it");
}
