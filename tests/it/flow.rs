//! A certificate end to end: real files, real sockets, real mutual TLS, a real store.
//!
//! Method: each story is played against the shipped community and written down as it is seen from outside, by the
//! source (answers, receipts, states) and by the targets (what arrived). The chronicle is compared whole, so whatever
//! changes for a member shows here as a changed line.

mod answers;
mod changes;
mod copies;
mod corpus;
mod destination;
mod outage;
mod reload;
mod rollover;
pub(crate) mod story;
mod unseen;

use coohub::model::id::Digest;

use crate::support::hub::sample;
use story::{Sheet, Story, tea};

#[tokio::test(flavor = "multi_thread")]
async fn each_member_sends_its_own_format_and_gets_its_own_format() {
    let mut story = Story::begin().await;
    story.deliver("almora", "json-1", Sheet::json(&tea("AL-1"))).await;
    let cod = story.at.signed("brisca", &sample("aladi-cod/samples/mecta-brisca-almora.xml"));
    story.deliver("brisca", "cod-1", Sheet::xml(cod)).await;
    let xml = sample("mec-origine-xml/samples/corvania-dunmere.xml");
    story.deliver("corvania", "xml-1", Sheet::xml(xml)).await;
    story.collect("dunmere").await;
    let csv = sample("mec-csv/samples/dunmere-estalia.csv");
    story.deliver("dunmere", "csv-1", Sheet::csv(csv)).await;
    let bodies = story.collect("estalia").await;
    assert!(bodies[0].starts_with(b"<?xml"), "estalia takes canonical XML");
    story.reads(
        r#"
        almora json-1: 202 m1, function 9, edi3-coo, AL-1 v1
          delivered
          d1 to corvania (importing party by destinationCountry): mec-origine-xml, 23 lost, delivered
          corvania gets d1 certificate full AL-1 v1, application/xml
        brisca cod-1: 202 m2, function 9, aladi-cod, XBB01MEC260000087700 v0
          delivered
          d2 to almora (importing party by destinationCountry): canonical-json, 0 lost, delivered
          almora gets d2 certificate full XBB01MEC260000087700 v0, application/json
        corvania xml-1: 202 m3, function 9, mec-origine-xml, CVN/2026/000318 v1
          routed
          d3 to dunmere (importing party by destinationCountry): mec-csv, 9 lost, pending
          dunmere collects d3 certificate full CVN/2026/000318 v1, text/csv, acknowledged: 200
        dunmere csv-1: 202 m4, function 9, mec-csv, D-26-0044 v1
          routed
          d4 to estalia (importing party by destinationCountry): canonical-xml, 0 lost, pending
          estalia collects d4 certificate full D-26-0044 v1, application/xml, acknowledged: 200
        "#,
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_takes_canonical_json_gets_the_very_bytes_the_receipt_names() {
    let mut story = Story::begin().await;
    let cod = story.at.signed("brisca", &sample("aladi-cod/samples/mecta-brisca-almora.xml"));
    story.deliver("brisca", "cod-1", Sheet::xml(cod)).await;
    let named = story.receipt("brisca", "cod-1").await["canonicalDigest"].clone();
    let received = story.at.partner("almora").received();
    assert_eq!(named, format!("sha-256:{}", Digest::of(&received[0].bytes).hex()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_accepted_is_answered_again_and_nothing_else_takes_its_place() {
    let mut story = Story::begin().await;
    let first = Sheet::json(&tea("AL-1"));
    story.deliver("almora", "first", first.clone()).await;
    story.push("almora", "first", first.clone()).await;
    story.push("almora", "first", Sheet::json(&tea("AL-2"))).await;
    story.push("almora", "first", first.clone().with("coo-function", "4")).await;
    story.note("the same certificate under another message id:");
    story.deliver("almora", "second", first.clone()).await;
    story.push("almora", "second", first).await;
    story.reads(
        r#"
        almora first: 202 m1, function 9, edi3-coo, AL-1 v1
          delivered
          d1 to corvania (importing party by destinationCountry): mec-origine-xml, 23 lost, delivered
          corvania gets d1 certificate full AL-1 v1, application/xml
        almora first: 200, duplicate of m1, same receipt: true
        almora first: 409 message-id-conflict: another message was accepted under this Idempotency-Key; give this one an id of its own
        almora first: 409 message-id-conflict: another message was accepted under this Idempotency-Key; give this one an id of its own
        the same certificate under another message id:
        almora second: 202 m2, function 9, edi3-coo, AL-1 v1
          the same as m1
          duplicate
        almora second: 200, duplicate of m2, same receipt: true
        "#,
    );
    let counts = story.at.hub().store().counts().await.unwrap();
    assert_eq!((counts.messages, counts.delivered), (2, 1));
}
