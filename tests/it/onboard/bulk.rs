//! What was issued before the link went live is brought in behind everything else, and never twice.

use std::fs;

use coohub::cli;
use serde_json::Value;

use crate::{
    control::{Ran, coohub},
    flow::story::{Sheet, Story, tea},
    support::{command, hub::until, partner::Behaviour},
};

/// Runs `push --bulk` as almora.
async fn bulk(story: &Story, folder: &str, port: u16) -> Ran {
    let at = |name: &str| story.at.path(name).to_str().unwrap().to_owned();
    let arguments = vec![
        "push".to_owned(),
        "--bulk".to_owned(),
        at(folder),
        "--hub".to_owned(),
        format!("https://localhost:{port}"),
        "--leaf".to_owned(),
        at("certs/dev/almora/leaf.pem"),
        "--key".to_owned(),
        at("certs/dev/almora/leaf.key"),
        "--anchors".to_owned(),
        at("certs/dev/anchor.pem"),
    ];
    tokio::task::spawn_blocking(|| command::coohub(arguments)).await.unwrap()
}

/// A folder with certificates of these numbers.
fn folder(story: &Story, numbers: &[&str]) {
    let folder = story.at.path("old");
    fs::create_dir_all(&folder).unwrap();
    for number in numbers {
        fs::write(folder.join(format!("{number}.json")), tea(number).to_string()).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_live_overtakes_what_is_brought_in() {
    let mut story = Story::begin().await;
    let text = story.at.read("members/corvania.toml");
    story.at.write("members/corvania.toml", &format!("concurrency = 1\n{text}"));
    story.at.hub().reload().await.unwrap();
    assert_eq!(coohub(&story.at, &["hold", "--member", "corvania", "--reason", "all at once"]).await.0, 0);
    folder(&story, &["OLD-1", "OLD-2", "OLD-3"]);
    let (code, out, err) = bulk(&story, "old", story.at.port).await;
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(out.starts_with("3 of 3 documents: 3 accepted, 0 accepted before, 0 refused"), "{out}");
    for number in ["NEW-1", "NEW-2"] {
        story.push("almora", number, Sheet::json(&tea(number))).await;
    }
    let unrouted = async || story.at.hub().store().counts().await.unwrap().unrouted;
    until("all are routed", async || (unrouted().await == 0).then_some(())).await;
    assert_eq!(coohub(&story.at, &["release", "--member", "corvania", "--reason", "now"]).await.0, 0);
    let received = story.at.partner("corvania").received_at_least(5).await;
    let mut numbers: Vec<_> = received.iter().map(|one| one.header("CoO-Number")).collect();
    // Several are routed at once: within either kind, any may have been first.
    numbers[..2].sort_unstable();
    numbers[2..].sort_unstable();
    assert_eq!(numbers, ["NEW-1", "NEW-2", "OLD-1", "OLD-2", "OLD-3"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_run_repeats_and_adds_only_what_is_new() {
    let story = Story::begin().await;
    folder(&story, &["OLD-1", "OLD-2"]);
    assert_eq!(bulk(&story, "old", story.at.port).await.0, 0);
    folder(&story, &["OLD-1", "OLD-2", "OLD-3"]);
    fs::write(story.at.path("old/notes.txt"), "no document").unwrap();
    let (code, out, _) = bulk(&story, "old", story.at.port).await;
    assert_eq!(code, 0);
    assert!(out.contains("1 accepted, 2 accepted before, 0 refused"), "{out}");
    assert!(out.contains("1 file is no document"), "{out}");
    assert_eq!(story.at.hub().store().counts().await.unwrap().messages, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_stands_in_a_file_and_the_rest_goes_on() {
    let story = Story::begin().await;
    folder(&story, &["OLD-1", "OLD-3"]);
    let broken = tea("OLD-2").to_string().replace("2026-05-18T", "18 May ");
    fs::write(story.at.path("old/OLD-2.json"), broken).unwrap();
    let (code, out, _) = bulk(&story, "old", story.at.port).await;
    assert_eq!(code, cli::exit::REFUSED_INPUT);
    assert!(out.contains("2 accepted, 0 accepted before, 1 refused"), "{out}");
    let refused = fs::read_to_string(story.at.path("old/refused.jsonl")).unwrap();
    let line: Value = serde_json::from_str(refused.trim()).unwrap();
    assert_eq!((&line["file"], &line["status"]), (&"OLD-2.json".into(), &422.into()), "{line}");
    assert_eq!(line["errors"][0]["code"], "field-invalid", "{line}");
    folder(&story, &["OLD-2"]);
    let (code, out, _) = bulk(&story, "old", story.at.port).await;
    assert_eq!(code, 0);
    assert!(!out.contains("no document ("), "what it wrote itself is not counted: {out}");
    assert!(!story.at.path("old/refused.jsonl").exists(), "what is mended is no longer refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_that_says_later_is_waited_for() {
    let mut story = Story::begin().await;
    story.at.partner("corvania").behave(Behaviour::Store);
    let slow = "per_second = 1\nburst = 1\nconnections_max = 4\n";
    let text = story.at.read("members/almora.toml");
    story.at.write("members/almora.toml", &format!("{text}\n[inbound]\n{slow}"));
    story.at.hub().reload().await.unwrap();
    folder(&story, &["OLD-1", "OLD-2", "OLD-3"]);
    let (code, out, err) = bulk(&story, "old", story.at.port).await;
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(out.contains("3 accepted"), "{out}");
    story.at.stop().await;
    let (code, out, err) = bulk(&story, "old", story.at.port).await;
    assert_eq!(code, cli::exit::UNREACHABLE);
    assert!(err.contains("run it again to go on") && out.contains("0 of 3 documents"), "{err}{out}");
}
