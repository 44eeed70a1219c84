//! What may be repeated, case by case.

use super::*;
use crate::store::record::View;

const NEVER: Allowed = Allowed { lost: false, along_since: None };

fn past(n: u128, message: i64, cargo: Cargo, state: State) -> Past {
    let ended = state.is_final().then_some(Timestamp(message * 10));
    let delivery = DeliveryId(uuid::Uuid::from_u128(n));
    Past { delivery, message, cargo, view: View::Full, replay_of: None, ended, state }
}

/// Whether the first of a trail may be repeated.
fn verdict(cargo: Cargo, past: Vec<Past>, allowed: Allowed) -> Result<(), Reason> {
    let trail = Trail { message: 1, newest: 9, past };
    let of = Delivery { cargo, ..crate::deliver::sample::delivery(1) };
    missed(&of, &trail, allowed).map_err(|refusal| refusal.reason)
}

const COD: Cargo = Cargo::Certificate;
const DUE: State = State::Due { at: Timestamp(5) };

#[test]
fn what_ended_without_arriving_is_missed_and_what_is_there_or_on_its_way_is_not() {
    for state in [State::Expired, State::Cancelled, State::Refused { reason: Reason::Refused }] {
        assert_eq!(verdict(COD, vec![past(1, 1, COD, state)], NEVER), Ok(()));
    }
    for state in [State::Queued, DUE, State::Held { reason: Reason::OperatorHold }] {
        assert_eq!(verdict(COD, vec![past(1, 1, COD, state)], NEVER), Err(Reason::DeliveryOpen));
    }
    let delivered = vec![past(1, 1, COD, State::Delivered)];
    assert_eq!(verdict(COD, delivered.clone(), NEVER), Err(Reason::AlreadyDelivered));
    let lost = Allowed { lost: true, ..NEVER };
    assert_eq!(verdict(COD, delivered, lost), Ok(()));
}

#[test]
fn a_replay_counts_for_what_it_repeats() {
    let replayed = |state| vec![past(1, 1, COD, State::Expired), past(2, 1, COD, state)];
    assert_eq!(verdict(COD, replayed(DUE), NEVER), Err(Reason::DeliveryOpen));
    assert_eq!(verdict(COD, replayed(State::Delivered), NEVER), Err(Reason::AlreadyDelivered));
    assert_eq!(verdict(COD, replayed(State::Expired), NEVER), Ok(()));
}

#[test]
fn nothing_overtakes_a_later_version_even_when_the_target_lost_it() {
    let lost = Allowed { lost: true, along_since: None };
    for state in [State::Delivered, State::Queued, DUE, State::Expired] {
        for cargo in [COD, Cargo::Cancellation] {
            let trail = vec![past(1, 1, COD, State::Expired), past(2, 2, cargo, state.clone())];
            assert_eq!(verdict(COD, trail.clone(), NEVER), Err(Reason::Superseded), "{state:?}");
            assert_eq!(verdict(COD, trail, lost), Err(Reason::Superseded), "{state:?}");
        }
    }
}

#[test]
fn later_versions_that_go_along_do_not_stand_in_the_way() {
    let trail = |state| vec![past(1, 1, COD, State::Expired), past(2, 2, Cargo::Cancellation, state)];
    let since = |at| Allowed { lost: false, along_since: Some(Timestamp(at)) };
    assert_eq!(verdict(COD, trail(State::Expired), since(10)), Ok(()));
    assert_eq!(verdict(COD, trail(State::Expired), since(21)), Err(Reason::Superseded), "it ended before");
    assert_eq!(verdict(COD, trail(State::Delivered), since(10)), Err(Reason::Superseded));
    assert_eq!(verdict(COD, trail(DUE), since(10)), Err(Reason::Superseded));
}

#[test]
fn answers_and_notices_are_no_versions() {
    let answer = vec![past(1, 1, Cargo::Response, State::Expired), past(2, 2, COD, State::Delivered)];
    assert_eq!(verdict(Cargo::Response, answer, NEVER), Ok(()));
    let certificate = vec![past(1, 1, COD, State::Expired), past(2, 2, Cargo::Notice, State::Delivered)];
    assert_eq!(verdict(COD, certificate, NEVER), Ok(()));
}

#[test]
fn a_replay_of_very_many_names_some_counts_the_rest_and_says_where_to_go_on() {
    let refused = |code: &str| json!({"notReplayed": "x", "target": "kg", "code": code});
    let mut told = Told::default();
    told.take(vec![refused("superseded"); REFUSED_NAMED_MAX]);
    told.take(vec![
        json!({"delivery": "y"}),
        refused("superseded"),
        refused("superseded"),
        refused("not-entitled"),
    ]);
    let items = told.end(Some(Timestamp(0)));
    assert_eq!(items.iter().filter(|item| item.get("notReplayed").is_some()).count(), REFUSED_NAMED_MAX);
    assert_eq!(
        items[REFUSED_NAMED_MAX..],
        [
            json!({"delivery": "y"}),
            json!({"more": 1, "code": "not-entitled"}),
            json!({"more": 2, "code": "superseded"}),
            json!({"goOnSince": Timestamp(0).to_string()}),
        ]
    );
    assert!(Told::default().end(None).is_empty());
}

#[test]
fn a_replay_ends_at_what_it_made_or_looked_at_and_not_one_before() {
    assert!(!is_enough(REPLAYED_MAX - 1, LOOKED_AT_MAX - 1));
    assert!(is_enough(REPLAYED_MAX, 0) && is_enough(0, LOOKED_AT_MAX));
}
