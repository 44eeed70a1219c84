//! Changes of destination: a later version, or a configuration that changed between versions, gives and takes copies.
//!
//! Notices to the source would arrive at any time; where one is to be expected, the source's server is down.

use super::story::{Sheet, Story, amended, bound_for, cancellation, tea};
use crate::support::{hub::Community, partner::Behaviour};

/// A rule by which brisca gets a copy of everything.
const COPY: &str = "[[copy]]\nname = \"cumulation\"\nto = \"brisca\"\nview = \"full\"\n\n[[link]]";
const AGREEMENT: &str = "agreements/mecta.toml";

/// The shipped community, where brisca gets a full copy of everything.
async fn with_copies() -> Story {
    let mut at = Community::shipped().await;
    at.edit(AGREEMENT, "[[link]]", COPY);
    at.start().await;
    Story::of(at)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal_after_a_replacement_names_the_certificate_that_is_held() {
    let mut story = Story::begin().await;
    story.deliver("almora", "issue", Sheet::json(&tea("AL-1"))).await;
    let elsewhere = Sheet::json(&bound_for(&tea("AL-2"), "XB"));
    let replacement = elsewhere.with("coo-function", "5").with("coo-earlier", "AL-1");
    story.deliver("almora", "replace", replacement).await;
    story.reads(
        r#"
        almora issue: 202 m1, function 9, edi3-coo, AL-1 v1
          delivered
          d1 to corvania (importing party by destinationCountry): mec-origine-xml, 23 lost, delivered
          corvania gets d1 certificate full AL-1 v1, application/xml
        almora replace: 202 m2, function 5, edi3-coo, AL-2 v1
          delivered
          d2 to brisca (importing party by destinationCountry): mec-origine-xml, 23 lost, delivered
          d3 to corvania (a later version no longer names this target): hub-message, 0 lost, delivered
          brisca gets d2 certificate full AL-2 v1, application/xml, unseen: target
          corvania gets d3 cancellation full AL-1 v1, withdrawal
        "#,
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_rule_that_is_removed_withdraws_the_copies_with_the_next_version() {
    let mut story = with_copies().await;
    let first = tea("AL-1");
    story.deliver("almora", "issue", Sheet::json(&first)).await;
    story.at.edit(AGREEMENT, COPY, "[[link]]");
    story.at.hub().reload().await.unwrap();
    story.deliver("almora", "amend", amended(&first, "two pallets")).await;
    story.reads(
        r#"
        almora issue: 202 m1, function 9, edi3-coo, AL-1 v1
          delivered
          d1 to brisca (copy rule "cumulation"): mec-origine-xml, 23 lost, delivered
          d2 to corvania (importing party by destinationCountry): mec-origine-xml, 23 lost, delivered
          brisca gets d1 certificate full AL-1 v1, application/xml
          corvania gets d2 certificate full AL-1 v1, application/xml
        almora amend: 202 m2, function 4, edi3-coo, AL-1 v2
          delivered
          d3 to corvania (importing party by destinationCountry): mec-origine-xml, 23 lost, delivered
          d4 to brisca (a later version no longer names this target): hub-message, 0 lost, delivered
          brisca gets d4 cancellation full AL-1 v1, withdrawal
          corvania gets d3 certificate full AL-1 v2, application/xml
        "#,
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_rule_that_is_cut_shows_less_of_the_next_version_and_shuts_the_original_at_once() {
    let mut story = with_copies().await;
    let first = tea("AL-1");
    let id = story.deliver("almora", "issue", Sheet::json(&first)).await;
    let state = story.at.state("almora", &id).await;
    let copy = state["deliveries"][0]["delivery"].as_str().unwrap().to_owned();
    let original = format!("/v1/deliveries/{copy}/original");
    assert_eq!(story.at.member("brisca").get(&original).await.unwrap().status, 200);

    story.at.edit(AGREEMENT, "view = \"full\"", "view = \"minimised\"\nfields = [\"number\", \"issuer.id\"]");
    story.at.hub().reload().await.unwrap();
    assert_eq!(story.at.member("brisca").get(&original).await.unwrap().status, 404, "under the live rule");
    story.deliver("almora", "amend", amended(&first, "two pallets")).await;
    story.at.edit(AGREEMENT, "view = \"minimised\"\nfields = [\"number\", \"issuer.id\"]", "view = \"full\"");
    story.at.hub().reload().await.unwrap();
    assert_eq!(story.at.member("brisca").get(&original).await.unwrap().status, 404, "the last word counts");
    story.reads(
        r#"
        almora issue: 202 m1, function 9, edi3-coo, AL-1 v1
          delivered
          d1 to brisca (copy rule "cumulation"): mec-origine-xml, 23 lost, delivered
          d2 to corvania (importing party by destinationCountry): mec-origine-xml, 23 lost, delivered
          brisca gets d1 certificate full AL-1 v1, application/xml
          corvania gets d2 certificate full AL-1 v1, application/xml
        almora amend: 202 m2, function 4, edi3-coo, AL-1 v2
          delivered
          d3 to brisca (copy rule "cumulation"): canonical-json, 114 lost, delivered
          d4 to corvania (importing party by destinationCountry): mec-origine-xml, 23 lost, delivered
          brisca gets d3 certificate minimised AL-1 v2, application/json
          corvania gets d4 certificate full AL-1 v2, application/xml
        "#,
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_copy_that_still_waits_when_its_rule_is_cut_is_never_sent() {
    let mut story = with_copies().await;
    story.at.partner("almora").behave(Behaviour::Down);
    story.at.partner("brisca").behave(Behaviour::Down);
    let first = tea("AL-1");
    let id = story.push("almora", "issue", Sheet::json(&first)).await;
    story.at.state_when("almora", &id, |state| state["deliveries"][0]["attempts"] != 0).await;
    story.at.edit(AGREEMENT, "view = \"full\"", "view = \"notice\"");
    story.at.hub().reload().await.unwrap();
    story.at.partner("brisca").behave(Behaviour::Store);
    let held = |state: &serde_json::Value| state["deliveries"][0]["reason"] == "not-entitled";
    story.at.state_when("almora", &id, held).await;
    let next = story.push("almora", "amend", amended(&first, "two pallets")).await;
    story.at.settled("almora", &next).await;
    story.arrivals();
    assert_eq!(story.at.state("almora", &id).await["deliveries"][0]["state"], "cancelled", "superseded");
    story.reads(
        r#"
        almora issue: 202 m1, function 9, edi3-coo, AL-1 v1
        almora amend: 202 m2, function 4, edi3-coo, AL-1 v2
          brisca gets d1 certificate notice AL-1 v2, amendment
          corvania gets d2 certificate full AL-1 v1, application/xml
          corvania gets d3 certificate full AL-1 v2, application/xml
        "#,
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_suspended_link_held_goes_on_in_order_when_a_reload_opens_it() {
    let mut story = with_copies().await;
    story.at.partner("almora").behave(Behaviour::Down);
    let first = tea("AL-1");
    story.at.partner("brisca").behave(Behaviour::Down);
    let issue = story.push("almora", "issue", Sheet::json(&first)).await;
    story.at.state_when("almora", &issue, |state| state["deliveries"][0]["attempts"] != 0).await;
    let shut =
        "[[link]]\nfrom = \"almora\"\nto = \"brisca\"\nstate = \"suspended\"\n\n[[link]]\nfrom = \"*\"";
    story.at.edit(AGREEMENT, "[[link]]\nfrom = \"*\"", shut);
    story.at.hub().reload().await.unwrap();
    story.at.partner("brisca").behave(Behaviour::Store);
    let amend = story.push("almora", "amend", amended(&first, "two pallets")).await;
    let held = |state: &serde_json::Value| {
        let settled = |delivery: &serde_json::Value| match delivery["target"].as_str() {
            Some("brisca") => delivery["state"] == "held" || delivery["state"] == "queued",
            _ => delivery["state"] == "delivered",
        };
        let all = state["deliveries"].as_array().unwrap();
        all.len() == 2 && all.iter().all(settled)
    };
    story.at.state_when("almora", &issue, held).await;
    story.at.state_when("almora", &amend, held).await;
    story.arrivals();
    story.note("the link is opened again:");
    story.at.edit(AGREEMENT, shut, "[[link]]\nfrom = \"*\"");
    story.at.hub().reload().await.unwrap();
    let delivered = |state: &serde_json::Value| {
        state["deliveries"].as_array().unwrap().iter().all(|delivery| delivery["state"] == "delivered")
    };
    story.at.state_when("almora", &amend, delivered).await;
    story.arrivals();
    story.reads(
        r#"
        almora issue: 202 m1, function 9, edi3-coo, AL-1 v1
        almora amend: 202 m2, function 4, edi3-coo, AL-1 v2
          corvania gets d1 certificate full AL-1 v1, application/xml
          corvania gets d2 certificate full AL-1 v2, application/xml
        the link is opened again:
          brisca gets d3 certificate full AL-1 v1, application/xml
          brisca gets d4 certificate full AL-1 v2, application/xml
        "#,
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_amendment_and_a_cancellation_pass_a_refused_original() {
    let mut story = Story::begin().await;
    story.at.partner("almora").behave(Behaviour::Down);
    story.at.partner("corvania").behave(Behaviour::Refuse("certificate-invalid"));
    let first = tea("AL-1");
    story.deliver("almora", "issue", Sheet::json(&first)).await;
    story.at.partner("corvania").behave(Behaviour::Store);
    story.deliver("almora", "amend", amended(&first, "two pallets")).await;
    story.deliver("almora", "cancel", cancellation("AL-1")).await;
    story.reads(
        r#"
        almora issue: 202 m1, function 9, edi3-coo, AL-1 v1
          ended
          d1 to corvania (importing party by destinationCountry): mec-origine-xml, 23 lost, refused
          corvania gets d1 certificate full AL-1 v1, application/xml
        almora amend: 202 m2, function 4, edi3-coo, AL-1 v2
          delivered
          d2 to corvania (importing party by destinationCountry): mec-origine-xml, 23 lost, delivered
          corvania gets d2 certificate full AL-1 v2, application/xml, unseen: target
        almora cancel: 202 m3, function 1, hub message, AL-1 v2
          delivered
          d3 to corvania (it was sent the certificate that is cancelled): hub-message, 0 lost, delivered
          corvania gets d3 cancellation full AL-1 v2, cancellation
        "#,
    );
}
