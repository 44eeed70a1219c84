//! What a source's tracing sees of the hub, and what the hub's log tells of documents: nothing.

use std::fs;

use serde_json::Value;

use crate::{
    crash::process::Process,
    support::hub::{Community, sample, until},
};

const TEA: &str = "edi3-coo/samples/almora-corvania-tea.json";
const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
/// A text that stands nowhere else.
const MARK: &str = "Zq9942neverToBeSeen";

/// Pushes tea under a number of its own; the headers of the delivery it became.
async fn delivered(at: &Community, number: usize, parents: &[&str]) -> Vec<String> {
    let tea = sample(TEA).replace("AL-2026-004711", &format!("AL-2026-{number}"));
    let headers = parents.iter().map(|parent| ("traceparent", (*parent).to_owned())).collect();
    let almora = at.member("almora");
    let answer = almora.push(&format!("m{number}"), "application/json", headers, tea.into()).await.unwrap();
    assert_eq!(answer.status, 202, "{answer:?}");
    at.settled("almora", answer.header("coo-message-id").unwrap()).await;
    let [received] = at.partner("corvania").take().try_into().unwrap();
    let named = received.headers.into_iter().filter(|(name, _)| name == "traceparent");
    named.map(|(_, value)| value).collect()
}

#[tokio::test]
async fn a_delivery_goes_on_with_its_source_s_trace_and_a_span_of_its_own() {
    let mut at = Community::shipped().await;
    at.start().await;
    let [passed] = delivered(&at, 1, &[PARENT]).await.try_into().unwrap();
    let parts = |text: &str| text.split('-').map(str::to_owned).collect::<Vec<_>>();
    let (passed, parent) = (parts(&passed), parts(PARENT));
    assert_eq!((passed.len(), &passed[1], &passed[3]), (4, &parent[1], &parent[3]));
    assert_ne!(passed[2], parent[2]);
    let bad = "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01";
    for (number, parents) in [&[][..], &[bad], &["nonsense"], &[PARENT, PARENT]].into_iter().enumerate() {
        assert_eq!(delivered(&at, 10 + number, parents).await, Vec::<String>::new(), "{parents:?}");
    }
}

#[tokio::test]
async fn a_mailbox_entry_goes_on_with_its_source_s_trace_until_a_restart() {
    let mut at = Community::shipped().await;
    at.start().await;
    let xml = sample("mec-origine-xml/samples/corvania-dunmere.xml");
    let headers = vec![("traceparent", PARENT.to_owned())];
    let answer = at.member("corvania").push("one", "application/xml", headers, xml.into()).await.unwrap();
    let id = answer.header("coo-message-id").unwrap().to_owned();
    at.state_when("corvania", &id, |state| state["state"] == "routed").await;
    let entries = at.collect("dunmere").await;
    let passed = entries[0]["headers"]["traceparent"].as_str().unwrap();
    assert_eq!((&passed[..36], &passed[52..]), (&PARENT[..36], &PARENT[52..]), "the same trace");
    assert_ne!(passed, PARENT, "and a span of its own");

    at.stop().await;
    at.start().await;
    let entries = at.collect("dunmere").await;
    assert_eq!(entries.len(), 1, "{entries:?}");
    assert_eq!(entries[0]["headers"].get("traceparent"), None, "nobody remembers");
}

/// Puts the mark behind every text of a document, or only behind those of more than a word.
fn marked(value: &mut Value, every: bool) {
    match value {
        Value::String(text) if every || text.contains(' ') => text.push_str(MARK),
        Value::Array(items) => items.iter_mut().for_each(|item| marked(item, every)),
        Value::Object(members) => members.values_mut().for_each(|member| marked(member, every)),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_of_everything_in_json_has_nothing_of_a_document() {
    let mut at = Community::shipped().await;
    let node = at.path("coohub.toml");
    let text = fs::read_to_string(&node).unwrap();
    fs::write(&node, text + "\n[log]\nlevel = \"trace\"\nformat = \"json\"\n").unwrap();
    let mut process = Process::start(&at).await;
    at.port = process.port;
    let almora = at.member("almora");
    for (key, every, status) in [("some", false, 202), ("all", true, 422)] {
        let mut document: Value = serde_json::from_str(&sample(TEA)).unwrap();
        marked(&mut document, every);
        let (body, headers) = (document.to_string(), vec![("traceparent", PARENT.to_owned())]);
        assert!(body.matches(MARK).count() > 20);
        let answer = almora.push(key, "application/json", headers, body.into()).await.unwrap();
        assert_eq!(answer.status, status, "{answer:?}");
        if status == 202 {
            at.settled("almora", answer.header("coo-message-id").unwrap()).await;
        }
    }
    // What is told may be told behind an answer.
    let told =
        ["message accepted", "message rejected", "an attempt ended", "0af7651916cd43dd8448eb211c80319c"];
    let log = || fs::read_to_string(at.path("log.txt")).unwrap();
    until(format_args!("{told:?} in the log"), async || {
        let log = log();
        told.iter().all(|told| log.contains(told)).then_some(())
    })
    .await;
    process.signal("TERM");
    process.ended().await;
    let log = log();
    for line in log.lines().filter(|line| line.starts_with('{')) {
        assert!(serde_json::from_str::<Value>(line).is_ok(), "{line}");
    }
    assert!(!log.contains(MARK), "{:?}", log.lines().find(|line| line.contains(MARK)));
}
