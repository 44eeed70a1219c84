//! What an enemy within the rules would send to a whole hub.

use coohub::{evidence::key::PublicKey, model::finding::FINDINGS_MAX};
use serde_json::{Value, json};

use crate::{flow::story::tea, support::hub::Community};

/// The payload of a receipt, verified.
async fn receipt(at: &Community, member: &str, receipt: &[u8]) -> Value {
    let keys = at.member(member).get("/v1/keys").await.unwrap().json();
    let keys: Vec<_> = keys["keys"].as_array().unwrap().iter().filter_map(PublicKey::from_jwk).collect();
    let payload = coohub::evidence::key::verify(std::str::from_utf8(receipt).unwrap(), &keys).unwrap();
    serde_json::from_slice(&payload).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_lists_a_hundred_findings_and_counts_the_rest() {
    let mut at = Community::shipped().await;
    at.start().await;
    let mut document = tea("AL-MANY");
    let items = &mut document["supplyChainConsignment"]["includedConsignmentItems"];
    let item = items[0].clone();
    *items = json!(vec![item; 300]);
    let body = document.to_string().into();
    let answer = at.member("almora").push("many", "application/json", vec![], body).await.unwrap();
    assert_eq!(answer.status, 202);
    let receipt = receipt(&at, "almora", &answer.body).await;
    let listed = receipt["findings"].as_array().unwrap();
    assert_eq!(listed.len(), FINDINGS_MAX);
    assert!(receipt["findingsCount"].as_u64().unwrap() > 300, "{}", receipt["findingsCount"]);
    assert!(answer.body.len() < 100_000, "{} bytes", answer.body.len());
}
