//! The real process, told to end: at once, under load, in the middle of an attempt, or by its disk.

use std::{
    collections::BTreeMap,
    fs,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use coohub::cli::{
    exit,
    member::{Answer, Ask, Error, Member},
};
use tokio::task::JoinSet;

use crate::{
    crash::process::Process,
    flow::story::tea,
    support::{
        hub::{Community, until},
        need,
        partner::Behaviour,
    },
};

const PUSHERS: usize = 8;

async fn push(member: &Member, number: &str) -> Result<Answer, Error> {
    member.push(number, "application/json", Vec::new(), Bytes::from(tea(number).to_string())).await
}

/// Adds to the node's settings, which end in the section `listen`.
fn set(at: &Community, settings: &str) {
    let file = at.path("coohub.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(file, text + settings).unwrap();
}

/// Every acknowledged push is answered with its receipt, byte for byte.
async fn all_kept(at: &Community, port: u16, receipts: &BTreeMap<String, Bytes>) {
    let almora = at.member_at("almora", port);
    for (number, receipt) in receipts {
        let again = push(&almora, number).await.unwrap();
        assert_eq!((again.status, &again.body), (200, receipt), "{number}");
    }
}

/// Waits until the hub accepts no connections any more; who else may have got its port shows no leaf of its anchor.
async fn refuses_connections(at: &Community, port: u16) {
    until("it accepts nobody", async || at.member_at("almora", port).get("/v1/ping").await.err()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn told_to_end_under_load_it_ends_clean_and_keeps_what_it_acknowledged() {
    let at = Community::shipped().await;
    let mut process = Process::start(&at).await;
    let port = process.port;
    let almora = at.member_at("almora", port);
    let first = push(&almora, "AL-0").await.unwrap();
    let id = first.header("coo-message-id").unwrap().to_owned();
    let known = settled_tag(&almora, &id).await;
    let receipts = Arc::new(Mutex::new(BTreeMap::from([("AL-0".to_owned(), first.body)])));

    let poll = long_poll(&almora, &id, &known);
    let mut pushers = JoinSet::new();
    for pusher in 0..PUSHERS {
        let (member, receipts) = (at.member_at("almora", port), receipts.clone());
        pushers.spawn(async move {
            for count in 0.. {
                let number = format!("AL-{pusher}-{count}");
                let Ok(answer) = push(&member, &number).await else { return };
                assert!(matches!(answer.status, 202 | 503), "{answer:?}");
                if answer.status == 202 {
                    receipts.lock().unwrap().insert(number, answer.body);
                }
            }
        });
    }
    let ending = async {
        until("40 receipts", async || (receipts.lock().unwrap().len() >= 40).then_some(())).await;
        process.signal("TERM");
        process.ended().await.code()
    };
    let (polled, _, code) = tokio::join!(poll, pushers.join_all(), ending);
    assert_eq!(code, Some(exit::CLEAN.into()));
    assert!(matches!(polled.unwrap().status, 200 | 304), "a long poll is answered, not cut");

    let again = Process::start(&at).await;
    let receipts = receipts.lock().unwrap().clone();
    all_kept(&at, again.port, &receipts).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_signal_ends_it_at_once_and_nothing_acknowledged_is_lost() {
    let at = Community::shipped().await;
    set(&at, "drain_timeout = \"10m\"\n");
    at.partner("corvania").behave(Behaviour::Hang);
    for signals in [["TERM", "TERM"], ["INT", "TERM"]] {
        let attempts = at.partner("corvania").received().len();
        let mut process = Process::start(&at).await;
        let number = format!("AL-{}", signals[0]);
        let pushed = push(&at.member_at("almora", process.port), &number).await.unwrap();
        assert_eq!(pushed.status, 202);
        at.partner("corvania").received_at_least(attempts + 1).await;
        process.signal(signals[0]);
        refuses_connections(&at, process.port).await;
        process.signal(signals[1]);
        assert_eq!(process.ended().await.code(), Some(exit::OTHER.into()), "an attempt was cut off");
        let again = Process::start(&at).await;
        all_kept(&at, again.port, &BTreeMap::from([(number, pushed.body)])).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_full_in_a_commit_ends_it_with_74_and_a_start_with_room_has_everything() {
    let Some(disk) = need::small(16 << 20) else { return };
    let at = Community::shipped().await;
    let data = disk.path().join("data");
    set(&at, &format!("[store]\nfolder = {data:?}\nfree_bytes_min = \"0 B\"\nfree_percent_min = 0\n"));
    let mut process = Process::start(&at).await;
    let almora = at.member_at("almora", process.port);
    let mut receipts = BTreeMap::new();
    let first = push(&almora, "AL-0").await.unwrap();
    receipts.insert("AL-0".to_owned(), first.body);
    let ballast = disk.fill(512 << 10);
    for count in 1.. {
        let number = format!("AL-{count}");
        match push(&almora, &number).await {
            Ok(answer) if answer.status == 202 => drop(receipts.insert(number, answer.body)),
            Ok(answer) => {
                assert_eq!(answer.status, 503, "{answer:?}");
                break;
            }
            Err(_) => break,
        }
    }
    assert_eq!(process.ended().await.code(), Some(exit::STORAGE.into()));
    fs::remove_file(ballast).unwrap();
    let again = Process::start(&at).await;
    all_kept(&at, again.port, &receipts).await;
    drop(again);
}

/// The entity tag of a message's state once nothing more happens to it.
async fn settled_tag(member: &Member, id: &str) -> String {
    let waits =
        |delivery: &serde_json::Value| delivery["state"] == "queued" || delivery["state"] == "pending";
    until(format_args!("{id} is settled"), async || {
        let answer = member.get(&format!("/v1/messages/{id}")).await.unwrap();
        let state = answer.json();
        let deliveries = state["deliveries"].as_array().unwrap();
        let settled = !deliveries.is_empty() && !deliveries.iter().any(waits);
        settled.then(|| answer.header("etag").unwrap().to_owned())
    })
    .await
}

async fn long_poll(member: &Member, id: &str, tag: &str) -> Result<Answer, Error> {
    let path = format!("/v1/messages/{id}");
    let headers = vec![("if-none-match", tag.to_owned()), ("prefer", "wait=60".to_owned())];
    member.ask(Ask { method: "GET", path: &path, headers, body: Bytes::new() }).await
}
