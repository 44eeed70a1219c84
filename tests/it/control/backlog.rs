//! Shelves of the store in pages: every delivery once, in order, whatever the page's length; figures per target.

use coohub::{
    model::{delivery::State, id::DeliveryId, reason::Reason, time::Timestamp},
    store::{
        action::{About, Acted, Action, Effect, Verb},
        backlog::{Listing, Shelf},
        record::{Acceptance, NewDelivery},
    },
};

use crate::store::support::{Fixture, NOW, delivery, fixture, member, outcome, push, routed};

/// Three targets with five deliveries each: two pending, one held, one refused, one queued behind the first.
async fn shelves() -> (Fixture, Vec<DeliveryId>) {
    let world = fixture();
    let mut all = Vec::new();
    for (count, target) in ["ke", "tz", "ug"].into_iter().enumerate() {
        for n in 0..4_i64 {
            let number = format!("{target}-{n}");
            let created = Timestamp(NOW.0 + 10 * n + i64::try_from(count).unwrap());
            let new =
                NewDelivery { created, held: (n == 2).then_some(Reason::NotEntitled), ..delivery(target) };
            let (_, id) = routed(&world.store, push(&number, &number), new).await;
            if n == 3 {
                let refused = State::Refused { reason: Reason::Refused };
                world.store.finish(outcome(id, None, refused, 50)).await.unwrap();
            }
            all.push(id);
        }
        let mut later = push(&format!("{target}-later"), &format!("{target}-0"));
        later.subject.version = Some(2);
        all.push(routed(&world.store, later, delivery(target)).await.1);
    }
    (world, all)
}

async fn listed(world: &Fixture, mut listing: Listing) -> Vec<DeliveryId> {
    let mut found = Vec::new();
    loop {
        let page = world.store.list(listing.clone()).await.unwrap();
        assert!(page.deliveries.len() <= listing.limit);
        found.extend(page.deliveries.iter().map(|delivery| delivery.id));
        match page.next {
            Some(next) => listing.after = Some(next),
            None => return found,
        }
    }
}

fn listing(shelf: Shelf, limit: usize) -> Listing {
    Listing { shelf, state: None, target: None, source: None, until: None, after: None, limit }
}

#[tokio::test]
async fn every_page_length_gives_the_same_shelf() {
    let (world, all) = shelves().await;
    let pick = |which: &[usize]| -> Vec<DeliveryId> {
        (0..3).flat_map(|target| which.iter().map(move |n| target * 5 + n)).map(|at| all[at]).collect()
    };
    for limit in [1, 2, 3, 100] {
        assert_eq!(listed(&world, listing(Shelf::Waiting, limit)).await, pick(&[0, 1, 2]));
        assert_eq!(listed(&world, listing(Shelf::Held, limit)).await, pick(&[2]));
        assert_eq!(listed(&world, listing(Shelf::Dead, limit)).await, pick(&[3]));
        assert_eq!(listed(&world, listing(Shelf::Queued, limit)).await, pick(&[4]));
        let one = Listing { target: Some(member("tz")), ..listing(Shelf::Waiting, limit) };
        assert_eq!(listed(&world, one).await, all[5..8]);
        let pending = Listing { state: Some("pending"), ..listing(Shelf::Waiting, limit) };
        assert_eq!(listed(&world, pending).await, pick(&[0, 1]));
        let nobody = Listing { source: Some(member("nobody")), ..listing(Shelf::Waiting, limit) };
        assert_eq!(listed(&world, nobody).await, []);
    }
}

#[tokio::test]
async fn a_target_has_its_figures() {
    let (world, _) = shelves().await;
    let backlog = world.store.backlog(&member("tz"), Timestamp(NOW.0 + 5)).await.unwrap();
    assert_eq!((backlog.open, backlog.due, backlog.held, backlog.dead), (4, 1, 1, 1), "{backlog:?}");
    assert_eq!(backlog.oldest, Some(Timestamp(NOW.0 + 1)));
    assert_eq!(world.store.targets().await.unwrap(), ["ke", "tz", "ug"].map(member));
    let none = world.store.backlog(&member("nobody"), NOW).await.unwrap();
    assert_eq!((none.open, none.dead, none.oldest), (0, 0, None));

    let store = &world.store;
    let test = Acceptance { test: true, ..push("trial", "trial") };
    routed(store, test, NewDelivery { created: NOW, ..delivery("nobody") }).await;
    let trial = store.backlog(&member("nobody"), NOW).await.unwrap();
    assert_eq!((trial.oldest, trial.oldest_live), (Some(NOW), None), "test traffic does not count");
    let later = Timestamp(NOW.0 + 1);
    routed(store, push("real", "real"), NewDelivery { created: later, ..delivery("nobody") }).await;
    let both = store.backlog(&member("nobody"), NOW).await.unwrap();
    assert_eq!((both.oldest, both.oldest_live), (Some(NOW), Some(later)));
}

#[tokio::test]
async fn an_action_is_written_with_its_effect_or_not_at_all() {
    let (world, all) = shelves().await;
    let about = About::Delivery(all[0]);
    let action = |outcome: &str| Action {
        at: NOW,
        user: "root".to_owned(),
        named: None,
        verb: Verb::Cancel,
        about: about.to_string(),
        reason: "a test".to_owned(),
        outcome: outcome.to_owned(),
    };
    let cancel = || Effect::Life(Box::new(outcome(all[0], None, State::Cancelled, 9)));
    assert_eq!(world.store.act(action("done"), cancel()).await.unwrap(), Acted::Done);
    assert_eq!(world.store.act(action("done"), cancel()).await.unwrap(), Acted::Unchanged);
    let unknown = Effect::Life(Box::new(outcome(DeliveryId(uuid::Uuid::nil()), None, State::Cancelled, 9)));
    world.store.act(action("done"), unknown).await.unwrap_err();
    let recorded = world.store.actions(Some(&about), None, 9).await.unwrap();
    assert_eq!(recorded.iter().map(|(_, action)| action.clone()).collect::<Vec<_>>(), [action("done")]);
    assert!(world.store.actions(Some(&About::Hub), None, 9).await.unwrap().is_empty());
    assert!(world.store.actions(None, Some(recorded[0].0), 9).await.unwrap().is_empty());
}
