//! Every limit on attachments, at it and one past it; and what becomes of those that no message names.

use std::{fs, time::Duration};

use bytes::Bytes;
use coohub::{clock::Clock, intake::attachment::TIDY_PERIOD};

use super::{SCAN, named};
use crate::{
    flow::story::tea,
    support::hub::{Community, until},
};

/// A running hub with these settings.
async fn set(intake: &str) -> Community {
    let mut at = Community::shipped().await;
    let file = at.path("coohub.toml");
    let settings = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{settings}\n[intake]\n{intake}\n")).unwrap();
    at.start().await;
    at
}

async fn code(at: &Community, bytes: Vec<u8>) -> (u16, String) {
    let answer = at.member("almora").put("application/pdf", Bytes::from(bytes)).await.unwrap();
    (answer.status, answer.json()["code"].as_str().unwrap_or("-").to_owned())
}

fn kept() -> (u16, String) {
    (201, "-".to_owned())
}

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_longest_attachment_is_taken_and_one_byte_more_is_not() {
    let at = set("attachment_bytes_max = \"100 KiB\"").await;
    // Noise, so that nothing gets smaller on the way.
    let noise =
        |length: usize| -> Vec<u8> { (0..length).map(|n| u8::try_from(n * n % 251).unwrap()).collect() };
    assert_eq!(code(&at, noise(100 << 10)).await, kept());
    assert_eq!(code(&at, noise((100 << 10) + 1)).await, refused(413, "body-too-large"));
    assert!(at.is_there("almora", &noise(100 << 10)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_names_so_many_attachments_and_no_more() {
    let at = set("attachments_per_message_max = 2").await;
    for bytes in [b"one", b"two", b"six"] {
        at.put("almora", bytes).await;
    }
    let (status, problem) = at.push_tea("k", "AL-1", &[b"one", b"two", b"six"]).await;
    assert_eq!((status, problem["code"].as_str()), (422, Some("too-many-attachments")));
    assert_eq!(at.push_tea("k", "AL-1", &[b"one", b"two", b"one"]).await.0, 202, "one named twice is one");
    let names = |count: usize| vec![named(SCAN); count].join(",");
    let most = coohub::listen::ATTACHMENTS_MAX;
    for (count, status) in [(most, 422), (most + 1, 400)] {
        let headers = vec![("coo-attachment", names(count))];
        let body = tea("AL-2").to_string().into();
        let answer = at.member("almora").push("n", "application/json", headers, body).await.unwrap();
        assert_eq!(answer.status, status, "{count} in the header: {answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_keeps_so_many_bytes_that_no_message_names_and_no_more() {
    let limits = "attachment_bytes_max = \"8 KiB\"\nloose_attachment_bytes_per_member_max = \"12 KiB\"";
    let at = set(limits).await;
    let (large, small) = (vec![1; 8 << 10], b"counts as 4 KiB".to_vec());
    assert_eq!(code(&at, large.clone()).await, kept());
    assert_eq!(code(&at, small.clone()).await, kept());
    assert_eq!(code(&at, b"x".to_vec()).await, refused(413, "attachment-quota"));
    assert_eq!(code(&at, small.clone()).await, refused(200, "-"), "a repeat takes no more room");
    assert_eq!(at.put("brisca", b"x").await.status, 201, "each member has its own");
    assert_eq!(at.push_tea("k", "AL-1", &[&large]).await.0, 202);
    assert_eq!(code(&at, vec![2; 8 << 10]).await, kept(), "what a message names no longer counts");
    assert_eq!(code(&at, b"x".to_vec()).await, refused(413, "attachment-quota"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_message_names_in_time_is_removed_and_nothing_else() {
    let (clock, hand) = Clock::manual(Clock::Real.now());
    let mut at = Community::shipped().await.at(clock);
    at.start().await;
    let (loose, again, bound) = (b"loose", b"again", b"bound");
    at.put("almora", loose).await;
    at.put("almora", again).await;
    at.put("almora", bound).await;
    assert_eq!(at.push_tea("k", "AL-1", &[bound]).await.0, 202);
    let day = Duration::from_secs(24 * 3_600);
    hand.advance(6 * day);
    assert_eq!(at.put("almora", again).await.status, 200, "its age begins anew");
    hand.advance(day - TIDY_PERIOD);
    assert!(at.is_there("almora", loose).await, "not a day too early");
    hand.advance(2 * TIDY_PERIOD);
    // The removal may have been at work when the clock was turned; it sleeps by that clock.
    let gone = async |bytes: &[u8]| {
        hand.advance(TIDY_PERIOD / 10);
        (!at.is_there("almora", bytes).await).then_some(())
    };
    until("the removal of what was never named", async || gone(loose).await).await;
    assert!(at.is_there("almora", again).await && at.is_there("almora", bound).await);
    hand.advance(30 * day);
    until("the removal of what was put again", async || gone(again).await).await;
    assert!(at.is_there("almora", bound).await);
    let (status, problem) = at.push_tea("late", "AL-2", &[loose]).await;
    assert_eq!((status, problem["code"].as_str()), (422, Some("attachment-missing")));
}
