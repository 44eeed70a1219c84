//! The customs officer at the desk, and the source who is asked: one certificate by its number, over the real door.

use bytes::Bytes;
use coohub::cli::member::{Answer, Ask};
use serde_json::{Value, json};

use crate::{
    flow::story::{Sheet, Story, amended, cancellation, tea},
    support::hub::{Community, PATIENCE, sample},
};

const TEA: &str = "/v1/certificates/id:chamber.almora.example/AL-1";

async fn get(at: &Community, member: &str, path: &str) -> Answer {
    at.member(member).get(path).await.unwrap()
}

async fn resend(at: &Community, member: &str, path: &str) -> Answer {
    let path = format!("{path}/resend");
    at.member(member)
        .ask(Ask { method: "POST", path: &path, headers: Vec::new(), body: Bytes::new() })
        .await
        .unwrap()
}

/// Almora's tea, issued and amended, delivered to Corvania and in copy to Estalia's mailbox.
///
/// Whoever asks for it again before a test is over asks early.
async fn delivered() -> Story {
    let mut at = Community::shipped().await;
    at.start_with(|config| config.delivery.resend_pause = PATIENCE).await;
    let mut story = Story::of(at);
    story.deliver("almora", "issue", Sheet::json(&tea("AL-1"))).await;
    let amended = amended(&tea("AL-1"), "two pallets");
    story.deliver("almora", "amend", amended).await;
    story
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_sees_every_version_and_a_target_what_it_was_sent_and_nobody_else_anything() {
    let mut story = delivered().await;
    let source = get(&story.at, "almora", TEA).await.json();
    assert_eq!((&source["state"], &source["number"]), (&json!("current"), &json!("AL-1")));
    let versions = source["versions"].as_array().unwrap();
    let shown: Vec<_> = versions.iter().map(|it| (&it["function"], &it["version"], &it["state"])).collect();
    let (delivered, nine, four, one, two) = (json!("delivered"), json!(9), json!(4), json!(1), json!(2));
    assert_eq!(shown, [(&nine, &one, &delivered), (&four, &two, &delivered)]);
    assert_eq!(versions[1]["deliveries"][0]["target"], "corvania");

    let answer = get(&story.at, "corvania", TEA).await;
    let target = answer.json();
    assert_eq!((&target["state"], &target["holds"]), (&json!("current"), &two));
    assert_eq!(target["deliveries"].as_array().unwrap().len(), 2);
    assert_eq!(target["deliveries"][1]["delivery"], versions[1]["deliveries"][0]["delivery"]);
    assert_eq!(target["lastWord"], target["deliveries"][1]["delivery"]);
    assert!(target.get("versions").is_none(), "a target sees its own copies only: {target}");

    let unknown = get(&story.at, "brisca", "/v1/certificates/id:chamber.almora.example/AL-7").await;
    for member in ["brisca", "dunmere"] {
        let stranger = get(&story.at, member, TEA).await;
        assert_eq!((stranger.status, &stranger.body), (404, &unknown.body), "{member}");
        assert_eq!(resend(&story.at, member, TEA).await.status, 404, "{member}");
    }

    let tag = answer.header("etag").unwrap().to_owned();
    let known = vec![("if-none-match", tag)];
    let ask = Ask { method: "GET", path: TEA, headers: known.clone(), body: Bytes::new() };
    assert_eq!(story.at.member("corvania").ask(ask).await.unwrap().status, 304);
    story.deliver("almora", "cancel", cancellation("AL-1")).await;
    let ask = Ask { method: "GET", path: TEA, headers: known, body: Bytes::new() };
    let changed = story.at.member("corvania").ask(ask).await.unwrap();
    assert_eq!((changed.status, &changed.json()["state"]), (200, &json!("cancelled")));
    assert_eq!(get(&story.at, "almora", TEA).await.json()["state"], "cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_officer_gets_the_last_version_again_under_its_id_also_a_number_with_slashes() {
    let story = delivered().await;
    let early = resend(&story.at, "corvania", TEA).await;
    assert_eq!((early.status, early.json()["code"].as_str()), (429, Some("too-many-requests")));
    assert!(early.header("retry-after").is_some());

    let xml = sample("mec-origine-xml/samples/corvania-dunmere.xml");
    let headers = Vec::new();
    let pushed = story.at.member("corvania").push("x", "application/xml", headers, xml.into()).await.unwrap();
    assert_eq!(pushed.status, 202, "{pushed:?}");
    let first = story.at.collect("dunmere").await;
    let slashes = "/v1/certificates/CVN-TRADE-7/CVN%2F2026%2F000318";
    let issuer = first[0]["headers"]["CoO-Issuer"].as_str().unwrap();
    let slashes = slashes.replace("CVN-TRADE-7", issuer);
    let state: Value = get(&story.at, "dunmere", &slashes).await.json();
    assert_eq!(state["deliveries"][0]["delivery"], first[0]["delivery"], "{state}");
    let asked = story.at.member("dunmere");
    let path = format!("{slashes}/resend?agreement=MECTA");
    let ask = Ask { method: "POST", path: &path, headers: Vec::new(), body: Bytes::new() };
    let asked = asked.ask(ask).await.unwrap();
    assert_eq!((asked.status, &asked.json()["delivery"]), (202, &first[0]["delivery"]));
    assert_eq!(asked.header("location"), Some(format!("{slashes}?agreement=MECTA").as_str()));
    let again = story.at.collect("dunmere").await;
    assert_eq!((&again[0]["delivery"], &again[0]["content"]), (&first[0]["delivery"], &first[0]["content"]));

    let wrong = get(&story.at, "dunmere", &format!("{slashes}?agrement=mecta")).await;
    assert_eq!((wrong.status, wrong.json()["code"].as_str()), (400, Some("query-invalid")));
    let named = get(&story.at, "dunmere", &format!("{slashes}?agreement=MECTA")).await;
    assert_eq!(named.status, 200);
    assert_eq!(get(&story.at, "dunmere", &format!("{slashes}?agreement=other")).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_certificates_in_the_place_of_one_are_taken_told_and_seen_and_so_is_a_change_after_its_end() {
    let mut story = Story::begin().await;
    story.deliver("almora", "issue", Sheet::json(&tea("AL-1"))).await;
    for number in ["AL-2", "AL-3"] {
        let replacement = Sheet::json(&tea(number)).with("coo-function", "5").with("coo-earlier", "AL-1");
        story.deliver("almora", number, replacement).await;
    }
    let amended = amended(&tea("AL-1"), "two pallets");
    story.deliver("almora", "late", amended).await;
    story.reads(
        r#"
        almora issue: 202 m1, function 9, edi3-coo, AL-1 v1
          delivered
          d1 to corvania (importing party by destinationCountry): mec-origine-xml, 23 lost, delivered
          corvania gets d1 certificate full AL-1 v1, application/xml
        almora AL-2: 202 m2, function 5, edi3-coo, AL-2 v1
          delivered
          d2 to corvania (importing party by destinationCountry): mec-origine-xml, 23 lost, delivered
          corvania gets d2 certificate full AL-2 v1, application/xml
        almora AL-3: 202 m3, function 5, edi3-coo, AL-3 v1
          warning already-replaced
          delivered
          d3 to corvania (importing party by destinationCountry): mec-origine-xml, 23 lost, delivered
          corvania gets d3 certificate full AL-3 v1, application/xml
        almora late: 202 m4, function 4, edi3-coo, AL-1 v2
          warning already-replaced
          delivered
          d4 to corvania (importing party by destinationCountry): mec-origine-xml, 23 lost, delivered
          corvania gets d4 certificate full AL-1 v2, application/xml
        "#,
    );
    for member in ["almora", "corvania"] {
        let first = get(&story.at, member, TEA).await.json();
        assert_eq!((&first["state"], &first["replacedBy"]), (&json!("replaced"), &json!("AL-3")), "{member}");
        assert_eq!(
            (&first["replacements"], &first["rivals"]),
            (&json!(["AL-2", "AL-3"]), &json!([])),
            "{member}"
        );
        let second = get(&story.at, member, &TEA.replace("AL-1", "AL-2")).await.json();
        assert_eq!((&second["state"], &second["rivals"]), (&json!("current"), &json!(["AL-3"])), "{member}");
    }
    assert_eq!(get(&story.at, "corvania", TEA).await.json()["holds"], 2);
}
