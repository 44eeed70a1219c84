//! The configuration of a running hub is changed: applied whole or not at all, on record, looked at, taken back.
//!
//! Method: a whole hub with its members' servers; the region's files are edited as an operator edits them, every command
//! is the one an operator types.

mod plan;
mod rollback;
mod second;

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt as _,
    sync::atomic::{AtomicBool, Ordering},
};

use coohub::change::PAGE_MAX;
use serde_json::Value;

use crate::{
    control::{coohub, json},
    crash::process::Process,
    flow::story::tea,
    support::hub::Community,
};

const NEVER: &str = "0000000000000000000000000000000000000000000000000000000000000000";

async fn started() -> Community {
    let mut at = Community::shipped().await;
    at.start().await;
    at
}

/// A member may neither connect nor be delivered to.
fn suspend(at: &Community, member: &str) {
    let file = format!("members/{member}.toml");
    at.write(&file, &format!("suspended = true\n{}", at.read(&file)));
}

fn resume(at: &Community, member: &str) {
    at.edit(&format!("members/{member}.toml"), "suspended = true\n", "");
}

/// The history, newest first.
async fn history(at: &Community) -> Vec<Value> {
    let mut lines = json(at, &["history"]).await;
    assert!(lines.pop().unwrap().get("next").is_some());
    lines
}

/// Configurations by how and why, newest first.
async fn told(at: &Community) -> Vec<(String, String)> {
    let text = |one: &Value, name: &str| one[name].as_str().unwrap().to_owned();
    history(at).await.iter().map(|one| (text(one, "how"), text(one, "reason"))).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(how, why)| ((*how).to_owned(), (*why).to_owned())).collect()
}

/// The configuration that runs.
async fn running(at: &Community) -> String {
    history(at).await[0]["configuration"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_applied_runs_and_is_on_record_with_who_and_why() {
    let at = started().await;
    let before = running(&at).await;
    suspend(&at, "corvania");
    assert_eq!(at.member("corvania").get("/v1/ping").await.unwrap().status, 200, "not yet applied");
    let (code, out, err) = coohub(&at, &["apply", "--reason", "they asked", "--as", "Maria"]).await;
    let after = running(&at).await;
    assert_eq!((code, out, err), (0, format!("applied: configuration {after}\n"), String::new()));
    assert_ne!(before, after);
    assert_eq!(at.member("corvania").get("/v1/ping").await.unwrap().status, 403);

    assert_eq!(told(&at).await, pairs(&[("apply", "they asked"), ("start", "the hub started")]));
    let newest = &history(&at).await[0];
    let user = newest["user"].as_str().unwrap();
    assert!(!user.is_empty() && newest["as"] == "Maria" && newest["at"].is_string(), "{newest}");
    let number = newest["number"].to_string();
    let one = &json(&at, &["history", &number]).await[0];
    assert_eq!(one["changed"], serde_json::json!([{"file": "members/corvania.toml", "what": "changed"}]));
    let (_, words, _) = coohub(&at, &["history", &number]).await;
    assert!(words.contains("apply by ") && words.contains("as Maria: they asked"), "{words}");
    assert!(words.contains("  changed  members/corvania.toml\n"), "{words}");

    let actions = json(&at, &["queue", "actions"]).await;
    assert_eq!(actions[0]["did"], "configure");
    assert_eq!(actions[0]["outcome"], format!("done: configuration {after}"));

    // Once more, with nothing changed: nothing to write down.
    let (code, out, _) = coohub(&at, &["apply"]).await;
    assert_eq!((code, out), (0, format!("applied: the region is as it was, configuration {after}\n")));
    assert_eq!(history(&at).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_one_problem_anywhere_nothing_is_applied_and_all_problems_are_told() {
    let at = started().await;
    let before = running(&at).await;
    suspend(&at, "brisca");
    at.edit("members/corvania.toml", "customs = [\"XC\"]", "customs = [\"XX\", 7]");
    at.edit("region.toml", "[defaults]", "[default]");
    let (code, out, err) = coohub(&at, &["apply", "--reason", "a try"]).await;
    assert_eq!((code, out.as_str()), (78, ""));
    let lines: Vec<_> = err.lines().collect();
    assert_eq!(lines.len(), 3, "{err}");
    assert!(lines[0].starts_with("members/corvania.toml:6:"), "{err}");
    assert!(
        lines[1].starts_with("region.toml:") && lines[1].ends_with("did you mean \"defaults\"?"),
        "{err}"
    );
    assert!(lines[2].starts_with("configuration-wrong: ") && lines[2].contains("has 2 problems"), "{err}");
    let (code, out, _) = coohub(&at, &["apply", "--json"]).await;
    let said: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((code, said[0]["line"].as_u64(), said.len()), (78, Some(6), 3), "{out}");

    assert_eq!(running(&at).await, before);
    assert_eq!(at.member("brisca").get("/v1/ping").await.unwrap().status, 200);
    let actions = json(&at, &["queue", "actions"]).await;
    let outcome = actions[1]["outcome"].as_str().unwrap();
    assert!(
        outcome.starts_with("configuration-wrong: ") && outcome.contains("members/corvania.toml:6:"),
        "{outcome}"
    );
    assert_eq!(
        (actions[1]["did"].as_str(), actions[1]["reason"].as_str()),
        (Some("configure"), Some("a try"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_changed_since_it_was_looked_at_is_not_applied() {
    let at = started().await;
    let before = running(&at).await;
    suspend(&at, "brisca");
    let (code, _, err) = coohub(&at, &["apply", "--expect", NEVER]).await;
    assert_eq!((code, err.starts_with("configuration-changed: ")), (65, true), "{err}");
    assert_eq!(running(&at).await, before);
    let found = err.split("is configuration ").nth(1).unwrap().split(',').next().unwrap().to_owned();
    assert_eq!(coohub(&at, &["apply", "--expect", &found]).await.0, 0);
    assert_eq!(running(&at).await, found);
    let (code, _, err) = coohub(&at, &["apply", "--expect", "short"]).await;
    assert_eq!((code, err.starts_with("command-malformed: ")), (64, true), "{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_applies_at_the_same_time_each_is_whole_and_one_configuration_is_written_down_once() {
    let at = started().await;
    suspend(&at, "brisca");
    let apply = ["apply", "--reason", "both of us"];
    let ran = tokio::join!(coohub(&at, &apply), coohub(&at, &apply), coohub(&at, &apply), at.hub().reload());
    assert_eq!((ran.0.0, ran.1.0, ran.2.0, ran.3.is_ok()), (0, 0, 0, true));
    assert_eq!(history(&at).await.len(), 2, "the start and the change");
    let actions = json(&at, &["queue", "actions"]).await;
    let same = actions.iter().filter(|one| one["outcome"] == "done: the region is as it was").count();
    assert_eq!(same, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_history_outlives_the_process_and_a_start_writes_only_what_is_new() {
    let at = Community::shipped().await;
    let mut process = Process::start(&at).await;
    suspend(&at, "brisca");
    assert_eq!(coohub(&at, &["apply", "--reason", "first"]).await.0, 0);
    process.kill_and_start(&at).await;
    assert_eq!(told(&at).await, pairs(&[("apply", "first"), ("start", "the hub started")]));
    drop(process);
    resume(&at, "brisca");
    let process = Process::start(&at).await;
    let expected = [("start", "the hub started"), ("apply", "first"), ("start", "the hub started")];
    assert_eq!(told(&at).await, pairs(&expected));
    drop(process);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_files_of_a_configuration_come_back_as_they_were() {
    let at = started().await;
    let first = history(&at).await[0]["number"].to_string();
    let was = at.read("members/brisca.toml");
    suspend(&at, "brisca");
    assert_eq!(coohub(&at, &["apply"]).await.0, 0);
    let to = at.path("first");
    let (code, out, err) = coohub(&at, &["history", &first, "--to", to.to_str().unwrap()]).await;
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert_eq!(fs::read_to_string(to.join("members/brisca.toml")).unwrap(), was);
    let mode = fs::metadata(to.join("members/brisca.toml")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "for nobody else");
    for file in ["region.toml", "formats/edi3-coo/format.toml", "formats/codes/units.toml"] {
        assert_eq!(fs::read_to_string(to.join(file)).unwrap(), at.read(file), "{file}");
    }
    let (code, _, err) = coohub(&at, &["history", &first, "--to", to.to_str().unwrap()]).await;
    assert_eq!((code, err.contains("cannot be written")), (74, true), "nothing is written over: {err}");
    let (code, _, err) = coohub(&at, &["history", "999999"]).await;
    assert_eq!((code, err.starts_with("configuration-unknown: ")), (65, true), "{err}");
}

/// Reloads while certificates come in.
const RELOADS: usize = 100;

#[tokio::test(flavor = "multi_thread")]
async fn reloads_under_load_lose_nothing_and_refuse_nothing() {
    let at = started().await;
    let done = AtomicBool::new(false);
    let pushing = async {
        let (member, mut pushed) = (at.member("almora"), Vec::new());
        while !done.load(Ordering::Relaxed) {
            let number = format!("AL-{}", pushed.len());
            let sheet = tea(&number).to_string();
            let answer = member.push(&number, "application/json", Vec::new(), sheet.into()).await.unwrap();
            assert_eq!(answer.status, 202, "{answer:?}");
            pushed.push(answer.header("coo-message-id").unwrap().to_owned());
        }
        pushed
    };
    let reloading = async {
        for round in 0..RELOADS {
            let (old, new) = if round % 2 == 0 { ("10000", "9999") } else { ("9999", "10000") };
            at.edit("region.toml", &format!("count = {old}"), &format!("count = {new}"));
            at.hub().reload().await.unwrap();
        }
        done.store(true, Ordering::Relaxed);
    };
    let (pushed, ()) = tokio::join!(pushing, reloading);
    assert!(!pushed.is_empty());
    for id in &pushed {
        assert_eq!(at.settled("almora", id).await["state"], "delivered");
    }
    let digests: BTreeSet<_> =
        at.partner("corvania").received().iter().map(|one| one.header("CoO-Delivery").to_owned()).collect();
    assert_eq!(digests.len(), pushed.len(), "each arrived");
    let numbers = json(&at, &["history", "--limit", "50"]).await.len();
    assert_eq!(numbers, PAGE_MAX + 1, "a page and its end");
}
