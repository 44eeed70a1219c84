//! The checklist of a member: each item is seen green and red, what is seen of its own traffic counts, and what is kept.

use std::{collections::BTreeMap, fs, sync::Arc, time::Duration};

use bytes::Bytes;
use coohub::{cli, cli::member::Ask, store::register::Book};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use serde_json::{Value, json};

use super::joined;
use crate::{
    control::coohub,
    flow::story::{Sheet, Story, bound_for, tea},
    support::{
        hub::sample,
        partner::{Behaviour, Partner},
    },
};

/// Items with their results, and the exit code.
async fn list(story: &Story, more: &[&str]) -> (u8, BTreeMap<String, String>) {
    let (code, out, err) = coohub(&story.at, &[&["member", "test", "florin", "--json"], more].concat()).await;
    assert_eq!(err, "");
    let lines = out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let text = |line: &Value, name: &str| line[name].as_str().unwrap().to_owned();
    let items = lines.filter(|line| line.get("item").is_some());
    (code, items.map(|line| (text(&line, "item"), text(&line, "result"))).collect())
}

/// The list once its server does these, in order, and stores with a right clock what comes before and after.
async fn scripted(story: &Story, before: usize, then: Behaviour) -> BTreeMap<String, String> {
    let mut script = vec![Behaviour::Dated(0); before];
    script.push(then);
    story.at.partner("florin").script(&script);
    list(story, &[]).await.1
}

const TRIED: [&str; 11] = [
    "tls",
    "identity",
    "clock",
    "sample:canonical-json",
    "duplicate",
    "pace",
    "amendment",
    "cancellation",
    "withdrawal",
    "names",
    "largest",
];

fn red(items: &BTreeMap<String, String>) -> Vec<&str> {
    items.iter().filter(|(_, result)| *result == "red").map(|(item, _)| item.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_all_of_it_is_green_in_all_of_it() {
    let story = joined().await;
    story.at.partner("florin").behave(Behaviour::Dated(0));
    let (code, items) = list(&story, &[]).await;
    assert_eq!(code, cli::exit::OTHER, "what nobody saw yet is open");
    for item in TRIED {
        assert_eq!(items[item], "green", "{item}: {items:#?}");
    }
    assert_eq!((&*items["refusal"], &*items["receipt"]), ("open", "skipped"));
    let received = story.at.partner("florin").received();
    assert!(received.iter().all(|one| one.header("CoO-Test") == "true"));
    let largest = received.iter().map(|one| one.bytes.len()).max().unwrap();
    assert!(largest > 500_000, "a thousand items have {largest} bytes");
    let counts = story.at.hub().store().counts().await.unwrap();
    assert_eq!((counts.messages, counts.open, counts.delivered), (0, 0, 0), "the store knows nothing of it");
    let (_, shown, _) = coohub(&story.at, &["member", "test", "florin"]).await;
    assert!(shown.contains("rollover") && shown.contains("trust the hub's next leaf"), "{shown}");
    let kept = story.at.hub().store().entries(Book::Report, Some("florin"), None, 10).await.unwrap();
    assert_eq!(kept.len(), 2);
    let actions = crate::control::json(&story.at, &["queue", "actions"]).await;
    assert_eq!((&actions[0]["did"], &actions[0]["outcome"]), (&json!("report"), &json!("done: not green")));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_thing_a_server_gets_wrong_is_red_by_itself() {
    let story = joined().await;
    story.at.partner("florin").behave(Behaviour::Dated(0));
    let cases = [
        (0, Behaviour::Dated(120), "clock"),
        (0, Behaviour::Dated(-120), "clock"),
        (1, Behaviour::NoEcho, "duplicate"),
        (2, Behaviour::Status(500), "amendment"),
        (3, Behaviour::Html, "cancellation"),
        (4, Behaviour::Refuse("certificate-invalid"), "names"),
        (5, Behaviour::Status(413), "largest"),
        (6, Behaviour::EchoTwice, "withdrawal"),
        (7, Behaviour::Status(400), "refusal"),
    ];
    for (before, wrong, item) in cases {
        let items = scripted(&story, before, wrong).await;
        assert_eq!(red(&items), [item], "{wrong:?}");
    }
    let items = scripted(&story, 7, Behaviour::Refuse("certificate-invalid")).await;
    assert_eq!((&*items["refusal"], red(&items).len()), ("green", 0));
    assert_eq!(red(&scripted(&story, 0, Behaviour::Status(404)).await), ["sample:canonical-json"]);

    story.at.partner("florin").behave(Behaviour::Down);
    let (_, items) = list(&story, &[]).await;
    assert_eq!(red(&items), ["tls"]);
    assert_eq!(items["duplicate"], "open", "nothing was tried behind it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_slow_or_lets_anybody_in_or_signs_wrongly_is_red() {
    let story = joined().await;
    story.at.edit("members/florin.toml", "[push]", "[push]\ntimeout = \"10s\"");
    story.at.hub().reload().await.unwrap();
    story.at.partner("florin").behave(Behaviour::Dated(0));
    assert_eq!(red(&scripted(&story, 1, Behaviour::Hang).await), ["duplicate", "pace"]);

    story.at.edit(
        "members/florin.toml",
        "timeout = \"10s\"",
        "acknowledge = \"signed\"\nreceipt_keys = \"florin.keys\"",
    );
    let keys = json!({"keys": [story.at.partner("florin").receipt_key().to_jwk()]});
    fs::write(story.at.path("certs/florin.keys"), keys.to_string()).unwrap();
    story.at.hub().reload().await.unwrap();
    assert!(red(&scripted(&story, 0, Behaviour::Store).await).contains(&"receipt"));
    story.at.partner("florin").behave(Behaviour::Sign);
    assert_eq!(list(&story, &[]).await.1["receipt"], "green");

    let file = |name: &str| story.at.path(&format!("certs/dev/florin/{name}"));
    let leaf = CertificateDer::pem_file_iter(file("server.pem")).unwrap().map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_file(file("server.key")).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let open = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let open = open.with_no_client_auth().with_single_cert(leaf, key).unwrap();
    let anybody = Partner::serving(open, Behaviour::Dated(0)).await;
    let url = story.at.partner("florin").url.clone();
    story.at.edit("members/florin.toml", &url, &anybody.url);
    story.at.edit("members/florin.toml", "acknowledge = \"signed\"\nreceipt_keys = \"florin.keys\"\n", "");
    story.at.hub().reload().await.unwrap();
    let (_, items) = list(&story, &[]).await;
    assert_eq!(red(&items), ["identity"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_member_does_by_itself_is_seen_and_the_rest_is_vouched_for() {
    let mut story = joined().await;
    let _sandbox = story.at.sandbox("corvania").await;
    story.at.stop().await;
    story.at.start_with(|config| config.delivery.resend_pause = Duration::ZERO).await;
    story.at.partner("florin").behave(Behaviour::Dated(0));
    let florin = story.at.member("florin");
    assert_eq!(florin.get("/v1/ping").await.unwrap().status, 200);
    let mut document: Value =
        serde_json::from_str(&sample("edi3-coo/samples/almora-corvania-tea.canonical.json")).unwrap();
    document["issuer"] = json!({"id": "XF-CHAMBER", "name": "Florin Chamber of Commerce"});
    document["attachments"] = json!([]);
    document["number"] = json!("XF-1");
    let test = |document: &Value| Sheet::json(document).with("coo-test", "?1");
    let mut broken = document.clone();
    broken["issueDate"] = json!("18 May");
    // What was rejected of its live traffic is no exercise.
    story.push("florin", "broken-live", Sheet::json(&broken)).await;
    story.deliver("florin", "one", test(&document)).await;
    assert_eq!(list(&story, &[]).await.1["rejection"], "open");
    story.push("florin", "broken", test(&broken)).await;
    story.push("florin", "one", test(&document)).await;
    let mut amended = document.clone();
    amended["consignment"]["information"] = json!("two pallets");
    story.deliver("florin", "two", test(&amended).with("coo-function", "4")).await;
    let cancel = json!({"function": "cancellation", "agreement": "mecta", "issuer": "XF-CHAMBER", "number": "XF-1",
        "reason": {"code": "issued-in-error", "text": ""}, "decided": "2026-07-03"});
    story.deliver("florin", "three", Sheet::message(&cancel).with("coo-test", "?1")).await;
    let scan = Bytes::from_static(b"a scan");
    assert_eq!(florin.put("application/pdf", scan).await.unwrap().status, 201);

    // Its server is down while almora sends it a certificate, and back; then the desk asks once more.
    let coming = bound_for(&tea("AL-1"), "XF");
    story.at.partner("florin").behave(Behaviour::Down);
    let id = story.push("almora", "coming", Sheet::json(&coming).with("coo-test", "?1")).await;
    let failed = |state: &Value| state["deliveries"][0]["attempts"].as_u64().is_some_and(|count| count > 0);
    story.at.state_when("almora", &id, failed).await;
    story.at.partner("florin").behave(Behaviour::Dated(0));
    story.at.settled("almora", &id).await;
    let path = "/v1/certificates/id:chamber.almora.example/AL-1/resend";
    let before = story.at.partner("florin").received().len();
    let ask = Ask { method: "POST", path, ..Ask::default() };
    assert_eq!(florin.ask(ask).await.unwrap().status, 202);
    story.at.partner("florin").received_at_least(before + 1).await;

    let (code, items) = list(&story, &[]).await;
    let open: Vec<_> =
        items.iter().filter(|(_, result)| *result == "open").map(|(item, _)| item.as_str()).collect();
    assert_eq!((code, &*open), (cli::exit::OTHER, &["refusal", "rollover", "verifies"][..]), "{items:#?}");
    for item in ["refusal", "rollover", "verifies"] {
        let confirm = ["--confirm", item, "--reason", "seen on the telephone", "--as", "Maria"];
        let (code, items) = list(&story, &confirm).await;
        assert_eq!(items[item], "confirmed");
        assert_eq!(code == cli::exit::CLEAN, item == "verifies");
    }
    let (code, _, err) =
        coohub(&story.at, &["member", "test", "florin", "--confirm", "dance", "--reason", "x"]).await;
    assert_eq!((code, err.contains("no item dance")), (cli::exit::USAGE, true), "{err}");
    let newest = story.at.hub().store().entry(Book::Report, "florin").await.unwrap().unwrap();
    assert!(String::from_utf8(newest.bytes).unwrap().contains("as Maria"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_mailbox_lacks_is_told_in_words_of_a_mailbox() {
    let story = Story::begin().await;
    let (code, out, _) = coohub(&story.at, &["member", "test", "dunmere"]).await;
    assert_eq!(code, cli::exit::OTHER);
    assert!(out.contains("collect it by GET /v1/inbox?test=true"), "{out}");
    assert!(!out.contains("server") && !out.contains("answer 2xx"), "{out}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_endpoint_is_left_alone_and_its_sandbox_is_tried() {
    let story = Story::begin().await;
    let (code, _, err) = coohub(&story.at, &["member", "test", "corvania"]).await;
    assert_eq!((code, err.starts_with("test-not-allowed: ")), (65, true), "{err}");
    let own = story.at.partner("corvania").url.clone();
    let (code, _, err) = coohub(&story.at, &["member", "test", "corvania", "--against", &own]).await;
    assert_eq!((code, err.starts_with("test-not-allowed: ")), (65, true), "{err}");
    let others = story.at.partner("brisca").url.replace("localhost", "LOCALHOST");
    let (_, _, err) = coohub(&story.at, &["member", "test", "corvania", "--against", &others]).await;
    assert!(err.contains("that is the live endpoint of brisca"), "{err}");
    let server = story.at.server_of("dev", "corvania", &["dev/anchor.pem"]);
    let sandbox = Partner::serving(server, Behaviour::Dated(0)).await;
    let (_, out, err) =
        coohub(&story.at, &["member", "test", "corvania", "--against", &sandbox.url, "--json"]).await;
    assert_eq!(err, "");
    assert!(out.contains(r#""item":"tls","side":"takes""#), "{out}");
    assert!(sandbox.received().iter().all(|one| one.header("CoO-Test") == "true"));
    assert!(!sandbox.received().is_empty() && story.at.partner("corvania").received().is_empty());
    let named = story.at.sandbox("corvania").await;
    story.at.hub().reload().await.unwrap();
    coohub(&story.at, &["member", "test", "corvania"]).await;
    assert!(!named.received().is_empty() && story.at.partner("corvania").received().is_empty());
    let (code, _, err) = coohub(&story.at, &["member", "test", "dunmere", "--against", &sandbox.url]).await;
    assert_eq!((code, err.contains("has a mailbox")), (cli::exit::USAGE, true), "{err}");
    let (code, _, err) = coohub(&story.at, &["member", "test", "nobody"]).await;
    assert_eq!((code, err.starts_with("member-unknown: ")), (65, true), "{err}");
}
