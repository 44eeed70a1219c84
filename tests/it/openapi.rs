//! The interface description is the one that is published: a change to it is a change that someone sees.

use std::{fs, path::Path};

use coohub::listen::Config;
use serde_json::Value;

use crate::support::door::open;

#[test]
fn the_interface_description_is_the_published_one() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/openapi.json");
    let written = coohub::listen::openapi().into_bytes();
    if std::env::var_os("COOHUB_BLESS").is_some() {
        fs::write(&golden, &written).unwrap();
    }
    let published = fs::read(&golden).unwrap();
    assert!(written == published, "the description changed: look at it, then run with COOHUB_BLESS=1");
}

#[test]
fn the_description_names_every_route_and_the_problem() {
    let description: Value = serde_json::from_str(&coohub::listen::openapi()).unwrap();
    assert_eq!(description["openapi"], "3.1.0");
    let paths: Vec<_> = description["paths"].as_object().unwrap().keys().cloned().collect();
    let expected = [
        "/v1/attachments/{digest}",
        "/v1/deliveries/{id}/original",
        "/v1/inbox",
        "/v1/inbox/{id}/ack",
        "/v1/keys",
        "/v1/messages",
        "/v1/messages/{id}",
        "/v1/ping",
    ];
    assert_eq!(paths, expected);
    let push = &description["paths"]["/v1/messages"]["post"];
    assert!(push["responses"]["422"]["content"]["application/problem+json"].is_object());
    assert!(push["responses"]["202"]["content"]["application/jose"].is_object());
    assert!(push["requestBody"]["content"]["application/vnd.coohub.message+json"].is_object());
    let problem = &description["components"]["schemas"]["Problem"]["properties"];
    assert!(problem["code"].is_object() && problem["errors"].is_object());
}

#[tokio::test]
async fn answers_have_the_shape_that_is_described() {
    let description: Value = serde_json::from_str(&coohub::listen::openapi()).unwrap();
    let fits = |schema: &str, answer: &Value| {
        let schema = &description["components"]["schemas"][schema];
        let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        let (given, described) = (names(answer), names(&schema["properties"]));
        assert!(given.iter().all(|name| described.contains(name)), "{given:?} within {described:?}");
        let required = schema["required"].as_array().unwrap();
        assert!(
            required.iter().all(|name| answer.get(name.as_str().unwrap()).is_some()),
            "{required:?} in {given:?}"
        );
    };
    let door = open(Config::default()).await;
    let mut client = door.connect(&door.aa).await;
    fits("Ping", &client.get("/v1/ping").await.unwrap().json());
    fits("Leaf", &client.get("/v1/ping").await.unwrap().json()["leaf"]);
    fits("KeySet", &client.get("/v1/keys").await.unwrap().json());
    let problem = client.push("not a key", b"<a/>").await.unwrap().json();
    fits("Problem", &problem);
    fits("Finding", &problem["errors"][0]);
}
