//! What an operator is told, and when: a whole hub whose members fail, a webhook that fails, a folder of mail.
//!
//! Method: rules and changes are tested by data beside the code; here is what leaves the hub.

use std::{fmt, fs, sync::Arc, time::Duration};

use coohub::{clock::Clock, config, message, observe};
use serde_json::Value;

use crate::{
    control::{coohub, json},
    support::{
        hub::{Community, LOOK, PATIENCE, sample, until},
        partner::{Behaviour, Partner},
    },
};

const TEA: &str = "edi3-coo/samples/almora-corvania-tea.json";

/// A server for the webhook, under leaves of corvania's.
async fn webhook(at: &Community, behaviour: Behaviour) -> Partner {
    Partner::serving(at.server_of("dev", "corvania", &["dev/anchor.pem"]), behaviour).await
}

/// Starts a hub that looks often, loses patience at once, and tells a webhook and a folder.
async fn start(at: &mut Community, webhook: &Partner, change: impl FnOnce(&mut config::Config)) {
    let (anchors, folder) = (at.path("certs/dev/corvania/anchor.pem"), at.path("mail"));
    fs::create_dir_all(&folder).unwrap();
    at.start_with(|config| {
        config.telemetry =
            observe::Config { address: None, state_age_max: Duration::ZERO, ..observe::Config::default() };
        config.alerts.period = LOOK;
        config.alerts.partner_down_after = Duration::ZERO;
        config.alerts.webhook_url = webhook.url.clone();
        config.alerts.webhook_anchors = anchors;
        config.alerts.mail_folder = folder;
        // The disk of whoever runs this test is no concern of it.
        config.alerts.free_bytes_min = 0;
        config.alerts.commit_max = PATIENCE;
        config.delivery.breaker_failures = 1;
        config.delivery.breaker_pause = LOOK;
        config.delivery.breaker_pause_max = LOOK;
        change(config);
    })
    .await;
}

async fn push_tea(at: &Community, key: &str) {
    let almora = at.member("almora");
    let answer = almora.push(key, "application/json", Vec::new(), sample(TEA).into()).await.unwrap();
    assert_eq!(answer.status, 202);
}

/// Every change that a webhook took, once one is of this kind and sort.
async fn told(webhook: &Partner, change: &str, alert: &str) -> Vec<Value> {
    let all = || -> Vec<Value> {
        webhook
            .received()
            .iter()
            .filter(|received| received.behaviour == Behaviour::NoEcho)
            .flat_map(|received| {
                let body: Value = serde_json::from_slice(&received.bytes).unwrap();
                assert_eq!(body["hub"], "mec");
                body["changes"].as_array().unwrap().clone()
            })
            .collect()
    };
    until(fmt::from_fn(|f| write!(f, "{change} {alert} in {:?}", all())), async || {
        let all = all();
        all.iter().any(|told| told["change"] == change && told["alert"] == alert).then_some(all)
    })
    .await
}

fn mails(at: &Community) -> Vec<String> {
    let files = fs::read_dir(at.path("mail")).unwrap().map(|file| file.unwrap().path());
    let whole = files.filter(|path| path.extension().is_some_and(|ending| ending == "eml"));
    whole.map(|path| fs::read_to_string(path).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_that_is_down_is_told_once_and_so_is_its_return_by_every_way_there_is() {
    let mut at = Community::shipped().await;
    let webhook = webhook(&at, Behaviour::NoEcho).await;
    start(&mut at, &webhook, |_| {}).await;
    at.partner("corvania").behave(Behaviour::Down);
    push_tea(&at, "one").await;
    let down = told(&webhook, "firing", "partner-down").await;
    let [down] = down.as_slice() else { panic!("{down:?}") };
    assert_eq!((&down["severity"], &down["about"]), (&"critical".into(), &"corvania".into()));
    assert!(down["todo"].as_str().unwrap().contains("server is up"));
    let status = json(&at, &["status"]).await;
    assert_eq!(status.last().unwrap()["alerts"][0]["alert"], "partner-down");
    let (_, text, _) = coohub(&at, &["status"]).await;
    let since = down["since"].as_str().unwrap();
    let line = format!(
        "critical: partner-down of corvania since {since}: corvania has not answered to what almora sends for"
    );
    assert!(text.contains(&line), "{text}");

    at.partner("corvania").behave(Behaviour::Store);
    let all = told(&webhook, "resolved", "partner-down").await;
    assert_eq!(all.len(), 2, "nothing is told twice: {all:?}");
    until("two mails", async || (mails(&at).len() >= 2).then_some(())).await;
    let subjects: Vec<_> = mails(&at)
        .iter()
        .filter_map(|mail| mail.lines().find_map(|line| line.strip_prefix("Subject: ").map(str::to_owned)))
        .collect();
    for subject in
        ["[mec] critical: partner-down firing: corvania", "[mec] critical: partner-down resolved: corvania"]
    {
        assert!(subjects.iter().any(|found| found == subject), "{subjects:?}");
    }
    let status = json(&at, &["status"]).await;
    assert_eq!(status.last().unwrap()["alerts"].as_array().unwrap().len(), 0);
    let everything = format!("{all:?}{:?}", mails(&at));
    assert!(!everything.contains("AL-2026-004711"), "no number of a certificate is told");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_webhook_holds_up_nothing_and_hears_in_the_end_what_it_did_not_take() {
    let mut at = Community::shipped().await;
    let (elsewhere, webhook) =
        (webhook(&at, Behaviour::NoEcho).await, webhook(&at, Behaviour::Status(500)).await);
    webhook.script(&[
        Behaviour::Redirect(elsewhere.port),
        Behaviour::Hang,
        Behaviour::Drip,
        Behaviour::GiantHead(1 << 20),
        Behaviour::TakesNoBody,
    ]);
    start(&mut at, &webhook, |config| {
        // Long enough for the one that takes what it is sent, in the end.
        config.delivery.answer_timeout = LOOK * 100;
        config.delivery.send_timeout = LOOK * 100;
    })
    .await;
    at.partner("corvania").behave(Behaviour::Down);
    push_tea(&at, "one").await;
    until("what comes behind all of the script", async || {
        webhook.received().into_iter().find(|received| received.behaviour == Behaviour::Status(500))
    })
    .await;
    push_tea(&at, "two").await;
    webhook.behave(Behaviour::NoEcho);
    told(&webhook, "firing", "partner-down").await;
    assert_eq!(elsewhere.received().len(), 0, "no redirect is followed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_answers_is_not_told_as_down_but_as_what_it_does() {
    let mut at = Community::shipped().await;
    let webhook = webhook(&at, Behaviour::NoEcho).await;
    start(&mut at, &webhook, |_| {}).await;
    at.partner("corvania").behave(Behaviour::NoEcho);
    push_tea(&at, "one").await;
    let all = told(&webhook, "firing", "no-echo").await;
    assert!(all.iter().all(|told| told["alert"] == "no-echo"), "{all:?}");
    assert_eq!(all[0]["severity"], "warning");

    at.partner("corvania").behave(Behaviour::Status(404));
    let all = told(&webhook, "firing", "takes-nothing").await;
    assert!(all.iter().all(|told| told["alert"] != "partner-down"), "{all:?}");
    let (_, text, _) = coohub(&at, &["status"]).await;
    let words = "corvania answers, and has taken nothing of what almora sends for";
    assert!(text.contains(words), "{text}");

    at.partner("corvania").behave(Behaviour::Down);
    told(&webhook, "firing", "partner-down").await;
    at.partner("corvania").behave(Behaviour::Status(404));
    told(&webhook, "resolved", "partner-down").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_does_not_wait_for_a_webhook_that_is_silent() {
    let mut at = Community::shipped().await;
    let webhook = webhook(&at, Behaviour::Hang).await;
    start(&mut at, &webhook, |config| {
        config.alerts.free_bytes_min = u64::MAX;
        config.delivery.answer_timeout = PATIENCE * 10;
    })
    .await;
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while !mails(&at).iter().any(|mail| mail.contains("disk-low firing")) {
        assert!(tokio::time::Instant::now() < deadline);
        tokio::time::sleep(LOOK).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_after_an_end_that_nobody_asked_for_is_told_for_an_hour() {
    let (clock, hand) = Clock::manual(Clock::Real.now());
    let mut at = Community::shipped().await.at(clock);
    let webhook = webhook(&at, Behaviour::NoEcho).await;
    fs::create_dir_all(at.path("data")).unwrap();
    fs::write(at.path("data/running"), "").unwrap();
    start(&mut at, &webhook, |_| {}).await;
    told(&webhook, "firing", "restarted").await;
    hand.advance(observe::alert::rules::RESTART_SHOWN);
    // The loop may have been at work when the clock was turned; it sleeps by that clock.
    let turning = tokio::spawn(async move {
        loop {
            hand.advance(LOOK);
            tokio::time::sleep(LOOK).await;
        }
    });
    told(&webhook, "resolved", "restarted").await;
    turning.abort();
    assert!(at.path("data/running").exists());
    at.stop().await;
    assert!(!at.path("data/running").exists(), "an end that was asked for is no crash");
}

#[tokio::test(flavor = "multi_thread")]
async fn customs_that_does_not_answer_in_the_time_its_agreement_states_is_told_until_it_answers() {
    let (clock, hand) = Clock::manual(Clock::Real.now());
    let mut at = Community::shipped().await.at(clock);
    let webhook = webhook(&at, Behaviour::NoEcho).await;
    at.edit("agreements/mecta.toml", "unseen = ", "answer_within = \"3d\"\nunseen = ");
    start(&mut at, &webhook, |_| {}).await;
    let hand = Arc::new(hand);
    let turned = hand.clone();
    let turning = tokio::spawn(async move {
        loop {
            turned.advance(LOOK);
            tokio::time::sleep(LOOK).await;
        }
    });
    push_tea(&at, "one").await;
    let store = at.hub().store().clone();
    until("a delivery on record", async || (store.counts().await.unwrap().delivered == 1).then_some(()))
        .await;
    let delivery = at.partner("corvania").received()[0].delivery().to_owned();
    let late = async || {
        let told = json(&at, &["queue", "--state", "unanswered"]).await;
        told.into_iter().filter(|one| one["kind"] == "delivery").collect::<Vec<_>>()
    };
    assert_eq!(late().await.len(), 0, "it has three days");
    hand.advance(Duration::from_secs(3 * 86_400 + 60));
    let all = told(&webhook, "firing", "unanswered").await;
    let told_of = all.iter().find(|told| told["alert"] == "unanswered").unwrap();
    assert_eq!((&told_of["severity"], &told_of["about"]), (&"warning".into(), &"corvania".into()));
    let text = told_of["text"].as_str().unwrap();
    assert!(text.starts_with("customs of corvania has not answered 1 certificate in time"), "{text}");
    let listed = late().await;
    assert_eq!(listed.iter().map(|one| one["delivery"].as_str().unwrap()).collect::<Vec<_>>(), [&delivery]);
    let (_, words, _) = coohub(&at, &["queue", "--state", "unanswered"]).await;
    assert!(words.contains("corvania") && words.contains("to be answered by"), "{words}");

    let answer = serde_json::json!({"function": "response", "delivery": delivery, "answer": "received"});
    let bytes = answer.to_string().into();
    let taken = at.member("corvania").push("r1", message::MEDIA_TYPE, Vec::new(), bytes).await.unwrap();
    assert_eq!(taken.status, 202);
    told(&webhook, "resolved", "unanswered").await;
    turning.abort();
    assert_eq!(late().await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn leaves_that_end_soon_and_a_full_disk_are_told_of_the_hub_and_of_each_member() {
    let mut at = Community::shipped().await;
    let webhook = webhook(&at, Behaviour::NoEcho).await;
    start(&mut at, &webhook, |config| {
        config.alerts.identity_notice = Duration::from_secs(86_400 * 365 * 50);
        config.alerts.free_bytes_min = u64::MAX;
    })
    .await;
    let all = told(&webhook, "firing", "disk-low").await;
    let of = |about: &str| {
        all.iter().find(|told| told["alert"] == "identity-ends" && told["about"] == about).cloned()
    };
    for about in ["hub's server leaf", "hub's client leaf", "almora", "dunmere"] {
        assert!(of(about).is_some(), "{about}: {all:?}");
    }
}
