//! Targets that are away, and sources that wait: nothing is lost, nothing is refused for them, everything stays in order.

use std::time::Duration;

use bytes::Bytes;
use coohub::{cli::member::Ask, clock::Clock};

use super::story::{Sheet, Story, amended, cancellation, tea};
use crate::support::{
    hub::{Community, sample},
    partner::Behaviour,
    patience::ticks,
};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_accepted_while_a_target_was_down_arrives_in_order_after_a_restart_of_the_hub() {
    let mut story = Story::begin().await;
    story.at.partner("corvania").behave(Behaviour::Down);
    let first = tea("AL-1");
    story.push("almora", "issue", Sheet::json(&first)).await;
    let amended = amended(&first, "two pallets");
    story.push("almora", "amend", amended).await;
    let last = story.push("almora", "cancel", cancellation("AL-1")).await;
    story.note("the hub is stopped, corvania comes back, the hub is started:");
    story.at.stop().await;
    story.arrivals();
    story.at.partner("corvania").behave(Behaviour::Store);
    story.at.start().await;
    story.at.settled("almora", &last).await;
    story.arrivals();
    story.reads(
        r#"
        almora issue: 202 m1, function 9, edi3-coo, AL-1 v1
        almora amend: 202 m2, function 4, edi3-coo, AL-1 v2
        almora cancel: 202 m3, function 1, hub message, AL-1 v2
        the hub is stopped, corvania comes back, the hub is started:
          corvania gets d1 certificate full AL-1 v1, application/xml
          corvania gets d2 certificate full AL-1 v2, application/xml
          corvania gets d3 cancellation full AL-1 v2, cancellation
        "#,
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_does_not_find_its_own_address_for_two_hours_loses_nothing() {
    let (clock, hand) = Clock::manual(Clock::Real.now());
    let mut at = Community::shipped().await.at(clock.clone());
    at.edit(
        "region.toml",
        "schedule = [\"50ms\", \"100ms\", \"500ms\"]",
        "schedule = [\"30s\", \"1m\", \"5m\", \"15m\"]",
    );
    at.partner("corvania").behave(Behaviour::Status(404));
    at.start().await;
    let start = clock.now();
    let mut story = Story::of(at);
    let mut ids = Vec::new();
    for number in 1..=3 {
        let number = format!("AL-{number}");
        ids.push(story.push("almora", &number, Sheet::json(&tea(&number))).await);
    }
    let two_hours = Duration::from_secs(2 * 3600);
    let flying = async {
        let mut ticks = ticks();
        loop {
            ticks.tick().await;
            hand.advance(Duration::from_secs(10));
            let tried = story.at.partner("corvania").received().len();
            if clock.now().since(start) >= two_hours && tried >= 5 {
                story.at.partner("corvania").behave(Behaviour::Store);
            }
        }
    };
    let settled = async {
        for id in &ids {
            let state = story.at.settled("almora", id).await;
            let delivery = &state["deliveries"][0];
            assert_eq!(delivery["state"], "delivered", "{state}");
        }
    };
    tokio::select! { () = flying => {}, () = settled => {} }
    assert!(clock.now().since(start) >= two_hours);
    let counts = story.at.hub().store().counts().await.unwrap();
    assert_eq!((counts.failed, counts.held), (0, 0));
    let received = story.at.partner("corvania").received();
    let missed = received.iter().filter(|one| one.behaviour == Behaviour::Status(404)).count();
    assert!(missed >= 5, "it was tried again and again: {missed}");
    assert_eq!(received.len() - missed, 3, "each arrived once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_waits_is_told_of_a_change_and_of_none() {
    let mut story = Story::begin().await;
    let csv = sample("mec-csv/samples/dunmere-estalia.csv");
    let id = story.deliver("dunmere", "csv", Sheet::csv(csv)).await;
    let dunmere = story.at.member("dunmere");
    let path = format!("/v1/messages/{id}");
    let before = dunmere.get(&path).await.unwrap();
    let tag = before.header("etag").unwrap().to_owned();
    let asking = |wait: &str| {
        let headers = vec![("if-none-match", tag.clone()), ("prefer", wait.to_owned())];
        dunmere.ask(Ask { method: "GET", path: &path, headers, body: Bytes::new() })
    };
    let unchanged = asking("wait=1").await.unwrap();
    assert_eq!((unchanged.status, unchanged.body.len()), (304, 0));
    assert_eq!(unchanged.header("etag"), Some(tag.as_str()));
    assert_eq!(unchanged.header("preference-applied"), Some("wait=1"));
    let (changed, _) = tokio::join!(asking("wait=60"), async {
        let entries = story.at.collect("estalia").await;
        story.at.acknowledge("estalia", &entries[0]).await
    });
    let changed = changed.unwrap();
    assert_eq!((changed.status, changed.json()["state"].as_str()), (200, Some("delivered")));
    assert_ne!(changed.header("etag"), Some(tag.as_str()));
}
