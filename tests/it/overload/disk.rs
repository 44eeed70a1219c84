//! A disk with little room, and one that does not answer.

use std::{path::Path, time::Duration};

use bytes::Bytes;
use coohub::{cli::member::Answer, config::Config};

use crate::{
    flow::story::tea,
    support::{
        hub::{Community, until},
        need,
        partner::Behaviour,
    },
};

async fn push(at: &Community, number: &str) -> Answer {
    let body = Bytes::from(tea(number).to_string());
    at.member("almora").push(number, "application/json", Vec::new(), body).await.unwrap()
}

fn code(answer: &Answer) -> (u16, String) {
    (answer.status, answer.json()["code"].as_str().unwrap_or_default().to_owned())
}

/// Pushes under ever new ids until the answer is this one; gives it.
async fn pushed_until(at: &Community, name: &str, wanted: (u16, &str)) -> Answer {
    let mut number = 0;
    until(format_args!("an answer {wanted:?}"), async || {
        number += 1;
        let answer = push(at, &format!("{name}-{number}")).await;
        (code(&answer) == (wanted.0, wanted.1.to_owned())).then_some(answer)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn below_the_bound_of_free_space_nothing_new_is_taken_and_everything_else_goes_on() {
    let mut at = Community::shipped().await;
    at.partner("corvania").behave(Behaviour::Down);
    at.start().await;
    let first = push(&at, "AL-1").await;
    assert_eq!(first.status, 202);
    at.stop().await;

    let nothing_is_enough = |config: &mut Config| config.store.free_bytes_min = u64::MAX;
    at.start_with(nothing_is_enough).await;
    let refused = push(&at, "AL-2").await;
    assert_eq!(code(&refused), (503, "storage-low".into()));
    let (_, words, _) = crate::control::coohub(&at, &["status"]).await;
    assert!(words.contains("the disk is nearly full") && words.contains("(storage-low)"), "{words}");
    assert_eq!(refused.header("retry-after"), Some("60"));
    let almora = at.member("almora");
    let attachment = almora.put("application/pdf", Bytes::from_static(b"%PDF")).await.unwrap();
    assert_eq!(code(&attachment), (503, "storage-low".into()));
    let long = vec![b' '; 1 << 20];
    let unread = almora.push("AL-3", "application/json", Vec::new(), long.into()).await.unwrap();
    assert_eq!(
        code(&unread),
        (503, "storage-low".into()),
        "the answer arrives although the body is not wanted"
    );

    let again = push(&at, "AL-1").await;
    assert_eq!(
        (again.status, &again.body),
        (200, &first.body),
        "what was accepted is answered from the store"
    );
    let id = first.header("coo-message-id").unwrap();
    at.partner("corvania").behave(Behaviour::Store);
    let state = at.settled("almora", id).await;
    assert_eq!(state["deliveries"][0]["state"], "delivered", "{state}");
    at.stop().await;
    at.start().await;
    assert_eq!(push(&at, "AL-2").await.status, 202, "a refusal bound nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_fills_up_is_noticed_and_so_is_the_room_that_comes_back() {
    let Some(disk) = need::small(32 << 20) else { return };
    let mut at = Community::shipped().await;
    let bound = 8 << 20;
    at.start_with(|config| {
        config.store.folder = disk.path().join("data");
        (config.store.log_bytes_max, config.store.free_bytes_min) = (1 << 20, bound);
    })
    .await;
    assert_eq!(push(&at, "AL-1").await.status, 202);
    let ballast = disk.fill(bound - (1 << 20));
    pushed_until(&at, "LOW", (503, "storage-low")).await;
    std::fs::remove_file(ballast).unwrap();
    pushed_until(&at, "ROOM", (202, "")).await;
    assert_eq!(push(&at, "AL-1").await.status, 200);
    at.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_commits_hang_nothing_new_is_taken_and_what_waits_is_accepted_in_the_end() {
    let mut at = Community::shipped().await;
    at.start_with(|config| config.store.accept_wait_max = Duration::from_millis(100)).await;
    let first = push(&at, "AL-1").await;
    assert_eq!(first.status, 202, "{first:?}");
    let id = first.header("coo-message-id").unwrap();
    at.settled("almora", id).await;
    // A disk may be slow all by itself.
    until("an end of that", async || at.hub().store().strain().is_none().then_some(())).await;

    // What it waits for is measured: nothing is left but the few milliseconds of two pushes, far from when the store gives
    // up on the lock.
    let lock = Locked::the_database_of(at.folder());
    let waiting = push(&at, "AL-2");
    let shed = async {
        until("commits that hang", async || at.hub().store().strain()).await;
        let refused = push(&at, "SHED").await;
        assert_eq!(code(&refused), (503, "storage-slow".into()));
        assert!(refused.header("retry-after").is_some());
        assert_eq!(push(&at, "AL-1").await.status, 200, "a repeat needs no commit");
        drop(lock);
    };
    let (accepted, ()) = tokio::join!(waiting, shed);
    assert_eq!(accepted.status, 202, "{accepted:?}");
    pushed_until(&at, "AFTER", (202, "")).await;
    at.stop().await;
}

/// Holds the write lock, as a disk does that does not answer.
struct Locked(rusqlite::Connection);

impl Locked {
    fn the_database_of(folder: &Path) -> Self {
        let db = rusqlite::Connection::open(folder.join("data/coohub.db")).unwrap();
        db.execute_batch("BEGIN IMMEDIATE").unwrap();
        Self(db)
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        self.0.execute_batch("ROLLBACK").unwrap();
    }
}
