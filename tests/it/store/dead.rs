//! What ended without arriving counts until another delivery takes its place, and stays in the story for ever.

use coohub::{
    model::{
        delivery::State,
        id::{DeliveryId, MessageId},
        reason::Reason,
    },
    store::{
        Store,
        action::{About, Acted, Action, Addition, Effect, Verb},
        backlog::{Listing, Shelf},
        record::Routing,
    },
};

use super::{order::amendment, support::*};

/// Dead letters of a target as they are counted, as they are listed, and all that the hub counts.
async fn dead(store: &Store, target: &str) -> (u32, usize, u64) {
    let target = member(target);
    let listing = Listing {
        shelf: Shelf::Dead,
        state: None,
        target: Some(target.clone()),
        source: None,
        until: None,
        after: None,
        limit: 9,
    };
    let listed = store.list(listing).await.unwrap().deliveries.len();
    (store.backlog(&target, NOW).await.unwrap().dead, listed, store.counts().await.unwrap().failed)
}

async fn end(store: &Store, delivery: DeliveryId, state: State) {
    store.finish(outcome(delivery, Some(attempt(1, "ended")), state, 5)).await.unwrap();
}

fn refused() -> State {
    State::Refused { reason: Reason::Refused }
}

/// Repeats a delivery of a message by an operator's word.
pub(super) async fn repeat(store: &Store, message: MessageId, of: DeliveryId) -> DeliveryId {
    let new = delivery("ke");
    let id = new.id;
    let seen = store.trail(message, &member("ke")).await.unwrap().unwrap();
    let addition = Addition {
        message,
        config: coohub::model::id::Digest([7; 32]),
        delivery: new,
        replay_of: Some(of),
        seen,
        sole: false,
    };
    let action = Action {
        at: NOW,
        user: "root".to_owned(),
        named: None,
        verb: Verb::Replay,
        about: About::Delivery(of).to_string(),
        reason: "a test".to_owned(),
        outcome: "done".to_owned(),
    };
    assert_eq!(store.act(action, Effect::Send(vec![addition])).await.unwrap(), Acted::Done);
    id
}

#[tokio::test]
async fn what_is_delivered_again_is_a_dead_letter_no_more_and_its_repeat_is_if_it_fails_too() {
    let Fixture { store, folder: _folder } = fixture();
    let (message, first) = routed(&store, push("k1", "A-1"), delivery("ke")).await;
    end(&store, first, refused()).await;
    assert_eq!(dead(&store, "ke").await, (1, 1, 1));
    let second = repeat(&store, message, first).await;
    assert_eq!(dead(&store, "ke").await, (0, 0, 0));
    end(&store, second, refused()).await;
    assert_eq!(dead(&store, "ke").await, (1, 1, 1), "the newest try counts, once");
    let third = repeat(&store, message, first).await;
    assert_eq!(dead(&store, "ke").await, (0, 0, 0));
    assert_eq!(
        words(&store, &[first, second, third]).await,
        ["refused", "refused", "pending"],
        "all are there"
    );

    end(&store, first, State::Delivered).await;
    let counts = store.counts().await.unwrap();
    assert_eq!((counts.failed, counts.delivered, counts.open), (0, 1, 1), "a late success is counted once");
}

#[tokio::test]
async fn a_later_version_that_arrives_takes_the_place_of_those_before_it() {
    let Fixture { store, folder: _folder } = fixture();
    let (_, first) = routed(&store, push("k1", "A-1"), delivery("ke")).await;
    end(&store, first, State::Expired).await;
    let (_, other) = routed(&store, push("k2", "B-1"), delivery("ke")).await;
    end(&store, other, State::Expired).await;
    let (_, second) = routed(&store, amendment("k3", "A-1", 2), delivery("ke")).await;
    assert_eq!(dead(&store, "ke").await, (2, 2, 2), "it is not there yet");
    end(&store, second, State::Delivered).await;
    assert_eq!(dead(&store, "ke").await, (1, 1, 1), "another certificate still counts");
}

#[tokio::test]
async fn what_was_ended_in_favour_of_a_later_version_never_counts() {
    let Fixture { store, folder: _folder } = fixture();
    let held = || {
        let new = delivery("ke");
        coohub::store::record::NewDelivery { held: Some(Reason::Unrenderable), ..new }
    };
    let (_, first) = routed(&store, push("k1", "A-1"), held()).await;
    let (later, new) = (amendment("k2", "A-1", 2), delivery("ke"));
    let message = later.id;
    stored(&store, later).await;
    store.route(Routing { superseded: vec![first], ..routing(message, vec![new]) }).await.unwrap();
    assert_eq!(words(&store, &[first]).await, ["cancelled"]);
    assert_eq!(dead(&store, "ke").await, (0, 0, 0));
}
