//! A member state joins: its file, its trial, its checklist, what it issued before, and the day it goes live.
//!
//! Method: a whole hub with its members' servers; every command is the one an operator types.

mod bulk;
mod golive;
mod list;

use std::fs;

use coohub::cli;
use serde_json::{Value, json};

use crate::{
    control::coohub,
    flow::story::{Sheet, Story, bound_for, tea},
    support::{
        command,
        hub::{sample, until},
        partner::Behaviour,
    },
};

const ANSWERS: &str = r#"
name = "Republic of Florin"
customs = ["XF"]
sends = ["canonical-json"]
takes = "canonical-json"
on_unrenderable = "original"
identity = { anchors = "dev/florin/anchor.pem", san = "urn:coohub:member:florin" }
body = [{ id = "XF-CHAMBER", name = "Chamber", country = "XF", zone = "Europe/Lisbon", from = "2026-01-01" }]
push = { url = "https://localhost:9499/coo", anchors = "dev/florin/anchor.pem" }
agreement = [{ id = "mecta", from = "2026-01-01" }]
"#;

/// A member that joined by its answers, its links in test; the hub is reloaded.
pub(crate) async fn joined() -> Story {
    let mut story = Story::begin().await;
    listed(&story);
    let answers = story.at.path("answers.toml");
    fs::write(&answers, ANSWERS).unwrap();
    let (_, out, err) =
        coohub(&story.at, &["member", "new", "florin", "--answers", answers.to_str().unwrap()]).await;
    assert_eq!(err, "", "{out}");
    let lines = out.split("agreements/mecta.toml:\n\n").nth(1).unwrap().split("\n\nthen ").next().unwrap();
    let agreement = story.at.read("agreements/mecta.toml");
    story.at.write("agreements/mecta.toml", &format!("{agreement}\n{lines}"));
    story.at.edit("members/florin.toml", "suspended = true\n", "");
    story.at.adopt("florin").await;
    let (code, out, _) = check(&story).await;
    assert_eq!(code, cli::exit::CLEAN, "{out}");
    story.at.hub().reload().await.unwrap();
    story
}

/// Lets the lists of countries have its country.
fn listed(story: &Story) {
    let estalia = "  { is = \"XE\",";
    let florin = "  { is = \"XF\", user = true, alpha3 = \"XFF\", en = \"Florin\", ru = \"Флорин\" },\n";
    story.at.edit("formats/codes/countries.toml", estalia, &format!("{florin}{estalia}"));
}

async fn check(story: &Story) -> (u8, String, String) {
    let folder = story.at.folder().to_str().unwrap().to_owned();
    tokio::task::spawn_blocking(|| command::coohub(["check".to_owned(), folder])).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_become_a_member_that_pushes_test_traffic() {
    let mut story = joined().await;
    let sandbox = story.at.sandbox("corvania").await;
    let mut certificate: Value =
        serde_json::from_str(&sample("edi3-coo/samples/almora-corvania-tea.canonical.json")).unwrap();
    certificate["issuer"] = json!({"id": "XF-CHAMBER", "name": "Florin Chamber of Commerce"});
    certificate["attachments"] = json!([]);
    let test = Sheet::json(&certificate).with("coo-test", "?1");
    assert_eq!(story.push("florin", "trial", test.clone()).await, "", "corvania is live");
    let refused = "member corvania is live and names no sandbox";
    assert!(story.text().contains(refused), "{}", story.text());
    story.at.hub().reload().await.unwrap();
    story.deliver("florin", "trial", test).await;
    assert!(story.at.partner("corvania").received().is_empty());
    let received = sandbox.received();
    assert_eq!((received.len(), received[0].header("CoO-Test")), (1, "true"));
    assert_eq!(received[0].header("CoO-Source"), "florin");
    let number = certificate["number"].as_str().unwrap();
    let (_, listed, _) = coohub(&story.at, &["queue", "--number", number]).await;
    assert!(listed.contains("delivered (test)"), "what is a trial shows as one: {listed}");
    story.push("florin", "real", Sheet::json(&certificate)).await;
    story.push("almora", "real", Sheet::json(&bound_for(&tea("AL-2"), "XF"))).await;
    assert_eq!(
        story.at.hub().store().counts().await.unwrap().messages,
        1,
        "its links take nothing that counts"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sandbox_that_is_down_is_told_beside_the_lane_and_is_no_alert() {
    let mut story = joined().await;
    let sandbox = story.at.sandbox("corvania").await;
    story.at.hub().reload().await.unwrap();
    sandbox.behave(Behaviour::Down);
    let mut certificate: Value =
        serde_json::from_str(&sample("edi3-coo/samples/almora-corvania-tea.canonical.json")).unwrap();
    certificate["issuer"] = json!({"id": "XF-CHAMBER", "name": "Florin Chamber of Commerce"});
    certificate["attachments"] = json!([]);
    for number in 0..5 {
        certificate["number"] = json!(format!("XF-{number}"));
        let test = Sheet::json(&certificate).with("coo-test", "?1");
        story.push("florin", &format!("trial-{number}"), test).await;
    }
    let told = until("a sandbox that is spared", async || {
        let (_, out, _) = coohub(&story.at, &["status"]).await;
        out.contains("; attempts at its sandbox fail, tried again at").then_some(out)
    })
    .await;
    assert!(!told.contains("partner-down"), "{told}");
    let (_, top, _) = coohub(&story.at, &["top", "--once"]).await;
    assert!(top.contains("attempts at its sandbox fail"), "{top}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_client_of_a_mailbox_never_meets_test_entries() {
    let mut story = joined().await;
    let mut certificate: Value =
        serde_json::from_str(&sample("edi3-coo/samples/almora-corvania-tea.canonical.json")).unwrap();
    certificate["issuer"] = json!({"id": "XF-CHAMBER", "name": "Florin Chamber of Commerce"});
    certificate["attachments"] = json!([]);
    certificate["destinationCountry"] = json!("XD");
    certificate["importer"]["address"]["country"] = json!("XD");
    let test = Sheet::json(&certificate).with("coo-test", "?1");
    let id = story.push("florin", "trial", test).await;
    assert_ne!(id, "", "a mailbox needs no sandbox: {}", story.text());
    story.at.state_when("florin", &id, |state| state["state"] != "accepted").await;
    let dunmere = story.at.member("dunmere");
    let looked = async |query: &str| dunmere.get(&format!("/v1/inbox{query}")).await.unwrap();
    let mut entries = json!([]);
    while entries == json!([]) {
        assert_eq!(looked("").await.json(), json!([]));
        assert_eq!(looked("?test=false&limit=5").await.json(), json!([]));
        entries = looked("?test=true").await.json();
    }
    assert_eq!(entries[0]["headers"]["CoO-Test"], "true");
    assert_eq!(looked("?test=yes").await.status, 400);
    let path = format!("/v1/certificates/XF-CHAMBER/{}", certificate["number"].as_str().unwrap());
    assert_eq!(dunmere.get(&path).await.unwrap().json()["test"], true);
    assert_eq!(story.at.acknowledge("dunmere", &entries[0]).await.status, 200);
    assert_eq!(looked("?test=true").await.json(), json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_is_there_is_left_as_it_is() {
    let story = Story::begin().await;
    let before = story.at.read("members/almora.toml");
    let answers = story.at.path("answers.toml");
    fs::write(&answers, ANSWERS).unwrap();
    let new = |id: &'static str| ["member", "new", id, "--answers", answers.to_str().unwrap()];
    let (code, _, err) = coohub(&story.at, &new("almora")).await;
    assert_eq!((code, err.contains("is there already")), (cli::exit::REFUSED_INPUT, true), "{err}");
    assert_eq!(story.at.read("members/almora.toml"), before);
    assert_eq!(coohub(&story.at, &new("Flo rin")).await.0, cli::exit::USAGE);
    fs::write(&answers, ANSWERS.replace("takes =", "take =")).unwrap();
    let (code, _, err) = coohub(&story.at, &new("florin")).await;
    assert_eq!((code, err.contains("answers.toml")), (cli::exit::REFUSED_INPUT, true), "{err}");
    assert!(!story.at.path("partners/members/florin.toml").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_new_member_is_said_at_once() {
    let story = Story::begin().await;
    listed(&story);
    let answers = story.at.path("answers.toml");
    fs::write(&answers, ANSWERS.replace("Europe/Lisbon", "Europe/Lisboa")).unwrap();
    let new = ["member", "new", "florin", "--answers", answers.to_str().unwrap()];
    let (code, out, err) = coohub(&story.at, &new).await;
    assert_eq!((code, out.as_str()), (cli::exit::REFUSED_INPUT, ""));
    assert!(err.contains("answers.toml: ") && err.contains("\"Europe/Lisboa\" is not an IANA"), "{err}");
    assert!(err.trim_end().ends_with("nothing is written"), "{err}");
    assert!(!story.at.path("partners/members/florin.toml").exists());
    fs::write(&answers, ANSWERS).unwrap();
    let (code, out, err) = coohub(&story.at, &new).await;
    assert_eq!((code, err.as_str()), (cli::exit::CLEAN, ""), "{out}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_whose_pem_files_are_still_to_come_is_written_and_that_is_success() {
    let story = Story::begin().await;
    listed(&story);
    let answers = story.at.path("answers.toml");
    fs::write(&answers, format!("id = \"guilder\"{ANSWERS}")).unwrap();
    let new = ["member", "new", "florin", "--answers", answers.to_str().unwrap()];
    let (code, _, err) = coohub(&story.at, &new).await;
    assert_eq!(code, cli::exit::REFUSED_INPUT);
    assert!(err.contains("is about \"guilder\", and \"florin\" was asked for"), "{err}");
    assert!(!story.at.path("partners/members/florin.toml").exists());
    fs::write(&answers, ANSWERS).unwrap();
    let (code, out, _) = coohub(&story.at, &new).await;
    assert_eq!(code, cli::exit::CLEAN, "{out}");
    assert!(out.contains("florin/anchor.pem: is missing"), "{out}");
    assert!(out.trim_end().ends_with("once they are there, coohub check"), "{out}");
}
