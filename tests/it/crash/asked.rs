//! Deaths around commits that somebody asks for, and of digests: the whole of each is there, or nothing of it.

use std::fmt;

use bytes::Bytes;
use coohub::{
    cli::member::{Ask, Error},
    crash::{Commit, Point, VARIABLE},
};
use serde_json::{Value, json};

use super::process::{Process, aborted, log};
use crate::{
    control::{coohub, json as asked},
    flow::story::{bound_for, tea},
    support::{
        hub::{Community, until},
        partner::{Behaviour, Received},
    },
};

const ISSUER: &str = "id:chamber.almora.example";
/// Everything that is refused goes into a digest, at the next sweep; what was sent may be asked for again at once.
const SETTINGS: [(&str, &str); 3] = [
    ("COOHUB__DELIVERY__NOTICES_PER_PERIOD_MAX", "0"),
    ("COOHUB__DELIVERY__SWEEP_PERIOD", "1s"),
    ("COOHUB__DELIVERY__RESEND_PAUSE", "0ms"),
];

/// The points around a commit, and whether it is on disk after a death there.
fn around(commit: Commit) -> [(Point, bool); 3] {
    [(Point::Begins(commit), false), (Point::Written(commit), false), (Point::Committed(commit), true)]
}

/// Starts the hub, to die at a point if one is named.
async fn started(at: &mut Community, dies: Option<Point>) -> Process {
    let armed = dies.map(armed);
    let mut variables = SETTINGS.to_vec();
    variables.extend(armed.as_deref().map(|armed| (VARIABLE, armed)));
    started_with(at, &variables).await
}

fn armed(point: Point) -> String {
    format!("{}:1", point.label())
}

async fn started_with(at: &mut Community, variables: &[(&str, &str)]) -> Process {
    let process = Process::start_with(at, variables).await;
    at.port = process.port;
    process
}

async fn died(at: &Community, mut process: Process, point: Point) {
    let status = process.ended().await;
    assert!(aborted(status), "{}: {status:?}\n{}", point.label(), log(at));
}

async fn push(at: &Community, number: &str) -> String {
    push_document(at, number, &tea(number)).await
}

async fn push_document(at: &Community, number: &str, document: &Value) -> String {
    let body = Bytes::from(document.to_string());
    let answer = at.member("almora").push(number, "application/json", Vec::new(), body).await.unwrap();
    assert_eq!(answer.status, 202, "{answer:?}");
    answer.header("coo-message-id").unwrap().to_owned()
}

/// What a target got that fits, once there are so many.
async fn arrived(
    at: &Community,
    member: &str,
    fits: impl Fn(&Received) -> bool,
    count: usize,
) -> Vec<Received> {
    let what = fmt::from_fn(|f| write!(f, "{count} arrivals at {member}\n{}", log(at)));
    until(what, async || {
        let found: Vec<_> = at.partner(member).received().into_iter().filter(&fits).collect();
        (found.len() >= count).then_some(found)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_operator_did_is_there_with_its_record_or_not_at_all() {
    let mut at = Community::shipped().await;
    // Its first start keeps the configuration it began with, by the same commit.
    drop(started(&mut at, None).await);
    for (point, there) in around(Commit::Act) {
        let process = started(&mut at, Some(point)).await;
        let hold = ["hold", "--member", "corvania", "--reason", point.label()];
        let (code, _, err) = coohub(&at, &hold).await;
        assert_eq!(code, 75, "whether it is done is not known: {err}");
        died(&at, process, point).await;
        let process = started(&mut at, None).await;
        let held = asked(&at, &["queue", "--target", "corvania"]).await[0]["hold"] != Value::Null;
        let actions = asked(&at, &["queue", "actions"]).await;
        let recorded = actions.iter().any(|action| action["reason"] == point.label());
        assert_eq!((held, recorded), (there, there), "{}", point.label());
        drop(process);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wish_to_have_a_delivery_again_is_there_or_can_be_made_again() {
    let mut at = Community::shipped().await;
    let process = started(&mut at, None).await;
    let message = push(&at, "AL-1").await;
    at.settled("almora", &message).await;
    drop(process);
    let path = format!("/v1/certificates/{ISSUER}/AL-1/resend");
    let certificate = |one: &Received| one.header("CoO-Cargo") == "certificate";
    let mut sent = 1;
    for (point, there) in around(Commit::Resend) {
        let process = started(&mut at, Some(point)).await;
        let ask = || Ask { method: "POST", path: &path, headers: Vec::new(), body: Bytes::new() };
        let answer: Result<_, Error> = at.member("corvania").ask(ask()).await;
        assert!(answer.is_err(), "{answer:?}");
        died(&at, process, point).await;
        let process = started(&mut at, None).await;
        if !there {
            let answer = at.member("corvania").ask(ask()).await.unwrap();
            assert_eq!(answer.status, 202, "{}: {answer:?}", point.label());
        }
        sent += 1;
        let came = arrived(&at, "corvania", certificate, sent).await;
        assert_eq!(came.len(), sent, "{}", point.label());
        assert!(came.iter().all(|one| (one.delivery(), &one.bytes) == (came[0].delivery(), &came[0].bytes)));
        answered(&at, &format!("/v1/certificates/{ISSUER}/AL-1")).await;
        drop(process);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_that_the_hub_dies_in_is_finished_by_the_next_start() {
    let mut at = Community::shipped().await;
    let process = started(&mut at, None).await;
    let first = asked(&at, &["history"]).await[0].clone();
    let number = first["number"].to_string();
    let (brisca, corvania) = (at.read("members/brisca.toml"), at.read("members/corvania.toml"));
    drop(process);
    for point in [Point::FolderBegins, Point::FolderFile, Point::FolderDone] {
        let process = started(&mut at, Some(point)).await;
        at.write("members/brisca.toml", &format!("# later\n{brisca}"));
        at.write("members/corvania.toml", &format!("# later\n{corvania}"));
        at.write("members/almost.toml.txt", "no part of it");
        let (code, _, err) = coohub(&at, &["apply"]).await;
        assert_eq!(code, 0, "{err}");
        let (code, ..) =
            coohub(&at, &["rollback", &number, "--reason", point.label(), "--as", "Maria"]).await;
        assert_eq!(code, 75, "whether it is done is not known");
        died(&at, process, point).await;
        let half = at.read("members/brisca.toml") == brisca && at.read("members/corvania.toml") != corvania;
        assert_eq!(half, point == Point::FolderFile, "{}", point.label());

        let process = started(&mut at, None).await;
        assert_eq!(at.read("members/brisca.toml"), brisca, "{}", point.label());
        assert_eq!(at.read("members/corvania.toml"), corvania, "{}", point.label());
        let newest = asked(&at, &["history"]).await[0].clone();
        assert_eq!(newest["configuration"], first["configuration"]);
        assert_eq!(
            (newest["how"].as_str(), newest["reason"].as_str()),
            (Some("rollback"), Some(point.label()))
        );
        assert_eq!(newest["as"], "Maria");
        assert_eq!(coohub(&at, &["plan"]).await.0, 0, "the folder is what runs");
        drop(process);
        // It is over: what is changed now is not put back.
        at.write("members/brisca.toml", &format!("# later\n{brisca}"));
        drop(started(&mut at, None).await);
        assert!(at.read("members/brisca.toml").starts_with("# later"), "{}", point.label());
        at.write("members/brisca.toml", &brisca);
    }
}

/// Waits until what was asked for again was sent, and that is on disk.
async fn answered(at: &Community, path: &str) {
    until("what was asked for again is sent", async || {
        let state = at.member("corvania").get(path).await.unwrap().json();
        state["deliveries"][0]["askedAgain"].is_null().then_some(())
    })
    .await;
}

/// What a digest says; `None` for any other cargo.
fn digest(one: &Received) -> Option<Value> {
    (one.header("CoO-Cargo") == "digest").then(|| serde_json::from_slice(&one.bytes).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_digest_is_told_once_with_all_that_was_gathered() {
    let mut at = Community::shipped().await;
    at.partner("corvania").behave(Behaviour::Down);
    // One digest gathers both refusals: the first sweep, with which the lane begins, is over when both were tried three
    // times, and no other comes before they are refused.
    let settings = [
        SETTINGS[0],
        ("COOHUB__DELIVERY__SWEEP_PERIOD", "1h"),
        ("COOHUB__DELIVERY__BREAKER_PAUSE", "1s"),
        ("COOHUB__DELIVERY__BREAKER_PAUSE_MAX", "1s"),
    ];
    let process = started_with(&mut at, &settings).await;
    let messages = [push(&at, "AL-1").await, push(&at, "AL-2").await];
    let tried = |state: &Value| state["deliveries"][0]["attempts"].as_u64().is_some_and(|count| count >= 3);
    for message in &messages {
        at.state_when("almora", message, tried).await;
    }
    at.partner("corvania").behave(Behaviour::Refuse("not-for-us"));
    for message in &messages {
        at.settled("almora", message).await;
    }
    drop(process);
    for (point, _) in around(Commit::Digest) {
        // Its first sweep may be the death of it before it listens.
        let variables = [SETTINGS[0], SETTINGS[1], (VARIABLE, &armed(point))];
        died(&at, Process::spawn(&at, &variables), point).await;
    }
    let process = started(&mut at, None).await;
    let of =
        |member: &'static str| move |one: &Received| digest(one).is_some_and(|word| word["member"] == member);
    arrived(&at, "almora", of("corvania"), 1).await;
    // What a later sweep has to tell comes behind whatever it would tell again.
    at.partner("brisca").behave(Behaviour::Refuse("not-for-us"));
    push_document(&at, "AL-3", &bound_for(&tea("AL-3"), "XB")).await;
    arrived(&at, "almora", of("brisca"), 1).await;
    let told = arrived(&at, "almora", of("corvania"), 1).await;
    let ids: Vec<_> = told.iter().map(Received::delivery).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    let digest = digest(&told[0]).unwrap();
    assert_eq!(digest["counts"], json!({"refused": 2}), "{digest}");
    assert_eq!(digest["function"], json!("digest"));
    drop(process);
}
