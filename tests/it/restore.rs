//! A hub that lost its data folder: a backup is put back, members compare, nothing is lost, repeats are recognisable.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use bytes::Bytes;
use coohub::{
    cli::member::{Answer, Ask},
    clock::Clock,
};
use serde_json::{Value, json};

use crate::{
    flow::story::{reworded, tea},
    support::{
        command,
        hub::Community,
        partner::{Behaviour, Received},
    },
};

const JSON: &str = "application/json";
const MESSAGE: &str = "application/vnd.coohub.message+json";

/// Runs `coohub` with these arguments.
fn coohub(arguments: &[&Path]) -> (u8, String) {
    let (code, out, err) = command::coohub(arguments);
    (code, out + &err)
}

fn backup(at: &Community, to: &Path) -> (u8, String) {
    coohub(&[Path::new("backup"), to, at.folder()])
}

fn restore(at: &Community, from: &Path) -> (u8, String) {
    coohub(&[Path::new("restore"), from, at.folder()])
}

async fn push(at: &Community, member: &str, key: &str, what: &What, epoch: Option<u64>) -> Answer {
    let mut headers = what.headers.clone();
    headers.extend(epoch.map(|epoch| ("coo-epoch", epoch.to_string())));
    at.member(member).push(key, what.media_type, headers, what.body.clone()).await.unwrap()
}

/// Something to push, more than once.
struct What {
    media_type: &'static str,
    headers: Vec<(&'static str, String)>,
    body: Bytes,
}

fn certificate(document: &Value) -> What {
    What { media_type: JSON, headers: Vec::new(), body: document.to_string().into() }
}

/// Pushes, and waits until it arrived; gives its state.
async fn delivered(at: &Community, key: &str, what: &What, epoch: Option<u64>) -> Value {
    let answer = push(at, "almora", key, what, epoch).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    at.settled("almora", answer.header("coo-message-id").unwrap()).await
}

/// Message ids and delivery ids that the hub has of a member on some days and today.
async fn compared(at: &Community, member: &str, days: &BTreeSet<String>) -> (Vec<String>, Vec<String>) {
    let (mut pushed, mut sent) = (Vec::new(), Vec::new());
    let mut days = days.clone();
    days.insert(Clock::Real.now().to_string().chars().take(10).collect());
    for day in &days {
        let mut next = String::new();
        loop {
            let path = format!("/v1/reconciliation?day={day}&limit=2{next}");
            let page = at.member(member).get(&path).await.unwrap().json();
            let texts = |list: &str, name: &str| {
                let list = page[list].as_array().unwrap().iter();
                list.map(|it| it[name].as_str().unwrap().to_owned()).collect::<Vec<_>>()
            };
            pushed.extend(texts("pushed", "messageId"));
            sent.extend(texts("sent", "delivery"));
            match page["next"].as_str() {
                Some(after) => next = format!("&after={after}"),
                None => break,
            }
        }
    }
    (pushed, sent)
}

/// The data folder is lost, and the backup put back.
async fn lose(at: &mut Community, file: &Path) {
    at.stop().await;
    assert_eq!(restore(at, file).0, 74, "there is a database already");
    fs::remove_dir_all(at.path("data")).unwrap();
    let (restored, said) = restore(at, file);
    assert_eq!(restored, 0, "{said}");
    at.start().await;
}

async fn complete(at: &Community, member: &str, epoch: u64) -> Answer {
    let headers = vec![("content-type", JSON.to_owned())];
    let body = Bytes::from(json!({"epoch": epoch, "complete": true}).to_string());
    let ask = Ask { method: "POST", path: "/v1/reconciliation", headers, body };
    at.member(member).ask(ask).await.unwrap()
}

fn code(answer: &Answer) -> (u16, String) {
    (answer.status, answer.json()["code"].as_str().unwrap_or_default().to_owned())
}

/// What a target got under each delivery id; every repeat has the same bytes.
fn by_delivery(received: &[Received]) -> BTreeMap<String, usize> {
    let mut bytes: BTreeMap<&str, &[u8]> = BTreeMap::new();
    let mut times = BTreeMap::new();
    for one in received {
        assert_eq!(*bytes.entry(one.delivery()).or_insert(&one.bytes), one.bytes, "{}", one.delivery());
        *times.entry(one.delivery().to_owned()).or_default() += 1;
    }
    times
}

/// All that came after the loss but `new` is a repeat of what came before, and no number is used again.
fn repeated(before: &[Received], after: &[Received], new: &str) {
    let (known, all) = (by_delivery(before), by_delivery(after));
    let fresh: Vec<_> = all.keys().filter(|id| !known.contains_key(*id)).collect();
    assert_eq!(fresh, [new]);
    for (name, times) in [("AL-1", 1), ("AL-2", 2), ("AL-3", 2), ("AL-9", 1)] {
        let of = |one: &&Received| one.header("CoO-Number") == name && one.header("CoO-Version") == "1";
        let taken = |one: &&Received| one.behaviour == Behaviour::Store;
        assert_eq!(after.iter().filter(of).filter(taken).count(), times, "{name}");
    }
    let highest = before.iter().map(sequence).max().unwrap();
    let numbered = after.iter().filter(|one| one.header("CoO-Number") == "AL-9").map(sequence);
    assert!(numbered.min().unwrap() > highest, "no number is used again");
}

fn sequence(one: &Received) -> i64 {
    one.header("CoO-Sequence").parse().unwrap()
}

/// The operator sees who has not compared.
async fn told_in_status(at: &Community) {
    let hub = crate::control::json(at, &["status"]).await.pop().unwrap();
    assert_eq!(hub["notCompared"], json!(at.members()), "{hub}");
    let (_, words, _) = crate::control::coohub(at, &["status"]).await;
    assert!(words.contains("have not compared and push nothing new: almora, "), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restore_members_compare_and_push_again_and_targets_see_recognisable_repeats() {
    let mut at = Community::shipped().await;
    at.start().await;
    let (one, [two, three, nine]) = (tea("AL-1"), ["AL-2", "AL-3", "AL-9"].map(|it| certificate(&tea(it))));
    let mut amended = certificate(&reworded(&one, "two pallets"));
    amended.headers.push(("coo-function", "4".to_owned()));
    let first = delivered(&at, "issue-1", &certificate(&one), None).await;
    let ping = at.member("almora").get("/v1/ping").await.unwrap().json();
    assert_eq!(ping["epoch"], json!({"number": 1, "compareFrom": null, "compared": true}));
    at.partner("corvania").behave(Behaviour::Down);
    let waits = push(&at, "almora", "issue-3", &three, None).await;
    let waits = waits.header("coo-message-id").unwrap().to_owned();
    at.state_when("almora", &waits, |state| state["state"] == "routed").await;

    let file = at.path("backup.db");
    let (made, said) = backup(&at, &file);
    assert_eq!(made, 0, "{said}");
    assert_eq!(backup(&at, &file).0, 74, "a backup is never written over");

    at.partner("corvania").behave(Behaviour::Store);
    at.settled("almora", &waits).await;
    let second = delivered(&at, "issue-2", &two, None).await;
    delivered(&at, "amend-1", &amended, None).await;
    let answer = json!({"function": "response", "delivery": second["deliveries"][0]["delivery"], "answer": "received"});
    let answer = What { media_type: MESSAGE, headers: Vec::new(), body: answer.to_string().into() };
    let told = push(&at, "corvania", "answer-2", &answer, None).await;
    assert_eq!(told.status, 202, "{told:?}");
    at.settled("corvania", told.header("coo-message-id").unwrap()).await;
    let (before, told) = (at.partner("corvania").received(), at.partner("almora").received());
    lose(&mut at, &file).await;
    at.settled("almora", &waits).await;
    told_in_status(&at).await;
    let refused = push(&at, "almora", "issue-9", &nine, None).await;
    assert_eq!(code(&refused), (503, "not-compared".to_owned()));
    assert!(refused.header("retry-after").is_some());
    assert_eq!(
        push(&at, "almora", "issue-1", &certificate(&one), None).await.status,
        200,
        "what it has, it answers"
    );
    let epoch = at.member("almora").get("/v1/ping").await.unwrap().json()["epoch"].clone();
    let number = epoch["number"].as_u64().unwrap();
    assert_eq!(epoch["compared"], false);
    let day = |text: &Value| text.as_str().unwrap().chars().take(10).collect::<String>();
    let days =
        BTreeSet::from([day(&epoch["compareFrom"]), day(&first["received"]), day(&second["received"])]);
    let (pushed, _) = compared(&at, "almora", &days).await;
    assert_eq!(pushed, ["issue-1", "issue-3"], "issue-2 and amend-1 are to be pushed again");
    let early = push(&at, "almora", "issue-2", &two, Some(1)).await;
    assert_eq!(code(&early), (409, "epoch-unknown".to_owned()));

    delivered(&at, "issue-2", &two, Some(number)).await;
    delivered(&at, "amend-1", &amended, Some(number)).await;
    let again = push(&at, "corvania", "answer-2", &answer, Some(number)).await;
    assert_eq!(again.status, 202, "{again:?}");
    at.settled("corvania", again.header("coo-message-id").unwrap()).await;
    assert_eq!(code(&complete(&at, "almora", 1).await), (409, "epoch-unknown".to_owned()));
    assert_eq!(complete(&at, "almora", number).await.status, 200);
    assert_eq!(complete(&at, "almora", number).await.status, 200, "once more is harmless");
    let new = delivered(&at, "issue-9", &nine, None).await;

    repeated(&before, &at.partner("corvania").received(), new["deliveries"][0]["delivery"].as_str().unwrap());
    let answers = by_delivery(&at.partner("almora").received());
    assert_eq!(answers.keys().collect::<Vec<_>>(), by_delivery(&told).keys().collect::<Vec<_>>());
    assert!(answers.values().all(|times| *times == 2), "{answers:?}");
    let (pushed, sent) = compared(&at, "corvania", &days).await;
    assert_eq!(pushed, ["answer-2"]);
    assert_eq!(sent.len(), 5, "issue-1, issue-3, issue-2, amend-1, issue-9: {sent:?}");
    at.stop().await;
    at.start().await;
    let epoch = at.member("almora").get("/v1/ping").await.unwrap().json()["epoch"].clone();
    assert_eq!((&epoch["number"], &epoch["compared"]), (&json!(number), &json!(true)), "it is on disk");
    at.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_is_damaged_or_none_is_not_put_back() {
    let mut at = Community::shipped().await;
    at.start().await;
    delivered(&at, "issue-1", &certificate(&tea("AL-1")), None).await;
    at.stop().await;
    let file = at.path("backup.db");
    assert_eq!(backup(&at, &file).0, 0, "of a stopped hub too");
    fs::remove_dir_all(at.path("data")).unwrap();
    let mut bytes = fs::read(&file).unwrap();
    let (none, torn) = (at.path("none.db"), at.path("torn.db"));
    fs::write(&none, b"certificate").unwrap();
    bytes.truncate(bytes.len() / 2);
    fs::write(&torn, &bytes).unwrap();
    for wrong in [none, torn, at.path("missing.db")] {
        let (code, said) = restore(&at, &wrong);
        assert_eq!(code, 74, "{said}");
        assert!(said.contains(&wrong.display().to_string()), "it names the file: {said}");
        let left = fs::read_dir(at.path("data")).unwrap().map(|entry| entry.unwrap().file_name());
        assert_eq!(left.collect::<Vec<_>>(), ["lock"], "{said}");
    }
    assert_eq!(restore(&at, &file).0, 0);
    at.start().await;
    at.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_does_not_go_into_the_data_folder() {
    let mut at = Community::shipped().await;
    at.start().await;
    let inside = at.path("data/.");
    for to in [at.path("data"), at.path("data/backup.db"), inside.join("backup.db")] {
        let (code, said) = backup(&at, &to);
        assert_eq!(code, 74, "{said}");
        assert!(said.contains("lies in the data folder"), "{said}");
    }
    let files =
        fs::read_dir(at.path("data")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert!(files.into_iter().all(|file| !file.starts_with("backup") && !file.ends_with("part")));
    at.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_behind_damage_in_the_log_of_a_dead_hub_are_not_left_out_of_a_backup_in_silence() {
    let at = Community::shipped().await;
    let mut process = crate::crash::process::Process::start(&at).await;
    let member = at.member_at("almora", process.port);
    for number in 0..8 {
        let body = Bytes::from(tea(&format!("AL-{number}")).to_string());
        let answer = member.push(&format!("issue-{number}"), JSON, Vec::new(), body).await.unwrap();
        assert_eq!(answer.status, 202, "{answer:?}");
    }
    assert_eq!(backup(&at, &at.path("running.db")).0, 0, "beside a hub that runs");
    process.kill();
    let (log, file) = (at.path("data/coohub.db-wal"), at.path("backup.db"));
    let mut bytes = fs::read(&log).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    fs::write(&log, &bytes).unwrap();
    let (code, said) = backup(&at, &file);
    assert_eq!(code, 74, "{said}");
    assert!(said.contains("coohub.db cannot be copied") && said.contains("write-ahead log"), "{said}");
    assert!(!file.exists() && !at.path("backup.db.part").exists());
    fs::rename(at.path("data"), at.path("left")).unwrap();
    let (code, said) = restore(&at, &at.path("left"));
    assert_eq!(code, 74, "{said}");
    assert!(said.contains("write-ahead log"), "{said}");
    bytes[middle] ^= 0x10;
    fs::write(at.path("left/coohub.db-wal"), &bytes).unwrap();
    assert_eq!(restore(&at, &at.path("left")).0, 0, "a log that is whole");
}
