//! Attachments: put before the message that names them, kept with it, fetched by whoever sees it whole.

mod limits;

use std::{fs, io::Write as _};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use coohub::{
    cli::member::{Answer, Ask},
    model::id::Digest,
};
use serde_json::{Value, json};

use crate::{
    crash::process::Process,
    flow::story::{Sheet, Story, cancellation, tea, through_estalia},
    support::{
        command,
        hub::{Community, sample, until},
        partner::Behaviour,
    },
};

/// Bytes that are no text.
const SCAN: &[u8] =
    b"%PDF-1.7\0\xff\xfe\r\n not a character \xc3\x28 <!ENTITY x SYSTEM 'file:///etc/passwd'>";

pub(crate) fn named(bytes: &[u8]) -> String {
    format!("sha-256:{}", Digest::of(bytes).hex())
}

fn path(bytes: &[u8]) -> String {
    format!("/v1/attachments/{}", Digest::of(bytes).hex())
}

impl Community {
    async fn put(&self, member: &str, bytes: &[u8]) -> Answer {
        self.member(member).put("application/pdf", Bytes::copy_from_slice(bytes)).await.unwrap()
    }

    async fn fetch(&self, member: &str, bytes: &[u8]) -> Answer {
        self.member(member).get(&path(bytes)).await.unwrap()
    }

    async fn is_there(&self, member: &str, bytes: &[u8]) -> bool {
        let answer = self.fetch(member, bytes).await;
        assert!(matches!(answer.status, 200 | 404), "{answer:?}");
        assert!(answer.status == 404 || answer.body == bytes, "byte for byte");
        answer.status == 200
    }

    /// Pushes almora's tea with what it names; gives status and code.
    async fn push_tea(&self, key: &str, number: &str, attachments: &[&[u8]]) -> (u16, Value) {
        let names = attachments.iter().map(|bytes| named(bytes)).collect::<Vec<_>>().join(", ");
        let headers = if names.is_empty() { Vec::new() } else { vec![("coo-attachment", names)] };
        let body = tea(number).to_string().into();
        let answer = self.member("almora").push(key, "application/json", headers, body).await.unwrap();
        (answer.status, answer.json())
    }
}

async fn started() -> Community {
    let mut at = Community::shipped().await;
    at.start().await;
    at
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_sees_the_whole_certificate_gets_its_attachments_and_nobody_else() {
    let mut story = Story::begin().await;
    let put = story.at.put("corvania", SCAN).await;
    assert_eq!((put.status, put.header("location")), (201, Some(path(SCAN).as_str())));
    let invoice = b"invoice 17";
    assert_eq!(story.at.put("corvania", invoice).await.status, 201);
    let names = format!("{}, {}", named(SCAN), named(invoice));
    for member in ["dunmere", "estalia", "almora"] {
        assert!(!story.at.is_there(member, SCAN).await, "{member}, before the push");
    }
    let sheet = Sheet::xml(through_estalia(77)).with("coo-attachment", &names);
    let id = story.deliver("corvania", "whole", sheet).await;
    let receipt = receipt(&story.at, "corvania", &id).await;
    assert_eq!(receipt["attachments"], json!([named(SCAN), named(invoice)]));

    let (whole, part) = (story.at.collect("dunmere").await, story.at.collect("estalia").await);
    assert_eq!(whole[0]["headers"]["CoO-Attachment"], names);
    assert_eq!(attested(&whole[0]["headers"]["CoO-Attestation"])["attachments"], receipt["attachments"]);
    assert_eq!(part[0]["headers"]["CoO-View"], "minimised");
    assert_eq!(part[0]["headers"]["CoO-Attachment"], Value::Null);
    assert_eq!(attested(&part[0]["headers"]["CoO-Attestation"])["attachments"], json!([]));

    let fetched = story.at.fetch("dunmere", SCAN).await;
    assert_eq!(fetched.body, SCAN, "byte for byte");
    assert_eq!(fetched.header("content-type"), Some("application/pdf"));
    let digest = format!("sha-256=:{}:", STANDARD.encode(Digest::of(SCAN).0));
    assert_eq!(fetched.header("content-digest"), Some(digest.as_str()));
    for (member, sees) in
        [("corvania", true), ("dunmere", true), ("estalia", false), ("almora", false), ("brisca", false)]
    {
        assert_eq!(story.at.is_there(member, SCAN).await, sees, "{member}");
    }
    // The delivery itself is no way around.
    let minimised = part[0]["delivery"].as_str().unwrap();
    let original =
        story.at.member("estalia").get(&format!("/v1/deliveries/{minimised}/original")).await.unwrap();
    assert_eq!(original.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_is_pushed_to_is_told_in_every_attempt() {
    let at = started().await;
    at.partner("corvania").script(&[Behaviour::Status(503)]);
    at.put("almora", SCAN).await;
    assert_eq!(at.push_tea("k", "AL-1", &[SCAN]).await.0, 202);
    let received = at.partner("corvania").received_at_least(2).await;
    assert_eq!(received[0].delivery(), received[1].delivery());
    for (attempt, number) in received.iter().zip(["1", "2"]) {
        assert_eq!(attempt.header("CoO-Attempt"), number);
        assert_eq!(attempt.header("CoO-Attachment"), named(SCAN), "attempt {number}");
    }
    assert!(at.is_there("corvania", SCAN).await);
    assert!(!at.is_there("dunmere", SCAN).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_names_what_is_missing_is_rejected_and_may_come_again() {
    let at = started().await;
    at.put("almora", SCAN).await;
    let (status, problem) = at.push_tea("k", "AL-1", &[SCAN, b"one", b"two"]).await;
    assert_eq!((status, problem["code"].as_str()), (422, Some("attachment-missing")));
    let said: Vec<_> =
        problem["errors"].as_array().unwrap().iter().map(|e| e["message"].as_str().unwrap()).collect();
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].contains(&path(b"one")) && said[1].contains(&path(b"two")), "{said:?}");
    at.put("almora", b"one").await;
    at.put("almora", b"two").await;
    assert_eq!(at.push_tea("k", "AL-1", &[SCAN, b"one", b"two"]).await.0, 202);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_names_or_sees_what_another_member_put() {
    let at = started().await;
    at.put("dunmere", SCAN).await;
    assert!(!at.is_there("almora", SCAN).await);
    let (status, problem) = at.push_tea("k", "AL-1", &[SCAN]).await;
    assert_eq!((status, problem["code"].as_str()), (422, Some("attachment-missing")));
    // The same bytes of its own are another attachment.
    assert_eq!(at.put("almora", SCAN).await.status, 201);
    assert_eq!(at.push_tea("k", "AL-1", &[SCAN]).await.0, 202);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_message_names_is_part_of_what_it_is() {
    let at = started().await;
    at.put("almora", SCAN).await;
    at.put("almora", b"other").await;
    assert_eq!(at.push_tea("k1", "AL-1", &[SCAN]).await.0, 202);
    assert_eq!(at.push_tea("k1", "AL-1", &[SCAN]).await.0, 200, "the same push");
    let code = |(status, problem): (u16, Value)| (status, problem["code"].as_str().unwrap_or("-").to_owned());
    assert_eq!(code(at.push_tea("k1", "AL-1", &[b"other"]).await), (409, "message-id-conflict".to_owned()));
    assert_eq!(code(at.push_tea("k1", "AL-1", &[]).await), (409, "message-id-conflict".to_owned()));
    assert_eq!(code(at.push_tea("k2", "AL-1", &[b"other"]).await), (409, "number-reused".to_owned()));
    assert_eq!(at.push_tea("k3", "AL-1", &[SCAN]).await.0, 202, "a business duplicate");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_names_digests_needs_no_header_and_agrees_with_one() {
    let at = started().await;
    let document = |digest: &str| {
        let text = sample("edi3-coo/samples/estalia-brisca-textiles.canonical.json");
        let mut document: Value = serde_json::from_str(&text).unwrap();
        document["issuer"]["id"] = json!("EST-CCI");
        document["attachments"] = json!([{"name": "scan", "digest": digest}]);
        Bytes::from(document.to_string())
    };
    let push = async |key: &str, digest: &str, header: Option<String>| {
        let headers = header.map(|header| ("coo-attachment", header)).into_iter().collect();
        let answer =
            at.member("estalia").push(key, "application/json", headers, document(digest)).await.unwrap();
        (answer.status, answer.json()["code"].as_str().unwrap_or("-").to_owned())
    };
    let rejected = |code: &str| (422, code.to_owned());
    assert_eq!(push("a", &named(SCAN), None).await, rejected("attachment-missing"));
    at.put("estalia", SCAN).await;
    at.put("estalia", b"other").await;
    assert_eq!(push("b", &named(SCAN), Some(named(b"other"))).await, rejected("envelope-mismatch"));
    let both = format!("{},{}", named(b"other"), Digest::of(SCAN).hex());
    assert_eq!(push("c", &Digest::of(SCAN).hex(), Some(both)).await.0, 202);
    assert_eq!(push("c", &Digest::of(SCAN).hex(), None).await.0, 409, "other headers, another push");
    // A digest of another kind names nothing here.
    assert_eq!(
        push("d", "md5:900150983cd24fb0d6963f7d28e17f72", None).await,
        (409, "number-reused".to_owned())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_put_must_be_what_its_address_says() {
    let at = started().await;
    let put = async |address: &str, headers: Vec<(&str, String)>, bytes: &'static [u8]| {
        let ask = Ask { method: "PUT", path: address, headers, body: Bytes::from_static(bytes) };
        let answer = at.member("almora").ask(ask).await.unwrap();
        (answer.status, answer.json()["code"].as_str().unwrap_or("-").to_owned())
    };
    let refused = |status: u16, code: &str| (status, code.to_owned());
    let right = path(SCAN);
    let digest =
        |bytes: &[u8]| ("content-digest", format!("sha-256=:{}:", STANDARD.encode(Digest::of(bytes).0)));
    assert_eq!(put(&path(b"other"), vec![], SCAN).await, refused(400, "digest-mismatch"));
    assert_eq!(put(&right, vec![digest(b"other")], SCAN).await, refused(400, "digest-mismatch"));
    assert_eq!(
        put(&right, vec![("content-digest", "sha-512=:AA==:".into())], SCAN).await,
        refused(400, "digest-mismatch")
    );
    assert_eq!(
        put(&right, vec![("content-encoding", "gzip".into())], SCAN).await,
        refused(415, "content-encoding")
    );
    assert_eq!(
        put(&right, vec![("content-type", "no type".into())], SCAN).await,
        refused(400, "header-invalid")
    );
    assert_eq!(put(&path(b""), vec![], b"").await, refused(400, "body-empty"));
    assert_eq!(put("/v1/attachments/abc", vec![], SCAN).await, refused(404, "not-found"));
    assert!(!at.is_there("almora", SCAN).await, "nothing of it was kept");
    let address = format!("/v1/attachments/{}", named(SCAN));
    assert_eq!(put(&address, vec![digest(SCAN)], SCAN).await, refused(201, "-"));
    assert_eq!(at.fetch("almora", SCAN).await.header("content-type"), Some("application/octet-stream"));
    assert_eq!(put(&right, vec![], SCAN).await, refused(200, "-"), "again");

    for (names, code) in [("sha-256:12", "header-invalid"), ("?", "header-invalid")] {
        let headers = vec![("coo-attachment", names.to_owned())];
        let body = tea("AL-9").to_string().into();
        let answer = at.member("almora").push("k", "application/json", headers, body).await.unwrap();
        assert_eq!((answer.status, answer.json()["code"].as_str()), (400, Some(code)));
    }
    let cancelling = json!({"function": "cancellation", "agreement": "mecta", "issuer": "id:chamber.almora.example",
        "number": "AL-1", "version": 1, "reason": {"code": "issued-in-error", "text": ""}, "decided": "2026-11-20"});
    let headers = vec![("coo-attachment", named(SCAN))];
    let body = cancelling.to_string().into();
    let answer = at.member("almora").push("c", coohub::message::MEDIA_TYPE, headers, body).await.unwrap();
    assert_eq!((answer.status, answer.json()["code"].as_str()), (400, Some("header-invalid")));
}

#[tokio::test(flavor = "multi_thread")]
async fn original_and_attachments_outlive_amendment_and_cancellation() {
    let mut story = Story::begin().await;
    story.at.put("almora", SCAN).await;
    let first = tea("AL-1");
    let sheet = Sheet::json(&first).with("coo-attachment", &named(SCAN));
    story.deliver("almora", "first", sheet).await;
    let delivery = story.at.partner("corvania").received()[0].delivery().to_owned();
    let amended = crate::flow::story::reworded(&first, "amended");
    story.deliver("almora", "second", Sheet::json(&amended).with("coo-function", "4")).await;
    story.deliver("almora", "third", cancellation("AL-1")).await;
    let original =
        story.at.member("corvania").get(&format!("/v1/deliveries/{delivery}/original")).await.unwrap();
    assert_eq!((original.status, &original.body[..]), (200, first.to_string().as_bytes()), "byte for byte");
    assert!(story.at.is_there("corvania", SCAN).await);
    let attached: Vec<_> = story
        .at
        .partner("corvania")
        .received()
        .iter()
        .map(|one| !one.header("CoO-Attachment").is_empty())
        .collect();
    assert_eq!(attached, [true, false, false], "only the first version names it");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_is_there_after_a_kill() {
    let at = Community::shipped().await;
    let mut process = Process::start(&at).await;
    let corvania = at.member_at("corvania", process.port);
    assert_eq!(corvania.put("application/pdf", Bytes::from_static(SCAN)).await.unwrap().status, 201);
    process.kill_and_start(&at).await;
    let corvania = at.member_at("corvania", process.port);
    assert_eq!(corvania.put("application/pdf", Bytes::from_static(SCAN)).await.unwrap().status, 200);
    let body = Bytes::from(sample("mec-origine-xml/samples/corvania-dunmere.xml"));
    let headers = vec![("coo-attachment", named(SCAN))];
    assert_eq!(corvania.push("k", "application/xml", headers, body).await.unwrap().status, 202);
    process.kill_and_start(&at).await;
    let dunmere = at.member_at("dunmere", process.port);
    let inbox = until("an entry of dunmere's inbox", async || {
        let inbox = dunmere.get("/v1/inbox").await.unwrap().json();
        inbox.as_array().is_some_and(|entries| !entries.is_empty()).then_some(inbox)
    })
    .await;
    assert_eq!(inbox[0]["headers"]["CoO-Attachment"], named(SCAN));
    assert_eq!(dunmere.get(&path(SCAN)).await.unwrap().body, SCAN);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_puts_what_it_attaches() {
    let at = started().await;
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let file = folder.path().join(name);
        fs::File::create(&file).unwrap().write_all(bytes).unwrap();
        file.display().to_string()
    };
    let (document, scan) = (write("tea.json", tea("AL-5").to_string().as_bytes()), write("scan.PDF", SCAN));
    let cert = |name: &str| at.path(&format!("certs/dev/{name}")).display().to_string();
    let hub = format!("https://localhost:{}", at.port);
    let mut arguments: Vec<String> =
        ["push", &document, "--attach", &scan, "--hub", &hub].map(str::to_owned).into();
    arguments.extend(["--leaf".into(), cert("almora/leaf.pem"), "--key".into(), cert("almora/leaf.key")]);
    let mut strange = arguments.clone();
    strange.extend(["--anchors".into(), cert("almora/anchor.pem")]);
    let (code, _, err) = tokio::task::spawn_blocking(|| command::coohub(strange)).await.unwrap();
    assert_eq!((code, err.contains("name the anchor of the hub's leaf")), (69, true), "{err}");
    arguments.extend(["--anchors".into(), cert("anchor.pem")]);
    let (code, out, err) = tokio::task::spawn_blocking(|| command::coohub(arguments)).await.unwrap();
    assert_eq!(code, 0, "{err}");
    let receipt: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(receipt["attachments"], json!([named(SCAN)]));
    assert_eq!(at.fetch("almora", SCAN).await.header("content-type"), Some("application/pdf"));
}

/// The payload of a message's receipt.
async fn receipt(at: &Community, source: &str, id: &str) -> Value {
    attested(&at.state(source, id).await["receipt"])
}

fn attested(jws: &Value) -> Value {
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let payload = jws.as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}
