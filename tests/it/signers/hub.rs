//! Through the hub: what an agreement demands, what is kept of the verdict, and who is told of it.

use coohub::{
    decode::proof::{SignerRole, sign::sign_part},
    evidence::key::{PublicKey, verify},
    model::{
        id::{Digest, MessageId},
        judgement::Capacity,
    },
};
use serde_json::Value;

use crate::support::{
    command,
    hub::{Community, sample},
};

const COD: &str = "aladi-cod/samples/mecta-brisca-almora.xml";
const LISTED: &str = "leaf = \"dev/brisca/official.pem\"\nfrom = \"2026-01-01\"\n";

/// Pushes a document of Brisca's: status, and the problem or the receipt's payload.
async fn push(at: &Community, key: &str, cod: &str) -> (u16, Value) {
    let answer =
        at.member("brisca").push(key, "application/xml", Vec::new(), cod.to_owned().into()).await.unwrap();
    let body = if answer.status < 300 {
        payload(at, std::str::from_utf8(&answer.body).unwrap()).await
    } else {
        answer.json()
    };
    (answer.status, body)
}

/// The payload of a JWS of the hub's.
async fn payload(at: &Community, jws: &str) -> Value {
    let keys = at.member("brisca").get("/v1/keys").await.unwrap().json();
    let keys: Vec<_> = keys["keys"].as_array().unwrap().iter().filter_map(PublicKey::from_jwk).collect();
    serde_json::from_slice(&verify(jws, &keys).unwrap()).unwrap()
}

fn numbered(cod: &str, number: &str) -> String {
    assert!(cod.contains("XBB01MEC260000087700"));
    cod.replace("XBB01MEC260000087700", number)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_verdict_is_kept_with_the_message_and_told_to_each_as_far_as_it_is_theirs_to_know() {
    let mut at = Community::shipped().await;
    at.start().await;
    let official = Digest::of(&at.signer("brisca", "official").leaf_der);
    let leaf = format!("sha-256:{}", official.hex());
    let (status, receipt) = push(&at, "one", &at.signed("brisca", &sample(COD))).await;
    assert_eq!(status, 202, "{receipt}");

    // The receipt: leaf and verdict, and nobody's name.
    let signature = &receipt["proof"]["signatures"][1];
    assert_eq!(receipt["proof"]["demanded"], "exporter-and-official");
    assert_eq!(receipt["proof"]["signatures"][0]["verdict"], "vouched");
    assert_eq!((&signature["role"], &signature["verdict"]), (&"official".into(), &"good".into()));
    assert_eq!((&signature["leaf"], &signature["scod"]), (&leaf.as_str().into(), &"00".into()));
    assert_eq!((&signature["key"], &signature["rule"]), (&"RSA 2048".into(), &"listed".into()));
    // Eleven o'clock in the zone of Brisca's body.
    assert_eq!(signature["signed"]["from"], "2026-09-04T14:00:00.000Z");
    assert_eq!(signature["signed"]["statedBy"], "document");
    assert!(!receipt.to_string().contains("fficial of the Ministry"), "{receipt}");

    // The source, and it alone, reads the names too.
    let id = receipt["id"].as_str().unwrap().to_owned();
    let state = at.settled("brisca", &id).await;
    let shown = &state["proof"]["signatures"][1];
    assert_eq!((&shown["verdict"], &shown["leaf"]), (&signature["verdict"], &signature["leaf"]));
    assert_eq!(shown["ruleName"], "Official of the Ministry of Trade");
    assert!(shown["subject"].as_str().unwrap().contains("O=coohub development"), "{shown}");
    assert_eq!(state["proof"]["configuration"], receipt["configuration"]);
    let path = format!("/v1/messages/{id}");
    assert_eq!(at.member("almora").get(&path).await.unwrap().status, 404);

    // The target reads the verdict in what the hub attests of its delivery.
    let received = at.partner("almora").received_at_least(1).await;
    let attested = payload(&at, received[0].header("CoO-Attestation")).await;
    assert_eq!(attested["signer"], serde_json::json!({"verdict": "good", "scod": "00", "leaf": leaf}));

    // Kept for good: another document by the same leaf, and a restart.
    let second = at.signed("brisca", &numbered(&sample(COD), "XBB01MEC260000088800"));
    let (status, second) = push(&at, "two", &second).await;
    assert_eq!(status, 202, "{second}");
    at.stop().await;
    at.start().await;
    let store = at.hub().store();
    let ids = [&second, &receipt].map(|receipt| MessageId::parse(receipt["id"].as_str().unwrap()).unwrap());
    assert_eq!(store.signed_by(official, 10).await.unwrap(), ids);
    assert_eq!(Digest::of(&store.leaf(official).await.unwrap().unwrap()), official);
    let proved = store.proved(ids[1]).await.unwrap().unwrap();
    let kept: Vec<_> = proved.judgements.iter().map(|one| (one.capacity, one.verdict.word())).collect();
    assert_eq!(kept, [(Capacity::Exporter, "vouched"), (Capacity::Official, "good")]);
    assert_eq!(proved.demand.as_deref(), Some("exporter-and-official"));
    assert_eq!(at.state("brisca", &id).await["proof"], state["proof"]);
    at.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agreement_that_says_nothing_takes_a_signed_format_from_officials_only() {
    let mut at = Community::shipped().await;
    at.edit("agreements/mecta.toml", "proof = \"connection\"\n", "");
    at.edit("agreements/mecta.toml", "[proof_by_format]\naladi-cod = \"exporter-and-official\"\n", "");
    at.start().await;
    let unsigned = sample(COD);
    let by_exporter = sign_part(&unsigned, SignerRole::Exporter, &at.signer("brisca", "exporter")).unwrap();
    for (key, cod) in [("none", &unsigned), ("exporter", &by_exporter)] {
        let (status, problem) = push(&at, key, cod).await;
        assert_eq!((status, &problem["code"]), (422, &"not-issued".into()), "{problem}");
        let lacks =
            "this is not an issued certificate: it lacks the official's signature; send it once it is issued";
        assert_eq!(problem["detail"], lacks);
    }
    let (status, receipt) = push(&at, "both", &at.signed("brisca", &unsigned)).await;
    assert_eq!((status, &receipt["proof"]["demanded"]), (202, &"official".into()), "{receipt}");

    let tea = sample("edi3-coo/samples/almora-corvania-tea.json");
    let answer = at.member("almora").push("tea", "application/json", Vec::new(), tea.into()).await.unwrap();
    let receipt = payload(&at, std::str::from_utf8(&answer.body).unwrap()).await;
    assert_eq!(receipt["proof"], serde_json::json!({"demanded": "connection", "signatures": []}));
    at.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_counts_from_the_reload_that_brings_it() {
    let mut at = Community::shipped().await;
    at.start().await;
    let file = "members/brisca.toml";
    // The document says eleven in Sao Paulo, which is two in the afternoon in UTC.
    let revoked = async |at: &Community, old: &str, time: &str| {
        let entry = |time: &str| {
            if time.is_empty() { LISTED.to_owned() } else { format!("{LISTED}revoked_at = \"{time}\"\n") }
        };
        at.edit(file, &entry(old), &entry(time));
        at.hub().reload().await.unwrap();
    };
    let cod = at.signed("brisca", &sample(COD));
    revoked(&at, "", "2026-09-04T14:00:00Z").await;
    let (status, problem) = push(&at, "one", &cod).await;
    assert_eq!((status, &problem["code"]), (422, &"signer-revoked".into()), "{problem}");
    assert!(problem["detail"].as_str().unwrap().ends_with("(SCOD 03)"), "{problem}");
    revoked(&at, "2026-09-04T14:00:00Z", "2026-09-04T14:00:01Z").await;
    assert_eq!(push(&at, "one", &cod).await.0, 202);
    at.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn check_says_so_on_the_command_line() {
    let at = Community::shipped().await;
    at.edit("members/brisca.toml", LISTED, &format!("{LISTED}\n[[body.signer]]\nname = \"Again\"\n{LISTED}"));
    let (code, out, _) = command::coohub(["check".as_ref(), at.folder()]);
    assert_eq!(code, 0);
    let notice = "body[1].signer[2]: the leaf of \"Again\" is listed for \"XBB01\" on line ";
    assert!(out.contains(notice), "{out}");
}
