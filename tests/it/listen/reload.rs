//! A reload counts at once: on open connections, on resumed sessions, and for the changed members only.

use std::time::Duration;

use coohub::{clock::Clock, listen::Config, model::time::Timestamp, region::member::Member};

use crate::support::{
    client::{Client, connect},
    door::{open, open_at},
    hub::PATIENCE,
    pki::{Leaf, Wanted},
};

async fn refused(client: &mut Client) -> bool {
    match client.get("/v1/ping").await {
        Ok(answer) => answer.status == 403,
        Err(_) => true,
    }
}

#[tokio::test]
async fn a_removed_member_is_refused_on_its_open_connection() {
    for protocol in ["http/1.1", "h2"] {
        let door = open(Config::default()).await;
        let settings = crate::support::client::settings(&door.aa, &door.hub.der(), protocol);
        let mut gone = connect(&settings, door.address).await.unwrap();
        let mut stays = door.connect(&door.bb).await;
        for client in [&mut gone, &mut stays] {
            assert_eq!(client.get("/v1/ping").await.unwrap().status, 200);
        }
        door.reload(|members| members.retain(|member| member.id.as_str() != "aa"));
        assert!(refused(&mut gone).await, "{protocol}");
        assert_eq!(stays.get("/v1/ping").await.unwrap().status, 200, "{protocol}");
    }
}

#[tokio::test]
async fn a_removed_member_is_refused_on_a_resumed_session() {
    let door = open(Config::default()).await;
    let settings = door.settings(&door.aa);
    let mut first = connect(&settings, door.address).await.unwrap();
    assert!(!first.resumed);
    assert_eq!(first.get("/v1/ping").await.unwrap().status, 200);
    let mut second = connect(&settings, door.address).await.unwrap();
    assert!(second.resumed);
    assert_eq!(
        second.get("/v1/ping").await.unwrap().json()["member"],
        "aa",
        "a resumed session keeps its leaf"
    );
    door.reload(|members| members.retain(|member| member.id.as_str() != "aa"));
    let mut third = connect(&settings, door.address).await.unwrap();
    assert!(third.resumed);
    assert_eq!(third.get("/v1/ping").await.unwrap().status, 403);
}

#[tokio::test]
async fn a_suspended_member_is_refused_and_a_released_one_let_in() {
    let door = open(Config::default()).await;
    let mut client = door.connect(&door.bb).await;
    assert_eq!(client.get("/v1/ping").await.unwrap().status, 200);
    door.reload(|members| members.iter_mut().for_each(|member| member.suspended = true));
    assert!(refused(&mut client).await);
    assert_eq!(door.connect(&door.bb).await.get("/v1/ping").await.unwrap().status, 403);
    door.reload(|_| {});
    assert_eq!(door.connect(&door.bb).await.get("/v1/ping").await.unwrap().status, 200);
}

#[tokio::test]
async fn connections_of_a_member_with_new_identities_are_closed_though_the_leaf_still_counts() {
    let door = open(Config::default()).await;
    let mut client = door.connect(&door.aa).await;
    assert_eq!(client.get("/v1/ping").await.unwrap().status, 200);
    let added = Leaf::self_signed(&Wanted::default()).pinned();
    door.reload(|members: &mut Vec<Member>| members[0].identities.push(added));
    // The close comes from the connection's own watch: ask until it has come.
    let closed = async { while client.get("/v1/ping").await.is_ok() {} };
    tokio::time::timeout(PATIENCE, closed).await.expect("the connection was closed");
    assert_eq!(door.connect(&door.aa).await.get("/v1/ping").await.unwrap().status, 200);
}

#[tokio::test]
async fn a_leaf_that_expires_is_refused_on_its_open_connection() {
    let start = Timestamp::parse("2099-12-31T23:59:59Z").unwrap();
    let (clock, hand) = Clock::manual(start);
    let door = open_at(Config::default(), clock, |_| {}).await;
    let mut client = door.connect(&door.aa).await;
    assert_eq!(client.get("/v1/ping").await.unwrap().status, 200);
    hand.advance(Duration::from_secs(1));
    assert_eq!(client.get("/v1/ping").await.unwrap().status, 200, "the last second counts");
    hand.advance(Duration::from_secs(1));
    assert_eq!(client.get("/v1/ping").await.unwrap().status, 403);
}
