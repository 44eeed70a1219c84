//! An operator and a running hub: what waits is shown and explained, and held, released, ended, repeated or addressed.
//!
//! Method: a whole hub with its members' servers; every command is the one an operator types, over the hub's own socket,
//! and what is looked at is what arrives at the members and what the commands print.

mod backlog;
mod door;
mod replay;

use std::time::Duration;

use coohub::{clock::Clock, store::action::About};
use serde_json::Value;

use crate::{
    flow::story::{Sheet, Story, amended, tea},
    support::{
        command,
        hub::{Community, until},
        partner::Behaviour,
    },
};

/// Exit code, standard output, standard error of a command.
pub(crate) type Ran = (u8, String, String);

/// Runs a command on the hub of a community, as an operator does from the folder it runs from.
pub(crate) async fn coohub(at: &Community, arguments: &[&str]) -> Ran {
    let folder = at.folder().to_str().unwrap().to_owned();
    let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
    let running = tokio::task::spawn_blocking(move || {
        command::coohub(arguments.into_iter().chain(["--dir".to_owned(), folder]))
    });
    running.await.unwrap()
}

/// The same with `--json`, each line read; it must succeed.
pub(crate) async fn json(at: &Community, arguments: &[&str]) -> Vec<Value> {
    let (code, out, err) = coohub(at, &[arguments, &["--json"]].concat()).await;
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Every kind of thing that was printed.
fn kinds(lines: &[Value]) -> Vec<&str> {
    let kinds: std::collections::BTreeSet<_> =
        lines.iter().map(|line| line["kind"].as_str().unwrap()).collect();
    kinds.into_iter().collect()
}

/// The only delivery of a message, once it stands at `state`.
pub(crate) async fn delivery_at(story: &Story, message: &str, state: &str) -> String {
    let there = |found: &Value| found["deliveries"][0]["state"] == state;
    let found = story.at.state_when("almora", message, there).await;
    found["deliveries"][0]["delivery"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_lane_sends_nothing_until_it_is_released_and_both_are_on_record() {
    let mut story = Story::begin().await;
    let why = ["--reason", "their database moves", "--as", "Maria"];
    let (code, out, _) = coohub(&story.at, &[&["hold", "--member", "corvania"][..], &why].concat()).await;
    assert_eq!((code, out.as_str()), (0, "hold member corvania: done\n"));
    let held = story.push("almora", "held", Sheet::json(&tea("AL-1"))).await;
    story.at.state_when("almora", &held, |state| state["state"] == "routed").await;
    // Another lane goes on, and so much later nothing has arrived here.
    let cod =
        story.at.signed("brisca", &crate::support::hub::sample("aladi-cod/samples/mecta-brisca-almora.xml"));
    story.deliver("brisca", "free", Sheet::xml(cod)).await;
    assert!(story.at.partner("corvania").received().is_empty());
    let lane = &json(&story.at, &["queue", "--target", "corvania"]).await[0];
    assert_eq!((lane["open"].as_u64(), lane["due"].as_u64()), (Some(1), Some(1)), "{lane}");
    assert!(lane["hold"].as_str().unwrap().ends_with("as Maria: their database moves"), "{lane}");

    let release = ["release", "--member", "corvania", "--reason", "it has moved"];
    assert_eq!(coohub(&story.at, &release).await.0, 0);
    assert_eq!(story.at.settled("almora", &held).await["state"], "delivered");
    let (code, _, err) = coohub(&story.at, &release).await;
    assert_eq!((code, err.starts_with("not-held: ")), (65, true), "{err}");

    let actions = json(&story.at, &["queue", "actions"]).await;
    let told = |action: &Value| {
        ["did", "about", "reason", "outcome", "as"]
            .map(|name| action[name].as_str().unwrap_or("-").to_owned())
    };
    let by_operator = |one: &&Value| one.get("did").is_some_and(|did| did != "configure");
    let told: Vec<_> = actions.iter().filter(by_operator).map(told).collect();
    let expected = [
        ["release", "member corvania", "it has moved", "not-held: the lane of corvania is not held", "-"],
        ["release", "member corvania", "it has moved", "done", "-"],
        ["hold", "member corvania", "their database moves", "done", "Maria"],
    ];
    assert_eq!(told, expected);
    assert!(actions[0]["user"].as_str().is_some_and(|user| !user.is_empty()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_delivery_stays_while_its_target_is_back_and_goes_when_released() {
    let mut story = Story::begin().await;
    story.at.partner("corvania").behave(Behaviour::Down);
    let message = story.push("almora", "one", Sheet::json(&tea("AL-1"))).await;
    let id = delivery_at(&story, &message, "pending").await;
    assert_eq!(coohub(&story.at, &["hold", &id, "--reason", "a question to the issuer"]).await.0, 0);
    delivery_at(&story, &message, "held").await;
    let (code, _, err) = coohub(&story.at, &["hold", &id, "--reason", "again"]).await;
    assert_eq!((code, err.starts_with("operator-hold: ")), (65, true), "{err}");
    story.at.partner("corvania").behave(Behaviour::Store);
    assert_eq!(json(&story.at, &["queue", "--state", "held"]).await.last().unwrap()["next"], Value::Null);
    let (_, shown, _) = coohub(&story.at, &["queue", "--state", "held"]).await;
    assert!(shown.contains(&id) && shown.contains("operator-hold"), "{shown}");

    assert_eq!(coohub(&story.at, &["release", &id, "--reason", "answered"]).await.0, 0);
    assert_eq!(story.at.settled("almora", &message).await["state"], "delivered");
    for verb in ["hold", "release", "cancel"] {
        let (code, _, err) = coohub(&story.at, &[verb, &id, "--reason", "too late"]).await;
        assert_eq!((code, err.starts_with("delivery-ended: ")), (65, true), "{verb}: {err}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_head_lets_the_chain_go_on_and_its_source_is_told() {
    let mut story = Story::begin().await;
    story.at.partner("corvania").behave(Behaviour::Down);
    let first = story.push("almora", "issue", Sheet::json(&tea("AL-1"))).await;
    let head = delivery_at(&story, &first, "pending").await;
    let amended = amended(&tea("AL-1"), "two pallets");
    let second = story.push("almora", "amend", amended).await;
    let behind = delivery_at(&story, &second, "queued").await;
    story.at.partner("almora").behave(Behaviour::Store);

    assert_eq!(coohub(&story.at, &["cancel", &head, "--reason", "sent in error"]).await.0, 0);
    story.at.partner("corvania").behave(Behaviour::Store);
    assert_eq!(story.at.settled("almora", &second).await["state"], "delivered");
    let arrived: Vec<_> = story
        .at
        .partner("corvania")
        .received()
        .iter()
        .filter(|one| one.behaviour == Behaviour::Store)
        .map(|one| one.header("CoO-Delivery").to_owned())
        .collect();
    assert_eq!(arrived, [behind.as_str()]);
    let notices = story.at.partner("almora").received_at_least(1).await;
    let notice: Value = serde_json::from_slice(&notices[0].bytes).unwrap();
    assert_eq!(notice["reason"]["code"], "operator-cancelled", "{notice}");
    assert_eq!(notice["delivery"], head);

    let (code, told, _) = coohub(&story.at, &["queue", "show", &head]).await;
    assert_eq!(code, 0);
    let (_, listed, _) = coohub(&story.at, &["queue", "--number", "AL-1"]).await;
    assert!(listed.contains("cancelled: sent in error"), "{listed}");
    for part in
        ["because: importing party by destinationCountry", "cancelled", "attempt 1 at", "sent in error"]
    {
        assert!(told.contains(part), "no {part:?} in\n{told}");
    }
    assert!(!told.contains("High Terrace") && !told.contains(&behind), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_on_what_is_behind_is_remembered_until_it_is_head() {
    let mut story = Story::begin().await;
    story.at.partner("corvania").behave(Behaviour::Down);
    story.push("almora", "issue", Sheet::json(&tea("AL-1"))).await;
    let amended = amended(&tea("AL-1"), "two pallets");
    let second = story.push("almora", "amend", amended).await;
    let behind = delivery_at(&story, &second, "queued").await;
    assert_eq!(coohub(&story.at, &["hold", &behind, "--reason", "check it"]).await.0, 0);
    let (_, queued, _) = coohub(&story.at, &["queue", "--state", "queued"]).await;
    assert!(queued.contains(&behind), "{queued}");
    story.at.partner("corvania").behave(Behaviour::Store);
    delivery_at(&story, &second, "held").await;
    assert_eq!(coohub(&story.at, &["release", &behind, "--reason", "checked"]).await.0, 0);
    assert_eq!(story.at.settled("almora", &second).await["state"], "delivered");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumped_is_shown_and_confirmed() {
    let (clock, hand) = Clock::manual(Clock::Real.now());
    let mut at = Community::shipped().await.at(clock);
    at.start().await;
    let confirm = ["clock", "confirm", "--reason", "checked by hand"];
    let (code, _, err) = coohub(&at, &confirm).await;
    assert_eq!((code, err.starts_with("clock-right: ")), (65, true), "{err}");
    hand.step(Duration::from_secs(2 * 3_600), true);
    let status = json(&at, &["status"]).await;
    assert!(status.last().unwrap()["clockDoubted"]["found"].is_string(), "{status:?}");
    let told = coohub(&at, &confirm).await.1;
    assert_eq!(told, "the hub's clock counts as right from now on: what is too old expires\n");
    let status = json(&at, &["status"]).await;
    assert!(status.last().unwrap()["clockDoubted"].is_null(), "{status:?}");
    let confirmed = at.hub().store().actions(Some(&About::Hub), None, 9).await.unwrap();
    assert_eq!(confirmed.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn status_and_number_tell_where_everything_is() {
    let mut story = Story::begin().await;
    let message = story.deliver("almora", "one", Sheet::json(&tea("AL-1"))).await;
    let status = json(&story.at, &["status"]).await;
    let hub = status.last().unwrap();
    assert_eq!((hub["messages"].as_u64(), hub["delivered"].as_u64()), (Some(1), Some(1)), "{hub}");
    let lanes: Vec<_> = status.iter().filter_map(|lane| lane["member"].as_str()).collect();
    assert_eq!(lanes, ["almora", "brisca", "corvania", "dunmere", "estalia"]);
    assert_eq!(kinds(&status), ["hub", "lane"]);
    assert_eq!(kinds(&json(&story.at, &["queue", "--number", "al 1"]).await), ["delivery", "lane", "page"]);
    assert_eq!(kinds(&json(&story.at, &["config", "show"]).await), ["configuration", "file", "setting"]);
    assert_eq!(kinds(&json(&story.at, &["plan"]).await), ["plan"]);
    let (code, _, err) = coohub(&story.at, &["queue", "--target", "zork"]).await;
    assert_eq!((code, err.starts_with("member-unknown: ")), (65, true), "{err}");
    let (code, out, _) = coohub(&story.at, &["queue", "--state", "lost", "--json"]).await;
    let refused: Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
    assert_eq!((code, refused["kind"].as_str()), (64, Some("refusal")), "{out}");
    let (code, words, _) = coohub(&story.at, &["status"]).await;
    assert_eq!((code, words.contains("1  messages accepted")), (0, true), "{words}");

    let found = json(&story.at, &["queue", "--number", "al 1"]).await;
    let delivered = found.iter().find(|one| one.get("delivery").is_some()).unwrap();
    assert_eq!(
        (delivered["state"].as_str(), delivered["message"].as_str()),
        (Some("delivered"), Some(&*message))
    );
    // What is printed on it may be the end of its number alone, and whoever asks need not know who issued it.
    story.deliver("almora", "two", Sheet::json(&tea("chamber.almora.example:coo:AL-2026-U1"))).await;
    for asked in ["AL-2026-U1", "al/2026/u1", "2026 u1"] {
        let found = json(&story.at, &["queue", "show", asked]).await;
        assert_eq!(found[0]["number"], "chamber.almora.example:coo:AL-2026-U1", "{asked}");
        assert!(
            json(&story.at, &["queue", "--number", asked])
                .await
                .iter()
                .any(|one| one.get("delivery").is_some())
        );
    }
    for asked in [["queue", "show", "26-U1"], ["queue", "--number", "26-U1"]] {
        let (code, _, err) = coohub(&story.at, &asked).await;
        assert_eq!((code, err.starts_with("message-unknown: ")), (65, true), "{err}");
        assert!(err.contains("at least 6 letters and digits of its end"), "{err}");
    }
    let whole = &json(&story.at, &["queue", "show", "id:chamber.almora.example", "AL-1"]).await[0];
    assert_eq!(
        (&whole["message"], &whole["deliveries"][0]["mailbox"]),
        (&Value::from(&*message), &Value::from(false))
    );
    assert_eq!(whole["deliveries"][0]["attemptsMade"][0]["outcome"], "delivered");
    assert!(whole["configuration"].as_str().unwrap().starts_with("sha-256:"));
    assert_eq!(whole["deliveries"][0]["configuration"], whole["configuration"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lane_that_is_held_is_not_held_again_and_who_holds_it_is_told() {
    let mut at = Community::shipped().await;
    at.start().await;
    let hold = ["hold", "--member", "corvania", "--as", "Maria", "--reason", "their database moves"];
    assert_eq!(coohub(&at, &hold).await.0, 0);
    let again = ["hold", "--member", "corvania", "--as", "Josef", "--reason", "an audit"];
    let (code, _, err) = coohub(&at, &again).await;
    assert_eq!((code, err.starts_with("operator-hold: ")), (65, true), "{err}");
    assert!(
        err.contains("as Maria holds it already, since 20") && err.contains("their database moves"),
        "{err}"
    );
    let lane = &json(&at, &["queue", "--target", "corvania"]).await[0];
    assert!(lane["hold"].as_str().unwrap().contains("as Maria"), "{lane}");
    let (code, _, err) = coohub(&at, &["try", "corvania", "--reason", "they called"]).await;
    assert_eq!((code, err.starts_with("operator-hold: its lane is held")), (65, true), "{err}");
    for verb in ["hold", "release"] {
        let (code, _, err) = coohub(&at, &[verb, "--reason", "x"]).await;
        assert_eq!(code, 64, "{err}");
        assert!(err.contains("DELIVERY") && err.contains("--member <MEMBER>"), "both ways are named: {err}");
        let both = [verb, "--member", "corvania", "0198f2a0-0000-7000-8000-000000000000", "--reason", "x"];
        assert_eq!(coohub(&at, &both).await.0, 64);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn status_tells_of_windows_of_sources_that_are_spared_and_of_a_full_disk() {
    let mut at = Community::shipped().await;
    at.edit(
        "members/brisca.toml",
        "customs = [",
        "maintenance = [\"daily 00:00-12:30 UTC\", \"daily 12:00-00:30 UTC\"]\ncustoms = [",
    );
    at.start().await;
    let (code, _, err) = coohub(&at, &["try", "brisca", "--reason", "they called"]).await;
    assert_eq!((code, err.starts_with("not-spared: brisca is in maintenance until ")), (65, true), "{err}");
    let mut story = Story::of(at);
    story.at.partner("corvania").behave(Behaviour::Down);
    for number in 0..5 {
        let sheet = Sheet::json(&tea(&format!("AL-{number}")));
        story.push("almora", &format!("push-{number}"), sheet).await;
    }
    let lane = async |story: &Story, member: &str| {
        let all = json(&story.at, &["status"]).await;
        all.into_iter().find(|lane| lane["member"] == member).unwrap()
    };
    // Both times go on while it is asked.
    until("a source that is spared, and a window, told in words too", async || {
        let spared = lane(&story, "corvania").await["sparedSources"][0].clone();
        let window = lane(&story, "brisca").await["maintenanceUntil"].as_str().unwrap().to_owned();
        let (_, words, _) = coohub(&story.at, &["status"]).await;
        let again =
            format!("attempts at what almora sends fail, tried again at {}", spared["until"].as_str()?);
        let all = spared["source"] == "almora"
            && words.contains(&again)
            && words.contains(&format!("in maintenance until {window}"));
        all.then_some(())
    })
    .await;
    let hub = json(&story.at, &["status"]).await.pop().unwrap();
    assert_eq!((&hub["storage"], &hub["notCompared"]), (&Value::Null, &serde_json::json!([])), "{hub}");
    assert!(hub["freeBytes"].as_u64().is_some_and(|bytes| bytes > 0) && hub["epoch"] == 1, "{hub}");
}

#[tokio::test(flavor = "multi_thread")]
async fn status_tells_how_many_were_refused_of_whom_and_why_and_a_restart_forgets_nothing() {
    // Today lasts as long as the test.
    let (clock, _hand) = Clock::manual(Clock::Real.now());
    let mut at = Community::shipped().await.at(clock);
    at.start().await;
    let mut story = Story::of(at);
    let almora = story.at.member("almora");
    for key in ["one", "two"] {
        let answer = almora.push(key, "application/json", Vec::new(), "{}".into()).await.unwrap();
        assert_eq!(answer.status, 422);
    }
    let gzip = vec![("content-encoding", "gzip".to_owned())];
    assert_eq!(almora.push("three", "application/json", gzip, "{}".into()).await.unwrap().status, 415);
    let told = "refused today (UTC): almora 2 format-unknown, almora 1 content-encoding";
    let (_, words, _) = coohub(&story.at, &["status"]).await;
    assert!(words.contains(told), "{words}");
    story.at.stop().await;
    story.at.start().await;
    let hub = json(&story.at, &["status"]).await.pop().unwrap();
    let kinds: Vec<_> = hub["refused"].as_array().unwrap().iter().collect();
    assert_eq!(
        (kinds.len(), &kinds[0]["reason"], &kinds[0]["count"]),
        (2, &"format-unknown".into(), &2.into())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_says_how_many_messages_are_parked() {
    let mut at = Community::shipped().await;
    at.edit("agreements/mecta.toml", "unseen = \"forward\"", "unseen = \"park\"");
    at.start().await;
    let mut story = Story::of(at);
    let (_, words, _) = coohub(&story.at, &["queue"]).await;
    assert!(!words.contains("besides"), "{words}");
    let amended = Sheet::json(&tea("AL-1")).with("coo-function", "4");
    story.deliver("almora", "amend", amended).await;
    let (_, words, _) = coohub(&story.at, &["queue"]).await;
    assert!(
        words.contains("besides, 1 waits for the certificate it changes: coohub queue --state parked"),
        "{words}"
    );
    assert_eq!(json(&story.at, &["queue"]).await.pop().unwrap()["parked"], 1);
}
