//! Who may see what: the original for the full view, some fields for a transit state, nothing for the rest.

use coohub::{
    decode::{self, document::Syntax, limit::Limits},
    map,
};

use super::story::{Sheet, Story, through_estalia};

#[tokio::test(flavor = "multi_thread")]
async fn a_transit_state_sees_the_fields_of_its_rule_and_no_others() {
    let mut story = Story::begin().await;
    story.deliver("corvania", "transit", Sheet::xml(through_estalia(318))).await;
    let copies = story.collect("estalia").await;
    let decoded = decode::decode(Syntax::Xml, &copies[0], &Limits::DEFAULT).unwrap();
    let shown = map::canonical::map(&decoded.document).certificate;
    for (place, value) in shown.iter() {
        story.note(&format!("  {} = {value}", place.path()));
    }
    story.reads(
        r#"
        corvania transit: 202 m1, function 9, mec-origine-xml, CVN/2026/000318 v1
          routed
          d1 to dunmere (importing party by destinationCountry): mec-csv, 11 lost, pending
          d2 to estalia (copy rule "transit through Estalia"): canonical-xml, 34 lost, pending
          estalia collects d2 certificate minimised CVN/2026/000318 v1, application/xml, acknowledged: 200
          number = CVN/2026/000318
          issueDate = 2026-07-02T09:00:00+02:00
          issuer.id = CVN-DOUANES
          issuer.name = Almora Chamber of Commerce and Industry
          exportCountry = XC
          destinationCountry = XD
          transport.transit.name = Nea Poli
          transport.transit.country = XE
          items[1].number = 1
          items[1].description = Theodolites, electronic; issued retroactively, goods left on 12 June 2026
          items[1].hs.code = 901520
          items[1].origin.country = XC
        "#,
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_original_is_for_whoever_has_the_full_view() {
    let mut story = Story::begin().await;
    story.deliver("corvania", "transit", Sheet::xml(through_estalia(318))).await;
    story.collect("dunmere").await;
    story.collect("estalia").await;
    let state = story.at.state("corvania", &story.id("m1")).await;
    let delivery = |target: &str| {
        let all = state["deliveries"].as_array().unwrap();
        all.iter().find(|d| d["target"] == target).unwrap()["delivery"].as_str().unwrap().to_owned()
    };
    let path = |target: &str| format!("/v1/deliveries/{}/original", delivery(target));
    let original = story.at.member("dunmere").get(&path("dunmere")).await.unwrap();
    assert_eq!((original.status, original.header("content-type")), (200, Some("application/xml")));
    assert_eq!(original.body, through_estalia(318), "byte for byte");
    for (asker, whose) in [("estalia", "estalia"), ("estalia", "dunmere"), ("corvania", "dunmere")] {
        let answer = story.at.member(asker).get(&path(whose)).await.unwrap();
        assert_eq!(answer.status, 404, "{asker} asks for the original sent to {whose}");
        assert_eq!(answer.json()["code"], "not-found");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_state_of_a_message_is_its_sources_alone() {
    let mut story = Story::begin().await;
    let id = story.deliver("corvania", "transit", Sheet::xml(through_estalia(318))).await;
    for other in ["dunmere", "estalia", "almora"] {
        let answer = story.at.member(other).get(&format!("/v1/messages/{id}")).await.unwrap();
        assert_eq!(answer.status, 404, "{other}");
    }
}
