//! A member whose format is in a national character set: in as it is, on in UTF-8, and back in that set.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use encoding_rs::WINDOWS_1252;
use serde_json::Value;

use crate::support::hub::{Community, sample};

const LATIN: &str = "text/csv; charset=windows-1252";

/// The shipped community, with a CSV profile in windows-1252, which dunmere sends and takes.
async fn latin() -> Community {
    let mut community = Community::shipped().await;
    let head = "lengths = \"characters\"\n";
    community.edit("formats/mec-csv/format.toml", head, &format!("{head}charset = \"windows-1252\"\n"));
    community.start().await;
    community
}

fn forty() -> String {
    sample("mec-csv/samples/dunmere-almora-forty.csv").replace("Quay 7", "Südkai 7 – für 3 €")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_in_a_members_own_character_set_arrives_in_everybody_elses() {
    let mut community = latin().await;
    let (bytes, _, unspellable) = WINDOWS_1252.encode(Box::leak(forty().into_boxed_str()));
    assert!(!unspellable && std::str::from_utf8(&bytes).is_err(), "the document is no UTF-8");
    let dunmere = community.member("dunmere");
    let answer = dunmere.push("latin", LATIN, Vec::new(), Bytes::from(bytes.to_vec())).await.unwrap();
    assert_eq!(answer.status, 202, "{answer:?}");
    let id = answer.header("coo-message-id").unwrap().to_owned();
    let state = community.settled("dunmere", &id).await;
    let delivery = state["deliveries"][0]["delivery"].as_str().unwrap().to_owned();
    let received = community.partner("almora").received();
    assert!(String::from_utf8(received[0].bytes.clone()).unwrap().contains("Südkai 7 – für 3 €"));
    let original =
        community.member("almora").get(&format!("/v1/deliveries/{delivery}/original")).await.unwrap();
    assert_eq!((original.status, original.header("content-type")), (200, Some(LATIN)));
    assert_eq!(original.body, bytes.as_ref(), "byte for byte");
    community.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_targets_character_set_cannot_spell_is_named_as_lost_and_never_a_question_mark() {
    let mut community = latin().await;
    let tea = sample("edi3-coo/samples/almora-dunmere-late.json");
    let tea = tea
        .replace("\"Quay 7\"", "\"Südkai 7 – Čapek\"")
        .replace("Government Buildings", "Ämterhaus für 3 €");
    let almora = community.member("almora");
    let answer = almora.push("tea", "application/json", Vec::new(), Bytes::from(tea)).await.unwrap();
    assert_eq!(answer.status, 202, "{answer:?}");
    let entry = &community.collect("dunmere").await[0];
    let bytes = STANDARD.decode(entry["content"].as_str().unwrap()).unwrap();
    assert_eq!(entry["headers"]["Content-Type"], LATIN);
    let text = WINDOWS_1252.decode(&bytes).0;
    assert!(text.contains("Ämterhaus für 3 €") && !text.contains('?') && !text.contains("apek"), "{text}");
    let id = answer.header("coo-message-id").unwrap().to_owned();
    let state = community.state("almora", &id).await;
    let losses = state["deliveries"][0]["losses"].as_array().unwrap();
    assert!(losses.contains(&Value::from("exporter.address.line")), "{losses:?}");
    community.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_character_set_that_is_not_the_members_or_that_the_bytes_contradict_is_refused() {
    let mut community = latin().await;
    let utf8 = || Bytes::from(forty());
    let spoilt = || Bytes::from(forty().into_bytes().into_iter().chain([0x81]).collect::<Vec<_>>());
    for (member, media_type, body, code) in [
        ("dunmere", "text/csv; charset=koi8-r", utf8(), "not-utf8"),
        ("almora", LATIN, utf8(), "not-utf8"),
        ("dunmere", LATIN, spoilt(), "csv-malformed"),
        ("dunmere", "text/csv", Bytes::from(&b"certificate_number\nS\xfcd\n"[..]), "not-utf8"),
    ] {
        let answer = community.member(member).push("k", media_type, Vec::new(), body).await.unwrap();
        let problem = answer.json();
        assert_eq!(
            (answer.status, &problem["code"]),
            (422, &Value::from(code)),
            "{member} {media_type}: {problem}"
        );
    }
    community.stop().await;
}
