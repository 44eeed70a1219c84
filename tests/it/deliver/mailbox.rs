//! Members that collect: the same order, pace and evidence as by push.

use std::time::Duration;

use coohub::{
    deliver::inbox::Acknowledged,
    model::id::{AgreementId, Digest},
    store::{
        claim::Rank,
        record::{Cargo, NewDelivery, View},
    },
};

use super::world::{SOURCE, To, World, id, rate};

#[tokio::test]
async fn a_mailbox_offers_heads_in_order_and_the_next_version_after_an_acknowledgement() {
    let world = World::new(&[("kg", To::Mailbox)]);
    let first = world.send("RU-1", 1, &["kg"]).await[0];
    let second = world.send("RU-1", 2, &["kg"]).await[0];
    let other = world.send("RU-2", 1, &["kg"]).await[0];
    let urgent = world.send_with("RU-3", 1, &["kg"], |delivery| delivery.rank = Rank::Urgent).await[0];
    let inbox = world.inbox();
    assert!(
        inbox.collect(&id("kg"), false, (10, usize::MAX)).await.unwrap().is_empty(),
        "the bucket is empty at first"
    );
    world.hand.advance(Duration::from_secs(1));
    let entries = inbox.collect(&id("kg"), false, (10, usize::MAX)).await.unwrap();
    let order: Vec<_> = entries.iter().map(|entry| entry.delivery).collect();
    assert_eq!(order, [urgent, first, other]);
    assert!(
        inbox.collect(&id("kg"), false, (10, usize::MAX)).await.unwrap().is_empty(),
        "what is reserved is not offered"
    );

    let digest = entries[1].digest;
    assert_eq!(inbox.acknowledge(&id("kg"), second, digest).await.unwrap(), Acknowledged::Unknown);
    assert_eq!(inbox.acknowledge(&id(SOURCE), first, digest).await.unwrap(), Acknowledged::Unknown);
    let wrong = Digest::of(b"other");
    assert_eq!(inbox.acknowledge(&id("kg"), first, wrong).await.unwrap(), Acknowledged::WrongDigest);
    assert_eq!(inbox.acknowledge(&id("kg"), first, digest).await.unwrap(), Acknowledged::Delivered);
    assert_eq!(inbox.acknowledge(&id("kg"), first, digest).await.unwrap(), Acknowledged::Already);
    let attempt = world.delivery(first).await.last.unwrap();
    assert_eq!((attempt.outcome.as_str(), attempt.grade), ("collected", Some('C')));

    world.hand.advance(Duration::from_secs(1));
    let next: Vec<_> = inbox
        .collect(&id("kg"), false, (10, usize::MAX))
        .await
        .unwrap()
        .into_iter()
        .map(|entry| entry.delivery)
        .collect();
    assert_eq!(next, [second]);
}

#[tokio::test]
async fn a_reservation_that_lapses_is_offered_again_with_the_same_bytes() {
    let world = World::new(&[("kg", To::Mailbox)]);
    world.send("RU-1", 1, &["kg"]).await;
    let inbox = world.inbox();
    drop(inbox.collect(&id("kg"), false, (0, usize::MAX)).await.unwrap());
    world.hand.advance(Duration::from_secs(1));
    let first = inbox.collect(&id("kg"), false, (10, usize::MAX)).await.unwrap();
    world.hand.advance(Duration::from_secs(299));
    assert!(inbox.collect(&id("kg"), false, (10, usize::MAX)).await.unwrap().is_empty());
    world.hand.advance(Duration::from_secs(1));
    let second = inbox.collect(&id("kg"), false, (10, usize::MAX)).await.unwrap();
    assert_eq!((first[0].delivery, &first[0].body), (second[0].delivery, &second[0].body));
    // A late acknowledgement of the first offer counts as well.
    let digest = first[0].digest;
    let acknowledged = inbox.acknowledge(&id("kg"), first[0].delivery, digest).await.unwrap();
    assert_eq!(acknowledged, Acknowledged::Delivered);
}

#[tokio::test]
async fn the_original_is_for_the_full_view_alone() {
    let world = World::new(&[("kg", To::Mailbox)]);
    let minimised = |delivery: &mut NewDelivery| delivery.view = View::Minimised;
    let full = world.send("RU-1", 1, &["kg"]).await[0];
    let part = world.send_with("RU-2", 1, &["kg"], minimised).await[0];
    let notice = world.send_with("RU-3", 1, &["kg"], |delivery| delivery.cargo = Cargo::Notice).await[0];
    let queued = world.send("RU-1", 2, &["kg"]).await[0];
    let inbox = world.inbox();
    let original = inbox.original(&id("kg"), full).await.unwrap().unwrap();
    assert_eq!(original.bytes, b"<original number='RU-1' version='1'/>");
    for hidden in [part, notice, queued] {
        assert!(inbox.original(&id("kg"), hidden).await.unwrap().is_none());
    }
    assert!(inbox.original(&id(SOURCE), full).await.unwrap().is_none());
    world.reload(|region| region.members.get_mut(&id("kg")).unwrap().suspended = true);
    assert!(inbox.original(&id("kg"), full).await.unwrap().is_none());
}

#[tokio::test]
async fn a_mailbox_is_held_to_the_members_rate() {
    let world = World::new(&[("kg", To::Mailbox)]);
    world.reload(|region| region.members.get_mut(&id("kg")).unwrap().rate = rate(60, 60, 2));
    for n in 0..5 {
        world.send(&format!("RU-{n}"), 1, &["kg"]).await;
    }
    assert_eq!(world.offered("kg").await.len(), 1);
}

#[tokio::test]
async fn what_does_not_fit_into_an_answer_is_not_reserved() {
    let world = World::new(&[("kg", To::Mailbox)]);
    world.send("RU-1", 1, &["kg"]).await;
    world.send("RU-2", 1, &["kg"]).await;
    let inbox = world.inbox();
    drop(inbox.collect(&id("kg"), false, (0, usize::MAX)).await.unwrap());
    world.hand.advance(Duration::from_secs(1));
    let first = inbox.collect(&id("kg"), false, (10, 1)).await.unwrap();
    let second = inbox.collect(&id("kg"), false, (10, 1)).await.unwrap();
    assert_eq!((first.len(), second.len()), (1, 1), "each answer takes one, the other stays on offer");
    assert_ne!(first[0].delivery, second[0].delivery);
}

#[tokio::test]
async fn a_fault_behind_what_is_shown_reserves_nothing_and_hides_nothing() {
    let world = World::new(&[("kg", To::Mailbox), ("uz", To::Mailbox)]);
    let shown = world.send("RU-1", 1, &["kg"]).await[0];
    world.send_from("uz", "UZ-1", 1, &["kg"]).await;
    let agreement = AgreementId::new("eaeu").unwrap();
    world.reload(|region| {
        region.agreements.get_mut(&agreement).unwrap().links[0].from = Some(id(SOURCE));
    });
    // That the second may not be sent any more cannot be written down.
    let db = rusqlite::Connection::open(world.folder().join("coohub.db")).unwrap();
    db.execute_batch(
        "CREATE TRIGGER stuck BEFORE UPDATE ON delivery BEGIN SELECT RAISE(ABORT, 'stuck'); END",
    )
    .unwrap();
    let inbox = world.inbox();
    drop(inbox.collect(&id("kg"), false, (0, usize::MAX)).await.unwrap());
    world.hand.advance(Duration::from_secs(1));
    let entries = world.while_time_flies(inbox.collect(&id("kg"), false, (10, usize::MAX))).await.unwrap();
    assert_eq!(entries.iter().map(|entry| entry.delivery).collect::<Vec<_>>(), [shown]);
}
