//! Three members push beyond every budget; a fourth notices little, and nothing accepted is lost.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use coohub::{
    cli::member::{Answer, Member},
    model::id::{MemberId, MessageKey},
};
use tokio::task::JoinSet;

use crate::{
    flow::story::tea,
    support::{
        hub::{Community, sample, until},
        need,
    },
};

/// Connections of each flooding member; twice what it may have.
const CONNECTIONS: usize = 16;
/// Pushes of the healthy member, without and with the flood.
const PUSHES: usize = 30;
/// Pushes of the flood that may be judged while one of the healthy member waits, at its median: a few turns of three
/// members, and what goes on during a commit. Without turns and shares it is behind what 24 connections hold.
const OVERTAKEN_MAX: usize = 20;

const BUDGETS: &str = r#"
body_bytes_max = "256 KiB"
member_bodies_bytes_max = "1 MiB"
bodies_in_flight_bytes_max = "2 MiB"
reserved_bodies_bytes_max = "1 MiB"
body_room_timeout = "50ms"
[intake]
attachment_bytes_max = "256 KiB"
documents_at_once_max = 1
"#;

/// What came of the flood.
#[derive(Default)]
struct Tally {
    accepted: Mutex<BTreeMap<(String, String), Bytes>>,
    codes: Mutex<BTreeMap<String, usize>>,
    judged: AtomicUsize,
    over: AtomicBool,
}

impl Tally {
    fn note(&self, member: &str, key: &str, answer: Answer) {
        let problem = answer.json()["code"].as_str().unwrap_or_default().to_owned();
        if matches!(answer.status, 202 | 422) {
            self.judged.fetch_add(1, Ordering::SeqCst);
        }
        match answer.status {
            202 => {
                drop(self.accepted.lock().unwrap().insert((member.to_owned(), key.to_owned()), answer.body))
            }
            429 | 503 => {
                let seconds = answer.header("retry-after").and_then(|value| value.parse::<u64>().ok());
                assert!(!problem.is_empty() && seconds.is_some_and(|seconds| seconds > 0), "{answer:?}");
            }
            status => assert!(matches!(status, 413 | 422), "{answer:?}"),
        }
        *self.codes.lock().unwrap().entry(format!("{} {problem}", answer.status)).or_default() += 1;
    }
}

/// Pushes of one member over one connection, until it is over.
async fn flood(
    member: Member,
    name: &'static str,
    task: usize,
    body: (&'static str, Bytes),
    tally: Arc<Tally>,
) {
    for count in 0.. {
        if tally.over.load(Ordering::SeqCst) {
            return;
        }
        let key = format!("{name}-{task}-{count}");
        // A connection that was closed on a body nobody wanted has no answer to read.
        if let Ok(answer) = member.push(&key, body.0, Vec::new(), body.1.clone()).await {
            tally.note(name, &key, answer);
        }
    }
}

/// Pushes one after the other, each of which must be accepted; gives how long each took, and how many of the flood's were
/// judged meanwhile, both sorted.
async fn healthy(at: &Community, name: &str, tally: &Tally) -> (Vec<Duration>, Vec<usize>) {
    let almora = at.member("almora");
    let (mut times, mut overtaken) = (Vec::new(), Vec::new());
    for count in 0..PUSHES {
        let number = format!("{name}-{count}");
        let body = Bytes::from(tea(&number).to_string());
        let (began, before) = (Instant::now(), tally.judged.load(Ordering::SeqCst));
        let answer = almora.push(&number, "application/json", Vec::new(), body).await.unwrap();
        times.push(began.elapsed());
        overtaken.push(tally.judged.load(Ordering::SeqCst) - before);
        assert_eq!(answer.status, 202, "{answer:?}");
    }
    times.sort();
    overtaken.sort();
    (times, overtaken)
}

/// A document at the limit of what is read, and wrong in its last line.
fn expensive() -> String {
    let line = "<Ligne><Numero>1</Numero><Designation>x</Designation></Ligne>";
    format!("<CertificatOrigine>{}</Certificat>", line.repeat(4000))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_a_flood_what_is_accepted_is_kept_the_rest_is_told_and_a_healthy_member_gets_through() {
    // In memory: while a disk syncs, what is refused is judged on, and a slow one lets any number of that pass.
    let Some(disk) = need::small(1 << 30) else { return };
    let mut at = Community::shipped().await;
    at.edit("region.toml", "connections_max = 64", "connections_max = 8");
    at.edit("region.toml", "per_second = 10000\nburst = 10000", "per_second = 500\nburst = 100");
    let node = at.path("coohub.toml");
    std::fs::write(&node, std::fs::read_to_string(&node).unwrap() + BUDGETS).unwrap();
    at.start_with(|config| config.store.folder = disk.path().join("data")).await;
    let tally = Arc::new(Tally::default());
    let (quiet, _) = healthy(&at, "QUIET", &tally).await;

    let floods = [
        ("corvania", "application/xml", expensive()),
        ("dunmere", "text/csv", sample("mec-csv/samples/dunmere-almora-forty.csv")),
        ("estalia", "application/json", " ".repeat(250 << 10)),
    ];
    let mut tasks = JoinSet::new();
    for (name, media_type, body) in floods {
        let body = Bytes::from(body);
        for task in 0..CONNECTIONS {
            tasks.spawn(flood(at.member(name), name, task, (media_type, body.clone()), tally.clone()));
        }
    }
    until("an answer to the flood", async || (tally.judged.load(Ordering::SeqCst) > 0).then_some(())).await;
    let (flooded, overtaken) = healthy(&at, "FLOOD", &tally).await;
    tally.over.store(true, Ordering::SeqCst);
    tasks.join_all().await;

    let codes = tally.codes.lock().unwrap().clone();
    println!(
        "healthy: {quiet:?} alone, {flooded:?} under the flood, overtaken {overtaken:?}; the flood got {codes:?}"
    );
    // Sixteen connections of a member that may have eight: whatever room there is, some are told to come again.
    assert!(codes.keys().any(|code| code.starts_with("429")), "{codes:?}");
    let accepted = tally.accepted.lock().unwrap().clone();
    assert!(!accepted.is_empty(), "{codes:?}");
    for ((member, key), receipt) in accepted {
        let (source, key) = (MemberId::new(&member).unwrap(), MessageKey::new(&key).unwrap());
        let kept = at.hub().store().receipt_of(&source, &key).await.unwrap().map(|kept| kept.receipt);
        assert_eq!(kept.as_deref(), Some(&receipt[..]), "{member} {key:?}");
    }
    assert!(overtaken[PUSHES / 2] <= OVERTAKEN_MAX, "{overtaken:?}");
    at.stop().await;
}
