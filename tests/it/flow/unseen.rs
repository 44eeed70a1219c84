//! Changes of certificates that the hub has not seen: forwarded, parked, rejected; and the originals that come after.
//!
//! Where a notice to the source is to be expected, its server is down.

use std::time::Duration;

use coohub::{clock::Clock, intake::ParkedMax};
use serde_json::{Value, json};

use super::story::{Sheet, Story, amended, bound_for, cancellation_of, reworded, tea};
use crate::{
    control::{coohub, json as json_of},
    support::{hub::Community, partner::Behaviour, patience::ticks},
};

const AGREEMENT: &str = "agreements/mecta.toml";
const FORWARD: &str = "unseen = \"forward\"";
const PARK: &str = "unseen = \"park\"\npark = \"3d\"";

/// The shipped community, with another word for the unseen.
async fn with(word: &str) -> Story {
    let mut at = Community::shipped().await;
    at.edit(AGREEMENT, FORWARD, word);
    at.start().await;
    Story::of(at)
}

fn replacement(number: &str, earlier: &str) -> Sheet {
    Sheet::json(&tea(number)).with("coo-function", "5").with("coo-earlier", earlier)
}

fn cancelled(number: &str, country: Option<&str>) -> Sheet {
    let mut cancellation = cancellation_of(number);
    if let Some(country) = country {
        cancellation["country"] = json!(country);
    }
    Sheet::message(&cancellation)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_original_that_comes_after_its_forwarded_change_is_accepted_and_takes_nothing_back() {
    let mut story = Story::begin().await;
    story.at.partner("almora").behave(Behaviour::Down);
    let original = tea("AL-1");
    let elsewhere = Sheet::json(&bound_for(&original, "XB")).with("coo-function", "4");
    story.deliver("almora", "amend", elsewhere).await;
    let late = story.push("almora", "issue", Sheet::json(&original)).await;
    story.at.state_when("almora", &late, |state| state["state"] != "accepted").await;
    story.arrivals();
    story.push("almora", "other", Sheet::json(&reworded(&original, "another"))).await;
    story.deliver("almora", "amend-again", amended(&bound_for(&original, "XB"), "two pallets")).await;
    story.reads(
        r#"
        almora amend: 202 m1, function 4, edi3-coo, AL-1 v2
          warning certificate-unknown
          delivered
          d1 to brisca (importing party by destinationCountry): mec-origine-xml, 23 lost, delivered
          brisca gets d1 certificate full AL-1 v2, application/xml, unseen: hub
        almora issue: 202 m2, function 9, edi3-coo, AL-1 v1
          warning version-outdated
        almora other: 409 number-reused: this number was accepted before with other content; send a change as an amendment (CoO-Function: 4)
        almora amend-again: 202 m3, function 4, edi3-coo, AL-1 v3
          delivered
          d2 to brisca (importing party by destinationCountry): mec-origine-xml, 23 lost, delivered
          brisca gets d2 certificate full AL-1 v3, application/xml
        "#,
    );
    let told: Vec<_> = story.at.hub().store().deliveries(uuid(&late)).await.unwrap();
    assert_eq!(told.len(), 1, "nobody but the source hears of it");
    assert_eq!((told[0].target.as_str(), told[0].cargo.word()), ("almora", "notice"));
}

fn uuid(id: &str) -> coohub::model::id::MessageId {
    coohub::model::id::MessageId(id.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn parked_changes_go_in_order_behind_the_original() {
    let mut story = with(PARK).await;
    let original = tea("AL-1");
    story.deliver("almora", "amend", amended(&original, "one pallet")).await;
    story.deliver("almora", "amend-2", amended(&original, "two pallets")).await;
    story.deliver("almora", "replace", replacement("AL-2", "AL-1")).await;
    story.deliver("almora", "cancel", cancelled("AL-2", None)).await;
    let counts = story.at.hub().store().counts().await.unwrap();
    assert_eq!((counts.parked, counts.unrouted, counts.open), (4, 0, 0));
    story.at.stop().await;
    story.at.start().await;
    story.push("almora", "issue", Sheet::json(&original)).await;
    let last = story.id("m4");
    story.at.state_when("almora", &last, |state| state["state"] == "delivered").await;
    story.arrivals();
    story.reads(
        r#"
        almora amend: 202 m1, function 4, edi3-coo, AL-1 v2
          warning certificate-parked
          parked
        almora amend-2: 202 m2, function 4, edi3-coo, AL-1 v3
          warning certificate-parked
          parked
        almora replace: 202 m3, function 5, edi3-coo, AL-2 v1
          warning certificate-parked
          parked
        almora cancel: 202 m4, function 1, hub message, AL-2 v1
          warning certificate-parked
          warning destination-missing
          parked
        almora issue: 202 m5, function 9, edi3-coo, AL-1 v1
          corvania gets d1 certificate full AL-1 v1, application/xml
          corvania gets d2 certificate full AL-1 v2, application/xml
          corvania gets d3 certificate full AL-1 v3, application/xml
          corvania gets d4 certificate full AL-2 v1, application/xml
          corvania gets d5 cancellation full AL-2 v1, cancellation
        "#,
    );
    let counts = story.at.hub().store().counts().await.unwrap();
    assert_eq!((counts.parked, counts.unrouted), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancellation_that_waits_cancels_the_certificate_it_waited_for() {
    let mut story = with(PARK).await;
    story.deliver("almora", "cancel", cancelled("AL-1", None)).await;
    story.push("almora", "early", amended(&tea("AL-1"), "too early")).await;
    story.push("almora", "issue", Sheet::json(&tea("AL-1"))).await;
    story.push("almora", "amend", amended(&tea("AL-1"), "too late")).await;
    let cancellation = story.id("m1");
    story.at.state_when("almora", &cancellation, |state| state["state"] == "delivered").await;
    story.arrivals();
    story.reads(
        r#"
        almora cancel: 202 m1, function 1, hub message, AL-1 v1
          warning certificate-parked
          warning destination-missing
          parked
        almora early: 409 certificate-cancelled: the certificate was cancelled; issue a new one
        almora issue: 202 m2, function 9, edi3-coo, AL-1 v1
        almora amend: 409 certificate-cancelled: the certificate was cancelled; issue a new one
          corvania gets d1 certificate full AL-1 v1, application/xml
          corvania gets d2 cancellation full AL-1 v1, cancellation
        "#,
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waited_too_long_goes_on_marked_and_its_source_is_told() {
    let (clock, hand) = Clock::manual(Clock::Real.now());
    let mut at = Community::shipped().await.at(clock);
    at.edit(AGREEMENT, FORWARD, PARK);
    at.start().await;
    let mut story = Story::of(at);
    story.at.partner("almora").behave(Behaviour::Down);
    let amend = story.push("almora", "amend", amended(&tea("AL-1"), "one pallet")).await;
    let until = story.at.state("almora", &amend).await["parkedUntil"].as_str().unwrap().to_owned();
    hand.advance(Duration::from_secs(3 * 24 * 3600 - 3600));
    assert_eq!(story.at.state("almora", &amend).await["state"], "parked", "until {until}");
    let flying = async {
        let mut ticks = ticks();
        loop {
            ticks.tick().await;
            hand.advance(Duration::from_secs(60));
        }
    };
    let delivered = |state: &Value| state["deliveries"][0]["state"] == "delivered";
    let gone = tokio::select! {
        () = flying => unreachable!("it flies on"),
        gone = story.at.state_when("almora", &amend, delivered) => gone,
    };
    assert_eq!(gone["parkedUntil"], Value::Null);
    story.arrivals();
    story.reads(
        r#"
        almora amend: 202 m1, function 4, edi3-coo, AL-1 v2
          warning certificate-parked
          corvania gets d1 certificate full AL-1 v2, application/xml, unseen: hub
        "#,
    );
    let told = story.at.hub().store().deliveries(uuid(&amend)).await.unwrap();
    let notice = told.iter().find(|delivery| delivery.cargo.word() == "notice").unwrap();
    let said = story.at.hub().store().sending(notice.id).await.unwrap().unwrap();
    let said: Value = serde_json::from_slice(&said.body.bytes).unwrap();
    assert_eq!((notice.target.as_str(), &said["reason"]["code"]), ("almora", &json!("certificate-unknown")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancellation_of_the_unseen_goes_where_its_country_says() {
    let mut story = Story::begin().await;
    story.deliver("almora", "nowhere", cancelled("AL-1", None)).await;
    story.deliver("almora", "outside", cancelled("AL-1", Some("CH"))).await;
    story.deliver("almora", "corvania", cancelled("AL-1", Some("XC"))).await;
    story.deliver("almora", "again", cancelled("AL-1", Some("XC"))).await;
    story.note("of what was sent the country does not matter:");
    story.deliver("almora", "issue", Sheet::json(&tea("AL-2"))).await;
    story.deliver("almora", "cancel", cancelled("AL-2", Some("XB"))).await;
    story.reads(
        r#"
        almora nowhere: 202 m1, function 1, hub message, AL-1 v1
          warning certificate-unknown
          warning destination-missing
          unaddressed
        almora outside: 202 m2, function 1, hub message, AL-1 v1
          warning certificate-unknown
          warning destination-not-party
          unaddressed
        almora corvania: 202 m3, function 1, hub message, AL-1 v1
          warning certificate-unknown
          delivered
          d1 to corvania (importing party by destinationCountry): hub-message, 0 lost, delivered
          corvania gets d1 cancellation full AL-1 v1, cancellation, unseen: hub
        almora again: 202 m4, function 1, hub message, AL-1 v1
          the same as m3
          warning certificate-unknown
          duplicate
        of what was sent the country does not matter:
        almora issue: 202 m5, function 9, edi3-coo, AL-2 v1
          delivered
          d2 to corvania (importing party by destinationCountry): mec-origine-xml, 23 lost, delivered
          corvania gets d2 certificate full AL-2 v1, application/xml
        almora cancel: 202 m6, function 1, hub message, AL-2 v1
          delivered
          d3 to corvania (it was sent the certificate that is cancelled): hub-message, 0 lost, delivered
          corvania gets d3 cancellation full AL-2 v1, cancellation
        "#,
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replacement_of_the_unseen_is_judged_as_every_change() {
    let mut story = with("unseen = \"reject\"").await;
    story.push("almora", "strict", replacement("AL-2", "AL-1")).await;
    story.deliver("almora", "issue", Sheet::json(&tea("AL-1"))).await;
    story.deliver("almora", "seen", replacement("AL-2", "AL-1")).await;
    story.reads(
        r#"
        almora strict: 422 certificate-unknown: the hub has not seen the certificate that this changes; send the original first
        almora issue: 202 m1, function 9, edi3-coo, AL-1 v1
          delivered
          d1 to corvania (importing party by destinationCountry): mec-origine-xml, 23 lost, delivered
          corvania gets d1 certificate full AL-1 v1, application/xml
        almora seen: 202 m2, function 5, edi3-coo, AL-2 v1
          delivered
          d2 to corvania (importing party by destinationCountry): mec-origine-xml, 23 lost, delivered
          corvania gets d2 certificate full AL-2 v1, application/xml
        "#,
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_has_as_many_parked_as_it_may_and_one_more_is_refused() {
    let mut at = Community::shipped().await;
    at.edit(AGREEMENT, FORWARD, PARK);
    at.start_with(|config| config.intake.parked_per_member_max = ParkedMax(1)).await;
    let mut story = Story::of(at);
    story.deliver("almora", "amend", amended(&tea("AL-1"), "one pallet")).await;
    story.push("almora", "more", amended(&tea("AL-2"), "one pallet")).await;
    story.reads(
        r#"
        almora amend: 202 m1, function 4, edi3-coo, AL-1 v2
          warning certificate-parked
          parked
        almora more: 422 too-many-parked: 1 messages of yours wait for the certificate they change; push those certificates first, then this again
        "#,
    );
}

/// A story in which an amendment for corvania waits for its certificate, and brisca's certificate comes after a reload.
async fn accepted_and_then_reloaded(old: &str, new: &str) -> (Story, String) {
    let mut story = with(PARK).await;
    story.at.partner("almora").behave(Behaviour::Down);
    let amend = story.push("almora", "amend", amended(&tea("AL-1"), "one pallet")).await;
    story.at.edit(AGREEMENT, old, new);
    story.at.hub().reload().await.unwrap();
    story.push("almora", "issue", Sheet::json(&bound_for(&tea("AL-1"), "XB"))).await;
    let routed = |state: &Value| state["state"] != "parked" && state["state"] != "accepted";
    story.at.state_when("almora", &amend, routed).await;
    (story, amend)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_accepted_before_its_link_was_removed_is_held_until_there_is_one_again() {
    let removed = "to = \"brisca\"";
    let (story, amend) = accepted_and_then_reloaded("to = \"*\"", removed).await;
    let held = story.at.state("almora", &amend).await;
    let copy = &held["deliveries"][0];
    assert_eq!([&copy["target"], &copy["state"], &copy["reason"]], ["corvania", "held", "not-entitled"]);
    story.at.edit(AGREEMENT, removed, "to = \"*\"");
    story.at.hub().reload().await.unwrap();
    story.at.state_when("almora", &amend, |state| state["deliveries"][0]["state"] == "delivered").await;
    assert_eq!(story.at.partner("corvania").received()[0].header("CoO-Version"), "2");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_accepted_before_its_country_left_waits_to_be_addressed() {
    let party = "[[party]]\ncountry = \"XC\"\nfrom = \"2026-01-01\"\n";
    let (story, amend) = accepted_and_then_reloaded(party, "").await;
    let listed = json_of(&story.at, &["queue", "--state", "unaddressed"]).await;
    let listed: Vec<_> = listed.iter().filter_map(|one| one.get("message")).collect();
    assert_eq!(listed, [&amend]);
    let address = ["address", &amend, "--to", "corvania", "--reason", "the goods are there"];
    let (code, _, err) = coohub(&story.at, &address).await;
    assert_eq!(code, 0, "{err}");
    let delivered = |state: &Value| state["deliveries"][0]["state"] == "delivered";
    story.at.state_when("almora", &amend, delivered).await;
    assert_eq!(story.at.partner("corvania").received()[0].header("CoO-Version"), "2");
    assert_eq!(json_of(&story.at, &["status"]).await.pop().unwrap()["unaddressed"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_its_agreement_names_again_may_be_addressed_to_whom_it_names() {
    let party = "[[party]]\ncountry = \"XC\"\nfrom = \"2026-01-01\"\n";
    let (story, amend) = accepted_and_then_reloaded(party, "").await;
    story.at.edit(AGREEMENT, "[[party]]\ncountry = \"XD\"", &format!("{party}\n[[party]]\ncountry = \"XD\""));
    story.at.hub().reload().await.unwrap();
    let address = |to: &'static str| ["address", &amend, "--to", to, "--reason", "it is a party again"];
    assert_eq!(coohub(&story.at, &address("estalia")).await.0, 65, "it names another");
    assert_eq!(coohub(&story.at, &address("corvania")).await.0, 0);
    story.at.state_when("almora", &amend, |state| state["deliveries"][0]["state"] == "delivered").await;
}
