//! A reload applies a region whole or not at all, and whoever is no member any more is shown the door.

use std::{fs, sync::Arc};

use coohub::tls;

use super::story::{Sheet, Story, bound_for, tea};
use crate::{
    control::json,
    support::{client, hub::until, partner::Behaviour},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_a_reload_removes_loses_its_connection() {
    let story = Story::begin().await;
    let mut settings = tls::client(&story.at.leaf("brisca/leaf"), &[story.at.anchor()]).unwrap();
    settings.alpn_protocols = vec![b"http/1.1".to_vec()];
    let settings = Arc::new(settings);
    let address = story.at.hub().address();
    let mut connection = client::connect(&settings, address).await.unwrap();
    assert_eq!(connection.get("/v1/ping").await.unwrap().status, 200);

    fs::remove_file(story.at.path("partners/members/brisca.toml")).unwrap();
    story.at.hub().reload().await.unwrap();
    // A request may be read at the very moment: then it is judged anew, and is the last.
    if let Ok(answer) = connection.get("/v1/ping").await {
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (403, "unknown-peer"));
        connection.get("/v1/ping").await.expect_err("the connection is closed");
    }
    let mut stranger = client::connect(&settings, address).await.unwrap();
    let answer = stranger.get("/v1/ping").await.unwrap();
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (403, "unknown-peer"));
    assert_eq!(story.at.member("almora").get("/v1/ping").await.unwrap().status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_region_is_not_applied_and_the_hub_goes_on() {
    let mut story = Story::begin().await;
    fs::remove_file(story.at.path("partners/members/brisca.toml")).unwrap();
    story.at.edit("members/corvania.toml", "customs = [\"XC\"]", "customs = [\"XX\", 7]");
    story.at.hub().reload().await.unwrap_err();
    assert_eq!(story.at.member("brisca").get("/v1/ping").await.unwrap().status, 200);
    story.deliver("almora", "after", Sheet::json(&tea("AL-1"))).await;
    story.reads(
        r#"
        almora after: 202 m1, function 9, edi3-coo, AL-1 v1
          delivered
          d1 to corvania (importing party by destinationCountry): mec-origine-xml, 23 lost, delivered
          corvania gets d1 certificate full AL-1 v1, application/xml
        "#,
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lane_that_stands_still_after_refusals_in_a_row_goes_on_at_a_reload() {
    let mut story = Story::begin().await;
    story.at.partner("corvania").behave(Behaviour::Refuse("certificate-invalid"));
    for number in ["AL-1", "AL-2", "AL-3", "AL-4", "AL-5"] {
        let id = story.push("almora", number, Sheet::json(&tea(number))).await;
        let refused = story.at.settled("almora", &id).await;
        assert_eq!(refused["deliveries"][0]["state"], "refused");
        assert_eq!(refused["deliveries"][0]["reason"], "refused");
    }
    until("what almora sends to corvania is held", async || {
        let lanes = json(&story.at, &["status"]).await;
        lanes.into_iter().find(|lane| lane["member"] == "corvania" && lane["heldSources"][0] == "almora")
    })
    .await;
    story.at.partner("corvania").behave(Behaviour::Store);
    let sixth = story.push("almora", "AL-6", Sheet::json(&tea("AL-6"))).await;
    story.at.state_when("almora", &sixth, |state| state["state"] == "routed").await;
    // What comes behind it in another lane is there long before.
    let other = story.push("almora", "AL-7", Sheet::json(&bound_for(&tea("AL-7"), "XB"))).await;
    assert_eq!(story.at.settled("almora", &other).await["deliveries"][0]["state"], "delivered");
    let received = story.at.partner("corvania").received();
    assert!(received.iter().all(|request| request.header("CoO-Number") != "AL-6"));
    assert_eq!(received.iter().filter(|request| request.header("CoO-Number") == "AL-5").count(), 1);
    story.at.hub().reload().await.unwrap();
    assert_eq!(story.at.settled("almora", &sixth).await["state"], "delivered");
}
