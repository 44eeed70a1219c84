//! The importing customs answers, and the answer reaches the source; nobody else's answer counts.

use coohub::message;
use serde_json::json;

use super::story::{Sheet, Story, tea, through_estalia};
use crate::support::{
    hub::{Community, until},
    partner::Behaviour,
};

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_the_importing_customs_reaches_the_source_as_message_and_in_the_state() {
    let mut story = Story::begin().await;
    let certificate = story.deliver("almora", "issue", Sheet::json(&tea("AL-1"))).await;
    let delivery = story.id("d1");
    let answer = |answer: &str| json!({"function": "response", "delivery": delivery, "answer": answer});
    story.deliver("corvania", "received", Sheet::message(&answer("received"))).await;
    let mut rejected = answer("rejected");
    rejected["reason"] = json!({"code": "criterion-not-met", "text": "by letter"});
    story.deliver("corvania", "rejected", Sheet::message(&rejected)).await;
    story.note("the certificate now:");
    story.outcome("almora", &certificate).await;
    story.reads(
        r#"
        almora issue: 202 m1, function 9, edi3-coo, AL-1 v1
          delivered
          d1 to corvania (importing party by destinationCountry): mec-origine-xml, 23 lost, delivered
          corvania gets d1 certificate full AL-1 v1, application/xml
        corvania received: 202 m2, function 11, hub message, AL-1 v1
          delivered
          d2 to almora (it is the source of the certificate answered): hub-message, 0 lost, delivered
          almora gets d2 response full AL-1 v1, response about d1 by corvania: received
        corvania rejected: 202 m3, function 11, hub message, AL-1 v1
          delivered
          d3 to almora (it is the source of the certificate answered): hub-message, 0 lost, delivered
          almora gets d3 response full AL-1 v1, response about d1 by corvania: rejected, criterion-not-met
        the certificate now:
          delivered
          d1 to corvania (importing party by destinationCountry): mec-origine-xml, 23 lost, delivered, customs says received, customs says rejected: criterion-not-met
        "#,
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customs_that_was_not_sent_the_certificate_has_nothing_to_answer() {
    let mut story = Story::begin().await;
    let certificate = story.deliver("almora", "issue", Sheet::json(&tea("AL-1"))).await;
    let answer = json!({"function": "response", "delivery": story.id("d1"), "answer": "accepted"});
    story.push("brisca", "foreign", Sheet::message(&answer)).await;
    story.push("almora", "own", Sheet::message(&answer)).await;
    story.outcome("almora", &certificate).await;
    story.reads(
        r#"
        almora issue: 202 m1, function 9, edi3-coo, AL-1 v1
          delivered
          d1 to corvania (importing party by destinationCountry): mec-origine-xml, 23 lost, delivered
          corvania gets d1 certificate full AL-1 v1, application/xml
        brisca foreign: 422 delivery-unknown: this member was sent no such delivery; state the id from its CoO-Delivery header
        almora own: 422 delivery-unknown: this member was sent no such delivery; state the id from its CoO-Delivery header
          delivered
          d1 to corvania (importing party by destinationCountry): mec-origine-xml, 23 lost, delivered
        "#,
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_answers_a_notice_or_an_answer() {
    let mut story = Story::begin().await;
    story.at.partner("corvania").behave(Behaviour::Refuse("certificate-invalid"));
    story.deliver("almora", "issue", Sheet::json(&tea("AL-1"))).await;
    story.at.partner("corvania").behave(Behaviour::Store);
    let next = story.deliver("almora", "next", Sheet::json(&tea("AL-2"))).await;
    let received = story.at.state("almora", &next).await["deliveries"][0]["delivery"].clone();
    let answer = json!({"function": "response", "delivery": received, "answer": "received"});
    story.deliver("corvania", "received", Sheet::message(&answer)).await;
    let told = async || loop {
        let taken = story.at.partner("almora").received();
        let of = |cargo: &str| taken.iter().find(|one| one.header("CoO-Cargo") == cargo);
        if let (Some(notice), Some(response)) = (of("notice"), of("response")) {
            return [notice.delivery().to_owned(), response.delivery().to_owned()];
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    };
    for id in told().await {
        let answer = json!({"function": "response", "delivery": id, "answer": "accepted"});
        let body = answer.to_string();
        let pushed = story.at.member("almora").push(&id, message::MEDIA_TYPE, Vec::new(), body.into()).await;
        assert_eq!(pushed.unwrap().json()["code"], "delivery-unknown");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_importing_party_is_given_the_time_of_the_agreement_and_nobody_else_is() {
    let mut at = Community::shipped().await;
    at.edit("agreements/mecta.toml", "unseen = ", "answer_within = \"3d\"\nunseen = ");
    at.start().await;
    let mut story = Story::of(at);
    story.deliver("corvania", "transit", Sheet::xml(through_estalia(318))).await;
    story.collect("dunmere").await;
    story.collect("estalia").await;
    let testing = "[[link]]\nfrom = \"corvania\"\nto = \"dunmere\"\nstate = \"test\"\n\n[[link]]";
    story.at.edit("agreements/mecta.toml", "[[link]]", testing);
    story.at.hub().reload().await.unwrap();
    story.push("corvania", "trial", Sheet::xml(through_estalia(319)).with("coo-test", "?1")).await;
    let dunmere = story.at.member("dunmere");
    let entries = until("a test entry", async || {
        let entries = dunmere.get("/v1/inbox?test=true").await.unwrap().json();
        entries.as_array().filter(|entries| !entries.is_empty()).cloned()
    })
    .await;
    story.at.acknowledge("dunmere", &entries[0]).await;
    let due = async |message: &str, target: &str| {
        let state = story.at.state("corvania", &story.id(message)).await;
        let found = state["deliveries"].as_array().unwrap().iter().find(|one| one["target"] == target);
        let delivery = found.unwrap();
        assert_eq!(delivery["state"], "delivered", "{message} to {target}");
        delivery["answerUntil"].is_string()
    };
    assert!(due("m1", "dunmere").await, "the importing party");
    assert!(!due("m1", "estalia").await, "a copy");
    assert!(!due("m2", "dunmere").await, "test traffic");
}
