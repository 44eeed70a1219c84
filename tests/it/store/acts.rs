//! What an operator decided on is looked at again in the commit of the action.

use coohub::{
    model::{
        delivery::State,
        id::{DeliveryId, Digest, MessageId},
        reason::Reason,
        time::Timestamp,
    },
    store::{
        Store,
        action::{About, Acted, Action, Addition, Effect, Verb},
        record::NewDelivery,
        sent::ADDRESSED,
    },
};

use super::support::*;

fn action(verb: Verb, at: Timestamp) -> Action {
    Action {
        at,
        user: "root".to_owned(),
        named: None,
        verb,
        about: About::Hub.to_string(),
        reason: "a test".to_owned(),
        outcome: "done".to_owned(),
    }
}

async fn state(store: &Store, id: DeliveryId) -> State {
    store.delivery(id).await.unwrap().unwrap().life.state
}

#[tokio::test]
async fn what_is_due_later_is_due_at_once_and_what_was_held_meanwhile_stays_held() {
    let Fixture { store, folder: _folder } = fixture();
    let (_, id) = routed(&store, push("k1", "A-1"), delivery("ke")).await;
    let later = Timestamp(NOW.0 + 1_000);
    store.finish(outcome(id, Some(attempt(1, "deferred")), State::Due { at: later }, 5)).await.unwrap();
    let now = Timestamp(NOW.0 + 10);
    let sooner = async || store.act(action(Verb::Try, now), Effect::Sooner(id)).await.unwrap();
    assert_eq!(sooner().await, Acted::Done);
    assert_eq!(state(&store, id).await, State::Due { at: now });
    assert_eq!(sooner().await, Acted::Unchanged, "it is due already");

    let held = State::Held { reason: Reason::OperatorHold };
    let hold = Effect::Life(Box::new(outcome(id, None, held.clone(), 20)));
    assert_eq!(store.act(action(Verb::Hold, now), hold).await.unwrap(), Acted::Done);
    assert_eq!(sooner().await, Acted::Unchanged);
    assert_eq!(state(&store, id).await, held, "only a release ends a hold");
}

/// Addresses a message to a target, decided on what the store says now.
async fn addressing(store: &Store, message: MessageId, target: &str, sole: bool) -> Addition {
    let because = format!("{ADDRESSED} root: a test");
    let seen = store.trail(message, &member(target)).await.unwrap().unwrap();
    let delivery = NewDelivery { because, ..delivery(target) };
    Addition { message, config: Digest([7; 32]), delivery, replay_of: None, seen, sole }
}

#[tokio::test]
async fn of_two_who_address_a_certificate_at_once_to_different_states_one_decides_anew() {
    let Fixture { store, folder: _folder } = fixture();
    let push = push("k1", "A-1");
    let message = push.id;
    stored(&store, push).await;
    store.route(routing(message, Vec::new())).await.unwrap();
    let first = addressing(&store, message, "ke", true).await;
    let (second, also) =
        (addressing(&store, message, "tz", true).await, addressing(&store, message, "tz", false).await);
    let act =
        async |addition| store.act(action(Verb::Address, NOW), Effect::Send(vec![addition])).await.unwrap();
    let of_first = first.delivery.id;
    assert_eq!(act(first).await, Acted::Done);
    assert_eq!(act(second.clone()).await, Acted::Unchanged);
    assert_eq!(store.deliveries(message).await.unwrap().len(), 1, "nothing was written");
    store.finish(outcome(of_first, None, State::Cancelled, 5)).await.unwrap();
    assert_eq!(act(second).await, Acted::Done, "what was cancelled is in nobody's way");
    assert_eq!(act(also).await, Acted::Unchanged, "the trail is another now");
}
